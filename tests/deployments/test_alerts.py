"""What goes wrong and is nobody's to mend but a person's reaches one: through Prefect's own notification block."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from deployments import rest
from tests.deployments import hearing, working
from tests.deployments.conftest import own_variables
from tests.deployments.working import Tree
from tests.fixtures_server import wait_until

pytestmark = pytest.mark.long

Months = Callable[[str], Path]


@pytest.fixture(scope="module")
def tree(furnished_home: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tree]:
    """One in which a turn has one attempt."""
    pipelines = working.write_pipeline(tmp_path_factory.mktemp("alerts") / "pipelines", max_attempts=1)
    with working.work(furnished_home("alerts"), pipelines) as running:
        yield running


@pytest.fixture(scope="module")
def told(tree: Tree) -> Iterator[list[Any]]:
    """What a webhook was sent that people named in the form of Prefect's UI."""
    with hearing.webhook(tree.url) as heard:
        yield heard


def test_a_turn_that_fails_as_often_as_it_may_is_given_up_and_somebody_is_told(
    tree: Tree, told: list[Any], months: Months
) -> None:
    store = tree.home / "store"
    shutil.rmtree(store, ignore_errors=True)
    store.write_text("somebody put a file here")
    before = datetime.now(UTC)

    tree.drop(months("2013-01"))
    tree.wait_for("select sent from alerts")
    store.unlink()
    runs = tree.wait_for_runs("continuous-training", before, 1)

    ((state, outcome, reasons, attempts),) = tree.ask("select state, outcome, reasons, attempts from turns")
    (reason,) = json.loads(reasons)
    assert (state, outcome, attempts) == ("done", "failed", 1)
    assert re.fullmatch(r"given up after 1 attempt: \S+ cannot be written: (File exists|Not a directory)\. .*", reason)
    assert tree.ask("select state, reason from triggers") == [("failed", reason)]
    assert told == [{"title": "Incumbent: flights", "text": f"flights, 2013-01: {reason}"}]
    assert [run["name"] for run in runs] == ["flights · new data → 1 given up"]


def test_the_next_batch_has_its_turn_all_the_same(tree: Tree, months: Months) -> None:
    before = datetime.now(UTC)

    tree.drop(months("2013-02"))
    tree.wait_for_turn("2013-02")

    (run,) = tree.wait_for_runs("continuous-training", before, 1)
    assert run["name"].startswith("flights · 2013-02 · new data → ")
    assert run["state_type"] == "COMPLETED"


def test_each_time_that_an_automation_could_not_do_its_work_is_told_once(tree: Tree, told: list[Any]) -> None:
    deployment = rest.call(tree.url, "GET", "/deployments/name/continuous-training/flights")["id"]
    broken = {"__prefect_kind": "jinja", "template": "{{ 1 / 0 }}"}
    action = {"type": "run-deployment", "deployment_id": deployment, "parameters": {"evidence": broken}}
    trigger = {"type": "event", "posture": "Reactive", "expect": ["somebody.else"], "threshold": 1, "within": 0}
    rest.call(tree.url, "POST", "/automations/", {"name": "of a person", "trigger": trigger, "actions": [action]})

    def is_heard() -> list[Any]:
        """An automation that was just made hears nothing at first."""
        tree.say("somebody.else", {})
        return failed(tree)

    wait_until(is_heard, working.LONG)
    sent = "select key from alerts where key like 'event:%' and sent is not null"
    wait_until(lambda: len(tree.ask(sent)) == len(failed(tree)), working.LONG)

    alerts = [one["text"] for one in told if "'of a person' could not do run-deployment: " in one["text"]]
    assert len(alerts) == len(failed(tree))
    assert tree.ask("select count(*) from alerts where sent is null") == [(0,)]


def failed(tree: Tree) -> list[Any]:
    """The events that say so."""
    wanted = {"filter": {"event": {"name": ["prefect.automation.action.failed"]}}, "limit": 50}
    found: list[Any] = rest.call(tree.url, "POST", "/events/filter", wanted)["events"]
    return found


def test_a_word_of_prefects_command_line_is_kept_even_if_nothing_waits(tree: Tree) -> None:
    before, event = datetime.now(UTC), "incumbent.performance.degraded"

    emitted = subprocess.run(
        [Path(sys.executable).with_name("prefect"), "event", "emit", event, "--resource-id", working.PIPELINE],
        env=own_variables(tree.home, PREFECT_API_URL=tree.url, PREFECT_HOME=str(tree.home / "prefect")),
        capture_output=True,
        text=True,
        timeout=working.LONG,
        check=False,
    )

    assert emitted.returncode == 0, emitted.stderr
    ended = tree.wait_for("select reason from triggers where kind = 'performance' and state = 'skipped'")
    assert ended.startswith("no batch waits")
    (run,) = tree.wait_for_runs("continuous-training", before, 1)
    assert run["name"] == "flights · performance → nothing new"
