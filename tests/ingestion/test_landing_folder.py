"""The landing folder: everything in it is listed, nothing is waited for, and each bad file has one clear sentence."""

import hashlib
import os
import socket
import subprocess
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from configs.environment import CHECKOUT
from configs.errors import BadInput, BrokenContract, DeliveryWaits, LandingFolderMissing, UnreadableFile
from configs.validation import ColumnRule, ValidationSettings
from tasks.ingestion.sources.base import Delivery, Mark
from tests import folders

CONTRACT = ValidationSettings(
    columns={
        "at": ColumnRule(type="timestamp"),
        "shop": ColumnRule(type="category"),
        "items": ColumnRule(type="integer", nullable=True),
        "price": ColumnRule(type="number", nullable=True),
        "sold": ColumnRule(type="boolean", nullable=True),
    }
)
NOON = pd.Timestamp("2013-01-01 12:00", tz="UTC")
ROWS: dict[str, Any] = {
    "at": pa.array([NOON, NOON], pa.timestamp("us", tz="UTC")),
    "shop": pa.array(["a", "b"]),
    "items": pa.array([1, 2]),
    "price": pa.array([1.5, None], pa.float64()),
    "sold": pa.array([True, None]),
}


def write(path: Path, **changed: Any) -> Path:
    pq.write_table(pa.table({**ROWS, **changed}), path, write_page_checksum=True)
    return path


def delivered(path: Path) -> Delivery:
    (found,) = [delivery for delivery in folders.listed(path.parent) if delivery.address == path.name]
    return found


def read(path: Path) -> pd.DataFrame:
    return folders.rows(path.parent, delivered(path), CONTRACT)


def refusal(path: Path) -> BadInput:
    with pytest.raises(BadInput) as caught:
        read(path)
    return caught.value


# ── listing ───────────────────────────────────────────────────────────────────────────────────────────────────────
def test_deliveries_are_listed_in_natural_order_by_name_and_content(tmp_path: Path):
    for name in ("batch-10.parquet", "batch-2.parquet", "notes.txt"):
        (tmp_path / name).write_bytes(name.encode())

    found = folders.listed(tmp_path)

    assert [delivery.name for delivery in found] == ["batch-2", "batch-10", "notes"]
    assert found[0] == Delivery("batch-2", "batch-2.parquet", hashlib.sha256(b"batch-2.parquet").hexdigest())


def test_a_correction_comes_after_what_it_corrects(tmp_path: Path):
    for name in ("2013-01-late.parquet", "2013-01 b.parquet", "2013-01.parquet", "2013-01.csv"):
        (tmp_path / name).write_bytes(name.encode())

    found = folders.listed(tmp_path)

    assert [delivery.address for delivery in found] == [
        "2013-01.csv",
        "2013-01.parquet",
        "2013-01 b.parquet",
        "2013-01-late.parquet",
    ]


def test_only_what_is_being_written_and_notes_of_programs_are_left_out(tmp_path: Path):
    for name in ("a.parquet.tmp", ".hidden.parquet", "_SUCCESS", "b.parquet"):
        (tmp_path / name).write_bytes(b"")

    assert [delivery.name for delivery in folders.listed(tmp_path)] == ["b"]


def test_an_empty_folder_has_no_deliveries_and_a_missing_one_is_a_mistake(tmp_path: Path):
    assert folders.listed(tmp_path) == []
    with pytest.raises(LandingFolderMissing, match=r"landing/nyc does not exist\. Make it and put parquet files there"):
        folders.listed(tmp_path / "landing" / "nyc")


def test_a_name_of_any_bytes_can_be_printed_and_stored(tmp_path: Path):
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9\x1b[31m\n.parquet")).write_bytes(b"x")

    (delivery,) = folders.listed(tmp_path)

    assert delivery.name.isprintable()
    assert delivery.name.encode().startswith(b"caf")
    assert folders.content(tmp_path, delivery) == b"x"


def test_to_see_what_waits_needs_neither_pandas_nor_pyarrow(tmp_path: Path):
    code = (
        "import sys; from pathlib import Path; from tasks.ingestion.steps import arrivals; from tasks.ingestion.sources.landing_folder import LandingFolder;"
        "LandingFolder(Path(sys.argv[1]), 'csv').look(); sys.exit(bool({'pandas', 'pyarrow'} & set(sys.modules)))"
    )

    subprocess.run([sys.executable, "-c", code, str(tmp_path)], cwd=CHECKOUT, check=True)


# ── the mark ───────────────────────────────────────────────────────────────────────────────────────────────
def change(folder: Path, kind: str) -> None:
    path = folder / "a.parquet"
    if kind == "a new file":
        (folder / "b.parquet").write_bytes(b"b")
    elif kind == "another name":
        path.rename(folder / "b.parquet")
    elif kind == "gone":
        path.unlink()
    elif kind == "other bytes":
        path.write_bytes(b"longer than before")
    elif kind == "another time":
        os.utime(path, (1, 1))
    elif kind == "another file of the same size and time":
        known = path.stat()
        (folder / "b.tmp").write_bytes(b"b")
        os.utime(folder / "b.tmp", ns=(known.st_atime_ns, known.st_mtime_ns))
        (folder / "b.tmp").replace(path)
    elif kind == "a folder":
        (folder / "more").mkdir()


@pytest.mark.parametrize(
    "kind",
    [
        "a new file",
        "another name",
        "gone",
        "other bytes",
        "another time",
        "another file of the same size and time",
        "a folder",
    ],
)
def test_a_folder_that_has_changed_has_another_mark(tmp_path: Path, kind: str):
    (tmp_path / "a.parquet").write_bytes(b"a")
    before = folders.of(tmp_path).mark()

    change(tmp_path, kind)

    assert folders.of(tmp_path).mark().text != before.text


def test_drafts_and_notes_of_programs_leave_the_mark_as_it_is(tmp_path: Path):
    (tmp_path / "a.parquet").write_bytes(b"a")
    before = folders.of(tmp_path).mark()
    for name in ("b.parquet.tmp", ".hidden", "_SUCCESS"):
        (tmp_path / name).write_bytes(b"b")

    assert folders.of(tmp_path).mark() == before == folders.of(tmp_path).mark()


def test_with_the_mark_comes_when_a_file_changed_last(tmp_path: Path):
    for name, moment in (("a", 100.0), ("b", 300.5), ("c", 200.0)):
        (tmp_path / name).write_bytes(b"")
        os.utime(tmp_path / name, (moment, moment))
    (tmp_path / "d.tmp").write_bytes(b"")

    assert folders.of(tmp_path).mark().changed == 300.5


def test_no_file_is_read_or_waited_for_to_take_a_mark(tmp_path: Path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("gone")
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.parquet")).write_bytes(b"x")
    (tmp_path / "a.parquet").write_bytes(b"a")
    (tmp_path / "a.parquet").chmod(0)

    assert len(folders.of(tmp_path).mark().text) == 64


def test_a_folder_that_is_not_there_has_no_mark(tmp_path: Path):
    assert folders.of(tmp_path).mark() == Mark("", 0.0)
    with pytest.raises(LandingFolderMissing, match="does not exist"):
        folders.of(tmp_path / "not there").mark()


def test_rows_are_counted_by_the_word_of_the_file_and_unknown_if_it_has_none(tmp_path: Path):
    write(tmp_path / "a.parquet")
    (tmp_path / "b.parquet").write_bytes(b"PAR1 but no more")
    (tmp_path / "c.parquet").touch()
    (tmp_path / "d.parquet").mkdir()
    (tmp_path / "e.csv").write_text("a,b\n1,2\n")
    found = folders.listed(tmp_path)
    (tmp_path / "a-gone.parquet").touch()
    gone = delivered(tmp_path / "a-gone.parquet")
    (tmp_path / gone.address).unlink()

    assert [folders.count(tmp_path, delivery) for delivery in (*found, gone)] == [2, None, None, None, None, None]


# ── things that are no files ──────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("folder", "a folder"),
        ("pipe", "a pipe"),
        ("socket", "a socket"),
        ("device", "a link out of the landing folder"),
        ("outside", "a link out of the landing folder"),
        ("nothing", "a link to nothing"),
        ("itself", "a link to nothing"),
    ],
)
def test_what_is_no_file_is_listed_named_and_never_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, words: str
):
    monkeypatch.chdir(tmp_path)  # names of sockets must be short
    landing = Path("landing").absolute()
    landing.mkdir()
    path = landing / "x.parquet"
    targets = {"device": "/dev/zero", "outside": str(write(tmp_path / "o.parquet")), "nothing": "gone", "itself": path}
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind("landing/x.parquet")
    else:
        path.symlink_to(targets[kind])

    delivery = delivered(path)
    error = refusal(path)

    assert isinstance(error, UnreadableFile)
    assert str(error) == f"It is {words}, not a file."
    assert folders.content(landing, delivery) == f"x.parquet is {words}, not a file.\n".encode()
    assert hashlib.sha256(folders.content(landing, delivery)).hexdigest() == delivery.digest


def test_a_link_to_a_file_beside_it_is_that_file(tmp_path: Path):
    write(tmp_path / "a.parquet")
    (tmp_path / "b.parquet").symlink_to("a.parquet")

    one, other = folders.listed(tmp_path)

    assert one.digest == other.digest
    assert len(folders.rows(tmp_path, other, CONTRACT)) == 2


# ── rows ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_rows_come_in_one_form_whatever_the_file_looks_like(tmp_path: Path):
    path = write(
        tmp_path / "a.parquet",
        at=pa.array([NOON, NOON], pa.timestamp("ms", tz="Asia/Tokyo")),
        shop=pa.array(["a", "b"]).dictionary_encode(),
        items=pa.array([2**53 + 1, None], pa.int64()),
        sold=pa.array([True, False]),
        note=pa.array([["x"], None]),
    )

    frame = read(path)

    assert [str(kind) for kind in frame.dtypes] == [
        "datetime64[us, UTC]",
        "str",
        "Int64",
        "float64",
        "boolean",
        "list<element: string>[pyarrow]",
    ]
    assert frame["at"].tolist() == [NOON, NOON]
    assert frame["items"].tolist() == [2**53 + 1, pd.NA]


def test_a_column_of_nothing_has_the_type_of_its_contract(tmp_path: Path):
    nothing = pa.nulls(2)

    frame = read(write(tmp_path / "a.parquet", items=nothing, price=nothing, sold=nothing, shop=nothing, at=nothing))

    assert [str(kind) for kind in frame.dtypes] == ["datetime64[us, UTC]", "str", "Int64", "float64", "boolean"]
    assert frame.isna().all(axis=None)


def test_an_extra_column_is_kept_in_its_place(tmp_path: Path):
    pq.write_table(pa.table({"first": [1, 2], **ROWS, "last": ["x", "y"]}), tmp_path / "a.parquet")

    frame = read(tmp_path / "a.parquet")

    assert list(frame.columns) == ["first", *ROWS, "last"]


def test_what_pandas_noted_about_an_index_does_not_hide_a_column(tmp_path: Path):
    frame = pa.table(ROWS).to_pandas().set_index("shop")
    frame.to_parquet(tmp_path / "a.parquet")

    assert read(tmp_path / "a.parquet")["shop"].tolist() == ["a", "b"]


@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "shop": st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=4),
                "items": st.none() | st.integers(-(2**63), 2**63 - 1),
                "price": st.none() | st.floats(allow_nan=False),
                "sold": st.none() | st.booleans(),
                "at": st.integers(-(2**55), 2**55),
            }
        ),
        min_size=1,
        max_size=8,
    )
)
@settings(deadline=None, max_examples=40, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_value_is_changed_on_its_way_in(tmp_path: Path, drawn: list[dict[str, Any]]):
    kinds = {
        "at": pa.timestamp("us", tz="UTC"),
        "shop": pa.string(),
        "items": pa.int64(),
        "price": pa.float64(),
        "sold": pa.bool_(),
    }
    table = pa.table({name: pa.array([row[name] for row in drawn], kind) for name, kind in kinds.items()})
    pq.write_table(table, tmp_path / "a.parquet")

    frame = read(tmp_path / "a.parquet")

    back = pa.Table.from_pandas(frame, preserve_index=False).select(list(kinds)).cast(table.schema)
    assert back.equals(table)


# ── files that cannot be taken in ─────────────────────────────────────────────────────────────────────────────────
def test_an_empty_file_is_named(tmp_path: Path):
    (tmp_path / "a.parquet").touch()

    assert str(refusal(tmp_path / "a.parquet")) == "The file is empty (0 bytes)."


@pytest.mark.parametrize(
    ("content", "begins"),
    [(b"year\n2013\n", "year\\n2013\\n"), (b"PK\x03\x04", "PK\\x03\\x04"), (b"\xff", "ÿ")],
)
def test_a_file_of_another_kind_is_named_with_its_beginning(tmp_path: Path, content: bytes, begins: str):
    (tmp_path / "a.parquet").write_bytes(content)

    assert str(refusal(tmp_path / "a.parquet")) == f"The file is not parquet: it begins with '{begins}'."


@pytest.mark.parametrize("sign", [",", ";"])
def test_where_csv_lies_it_is_said_how_csv_is_taken_in(tmp_path: Path, sign: str):
    (tmp_path / "a.parquet").write_text(f"year{sign}month\n2013{sign}1\n")

    assert str(refusal(tmp_path / "a.parquet")).endswith("CSV needs ingestion.source: {kind: csv}.")


@pytest.mark.parametrize("kept", [4, 8, 200, -1])
def test_a_truncated_file_is_named(tmp_path: Path, kept: int):
    path = write(tmp_path / "a.parquet")
    path.write_bytes(path.read_bytes()[:kept])

    error = refusal(path)

    assert isinstance(error, UnreadableFile)
    assert str(error) == "The file is truncated: the end that every parquet file has is missing."


@given(st.data())
@settings(deadline=None, max_examples=150, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_damaged_file_is_refused_or_harmless_but_never_an_unknown_error(tmp_path: Path, data: st.DataObject):
    path = write(tmp_path / "a.parquet")
    content = bytearray(path.read_bytes())
    for place in data.draw(st.lists(st.integers(0, len(content) - 1), min_size=1, max_size=3)):
        content[place] ^= data.draw(st.integers(1, 255))
    path.write_bytes(bytes(content))

    try:
        frame = read(path)
    except BadInput as refused:
        assert str(refused).endswith(".")
        assert "\n" not in str(refused)
    else:
        assert len(frame) > 0


def test_a_page_whose_checksum_is_wrong_is_damage(tmp_path: Path):
    path = write(tmp_path / "a.parquet", shop=pa.array(["needle", "haystack"]))
    path.write_bytes(path.read_bytes().replace(b"haystack", b"haystock"))

    error = refusal(path)

    assert isinstance(error, UnreadableFile)
    assert str(error).startswith("The file is damaged: ")


def test_a_file_without_rows_is_named(tmp_path: Path):
    pq.write_table(pa.table(ROWS).slice(0, 0), tmp_path / "a.parquet")

    assert str(refusal(tmp_path / "a.parquet")) == "The file has no rows."


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        (
            {"items": pa.array(["1", "2"])},
            "Column 'items' must be a whole number, but holds text (e.g. '1'); text is never converted.",
        ),
        (
            {"price": pa.array(["cheap", None])},
            "Column 'price' must be a number, but holds text (e.g. 'cheap'); text is never converted.",
        ),
        (
            {"price": pa.array([Decimal("1.50"), None])},
            "Column 'price' must be a number, but holds decimals of fixed size (e.g. '1.50').",
        ),
        (
            {"at": pa.array([NOON.tz_localize(None)] * 2, pa.timestamp("us"))},
            "Column 'at' has times without a time zone; write them in UTC, or name their zone as ingestion.source.timezone.",
        ),
        (
            {"at": pa.array([date(2013, 1, 1)] * 2)},
            "Column 'at' must be a time with its time zone, but holds dates without a time (e.g. '2013-01-01').",
        ),
        ({"sold": pa.array([1, 0])}, "Column 'sold' must be true or false, but holds whole numbers (e.g. '1')."),
        ({"_aside": pa.array([1, 0])}, "Column '_aside' has a name that Incumbent needs itself."),
    ],
)
def test_a_column_of_the_wrong_kind_is_one_clear_sentence(tmp_path: Path, changed: dict[str, Any], sentence: str):
    error = refusal(write(tmp_path / "a.parquet", **changed))

    assert isinstance(error, BrokenContract)
    assert str(error) == sentence


def test_missing_columns_are_all_named(tmp_path: Path):
    pq.write_table(pa.table(ROWS).drop_columns(["at", "sold"]), tmp_path / "a.parquet")

    assert str(refusal(tmp_path / "a.parquet")) == "Column 'at' is missing. Column 'sold' is missing."


def test_a_column_that_is_there_twice_is_named(tmp_path: Path):
    table = pa.table(ROWS)
    pq.write_table(table.append_column("price", table["price"]), tmp_path / "a.parquet")

    assert str(refusal(tmp_path / "a.parquet")) == "Column 'price' is there 2 times."


# ── files that change under our hands ─────────────────────────────────────────────────────────────────────────────
def test_a_file_that_changes_after_it_was_listed_is_not_read_as_what_was_listed(tmp_path: Path):
    delivery = delivered(write(tmp_path / "a.parquet"))
    write(tmp_path / "a.parquet", items=pa.array([3, 4]))

    with pytest.raises(DeliveryWaits, match=r"Write it under a name that ends in \.tmp") as caught:
        folders.rows(tmp_path, delivery, CONTRACT)

    assert caught.value.changed


def test_a_file_that_is_gone_says_so(tmp_path: Path):
    delivery = delivered(write(tmp_path / "a.parquet"))
    (tmp_path / delivery.address).unlink()

    with pytest.raises(
        DeliveryWaits, match=r"a cannot be read just now: No such file or directory\. It waits"
    ) as caught:
        folders.rows(tmp_path, delivery, CONTRACT)

    assert not caught.value.changed


def test_the_rows_of_a_month_are_those_that_numpy_sees(tmp_path: Path):
    prices = np.random.default_rng(1).normal(size=30_000)
    table = pa.table(
        {
            "at": pa.array([NOON] * 30_000, pa.timestamp("us", tz="UTC")),
            "shop": pa.array(["a"] * 30_000),
            "items": pa.array(range(30_000)),
            "price": pa.array(prices),
            "sold": pa.array([None] * 30_000, pa.bool_()),
        }
    )
    pq.write_table(table, tmp_path / "a.parquet", row_group_size=7_000)

    assert (read(tmp_path / "a.parquet")["price"].to_numpy() == prices).all()
