"""What a killed process left open, closed: its Prefect run, and its runs in MLflow."""

from contextlib import suppress

from configs.errors import Busy
from tasks.adapters.home import Home
from tasks.adapters.prefect import orchestration


def close(home: Home, pipeline: str, own: str | None = None) -> bool:
    """If the holder of the lease has died, or one whose place somebody took, close what it left open; says whether so.

    Args:
        home: Ledger and MLflow.
        pipeline: What the holder worked on.
        own: The flow run that asks, which may be the very one that was killed, begun again.

    Raises:
        Unreachable: Prefect's server does not answer; the dead stay named, so that the next look closes what they left.
        IncumbentError: MLflow cannot be used, and why.
    """
    # The turns are read first: what somebody who has followed the holder meanwhile has begun is not among them.
    left = [row["prefect_run"] for row in home.ledger.turns.unfinished(pipeline)]
    lease = home.ledger.lease
    holder = lease.holder(pipeline)
    at_work = holder if holder is not None and holder.lives else None
    dead = {one.run: one.who for one in lease.dead(pipeline)}
    if not dead:
        return False
    last = list(dead.values())[-1]
    open_runs = dead if at_work else {**dict.fromkeys(left, last), **dead}
    for run, who in open_runs.items():
        if run and run not in (own, at_work and at_work.run):
            orchestration.close_crashed(run, f"{who} was killed; what it had committed stays.")
    with suppress(Busy), lease.held(pipeline):
        _close_in_mlflow(home, pipeline)
        lease.bury(pipeline, [run for run in dead if run])
        return True
    return False


def _close_in_mlflow(home: Home, pipeline: str) -> None:
    if not (home.folder / "mlflow").exists():
        return
    from tasks.adapters.mlflow import failures, tracking

    with failures.explained(home.folder):
        client = tracking.open_client(home.tracking)
        experiment = client.get_experiment_by_name(pipeline)
        if experiment is None:
            return
        for run in client.search_runs([experiment.experiment_id], "attributes.status = 'RUNNING'"):
            if tracking.MODEL_TAG in run.data.tags:  # others are somebody's own
                tracking.close_half_finished(client, run)
