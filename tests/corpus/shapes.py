"""Columns that are missing, twice, too many, oddly named, or of another type than the contract wants."""

import decimal
import io

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from tests.corpus.world import ROWS, accepted, changed, file, parquet, plain, refused, with_column


def _twice(rows: pd.DataFrame, name: str) -> bytes:
    table = plain(rows)
    return parquet(table.append_column(name, table.column(name)))


def _named(rows: pd.DataFrame, name: str) -> pa.Table:
    return with_column(rows, name, ["x"] * len(rows))


def _of(name: str, kind: pa.DataType, values: object = None) -> "object":
    """A change that gives one column another type; values are cast unless others are given."""

    def change(rows: pd.DataFrame) -> pa.Table:
        return with_column(
            rows, name, plain(rows).column(name).combine_chunks().cast(kind) if values is None else values, kind
        )  # type: ignore[misc]

    return change


def _no_columns(rows: pd.DataFrame) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table({}), sink)
    return sink.getvalue()


CASES = [
    changed("no rows", lambda rows: rows.head(0), refused("The file has no rows.")),
    changed("one row", lambda rows: rows.head(1), accepted(1)),
    file("no columns", _no_columns, refused("Column 'at' is missing. Column 'learned' is missing. Column 'settled' is missing. Column 'shop' is missing. Column 'colour' is missing. Column 'items' is missing. Column 'price' is missing. Column 'gift' is missing. Column 'sold' is missing.")),
    changed("a column missing", lambda rows: rows.drop(columns="price"), refused("Column 'price' is missing.", ROWS)),
    changed("all columns missing", lambda rows: rows[[]].assign(x=1), refused("Column 'at' is missing. Column 'learned' is missing. Column 'settled' is missing. Column 'shop' is missing. Column 'colour' is missing. Column 'items' is missing. Column 'price' is missing. Column 'gift' is missing. Column 'sold' is missing.", ROWS)),
    changed("other case", lambda rows: rows.rename(columns={"price": "Price"}), refused("Column 'price' is missing; the file has 'Price', in other upper and lower case.", ROWS)),
    changed("blank in a name", lambda rows: rows.rename(columns={"price": "price "}), refused("Column 'price' is missing; the file has 'price ', with a blank before or behind it.", ROWS)),
    file("a column twice", lambda rows: _twice(rows, "price"), refused("Column 'price' is there 2 times.", ROWS)),
    file("a column beyond the contract twice", lambda rows: parquet(
        pa.Table.from_arrays([*plain(rows).columns, *[pa.array(range(ROWS))] * 2], [*rows.columns, "x", "x"])),
        refused("Column 'x' is there 2 times.", ROWS)),
    changed("other order", lambda rows: rows[rows.columns[::-1]], accepted()),
    changed("3000 columns", lambda rows: pd.concat(
        [rows, pd.DataFrame({f"c{n}": range(ROWS) for n in range(2991)})], axis=1), accepted()),
    changed("column named by nothing", lambda rows: _named(rows, ""), accepted()),
    changed("column named by a path", lambda rows: _named(rows, "../../etc/passwd"), accepted()),
    changed("column named by a template", lambda rows: _named(rows, "{{ 7*7 }}{% x %}"), accepted()),
    changed("column named by markup", lambda rows: _named(rows, "<script>alert(1)</script>"), accepted()),
    changed("column named by lines", lambda rows: _named(rows, "a\nb\x00c\x1b[2J"), accepted()),
    changed("column named at length", lambda rows: _named(rows, "x" * 10_000), accepted()),
    changed("column named by us", lambda rows: _named(rows, "_reasons"), refused("Column '_reasons' has a name that Incumbent needs itself.", ROWS)),
    changed("column named by us too", lambda rows: _named(rows, "_aside"), refused("Column '_aside' has a name that Incumbent needs itself.", ROWS)),
    changed("column named like an index", lambda rows: _named(rows, "__index_level_0__"), accepted()),
    changed("column named like an index of none", lambda rows: _named(rows, "None"), accepted()),
    # ── types ─────────────────────────────────────────────────────────────────────────────────────────────────────
    changed("text in a number", _of("price", pa.string()), refused("Column 'price' must be a number, but holds text (e.g. '7.34'); text is never converted.", ROWS)),
    changed("thousands in a number", lambda rows: with_column(rows, "price", ["1,500"] * ROWS), refused("Column 'price' must be a number, but holds text (e.g. '1,500'); text is never converted.", ROWS)),
    changed("decimals in a number", lambda rows: with_column(
        rows, "price", [decimal.Decimal("1.10")] * ROWS), refused("Column 'price' must be a number, but holds decimals of fixed size (e.g. '1.10').", ROWS)),
    changed("true in a number", lambda rows: with_column(rows, "price", [True] * ROWS), refused("Column 'price' must be a number, but holds true and false (e.g. 'True').", ROWS)),
    changed("half floats", _of("price", pa.float32()), accepted()),
    changed("quarter floats", _of("price", pa.float16()), accepted()),
    changed("numbers in a category", lambda rows: with_column(rows, "shop", range(ROWS)), refused("Column 'shop' must be text, but holds whole numbers (e.g. '0').", ROWS)),
    changed("numbers in a category by dictionary", lambda rows: with_column(
        rows, "shop", pa.array(range(ROWS)).dictionary_encode()), refused("Column 'shop' must be text, but holds whole numbers (e.g. '0').", ROWS)),
    changed("bytes in a category", _of("shop", pa.binary()), refused('Column \'shop\' must be text, but holds bytes (e.g. "b\'b\'").', ROWS)),
    changed("large text", _of("shop", pa.large_string()), accepted()),
    changed("text views", _of("shop", pa.string_view()), accepted()),
    changed("text by dictionary", lambda rows: with_column(
        rows, "shop", plain(rows).column("shop").combine_chunks().dictionary_encode()), accepted()),
    changed("lists in a category", lambda rows: with_column(rows, "shop", [["a"]] * ROWS), refused('Column \'shop\' must be text, but holds values of another kind (mixed) (e.g. "[\'a\']").', ROWS)),
    changed("records in a category", lambda rows: with_column(rows, "shop", [{"a": 1}] * ROWS), refused('Column \'shop\' must be text, but holds values of another kind (mixed) (e.g. "{\'a\': 1}").', ROWS)),
    changed("whole numbers in a label", lambda rows: with_column(rows, "sold", [0, 1] * 20), refused("Column 'sold' must be true or false, but holds whole numbers (e.g. '0').", ROWS)),
    changed("text in a label", lambda rows: with_column(rows, "sold", ["yes", "no"] * 20), refused("Column 'sold' must be true or false, but holds text (e.g. 'yes'); text is never converted.", ROWS)),
    changed("nothing in a nullable number", lambda rows: with_column(rows, "price", [None] * ROWS), accepted()),
    changed("nothing in a nullable boolean", lambda rows: with_column(rows, "gift", [None] * ROWS), accepted()),
    changed("nothing in a nullable time", lambda rows: with_column(rows, "settled", [None] * ROWS), accepted()),
    changed("nothing in a nullable category", lambda rows: with_column(rows, "colour", [None] * ROWS), accepted()),
    changed("nothing in a category", lambda rows: with_column(rows, "shop", [None] * ROWS), refused("40 of 40 rows break the contract, at most 2 (5\u202f%) may: 'shop' must be not missing (40 rows).", ROWS)),
    changed("nothing in the time", lambda rows: with_column(rows, "at", [None] * ROWS), refused("40 of 40 rows break the contract, at most 2 (5\u202f%) may: 'at' must be not missing (40 rows); 'at, shop' must be one row for each (40 rows, e.g. NaT c).", ROWS)),
    changed("whole numbers in a time", _of("at", pa.int64()), refused("Column 'at' must be a time with its time zone, but holds whole numbers (e.g. '-4529952000000000').", ROWS)),
    changed("text in a time", lambda rows: with_column(rows, "at", ["2013-01-01T00:00:00Z"] * ROWS), refused("Column 'at' must be a time with its time zone, but holds text (e.g. '2013-01-01T00:00:00Z'); text is never converted.", ROWS)),
    changed("dates in a time", _of("at", pa.date32()), refused("Column 'at' must be a time with its time zone, but holds dates without a time (e.g. '1856-06-16').", ROWS)),
    changed("times of day in a time", lambda rows: with_column(
        rows, "at", [1] * ROWS, pa.time64("us")), refused("Column 'at' must be a time with its time zone, but holds values of another kind (time) (e.g. '00:00:00.000001').", ROWS)),
    changed("durations in a time", lambda rows: with_column(
        rows, "at", [1] * ROWS, pa.duration("us")), refused("Column 'at' must be a time with its time zone, but holds values of another kind (timedelta) (e.g. '0 days 00:00:00.000001').", ROWS)),
    # ── columns beyond the contract: kept as they are, or refused ─────────────────────────────────────────────────
    changed("nested beyond the contract", lambda rows: with_column(
        rows, "x", [{"a": [{"b": None}, {"b": 1}]}] * ROWS), accepted()),
    changed("records with a name twice beyond the contract", lambda rows: with_column(rows, "x", pa.StructArray.from_arrays(
        [pa.array(range(ROWS)), pa.array(range(ROWS))], ["a", "a"])), refused("Column 'x' has records with two fields called 'a'; one would be lost.", ROWS)),
    changed("a map beyond the contract", lambda rows: with_column(
        rows, "x", [[("a", 1)]] * ROWS, pa.map_(pa.string(), pa.int64())), accepted()),
    changed("times of day in nanoseconds beyond the contract", lambda rows: with_column(
        rows, "x", [1] * ROWS, pa.time64("ns")), accepted()),
    changed("zoned nanoseconds beyond the contract", lambda rows: with_column(
        rows, "x", [1] * ROWS, pa.timestamp("ns", "Asia/Kathmandu")), accepted()),
    changed("nanoseconds of no zone that there is beyond the contract", lambda rows: with_column(
        rows, "x", [1] * ROWS, pa.timestamp("ns", "Mars/Crater")), accepted()),
    changed("wide decimals beyond the contract", lambda rows: with_column(
        rows, "x", [decimal.Decimal("1.10")] * ROWS, pa.decimal256(60, 2)), accepted()),
    changed("large ids in records beyond the contract", lambda rows: with_column(
        rows, "x", [{"id": 2**60 + 1}, {"id": None}] * (ROWS // 2)), accepted()),
    changed("column named like digits of ours", lambda rows: _named(rows, "_digits_of_at"), refused("Column '_digits_of_at' has a name that Incumbent needs itself.", ROWS)),
    changed("times of day in nanoseconds in a time", lambda rows: with_column(rows, "at", [1] * ROWS, pa.time64("ns")), refused("Columns of the contract are of types that cannot be read: 'at' (time64[ns]). Value 1 has non-zero nanoseconds.", ROWS)),
    changed("decimals beyond the contract", lambda rows: with_column(
        rows, "x", [decimal.Decimal("1.10")] * ROWS), accepted()),
    changed("bytes beyond the contract", lambda rows: with_column(rows, "x", [b"\xff\x00"] * ROWS), accepted()),
    changed("durations beyond the contract", lambda rows: with_column(
        rows, "x", [1] * ROWS, pa.duration("us")), accepted()),
    changed("dates beyond the contract", lambda rows: with_column(rows, "x", [1] * ROWS, pa.date32()), accepted()),
    changed("times of day beyond the contract", lambda rows: with_column(
        rows, "x", [1] * ROWS, pa.time64("us")), accepted()),
    changed("local times beyond the contract", lambda rows: with_column(
        rows, "x", [1] * ROWS, pa.timestamp("us")), accepted()),
    changed("nothing beyond the contract", lambda rows: with_column(rows, "x", [None] * ROWS), accepted()),
    changed("large whole numbers with gaps beyond the contract", lambda rows: with_column(
        rows, "x", [2**53 + 1, None] * 20), accepted()),
    changed("unsigned beyond the contract", lambda rows: with_column(
        rows, "x", [2**64 - 1] * ROWS, pa.uint64()), accepted()),
]  # fmt: skip
