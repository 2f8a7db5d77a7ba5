"""Flow runs that a dead tree left open, closed: Prefect itself would show them as pending or running for ever.

Change this module when other states have to be put right. What a run had begun in the ledger is taken up again by the
flow `poll`; here only what the server shows is put right, and runs that had not begun are asked for anew.
"""

from collections.abc import Collection, Iterable, Sequence
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from configs import environment
from configs.errors import Unreachable
from deployments import rest
from deployments.plan import TAG
from tasks.adapters.home import Home
from tasks.adapters.prefect import orchestration
from tasks.adapters.processes import identity

_AT_ONCE = 50
_OPEN = {"type": {"any_": ["PENDING", "RUNNING", "CANCELLING"]}}
_OURS = {"tags": {"all_": [TAG]}, "deployment_id": {"is_null_": False}}
_ON_ITS_WAY = timedelta(seconds=10)
"""So long a worker may take from saying that it starts a process to having started it."""


def at_work(home: Path, pipelines: Iterable[str]) -> frozenset[str]:
    """The runs that hold a lease and may live, wherever their process is: in another container its number says nothing.

    Args:
        home: Whose ledger is asked; one that does not answer knows of none.
        pipelines: Their leases.
    """
    with closing(Home(home, environment.read().ledger_url)) as hands, suppress(Unreachable):
        holders = [hands.ledger.lease.holder(pipeline) for pipeline in pipelines]
        return frozenset(holder.run for holder in holders if holder is not None and holder.lives and holder.run)
    return frozenset()


def close(url: str, message: str, at_work: Collection[str] = (), *, at_once: bool = False) -> int:
    """Close the runs of our deployments whose process is gone, with the runs in them; how many there were.

    Args:
        url: Address of the API.
        message: What happened, for the state of each.
        at_work: Runs that are known to live.
        at_once: Close also those that another worker may just be starting.

    Raises:
        OSError: The server does not answer.
    """
    now = datetime.now(UTC)
    gone = [
        run
        for run in rest.flow_runs(url, {**_OURS, "state": _OPEN})
        if run["id"] not in at_work
        and not _lives(run)
        and (at_once or run["state_type"] != "PENDING" or now - _since(run) > _ON_ITS_WAY)
    ]
    identities = [run["id"] for run in gone]
    within = {"parent_flow_run_id": {"any_": identities}, "state": _OPEN}
    inner = [run["id"] for run in rest.flow_runs(url, within)] if gone else []
    _set(url, [*identities, *inner], {"type": "CRASHED", "name": "Crashed", "message": message})
    for run in gone:
        if run["state_type"] == "PENDING" and not run["auto_scheduled"]:
            _ask_again(url, run)
    return len(gone)


def skip_missed(url: str) -> int:
    """Of the runs that the clock asked for while nothing ran, keep one per deployment; how many were skipped.

    Raises:
        OSError: The server does not answer.
    """
    before = datetime.now(UTC).isoformat()
    wanted = {**_OURS, "state": {"type": {"any_": ["SCHEDULED"]}}, "next_scheduled_start_time": {"before_": before}}
    late = [run for run in rest.flow_runs(url, wanted) if run["auto_scheduled"]]
    newest: dict[str, dict[str, Any]] = {}
    for run in sorted(late, key=lambda run: str(run["next_scheduled_start_time"])):
        newest[run["deployment_id"]] = run
    kept = {run["id"] for run in newest.values()}
    skipped = [run["id"] for run in late if run["id"] not in kept]
    message = "The clock struck while nothing ran; one run makes up for all."
    _set(url, skipped, {"type": "CANCELLED", "name": "Skipped", "message": message})
    return len(skipped)


def forget_turned_away(url: str) -> int:
    """Remove the runs that met another one of their deployment and did nothing; how many there were.

    Raises:
        OSError: The server does not answer.
    """
    found = rest.flow_runs(url, orchestration.turned_away())
    gone = [run["id"] for run in found if run["state"]["message"] == orchestration.TURNED_AWAY]
    for first in range(0, len(gone), _AT_ONCE):
        some = {"flow_runs": {"id": {"any_": gone[first : first + _AT_ONCE]}}, "limit": _AT_ONCE}
        rest.call(url, "POST", "/flow_runs/bulk_delete", some)
    return len(gone)


def _set(url: str, runs: Sequence[str], state: dict[str, Any]) -> None:
    for first in range(0, len(runs), _AT_ONCE):
        some = {"id": {"any_": list(runs[first : first + _AT_ONCE])}}
        rest.call(url, "POST", "/flow_runs/bulk_set_state", {"flow_runs": some, "state": state, "force": True})


def _ask_again(url: str, run: dict[str, Any]) -> None:
    """An event or a person asked for it, and the ledger does not know of it yet."""
    body = {
        "parameters": run["parameters"],
        "tags": run["tags"],
        "idempotency_key": f"again:{run['id']}",
        "state": {"type": "SCHEDULED", "name": "Scheduled"},
    }
    rest.call(url, "POST", f"/deployments/{run['deployment_id']}/create_flow_run", body)


def _lives(run: dict[str, Any]) -> bool:
    """Whether the process that a worker of this place started for it is still there: its environment names the run."""
    told = str(run["infrastructure_pid"] or "")
    if not told.isdigit() or not identity.started(int(told)):
        return False
    try:
        return run["id"].encode() in Path(f"/proc/{told}/environ").read_bytes()
    except OSError:
        return not Path("/proc/self").exists()


def _since(run: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(str(run["state"]["timestamp"]).replace("Z", "+00:00"))
