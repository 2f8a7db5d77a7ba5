"""`rollback`, `release` and `history --at`: what they check, change, say and leave alone."""

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from flows.console import history as history_command
from flows.console import program
from tasks.adapters.home import Home
from tasks.adapters.mlflow import registry
from tasks.ingestion.steps import arrivals
from tasks.lineage.steps import showing
from tasks.problems import prediction
from tasks.training import preparation
from tests import stored

Say = Callable[..., tuple[int, str, str]]
WHY = ("--reason", "too many complaints", "--by", "anna")

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture
def folder(two_champions: Path, tmp_path: Path) -> Path:
    return shutil.copytree(two_champions, tmp_path / "home")


def history(home: Home) -> list[tuple[int, int | None, str]]:
    return [(made.version, made.turn, made.by) for made in home.ledger.promotions.all("flights")]


FORWARD = [(2, 1, "first champion policy"), (3, 2, "evidence rule")]


def test_going_back_changes_ledger_alias_report_and_what_is_said(
    say: Say, folder: Path, open_home: Callable[[Path], Home]
) -> None:
    code, out, err = say("rollback", "flights", *WHY)

    home, page = open_home(folder), (folder / "reports" / "flights.html").read_text()
    release = program.command("release flights 3")
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        "flights: v2 is live again in place of v3; 201 golden rows answered as at its gate.",
        "  MLflow's alias `champion` and the report say so.",
        f"  v3 is barred: automation does not make it live again until `{release}`",
        "  v2 has no package: `python -m deployments.package flights --version 2` builds one.",
    ]
    assert history(home) == [*FORWARD, (2, None, "anna")]
    assert registry.aliases(home.tracking, "flights")["champion"] == 2
    assert "Champion v2 is back in place of v3" in page and "anna went back from v3 to v2: too many complaints." in page
    assert arrivals.look(home, "flights").nothing


def test_status_and_history_show_the_rollback_and_the_hold(say: Say) -> None:
    say("rollback", "flights", *WHY)

    status, history, machine = say("status"), say("history"), say("status", "--json")

    assert status[1].splitlines()[0] == "flights  ! Champion v2 is back in place of v3"
    assert "v3 is barred until it is released." in status[1]
    versions = [line.split()[0] for line in history[1].splitlines()[1:]]
    assert (versions, "anna went back from v3 to v2: too many complaints. v3 is barred" in history[1]) == (
        ["v2", "v3", "v2"],
        True,
    )
    assert (json.loads(machine[1])["champion"], json.loads(machine[1])["barred"]) == (2, [3])


def test_machines_get_an_object(say: Say) -> None:
    code, out, _ = say("rollback", "flights", "--to", "v2", "--json", *WHY)
    released, told, _ = say("release", "flights", "v3", "--json")

    assert (code, released) == (0, 0)
    found = json.loads(out)
    assert (found["champion"], found["previous"], found["by"], found["barred"]) == (2, 3, "anna", [3])
    assert (found["changed"], found["shown"], found["reason"]) == (True, True, "too many complaints")
    assert json.loads(told) == {"pipeline": "flights", "version": 3, "released": True, "barred": [], "problem": ""}


def test_a_release_is_in_the_report_at_once(say: Say, folder: Path) -> None:
    page = folder / "reports" / "flights.html"
    say("rollback", "flights", *WHY)
    before = page.read_text()

    say("release", "flights", "v3")

    assert ("until it is released" in before, "until it is released" in page.read_text()) == (True, False)


def test_while_somebody_works_a_release_is_made_and_the_report_follows(
    say: Say, folder: Path, open_home: Callable[[Path], Home]
) -> None:
    say("rollback", "flights", *WHY)
    home = open_home(folder)

    with home.ledger.lease.held("flights"):
        code, out, _ = say("release", "flights", "v3")

    assert (code, home.ledger.promotions.held("flights")) == (0, {})
    assert "The report could not be told (process " in out


def test_what_is_live_already_is_left_alone(say: Say, folder: Path, open_home: Callable[[Path], Home]) -> None:
    code, out, _ = say("rollback", "flights", "--to", "3", *WHY)

    assert (code, out.splitlines()[0]) == (0, "flights: v3 is live already, since turn 2.")
    assert history(open_home(folder)) == FORWARD


def test_going_back_and_forth_takes_a_release(say: Say, folder: Path, open_home: Callable[[Path], Home]) -> None:
    say("rollback", "flights", *WHY)

    further, held = say("rollback", "flights", *WHY), say("rollback", "flights", "--to", "3", *WHY)
    released, forth = say("release", "flights", "3"), say("rollback", "flights", "--to", "3", *WHY)

    assert (further[0], held[0]) == (2, 2)
    assert "There is nothing to go back to from v2 of flights: v3 barred." in further[2]
    assert "Release it first: `release flights 3`, or the deployment release/flights" in held[2]
    assert (released[0], forth[0]) == (0, 0)
    assert "v2 is not barred: this undoes the last rollback." in forth[1]
    home = open_home(folder)
    assert [version for version, _, _ in history(home)] == [2, 3, 2, 3]
    assert home.ledger.promotions.held("flights") == {}


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (("rollback", "flights", "--to", "9", *WHY), 2, "Unknown version v9 of flights: it has v1 to v3"),
        (("rollback", "flights", "--to", "x", *WHY), 2, "'x' is no version"),
        (("rollback", "flights", "--reason", " "), 2, "The reason is empty."),
        (("rollback", "nobody", *WHY), 4, "nobody"),
        (("release", "flights", "7"), 2, "Unknown version v7"),
        (("history", "--at", "noon"), 2, "--at 'noon' is no time."),
        (("history", "--at", "2999-01-01"), 2, "that is yet to come"),
        (("history", "--at", "0001-01-01T00:00+01:00"), 2, "is beyond the calendar"),
        (("rollback", "flights", "--reason", "\udcff"), 2, "bytes that are no text in UTF-8"),
    ],
)
def test_a_mistake_is_named_and_changes_nothing(
    arguments: tuple[str, ...], code: int, text: str, say: Say, folder: Path, open_home: Callable[[Path], Home]
) -> None:
    found, out, err = say(*arguments)

    assert (found, out) == (code, "")
    assert text in err
    assert history(open_home(folder)) == FORWARD


def test_a_rollback_waits_for_nobody(say: Say, folder: Path, open_home: Callable[[Path], Home]) -> None:
    home = open_home(folder)

    with home.ledger.lease.held("flights"):
        code, _, err = say("rollback", "flights", *WHY)

    assert code == 9
    assert "works on 'flights'" in err
    assert history(home) == FORWARD


# ── an old version answers as it did, or is refused ───────────────────────────────────────────────────────────────
@pytest.mark.parametrize("what", ["bundle", "golden"])
def test_a_version_whose_files_were_changed_is_refused(
    what: str, say: Say, folder: Path, open_home: Callable[[Path], Home]
) -> None:
    home = open_home(folder)
    model = home.ledger.models.versions("flights")[2]
    path = getattr(stored, what)(home, getattr(model, what))
    path.write_bytes(path.read_bytes()[:-1] + b"!")

    code, out, err = say("rollback", "flights", *WHY)

    assert (code, out) == (11, "")
    assert "v2 cannot be made live." in err and "(digest) was changed after its gate" in err
    assert (history(home), home.ledger.promotions.held("flights")) == (FORWARD, {})


def test_a_version_is_refused_after_the_code_that_prepares_its_inputs_was_changed(
    say: Say, folder: Path, open_home: Callable[[Path], Home], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = preparation.prepare
    monkeypatch.setattr(preparation, "prepare", lambda *a: before(*a).assign(hour=0.0))

    code, _, err = say("rollback", "flights", *WHY)

    assert code == 11
    assert "What prepares its inputs has changed since. It needs the code of " in err
    assert history(open_home(folder)) == FORWARD


def test_a_version_is_refused_when_the_code_of_its_model_answers_otherwise(
    say: Say, folder: Path, open_home: Callable[[Path], Home], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = prediction.predict
    monkeypatch.setattr(prediction, "predict", lambda *a, **b: before(*a, **b) * 0.99)

    code, _, err = say("rollback", "flights", *WHY)

    assert code == 11
    assert "(golden answers) answers 201 of 201 golden rows differently than at its gate" in err
    assert history(open_home(folder)) == FORWARD


def test_without_the_rows_that_it_learned_from_a_version_is_made_live_on_its_golden_batch(
    say: Say, folder: Path, open_home: Callable[[Path], Home]
) -> None:
    home = open_home(folder)
    (file,) = home.ledger.models.versions("flights")[2].snapshot.batches
    stored.rows(home, file).unlink()

    code, out, _ = say("rollback", "flights", *WHY)

    assert code == 0
    assert "the rows that it learned from are not there" in out


# ── cut off, and made up for ──────────────────────────────────────────────────────────────────────────────────────
def test_what_mlflow_could_not_be_told_is_shown_by_the_next_run(
    say: Say, folder: Path, open_home: Callable[[Path], Home]
) -> None:
    rename = "update model_version_tags set value = ? where key = 'incumbent.version' and value = ?"
    with closing(sqlite3.connect(folder / "mlflow" / "mlflow.db")) as mlflow, mlflow:
        assert mlflow.execute(rename, ["99", "2"]).rowcount == 1

    code, out, err = say("rollback", "flights", *WHY)
    with closing(sqlite3.connect(folder / "mlflow" / "mlflow.db")) as mlflow, mlflow:
        mlflow.execute(rename, ["2", "99"])

    home = open_home(folder)
    assert (code, err) == (0, "")
    assert "could not be told (MLflow has no version 2 of 'flights'" in out and "the next run makes up for it." in out
    assert (history(home)[-1], arrivals.look(home, "flights").unshown) == ((2, None, "anna"), (3,))
    showing.show(home, "flights", 3)
    assert registry.aliases(home.tracking, "flights")["champion"] == 2
    assert arrivals.look(home, "flights").unshown == ()


def test_a_rollback_does_not_wait_for_a_broken_mlflow(
    say: Say, folder: Path, open_home: Callable[[Path], Home]
) -> None:
    (folder / "mlflow" / "mlflow.db").write_bytes(b"no database")

    code, out, err = say("rollback", "flights", *WHY)

    assert (code, err) == (0, "")
    assert "MLflow or the report could not be told (" in out
    assert history(open_home(folder))[-1] == (2, None, "anna")


def test_a_rollback_that_was_cut_off_is_ended_by_the_same_command_and_goes_no_further(
    say: Say, folder: Path, open_home: Callable[[Path], Home], monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut(home: Home, pipeline: str) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(showing, "show_rollbacks", cut)
        stopped, _, _ = say("rollback", "flights", *WHY)
    code, out, _ = say("rollback", "flights", *WHY)

    home = open_home(folder)
    assert (stopped, code) == (130, 0)
    assert out.startswith("flights: v2 is live already, since the rollback of ")
    assert [version for version, _, _ in history(home)] == [2, 3, 2]
    assert registry.aliases(home.tracking, "flights")["champion"] == 2


# ── who was live then ─────────────────────────────────────────────────────────────────────────────────────────────
def test_history_at_a_moment_tells_who_was_live_by_whom_and_why(
    say: Say, folder: Path, open_home: Callable[[Path], Home]
) -> None:
    say("rollback", "flights", *WHY)
    first, second, third = open_home(folder).ledger.promotions.all("flights")

    before = say("history", "--at", "2001-01-01")
    at_first, at_second, now = (say("history", "--at", made.at.isoformat()) for made in (first, second, third))
    machine = json.loads(say("history", "--json", "--at", second.at.isoformat())[1])

    assert "no champion yet; the first one was live from" in before[1]
    assert "v2 was live." in at_first[1] and "by first champion policy in turn 1: " in at_first[1]
    assert "v3 was live." in at_second[1] and "when v2 followed." in at_second[1]
    assert "by a rollback of anna: too many complaints." in now[1] and "and it still is." in now[1]
    assert (machine["champion"], machine["by"], machine["until"]) == (3, "evidence rule", third.at.isoformat())


def test_going_back_works_while_prefect_does_not(
    say: Say, folder: Path, open_home: Callable[[Path], Home], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:9/api")

    code, _, err = say("rollback", "flights", *WHY)

    assert (code, err) == (0, "")
    assert history(open_home(folder))[-1] == (2, None, "anna")


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-20", datetime(2026, 11, 20, 23, 59, 59, 999999, UTC)),
        ("20261120", datetime(2026, 11, 20, 23, 59, 59, 999999, UTC)),
        ("2026-11-21", NOON),
        ("2026-11-22", datetime(2026, 11, 22, 0, 0, tzinfo=UTC)),
        ("2026-11-21T07:38", datetime(2026, 11, 21, 7, 38, tzinfo=UTC)),
    ],
)
def test_a_date_alone_is_the_end_of_its_day_and_today_is_now(text: str, moment: datetime) -> None:
    assert history_command._moment(text, NOON) == moment
