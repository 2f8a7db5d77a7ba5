"""Arrow tables of others as frames: each kind of value in the one way in which it is held here, and none changed.

Add here what a format may hold that others write in another way. What values must be is asked in `contract`.
"""

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from configs.errors import BrokenContract
from configs.ingestion import Source
from configs.section import ColumnType
from tasks.adapters.blobs import frames
from tasks.ingestion.formats import readers

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa


def values(table: "pa.Table", types: Mapping[str, ColumnType]) -> "pd.DataFrame":
    """Columns as they are in the file, with one pandas type for each kind of value; the notes of pandas are ignored.

    What the contract does not name, and pandas would change, stays in Arrow. Digits of a time of the contract beyond
    microseconds are in a column beside it.
    """
    import pandas as pd
    import pyarrow as pa

    from tasks.ingestion import digits

    kinds = {
        **{pa.type_for_alias(f"int{bits}"): pd.array([], dtype=f"Int{bits}").dtype for bits in (8, 16, 32, 64)},
        **{pa.type_for_alias(f"uint{bits}"): pd.array([], dtype=f"UInt{bits}").dtype for bits in (8, 16, 32, 64)},
        pa.bool_(): pd.BooleanDtype(),
    }
    twice = {name: count for name, count in Counter(table.column_names).items() if count > 1}
    if twice:
        raise BrokenContract(" ".join(f"Column {name!r} is there {count} times." for name, count in twice.items()))
    digits.require_none(table.column_names)
    parts = {name: _uniform(name, table.column(name), types.get(name)) for name in table.column_names}
    odd = {name: part for name, part in parts.items() if name not in types and not frames.is_plain(part.type)}
    nullable = [name for name, part in parts.items() if part.type in kinds and (part.null_count or part.type == "bool")]
    plain = {name: part for name, part in parts.items() if name not in nullable and name not in odd}
    frame = _by_pandas(plain)
    other = pa.table({name: parts[name] for name in nullable}).to_pandas(types_mapper=kinds.get)
    kept = pd.DataFrame({name: frames.held(part) for name, part in odd.items()})
    whole = pd.concat([frame, other, kept], axis=1)[list(parts)]
    return whole.assign(**_digits(table, types))


def placed(table: "pa.Table", types: Mapping[str, ColumnType], source: Source) -> "pd.DataFrame":
    """The same, with times without a zone as those of the zone that the source names for them.

    Raises:
        UnreadableFile: The values cannot be read.
        BrokenContract: A value is none of its type.
    """
    import pyarrow as pa

    with readers.refusing("The values of the file cannot be read", pa.ArrowException):
        return _placed(table, types, source)


def spell(field: "pa.Field") -> None:
    """Ask for every name: one that is no UTF-8 raises a ValueError, but only when somebody reads it."""
    kind = field.type
    str(field.name), str(getattr(kind, "tz", ""))
    for place in range(kind.num_fields):
        spell(kind.field(place))


def _placed(table: "pa.Table", types: Mapping[str, ColumnType], source: Source) -> "pd.DataFrame":
    import pyarrow as pa

    from tasks.ingestion import zones

    wanted = source.zones(name for name, kind in types.items() if kind == "timestamp")
    fields = {name: table.schema.field(name).type for name in wanted if table.column_names.count(name) == 1}
    shown = [name for name, kind in fields.items() if pa.types.is_timestamp(kind) and kind.tz is None]
    for name in shown:
        place, kind = table.column_names.index(name), pa.timestamp(fields[name].unit, "UTC")
        table = table.set_column(place, name, table.column(place).cast(kind))
    return zones.localize(values(table, types), {name: wanted[name] for name in shown}, source.repeated_hour)


def _by_pandas(columns: "dict[str, pa.ChunkedArray]") -> "pd.DataFrame":
    """Columns whose values pandas holds; of those in the contract it may be that it does not."""
    import pyarrow as pa

    try:
        frame: pd.DataFrame = pa.table(columns).to_pandas(ignore_metadata=True)
    except (pa.ArrowException, ValueError, TypeError, OverflowError) as err:
        strange = ", ".join(
            f"{name!r} ({part.type})" for name, part in columns.items() if not frames.is_plain(part.type)
        )
        raise BrokenContract(
            f"Columns of the contract are of types that cannot be read: {strange}. {readers.first_line(err)}."
        ) from err
    return frame


def _uniform(name: str, column: "pa.ChunkedArray", wanted: ColumnType | None) -> "pa.ChunkedArray":
    """The same values in the one way in which this kind of value is held here."""
    import pyarrow as pa

    kind = column.type
    moment = pa.timestamp("us", tz="UTC")
    if twice := _field_twice(kind):
        raise BrokenContract(f"Column {name!r} has records with two fields called {twice!r}; one would be lost.")
    if pa.types.is_dictionary(kind) and frames.is_plain(kind.value_type):
        return column.cast(kind.value_type)
    if pa.types.is_string_view(kind):
        return column.cast(pa.large_string())
    if wanted is None:
        return column
    if pa.types.is_null(kind):
        held = {"integer": pa.int64(), "number": pa.float64(), "category": pa.string(), "boolean": pa.bool_()}
        return column.cast(held.get(wanted, moment))
    if wanted == "boolean" and kind == pa.bool8():
        return column.cast(pa.int8()).cast(pa.bool_())
    if pa.types.is_timestamp(kind) and kind.tz is not None:
        try:
            return column.cast(moment) if kind.unit != "ns" else pa.chunked_array([_whole_microseconds(column)])
        except pa.ArrowInvalid as err:
            raise BrokenContract(
                f"Column {name!r} has times that do not fit microseconds: {readers.first_line(err)}."
            ) from err
    return column


def _whole_microseconds(column: "pa.ChunkedArray") -> "pa.Array":
    """Times in nanoseconds without the digits beyond microseconds: as they are written, also before 1970."""
    import pyarrow as pa

    ticks = column.combine_chunks().cast(pa.int64())
    missing = ticks.is_null().to_numpy(zero_copy_only=False)
    micro = ticks.fill_null(0).to_numpy(zero_copy_only=False) // 1000
    return pa.array(micro, pa.int64(), mask=missing).cast(pa.timestamp("us", tz="UTC"))


def _digits(table: "pa.Table", types: Mapping[str, ColumnType]) -> "dict[str, pd.Series[Any]]":
    """Digits beyond microseconds of the times of the contract, by the name of their column."""
    import pyarrow as pa

    from tasks.ingestion import digits

    found = {}
    for field in table.schema:
        if types.get(field.name) == "timestamp" and pa.types.is_timestamp(field.type) and field.type.unit == "ns":
            ticks = table.column(field.name).combine_chunks().cast(pa.int64()).fill_null(0)
            texts = digits.of_ticks(ticks.to_numpy(zero_copy_only=False))
            if texts is not None and field.type.tz is not None:
                found[digits.column(field.name)] = texts
    return found


def _field_twice(kind: "pa.DataType") -> str | None:
    """A name that two fields of a record have, at any depth; of two, Python would keep one."""
    names = [kind.field(place).name for place in range(kind.num_fields)]
    inner = (_field_twice(kind.field(place).type) for place in range(kind.num_fields))
    return next((name for place, name in enumerate(names) if name in names[:place]), next(filter(None, inner), None))
