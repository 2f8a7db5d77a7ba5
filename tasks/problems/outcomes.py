"""Outcomes: what the label of a row says, as a number: 1 or 0 for yes and no, else the value itself.

How labels are read is a matter of the kind of problem, so that training, judging and counting mean the same. Add here
what is said of single values of a label.
"""

from collections.abc import Collection
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from configs.training import TrainingSettings

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

Outcomes = NDArray[np.bool_] | NDArray[np.float64]
"""What rows turned out to be: yes or no, or numbers."""


def positives(settings: TrainingSettings) -> tuple[str | int | bool, ...]:
    """The values of the label that count as positive."""
    return settings.positives or (True,)


def named(outcome: bool, settings: TrainingSettings) -> str:
    """A yes or a no in the words of the data: `true`, `false`; `UP`, `not UP`."""
    first = positives(settings)[0]
    if isinstance(first, bool):
        return str(first is outcome).lower()
    words = " or ".join(map(str, positives(settings)))
    return words if outcome else f"not {words}"


def named_apart(outcome: float, settings: TrainingSettings) -> tuple[str, str]:
    """An outcome in the words of the data, and all others."""
    if settings.classes:
        return settings.class_names[int(outcome)], "others"
    return named(bool(outcome), settings), named(not outcome, settings)


def classes(settings: TrainingSettings, outcome: str, values: Collection[str]) -> tuple[str, ...]:
    """What the classes are called: those that the settings list, or of a yes or no, no first, by the values of the
    label, or by what a yes means.

    Args:
        settings: Label, and which of its values count as a yes.
        outcome: What a yes means, in words.
        values: The values of the label that are known, as text.
    """
    if settings.classes:
        return settings.class_names
    if isinstance(positives(settings)[0], bool):
        return f"not {outcome}", outcome
    others = sorted({*values} - {str(value) for value in positives(settings)})
    return (others[0] if len(others) == 1 else named(False, settings)), named(True, settings)


def classes_known(pipeline: "Pipeline") -> int | None:
    """How many classes a Pipeline knows; None if it is not fitted, which some libraries say by None or by nothing."""
    there = getattr(pipeline, "classes_", None)
    return None if there is None else len(there) or None
