"""CSV files of the world: what they can mean with certainty is read as it stands, all else is refused in words."""

import csv
import gzip
import io
import zipfile
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from configs.errors import BadInput, BrokenContract, UnreadableFile
from configs.ingestion import DerivedTime, Source
from configs.validation import ColumnRule, ValidationSettings
from tasks.ingestion.formats import delimited
from tests import folders

CSV = Source(kind="csv")
PLAIN = b"shop,items\na,1\nb,2\n"


def archive(**members: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        for name, found in members.items():
            made.writestr(f"{name}.csv", found)
    return file.getvalue()


def refusal(found: bytes, **source: Any) -> str:
    with pytest.raises(BadInput) as caught:
        delimited.table(found, Source(kind="csv", **source))
    return str(caught.value)


@pytest.mark.parametrize(
    ("found", "source"),
    [
        (PLAIN, {}),
        (b"\xef\xbb\xbf" + PLAIN, {}),
        (PLAIN.replace(b"\n", b"\r\n"), {}),
        (PLAIN.replace(b"\n", b"\r"), {}),
        (PLAIN + b"\n\n", {}),
        (PLAIN.replace(b",", b";"), {"delimiter": ";"}),
        (PLAIN.replace(b",", b"\t"), {"delimiter": "\t"}),
        (PLAIN.replace(b"a,1", b'"a","1"'), {}),
        (PLAIN.decode().encode("utf-16"), {"encoding": "utf-16"}),
        (PLAIN.removesuffix(b"\n"), {"open_end": True}),
        (gzip.compress(PLAIN, mtime=0), {}),
        (archive(one=PLAIN), {}),
        (archive(one=b"x\n", two=PLAIN), {"member": "two.csv"}),
    ],
)
def test_the_same_cells_are_read_however_they_are_written(found: bytes, source: dict[str, Any]):
    read = delimited.table(found, Source(kind="csv", **source)).to_pandas()

    assert read.to_dict("list") == {"shop": ["a", "b"], "items": ["1", "2"]}


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (b"", "The file is empty (0 bytes)."),
        (b"\n \n", "The file has blanks only."),
        (b"shop,items\na,1\nb\n", "Line 3 has 1 cells, the first line has 2: it is the last one, so the file may have"),
        (b"shop,items\na,1,500\nb,2\n", "Line 2 has 3 cells, the first line has 2: a cell that has ',' in it must"),
        (b"shop,items\na\nb,2\n", "Line 2 has 1 cells, the first line has 2: cells are missing."),
        (b"shop,items\na,1\n\nb,2\n", "Line 3 is empty"),
        (b"shop,items\na,1\nb,2", "The last line has no line break at its end: the file may have been cut off."),
        (b'shop,items\n"a,1\nb,2\n', "The file is not CSV: unexpected end of data"),
        (b'shop,items\n"a"x,1\n', "The file is not CSV: ',' expected after '\"', in line 2."),
        (b"shop,items\na\0,1\n", "The file has a NUL character in line 2"),
        ("shop,items\ncaf\u00e9,1\n".encode("latin-1"), "The file is not text in utf-8: byte 14 is 0xe9."),
        (PLAIN.decode().encode("utf-16"), "It begins like utf-16. Name its encoding as ingestion.source.encoding."),
        (gzip.compress(PLAIN, mtime=0)[:-9], "The compressed file is damaged, or cut off"),
        (gzip.compress(PLAIN, mtime=0)[:-8] + b"12345678", "The compressed file is damaged, or cut off"),
        (archive(one=PLAIN)[:-9], "The compressed file is damaged, or cut off"),
        (archive(), "Which file of the zip is meant? It is empty"),
        (archive(one=PLAIN, two=PLAIN), "It has 'one.csv', 'two.csv'; name one as ingestion.source.member."),
        (b"a,b,a\n1,2,3\n", "Column 'a' is there 2 times."),
    ],
)
def test_what_is_not_certain_is_refused(found: bytes, words: str):
    assert words in refusal(found)


def test_a_member_that_the_zip_does_not_have_is_refused():
    assert "'three.csv' is not among them" in refusal(archive(one=PLAIN, two=PLAIN), member="three.csv")
    assert "The file is not a zip" in refusal(PLAIN, member="three.csv")


def test_what_unfolds_to_more_than_memory_holds_is_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(delimited, "MOST_BYTES", 10)

    assert "unfolds to more than" in refusal(gzip.compress(PLAIN, mtime=0))


def test_every_cut_of_a_file_is_refused_or_is_whole_lines():
    whole = b'shop,items,note\na,1,"x, y"\nb,22,z\n'

    for end in range(len(whole)):
        try:
            rows = delimited.table(whole[:end], CSV)
        except UnreadableFile:
            continue
        assert whole[:end] in (b"shop,items,note\n", b'shop,items,note\na,1,"x, y"\n'), rows


_CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)


@given(st.lists(st.tuples(_CELLS, _CELLS), min_size=1), st.sampled_from([",", ";", "\t", "|"]))
def test_what_is_written_is_read_back_the_same(rows: list[tuple[str, str]], delimiter: str):
    source = Source(kind="csv", delimiter=delimiter)
    table = pa.table({"x": [row[0] for row in rows], "y": [row[1] for row in rows]}, pa.schema(_strings("x", "y")))

    assert delimited.table(delimited.write(table, source), source).equals(table)


def _strings(*names: str) -> list[tuple[str, pa.DataType]]:
    return [(name, pa.string()) for name in names]


# ── as deliveries ─────────────────────────────────────────────────────────────────────────────────────────────────
CONTRACT = ValidationSettings(
    columns={"at": ColumnRule(type="timestamp"), "shop": ColumnRule(type="category"), "n": ColumnRule(type="integer")}
)
DERIVE = {"at": DerivedTime(text="{day}", format="%Y-%m-%d")}


def read(folder: Path, name: str, found: bytes) -> pd.DataFrame:
    (folder / name).write_bytes(found)
    (delivery,) = folders.listed(folder)
    return folders.rows(folder, delivery, CONTRACT, CSV, DERIVE)


def test_a_delivery_is_typed_by_its_contract_and_gets_its_times(tmp_path: Path):
    found = read(tmp_path, "a.csv", b"shop,n,day,zip\nNA,3,2013-01-01,00501\n")

    assert found["shop"].tolist() == ["NA"]
    assert found["n"].tolist() == [3]
    assert found["at"].tolist() == [pd.Timestamp("2013-01-01", tz="UTC")]
    assert found["zip"].tolist() == ["00501"]


def test_what_breaks_the_contract_is_refused_with_the_rows_that_came(tmp_path: Path):
    with pytest.raises(BrokenContract, match="Column 'n' is missing") as caught:
        read(tmp_path, "a.csv", b"shop,day\na,2013-01-01\nb,2013-01-01\n")

    assert caught.value.rows == 2


def test_a_header_alone_has_no_rows(tmp_path: Path):
    with pytest.raises(BrokenContract, match="The file has no rows"):
        read(tmp_path, "a.csv", b"shop,n,day\n")


def test_the_name_of_a_compressed_delivery_has_neither_ending(tmp_path: Path):
    for name in ("2013-10.csv.gz", "2013-9.csv", "v1.5.zip"):
        (tmp_path / name).write_bytes(name.encode())

    assert [one.name for one in folders.listed(tmp_path)] == ["2013-9", "2013-10", "v1.5"]


def test_parquet_among_csv_is_read_as_what_it_is(tmp_path: Path):
    frame = read(tmp_path, "a.csv", b"shop,n,day\na,3,2013-01-01\n")
    (tmp_path / "a.csv").unlink()
    frame.to_parquet(tmp_path / "b.parquet", index=False)

    (delivery,) = folders.listed(tmp_path)

    pd.testing.assert_frame_equal(folders.rows(tmp_path, delivery, CONTRACT, CSV, DERIVE), frame)


def test_rows_are_counted_without_judging_them(tmp_path: Path):
    (tmp_path / "a.csv").write_bytes(b'x,y\n"1\n2",3\n4,5\n')
    (tmp_path / "b.csv").write_bytes(b"x,y\n1\n")

    found = folders.listed(tmp_path)

    assert [folders.count(tmp_path, one, CSV) for one in found] == [2, None]


def test_a_cell_of_any_length_that_memory_holds_is_read():
    text = "x" * 200_000

    assert delimited.table(f"a,b\n{text},1\n".encode(), CSV)["a"].to_pylist() == [text]
    assert csv.field_size_limit() == 131072
