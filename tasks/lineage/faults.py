"""Made-up faults: what `simulate` does to the rows of a delivery and to its times, so that the loop's answer is seen.

Add a fault here when the loop has an answer to it. Reading, writing and naming files belong to the adapter. pandas is
imported late: the command line names the faults before anything is loaded.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from configs.errors import MistakeOfUser
from tasks.ingestion import intake

if TYPE_CHECKING:
    import pandas as pd

    from configs.settings import PipelineSettings

FACTOR = 1.6
"""Kilometres that somebody sent as miles, roughly."""
SHARE = 0.9
"""Share of the rows that are drawn: two batches from one delivery are not the same."""
_GOES_WITH = 0.1
"""Where the ranks of label and feature go together so much already, they go against each other from now on."""
_NUMBERS = ("integer", "number")


class SimulatedFault(StrEnum):
    """What can be simulated."""

    UNIT = "unit"
    SILENT = "silent"
    RENAMED = "renamed"
    ONE_CLASS = "one_class"
    CONCEPT = "concept"


@dataclass(frozen=True)
class Simulated:
    """Rows as a faulty source would send them."""

    frame: "pd.DataFrame"
    changed: str
    """What was done, as a sentence without its stop: `Every value of distance is multiplied by 1.6`."""


ANSWERS: Mapping[SimulatedFault, str] = {
    SimulatedFault.UNIT: "the batch is held, and the reason names the column and the factor",
    SimulatedFault.SILENT: "the batch is held, and the reason names the column that is no longer sent",
    SimulatedFault.RENAMED: "the batch is held, and the reason names the column and the new value",
    SimulatedFault.ONE_CLASS: "the batch is held, and the reason says that all labels are alike",
    SimulatedFault.CONCEPT: (
        "the first batch is taken in, and the live model is one to watch or not well; a model that has learned from it "
        "takes over on the second or third, if the evidence suffices"
    ),
}
"""What the loop should answer."""


def find(name: str) -> SimulatedFault:
    """The fault of this name.

    Raises:
        MistakeOfUser: There is none; the text lists those that there are.
    """
    try:
        return SimulatedFault(name.replace("-", "_"))
    except ValueError as err:
        raise MistakeOfUser(
            f"Unknown fault {name!r}. Known: {', '.join(SimulatedFault)}. "
            "The fault comes first, then the pipeline, as in: simulate unit flights."
        ) from err


def batches(fault: SimulatedFault) -> int:
    """How many deliveries it takes to see the answer."""
    return 3 if fault is SimulatedFault.CONCEPT else 1


def apply(
    fault: SimulatedFault, frame: "pd.DataFrame", settings: "PipelineSettings", seed: int, column: str | None = None
) -> Simulated:
    """Make rows faulty: nine tenths of them, drawn anew for each seed, with one thing wrong.

    Args:
        fault: What is wrong.
        frame: Rows of a good delivery.
        settings: Its pipeline.
        seed: What decides about the rows that are drawn.
        column: The feature that is to be wrong; without it the first that suits the fault.

    Raises:
        MistakeOfUser: No feature suits the fault, or the one that was named does not.
    """
    drawn = frame.sample(frac=SHARE, random_state=seed).sort_index(ignore_index=True)
    return _FAULTS[fault](drawn, settings, column)


def move(frame: "pd.DataFrame", span: timedelta) -> "pd.DataFrame":
    """The rows with all their times later by the same span."""
    import pandas as pd

    times = [name for name in frame.columns if isinstance(frame[name].dtype, pd.DatetimeTZDtype)]
    return frame.assign(**{name: frame[name] + span for name in times})


def weeks_after(first: datetime, last: datetime) -> timedelta:
    """The fewest whole weeks after which what began at `first` begins after `last`; one at least."""
    return timedelta(weeks=max(1, (last - first) // timedelta(weeks=1) + 1))


def name_after(names: Sequence[str], first: datetime, fault: str) -> str:
    """A name that comes after all others in the order of deliveries: `2014-01-simulated-unit`.

    Args:
        names: The deliveries that there are.
        first: When the first of its rows happens.
        fault: What it ends with.
    """
    candidates = _names(intake.order(names), first, fault)
    return next(name for name in candidates if name not in names and intake.order([*names, name])[-1] == name)


def _names(names: Sequence[str], first: datetime, fault: str) -> Iterator[str]:
    """By day, or by month where the last one is; where that does not come last, behind the name of the last one."""
    last = names[-1] if names else ""
    by_month = not names or re.fullmatch(r"\d{4}-\d{2}(-simulated-.*)?", last, flags=re.ASCII)
    yield f"{first:{'%Y-%m' if by_month else '%Y-%m-%d'}}-simulated-{fault}"
    stem = last.partition("-simulated-")[0]
    for number in range(1, len(names) + 2):
        yield f"{stem}-simulated-{number}-{fault}"
    yield f"{last}-simulated-{fault}"


# ── the faults ────────────────────────────────────────────────────────────────────────────────────────────────────
def _unit(frame: "pd.DataFrame", settings: "PipelineSettings", column: str | None) -> Simulated:
    """A positive number in another unit; rather one that keeps its contract, which would find the fault by itself."""
    rules = settings.validation.columns
    positive = [name for name in _features(settings, _NUMBERS) if (frame[name].dropna() > 0).all()]
    unbounded = [name for name in positive if rules[name].max is None or frame[name].max() * FACTOR <= rules[name].max]
    name = _chosen(column, [*unbounded, *positive], "a positive number")
    values = frame[name] * FACTOR
    whole = values.round().astype(frame[name].dtype) if rules[name].type == "integer" else values
    return Simulated(frame.assign(**{name: whole}), f"Every value of {name} is multiplied by {FACTOR}")


def _silent(frame: "pd.DataFrame", settings: "PipelineSettings", column: str | None) -> Simulated:
    """A feature that is no longer sent; rather a number that may be missing, which the contract would let in."""
    rules, all_features = settings.validation.columns, settings.training.features
    nullable = [name for name in all_features if rules[name].nullable]
    numbers = [name for name in nullable if rules[name].type in _NUMBERS]
    name = _chosen(column, [*numbers, *nullable, *all_features], "a feature")
    return Simulated(frame.assign(**{name: frame[name].mask(frame[name].notna())}), f"{name} arrives without any value")


def _renamed(frame: "pd.DataFrame", settings: "PipelineSettings", column: str | None) -> Simulated:
    """The most frequent value but one under another name; rather of a category whose values are not listed."""
    categories = _features(settings, ("category",))
    free = [name for name in categories if settings.validation.columns[name].values is None]
    name = _chosen(column, [*free, *categories], "a category")
    levels = list(frame[name].value_counts().index)
    if not levels:
        raise MistakeOfUser(f"{name!r} has no value that could be renamed. Name another one with --column.")
    old = str(levels[min(1, len(levels) - 1)])
    new = f"{old}-renamed"
    return Simulated(
        frame.assign(**{name: frame[name].replace(old, new)}), f"In {name}, the value {old} is called {new}"
    )


def _one_class(frame: "pd.DataFrame", settings: "PipelineSettings", column: str | None) -> Simulated:
    """All labels that are known are the usual one."""
    name = settings.training.label
    labels = frame[name]
    present = labels.dropna()
    if present.empty:
        raise MistakeOfUser(f"{name!r}, the label, has no value that could be made one. Choose another fault.")
    usual = present.value_counts().index[0]
    shown = str(usual).lower() if str(usual) in ("True", "False") else str(usual)
    return Simulated(
        frame.assign(**{name: labels.mask(labels.notna(), usual)}), f"{name} is {shown} in every row that has it"
    )


def _concept(frame: "pd.DataFrame", settings: "PipelineSettings", column: str | None) -> Simulated:
    """The labels go by another feature from now on; they stay as frequent as they were, and the inputs as they are.

    The rows are put in order by the feature, half of it luck, and take the labels in the order of these.
    """
    import numpy as np

    label, rules = settings.training.label, settings.validation.columns
    labelled = frame[label].notna()
    labels, rows = frame.loc[labelled, label], frame[labelled]
    if labels.nunique() < 2:
        raise MistakeOfUser(f"{label!r}, the label, has not two values that could change places. Choose another fault.")
    several = [name for name in reversed(settings.training.features) if rows[name].nunique() > 1]
    numbers = [name for name in several if rules[name].type in _NUMBERS]
    name = _chosen(column, [*numbers, *(one for one in several if one not in numbers)], "a feature with two values")
    ranks, of_labels = _ranks(rows[name]), _ranks(labels)
    high = ranks.corr(of_labels) < _GOES_WITH
    luck = np.random.default_rng(len(rows)).permutation(len(rows)) / len(rows)
    places = np.argsort((ranks if high else -ranks).to_numpy() + luck, kind="stable")
    taken = labels.copy()
    taken.iloc[places] = labels.iloc[np.argsort(of_labels, kind="stable")].array
    changed = f"{label} is mostly high where {name} is {'high' if high else 'low'}"
    return Simulated(frame.assign(**{label: taken.reindex(frame.index)}), changed)


def _ranks(values: "pd.Series[Any]") -> "pd.Series[Any]":
    """Places from 0 to 1; a category is as high as it is frequent."""
    numbers = values if values.dtype.kind in "iufb" else values.map(values.value_counts())
    return numbers.astype("Float64").rank(pct=True).fillna(0.5).astype("float64")


def _features(settings: "PipelineSettings", types: Sequence[str]) -> list[str]:
    rules = settings.validation.columns
    return [name for name in settings.training.features if rules[name].type in types]


def _chosen(column: str | None, suitable: Sequence[str], wanted: str) -> str:
    """The column that was named, if it suits, else the first that does."""
    if column is None and suitable:
        return suitable[0]
    if column is not None and column in suitable:
        return column
    subject = "No feature is" if column is None else f"{column!r} is not a feature that is"
    raise MistakeOfUser(f"{subject} {wanted}. Suitable: {', '.join(dict.fromkeys(suitable)) or 'none'}.")


_FAULTS: Mapping[SimulatedFault, Callable[["pd.DataFrame", "PipelineSettings", str | None], Simulated]] = {
    SimulatedFault.UNIT: _unit,
    SimulatedFault.SILENT: _silent,
    SimulatedFault.RENAMED: _renamed,
    SimulatedFault.ONE_CLASS: _one_class,
    SimulatedFault.CONCEPT: _concept,
}
