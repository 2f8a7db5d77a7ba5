"""What is asked of Prefect's server: a real API that starts runs, closes what died, and tells what failed there."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from prefect import flow, get_client
from prefect.client.schemas.objects import FlowRun
from prefect.events import emit_event
from prefect.events.worker import EventsWorker
from prefect.settings import PREFECT_API_URL, temporary_settings
from prefect.states import Completed, Running

from configs.errors import Unreachable
from tasks.adapters.prefect import orchestration

pytestmark = pytest.mark.usefixtures("prefect_api")
NOBODY = "http://127.0.0.1:9/api"


@flow(name="continuous-training")
def training(pipeline: str, reason: str = "manual") -> None:
    """Stands for the flow of a deployment."""


def run_of(found: str) -> FlowRun:
    with get_client(sync_client=True) as client:
        return client.read_flow_run(UUID(found))


def begin(parent: str | None = None, *, done: bool = False) -> str:
    """A flow run that says it is running."""
    with get_client(sync_client=True) as client:
        run = client.create_flow_run(training, parameters={"pipeline": "shop"}, state=Running())
        if done:
            client.set_flow_run_state(run.id, Completed(message="all is well"), force=True)
    return str(run.id)


# ── starting ──────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_run_of_a_deployment_is_asked_for_with_its_parameters() -> None:
    with get_client(sync_client=True) as client:
        client.create_deployment(flow_id=client.create_flow(training), name="shop")

    found = orchestration.start("continuous-training/shop", {"pipeline": "shop", "reason": "drift"})

    assert found is not None
    assert run_of(found).parameters == {"pipeline": "shop", "reason": "drift"}
    assert run_of(found).state_name == "Scheduled"


@pytest.mark.parametrize("name", ["continuous-training/nothing", "nothing/shop", "nothing/nothing"])
def test_a_deployment_that_there_is_not_is_not_started_and_no_fault(name: str) -> None:
    assert orchestration.start(name, {}) is None


# ── closing ───────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_run_that_died_is_closed_with_what_happened_and_only_once() -> None:
    run = begin()

    closed = [orchestration.close_crashed(run, "process 4711 was killed.") for _ in range(2)]

    state = run_of(run).state
    assert closed == [True, False]
    assert state is not None
    assert (state.name, state.message) == ("Crashed", "process 4711 was killed.")


def test_runs_in_it_are_closed_with_it() -> None:
    inner: list[str] = []

    @flow
    def within() -> None:
        from prefect import runtime

        inner.append(str(runtime.flow_run.id))
        inner.append(str(runtime.flow_run.parent_flow_run_id))
        orchestration.close_crashed(inner[1], "it was killed.")
        inner.extend(str(run_of(run).state_name) for run in inner[:2])
        raise SystemExit  # what a closed run does afterwards says nothing

    @flow
    def outer() -> None:
        within()

    with pytest.raises(SystemExit):
        outer()

    assert inner[2:] == ["Crashed", "Crashed"]


def test_a_run_that_has_ended_is_left_as_it_is() -> None:
    run = begin(done=True)

    closed = orchestration.close_crashed(run, "it was killed.")

    assert not closed
    assert (run_of(run).state_name, run_of(run).state.message) == ("Completed", "all is well")  # type: ignore[union-attr]


def test_a_run_that_the_server_does_not_know_is_nothing_to_close() -> None:
    assert not orchestration.close_crashed(str(uuid4()), "it was killed.")


# ── what failed ───────────────────────────────────────────────────────────────────────────────────────────────────
def fail_action(name: str | None, occurred: datetime | None = None, **payload: str) -> str:
    """What the server emits when an action of an automation fails."""
    resource = {"prefect.resource.id": f"prefect.automation.{uuid4()}"}
    resource |= {"prefect.resource.name": name} if name else {}
    event = emit_event("prefect.automation.action.failed", resource, occurred=occurred, payload=payload)
    assert event is not None
    return str(event.id)


def eventually(found: Callable[[], list[tuple[str, str, str]]], number: int) -> list[tuple[str, str, str]]:
    """What is found once so many are there; events are stored a moment after they are sent."""
    EventsWorker.drain_all(timeout=10)
    deadline = time.monotonic() + 20
    while len(answer := found()) < number and time.monotonic() < deadline:
        time.sleep(0.05)
    return answer


def test_automations_whose_action_failed_are_told_in_a_sentence() -> None:
    before = datetime.now(UTC) - timedelta(seconds=5)
    emit_event("incumbent.data.arrived", {"prefect.resource.id": "incumbent.pipeline.shop"})
    old = fail_action("long ago", before - timedelta(hours=1), reason="it was another day")
    named = fail_action("shop · data", action_type="run-deployment", reason="Unable to find deployment")
    bare = fail_action(None)

    found = eventually(lambda: orchestration.failed_actions(before), 2)

    told = {event: sentence for event, _, sentence in found}
    assert {name for _, name, _ in found} == {"shop · data", "without a name"}
    assert set(told) == {named, bare}
    assert old not in told
    assert told[named] == "The automation 'shop · data' could not do run-deployment: Unable to find deployment"
    assert told[bare] == "The automation 'without a name' could not do its action: no reason given"


# ── a server that does not answer ─────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    "ask",
    [
        lambda: orchestration.start("continuous-training/shop", {}),
        lambda: orchestration.close_crashed(str(uuid4()), "it was killed."),
        lambda: orchestration.failed_actions(datetime.now(UTC)),
    ],
    ids=["start", "close", "failed"],
)
def test_a_server_that_does_not_answer_is_outside_and_may_be_tried_again(ask: Callable[[], object]) -> None:
    with (
        temporary_settings({PREFECT_API_URL: NOBODY}),
        pytest.raises(
            Unreachable, match=r"Prefect's server gave no answer \(ConnectError\)\. What is recorded stays\."
        ),
    ):
        ask()
