"""Hashes of values as Arrow holds them: exact at any depth, where Python or pandas would round, cut or refuse them.

Add a kind of value here when Arrow gets one. What rows and plain columns are is hashed in `hashing`. A value has the
same hash however it is stored: as a dictionary, in a larger list, with other bits. In a list or record, missing and
"not a number" are two things.
"""

import hashlib
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Hashes: TypeAlias = NDArray[np.uint64]

MISSING = np.uint64(0x9E3779B97F4A7C15)
LARGE = np.uint64(0xD1B54A32D192ED03)
TIME = np.uint64(0x8CB92BA72F3D8DD7)
EXACT = 2**53
"""Up to here every whole number is a float as well."""
NANOSECONDS = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}


def column(values: "pa.Array | pa.ChunkedArray") -> Hashes:
    """A hash of every value, shape (rows,)."""
    array = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    if isinstance(array, pa.ChunkedArray):
        return np.concatenate([column(chunk) for chunk in array.chunks]) if array.num_chunks else _nothing(0)
    kind = array.type
    if isinstance(array, pa.ExtensionArray):
        return column(array.storage)
    if pa.types.is_dictionary(kind):
        return column(array.dictionary_decode())
    if pa.types.is_run_end_encoded(kind):
        return column(pc.run_end_decode(array))
    if pa.types.is_null(kind):
        return np.full(len(array), MISSING)
    hashes = next((make for fits, make in _KINDS if fits(kind)), _described)(array)
    return np.where(array.is_null().to_numpy(zero_copy_only=False), MISSING, hashes)


def floats(values: NDArray[np.float64]) -> Hashes:
    """Of numbers; -0.0 is the same as 0.0, and there is one "not a number"."""
    same = np.where(np.isnan(values), np.nan, values + 0.0)
    return same.view(np.uint64)


def integers(values: NDArray[Any]) -> Hashes:
    """Of whole numbers: as of the float, where it is the same number."""
    small = (values <= EXACT) & (values >= -EXACT)
    return np.where(small, floats(values.astype(np.float64)), values.view(np.uint64) ^ LARGE)


def moments(ticks: NDArray[np.int64], unit: str) -> Hashes:
    """Of times since 1970, or of any lengths of time: whole microseconds, and what is finer."""
    length = NANOSECONDS[unit]
    micro = ticks * (length // 1000) if length >= 1000 else ticks // 1000
    rest = np.zeros_like(ticks) if length >= 1000 else ticks % 1000
    return micro.view(np.uint64) ^ TIME ^ finer(rest)


def finer(nanoseconds: NDArray[np.int64]) -> Hashes:
    """What the nanoseconds beyond whole microseconds add to the hash of a time."""
    return nanoseconds.view(np.uint64) << np.uint64(54)


def mix(values: Hashes) -> Hashes:
    """Spread every bit over all 64 (the finaliser of splitmix64; Steele, Lea & Flood 2014)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def salt(name: str) -> np.uint64:
    """What tells values of one name or kind from those of another."""
    return np.uint64(int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big"))


# ── kinds of value ────────────────────────────────────────────────────────────────────────────────────────────────
def _nothing(rows: int) -> Hashes:
    return np.zeros(rows, dtype=np.uint64)


def _numbers(array: pa.Array) -> Hashes:
    kind = array.type
    if pa.types.is_floating(kind):
        return floats(array.to_numpy(zero_copy_only=False).astype(np.float64))
    filled = array.fill_null(False if pa.types.is_boolean(kind) else 0).to_numpy(zero_copy_only=False)
    if pa.types.is_boolean(kind):
        return floats(filled.astype(np.float64))
    return integers(filled.astype(np.uint64 if pa.types.is_unsigned_integer(kind) else np.int64))


def _decimals(array: pa.Array) -> Hashes:
    """By their figures: 1.5 is 1.50."""
    texts = [text.rstrip("0").rstrip(".") if text and "." in text else text for text in _strings(array)]
    return _of_texts(texts) ^ salt("decimal")


def _strings(array: pa.Array) -> list[str | None]:
    return array.cast(pa.string()).to_pylist()  # type: ignore[no-any-return]


def _texts(array: pa.Array) -> Hashes:
    return _of_texts(array.cast(pa.large_string()).to_pylist())


def _bytes(array: pa.Array) -> Hashes:
    return _of_texts([None if value is None else value.hex() for value in array.to_pylist()]) ^ salt("bytes")


def _described(array: pa.Array) -> Hashes:
    """Values of which only a description is at hand."""
    return _of_texts([None if value is None else repr(value) for value in array.to_pylist()]) ^ salt("other")


def _of_texts(texts: list[str | None]) -> Hashes:
    codes, levels = pd.factorize(np.array([*texts, None], dtype=object)[:-1])
    hashes = np.append(pd.util.hash_array(np.asarray(levels, dtype=object), categorize=False), MISSING)
    return hashes[codes]  # type: ignore[no-any-return]


def _times(array: pa.Array) -> Hashes:
    kind = array.type
    ticks = array.view(pa.int32() if kind.bit_width == 32 else pa.int64()).fill_null(0)
    numbers = ticks.to_numpy(zero_copy_only=False).astype(np.int64)
    if pa.types.is_date32(kind):
        return moments(numbers * 86_400_000, "ms") ^ salt("date")
    unit = "ms" if pa.types.is_date64(kind) else kind.unit
    name = next(name for name, fits in _TIMES.items() if fits(kind))
    return moments(numbers, unit) ^ (salt(name) if name else np.uint64(0))


def _records(array: pa.Array) -> Hashes:
    total = _nothing(len(array))
    for field, values in zip(array.type, array.flatten(), strict=True):
        total += mix(column(values) ^ salt(field.name))
    return mix(total)


def _lists(array: pa.Array) -> Hashes:
    """By the values, their places and their number; a map is the list of its pairs."""
    kind = array.type
    if pa.types.is_map(kind):
        pairs = pa.struct([pa.field("key", kind.key_type), pa.field("value", kind.item_type)])
        array = array.cast(pa.list_(pairs))
    sizes = pc.list_value_length(array).fill_null(0).to_numpy(zero_copy_only=False).astype(np.int64)
    inner = column(pc.list_flatten(array))
    places = np.arange(len(inner)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    total = _nothing(len(array))
    np.add.at(total, np.repeat(np.arange(len(array)), sizes), mix(inner ^ mix(places.astype(np.uint64) + np.uint64(1))))
    return mix(total + mix(sizes.astype(np.uint64)) ^ salt("list"))


_TIMES: dict[str, Callable[[pa.DataType], bool]] = {
    "": pa.types.is_timestamp,
    "date": pa.types.is_date,
    "time": pa.types.is_time,
    "duration": pa.types.is_duration,
}


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _is_bytes(kind: pa.DataType) -> bool:
    kinds = (pa.types.is_binary, pa.types.is_large_binary, pa.types.is_fixed_size_binary, pa.types.is_binary_view)
    return any(fits(kind) for fits in kinds)


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind))


def _is_list(kind: pa.DataType) -> bool:
    kinds = (pa.types.is_list, pa.types.is_large_list, pa.types.is_fixed_size_list, pa.types.is_map)
    return any(fits(kind) for fits in (*kinds, pa.types.is_list_view, pa.types.is_large_list_view))


def _is_time(kind: pa.DataType) -> bool:
    return any(fits(kind) for fits in _TIMES.values())


_KINDS: tuple[tuple[Callable[[pa.DataType], bool], Callable[[pa.Array], Hashes]], ...] = (
    (_is_number, _numbers),
    (_is_text, _texts),
    (_is_bytes, _bytes),
    (pa.types.is_decimal, _decimals),
    (_is_time, _times),
    (pa.types.is_struct, _records),
    (_is_list, _lists),
)
