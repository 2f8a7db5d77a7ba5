"""The flow `score`: the live model answers every row of a file. A form in Prefect's UI as well.

The command line calls the same step: `flows.console.score`.
"""

from prefect import flow

from tasks.domain.runs import Scored
from tasks.reporting import tasks as reporting
from tasks.scoring import tasks as scoring


@flow(name="score", flow_run_name="{pipeline} · score")
@reporting.in_words
def score(
    source: str, pipeline: str = "flights", out: str = "", version: int | None = None, explain: bool = False
) -> Scored:
    """Answer every row of a file: parquet, CSV or JSON lines, of any size.

    A row that breaks the contract has a reason in the place of an answer. All rows are answered by one version.

    Args:
        source: The file: a path on the machine of the worker, or an address that begins with https://.
        pipeline: Name of a file in configs/pipelines/, without .yaml.
        out: Where the answers go, a path that ends with .parquet, .csv, .json or .jsonl; else into the home.
        version: The version that answers; else the one that is live.
        explain: Whether it is told which inputs add most to each answer, a good deal slower.
    """
    return reporting.end_scoring(scoring.score_rows(pipeline, source, out, version, explain))
