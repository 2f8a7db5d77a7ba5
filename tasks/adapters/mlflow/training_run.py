"""What MLflow is told about one training: plain values, so that another process can write them.

Add a field here when a run in MLflow shows something more. How it is shown belongs to `run_facts` and `run_files`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from configs.section import ColumnType
from tasks.domain.records import Batch, Model, Score
from tasks.problems.outcomes import Outcomes


@dataclass(frozen=True)
class Judged:
    """What the plots of the judged probe are drawn from; leave it out for the other candidates."""

    outcomes: Outcomes
    answers: NDArray[np.float32]
    importance: tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class TrainingRun:
    """One training and its judgement: plain values and paths, so that another process can write it to MLflow."""

    pipeline: str
    title: str
    """The question that the pipeline answers."""
    turn: int
    batch: Batch
    """What the model was judged on."""
    model: Model
    score: Score
    label: str
    features: tuple[tuple[str, ColumnType, bool], ...]
    """Name, type and whether a missing value is allowed, in the order of the model's input."""
    triggers: tuple[str, ...]
    """Why there was a turn, one sentence each."""
    pipeline_yaml: str
    """The pipeline file as it is now."""
    bundle: Callable[[], bytes]
    """Reads the skops file; asked only where MLflow does not have it yet."""
    trusted_types: tuple[str, ...]
    """Types beyond skops' own that the bundle holds."""
    started: datetime
    finished: datetime
    feature_steps: tuple[str, ...] = ()
    """What each is called, with the source of a user's own."""
    settings_changed: bool = False
    """Whether the pipeline file says something else than it did when the model was fitted."""
    probe: bool = False
    """Whether it was chosen beforehand to be judged against the champion."""
    verdict: str | None = None
    reasons: tuple[str, ...] = ()
    version: int | None = None
    """Registered version, if it has one."""
    refit_of: int | None = None
    """The version for which it stands, if it is a refit: then that one was judged, and its own score has no rows."""
    figures: tuple[tuple[str, float], ...] = ()
    """Further metrics, such as evidence and gain."""
    notes: tuple[str, ...] = ()
    """What a reader of the fit should know, in sentences."""
    weak: tuple[str, ...] = ()
    """Parts of the rows on which it loses more than the live model, in words."""
    live_weak: tuple[str, ...] = ()
    """Parts of the rows on which the live model of its turn loses too much, in words."""
    judged: Judged | None = None
