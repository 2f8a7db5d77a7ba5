"""Held batches, as a user has them: stored, not learned from, not judged, until somebody decides."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from configs import environment
from tasks.adapters.home import Home
from tests import homes, users
from tests.command_line import CommandLine

HELD = 3
WHY = ("--reason", "asked who delivers it", "--by", "anna")


@pytest.fixture(scope="module")
def pipelines(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("pipelines")
    (folder / "users.yaml").write_text(users.YAML, encoding="utf-8")
    return str(folder)


@pytest.fixture(scope="module")
def good(furnished_home: Callable[..., Path], served_run: CommandLine, pipelines: str) -> Path:
    """Six weeks were taken in, and there is a champion."""
    folder = furnished_home("held")
    landing = folder / "landing" / "users"
    landing.mkdir()
    for number in range(6):
        deliver(landing, number, users.week(number))
    ran = served_run(folder, "run", "users", INCUMBENT_PIPELINES=pipelines)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return folder


@pytest.fixture
def lived(good: Path, tmp_path: Path) -> Path:
    """The home as the tests before have left it, for one test alone."""
    return homes.copied(good, tmp_path / "home")


@pytest.fixture(scope="module")
def pipelines_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str]:
    """The pipeline with another answer to damage."""

    def write(triage: str) -> str:
        folder = tmp_path_factory.mktemp("pipelines")
        settings = users.YAML.replace("  key: [visit]\n", f"  key: [visit]\n  triage: {triage}\n")
        (folder / "users.yaml").write_text(settings, encoding="utf-8")
        return str(folder)

    return write


def deliver(landing: Path, number: int, frame: pd.DataFrame) -> None:
    frame.to_parquet(landing / f"week-{number}.parquet", index=False)


@pytest.fixture(scope="module")
def after(good: Path, served_run: CommandLine, pipelines: str) -> tuple[Path, list[dict[str, object]]]:
    """Three damaged weeks came, and a good one; and what was printed of them."""
    landing = good / "landing" / "users"
    deliver(landing, 6, users.damaged(6, users.fee_without_its_point))
    deliver(landing, 7, users.damaged(7, users.uses_silent))
    deliver(landing, 8, users.damaged(8, users.fee_of_somebody_else))
    deliver(landing, 9, users.week(9))
    ran = served_run(good, "run", "users", "--json", INCUMBENT_PIPELINES=pipelines)
    assert ran.returncode == HELD, ran.stdout + ran.stderr
    return good, [json.loads(line) for line in ran.stdout.splitlines() if '"turn"' in line]


def test_each_is_held_with_its_column_and_later_ones_go_on(after, open_home):
    folder, turns = after

    ledger = open_home(folder).ledger
    batches = {batch.name: batch for batch in ledger.batches.all("users")}
    assert [turn["verdict"] for turn in turns][:3] == ["held", "held", "held"]
    assert turns[3]["verdict"] != "held"
    assert [batches[f"week-{number}"].suspects[0].column for number in (6, 7)] == ["fee", "advanced_uses"]
    assert {suspect.column for suspect in batches["week-8"].suspects} == {"device", "fee"}  # joined to the wrong visits
    assert all(batches[f"week-{number}"].held == users.ROWS for number in (6, 7, 8))


def test_nothing_was_learned_from_them_and_the_reason_says_what_they_cost(after, open_home):
    folder, _ = after

    ledger = open_home(folder).ledger
    batches = {batch.name: batch for batch in ledger.batches.all("users")}
    assert {batch.name for batch in ledger.batches.accepted("users")} == {
        f"week-{number}" for number in (0, 1, 2, 3, 4, 5, 9)
    }
    assert ledger.models.scores("users", [batches["week-7"].id]) == {}
    assert "These rows carry the loss" in str(batches["week-6"].reason)
    assert "joined wrongly? The live model loses 0." in str(batches["week-8"].reason)


def test_the_readme_shows_what_a_run_says_of_it(after, open_home):
    batches = {batch.name: batch for batch in open_home(after[0]).ledger.batches.all("users")}

    shown = " ".join((environment.CHECKOUT / "README.md").read_text(encoding="utf-8").split())

    assert " ".join(str(batches["week-6"].reason).replace("\u202f", "").split()).rstrip(".") in shown


def test_people_are_owed_a_word_about_each(after, open_home):
    alerts = open_home(after[0]).ledger.inbox.unsent("users")

    assert [alert.key for alert in alerts] == ["held:7", "held:8", "held:9"]
    assert alerts[0].text.startswith("users, week-6 is held, until it is admitted or kept out: 'fee': ")


def test_all_of_it_is_true_and_told(after, served_run, pipelines):
    folder, _ = after

    verified = served_run(folder, "verify", "users", INCUMBENT_PIPELINES=pipelines)
    explained = served_run(folder, "explain", "week-7", "users", INCUMBENT_PIPELINES=pipelines)
    page = (folder / "reports" / "users.html").read_text(encoding="utf-8")

    assert (verified.returncode, verified.stderr) == (0, "")
    assert "It is held: nothing is learned from it" in " ".join(explained.stdout.split())
    assert "batch held" in page


def test_one_line_and_one_page_over_all_pipelines_name_them(after, served_run, pipelines):
    folder, _ = after

    listed = served_run(folder, "status", "--all", INCUMBENT_PIPELINES=pipelines)
    page = (folder / "reports" / "_pipelines.html").read_text(encoding="utf-8")

    assert (listed.returncode, listed.stderr) == (0, "")
    assert "week-7 is held: admit it, or keep it out" in " ".join(listed.stdout.split())
    assert "week-7 is held: admit it, or keep it out" in page
    assert '<a href="users.html">users</a>' in page


def test_a_held_batch_that_is_admitted_is_taken_in_late(after, served_run, pipelines, open_home):
    folder, _ = after

    ran = served_run(folder, "admit", "week-8", "users", *WHY, INCUMBENT_PIPELINES=pipelines)

    batch = next(one for one in open_home(folder).ledger.batches.all("users") if one.name == "week-8")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert (batch.status, batch.accepted, batch.held) == ("accepted", users.ROWS, 0)
    assert "was held before" in ran.stdout


def test_of_a_held_batch_the_sound_rows_alone_can_be_taken_in(after, served_run, pipelines, open_home):
    folder, _ = after

    ran = served_run(folder, "admit", "week-6", "users", "--sound-rows", *WHY, INCUMBENT_PIPELINES=pipelines)

    batch = next(one for one in open_home(folder).ledger.batches.all("users") if one.name == "week-6")
    verified = served_run(folder, "verify", "users", INCUMBENT_PIPELINES=pipelines)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert batch.status == "accepted"
    assert batch.landed == batch.accepted + batch.quarantined == users.ROWS
    assert 0.4 < batch.quarantined / users.ROWS < 0.5
    assert (verified.returncode, verified.stderr) == (0, ""), verified.stdout


def test_a_held_batch_that_is_kept_out_is_refused(after, served_run, pipelines, open_home):
    folder, _ = after

    ran = served_run(folder, "keep-out", "week-7", "users", *WHY, INCUMBENT_PIPELINES=pipelines)
    again = served_run(folder, "keep-out", "week-7", "users", *WHY, INCUMBENT_PIPELINES=pipelines)
    verified = served_run(folder, "verify", "users", INCUMBENT_PIPELINES=pipelines)

    batch = next(one for one in open_home(folder).ledger.batches.all("users") if one.name == "week-7")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert (batch.status, batch.held, batch.quarantined) == ("refused", 0, users.ROWS)
    assert str(batch.reason).startswith("kept out by anna: asked who delivers it")
    assert "held:8" not in [alert.key for alert in open_home(folder).ledger.inbox.unsent("users")]  # it is over
    assert again.returncode == 2
    assert "is refused, not held" in again.stderr
    assert (verified.returncode, verified.stderr) == (0, ""), verified.stdout


def test_what_is_in_has_nothing_to_decide(after, served_run, pipelines):
    folder, _ = after

    for command in (("admit", "week-1"), ("keep-out", "week-1"), ("keep-out", "nothing")):
        ran = served_run(folder, *command, "users", *WHY, INCUMBENT_PIPELINES=pipelines)
        assert ran.returncode == 2
        assert "Traceback" not in ran.stderr


def test_without_labels_the_answers_are_watched(after, served_run, pipelines, open_home):
    folder, landing = after[0], after[0] / "landing" / "users"
    deliver(landing, 20, users.unlabelled(users.damaged(20, users.uses_silent)))
    deliver(landing, 21, users.unlabelled(users.damaged(21, users.all_silent)))
    deliver(landing, 22, users.unlabelled(users.week(22)))

    ran = served_run(folder, "run", "users", INCUMBENT_PIPELINES=pipelines)

    home = open_home(folder)
    batches = {batch.name: batch for batch in home.ledger.batches.all("users")}
    explained = served_run(folder, "explain", "week-22", "users", INCUMBENT_PIPELINES=pipelines)
    drift = home.ledger.models.drift("users", batches["week-22"].id)
    assert ran.returncode == HELD, ran.stdout + ran.stderr
    assert re.search(
        r"v\d+ expects 1\d\W% expert; with values as before in 'advanced_uses', 2\d\W% expert",
        batches["week-20"].reason,
    )
    assert "puts all 1,400 rows in 'not expert', as it never did before. With" in batches["week-21"].reason
    assert "Ask who delivers 'fee'." in batches["week-21"].reason
    assert batches["week-22"].is_in
    assert drift.answers.rows == users.ROWS
    assert not drift.answers.moved
    assert "v2 expects" in explained.stdout
    assert "There are no labels yet" in " ".join(explained.stdout.split())


@pytest.mark.long
def test_the_settings_may_let_damage_in_with_a_warning_on_which_nothing_is_promoted(
    lived: Path, served_run: CommandLine, pipelines_of: Callable[[str], str], open_home: Callable[[Path], Home]
) -> None:
    landing = lived / "landing" / "users"
    deliver(landing, 30, users.damaged(30, users.fee_without_its_point))

    ran = served_run(lived, "run", "users", INCUMBENT_PIPELINES=pipelines_of("{columns: {fee: warn}}"))
    explained = served_run(lived, "explain", "week-30", "users", INCUMBENT_PIPELINES=pipelines_of("hold"))

    ledger = open_home(lived).ledger
    batch = next(one for one in ledger.batches.all("users") if one.name == "week-30")
    number = ledger.turns.of_batch("users", batch.id)["number"]
    _, verdict = ledger.promotions.verdicts("users", [number])[number]
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert batch.is_in
    assert [guard.objects for guard in verdict.guards if guard.name == "data"] == [True]
    assert "nothing is promoted on it until it is settled: 'fee': 4" in " ".join(explained.stdout.split())


@pytest.mark.long
def test_what_goes_on_is_the_world_where_the_settings_say_so(
    lived: Path, served_run: CommandLine, pipelines_of: Callable[[str], str], open_home: Callable[[Path], Home]
) -> None:
    landing = lived / "landing" / "users"
    for number in (40, 41, 42):
        deliver(landing, number, users.damaged(number, users.devices_respelled))

    first = served_run(lived, "run", "users", "--json", INCUMBENT_PIPELINES=pipelines_of("{persist: 3}"))
    second = served_run(lived, "run", "users", "--json", INCUMBENT_PIPELINES=pipelines_of("{persist: 3}"))
    verified = served_run(lived, "verify", "users", INCUMBENT_PIPELINES=pipelines_of("hold"))

    home = open_home(lived)
    batches = {one.name: one for one in home.ledger.batches.all("users")}
    admissions = [(one.by, one.refusal.name) for one in home.ledger.admissions.all("users")]
    assert (first.returncode, second.returncode) == (HELD, 0), first.stdout + first.stderr + second.stderr
    assert all(batches[f"week-{number}"].is_in for number in (40, 41, 42))
    assert admissions[-2:] == [("the settings", "week-40"), ("the settings", "week-41")]
    assert "three batches in a row show the same" in str(batches["week-42"].notes)
    assert (verified.returncode, verified.stderr) == (0, "")
