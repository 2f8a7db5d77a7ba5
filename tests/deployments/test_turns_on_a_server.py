"""From a file that is dropped, or a word from outside, to a verdict: a real server, a real worker, real processes."""

import json
import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tasks.adapters import files
from tasks.adapters.home import Home
from tasks.adapters.prefect import running_server
from tasks.adapters.processes import identity
from tests.command_line import CommandLine
from tests.deployments import working
from tests.deployments.working import HOLDER, Run, Tree
from tests.faults import canonical
from tests.fixtures_server import wait_until

Months = Callable[[str], Path]

NOTICED_SECONDS = 60.0
"""So soon a run that was killed is to be noticed."""
PAUSE_SECONDS = 60.0
"""So long one that was killed twice is left alone."""


@pytest.fixture(scope="module")
def tree(furnished_home: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tree]:
    """One for all tests of this module, each of which gives it a month of its own, in their order."""
    pipelines = working.write_pipeline(tmp_path_factory.mktemp("turns") / "pipelines")
    with working.work(furnished_home("turns"), pipelines) as running:
        yield running


def test_a_file_that_is_dropped_leads_to_a_verdict_and_names_tell_the_story(tree: Tree, months: Months) -> None:
    before = datetime.now(UTC)

    tree.drop(months("2013-01"))
    turn = tree.wait_for_turn("2013-01")
    (run,), (inner,) = tree.wait_for_runs("continuous-training", before, 1), tree.runs("turn", before)

    assert [one["name"] for one in (run, inner)] == ["flights · 2013-01 · new data → first champion"] * 2
    assert [one["state_type"] for one in (run, inner)] == ["COMPLETED"] * 2
    assert run["state"]["message"].startswith("First champion: ")
    assert run["created_by"]["display_value"] == "flights · data, drift or performance"
    # The look that found it may have been asked for before it was dropped, by the clock.
    assert "flights · poll → 1 new" in [one["name"] for one in tree.runs("poll")]
    assert tree.artifacts(inner).keys() == {"flights-turn", "flights-data", "flights-verdict"}
    assert tree.artifacts(run).keys() == {"flights-report", "flights-mlflow-run"}
    assert "2013-01" in tree.read(tree.artifacts(run)["flights-report"])
    assert tree.triggers(turn) == ["new_data"]


@pytest.mark.long
def test_a_word_from_outside_and_a_batch_are_one_turn_however_often_they_are_told(tree: Tree, months: Months) -> None:
    before = datetime.now(UTC)

    tree.drop(months("2013-01"), "again.parquet")
    tree.drop(months("2013-02"))
    for _ in range(2):
        tree.emit("drift", "sensor:7", "The new wind sensor reads higher")
    turn = tree.wait_for_turn("2013-02")
    wait_until(lambda: reasons(tree.runs("continuous-training", before)).count("drift") == 2, working.LONG)
    runs = tree.wait_for_runs("continuous-training", before, 2)

    tree.wait_for("select 1 from deliveries where name = 'again' and duplicate")
    (inner,) = tree.runs("turn", before)
    assert set(tree.triggers(turn)) == {"drift", "new_data"}
    assert tree.ask("select turn from triggers where key = 'sensor:7'") == [(turn,)]
    assert reasons(runs).count("drift") == 2, "what a turn finds itself starts no run"
    # Whether the poll or the word from outside is heard first is not said anywhere.
    assert re.search("2013-02 · (drift, new data|new data, drift) → ", inner["name"])
    assert "The new wind sensor reads higher" in str(tree.ask(f"select decision from turns where number = {turn}"))
    assert {run["state_type"] for run in runs} == {"COMPLETED"}
    assert tree.ask("select max(number) from turns") == [(turn,)]
    assert tree.ask("select count(*) from triggers where state = 'open'") == [(0,)]


def reasons(runs: list[Run]) -> list[str]:
    return [run["parameters"]["reason"] for run in runs]


@pytest.mark.long
def test_a_run_that_is_killed_while_it_trains_is_closed_and_its_turn_goes_on(tree: Tree, months: Months) -> None:
    before = datetime.now(UTC)
    tree.drop(months("2013-03"))
    tree.emit("new_data", f"batch:{files.digest(months('2013-03'))}", "2013-03 landed")
    turn = tree.wait_for("select number from turns where batch_name = '2013-03'")
    fitted, judged = f"select id, record, at from models where turn = {turn}", f"from verdicts where turn = {turn}"

    tree.kill_holder_when(f"select 1 from models where turn = {turn} and not exists (select 1 {judged})")
    killed, done = time.monotonic(), tree.ask(fitted)
    wait_until(lambda: {run["state_type"] for run in tree.runs("turn", before)[:1]} == {"CRASHED"}, working.LONG)
    noticed = time.monotonic() - killed
    tree.wait_for_turn("2013-03")
    first, second = tree.wait_for_runs("continuous-training", before, 2)

    print(f"noticed after {noticed:.1f} s")
    assert noticed < NOTICED_SECONDS
    assert [run["state_type"] for run in (first, second)] == ["CRASHED", "COMPLETED"]
    assert [run["state_type"] for run in tree.runs("turn", before)] == ["CRASHED", "COMPLETED"]
    assert set(done) < set(tree.ask(fitted)), "what was done is not done again"
    assert tree.ask(f"select count(*) {judged}") == [(1,)]
    assert tree.ask(f"select attempts from turns where number = {turn}") == [(2,)]
    assert tree.triggers(turn) == ["new_data"]


@pytest.mark.long
def test_a_command_beside_it_uses_its_server_and_finds_done_what_the_tree_has_done(
    tree: Tree, months: Months, flows_run: CommandLine
) -> None:
    before = datetime.now(UTC)

    tree.drop(months("2013-04"))
    ran = flows_run(tree.home, "--json", INCUMBENT_PIPELINES=str(tree.pipelines))

    by_hand = [run for run in tree.runs("continuous-training", before) if run["deployment_id"] is None]
    assert ran.returncode == 0, ran.stderr
    assert [json.loads(line)["batch"] for line in ran.stdout.splitlines()] == ["2013-04"]
    assert [run["state_type"] for run in by_hand] == ["COMPLETED"]
    assert by_hand[0]["name"].startswith("flights · 2013-04 · new data → ")


@pytest.mark.long
def test_a_run_goes_on_when_its_worker_is_killed_and_another_worker_starts(tree: Tree, months: Months) -> None:
    before, worker = datetime.now(UTC), tree.process("deployments.served")
    tree.drop(months("2013-05"))
    turn = tree.wait_for("select number from turns where batch_name = '2013-05'")
    tree.wait_for(f"select id from models where turn = {turn}")
    ((orphan,),) = tree.ask(HOLDER)

    tree.kill(worker)
    assert identity.started(orphan)
    assert tree.ask(HOLDER) == [(orphan,)]
    tree.wait_for_turn("2013-05")
    (run,) = tree.wait_for_runs("continuous-training", before, 1)

    wait_until(lambda: tree.processes("deployments.served"), working.LONG)
    assert tree.process("deployments.served") != worker
    assert run["state_type"] == "COMPLETED"
    assert tree.ask(f"select attempts from turns where number = {turn}") == [(1,)]
    assert tree.ask(f"select count(*) from verdicts where turn = {turn}") == [(1,)]


@pytest.mark.long
def test_a_turn_ends_right_when_the_server_is_killed_and_comes_back(tree: Tree, months: Months) -> None:
    before, server = datetime.now(UTC), tree.process("local_api_server")
    tree.drop(months("2013-06"))
    turn = tree.wait_for("select number from turns where batch_name = '2013-06'")
    tree.wait_for(f"select id from models where turn = {turn}")

    tree.kill(server)
    tree.wait_for_turn("2013-06")
    wait_until(lambda: running_server.is_healthy(tree.url), working.LONG)
    runs = tree.wait_for_runs("continuous-training", before, 1)

    assert tree.process("local_api_server") != server
    assert runs[-1]["state_type"] == "COMPLETED"
    assert {run["state_type"] for run in tree.runs("turn", before)} <= {"COMPLETED", "CRASHED"}
    assert tree.ask(f"select count(*) from verdicts where turn = {turn}") == [(1,)]
    assert tree.triggers(turn) == ["new_data"]


@pytest.mark.long
def test_what_was_recorded_and_never_announced_is_found_by_the_next_look(tree: Tree, months: Months) -> None:
    before, delivery = datetime.now(UTC), months("2013-07")
    with closing(Home(tree.home)) as home:
        home.ledger.inbox.record("flights", "new_data", f"batch:{files.digest(delivery)}", "2013-07 landed")

    tree.drop(delivery)
    turn = tree.wait_for_turn("2013-07")
    (run,) = tree.wait_for_runs("continuous-training", before, 1)

    assert any("started what was missed" in poll["name"] for poll in tree.runs("poll", before))
    assert run["created_by"] is None or run["created_by"]["type"] != "AUTOMATION"
    assert tree.triggers(turn) == ["new_data"]


@pytest.mark.long
def test_a_run_that_is_killed_again_is_left_alone_for_a_minute_and_goes_on_by_itself(
    tree: Tree, months: Months
) -> None:
    before = datetime.now(UTC)
    tree.drop(months("2013-08"))

    for attempt in (1, 2):
        tree.kill_holder_when(f"select 1 from turns where batch_name = '2013-08' and attempts = {attempt}")
    turn = tree.wait_for_turn("2013-08")
    runs = tree.wait_for_runs("continuous-training", before, 3)

    began = [datetime.fromisoformat(run["start_time"]) for run in runs]
    assert [run["state_type"] for run in runs] == ["CRASHED", "CRASHED", "COMPLETED"]
    assert (began[2] - began[1]).total_seconds() > PAUSE_SECONDS
    assert tree.ask(f"select attempts from turns where number = {turn}") == [(3,)]
    assert tree.ask(f"select count(*) from verdicts where turn = {turn}") == [(1,)]


@pytest.mark.long
def test_in_the_end_all_is_as_if_each_batch_had_been_run_by_hand(
    tree: Tree, months: Months, furnished_home: Callable[..., Path], flows_run: CommandLine
) -> None:
    if not tree.given:
        tree.drop(months("2013-09"))
        tree.wait_for_turn("2013-09")
    by_hand = furnished_home("by-hand")

    for told, deliveries in tree.parts():
        for trigger in told:
            with closing(Home(by_hand)) as home:
                home.ledger.inbox.record("flights", *trigger)
        for delivery in deliveries:
            shutil.copyfile(delivery, by_hand / "landing" / "flights" / delivery.name)
        ran = flows_run(by_hand, "--quiet", INCUMBENT_PIPELINES=str(tree.pipelines))
        assert (ran.returncode, ran.stderr) == (0, "")
    tree.wait_until_idle()

    worked = [run["parameters"]["delivery"]["name"] for run in tree.runs("turn") if run["state_type"] == "COMPLETED"]
    assert sorted(worked) == sorted(name for (name,) in tree.ask("select batch_name from turns"))
    assert canonical.differences(canonical.dump(tree.home), canonical.dump(by_hand)) == []


@pytest.mark.long
def test_a_batch_that_is_set_aside_is_not_green_and_no_failure(tree: Tree, tmp_path: Path) -> None:
    before, broken = datetime.now(UTC), tmp_path / "broken.parquet"
    broken.write_bytes(b"PAR1 but no more")

    tree.drop(broken)
    tree.wait_for_turn("broken")
    (run,), (inner,) = tree.wait_for_runs("continuous-training", before, 1), tree.runs("turn", before)

    states = [(one["state_type"], one["state"]["name"]) for one in (run, inner)]
    tree.wait_until_idle()
    logged = tree.logs(run)
    assert states == [("CANCELLED", "Refused")] * 2
    assert run["state"]["message"].startswith("Batch refused: The file is truncated")
    assert not [line for line in logged if "Traceback" in line or "exited with" in line], logged
