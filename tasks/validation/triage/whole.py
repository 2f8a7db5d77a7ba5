"""Damage to all rows at once: is a batch whose rows keep the contract faulty as a whole, a bug and no changed world?

Add a kind of fault here when it can be told from drift with certainty: whoever is in doubt lets the batch in, and
`monitoring` measures how far the world has moved. What is usual is learned from stretches of the past that are shorter
than the batch, so that a day may be compared with weeks, and a week with months.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from configs.settings import PipelineSettings
from configs.training import TrainingSettings
from configs.validation import TriageSettings
from tasks.domain import wording
from tasks.domain.records import Suspect
from tasks.ingestion import columns
from tasks.problems import kinds, outcomes
from tasks.validation.triage import units

_STRETCHES = 2
"""Stretches of the past for as many rows as the batch has, or as long a time."""
_MOST_STRETCHES = 200
_ENOUGH = 4
"""Stretches that show how far a column swings by itself; with fewer only what needs no swing is judged."""
_EXPECTED = 30
"""Rows that should be there before it counts that there are none."""
_COMMON = 0.8
"""A value that more rows than this had for a while may well be the only one for a while."""
_SWING = 3
"""How many times as far as the stretches of the past lie apart the level of a column must have moved."""
_USUAL = 2
"""Times the usual share of values never seen before that is not remarkable."""
_NAMED = 3


class FaultKind(StrEnum):
    """What is wrong with a batch."""

    MISSING = "missing"
    CONSTANT = "constant"
    UNIT = "unit"
    UNSEEN = "unseen"
    ONE_CLASS = "one_class"


def examine(now: pd.DataFrame, before: Sequence[pd.DataFrame], settings: PipelineSettings) -> tuple[Suspect, ...]:
    """Look for faults of a batch as a whole: at most one in each feature, and one in the label.

    Args:
        now: The rows that keep the contract.
        before: Rows of accepted batches next to it in time.
        settings: Features, label, event time and limits.

    Returns:
        The faults in the order of the features; empty where there are too few rows on either side to be certain.
    """
    limits, rows = settings.validation.triage, sum(map(len, before))
    if not limits.enabled or min(len(now), rows) < limits.min_rows:
        return ()
    event, label = settings.ingestion.times.event, settings.training.label
    stretches = _number(now[event], [frame[event] for frame in before])
    order = np.argsort(np.concatenate([frame[event].to_numpy(dtype="datetime64[us]") for frame in before]))
    faults: list[Suspect | None] = []
    dropped = [name for name in settings.droppable if now[name].isna().all()]
    for name in (*(name for name in settings.compared if name not in dropped), label):
        parts = [frame[name] for frame in before if name in frame.columns]
        if len(parts) == len(before):
            past = _Past(pd.concat(parts, ignore_index=True), order, stretches)
            judged = _label(now[name], past, settings) if name == label else _feature(now[name], past, limits)
            faults.append(judged)
    return tuple(fault for fault in faults if fault is not None)


@dataclass(frozen=True)
class _Past:
    """What a column was like."""

    values: "pd.Series[Any]"
    order: NDArray[np.int64]
    """Positions of the rows in the order in which they happened."""
    number: int

    @property
    def is_long(self) -> bool:
        """Whether it shows how far the column swings."""
        return self.number >= _ENOUGH

    @cached_property
    def stretches(self) -> "list[pd.Series[Any]]":
        """The same rows in parts, one after the other in time; only a column under suspicion needs them."""
        return [self.values.iloc[part] for part in np.array_split(self.order, self.number)]


def _feature(now: "pd.Series[Any]", past: _Past, limits: TriageSettings) -> Suspect | None:
    """The first fault that is found: what is missing or constant cannot be looked at further."""
    fault = _missing(now, past, limits) or _constant(now, past, limits)
    if fault is not None:
        return fault
    if pd.api.types.is_bool_dtype(now.dtype):
        return None
    return (_unit if pd.api.types.is_numeric_dtype(now.dtype) else _unseen)(now, past, limits)


# ── the kinds of fault ────────────────────────────────────────────────────────────────────────────────────────────
def _missing(now: "pd.Series[Any]", past: _Past, limits: TriageSettings) -> Suspect | None:
    """A silent column, or one that is missing far more often than in any stretch of the past."""
    share, was = float(now.isna().mean()), float(past.values.isna().mean())
    silent = share == 1 > was
    if not (silent or share - was >= limits.missing_rise):
        return None
    usual = [float(part.isna().mean()) for part in past.stretches]
    rise, swing = share - max(usual), max(usual) - min(usual)
    if rise < swing or not (silent or past.is_long):
        return None
    if rise * len(now) < _EXPECTED if silent else rise < limits.missing_rise:
        return None
    if silent:
        return _fault(now, FaultKind.MISSING, f"missing in every row (was {wording.share(was)}): no longer sent?")
    return _fault(now, FaultKind.MISSING, f"missing in {wording.share(share)} of rows (was {wording.share(was)})")


def _constant(now: "pd.Series[Any]", past: _Past, limits: TriageSettings) -> Suspect | None:
    """One value in all rows, where in no stretch of the past nearly all rows had the same."""
    values = now.dropna()
    if not past.is_long or len(values) < limits.min_rows or not _is_one(values):
        return None
    usual = max(float(part.value_counts(sort=False, normalize=True).max()) for part in past.stretches)
    if not usual <= _COMMON:
        return None
    had = wording.count(past.values.nunique())
    text = f"every value is {columns.example(values.iloc[0])} (there were {had} different ones): stuck?"
    return _fault(now, FaultKind.CONSTANT, text)


def _unit(now: "pd.Series[Any]", past: _Past, limits: TriageSettings) -> Suspect | None:
    """All values multiplied by a constant, far beyond what their level moves by itself."""
    was, is_now, least = _numbers(past.values), _numbers(now), math.log(limits.scale)
    moved = abs(units.level(is_now) - units.level(was))
    if not past.is_long or len(is_now) < limits.min_rows or not moved >= least:
        return None
    levels = [units.level(_numbers(part)) for part in past.stretches]
    if moved < least + _SWING * (np.nanmax(levels) - np.nanmin(levels)) or not (factor := units.factor(was, is_now)):
        return None
    middles = f"median {_figure(float(np.median(was)))}, now {_figure(float(np.median(is_now)))}"
    text = f"every value is about {_figure(factor)} times what it was ({middles}): a change of unit?"
    return _fault(now, FaultKind.UNIT, text)


def _unseen(now: "pd.Series[Any]", past: _Past, limits: TriageSettings) -> Suspect | None:
    """Values never seen before in many rows, and in far more than a stretch of the past had that no other one had."""
    counts, before = now.value_counts(), past.values.value_counts()
    new = counts[~counts.index.isin(before.index)]
    share = float(new.sum() / max(1, counts.sum()))
    if share < limits.unseen_share:
        return None
    own = [part.value_counts() for part in past.stretches]
    usual = max(float(part[part == before.reindex(part.index)].sum() / max(1, part.sum())) for part in own)
    if share < limits.unseen_share + _USUAL * usual:
        return None
    names = ", ".join(columns.example(level) for level in new.index[:_NAMED])
    more = f" and {wording.count(len(new) - _NAMED)} more" if len(new) > _NAMED else ""
    text = f"{wording.share(share)} of rows have values never seen before ({names}{more}): renamed?"
    return _fault(now, FaultKind.UNSEEN, text)


def _label(now: "pd.Series[Any]", past: _Past, settings: PipelineSettings) -> Suspect | None:
    """A number that stands still or came in another unit, or labels that are all alike."""
    training, limits = settings.training, settings.validation.triage
    faults = {
        "one_class": lambda: _one_class(now, past, training),
        "constant": lambda: _constant(now, past, limits),
        "unit": lambda: _unit(now, past, limits),
    }
    judged = (faults[name]() for name in kinds.named(training.kind).label_faults)
    return next((fault for fault in judged if fault is not None), None)


def _one_class(now: "pd.Series[Any]", past: _Past, training: TrainingSettings) -> Suspect | None:
    """All labels alike, where every stretch of the past had both."""
    answers, was = _outcomes(now, training), _outcomes(past.values, training)
    if not len(answers) or not len(was) or not _is_one(answers):
        return None
    value = float(answers.iloc[0])
    other = float((was != value).mean())
    if other * len(answers) < _EXPECTED or any(_is_one(_outcomes(part, training)) for part in past.stretches):
        return None
    label, opposite = outcomes.named_apart(value, training)
    text = f"all {wording.count(len(answers))} labels are {label} ({wording.share(other)} were {opposite})"
    return _fault(now, FaultKind.ONE_CLASS, text)


# ── numbers and words ─────────────────────────────────────────────────────────────────────────────────────────────
def _number(now: "pd.Series[Any]", before: "Sequence[pd.Series[Any]]") -> int:
    """How many stretches the past has: each with half as many rows as the batch, and half as long, at most."""
    times = [part for part in before if len(part)]
    span = sum(((part.max() - part.min()).total_seconds() for part in times), 0.0)
    longer = float(span / max(1.0, (now.max() - now.min()).total_seconds()))
    ratio = max(sum(map(len, times)) / len(now), longer)
    return min(_MOST_STRETCHES, max(2, round(_STRETCHES * ratio)))


def _fault(column: "pd.Series[Any]", kind: FaultKind, text: str) -> Suspect:
    return Suspect(str(column.name), kind, f"{column.name}: {text}")


def _outcomes(labels: "pd.Series[Any]", training: TrainingSettings) -> "pd.Series[Any]":
    """Those that are known."""
    return pd.Series(kinds.named(training.kind).outcomes(labels, training)).dropna()


def _is_one(values: "pd.Series[Any]") -> bool:
    """Whether there is at most one value."""
    return not len(values) or bool((values == values.iloc[0]).all())


def _numbers(values: "pd.Series[Any]") -> NDArray[np.float64]:
    numbers: NDArray[np.float64] = values.to_numpy(dtype=np.float64, na_value=np.nan)
    return numbers[~np.isnan(numbers)]


def _figure(value: float) -> str:
    """Three figures behind the point are dust, whole numbers are told wholly."""
    return wording.number(round(value) if abs(value) >= 1000 else float(f"{value:.3g}"))
