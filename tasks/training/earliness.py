"""Early labels: are rows whose label is known soon like those whose label takes its time?

Loans that fail do so early: among those of which the end is known after a year, far more are bad than in the end. A
model that learns from what is known, or is judged on it, believes that. `training.mature_after` is the remedy; here is
what notices that it is needed.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tasks.domain import wording
from tasks.domain.records import EarlyLabels, Snapshot
from tasks.problems import kinds
from tasks.problems.base import Problem

Floats = NDArray[np.float64]


_LEAST_UNKNOWN = 0.05
"""Share of labels that are not known yet from which on it matters which of them are."""
_LEAST_ROWS, _EFFECT, _ERRORS = 50, 0.2, 4.0
"""Fewest rows on either side; smallest difference in standard deviations, and in standard errors."""


def matters(waited: int, known: int) -> bool:
    """Whether so many labels are not known yet that it matters which are."""
    return waited > 0 and waited >= _LEAST_UNKNOWN * (waited + known)


def find(delays: Floats, outcomes: NDArray[Any], waited: Floats) -> EarlyLabels | None:
    """The difference between labels that came early and those that came later; None if there is none to speak of.

    Early is what came within the time that half of the unknown ones have had so far.

    Args:
        delays: Of each known label, how many days it took.
        outcomes: What each of them says.
        waited: Of each label that is not known yet, how many days it has been waited for.
    """
    days = float(np.median(waited))
    values = outcomes.astype(np.float64)
    few, many = values[delays <= days], values[delays > days]
    if min(len(few), len(many)) < _LEAST_ROWS:
        return None
    gap, spread = abs(float(few.mean()) - float(many.mean())), float(values.std())
    error = spread * math.sqrt(1 / len(few) + 1 / len(many))
    if gap == 0 or gap < max(_EFFECT * spread, _ERRORS * error):
        return None
    return EarlyLabels(days, len(few), float(few.mean()), len(many), float(many.mean()), len(waited))


def note(found: EarlyLabels, problem: Problem) -> str:
    """The difference in a sentence, with what to do about it."""
    told = problem.early(wording.count(round(found.days)), found.share, found.later_share)
    return f"{told}; {wording.count(found.unknown)} are not known yet: set training.mature_after"


def of(snapshot: Snapshot | None) -> str | None:
    """The same of what is learned from; None if nothing is to be said."""
    early = snapshot.early if snapshot else None
    return note(early, kinds.of_labels(snapshot)) if snapshot and early else None
