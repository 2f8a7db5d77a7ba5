"""What an MLflow run says about a training: tags, parameters, metrics and data sets, as MLflow wants to have them.

Add here what is told in words and numbers; files belong to `run_files`, when and where it is written to `tracking`.
"""

import json
import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tasks.adapters.mlflow import metric_names, packaging, run_files
from tasks.adapters.mlflow.training_run import TrainingRun
from tasks.domain.records import Metric
from tasks.problems import kinds

if TYPE_CHECKING:
    from mlflow.entities import DatasetInput


MODEL_TAG, SETTINGS_CHANGED = "incumbent.model", "incumbent.settings_changed"
DIGEST_LENGTH = 36
_TAG_LENGTH, _PARAM_LENGTH = 5000, 6000


def tags(training: TrainingRun) -> dict[str, str]:
    """Identities, triggers and the verdict."""
    model = training.model
    commit, _, changes = model.code_version.partition("+")
    told = {
        MODEL_TAG: model.id,
        "incumbent.pipeline": training.pipeline,
        "incumbent.turn": str(training.turn),
        "incumbent.batch": training.batch.name,
        "incumbent.snapshot": model.snapshot.id,
        "incumbent.settings": model.settings_hash,
        SETTINGS_CHANGED: str(training.settings_changed).lower(),
        "incumbent.lock": model.lock_hash,
        "incumbent.code": model.code_version,
        "incumbent.code_clean": "unknown" if commit == "unknown" else str(not changes).lower(),
        "incumbent.bundle": model.bundle,
        "incumbent.golden": model.golden,
        "incumbent.probe": str(training.probe).lower(),
        "incumbent.triggers": "; ".join(training.triggers),
        "incumbent.verdict": training.verdict or "",
        "incumbent.reasons": "; ".join(training.reasons),
        "incumbent.notes": " ".join(training.notes),
        "incumbent.weak_spots": "; ".join(training.weak),
        "incumbent.weak_spots_of_live": "; ".join(training.live_weak),
        "incumbent.version": "" if training.version is None else str(training.version),
        "incumbent.refit_of": "" if training.refit_of is None else str(training.refit_of),
        "mlflow.source.name": "python -m flows.run",
        "mlflow.source.type": "LOCAL",
        "mlflow.source.git.commit": "" if commit == "unknown" else commit,
        "mlflow.note.content": _note(training),
    }
    return {name: value[:_TAG_LENGTH] for name, value in told.items() if value}


def params(training: TrainingRun) -> list[tuple[str, str]]:
    """Parameters of the model, and what it learned from."""
    snapshot = training.model.snapshot
    own = [
        ("family", training.model.family),
        ("seed", str(training.model.seed)),
        ("label", training.label),
        ("features", str(len(training.features))),
        ("feature_steps", "; ".join(training.feature_steps)[:_PARAM_LENGTH]),
        ("train_from", "" if snapshot.first_event is None else snapshot.first_event.isoformat()),
        ("train_before", snapshot.cutoff.isoformat()),
    ]
    return [*training.model.parameters, *((name, value) for name, value in own if value)]


def metrics(training: TrainingRun) -> Iterator[tuple[str, float]]:
    """Name and value of every finite metric: overall and per slice, each with the ends of its interval."""
    for metric in training.score.metrics:
        yield from _with_interval(metric.name, metric)
    for part in training.score.slices:
        if part.sufficient:
            named = f"slice/{metric_names.part(part.column)}/{metric_names.part(part.label)}/{part.loss.name}"
            yield from _with_interval(named, part.loss)
    problem = kinds.of(training.score)
    judged = {
        "rows": training.score.rows,
        problem.average_name: problem.actual(training.score) or 0.0,
        problem.expected_name: training.score.mean_predicted,
    }
    own = {
        **(judged if training.refit_of is None else {}),
        "training_rows": training.model.snapshot.rows,
        "fit_seconds": training.model.fit_seconds,
        "bundle_bytes": training.model.bundle_bytes,
    }
    if training.model.trained_loss is not None:
        own[f"training_{problem.metric}"] = training.model.trained_loss
    for name, value in (*own.items(), *training.figures):
        if math.isfinite(value):
            yield metric_names.part(name), float(value)


def datasets(training: TrainingRun) -> list["DatasetInput"]:
    """What it learned from and what it was judged on; described, not profiled, so this costs nothing."""
    from mlflow.entities import Dataset, DatasetInput, InputTag

    snapshot, batch = training.model.snapshot, training.batch
    schema = json.dumps({"mlflow_colspec": packaging.column_specs(training.features)})
    problem, score = kinds.of(training.score), training.score
    learned = {
        "rows": snapshot.rows,
        **dict([problem.labelled_as(snapshot.positives, snapshot.label_mean)]),
        "excluded_unlabelled": snapshot.excluded_unlabelled,
        "excluded_unknown": snapshot.excluded_unknown,
        "batches": len(snapshot.batches),
    }
    average = dict([problem.judged_as(score.positives, score.mean_actual)])
    judged = {"rows": score.rows, **average, "unlabelled": batch.unlabelled}
    described = (
        ("training", f"{training.pipeline} before {snapshot.cutoff:%Y-%m-%d}", snapshot.id, learned),
        ("evaluation", f"{training.pipeline} {batch.name}", batch.id, judged),
    )
    return [
        DatasetInput(
            Dataset(
                name=name,
                digest=identity[:DIGEST_LENGTH],
                source_type="code",
                source=json.dumps({"tags": {f"incumbent.{context}": identity}}),
                schema=schema,
                profile=json.dumps(profile),
            ),
            tags=[InputTag("mlflow.data.context", context)],
        )
        for context, name, identity, profile in (described if training.refit_of is None else described[:1])
    ]


def _note(training: TrainingRun) -> str:
    said = [f"**{training.verdict}**"] if training.verdict else []
    said += [f"- {reason}" for reason in training.reasons]
    said += ["", "Why it was trained:", *(f"- {reason}" for reason in training.triggers)] if training.triggers else []
    if training.settings_changed:
        said += ["", f"The settings were changed after the fit: `{run_files.LATER}` is not what it was fitted with."]
    return "\n".join(said)


def _with_interval(name: str, metric: Metric) -> Iterator[tuple[str, float]]:
    for suffix, value in (("", metric.value), ("_low", metric.low), ("_high", metric.high)):
        if value is not None and math.isfinite(value):
            yield name + suffix, value
