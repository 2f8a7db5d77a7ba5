"""Rows whose values break the contract, or look as if they might: numbers, texts, times, keys, labels."""

import math

import numpy as np
import pandas as pd
import pyarrow as pa

from tests.corpus.world import ROWS, accepted, changed, first, plain, refused, sorted_out, with_column


def _numbers(rows: pd.DataFrame, *values: float | None) -> pa.Table:
    return with_column(rows, "price", [*values, *rows["price"][len(values) :]], pa.float64())


def _whole(rows: pd.DataFrame, kind: pa.DataType, *values: float | None) -> pa.Table:
    rest = [int(value) for value in rows["items"][len(values) :]]
    return with_column(rows, "items", [*values, *rest], kind)


def _shops(rows: pd.DataFrame, *values: str | None) -> pa.Table:
    return with_column(rows, "shop", [*values, *rows["shop"][len(values) :]], pa.string())


def _times(rows: pd.DataFrame, name: str, kind: pa.DataType, *ticks: int | None) -> pa.Table:
    """Other ticks in the first places; the others in the unit of the type."""
    column = plain(rows).column(name).combine_chunks().cast(pa.timestamp(kind.unit, "UTC")).cast(pa.int64())
    return with_column(rows, name, pa.array([*ticks, *column.to_pylist()[len(ticks) :]], pa.int64()).cast(kind))


def _around(rows: pd.DataFrame, border: str, before: int) -> pa.Table:
    """The rows of a day around a moment, so many of them before it."""
    moment = int(np.datetime64(border, "us").astype(np.int64))
    return _times(rows, "at", _UTC, *(moment + (place - before) * 1_800_000_000 for place in range(len(rows))))


_UTC = pa.timestamp("us", "UTC")
_INVALID = pa.StringArray.from_buffers(1, pa.py_buffer(np.array([0, 2], np.int32)), pa.py_buffer(b"\xc3\x28"))

CASES = [
    # ── numbers ───────────────────────────────────────────────────────────────────────────────────────────────────
    changed("infinities", lambda rows: _numbers(rows, math.inf, -math.inf), sorted_out(2, "price: a finite number below 1e100 (2); price: at most 1,000 € (1)")),
    changed("three infinities", lambda rows: _numbers(rows, math.inf, -math.inf, math.inf), refused("3 of 40 rows break the contract, at most 2 (5\u202f%) may: 'price' must be a finite number below 1e100 (3 rows, e.g. inf); 'price' must be at most 1,000 € (2 rows, e.g. inf).", ROWS)),
    changed("not a number", lambda rows: _numbers(rows, math.nan, None), accepted()),
    changed("smallest numbers", lambda rows: _numbers(rows, 5e-324, -0.0), accepted()),
    changed("largest numbers", lambda rows: _numbers(rows, -1.7976931348623157e308, 9.9e99), sorted_out(2, "price: a finite number below 1e100 (1); price: at most 1,000 € (1)")),
    changed("at the bound and just above", lambda rows: _numbers(rows, 1000.0, math.nextafter(1000, 2000)), sorted_out(1, "price: at most 1,000 € (1)")),
    changed("beyond 2^53", lambda rows: _whole(rows, pa.int64(), 2**53 + 1, 2**63 - 1), accepted()),
    changed("beyond 2^53 with gaps", lambda rows: _whole(rows, pa.int64(), 2**53 + 1, None), accepted()),
    changed("2^53 as a float", lambda rows: _whole(rows, pa.float64(), 2.0**53, -(2.0**53) + 1), sorted_out(2, "items: a whole number that is stored as one; from 2^53 on a decimal number is not exact (1); items: at least 0 (1)")),
    changed("beyond 2^53 as floats", lambda rows: _whole(rows, pa.float64(), 2.0**53 + 2, 2.0**60), sorted_out(2, "items: a whole number that is stored as one; from 2^53 on a decimal number is not exact (2)")),
    changed("beyond 2^63", lambda rows: _whole(rows, pa.uint64(), 2**64 - 1), accepted()),
    changed("negative", lambda rows: _whole(rows, pa.int64(), -1, -(2**63)), sorted_out(2, "items: at least 0 (2)")),
    changed("fractions in whole numbers", lambda rows: _whole(rows, pa.float64(), 0.7, 1e-9), sorted_out(2, "items: a whole number (2)")),
    changed("whole floats in whole numbers", lambda rows: _whole(rows, pa.float64(), 3.0, None), accepted()),
    changed("infinite whole numbers", lambda rows: _whole(rows, pa.float64(), math.inf, -math.inf), sorted_out(2, "items: a finite number below 1e100 (2); items: a whole number that is stored as one; from 2^53 on a decimal number is not exact (2); items: at least 0 (1)")),
    changed("small whole numbers", lambda rows: _whole(rows, pa.int8(), 127, None), accepted()),
    changed("whole numbers in a number", lambda rows: with_column(rows, "price", [2**53 + 1, *range(ROWS - 1)]), sorted_out(1, "price: at most 1,000 € (1)")),
    # ── texts ─────────────────────────────────────────────────────────────────────────────────────────────────────
    changed("missing text", lambda rows: _shops(rows, None, None), sorted_out(2, "shop: not missing (2)")),
    changed("words for missing", lambda rows: _shops(rows, "NA", "null", "None", "nan", "", " "), accepted()),
    changed("markup in values", lambda rows: _shops(rows, "<script>alert(1)</script>", "{{ 7*7 }}", "../../x"), accepted()),
    changed("lines in values", lambda rows: _shops(rows, "a\nb", "a\x00b", "\x1b[2J", "\u202egnp"), accepted()),
    changed("long values", lambda rows: _shops(rows, "x" * 1_000_000), accepted()),
    changed("no utf-8", lambda rows: with_column(rows, "shop", pa.concat_arrays([_INVALID] * ROWS)), refused("The file is damaged: Column 3: In chunk 0: Invalid: Invalid UTF8 sequence at string index 0.")),
    changed("values with blanks", lambda rows: first(rows, "colour", "red ", "Red"), sorted_out(2, "colour: one of red, green, blue (2)")),
    changed("values not allowed", lambda rows: first(rows, "colour", "<b>", "{{ 1 }}"), sorted_out(2, "colour: one of red, green, blue (2)")),
    changed("one value each", lambda rows: rows.assign(shop=[f"s{n}" for n in range(ROWS)]), accepted()),
    # ── times ─────────────────────────────────────────────────────────────────────────────────────────────────────
    changed("local times", lambda rows: rows.assign(at=rows["at"].dt.tz_localize(None)), refused("Column 'at' has times without a time zone; write them in UTC, or name their zone as ingestion.source.timezone.", ROWS)),
    changed("local labels", lambda rows: rows.assign(settled=rows["settled"].dt.tz_localize(None)), refused("Column 'settled' has times without a time zone; write them in UTC, or name their zone as ingestion.source.timezone.", ROWS)),
    changed("several zones", lambda rows: rows.assign(
        learned=rows["learned"].dt.tz_convert("Asia/Kathmandu"), settled=rows["settled"].dt.tz_convert("-03:30")), accepted()),
    changed("a zone that is none", lambda rows: with_column(
        rows, "at", plain(rows).column("at").combine_chunks().cast(pa.int64()).cast(pa.timestamp("us", "Mars/Crater"))), accepted()),
    changed("seconds", lambda rows: _times(rows, "at", pa.timestamp("s", "UTC")), accepted()),
    changed("milliseconds", lambda rows: _times(rows, "at", pa.timestamp("ms", "UTC")), accepted()),
    changed("whole nanoseconds", lambda rows: _times(rows, "at", pa.timestamp("ns", "UTC")), accepted()),
    changed("nanoseconds", lambda rows: _times(rows, "at", pa.timestamp("ns", "UTC"), 1), accepted()),
    changed("missing times", lambda rows: _times(rows, "at", _UTC, None, None), sorted_out(2, "at: not missing (2)")),
    changed("year 1", lambda rows: _around(rows, "0001-03-01", 0), accepted()),
    changed("year 9999", lambda rows: _around(rows, "9999-12-31T23:59:59.999999", ROWS - 1), accepted()),
    changed("year 10000", lambda rows: _around(rows, "10000-01-01", ROWS - 2), sorted_out(2, "at: a time of the years 1 to 9999 (2)")),
    changed("year 0", lambda rows: _around(rows, "0001-01-01", 2), sorted_out(2, "at: a time of the years 1 to 9999 (2)")),
    changed("first and last tick", lambda rows: _times(rows, "learned", _UTC, -(2**63) + 1, 2**63 - 1), sorted_out(2, "learned: a time of the years 1 to 9999 (2)")),
    changed("seconds beyond microseconds", lambda rows: _times(rows, "at", pa.timestamp("s", "UTC"), 2**50), refused("Column 'at' has times that do not fit microseconds: Casting from timestamp[ms, tz=UTC] to timestamp[us, tz=UTC] would result in out of bounds timestamp: 1125899906842624000.", ROWS)),
    changed("label before its row", lambda rows: rows.assign(settled=rows["at"] - pd.Timedelta(days=1)), accepted()),
    changed("known before it happened", lambda rows: rows.assign(learned=rows["at"] - pd.Timedelta(days=1)), accepted()),
    changed("unsorted", lambda rows: rows.sample(frac=1, random_state=1), accepted()),
    changed("one moment", lambda rows: rows.assign(at=rows["at"].iloc[0], shop=[f"s{n}" for n in range(ROWS)]), accepted()),
    # ── keys ──────────────────────────────────────────────────────────────────────────────────────────────────────
    changed("a row twice", lambda rows: pd.concat([rows, rows.head(2)]), sorted_out(0, "", 2, ROWS + 2)),
    changed("every row twice", lambda rows: pd.concat([rows, rows]), sorted_out(0, "", ROWS, 2 * ROWS)),
    changed("the same row only", lambda rows: rows.iloc[[0] * ROWS], sorted_out(0, "", ROWS - 1)),
    changed("a key twice", lambda rows: pd.concat([rows, rows.head(1).assign(price=1.0)]), sorted_out(2, "at, shop: one row for each (2)", 0, ROWS + 1)),
    changed("every key twice", lambda rows: pd.concat([rows, rows.assign(price=1.0)]), refused("80 of 80 rows break the contract, at most 4 (5\u202f%) may: 'at, shop' must be one row for each (80 rows, e.g. 1787-05-07 00:00:00 UTC a).", 2 * ROWS)),
    changed("missing part of a key", lambda rows: first(rows, "shop", None), sorted_out(1, "shop: not missing (1)")),
    # ── labels ────────────────────────────────────────────────────────────────────────────────────────────────────
    changed("no labels", lambda rows: rows.assign(sold=pd.array([None] * ROWS, dtype="boolean")), accepted()),
    changed("one class", lambda rows: rows.assign(sold=pd.array([True] * ROWS, dtype="boolean")), accepted()),
    changed("labels without their time", lambda rows: rows.assign(settled=pd.Series(pd.NaT, rows.index, rows["settled"].dtype)), accepted()),
    changed("far future", lambda rows: rows.assign(at=rows["at"] + pd.DateOffset(years=1000)), accepted()),
]  # fmt: skip
