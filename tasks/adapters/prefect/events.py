"""What a run tells Prefect beside its states: notes, tables, links, progress, its name, and events for automations.

Add a kind of artifact here. What it says is computed in `reporting`; nothing is decided from an artifact,
so a server that does not take one costs a line in the log and never the run. Outside a run, where Prefect knows
nothing to attach them to, these functions do nothing.
"""

import math
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar, cast
from uuid import UUID

from configs.errors import IncumbentError, SetAside

if TYPE_CHECKING:
    from prefect import State
    from prefect.artifacts import Artifact

    from tasks.domain.runs import Ended

T = TypeVar("T")

Cell = str | int | float | bool | None


def markdown(key: str, text: str, description: str | None = None) -> UUID | None:
    """Show a text; tables, code and task lists work, HTML is cut by the UI.

    Args:
        key: Name under which the UI keeps the versions of it; other characters than a-z, 0-9 and - become dashes.
        text: The note, in markdown.
        description: One line above it.
    """
    from prefect.artifacts import MarkdownArtifact

    return _create(MarkdownArtifact(key=_key(key), markdown=text, description=description))


def table(key: str, rows: Sequence[Mapping[str, Cell]], description: str | None = None) -> UUID | None:
    """Show rows with named columns; numbers that are not finite are shown as empty."""
    from prefect.artifacts import TableArtifact

    plain = [{name: _finite(value) for name, value in row.items()} for row in rows]
    return _create(TableArtifact(key=_key(key), table=plain, description=description))


def link(key: str, url: str, text: str | None = None, description: str | None = None) -> UUID | None:
    """Point to a page, such as the report."""
    from prefect.artifacts import LinkArtifact

    return _create(LinkArtifact(key=_key(key), link=url, link_text=text, description=description))


def api() -> str | None:
    """Address of the server whose UI shows all this."""
    from prefect.settings import PREFECT_API_URL

    address: str | None = PREFECT_API_URL.value()
    return address


def progress(key: str, share: float = 0.0, description: str | None = None) -> UUID | None:
    """Show how much of a long work is done; `advance` moves it.

    Args:
        key: Name of the work.
        share: Part that is done, 0 to 1.
        description: What is being done.
    """
    from prefect.artifacts import ProgressArtifact

    return _create(ProgressArtifact(key=_key(key), progress=_percent(share), description=description))


def advance(artifact: UUID | None, share: float, description: str | None = None) -> None:
    """Move a progress to `share`, 0 to 1; None (the answer of `progress` outside a run) is left alone."""
    from httpx import HTTPError
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.actions import ArtifactUpdate

    if artifact is None or not _in_run():
        return
    changes: dict[str, Any] = {"data": _percent(share)} | ({"description": description} if description else {})
    try:
        get_client(sync_client=True).update_artifact(artifact, ArtifactUpdate(**changes))
    except HTTPError as err:
        _log_refusal(err)


def emit(name: str, pipeline: str, evidence: str, key: str, turn: int | None = None) -> None:
    """Announce what is recorded in the inbox already; an event that gets lost costs nothing.

    Args:
        name: incumbent.data.arrived, incumbent.drift.detected or incumbent.performance.degraded.
        pipeline: What it is about.
        evidence: What was seen, one sentence.
        key: Of the trigger.
        turn: The turn that found it and answers it itself; automations listen to pipelines, not to turns.
    """
    from prefect.events import emit_event

    about = {"prefect.resource.id": f"incumbent.pipeline.{pipeline}", "prefect.resource.name": pipeline}
    payload = {"pipeline": pipeline, "evidence": evidence, "key": key, "handled": turn is not None}
    if turn is None:
        emit_event(name, about, payload=payload)
        return
    resource = {"prefect.resource.id": f"incumbent.turn.{pipeline}.{turn}"}
    emit_event(name, resource, related=[{**about, "prefect.resource.role": "pipeline"}], payload=payload)


def ended(ending: "Ended", value: T) -> T:
    """Give the flow run that ends its last name and word, so that its story can be read without opening it.

    A run whose batch was set aside has done its work and is not well: its state is of the type that no retry and no
    automation on failures takes up, under a name of its own. `value_of` gives what such a run returned.

    Args:
        ending: Name and message.
        value: What the flow returns; it is what this returns, inside the state that carries the message.
    """
    from httpx import HTTPError
    from prefect import runtime
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.objects import State as Anew
    from prefect.client.schemas.objects import StateType
    from prefect.states import Completed

    if not runtime.flow_run.id:
        return value
    try:
        get_client(sync_client=True).update_flow_run(UUID(runtime.flow_run.id), name=ending.name)
    except HTTPError as err:
        _log_refusal(err)
    state: Any = Completed(message=ending.message, data=value)
    if ending.aside:
        state = Anew(
            type=StateType.CANCELLED, name=ending.aside, message=ending.message, data=SetAside(ending.message, value)
        )
    return state  # type: ignore[no-any-return]  # Prefect takes the value out of the state again


def value_of(state: "State[T]") -> T:
    """What a run returned, also where its batch was set aside; any other error that it ended by is raised."""
    try:
        return state.result()
    except SetAside as end:
        return cast(T, end.value)


def failed(problem: IncumbentError) -> Any:
    """The state of a flow run that ends by one of our errors: its sentence, without what Prefect puts before it.

    Whoever has called the flow gets the error out of it, as if it had been raised; outside of a run it is raised.
    """
    from prefect import runtime
    from prefect.states import Failed

    if not runtime.flow_run.id:
        raise problem
    return Failed(message=str(problem), data=problem)


def _create(artifact: "Artifact") -> UUID | None:
    from httpx import HTTPError

    if not _in_run():
        return None
    try:
        created: Any = artifact.create(_sync=True)  # type: ignore[call-arg]  # inside an event loop it would be a coroutine
    except HTTPError as err:
        _log_refusal(err)
        return None
    return UUID(str(created.id))


def _in_run() -> bool:
    from prefect.context import FlowRunContext, TaskRunContext

    return TaskRunContext.get() is not None or FlowRunContext.get() is not None


def _log_refusal(err: Exception) -> None:
    from prefect.logging import get_run_logger

    get_run_logger().warning("An artifact could not be shown: %s", err)


def _key(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def _percent(share: float) -> float:
    return round(100 * min(max(share, 0.0), 1.0), 1)


def _finite(value: Cell) -> Cell:
    return None if isinstance(value, float) and not math.isfinite(value) else value
