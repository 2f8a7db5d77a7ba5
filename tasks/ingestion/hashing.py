"""Hashes of rows by value, so that a row is known again however it is stored.

Add a kind of value here when a column of that kind has to be compared. Who is a duplicate of whom is decided in
`intake`. The hashes are stored nowhere, so that they may change; they are not meant to withstand forgery.
"""

from typing import Any

import numpy as np
import pandas as pd

from tasks.ingestion import arrow_hashing, digits
from tasks.ingestion.arrow_hashing import MISSING, Hashes, floats, integers, mix, moments, salt


def rows(frame: pd.DataFrame) -> Hashes:
    """A hash of every row over all columns and their names, shape (rows,); finer digits of a time belong to it."""
    total = np.zeros(len(frame), dtype=np.uint64)
    for position, name in enumerate(frame.columns):
        if digits.is_ours(name):
            continue
        hashes = _column(frame.iloc[:, position])
        if digits.column(name) in frame.columns:
            hashes = hashes ^ digits.hashes(frame[digits.column(name)])
        total += mix(hashes ^ salt(str(name)))
    return mix(total)


def _column(column: "pd.Series[Any]") -> Hashes:
    kind = column.dtype
    if isinstance(kind, pd.ArrowDtype):
        return arrow_hashing.column(column.array.__arrow_array__())
    if isinstance(kind, pd.CategoricalDtype):
        codes = column.cat.codes.to_numpy()
        hashes = np.append(_column(pd.Series(kind.categories)), MISSING)[codes]
    elif pd.api.types.is_bool_dtype(kind) or pd.api.types.is_float_dtype(kind):
        hashes = floats(column.to_numpy(dtype=np.float64, na_value=np.nan))
    elif pd.api.types.is_integer_dtype(kind):
        unsigned = pd.api.types.is_unsigned_integer_dtype(kind)
        hashes = integers(column.to_numpy(dtype=np.uint64 if unsigned else np.int64, na_value=0))
    elif isinstance(kind, pd.DatetimeTZDtype) or pd.api.types.is_datetime64_dtype(kind):
        hashes = _times(column)
    else:
        hashes = _texts(column)
    return np.where(column.isna().to_numpy(dtype=bool), MISSING, hashes)


def _times(column: "pd.Series[Any]") -> Hashes:
    """Times in UTC."""
    times = column.dt.tz_convert("UTC").dt.tz_localize(None) if isinstance(column.dtype, pd.DatetimeTZDtype) else column
    unit = np.datetime_data(times.dtype)[0]
    return moments(times.to_numpy().view(np.int64), unit)


def _texts(column: "pd.Series[Any]") -> Hashes:
    """Texts by their characters, anything else (lists, decimals, bytes) by its type and its description."""
    known = isinstance(column.dtype, pd.StringDtype)
    values = column if known else column.astype(object).where(column.notna(), None)
    if not known and pd.api.types.infer_dtype(values, skipna=True) not in ("string", "empty"):
        values = values.map(_described)
    codes, levels = pd.factorize(values)
    hashes = np.append(pd.util.hash_array(np.asarray(levels, dtype=object), categorize=False), MISSING)
    chosen: Hashes = hashes[codes]
    return chosen


def _described(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return f"{type(value).__qualname__}\0{_plain(value)!r}"


def _plain(value: object) -> object:
    """Nested arrays as lists, whose description is never abridged."""
    if isinstance(value, np.ndarray | list | tuple):
        return [_plain(item) for item in value]
    return {key: _plain(item) for key, item in value.items()} if isinstance(value, dict) else value
