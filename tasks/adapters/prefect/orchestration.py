"""What is asked of Prefect's server itself: to start a flow, to close a run that died, to tell what went wrong there.

Add here what one run does to another. What a run shows of itself belongs to `events`.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from configs import environment
from configs.errors import Unreachable

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient

_ACTION_FAILED = "prefect.automation.action.failed"
_MOST_RUNS, _AT_ONCE = 200, 50
TURNED_AWAY = "Deployment concurrency limit reached."
"""What Prefect says of a run that the collision rule has cancelled."""


def start(deployment: str, parameters: Mapping[str, Any]) -> str | None:
    """Ask for a run of a deployment and return at once; its id, or None if there is no such deployment.

    Args:
        deployment: `flow/pipeline`.
        parameters: Of the flow.

    Raises:
        Unreachable: The server does not answer.
    """
    from prefect.exceptions import ObjectNotFound

    with _client() as client:
        try:
            served = client.read_deployment_by_name(deployment)
        except ObjectNotFound:
            return None
        return str(client.create_flow_run_from_deployment(served.id, parameters=dict(parameters)).id)


def close_crashed(run: str, message: str) -> bool:
    """Close a run whose process is gone, and the runs in it; one that has ended is left as it is.

    Args:
        run: Id of the flow run.
        message: What happened.

    Returns:
        Whether there was something to close.

    Raises:
        Unreachable: The server does not answer.
    """
    from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterParentFlowRunId
    from prefect.client.schemas.sorting import FlowRunSort
    from prefect.exceptions import ObjectNotFound
    from prefect.states import Crashed

    with _client() as client:
        try:
            runs = [client.read_flow_run(UUID(run))]
        except ObjectNotFound:
            return False
        parent = FlowRunFilterParentFlowRunId(any_=[runs[0].id])
        inside = FlowRunFilter(parent_flow_run_id=parent)
        runs += client.read_flow_runs(flow_run_filter=inside, sort=FlowRunSort.ID_DESC, limit=_MOST_RUNS)
        left = [one for one in runs if one.state is None or not one.state.is_final()]
        for one in left:
            client.set_flow_run_state(one.id, Crashed(message=message), force=True)
        return bool(left)


def forget_turned_away(pipeline: str) -> int:
    """Remove the runs of a pipeline that met another one of their flow and did nothing; how many there were.

    Prefect keeps them in its list of runs, under names of its own invention.

    Raises:
        Unreachable: The server does not answer.
    """
    with _client() as client:
        wanted = {"flow_runs": turned_away(pipeline), "limit": _MOST_RUNS}
        runs = client.request("POST", "/flow_runs/filter", json=wanted).json()
        gone = [run["id"] for run in runs if run["state"]["message"] == TURNED_AWAY]
        route: Any = "/flow_runs/bulk_delete"  # not among the routes of Prefect's types
        for first in range(0, len(gone), _AT_ONCE):
            some = {"flow_runs": {"id": {"any_": gone[first : first + _AT_ONCE]}}, "limit": _AT_ONCE}
            client.request("POST", route, json=some)
        return len(gone)


def turned_away(*tags: str) -> dict[str, Any]:
    """What Prefect is asked for, to find them; their message is `TURNED_AWAY`, that of others is another one."""
    return {
        "tags": {"all_": ["incumbent", *tags]},
        "deployment_id": {"is_null_": False},
        "state": {"name": {"any_": ["Cancelled"]}},
    }


def failed_actions(since: datetime) -> list[tuple[str, str, str]]:
    """Automations whose action failed: Prefect itself only logs them.

    Args:
        since: Earlier ones are left out.

    Returns:
        The id of each event, the name of the automation, and a sentence.

    Raises:
        Unreachable: The server does not answer.
    """
    from prefect.events.filters import EventFilter, EventNameFilter, EventOccurredFilter

    wanted = EventFilter(occurred=EventOccurredFilter(since=since), event=EventNameFilter(name=[_ACTION_FAILED]))
    with _client() as client:
        events = client.read_events(wanted, limit=50).events
    named = [(event, event.resource.name or "without a name") for event in events]
    return [(str(event.id), name, _sentence(name, event.payload)) for event, name in named]


def _sentence(name: str, payload: Mapping[str, Any]) -> str:
    what = payload.get("action_type", "its action")
    why = environment.masked(str(payload.get("reason", "no reason given")))
    return f"The automation {name!r} could not do {what}: {why}"


@contextmanager
def _client() -> "Iterator[SyncPrefectClient]":
    from httpx import HTTPError
    from prefect.client.orchestration import get_client

    try:
        with get_client(sync_client=True) as client:
            yield client
    except HTTPError as err:
        raise Unreachable(f"Prefect's server gave no answer ({type(err).__name__}). What is recorded stays.") from err
