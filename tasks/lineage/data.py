"""The door for notebooks: `from tasks.lineage import data`, then `data.of("flights", "v7")`.

It works on the home that the environment names, or in which this process is at work, and changes nothing there. Add
here what somebody asks for who types Python; how it is done stands in the steps.
"""

from typing import TYPE_CHECKING

from tasks.adapters import home
from tasks.lineage.steps import as_learned, querying, relations

if TYPE_CHECKING:
    from datetime import datetime

    import pandas as pd
    import pyarrow as pa
    from sklearn.pipeline import Pipeline


def of(pipeline: str, name: str) -> "pa.Table":
    """The rows that a version (`v7`) or snapshot learned from, or the accepted rows of a batch (`2013-03`).

    Raises:
        UnknownPipeline: There is no such pipeline.
        MistakeOfUser: The name stands for nothing, or for a batch without accepted rows.
        Damaged: Rows are gone, or are not as they were written.
    """
    hands = home.current()
    hands.settings(pipeline)
    return relations.data(hands, pipeline, name)


def learned(pipeline: str, version: str) -> "tuple[pd.DataFrame, pd.Series]":
    """What a version learned from, as its model got it: the inputs, ready to be fitted on, and the labels.

    Raises:
        UnknownPipeline: There is no such pipeline.
        MistakeOfUser: There is no such version.
        Damaged: Rows are gone, or are not as they were written.
    """
    hands = home.current()
    hands.settings(pipeline)
    return as_learned.rows(hands, pipeline, version)


def model(pipeline: str, version: str) -> "Pipeline":
    """The fitted scikit-learn Pipeline of a version; it takes inputs as `learned` gives them.

    Raises:
        UnknownPipeline: There is no such pipeline.
        MistakeOfUser: There is no such version.
        BundleRefused: Its digest, its types or its golden answers are not those of its gate.
    """
    hands = home.current()
    hands.settings(pipeline)
    return as_learned.model(hands, pipeline, version)


def predictions(pipeline: str, since: "datetime | None" = None, until: "datetime | None" = None) -> "pa.Table":
    """What was answered, from the prediction log: one row for each row that was asked about.

    Args:
        pipeline: Whose answers.
        since: Those that were given then or later; None: all.
        until: Those that were given before.

    Raises:
        UnknownPipeline: There is no such pipeline.
        Damaged: Rows of the log are gone, or are not as they were written.
    """
    from tasks.scoring.steps import answers_at_rest

    hands = home.current()
    hands.settings(pipeline)
    return answers_at_rest.table(hands, pipeline, since, until)


def ask(pipeline: str, query: str, *, seconds: float = querying.SECONDS) -> "pa.Table":
    """What `flows.run sql` answers, whole, as an Arrow table: `.to_pandas()`, or `duckdb.from_arrow` for a relation.

    Raises:
        UnknownPipeline: There is no such pipeline.
        MistakeOfUser: It is no query, does more than read, cannot be answered, or takes too long.
        Damaged: Rows that it names are gone, or are not as they were written.
    """
    import pyarrow as pa

    hands = home.current()
    hands.settings(pipeline)
    with querying.ask(hands, pipeline, query, seconds=seconds) as answer:
        return pa.Table.from_batches(answer.batches, answer.schema)
