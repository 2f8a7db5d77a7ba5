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
_MOST_RUNS = 200


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
            found = client.read_deployment_by_name(deployment)
        except ObjectNotFound:
            return None
        return str(client.create_flow_run_from_deployment(found.id, parameters=dict(parameters)).id)


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
            found = [client.read_flow_run(UUID(run))]
        except ObjectNotFound:
            return False
        parent = FlowRunFilterParentFlowRunId(any_=[found[0].id])
        inside = FlowRunFilter(parent_flow_run_id=parent)
        found += client.read_flow_runs(flow_run_filter=inside, sort=FlowRunSort.ID_DESC, limit=_MOST_RUNS)
        left = [one for one in found if one.state is None or not one.state.is_final()]
        for one in left:
            client.set_flow_run_state(one.id, Crashed(message=message), force=True)
        return bool(left)


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
        found = client.read_events(wanted, limit=50).events
    named = [(event, event.resource.name or "without a name") for event in found]
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
