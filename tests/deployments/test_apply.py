"""`make deploy`, against a real server."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from uuid import uuid4

import pytest

from configs import environment
from configs.errors import MistakeOfUser, UnknownPipeline, Unreachable
from deployments import apply, rest
from tests.deployments.conftest import own_variables, start
from tests.fixtures_server import wait_until

Write = Callable[..., None]
Apply = Callable[[], list[str]]

CREATED = [
    "created  continuous-training/churn",
    "created  automation churn · data, drift or performance",
    "created  monitor/churn",
    "created  poll/churn",
    "created  automation churn · a run crashed",
    "created  score/churn",
    "created  automation churn · scores are asked for",
    "created  rollback/churn",
    "created  release/churn",
    "created  admit/churn",
    "created  keep-out/churn",
]


def deployment(url: str, name: str) -> dict[str, Any]:
    found: dict[str, Any] = rest.call(url, "GET", f"/deployments/name/{name}")
    return found


def automations(url: str) -> dict[str, dict[str, Any]]:
    wanted = {"automations": {"tags": {"all_": ["incumbent"]}}}
    return {one["name"]: one for one in rest.call(url, "POST", "/automations/filter", wanted)}


def emit(url: str, name: str, resource: str, payload: dict[str, Any]) -> None:
    event = {
        "occurred": datetime.now(UTC).isoformat(),
        "event": name,
        "resource": {"prefect.resource.id": resource},
        "payload": payload,
        "id": str(uuid4()),
    }
    rest.call(url, "POST", "/events", [event])


def test_a_pipeline_is_put_to_work_once(prefect_server: str, write: Write, put_to_work: Apply) -> None:
    write("churn")

    lines = put_to_work()

    assert [line for line in lines if "work pool" not in line] == CREATED
    assert put_to_work() == []
    form = deployment(prefect_server, "continuous-training/churn")["parameter_openapi_schema"]
    assert form["properties"]["reason"]["$ref"] == "#/definitions/TriggerKind"
    assert form["definitions"]["TriggerKind"]["enum"] == ["manual", "schedule", "new_data", "drift", "performance"]
    assert deployment(prefect_server, "poll/churn")["work_pool_name"] == "incumbent"


def test_only_what_differs_is_written(prefect_server: str, write: Write, put_to_work: Apply) -> None:
    write("churn")
    write("prices")
    put_to_work()

    write("churn", poll="*/2 * * * *")

    assert put_to_work() == ["updated  poll/churn"]
    assert deployment(prefect_server, "poll/churn")["schedules"][0]["schedule"]["cron"] == "*/2 * * * *"


def test_what_is_no_longer_in_configs_is_removed_and_nothing_else(
    prefect_server: str, write: Write, put_to_work: Apply, tmp_path: Path
) -> None:
    write("churn")
    write("prices")
    put_to_work()
    flow = rest.call(prefect_server, "POST", "/flows/", {"name": "poll"})["id"]
    rest.call(prefect_server, "POST", "/deployments/", {"name": "of-somebody-else", "flow_id": flow})

    (tmp_path / "pipelines" / "prices.yaml").unlink()
    lines = put_to_work()

    assert sorted(lines) == sorted(
        [
            "removed  admit/prices",
            "removed  automation prices · a run crashed",
            "removed  automation prices · data, drift or performance",
            "removed  automation prices · scores are asked for",
            "removed  continuous-training/prices",
            "removed  keep-out/prices",
            "removed  monitor/prices",
            "removed  poll/prices",
            "removed  release/prices",
            "removed  rollback/prices",
            "removed  score/prices",
        ]
    )
    mine = {"churn · a run crashed", "churn · data, drift or performance", "churn · scores are asked for"}
    assert set(automations(prefect_server)) == mine
    assert deployment(prefect_server, "poll/of-somebody-else")["name"] == "of-somebody-else"


def test_two_homes_on_one_server_keep_off_each_others_deployments(
    prefect_server: str, write: Write, put_to_work: Apply, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("churn")
    put_to_work()
    before = deployment(prefect_server, "poll/churn"), automations(prefect_server)

    monkeypatch.setenv("INCUMBENT_HOME", str(tmp_path / "staging"))
    with pytest.raises(MistakeOfUser, match=rf"at work for the home {tmp_path}/home;.*Nothing was changed"):
        put_to_work()
    (tmp_path / "pipelines" / "churn.yaml").rename(tmp_path / "pipelines" / "prices.yaml")
    lines = put_to_work()

    assert [line for line in lines if "prices" not in line] == [f"created  work pool {apply.plan.here().own_pool}"]
    assert deployment(prefect_server, "poll/prices")["work_pool_name"] == apply.plan.here().own_pool
    after = automations(prefect_server)
    assert (deployment(prefect_server, "poll/churn"), {name: after.get(name) for name in before[1]}) == before
    assert len(after) == 2 * len(before[1])


def test_what_is_on_a_homes_own_server_is_its_own_also_after_a_move(
    prefect_server: str, write: Write, put_to_work: Apply, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("churn")
    put_to_work()
    moved = tmp_path / "moved"
    monkeypatch.setenv("INCUMBENT_HOME", str(moved))

    lines = list(apply.apply(moved, apply.plan.plan(["churn"], apply.plan.here()), own_server=True))

    assert "updated  work pool incumbent" in lines and not [line for line in lines if line.startswith("removed")]
    pool = rest.call(prefect_server, "GET", "/work_pools/incumbent")
    assert str(moved) in pool["base_job_template"]["job_configuration"]["command"]


def test_what_somebody_switched_off_stays_off(prefect_server: str, write: Write, put_to_work: Apply) -> None:
    write("churn")
    put_to_work()
    poll, name = deployment(prefect_server, "poll/churn"), "churn · a run crashed"
    rest.call(prefect_server, "PATCH", f"/automations/{automations(prefect_server)[name]['id']}", {"enabled": False})
    schedule = f"/deployments/{poll['id']}/schedules/{poll['schedules'][0]['id']}"
    rest.call(prefect_server, "PATCH", schedule, {"active": False})

    unchanged = put_to_work()
    write("churn", poll="*/2 * * * *")
    changed = put_to_work()

    assert (unchanged, changed) == ([], ["updated  poll/churn"])
    assert automations(prefect_server)[name]["enabled"] is False
    after = deployment(prefect_server, "poll/churn")["schedules"]
    assert [(one["active"], one["schedule"]["cron"]) for one in after] == [(False, "*/2 * * * *")]


def test_what_somebody_removed_is_put_back_with_what_starts_it(
    prefect_server: str, write: Write, put_to_work: Apply
) -> None:
    write("churn")
    put_to_work()
    rest.call(prefect_server, "DELETE", f"/deployments/{deployment(prefect_server, 'poll/churn')['id']}")

    lines = put_to_work()

    assert lines[0] == "created  poll/churn"
    actions = automations(prefect_server)["churn · a run crashed"]["actions"]
    assert actions[0]["deployment_id"] == deployment(prefect_server, "poll/churn")["id"]


def test_an_event_of_anybody_starts_a_turn_with_its_reason(
    prefect_server: str, write: Write, put_to_work: Apply
) -> None:
    write("churn")
    put_to_work()
    turns = {"deployment_id": {"any_": [deployment(prefect_server, "continuous-training/churn")["id"]]}}

    emit(prefect_server, "incumbent.drift.detected", "incumbent.pipeline.churn", {"evidence": "3 of 5 have moved"})
    emit(prefect_server, "incumbent.drift.detected", "incumbent.turn.churn.4", {"handled": True})
    emit(prefect_server, "incumbent.data.arrived", "incumbent.pipeline.churn", {})
    wait_until(lambda: len(list(rest.flow_runs(prefect_server, turns))) == 2)

    told = {run["parameters"]["reason"]: run["parameters"] for run in rest.flow_runs(prefect_server, turns)}
    assert told["drift"]["evidence"] == "3 of 5 have moved"
    assert told["new_data"]["evidence"] == ""
    assert told["new_data"]["key"].startswith("event:")
    assert {one["pipeline"] for one in told.values()} == {"churn"}


def test_a_turn_that_crashed_starts_a_poll_and_a_poll_that_crashed_starts_none(
    prefect_server: str, write: Write, put_to_work: Apply
) -> None:
    write("churn", poll="0 0 1 1 *")
    put_to_work()
    turn, poll = (deployment(prefect_server, f"{flow}/churn")["id"] for flow in ("continuous-training", "poll"))
    wanted = {"deployment_id": {"any_": [poll]}}

    for identity in (poll, turn):
        run = rest.call(prefect_server, "POST", f"/deployments/{identity}/create_flow_run", {})["id"]
        crashed = {"state": {"type": "CRASHED", "name": "Crashed"}, "force": True}
        rest.call(prefect_server, "POST", f"/flow_runs/{run}/set_state", crashed)

    def by_automation() -> list[dict[str, Any]]:
        found = rest.flow_runs(prefect_server, wanted)
        return [run for run in found if (run["created_by"] or {}).get("type") == "AUTOMATION"]

    wait_until(by_automation)
    assert len(by_automation()) == 1


def test_what_is_at_work_for_a_file_that_broke_stays_as_it_is(write: Write, put_to_work: Apply, tmp_path: Path) -> None:
    write("churn")
    write("shop")
    put_to_work()
    (tmp_path / "pipelines" / "churn.yaml").write_text("a: [1, 2\n")
    write("zebra")

    lines = put_to_work()
    write("churn")
    mended = put_to_work()

    assert lines and all("zebra" in line and line.startswith("created") for line in lines)
    assert mended == []


def test_a_server_that_refuses_is_quoted(write: Write, put_to_work: Apply, tmp_path: Path) -> None:
    from dataclasses import replace

    from deployments import plan

    write("churn")
    (wrong, *_) = plan.plan(["churn"], plan.here())

    with pytest.raises(Unreachable, match=r"refused POST /api/deployments/.*concurrency_limit"):
        list(apply.apply(tmp_path, [replace(wrong, body={**wrong.body, "concurrency_limit": 0})]))


def test_no_pipeline_at_all_removes_nothing(write: Write) -> None:
    with pytest.raises(UnknownPipeline, match=r"There is no pipeline file in .*INCUMBENT_PIPELINES"):
        apply.known()


OVERRIDES: dict[str, dict[str, Any]] = {
    "a command": {"command": "touch /tmp/owned"},
    "a variable": {"env": {"PYTHONSTARTUP": "/tmp/owned.py"}},
    "a variable by a dot": {"env.LD_PRELOAD": "/tmp/owned.so"},
    "a folder": {"working_dir": "/tmp"},
    "anything else": {"image": "owned"},
}


def test_a_run_cannot_choose_what_is_started_for_it(prefect_server: str, write: Write, put_to_work: Apply) -> None:
    write("churn")
    put_to_work()
    poll = deployment(prefect_server, "poll/churn")
    flow, pool = poll["flow_id"], poll["work_pool_name"]

    for case, chosen in OVERRIDES.items():
        create = f"/deployments/{poll['id']}/create_flow_run"
        guest = {"name": "of-a-guest", "flow_id": flow, "work_pool_name": pool}
        refused = [refusal(prefect_server, create, chosen), refusal(prefect_server, "/deployments/", chosen, **guest)]
        # These Prefect lets pass; the worker has no place in its template where to put it.
        bare = {"flow_id": flow, "work_pool_name": pool, "job_variables": chosen}
        rest.call(prefect_server, "PATCH", f"/deployments/{poll['id']}", {"job_variables": chosen})
        run = rest.call(prefect_server, "POST", "/flow_runs/", bare)
        started = configuration(rest.call(prefect_server, "GET", f"/work_pools/{pool}"), run["job_variables"])
        rest.call(prefect_server, "DELETE", f"/flow_runs/{run['id']}")

        assert refused == [422, 422], case
        assert started == configuration(rest.call(prefect_server, "GET", f"/work_pools/{pool}"), {}), case


def refusal(url: str, path: str, chosen: dict[str, Any], **more: str) -> int:
    """The status with which somebody is refused who asks for other variables."""
    with pytest.raises(HTTPError) as answer:
        rest.call(url, "POST", path, {**more, "job_variables": chosen})
    answer.value.close()
    return answer.value.code


def configuration(pool: dict[str, Any], variables: dict[str, Any]) -> dict[str, Any]:
    """What a worker of Prefect would start for a run with these variables."""
    from prefect.workers.process import ProcessJobConfiguration

    found: Any = asyncio.run(ProcessJobConfiguration.from_template_and_values(pool["base_job_template"], variables))
    return dict(found.model_dump(mode="json"))


def test_without_a_server_it_says_what_to_do(tmp_path: Path) -> None:
    none, silent = (
        start("deployments.apply", tmp_path),
        start("deployments.apply", tmp_path, PREFECT_API_URL="http://127.0.0.1:9/api"),
    )

    out = [each.communicate(timeout=60)[1] for each in (none, silent)]

    assert (none.returncode, silent.returncode) == (10, 10)
    assert "PREFECT_API_URL is not set, and `make up` does not run" in out[0]
    assert "http://127.0.0.1:9/api, gave no answer" in out[1]


@pytest.mark.long
def test_prefect_deploy_takes_the_same_file_and_leaves_nothing_double(
    prefect_server: str, monkeypatch: pytest.MonkeyPatch, put_to_work: Apply, tmp_path: Path
) -> None:
    put_to_work()
    before = set(automations(prefect_server))
    checkout = str(environment.CHECKOUT)

    deployed = subprocess.run(
        [sys.executable, "-m", "prefect", "--no-prompt", "deploy", "--prefect-file", str(apply.plan.FILE), "--all"],
        cwd=checkout,
        env=own_variables(tmp_path, PREFECT_API_URL=prefect_server, PREFECT_HOME=str(tmp_path), PWD=checkout),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    by_prefect = deployment(prefect_server, "poll/flights")
    lines = put_to_work()

    assert deployed.returncode == 0, deployed.stdout + deployed.stderr
    assert (by_prefect["job_variables"], by_prefect["work_pool_name"]) == ({}, "incumbent")
    assert "updated  poll/flights" in lines
    assert set(automations(prefect_server)) == before
    assert put_to_work() == []


@pytest.mark.long
def test_fifty_pipelines_take_a_minute_and_unchanged_ones_a_quarter_of_it(write: Write, put_to_work: Apply) -> None:
    for number in range(50):
        write(f"p{number}")

    times = []
    for _ in range(2):
        began = time.monotonic()
        lines = put_to_work()
        times.append(time.monotonic() - began)

    print(f"50 pipelines: {times[0]:.1f} s, unchanged {times[1]:.1f} s")
    assert lines == []
    assert times[0] < 60
    assert times[1] < 15
