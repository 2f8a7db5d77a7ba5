"""Preparation: accepted rows as what a model takes in, and their labels as what it learns; the same at fit and check.

Add here how a kind of column is held for a model. What a family makes of its input belongs to `families`.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from configs.errors import IncumbentError
from configs.training import TrainingSettings
from configs.validation import ColumnRule
from tasks.domain.records import Snapshot
from tasks.ingestion import columns as columns_of_rows
from tasks.problems import kinds
from tasks.problems.outcomes import Outcomes


def labels(frame: pd.DataFrame, settings: TrainingSettings) -> Outcomes:
    """What labelled rows turned out to be, shape (rows,): booleans, or numbers; raises if one is missing."""
    problem = kinds.named(settings.kind)
    told = problem.outcomes(frame[settings.label], settings)
    if np.isnan(told).any():
        raise IncumbentError(
            f"A row without a label reached the training. Select labelled rows of '{settings.label}' first."
        )
    return problem.learned(told)


def prepare(frame: pd.DataFrame, features: Sequence[str], columns: Mapping[str, ColumnRule]) -> pd.DataFrame:
    """The model's input in the order of `features`: categories as text objects, all else as float64 (of a time the
    microseconds since 1970, in UTC); missing is NaN.

    Used at fit, scoring and serving alike, so that a column which arrives as integers today and as floats tomorrow
    (a missing value came in) is the same to the model. The index is that of `frame`.
    """
    prepared = {name: _prepared(frame[name], columns[name]) for name in features}
    return pd.DataFrame(prepared, index=frame.index, copy=False)


def complete(frame: pd.DataFrame, columns: Mapping[str, ColumnRule]) -> pd.DataFrame:
    """Rows with every column of the contract; one that it did not have yet when they came is missing throughout.

    A time that was not in the contract when they came was kept as it is, in its own zone.
    """
    absent = {
        name: columns_of_rows.nothing(frame, rule.type) for name, rule in columns.items() if name not in frame.columns
    }
    later = {
        name: column.astype(columns_of_rows.HELD["timestamp"])
        for name, column in frame.items()
        if isinstance(column.dtype, pd.ArrowDtype) and name in columns and columns[str(name)].type == "timestamp"
    }
    return frame.assign(**absent, **later) if absent or later else frame


def of_listed_classes(frame: pd.DataFrame, settings: TrainingSettings) -> pd.DataFrame:
    """Rows in which a class that the settings do not list any more counts as no label."""
    if not settings.classes or settings.label not in frame:
        return frame
    gone = frame[settings.label].notna() & ~frame[settings.label].isin(settings.classes)
    return frame.assign(**{settings.label: frame[settings.label].mask(gone)}) if gone.any() else frame


def aligned(answers: NDArray[np.float64], snapshot: Snapshot, settings: TrainingSettings) -> NDArray[np.float64]:
    """Answers of a model that learned from a snapshot, in the order of the classes that are listed now."""
    then = [name for name, _ in snapshot.classes]
    return kinds.named(settings.kind).aligned(answers, then, settings.class_names)


def most_levels(prepared: pd.DataFrame) -> int:
    """How many different values the category of prepared rows has that has most."""
    return max((prepared[name].nunique() for name in _categories(prepared)), default=0)


def frequent_levels(prepared: pd.DataFrame, most: int) -> dict[str, list[Any]]:
    """The values of each category in alphabetical order, of one that has more than `most` the most frequent of them.

    One of them is left for all others. NaN is the last one where something is missing.
    """
    kept = {}
    for name in _categories(prepared):
        counts = prepared[name].value_counts()
        if len(counts) > most:
            counts = counts.sort_index().sort_values(ascending=False, kind="stable").head(most - 1)
        kept[name] = [*sorted(counts.index), *([math.nan] if prepared[name].hasnans else [])]
    return kept


def inputs(pipeline: Pipeline) -> tuple[str, ...]:
    """The columns that a fitted Pipeline was trained on, in order; the settings may have others by now."""
    return tuple(str(name) for name in pipeline.feature_names_in_)


def _categories(prepared: pd.DataFrame) -> list[str]:
    return [name for name in prepared.columns if prepared[name].dtype == object]


def _prepared(column: pd.Series, rule: ColumnRule) -> pd.Series:
    if rule.type == "category":
        # One text object per level, not per row: a tenth of the memory.
        codes, levels = pd.factorize(column)
        texts = np.append(np.asarray(levels, dtype=object), np.nan)
        return pd.Series(texts[codes], index=column.index, name=column.name, dtype=object)
    if rule.type == "timestamp":
        times = column.to_numpy(dtype="datetime64[us]")
        numbers = np.where(np.isnat(times), math.nan, times.astype(np.int64))
        return pd.Series(numbers, index=column.index, name=column.name)
    return pd.Series(column.to_numpy(dtype=np.float64, na_value=math.nan), index=column.index, name=column.name)
