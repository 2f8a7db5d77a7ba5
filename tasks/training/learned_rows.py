"""The rows of one selection as a model learns from them: inputs, outcomes, and how much each row counts.

Add here what a model gets of its rows. Which rows these are is decided in `windows` and `selection`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from configs.settings import PipelineSettings
from configs.training import BALANCED, TrainingSettings
from tasks.problems.outcomes import Outcomes
from tasks.training import identities, preparation
from tasks.training.estimators.base import MOST_CATEGORIES


@dataclass(frozen=True)
class Window:
    """What a model learns from."""

    prepared: pd.DataFrame
    outcomes: Outcomes
    given: NDArray[np.float64] | None = None
    """How much each row counts, where a column says it."""

    @cached_property
    def recipe(self) -> int:
        """How it becomes a model: levels beyond those that are told apart are not kept."""
        is_wide = preparation.most_levels(self.prepared) > MOST_CATEGORIES
        return identities.RARE_POOLED if is_wide else identities.RECIPE

    def weights(self, settings: TrainingSettings) -> NDArray[np.float64] | None:
        """How much each row counts, shape (rows,); None if all count the same."""
        if settings.weights != BALANCED:
            return self.given
        _, places, counts = np.unique(self.outcomes, return_inverse=True, return_counts=True)
        return np.asarray(len(self.outcomes) / (len(counts) * counts))[places]


def gathered(frames: Iterable[pd.DataFrame], settings: PipelineSettings) -> Window:
    """Selected rows of several batches, ready to be learned from."""
    prepared: list[pd.DataFrame] = []
    outcomes: list[NDArray[Any]] = []
    weights: list[NDArray[np.float64]] = []
    column = settings.training.weight_column
    for frame in frames:
        prepared.append(preparation.prepare(frame, settings.inputs, settings.validation.columns))
        outcomes.append(preparation.labels(frame, settings.training))
        weights += [frame[column].to_numpy(dtype=np.float64)] if column else []
    given = np.concatenate(weights) if weights else None
    return Window(pd.concat(prepared, ignore_index=True), np.concatenate(outcomes), given)
