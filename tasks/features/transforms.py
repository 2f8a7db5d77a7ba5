"""What feature steps compute, as the first step of a fitted Pipeline: prepared columns in, these and new ones out.

Add here the computation of a built-in step. It goes wherever a model goes, also where there is nothing of this project:
import numpy, pandas and scikit-learn only. Settings of a step stand in `kinds`, and what a step of a user may be in
`own_step`.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin

Column = NDArray[Any]
"""Values of one column: float64 with NaN for what is missing (a truth is 0 or 1, a time is microseconds since 1970), or
objects, text or NaN."""
_HOUR = 3_600_000_000.0
_FIRST, _LAST = -62_135_000_000_000_000.0, 253_402_000_000_000_000.0
"""The years 1 to 9999, in microseconds since 1970."""


class Transform(ABC):
    """One step: columns in, columns out."""

    learns = False
    """Whether it has to be fitted."""

    def fit(self, columns: Sequence[Column], outcomes: Column | None) -> list[Column]:
        """Learn from rows, and give what is made of these same rows."""
        return self.make(columns)

    @abstractmethod
    def make(self, columns: Sequence[Column]) -> list[Column]:
        """What is made of rows, one array for each output, shape (rows,)."""


class Features(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """The steps of a pipeline as the first step of a scikit-learn Pipeline: a frame in, a wider one out."""

    def __init__(self, passed: list[str], steps: list[tuple[list[str], list[str], Transform]]) -> None:
        """Args:
        passed: Columns that go through as they are.
        steps: For each which columns it takes, the names of those that it makes, and what computes them.
        """
        self.passed = passed
        self.steps = steps

    def fit(self, rows: pd.DataFrame, outcomes: Column | None = None) -> Self:
        """Learn what steps have to learn."""
        self.fit_transform(rows, outcomes)
        return self

    def fit_transform(self, rows: pd.DataFrame, outcomes: Column | None = None) -> pd.DataFrame:
        """Learn, and give the wider frame; a column without any value is constant in it, so that it can be binned."""
        self.feature_names_in_ = np.asarray(rows.columns, dtype=object)
        self.texts_ = [str(name) for name in rows.columns if rows[name].dtype == object]
        columns = self._computed(rows, outcomes, is_fit=True)
        empty = [name for name, values in columns.items() if values.dtype != object and np.isnan(values).all()]
        return self._frame({**columns, **{name: np.zeros(len(rows)) for name in empty}}, rows.index)

    def transform(self, rows: pd.DataFrame) -> pd.DataFrame:
        """The wider frame of other rows."""
        return self._frame(self._computed(rows, None), rows.index)

    def _computed(self, rows: pd.DataFrame, outcomes: Column | None, *, is_fit: bool = False) -> dict[str, Column]:
        columns = {str(name): rows[name].to_numpy() for name in rows.columns}
        for takes, gives, step in self.steps:
            given = [columns[name] for name in takes]
            columns |= zip(gives, step.fit(given, outcomes) if is_fit else step.make(given), strict=True)
        made = [name for _, gives, _ in self.steps for name in gives]
        return {name: columns[name] for name in (*self.passed, *made)}

    @staticmethod
    def _frame(columns: dict[str, Column], index: "pd.Index[Any]") -> pd.DataFrame:
        # pandas would look into text for what it is
        held = {
            name: pd.Series(values, index=index, dtype=object) if values.dtype == object else values
            for name, values in columns.items()
        }
        return pd.DataFrame(held, index=index, copy=False)


class DateParts(Transform):
    """Parts of times, as numbers."""

    def __init__(self, parts: list[str], timezone: str) -> None:
        """Args:
        parts: As pandas calls them, and `weekend`.
        timezone: In which they are read.
        """
        self.parts = parts
        self.timezone = timezone

    def make(self, columns: Sequence[Column]) -> list[Column]:
        """For each column each part, in this order."""
        return [_part(times, part, self.timezone) for times in columns for part in self.parts]


class Cycle(Transform):
    """Places on a circle."""

    def __init__(self, period: float, part: str, timezone: str) -> None:
        """Args:
        period: After how much it begins anew.
        part: Which part of a time, or "" for numbers.
        timezone: In which it is read.
        """
        self.period = period
        self.part = part
        self.timezone = timezone

    def make(self, columns: Sequence[Column]) -> list[Column]:
        """For each column its sine and its cosine."""
        numbers = [_part(one, self.part, self.timezone) if self.part else one for one in columns]
        angles = [one * (2 * np.pi / self.period) for one in numbers]
        return [of(angle) for angle in angles for of in (np.sin, np.cos)]


class OfTwo(Transform):
    """Ratio or difference of two columns."""

    def __init__(self, kind: str, hours: bool = False) -> None:
        """Args:
        kind: `ratio` or `difference`.
        hours: Whether the columns are times, and the difference is one in hours.
        """
        self.kind = kind
        self.hours = hours

    def make(self, columns: Sequence[Column]) -> list[Column]:
        """One number; missing where it would be infinite."""
        first, second = columns
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            made = first / second if self.kind == "ratio" else first - second
        made = made / _HOUR if self.hours else made
        return [np.where(np.isfinite(made), made, np.nan)]


class Texts(Transform):
    """The words of texts, each column by itself."""

    learns = True

    def __init__(self, method: str, size: int) -> None:
        """Args:
        method: `hashing` or `tfidf`.
        size: How many columns are made of one.
        """
        self.method = method
        self.size = size
        self.learned: list[Any] = []

    def fit(self, columns: Sequence[Column], outcomes: Column | None) -> list[Column]:
        """Learn the words."""
        self.learned = [self._vectorizer(_texts(column)) for column in columns]
        return self.make(columns)

    def make(self, columns: Sequence[Column]) -> list[Column]:
        """For each column so many numbers; a text without a word of those gives zeros."""
        counted = zip(columns, self.learned, strict=True)
        return [part for column, words in counted for part in self._counted(words, _texts(column))]

    def _counted(self, words: Any, texts: list[str]) -> list[Column]:
        wide = np.zeros((len(texts), self.size))
        if words is not None:
            counts = words.transform(texts).toarray()
            words.__dict__.pop("_stop_words_id", None)  # an address in memory: the same model would have other bytes
            wide[:, : counts.shape[1]] = counts
        return list(np.ascontiguousarray(wide.T))

    def _vectorizer(self, texts: list[str]) -> Any:
        from sklearn.feature_extraction.text import HashingVectorizer, TfidfVectorizer

        if self.method == "hashing":
            return HashingVectorizer(n_features=self.size)
        words = TfidfVectorizer(max_features=self.size)
        try:
            words.fit(texts)
        except ValueError:  # there is no word in them
            return None
        return words


class TargetMeans(Transform):
    """Mean labels of values, cross-fitted."""

    learns = True

    def __init__(self, folds: int) -> None:
        """Args:
        folds: Of the cross-fitting.
        """
        self.folds = folds
        self.learned: Any = None

    def fit(self, columns: Sequence[Column], outcomes: Column | None) -> list[Column]:
        """Learn the means; the rows get those of other folds than their own (Micci-Barreca 2001; scikit-learn)."""
        from sklearn.model_selection import KFold
        from sklearn.preprocessing import TargetEncoder

        assert outcomes is not None, "a label is there where a model is fitted"
        folds = min(self.folds, max(2, len(outcomes) // 2))
        self.learned = TargetEncoder(target_type="continuous", cv=KFold(folds, shuffle=True, random_state=0))
        if len(outcomes) < 2:  # there is no other row
            self.learned.fit(_wide(columns), outcomes.astype(np.float64))
            return self.make(columns)
        wide = self.learned.fit_transform(_wide(columns), outcomes.astype(np.float64))
        self.learned.cv = folds  # how rows are drawn matters while it learns only
        return list(np.ascontiguousarray(wide.T))

    def make(self, columns: Sequence[Column]) -> list[Column]:
        """For each column the mean of its value; of one that was never seen the mean of all."""
        return list(np.ascontiguousarray(self.learned.transform(_wide(columns)).T))


def moments(times: Column) -> "pd.Series[Any]":
    """Microseconds since 1970 as times in UTC."""
    there = (times > _FIRST) & (times < _LAST)
    whole = np.where(there, times, 0).astype(np.int64).astype("datetime64[us]")
    whole[~there] = np.datetime64("NaT")
    return pd.Series(whole).dt.tz_localize("UTC")


def _part(times: Column, part: str, timezone: str) -> Column:
    local = moments(times).dt.tz_convert(timezone).dt
    read = {
        "week": lambda: local.isocalendar().week.astype("Float64"),
        "weekend": lambda: (local.weekday >= 5).where(local.weekday.notna()).astype("Float64"),
        "day_of_year": lambda: local.dayofyear,
    }.get(part, lambda: getattr(local, part))()
    numbers = read.to_numpy(dtype=np.float64, na_value=np.nan)
    return np.where((times > _FIRST) & (times < _LAST), numbers, np.nan)


def _texts(column: Column) -> list[str]:
    return [value if isinstance(value, str) else "" for value in column]


def _wide(columns: Sequence[Column]) -> Column:
    return np.column_stack([np.asarray(column, dtype=object) for column in columns])
