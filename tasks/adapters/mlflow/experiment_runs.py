"""Experiments of a pipeline in MLflow: one run for each, and within it one run for each batch, under a tag.

They are in an MLflow experiment of their own, so that the runs of the live pipeline stay by themselves. A projection as
all of MLflow: written from what is kept in the home, and again if need be.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from tasks.adapters.mlflow import metric_names, tracking
from tasks.adapters.mlflow.tracking import TrackingStore

if TYPE_CHECKING:
    from mlflow import MlflowClient

TAG = "incumbent.experiment"
"""On the run of an experiment and on those of its batches: its name."""
TURN_TAG = "incumbent.turn"
_PARENT = "mlflow.parentRunId"
_PARAM_LENGTH = 6000


@dataclass(frozen=True)
class Described:
    """What a run says."""

    name: str
    tags: Mapping[str, str]
    params: Mapping[str, str]
    metrics: Mapping[str, float | None]
    step: int
    ended: datetime


def experiment_of(pipeline: str) -> str:
    """The name of the MLflow experiment; no pipeline can be called so."""
    return f"{pipeline} experiments"


def show(store: TrackingStore, pipeline: str, whole: Described, batches: Mapping[int, Described]) -> str:
    """Write the run of an experiment, and of its batches those that are not there yet; gives the id of the first.

    Args:
        store: Where MLflow keeps what it shows.
        pipeline: What is replayed.
        whole: The experiment; its tags have its name.
        batches: By turn.
    """
    client = tracking.open_client(store)
    number = _experiment(client, store, pipeline)
    own = client.search_runs([number], f"tags.`{TAG}` = '{whole.tags[TAG]}'", max_results=50_000)
    parent = next((run.info.run_id for run in own if _PARENT not in run.data.tags), None)
    if parent is None:
        parent = client.create_run(number, _milliseconds(whole.ended), dict(whole.tags), whole.name).info.run_id
    there = {run.data.tags.get(TURN_TAG) for run in own if run.info.status == "FINISHED"}
    for turn, batch in sorted(batches.items()):
        if str(turn) not in there:
            tags = {**batch.tags, TAG: whole.tags[TAG], TURN_TAG: str(turn), _PARENT: parent}
            run = client.create_run(number, _milliseconds(batch.ended), tags, batch.name).info.run_id
            _fill(client, run, batch)
    for tag, value in whole.tags.items():
        client.set_tag(parent, tag, value)
    _fill(client, parent, whole)
    return str(parent)


def _fill(client: "MlflowClient", run: str, described: Described) -> None:
    from mlflow.entities import Metric, Param

    at = _milliseconds(described.ended)
    points = [
        Metric(metric_names.part(name), value, at, described.step)
        for name, value in described.metrics.items()
        if value is not None and math.isfinite(value)
    ]
    params = [Param(name, value[:_PARAM_LENGTH]) for name, value in described.params.items() if value]
    client.log_batch(run, points, params)
    client.set_terminated(run, status="FINISHED", end_time=at)


def _experiment(client: "MlflowClient", store: TrackingStore, pipeline: str) -> str:
    name = experiment_of(pipeline)
    found = client.get_experiment_by_name(name)
    if found is None:
        place = f"{store.artifacts}/{name.replace(' ', '-')}"
        tags = {"mlflow.note.content": f"What {pipeline} had taken in, replayed under other settings."}
        return str(client.create_experiment(name, artifact_location=place, tags=tags))
    if found.lifecycle_stage == "deleted":
        client.restore_experiment(found.experiment_id)
    return str(found.experiment_id)


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
