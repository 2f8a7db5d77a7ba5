"""Queries: they read the tables that they are given, and can do nothing else, whatever they say."""

import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from configs.errors import MistakeOfUser
from tasks.adapters import queries

FUNCTIONS = ("data", "quarantine")
V7 = pa.table({"a": [1, 2, 3], "b": ["x", None, "z"]})


def ask(
    text: str, tables: Mapping[str, pa.Table] | None = None, seconds: float = 20, **calls: pa.Table
) -> list[dict[str, Any]]:
    """The rows of a query over `data('v7')` and some tables."""
    queries.names(text, FUNCTIONS)
    given = {("data", "v7"): V7} | {("data", name): table for name, table in calls.items()}
    with queries.answer(text, tables or {}, given, seconds=seconds, known=("data('…')", "scores")) as answer:
        return pa.Table.from_batches(answer.batches, answer.schema).to_pylist()


# ── what a query reads ────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("text", "tables", "calls"),
    [
        ("select * from data('v7')", set(), {("data", "v7")}),
        ("from DATA(name := 'v7')", set(), {("data", "v7")}),
        ("select 1 -- from data('v1')", set(), set()),
        ("select 'data(''v1'')' from Scores", {"scores"}, set()),
        ("with a as (from data('v7')) select * from a, main.turns", {"a", "turns"}, {("data", "v7")}),
        ("select (select max(a) from data('it''s')) from data('a.b') x where a in (select a from quarantine('é'))", set(),
         {("data", "it's"), ("data", "a.b"), ("quarantine", "é")}),
        ("describe scores", {"scores"}, set()),
        ("summarize select * from data('v7')", set(), {("data", "v7")}),
        ("/* é */ explain /* ü */ analyze select 'ö' from data('v7')", set(), {("data", "v7")}),
        ("explain\nselect * from scores", {"scores"}, set()),
        ("select * from range(3), read_csv('x')", set(), set()),
    ],
)  # fmt: skip
def test_names_are_read_from_the_tree_of_the_query(text: str, tables: set[str], calls: set[tuple[str, str]]) -> None:
    names = queries.names(text, FUNCTIONS)

    assert (names.tables, names.calls, names.is_list) == (tables, calls, False)


def test_a_question_for_the_tables_is_known_as_such() -> None:
    assert queries.names("show tables", FUNCTIONS).is_list


@pytest.mark.parametrize("name", ["v7", "a.b", "it's", 'x"y', "é", "", "data_v7; drop"])
def test_any_name_leads_to_its_rows(name: str) -> None:
    quoted = name.replace("'", "''")

    rows = ask(f"select * from data('{quoted}') one join data('{quoted}') other using (a)", **{name: V7})

    assert [row["a"] for row in rows] == [1, 2, 3]


# ── what a query may not ──────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    "text",
    [
        "insert into scores values (1)", "update scores set a = 1", "delete from scores", "drop table scores",
        "create table x (a int)", "create table x as select 1", "alter table scores add column b int",
        "copy (select 1) to '{out}'", "copy scores from '/etc/passwd'", "export database '{out}'",
        "attach '{out}'", "install httpfs", "load httpfs", "set memory_limit = '9GB'", "reset memory_limit",
        "pragma database_list", "call pragma_version()", "checkpoint", "vacuum", "begin", "use main",
        "prepare p as select 1", "execute p", "explain copy (select 1) to '{out}'", "explain drop table scores",
        "explain analyze create table x as select 1",
        "create macro f() as 1", "import database '{out}'", "detach memory", "set lock_configuration = false",
    ],
)  # fmt: skip
def test_what_does_more_than_read_is_refused(text: str, tmp_path: Path) -> None:
    with pytest.raises(MistakeOfUser, match=r"^A query only reads: "):
        ask(text.replace("{out}", str(tmp_path / "out.csv")), {"scores": V7})

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "text",
    [
        "select * from '{file}'", "select * from read_csv('{file}')", "select * from read_text('{file}')",
        "select * from read_blob('{file}')", "select * from read_json('{file}')", "select * from glob('{folder}/*')",
        "select * from parquet_scan('{file}')", "select * from sniff_csv('{file}')",
        "select * from query('select * from read_text(''{file}'')')", "select * from query_table('{file}')",
        "select * from query('copy (select 1) to ''{folder}/out.csv''')", "select getenv('HOME')",
        "select * from 'https://example.org/x.csv'", "select * from duckdb_secrets()", "select * from V7",
        "select * from sqlite_scan('{file}', 'a')", "from enable_logging()", "select * from iceberg_scan('{file}')",
    ],
)  # fmt: skip
def test_files_network_and_surroundings_are_out_of_reach(text: str, tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("a\nsecret\n")
    places = {"{file}": str(tmp_path / "secret.txt"), "{folder}": str(tmp_path)}
    for word, place in places.items():
        text = text.replace(word, place)

    with pytest.raises(MistakeOfUser) as told:
        ask(text)

    assert str(told.value).startswith("The query cannot be answered: ")
    assert "\n" not in str(told.value)
    assert [path.name for path in tmp_path.iterdir()] == ["secret.txt"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "(got none)"),
        ("-- nothing", "(got none)"),
        ("select 1; select 2", "(got 2)"),
        ("selec 1", 'syntax error at or near "selec"'),
        ("select * from data(7)", "data() takes one name in quotes, as in data('v7')."),
        ("select * from data('v' || '7')", "data() takes one name in quotes"),
        ("select * from data('v7', 'v8')", "data() takes one name in quotes"),
        ("select * from data()", "data() takes one name in quotes"),
        ("select * from nosuch", "does not exist. There are: data('…'), scores."),
        ("select nosuch from data('v7')", '"nosuch" not found'),
        ("select ?", "parameters: 1"),
        ("select b::int from data('v7')", "Could not convert string 'x'"),
        ("select error('oh')", "oh."),
        ("select \udcff", "The query cannot be answered: "),
        ("select " + "abs(" * 900 + "1" + ")" * 900, "nested too deeply"),
        ("select " + "abs(" * 9000 + "1" + ")" * 9000, "Max expression depth"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_query_is_said_in_a_sentence(text: str, words: str) -> None:
    with pytest.raises(MistakeOfUser) as told:
        ask(text)

    assert words in str(told.value)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    "text",
    [
        "select sum(a.range * b.range) from range(1000000) a, range(1000000) b",
        "with recursive t(n) as (select 1 union all select n + 1 from t) select sum(n) from t",
        "select range from range(1000000000000)",
    ],
)
def test_a_query_that_runs_for_ever_is_stopped(text: str) -> None:
    began = time.monotonic()

    with (
        pytest.raises(MistakeOfUser, match=r"^The query was stopped after 0.5 seconds\. "),
        queries.answer(text, {}, {}, seconds=0.5) as answer,
    ):
        for _ in answer.batches:
            pass

    assert time.monotonic() - began < 15


def test_a_query_that_needs_too_much_memory_is_refused() -> None:
    with pytest.raises(MistakeOfUser, match="it needs more than 1GB of memory"):
        ask("select count(*) from (select distinct range, repeat('x', 1000) from range(100000000))", seconds=120)


def test_rows_come_as_they_are_made() -> None:
    with queries.answer("select range from range(1000000000000)", {}, {}, seconds=60) as answer:
        first = next(answer.batches)

    assert len(first) <= 10_000


def test_without_duckdb_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "duckdb", None)

    with pytest.raises(
        MistakeOfUser, match=r"^Queries need DuckDB, which is not installed\. Install the package duckdb"
    ):
        queries.names("select 1", ())
