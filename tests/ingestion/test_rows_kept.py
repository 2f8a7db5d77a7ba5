"""Rows are what was delivered: which ones are the same is asked of exact values, and the stored ones are those values."""

import io
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tasks.adapters.blobs import frames
from tasks.adapters.blobs.local import LocalBlobs
from tasks.adapters.blobs.store import Store
from tasks.adapters.home import Home
from tasks.domain.records import Batch
from tasks.ingestion import cells, digits, intake
from tasks.ingestion.formats import arrow_values
from tests import shop, stored
from tests.corpus import table, values_kept

BIG = 2**60
KINDS: dict[str, tuple[pa.DataType, list[Any]]] = {
    "records with large ids": (pa.struct([("id", pa.int64())]), [{"id": BIG}, {"id": BIG + 1}, {"id": None}, None]),
    "lists of large ids": (pa.list_(pa.int64()), [[BIG, None], [BIG + 1, None], [BIG], [], [None], None]),
    "large lists": (pa.large_list(pa.uint64()), [[2**64 - 1, None], [2**64 - 2, None]]),
    "lists of fixed size": (pa.list_(pa.int64(), 2), [[BIG, None], [BIG + 1, None]]),
    "lists of lists": (
        pa.list_(pa.list_(pa.int64())),
        [[[BIG], [None]], [[BIG + 1], [None]], [[BIG, None]], [[], []], []],
    ),
    "maps": (pa.map_(pa.string(), pa.int64()), [[("a", BIG)], [("a", BIG + 1)], [("b", BIG)], [("a", None)], [], None]),
    "records with decimal places": (pa.struct([("x", pa.float64())]), [{"x": float("nan")}, {"x": None}, {"x": 0.0}]),
    "records with nanoseconds": (pa.struct([("t", pa.timestamp("ns"))]), [{"t": 1}, {"t": 2}, {"t": None}]),
    "records in a zone": (pa.struct([("t", pa.timestamp("ns", "Mars/Crater"))]), [{"t": 1}, {"t": 2}]),
    "times of day": (pa.time64("ns"), [1, 2, 1001, None]),
    "lengths of time": (pa.duration("ns"), [1, 2, -1, None]),
    "days": (pa.date32(), [1, 2, -500_000, None]),
    "zoned nanoseconds": (pa.timestamp("ns", "Europe/Berlin"), [1, 2, None]),
    "nanoseconds of no zone": (pa.timestamp("ns"), [1, 2, None]),
    "decimals": (pa.decimal128(38, 2), [Decimal("1.50"), Decimal("1.51"), None]),
    "wide decimals": (pa.decimal256(76, 2), [Decimal(10**70), Decimal(10**70 + 1), None]),
    "large bytes": (pa.large_binary(), [b"a", b"b", b"", None]),
    "bytes of fixed size": (pa.binary(2), [b"aa", b"ab", None]),
    "words": (pa.dictionary(pa.int8(), pa.string()), ["a", "b", None]),
    "large numbers": (pa.int64(), [BIG, BIG + 1, None]),
    "numbers without a sign": (pa.uint64(), [2**64 - 1, 2**64 - 2, None]),
    "true and false": (pa.bool_(), [True, False, None]),
}


def column(kind: pa.DataType, values: list[Any]) -> pa.Array:
    return pa.array(values, kind)


def bool8() -> pa.Array:
    return pa.ExtensionArray.from_storage(pa.bool8(), pa.array([1, 0, None], pa.int8()))


def uuids() -> pa.Array:
    return pa.array([b"0" * 16, b"1" * 16, None], pa.uuid())


ARRAYS = {**{name: column(*kind) for name, kind in KINDS.items()}, "bool8": bool8(), "uuid": uuids()}
EQUAL = [
    (pa.array([[1, 2]], pa.list_(pa.int8())), pa.array([[1, 2]], pa.large_list(pa.int64()))),
    (pa.array([[1.0]], pa.list_(pa.float64())), pa.array([[1]], pa.list_(pa.uint8()))),
    (pa.array([Decimal("1.5")]), pa.array([Decimal("1.50")], pa.decimal256(50, 2))),
    (pa.array([{"a": 1, "b": 2}]), pa.array([{"b": 2, "a": 1}])),
    (pa.array([1], pa.timestamp("ms", "UTC")), pa.array([10**6], pa.timestamp("ns", "Asia/Tokyo"))),
    (pa.array([1], pa.time32("s")), pa.array([10**9], pa.time64("ns"))),
    (pa.array([1], pa.date32()), pa.array([86_400_000], pa.date64())),
    (pa.array([["a"]]), pa.array([["a"]], pa.list_(pa.dictionary(pa.int8(), pa.string())))),
    (pa.array(["a"]), pa.array(["a"], pa.string_view())),
]


def frame(array: pa.Array) -> pd.DataFrame:
    return arrow_values.values(pa.table({"x": array}), {})


@pytest.mark.parametrize("name", ARRAYS)
def test_different_values_are_different_rows(name: str):
    array = ARRAYS[name]

    hashes = intake.hash_rows(frame(array))

    assert len(np.unique(hashes)) == len(array)


@pytest.mark.parametrize("name", ARRAYS)
def test_stored_values_are_those_that_came_and_are_known_again(name: str, tmp_path: Path):
    rows, store = frame(ARRAYS[name]), Store(LocalBlobs(tmp_path))
    picked = pd.concat([rows[::-1].reset_index(drop=True), rows.head(1)], ignore_index=True)

    digest = store.write(picked)

    read = Store(LocalBlobs(tmp_path)).read(digest)
    back = pq.read_table(io.BytesIO(stored.rows(store.blobs, digest).read_bytes())).column("x").combine_chunks()
    wanted = pa.concat_arrays([ARRAYS[name].take(pa.array(range(len(rows))[::-1])), ARRAYS[name].slice(0, 1)])
    wanted = wanted.cast(pa.string()) if pa.types.is_dictionary(wanted.type) else wanted
    assert back.cast(wanted.type).equals(wanted) or back.equals(wanted) or name.startswith("records with decimal")
    np.testing.assert_array_equal(intake.hash_rows(read), intake.hash_rows(picked))
    np.testing.assert_array_equal(intake.hash_rows(read)[:-1][::-1], intake.hash_rows(rows))


@pytest.mark.parametrize(("one", "other"), EQUAL, ids=lambda array: str(array.type))
def test_equal_values_are_the_same_row_however_they_are_stored(one: pa.Array, other: pa.Array):
    assert intake.hash_rows(frame(one)) == intake.hash_rows(frame(other))


def test_a_table_and_its_frame_are_the_same_with_columns_in_order():
    rows = arrow_values.values(pa.table({"b": [[1]], "a": [1], "c": pa.array([1], pa.time64("ns")), "d": ["x"]}), {})

    found = frames.stored(frames.as_table(rows))

    assert list(found.columns) == ["b", "a", "c", "d"]
    pd.testing.assert_frame_equal(found.astype(str), rows.astype(str))


# ── through the doors ─────────────────────────────────────────────────────────────────────────────────────────────
@pytest.fixture
def home(open_home: Callable[[Path], Home], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    shop.write_pipeline(tmp_path / "pipelines", text=shop.YAML.replace("  key: [at, shop]\n", ""))
    monkeypatch.setenv("INCUMBENT_PIPELINES", str(tmp_path / "pipelines"))
    return open_home(tmp_path / "home")


def deliver(home: Home, name: str, rows: pa.Table) -> Batch:
    landing = home.landing("shop")
    landing.mkdir(parents=True, exist_ok=True)
    pq.write_table(rows, landing / f"{name}.parquet")
    table.take_in(home, "shop")
    return next(batch for batch in home.ledger.batches.all("shop") if batch.name == name)


def week() -> pa.Table:
    return pa.Table.from_pandas(shop.week(1, 40), preserve_index=False).replace_schema_metadata(None)


@pytest.mark.parametrize("name", ARRAYS)
def test_rows_that_differ_in_one_value_are_all_kept_once(name: str, home: Home):
    array = ARRAYS[name]
    same = week().take([0] * len(array)).append_column("x", array)
    rows = pa.concat_tables([same, same.slice(0, 1)])

    first, again = deliver(home, "a", rows), deliver(home, "b", pa.concat_tables([rows, rows]))

    assert (first.accepted, first.quarantined, first.duplicates) == (len(array), 0, 1)
    assert (again.accepted, again.duplicates) == (0, 2 * len(rows))


def nanoseconds(*rest: int) -> pa.Table:
    """The same row so many times, its time with these nanoseconds."""
    rows = week().take([0] * len(rest))
    ticks = rows.column("at").combine_chunks().cast(pa.int64()).to_numpy() * 1000 + np.array(rest)
    return rows.set_column(0, "at", pa.array(ticks, pa.timestamp("ns", "UTC")))


def test_digits_beyond_microseconds_are_dropped_kept_aside_and_said(home: Home):
    batch = deliver(home, "a", nanoseconds(0, 789, 780, 789))

    stored = home.store.read(batch.accepted_file or "")
    assert (batch.accepted, batch.duplicates) == (3, 1)
    assert str(stored["at"].dtype) == "datetime64[us, UTC]"
    assert stored["at"].nunique() == 1
    assert stored[digits.column("at")].fillna("").tolist() == ["", "789", "78"]
    assert batch.notes == ("at: digits beyond microseconds dropped in 3 rows",)


def test_a_row_with_finer_digits_is_known_again_whatever_lies_beside_it(home: Home):
    deliver(home, "a", nanoseconds(0, 789))

    assert deliver(home, "b", nanoseconds(0)).accepted == 0
    assert deliver(home, "c", nanoseconds(789)).accepted == 0
    assert deliver(home, "d", nanoseconds(788)).accepted == 1


def test_a_time_before_1970_loses_the_digits_that_are_written():
    rows = pa.table({"at": pa.array([-1, -1000, -1001], pa.timestamp("ns", "UTC"))})

    found = arrow_values.values(rows, {"at": "timestamp"})

    assert found["at"].dt.microsecond.tolist() == [999_999, 999_999, 999_998]
    assert found[digits.column("at")].fillna("").tolist() == ["999", "", "999"]


@pytest.mark.parametrize(
    ("text", "micro", "rest"),
    [
        ("2025-06-01 00:00:12.123456789Z", 123_456, "789"),
        ("2025-06-01T00:00:12.1234567+02:00", 123_456, "7"),
        ("2025-06-01T00:00:12.123456000Z", 123_456, None),
        ("2025-06-01T00:00:12.999999999999Z", 999_999, "999999"),
        ("2025-06-01T00:00:12.5Z", 500_000, None),
    ],
)
def test_a_time_in_text_may_have_any_number_of_digits(text: str, micro: int, rest: str | None):
    texts = pd.DataFrame({"at": [text, "2025-01-01T00:00:00.000000001Z"]})

    found = cells.read(texts, {"at": "timestamp"}, cells.Notation())

    assert found["at"].dt.microsecond.iloc[0] == micro
    assert found[digits.column("at")].fillna("").iloc[0] == (rest or "")


def test_the_same_time_in_text_and_in_parquet_is_the_same_row():
    text = cells.read(pd.DataFrame({"at": ["1970-01-01T00:00:00.000001789Z"]}), {"at": "timestamp"}, cells.Notation())
    binary = arrow_values.values(pa.table({"at": pa.array([1789], pa.timestamp("ns", "UTC"))}), {"at": "timestamp"})
    unused = arrow_values.values(pa.table({"at": pa.array([1789], pa.timestamp("ns", "UTC"))}), {})

    assert intake.hash_rows(text) == intake.hash_rows(binary) == intake.hash_rows(unused)


def test_nothing_of_a_column_beyond_the_contract_changes_in_the_store(home: Home):
    rows = week().slice(0, 3)
    for name, array in ARRAYS.items():
        rows = rows.append_column(f"x {name}", pa.concat_arrays([array] * 3).slice(0, 3))

    batch = deliver(home, "a", rows)

    kept = stored.rows(home, batch.accepted_file or "").read_bytes()
    skipped = {"x records in a zone", "x records with nanoseconds", "x times of day", "x lengths of time"}
    assert values_kept.rows(rows.drop_columns([*skipped])) == values_kept.rows(
        pq.read_table(io.BytesIO(kept)).drop_columns([*skipped])
    )
