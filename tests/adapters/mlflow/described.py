"""Training runs as the door describes them, to be logged in tests."""

import dataclasses
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from tasks.adapters.blobs.skops_files import ALLOWED
from tasks.adapters.mlflow.training_run import Judged, TrainingRun
from tasks.domain.records import Batch, BatchStatus, CalibrationBin, Metric, Model, Score, SliceScore, Snapshot

MOMENT = datetime(2024, 3, 1, 12, tzinfo=UTC)


def described(pipeline: str, bundle: Path, model: str = "m1", **changes: object) -> TrainingRun:
    """A training run as the door describes it."""
    loss = Metric("log_loss", 0.5, 0.45, 0.55, greater_is_better=False)
    slices = (
        SliceScore("city", "Oslo", 60, 9, 20, dataclasses.replace(loss, value=0.4), sufficient=True),
        SliceScore("city", "<b>../Rome</b>", 60, 9, 20, loss, sufficient=True),
        SliceScore("city", "other", 3, 1, 1, loss, sufficient=False),
    )
    auc = Metric("roc_auc", None, None, None, greater_is_better=True)
    snapshot = Snapshot("5" * 32, ("a" * 64, "b" * 64), None, MOMENT, 200, 90, 3, 4, MOMENT, MOMENT)
    known = {
        "pipeline": pipeline,
        "title": "Will it be sold?",
        "turn": 2,
        "batch": Batch("c" * 64, "2024-03", BatchStatus.ACCEPTED, 130, 126, 3, 1, 3, 40),
        "model": Model(
            id=model, family="hist_gradient_boosting", snapshot=snapshot, settings_hash="abc", seed=0,
            code_version="0123abc+changes", lock_hash="d" * 64, parameters=(("max_iter", "5"),), base_rate=0.45,
            bundle="e" * 64, bundle_bytes=1234, golden="f" * 64, fit_seconds=1.5,
        ),
        "score": Score(model, "c" * 64, 123, 40, 0.33, (loss, auc), slices, (CalibrationBin(123, 0.33, 0.32),)),
        "label": "sold",
        "features": (("city", "category", True), ("size", "number", False)),
        "triggers": ("new data: 2024-03",),
        "pipeline_yaml": "title: Will it be sold?\n",
        "bundle": bundle.read_bytes,
        "trusted_types": ALLOWED,
        "started": MOMENT,
        "finished": MOMENT.replace(hour=13),
    }  # fmt: skip
    return TrainingRun(**{**known, **changes})  # type: ignore[arg-type]


def judged(pipeline: str, bundle: Path) -> TrainingRun:
    """The same for a probe that was judged and promoted."""
    answers = np.linspace(0.1, 0.9, 123, dtype=np.float32)
    return described(
        pipeline,
        bundle,
        probe=True,
        verdict="promote",
        reasons=("evidence 1,516 ≥ 200", "gain 0.0418"),
        version=1,
        figures=(("evidence", 1516.0), ("gain", float("nan"))),
        notes=("The solver stopped early.",),
        judged=Judged(answers > 0.4, answers, (("size", 0.2), ("city", 0.1))),
    )
