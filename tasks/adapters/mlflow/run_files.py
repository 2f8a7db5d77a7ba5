"""The files of an MLflow run: pipeline file, snapshot, score, slices, and the plots of a judged probe.

Add a file here when who looks at a run in MLflow should find it there; the model itself belongs to `packaging`.
"""

import csv
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tasks.adapters.mlflow.training_run import TrainingRun
from tasks.problems import kinds
from tasks.problems.base import Problem

PIPELINE, SNAPSHOT, SCORE, SLICES, PLOTS = "pipeline.yaml", "snapshot.json", "score.json", "slices.csv", "plots"
"""Names of the files, and of the folder of plots."""
LATER = "pipeline-now.yaml"
"""Name of a pipeline file that says something else than it did when the model was fitted."""


def write(training: TrainingRun, folder: Path) -> None:
    """Make a folder and write all files of one run into it."""
    folder.mkdir()
    (folder / (LATER if training.settings_changed else PIPELINE)).write_text(training.pipeline_yaml, encoding="utf-8")
    problem = kinds.of(training.score)
    snapshot = _without_idle(asdict(training.model.snapshot), problem)
    (folder / SNAPSHOT).write_text(json.dumps(snapshot, default=str, indent=1))
    if training.refit_of is None:  # a refit was judged on nothing yet
        _write_score(training, folder, problem)
    if training.judged is not None:
        (folder / PLOTS).mkdir()
        judged = training.judged
        problem.draw(folder / "plots", judged.outcomes, judged.answers, training.score, judged.importance)


def _write_score(training: "TrainingRun", folder: Path, problem: Problem) -> None:
    score = _in_own_words(asdict(training.score), problem)
    (folder / SCORE).write_text(json.dumps(score, default=str, indent=1))
    with (folder / SLICES).open("w", newline="", encoding="utf-8") as file:
        table, loss_name = csv.writer(file), training.score.loss.name
        average, _ = problem.judged_as(0, None)
        table.writerow(("column", "label", "rows", "clusters", average, loss_name, "low", "high", "sufficient"))
        for part in training.score.slices:
            loss = part.loss
            counts = (part.rows, part.clusters, problem.judged_as(part.positives, part.mean_actual)[1])
            table.writerow((part.column, part.label, *counts, loss.value, loss.low, loss.high, part.sufficient))


def _in_own_words(score: dict[str, Any], problem: Problem) -> dict[str, Any]:
    """A score whose slices call their loss by its name, without fields that say nothing of its kind."""
    parts = [{_named(name, part): value for name, value in part.items()} for part in score["slices"]]
    return _without_idle({**score, "slices": [_without_idle(part, problem) for part in parts]}, problem)


def _named(name: str, part: dict[str, Any]) -> str:
    return str(part[name]["name"]) if name == "loss" else name


def _without_idle(values: dict[str, Any], problem: Problem) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name not in problem.idle}
