"""The tasks of scoring: a file, answered by one version."""

from prefect import task

from tasks.adapters import home
from tasks.domain.runs import Scored
from tasks.scoring.steps import score_file


@task(task_run_name="score-{pipeline}", tags=["scoring"])
def score_rows(pipeline: str, source: str, out: str, version: int | None, explain: bool) -> Scored:
    """Answer every row of a file; what an earlier run has done of it is not done again."""
    return score_file.score(home.current(), pipeline, source, score_file.require(out), version, explain=explain)
