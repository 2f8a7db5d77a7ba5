"""Labelled rows, ready to be judged on; those of several batches as if they had come at once.

Add here what all that is judged has in common. Which rows these are is decided in the steps.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from configs.settings import PipelineSettings
from tasks.domain.pools import Size
from tasks.problems import kinds
from tasks.problems.base import Problem
from tasks.problems.outcomes import Outcomes


@dataclass(frozen=True)
class Judged:
    """The labelled rows of a batch on which models are compared; all arrays have one entry per row."""

    problem: Problem
    prepared: pd.DataFrame
    outcomes: Outcomes
    clusters: NDArray[Any]
    slices: dict[str, NDArray[Any]]
    classes: tuple[str, ...] = ()
    """Names of those that the settings list."""
    amounts: dict[str, NDArray[np.float64]] = field(default_factory=dict)
    """Of each column that metrics are multiplied with, what it has."""

    @property
    def size(self) -> Size:
        """How many rows, how many of them with each answer, and in how many clusters they are."""
        answers = self.problem.judgeable(self.problem.tally(self.outcomes, self.classes))
        return Size(len(self.outcomes), answers, len(pd.unique(self.clusters)))


@dataclass(frozen=True, eq=False)
class Sample:
    """Some of the judged rows, with all that was delivered."""

    frame: pd.DataFrame
    places: NDArray[np.intp]
    """Of the rows, among all that are judged."""


@dataclass(frozen=True, eq=False)
class Answered:
    """What a model said about judged rows, for a process that then need not ask it."""

    key: tuple[object, ...]
    answers: NDArray[np.float64]


def together(found: Sequence[Judged], settings: PipelineSettings) -> Judged:
    """The rows of several batches as if they had come at once."""
    if len(found) == 1:
        return found[0]
    return Judged(
        problem=kinds.named(settings.training.kind),
        prepared=pd.concat([one.prepared for one in found], ignore_index=True),
        outcomes=np.concatenate([one.outcomes for one in found]),
        clusters=clusters_together([one.clusters for one in found], settings),
        slices={name: np.concatenate([one.slices[name] for one in found]) for name in found[0].slices},
        classes=settings.training.class_names,
        amounts={name: np.concatenate([one.amounts[name] for one in found]) for name in found[0].amounts},
    )


def clusters_together(found: Sequence[NDArray[Any]], settings: PipelineSettings) -> NDArray[Any]:
    """The clusters of rows of several batches, shape (rows,)."""
    names: NDArray[Any] = np.concatenate(found)
    if settings.evaluation.cluster.independent:
        return np.arange(len(names)).astype(str).astype(object)  # each row by itself, whatever its batch
    return names
