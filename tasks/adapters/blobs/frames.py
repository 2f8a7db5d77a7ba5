"""Arrow tables as pandas frames and back, with no value changed: what pandas would round or refuse stays in Arrow.

Add here a kind of value that pandas holds exactly. Files of others are read by `tasks.ingestion.formats.arrow_values`.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa


def is_plain(kind: "pa.DataType") -> bool:
    """Whether pandas holds values of this type by itself as they are; times of a zone only in UTC, in microseconds."""
    import pyarrow as pa

    if pa.types.is_timestamp(kind):
        return kind.tz is None or (kind.unit == "us" and kind.tz == "UTC")
    is_numeric = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind)
    return bool(is_numeric or pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_null(kind))


def held(column: "pa.ChunkedArray") -> "pd.Series[object]":
    """A column that stays as it is in Arrow; views, which Arrow itself cannot pick rows from, become plain lists."""
    import pandas as pd
    import pyarrow as pa

    kind = column.type
    if pa.types.is_binary_view(kind):
        column = column.cast(pa.large_binary())
    elif pa.types.is_list_view(kind) or pa.types.is_large_list_view(kind):
        column = column.cast(pa.large_list(kind.value_field))
    return pd.Series(pd.arrays.ArrowExtensionArray(column))


def stored(table: "pa.Table") -> "pd.DataFrame":
    """The frame that was made a table by `as_table`, with the types that it had."""
    import pandas as pd

    odd = [name for name in table.column_names if not is_plain(table.schema.field(name).type)]
    frame: pd.DataFrame = table.drop_columns(odd).to_pandas()
    if not odd:
        return frame
    kept = pd.DataFrame({name: held(table.column(name)) for name in odd})
    return pd.concat([frame, kept], axis=1)[table.column_names]


def as_table(frame: "pd.DataFrame") -> "pa.Table":
    """A frame as a table; what stayed in Arrow is of the type that it came in."""
    import pandas as pd
    import pyarrow as pa

    kinds: Mapping[str, object] = frame.dtypes.to_dict()
    odd = [name for name, kind in kinds.items() if isinstance(kind, pd.ArrowDtype)]
    if len(odd) == len(frame.columns):
        return pa.table({str(name): frame[name].array.__arrow_array__() for name in odd})
    plain = pa.Table.from_pandas(frame.drop(columns=odd), preserve_index=False)
    for place, name in enumerate(frame.columns):
        if name in odd:
            plain = plain.add_column(place, str(name), frame[name].array.__arrow_array__())
    return plain
