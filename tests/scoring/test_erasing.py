"""Rows of a key leave the prediction log, wherever they are; what was removed is counted, and the key is not kept."""

import json
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from configs import environment
from configs.errors import Busy, MistakeOfUser
from tasks.adapters import journal as journals
from tasks.adapters.home import Home
from tasks.adapters.journal import Journal
from tasks.scoring import log_keys, log_records
from tasks.scoring.steps import answers_at_rest, erasing, sealing
from tests import shop
from tests.answers import append, close_segment, ids
from tests.command_line import CommandLine
from tests.deployments.conftest import own_variables

KEY = {"at": "k1"}
"""`tests.answers` calls rows by their number: `k1` is there once in each journal."""
SECRET = b"s" * 32


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    shop.write_pipeline(tmp_path / "pipelines")
    monkeypatch.setenv("INCUMBENT_PIPELINES", str(tmp_path / "pipelines"))
    with closing(Home(tmp_path / "home")) as opened:
        opened.ledger.turns.open("shop", "a", "monday", None)  # it has lived
        yield opened


def fill(home: Home) -> None:
    """A row of the key in a sealed file, one in a segment that is closed, and one that a process still writes."""
    for _ in range(2):
        with closing(Journal(home.predictions)) as one, closing(Journal(home.predictions)) as other:
            for journal in (one, other):
                append(journal, size=4, rows=[[0.5, {"price": n}, [f"k{n}", "a"]] for n in range(4)])
            close_segment(one)
        sealing.seal(home) if not home.ledger.predictions.segments() else None


def keys(home: Home) -> list[str]:
    return [text for text in answers_at_rest.table(home, "shop")["key"].to_pylist() if '"k1"' in text]


def written(home: Home) -> bytes:
    """Everything that is in the log."""
    places = [home.predictions, home.folder / "store"]
    import pyarrow.parquet as pq

    paths = [path for place in places for path in place.rglob("*") if path.is_file()]
    return b"".join(
        str(pq.read_table(path).to_pydict()).encode() if path.suffix == ".parquet" else path.read_bytes()
        for path in paths
    )


def test_the_rows_are_gone_from_all_parts_and_the_others_stay(home: Home) -> None:
    fill(home)
    with closing(Journal(home.predictions)) as writing:
        append(writing, size=4, rows=[[0.5, {"price": n}, [f"k{n}", "a"]] for n in range(4)])
        assert len(keys(home)) == 5 and len(ids(home)) == 20

        done = erasing.forget(home, "shop", KEY, "anna")

        assert (done.rows, done.by, done.ended is not None) == (5, "anna", True)
        assert keys(home) == [] and len(ids(home)) == 15
        assert b"k1" not in written(home) and b"k2" in written(home)
        append(writing)
    with closing(sqlite3.connect(home.folder / "ledger.db")) as ledger:
        assert not [row for row in ledger.execute("select * from erasures") if "k1" in str(row)]
    assert sum(one.forgotten for one in home.ledger.predictions.sealed("shop")) == 5
    again = erasing.forget(home, "shop", KEY, "anna")
    assert (again.rows, again.key, again.sequence) == (0, done.key, 2)


FORGET = """
from tasks.adapters import home
from tasks.scoring.steps import erasing
erasing.forget(home.current(), "shop", {"at": "k1"}, "anna")
"""


@pytest.mark.parametrize("failpoint", ["removal-committed", "removal-committed:2", "answers-sealed", "file-written:3"])
def test_killed_in_between_it_goes_on_and_counts_each_row_once(failpoint: str, home: Home) -> None:
    fill(home)
    more = {"INCUMBENT_FAILPOINT": failpoint, "INCUMBENT_PIPELINES": str(environment.read().pipelines)}
    killed = subprocess.run(
        [sys.executable, "-c", FORGET], cwd=environment.CHECKOUT, env=own_variables(home.folder, **more), check=False
    )
    assert killed.returncode == -signal.SIGKILL

    done = erasing.forget(home, "shop", KEY, "berta")

    assert (done.rows, done.by, done.sequence) == (4, "anna", 1)
    assert keys(home) == [] and len(ids(home)) == 12 and b"k1" not in written(home)
    listed = {one.file for one in home.ledger.predictions.sealed() if one.file}
    assert {path.stem for path in (home.folder / "store" / "predictions").iterdir()} == listed


def test_a_process_that_does_not_close_its_segment_is_named(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(erasing, "WAIT_SECONDS", 0.2)
    monkeypatch.setattr(journals.Journal, "_close_if_due", lambda self: None)
    with closing(Journal(home.predictions)) as writing:
        append(writing)
        with pytest.raises(Busy, match=r"does not close .*\.log: it is stopped"):
            erasing.forget(home, "shop", KEY, "anna")


def hidden(*values: object) -> str:
    """A key of which digests are kept."""
    return json.dumps([log_records.digest(value, SECRET) for value in values])


#    key of the row                              wanted                                     is it
SAME = [
    ('["2013-02-01T00:00:00Z","a"]',             {"at": "2013-02-01T00:00:00Z"},            True),
    ('["2013-02-01T00:00:00.000000Z","a"]',      {"at": "2013-02-01 01:00+01:00"},          True),
    ('["2013-02-01T00:00:00Z","a"]',             {"at": "2013-02-01"},                      True),
    ('["2013-02-01T00:00:00Z","a"]',             {"at": "2013-02-02"},                      False),
    ('["2013-02-01T00:00:00Z","a"]',             {"shop": "a"},                             True),
    ('["2013-02-01T00:00:00Z","a"]',             {"shop": "a", "at": "2013-02-02"},         False),
    ('[17,"a"]',                                 {"at": "17"},                              True),
    ('[17.0,"a"]',                               {"at": "17"},                              True),
    ('[17,"a"]',                                 {"at": "a"},                               False),
    ('[true,"a"]',                               {"at": "True"},                            True),
    ('[null,"a"]',                               {"at": "null"},                            False),
    ('["17"]',                                   {"at": "17"},                              False),
    (None,                                       {"at": "17"},                              False),
    (hidden("k1", "a"),                          {"at": "k1"},                              True),
    (hidden("k1", "a"),                          {"at": "k2"},                              False),
    (hidden(17, "a"),                            {"at": "17", "shop": "a"},                 True),
    (hidden(17.0, True),                         {"at": "17", "shop": "True"},              True),
]  # fmt: skip


@pytest.mark.parametrize(("text", "wanted", "same"), SAME)
def test_a_key_is_found_however_it_was_sent(text: str | None, wanted: dict[str, str], same: bool) -> None:
    assert log_keys.matches(text, ("at", "shop"), wanted, SECRET) is same


#    words                        what is said
WRONG = [
    (["at"],                      "--key 'at': write it as NAME=VALUE, such as at=…."),
    (["price=3"],                 "--key 'price=3': 'price' is no column of the key of shop: at, shop."),
    (["shop=a", "shop=b"],        "--key 'shop=b': shop has another value already. Forget one key after the other."),
]  # fmt: skip


@pytest.mark.parametrize(("words", "sentence"), WRONG)
def test_a_key_that_cannot_be_one_is_said(words: list[str], sentence: str, home: Home) -> None:
    with pytest.raises(MistakeOfUser) as caught:
        erasing.read_key(home, "shop", words)

    assert str(caught.value) == sentence


def test_the_command_says_how_many_there_were(home: Home, served_run: CommandLine) -> None:
    fill(home)

    done = served_run(home.folder, "forget", "shop", "--key", "at=k1", "--by", "anna")

    assert (done.returncode, done.stderr) == (0, "")
    assert "shop: 4 rows are gone from the prediction log. The ledger keeps erasure 1: who, when, how" in done.stdout
