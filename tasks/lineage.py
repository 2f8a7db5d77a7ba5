"""Door of lineage: what was decided, shown in MLflow and Evidently."""

from prefect import task

from tasks.adapters import backstage


@task(task_run_name="show-turn-{number}", tags=["lineage"], retries=2, retry_delay_seconds=[1.0, 5.0])
def show_turn(pipeline: str, number: int) -> str | None:
    """Show a turn in MLflow and Evidently; returns the id of its MLflow run, None if nothing was trained."""
    return backstage.show(pipeline, number)
