"""`sql`: a question about a pipeline, on a terminal, for machines and into a file; it changes nothing."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tasks.adapters.home import Home

Say = Callable[..., tuple[int, str, str]]


@pytest.fixture
def folder(shop_versions: Home) -> Path:
    return shop_versions.folder


def dump(folder: Path) -> list[str]:
    with closing(sqlite3.connect(folder / "ledger.db")) as ledger:
        return list(ledger.iterdump())


def test_rows_stand_side_by_side_and_are_counted(say: Say, folder: Path) -> None:
    before = dump(folder)

    code, out, err = say("sql", "shop", "select shop, count(*) n from data('v1') group by 1 order by 1")

    assert (code, err) == (0, "")
    assert out.splitlines()[0] == "shop  n"
    assert [line[0] for line in out.splitlines()[1:4]] == ["a", "b", "c"]
    assert out.splitlines()[4] == "3 rows"
    assert dump(folder) == before


def test_of_many_rows_the_first_ones_are_shown(say: Say) -> None:
    code, out, _ = say("sql", "select * from data('week 1')", "shop")

    assert code == 0
    assert len(out.splitlines()) == 52
    assert out.splitlines()[-1] == "more than 50 rows: --out FILE or --json gives all"


def test_machines_get_one_object_per_row(say: Say) -> None:
    code, out, _ = say("sql", "shop", "select \"at\", price from data('week 1') order by 1", "--json")

    rows = [json.loads(line, parse_constant=pytest.fail) for line in out.splitlines()]
    assert (code, len(rows)) == (0, 336)
    assert rows[0]["at"] == "2013-01-07T00:00:00+00:00"
    assert None in {row["price"] for row in rows}


def test_all_rows_go_into_a_file(say: Say, tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"

    code, out, err = say("sql", "shop", "select * from data('v2')", "--out", str(path))

    assert (code, err) == (0, "")
    assert out == f"576 rows written to {path}\n"
    assert pq.read_table(path).num_rows == 576


def test_what_data_says_cannot_rewrite_the_terminal(say: Say) -> None:
    code, out, _ = say("sql", "shop", "select chr(27) || '[2J' || repeat('x', 500) as \"\x1b[1mname\"")

    assert code == 0
    assert "\x1b" not in out
    assert max(map(len, out.splitlines())) <= 40


def test_a_plan_is_drawn(say: Say) -> None:
    code, out, _ = say("sql", "shop", "explain select * from data('v1')")

    assert code == 0
    assert len(out.splitlines()) > 3


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("drop table batches",), "A query only reads: "),
        (("select * from read_text('/etc/passwd')",), "file system operations are disabled"),
        (("select * from nosuch",), "There are: data('"),
        (("select * from data('v9')",), "Unknown version v9 of shop. It has v1 to v2"),
        (("",), "Give one query, such as "),
        (("with recursive t(n) as (select 1 union all select n + 1 from t) select sum(n) from t", "--seconds", "0.5"),
         "The query was stopped after 0.5 seconds."),
        (("select 1", "--seconds", "0"), "invalid number of seconds value: '0'"),
        (("select 1", "--seconds", "nan"), "invalid number of seconds value: 'nan'"),
        (("select 1", "--out", "rows.xlsx"), "name a file that ends with "),
        (("select 1", "--out", "{home}/store/rows.csv"), "Incumbent keeps files of its own in "),
        (("select [1] as a", "--out", "{tmp}/rows.csv"), "this format does not hold the answer"),
        (("select 1", "--out", "/nowhere/rows.csv"), "there is no folder /nowhere"),
        ((), "the following arguments are required: query"),
    ],
)  # fmt: skip
def test_a_wrong_question_is_answered_in_words(
    arguments: tuple[str, ...], text: str, say: Say, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [word.replace("{home}", str(folder)).replace("{tmp}", str(tmp_path)) for word in arguments]
    try:
        code, out, err = say("sql", *(["shop"] if words else []), *words)
    except SystemExit as ended:
        code, (out, err) = ended.code, capsys.readouterr()

    assert (code, out) == (2, "")
    assert text in err
    assert "Traceback" not in err
    assert not (tmp_path / "rows.csv").exists()
