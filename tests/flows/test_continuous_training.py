"""The whole loop on real flights, as a user runs it: a process, a local Prefect API, an MLflow store."""

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

from tasks.adapters.home import Home
from tasks.adapters.mlflow import registry
from tests.command_line import CommandLine

Months = Callable[[str], Path]


def test_three_months_make_three_turns_and_a_champion(
    months: Months,
    new_home: Callable[..., Path],
    flows_run: CommandLine,
    served_run: CommandLine,
    open_home: Callable[[Path], Home],
) -> None:
    folder = new_home("home", *(months(name) for name in ("2013-01", "2013-02", "2013-03")))

    first = flows_run(folder, "--json")
    again = flows_run(folder)
    checked = served_run(folder, "verify")

    turns = [json.loads(line) for line in first.stdout.splitlines()]
    assert first.returncode == 0, first.stderr
    assert [turn["batch"] for turn in turns] == ["2013-01", "2013-02", "2013-03"]
    assert turns[0]["verdict"] == "first_champion"
    assert all(turn["landed"] == turn["accepted"] + turn["quarantined"] + turn["duplicates"] for turn in turns)
    assert again.returncode == 0
    assert "nothing waits" in again.stdout
    assert (checked.returncode, "nothing found to differ" in checked.stdout) == (0, True), checked.stdout
    _everything_is_shown(open_home(folder), turns)


def _everything_is_shown(home: Home, turns: list[dict[str, object]]) -> None:
    """Prefect, MLflow and the page tell the same as the ledger."""
    champion = home.ledger.promotions.champion("flights")
    assert champion is not None
    assert registry.aliases(home.tracking, "flights") == {"champion": champion.version, "challenger": 4}
    assert set(registry.versions(home.tracking, "flights")) == {1, 2, 3, 4}
    page = home.report("flights").read_text()
    assert f"v{champion.version}" in page
    assert all(str(turn["batch"]) in page for turn in turns)
    with sqlite3.connect(home.folder / "prefect" / "prefect.db") as prefect:
        states = prefect.execute("select name, state_type from flow_run").fetchall()
        tasks = prefect.execute("select distinct state_type from task_run").fetchall()
        artifacts = {kind for (kind,) in prefect.execute("select distinct type from artifact")}
        links = [data for (data,) in prefect.execute("select data from artifact where key = 'flights-report'")]
    prefect.close()
    assert {state for _, state in states} == {"COMPLETED"}
    assert len(states) == 1 + len(turns)
    assert tasks == [("COMPLETED",)]
    assert {"markdown", "table", "progress"} <= artifacts
    assert links and all(str(home.report("flights")) in link and "file:" not in link for link in links)
