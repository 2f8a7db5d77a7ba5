"""What a killed process left open, closed: its Prefect run, and its runs in MLflow."""

from contextlib import suppress

from configs.errors import Busy
from tasks.adapters import orchestration
from tasks.adapters.home import Home


def close(home: Home, pipeline: str, own: str | None = None) -> bool:
    """If the holder of the lease has died, close what it left open; says whether one had.

    Args:
        home: Ledger and MLflow.
        pipeline: What the holder worked on.
        own: The flow run that asks, which may be the very one that was killed, begun again.

    Raises:
        Unreachable: Prefect's server does not answer; the dead holder stays named, so that the next look closes it.
        IncumbentError: MLflow cannot be used, and why.
    """
    # The turns are read first: what somebody who has followed the holder meanwhile has begun is not among them.
    left = [row["prefect_run"] for row in home.ledger.turns.all(pipeline) if not row["finished"]]
    holder = home.ledger.lease.holder(pipeline)
    if holder is None or holder.lives:
        return False
    for run in sorted({run for run in (holder.run, *left) if run and run != own}):
        orchestration.close_crashed(run, f"{holder.who} was killed; what it had committed stays.")
    with suppress(Busy), home.ledger.lease.held(pipeline):
        _close_in_mlflow(home, pipeline)
        return True
    return False


def _close_in_mlflow(home: Home, pipeline: str) -> None:
    if not (home.folder / "mlflow").exists():
        return
    from tasks.adapters import mlflow_troubles, tracking

    with mlflow_troubles.explained(home.folder):
        client = tracking.open_client(home.tracking)
        experiment = client.get_experiment_by_name(pipeline)
        if experiment is None:
            return
        for run in client.search_runs([experiment.experiment_id], "attributes.status = 'RUNNING'"):
            if tracking.MODEL_TAG in run.data.tags:  # others are somebody's own
                tracking.close_half_finished(client, run)
