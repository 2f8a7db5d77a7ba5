"""What is put to work, for any pipeline."""

import json
import shlex
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from configs.errors import InvalidSettings, MistakeOfUser
from deployments import plan
from deployments.plan import Deployment, Place

PLACE = Place(Path("/home of somebody"), Path("/files"), Path("/checkout"), "/with spaces/python")

Write = Callable[..., None]


def planned(*pipelines: str) -> dict[str, Deployment]:
    return {deployment.name: deployment for deployment in plan.plan(pipelines, PLACE)}


def rendered(parameters: dict[str, Any], name: str, payload: dict[str, Any]) -> dict[str, Any]:
    from prefect.server.utilities.user_templates import render_user_template_sync

    event = SimpleNamespace(event=name, payload=payload, id="1234", occurred=datetime.now(UTC))
    told = {key: value for key, value in parameters.items() if isinstance(value, dict)}
    return {key: render_user_template_sync(value["template"], {"event": event}) for key, value in told.items()}


def test_each_pipeline_has_its_eight_deployments_with_its_tags(write: Write) -> None:
    write("churn")
    write("prices")

    found = planned("churn", "prices")

    assert sorted(found) == [
        f"{flow}/{name}"
        for flow in ("admit", "continuous-training", "keep-out", "monitor", "poll", "release", "rollback", "score")
        for name in ("churn", "prices")
    ]
    assert {tuple(one.body["tags"]) for one in found.values()} == {("churn", "incumbent"), ("prices", "incumbent")}


def test_nothing_of_the_example_is_left_in_the_definitions_of_another_pipeline(write: Write) -> None:
    write("churn")

    told = [[one.body, [vars(each) for each in one.automations]] for one in planned("churn").values()]

    assert "flights" not in json.dumps(told)
    assert "incumbent.pipeline.churn" in json.dumps(told)


def test_schedules_are_those_of_the_pipeline_and_null_is_never(write: Write) -> None:
    write("churn", continuous_training="0 6 * * *", monitor=None, poll="*/5 * * * *")

    found = {name: one.body["schedules"] for name, one in planned("churn").items()}

    assert found["monitor/churn"] == []
    assert found["poll/churn"][0]["schedule"] == {"cron": "*/5 * * * *", "timezone": "UTC"}
    assert found["continuous-training/churn"][0]["parameters"] == {"reason": "schedule"}


def test_looks_give_way_to_one_that_runs_and_turns_do_not(write: Write) -> None:
    write("churn")

    limits = {name: one.body["concurrency_limit"] for name, one in planned("churn").items()}
    ways = {name: one.body["concurrency_options"] for name, one in planned("churn").items()}

    assert {name for name, limit in limits.items() if limit == 1} == {"monitor/churn", "poll/churn"}
    assert {limits[f"{flow}/churn"] for flow in ("continuous-training", "rollback", "release", "admit")} == {None}
    assert ways["poll/churn"] == {"collision_strategy": "CANCEL_NEW"}


def test_a_version_changes_with_the_definition_and_only_with_it(write: Write) -> None:
    write("churn")
    before = {name: one.version({}) for name, one in planned("churn").items()}

    write("churn", poll="*/2 * * * *")
    after = {name: one.version({}) for name, one in planned("churn").items()}

    assert {name for name in before if before[name] != after[name]} == {"poll/churn"}
    assert planned("churn")["poll/churn"].version({"a": 1}) != after["poll/churn"]


def test_an_automation_changes_with_the_deployment_that_it_starts(write: Write) -> None:
    write("churn")

    automation = planned("churn")["poll/churn"].automations[0]

    assert automation.version("one") == automation.version("one") != automation.version("other")
    assert replace(automation, description="other").version("one") != automation.version("one")


def test_a_command_survives_spaces_and_no_password_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INCUMBENT_LEDGER_URL", "postgresql://user:secret@host/ledger")

    job = PLACE.pool()["job_configuration"]

    words = ["/with spaces/python", "-m", "deployments.process", "/home of somebody", "/files"]
    assert shlex.split(job["command"]) == words
    assert job["working_dir"] == "/checkout"
    assert "secret" not in json.dumps(job) + json.dumps(plan.here().pool())


def test_a_mistake_in_a_pipeline_file_is_said_before_anything_is_done(write: Write) -> None:
    write("churn", poll="every minute")

    with pytest.raises(InvalidSettings, match=r"poll: no cron expression: 'every minute'"):
        planned("churn")


def of_version_1(home: str) -> dict[str, Any]:
    """What versions that told the worker by the variables of each deployment wrote."""
    return {"job_variables": {"command": "python", "working_dir": "/checkout", "env": {"INCUMBENT_HOME": home}}}


POOLS = {
    "ours": PLACE.pool(),
    "of our other python": replace(PLACE, python="/other/python").pool(),
    "by another path": replace(PLACE, home=Path("/checkout/../home of somebody")).pool(),
    "of a newer checkout": replace(PLACE, checkout=Path("/a newer one")).pool(),
    "live": replace(PLACE, home=Path("/live")).pool(),
    "by hand": {"job_configuration": {"command": "{{ command }}", "env": "{{ env }}"}, "variables": {}},
    "broken": {"job_configuration": {"command": "'"}},
    "empty": {},
}


@pytest.mark.parametrize(
    ("found", "whose"),
    [
        (of_version_1("/home of somebody"), None),
        (of_version_1("/live"), "the home /live"),
        ({"job_variables": {"working_dir": "/checkout"}}, None),
        ({"job_variables": {"working_dir": "/clone"}}, "the checkout /clone"),
        ({"job_variables": {"env": None}}, None),
        ({"job_variables": None}, None),
        ({"work_pool_name": "ours"}, None),
        ({"work_pool_name": "of our other python"}, None),
        ({"work_pool_name": "by another path"}, None),
        ({"work_pool_name": "of a newer checkout"}, None),
        ({"work_pool_name": "live"}, "the home /live"),
        ({"work_pool_name": "by hand"}, None),
        ({"work_pool_name": "broken"}, None),
        ({"work_pool_name": "empty"}, None),
        ({"work_pool_name": "of another type"}, None),
        ({"work_pool_name": None}, None),
    ],
)
def test_a_deployment_is_of_the_home_and_the_checkout_that_it_names(found: dict[str, Any], whose: str | None) -> None:
    others = plan.of_others({"poll/churn": found}, POOLS, PLACE)

    assert others == ({"poll/churn": whose} if whose else {})


@pytest.mark.parametrize(
    ("there", "others", "name"),
    [
        ({}, (), "incumbent"),
        ({"poll/a": "incumbent"}, (), "incumbent"),
        ({"poll/a": "incumbent"}, ("poll/a",), PLACE.own_pool),
        ({"poll/a": "incumbent", "poll/b": PLACE.own_pool}, ("poll/a",), PLACE.own_pool),
        ({"poll/b": PLACE.own_pool}, (), PLACE.own_pool),
        ({"poll/a": "incumbent-other"}, ("poll/a",), "incumbent"),
        ({"poll/a": None}, ("poll/a",), "incumbent"),
    ],
)
def test_a_home_has_a_work_pool_that_no_other_home_works_with(
    there: dict[str, str], others: tuple[str, ...], name: str
) -> None:
    found = {one: {"work_pool_name": pool} for one, pool in there.items()}

    assert plan.pool_for(PLACE, found, others) == name
    assert PLACE.own_pool != replace(PLACE, home=Path("/live")).own_pool


def test_what_another_home_has_under_the_same_name_is_refused_with_whose_it_is_and_what_to_do(write: Write) -> None:
    write("churn")
    wanted = list(planned("churn").values())

    with pytest.raises(MistakeOfUser) as refused:
        plan.keep_off(wanted, {"poll/churn": "the home /live", "rollback/churn": "the home /live"}, PLACE)

    said, *commands = str(refused.value).splitlines()
    assert "poll/churn and 1 more would be overwritten, which is at work for the home /live" in said
    assert "Nothing was changed. Name another server in PREFECT_API_URL" in said
    deleted = [f"  '/with spaces/prefect' deployment delete {name}" for name in ("poll/churn", "rollback/churn")]
    assert commands == deleted


def test_other_names_of_another_home_are_in_nobodys_way(write: Write) -> None:
    write("churn")

    plan.keep_off(planned("churn").values(), {"poll/flights": "the home /live"}, PLACE)


def test_prefect_yaml_says_of_the_example_what_its_settings_say() -> None:
    written = yaml.safe_load(plan.FILE.read_text())["deployments"]

    found = plan.plan(["flights"], PLACE)

    assert [entry["entrypoint"] for entry in written] == [one.entrypoint for one in found]
    for entry, one in zip(written, found, strict=True):
        settled = [(each["schedule"]["cron"], each["slug"]) for each in one.body["schedules"]]
        assert [(each["cron"], each["slug"]) for each in entry["schedules"]] == settled


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("incumbent.data.arrived", "new_data"),
        ("incumbent.drift.detected", "drift"),
        ("incumbent.performance.degraded", "performance"),
        ("something.else", "manual"),
    ],
)
def test_the_reason_is_read_from_the_name_of_the_event(name: str, reason: str) -> None:
    parameters = dict(plan.plan(["flights"], PLACE)[0].automations[0].parameters)

    assert rendered(parameters, name, {})["reason"] == reason


@pytest.mark.parametrize(
    ("payload", "evidence", "key"),
    [
        ({}, "", "event:1234"),
        ({"evidence": None, "key": None}, "", "event:1234"),
        ({"evidence": "12 new rows", "key": "abc"}, "12 new rows", "abc"),
        ({"evidence": ["a", 1], "key": ""}, '["a", 1]', "event:1234"),
        ({"evidence": 0.3, "key": "abc"}, "0.3", "abc"),
        ({"items": 1, "evidence": {"psi": 0.3}}, '{"psi": 0.3}', "event:1234"),
    ],
)
def test_whatever_an_event_carries_a_run_gets_its_parameters(payload: dict[str, Any], evidence: str, key: str) -> None:
    parameters = dict(plan.plan(["flights"], PLACE)[0].automations[0].parameters)

    found = rendered(parameters, "incumbent.data.arrived", payload)

    assert (found["evidence"], found["key"]) == (evidence, key)
    assert len(rendered(parameters, "x", {"evidence": "x" * 9000})["evidence"]) == 2000
