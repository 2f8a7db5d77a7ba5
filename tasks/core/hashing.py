"""Hashes of rows by value, so that a row is known again however it is stored.

Add a kind of value here when a column of that kind has to be compared. Who is a duplicate of whom is decided in
`ingestion`. The hashes are stored nowhere, so that they may change; they are not meant to withstand forgery.
"""

import hashlib
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Hashes: TypeAlias = NDArray[np.uint64]

_MISSING = np.uint64(0x9E3779B97F4A7C15)
_LARGE = np.uint64(0xD1B54A32D192ED03)
_TIME = np.uint64(0x8CB92BA72F3D8DD7)
_EXACT = 2**53
"""Up to here every whole number is a float as well."""
_NANOSECONDS = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}


def rows(frame: pd.DataFrame) -> Hashes:
    """A hash of every row over all columns and their names, shape (rows,)."""
    total = np.zeros(len(frame), dtype=np.uint64)
    for position, name in enumerate(frame.columns):
        salt = np.uint64(int.from_bytes(hashlib.sha256(str(name).encode()).digest()[:8], "big"))
        total += _mix(_column(frame.iloc[:, position]) ^ salt)
    return _mix(total)


def _column(column: "pd.Series[Any]") -> Hashes:
    kind = column.dtype
    if isinstance(kind, pd.CategoricalDtype):
        codes = column.cat.codes.to_numpy()
        hashes = np.append(_column(pd.Series(kind.categories)), _MISSING)[codes]
    elif pd.api.types.is_bool_dtype(kind) or pd.api.types.is_float_dtype(kind):
        hashes = _floats(column.to_numpy(dtype=np.float64, na_value=np.nan))
    elif pd.api.types.is_integer_dtype(kind):
        unsigned = pd.api.types.is_unsigned_integer_dtype(kind)
        hashes = _integers(column.to_numpy(dtype=np.uint64 if unsigned else np.int64, na_value=0))
    elif isinstance(kind, pd.DatetimeTZDtype) or pd.api.types.is_datetime64_dtype(kind):
        hashes = _times(column)
    else:
        hashes = _texts(column)
    return np.where(column.isna().to_numpy(dtype=bool), _MISSING, hashes)


def _floats(values: NDArray[np.float64]) -> Hashes:
    return (values + 0.0).view(np.uint64)  # adding 0.0 makes -0.0 the same as 0.0


def _integers(values: NDArray[Any]) -> Hashes:
    small = (values <= _EXACT) & (values >= -_EXACT)
    return np.where(small, _floats(values.astype(np.float64)), values.view(np.uint64) ^ _LARGE)


def _times(column: "pd.Series[Any]") -> Hashes:
    """Whole microseconds since 1970 (in UTC), and what is finer."""
    times = column.dt.tz_convert("UTC").dt.tz_localize(None) if isinstance(column.dtype, pd.DatetimeTZDtype) else column
    length = _NANOSECONDS[np.datetime_data(times.dtype)[0]]
    ticks = times.to_numpy().view(np.int64)
    micro = ticks * (length // 1000) if length >= 1000 else ticks // 1000
    finer = np.zeros_like(ticks) if length >= 1000 else ticks % 1000
    hashes: Hashes = micro.view(np.uint64) ^ _TIME ^ (finer.view(np.uint64) << np.uint64(54))
    return hashes


def _texts(column: "pd.Series[Any]") -> Hashes:
    """Texts by their characters, anything else (lists, decimals, bytes) by its type and its description."""
    known = isinstance(column.dtype, pd.StringDtype)
    values = column if known else column.astype(object).where(column.notna(), None)
    if not known and pd.api.types.infer_dtype(values, skipna=True) not in ("string", "empty"):
        values = values.map(_described)
    codes, levels = pd.factorize(values)
    hashes = np.append(pd.util.hash_array(np.asarray(levels, dtype=object), categorize=False), _MISSING)
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


def _mix(values: Hashes) -> Hashes:
    """Spread every bit over all 64 (the finaliser of splitmix64; Steele, Lea & Flood 2014)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))
