"""What built-in steps compute, on columns as they are prepared: exact values, and what is missing stays missing."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tasks.features.transforms import Cycle, DateParts, Features, OfTwo, TargetMeans, Texts, Transform
from tasks.training import preparation

NAN = math.nan


def times(*texts: str | None) -> "np.typing.NDArray[np.float64]":
    """As `preparation` holds them."""
    whole = pd.to_datetime(pd.Series(texts), utc=True).to_numpy(dtype="datetime64[us]")
    return np.where(np.isnat(whole), NAN, whole.astype(np.int64))


def texts(*values: str | None) -> "np.typing.NDArray[Any]":
    return np.array([NAN if one is None else one for one in values], dtype=object)


def made(step: Transform, *columns: Any) -> list[list[float]]:
    return [np.round(column, 9).tolist() for column in step.make(columns)]


@pytest.mark.parametrize(
    ("part", "values"),
    [
        ("year", [2024, 1969]), ("quarter", [1, 4]), ("month", [2, 12]), ("week", [9, 1]), ("day", [29, 31]),
        ("day_of_year", [60, 365]), ("weekday", [3, 2]), ("weekend", [0, 0]), ("hour", [23, 0]), ("minute", [59, 30]),
    ],
)  # fmt: skip
def test_each_part_of_a_time_is_read_also_before_1970(part: str, values: list[float]) -> None:
    moments = times("2024-02-29T23:59:59Z", "1969-12-31T00:30:00Z", None)

    (column,) = made(DateParts([part], "UTC"), moments)

    assert column[:2] == values
    assert math.isnan(column[2])


def test_parts_are_those_of_the_time_zone_also_when_clocks_change() -> None:
    moments = times("2024-03-31T00:59:00Z", "2024-03-31T01:00:00Z", "2024-12-31T23:30:00Z")

    assert made(DateParts(["hour", "year"], "Europe/Berlin"), moments) == [[1, 3, 0], [2024, 2024, 2025]]


def test_all_times_missing_give_numbers_that_are_missing() -> None:
    for column in DateParts(["hour", "week", "weekend"], "UTC").make([times(None, None)]):
        assert column.dtype == np.float64
        assert np.isnan(column).all()


def test_times_beyond_all_calendars_are_missing() -> None:
    assert np.isnan(DateParts(["year"], "UTC").make([np.array([1e300, -1e300, math.inf])])[0]).all()


def test_a_circle_has_its_end_beside_its_beginning() -> None:
    sine, cosine = made(Cycle(24, "", "UTC"), np.array([0.0, 6.0, 24.0, NAN]))

    assert (sine[:3], cosine[:3]) == ([0, 1, 0], [1, 0, 1])
    assert math.isnan(sine[3])
    assert made(Cycle(24, "hour", "UTC"), times("2024-01-01T06:45:00Z")) == [[1], [0]]


def test_a_ratio_is_missing_where_it_would_be_infinite() -> None:
    first, second = np.array([1.0, 1.0, 0.0, NAN, 1e300]), np.array([2.0, 0.0, 0.0, 1.0, 1e-300])

    (ratio,) = OfTwo("ratio").make([first, second])

    assert ratio[0] == 0.5
    assert np.isnan(ratio[1:]).all()


def test_a_difference_of_times_is_in_hours() -> None:
    later, sooner = times("2024-01-02T01:30:00Z", None), times("2024-01-01T00:00:00Z", "2024-01-01T00:00:00Z")

    (hours,) = OfTwo("difference", hours=True).make([later, sooner])

    assert hours[0] == 25.5
    assert math.isnan(hours[1])


@pytest.mark.parametrize("method", ["hashing", "tfidf"])
def test_texts_give_as_many_numbers_as_were_asked_for(method: str) -> None:
    step = Texts(method, 5)

    columns = step.fit([texts("one pear", "two apples", None, "pear and apples")], None)
    later = step.make([texts("a word that nobody knows", None)])

    assert len(columns) == len(later) == 5
    assert all(len(column) == 4 for column in columns)
    assert not np.any([column[2] for column in columns])
    assert not np.any([column[1] for column in later])


def test_texts_without_a_word_are_zeros_in_all_columns() -> None:
    step = Texts("tfidf", 3)

    assert not np.any(step.fit([texts("?", None, "!")], None))
    assert not np.any(step.make([texts("a word")]))


def test_a_text_step_has_no_address_in_memory_in_it() -> None:
    """It would give the same model other bytes."""
    step = Texts("tfidf", 3)
    step.fit([texts("one pear", "two apples")], None)
    step.make([texts("one pear")])

    assert "_stop_words_id" not in step.learned[0].__dict__


def test_a_mean_label_says_nothing_of_the_own_row() -> None:
    """Each value stands once: whoever were told its own label would know all of them."""
    values = texts(*(f"v{number}" for number in range(100)))
    outcomes = np.tile([0.0, 1.0], 50)
    step = TargetMeans(5)

    (learned,) = step.fit([values], outcomes)
    (later,) = step.make([values])

    assert abs(np.corrcoef(learned, outcomes)[0, 1]) < 0.5
    assert np.corrcoef(later, outcomes)[0, 1] > 0.99


def test_a_value_never_seen_has_the_mean_of_all() -> None:
    step = TargetMeans(2)
    step.fit([texts("a", "a", "b", "b")], np.array([1.0, 1.0, 0.0, 1.0]))

    assert made(step, texts("c"))[0] == [0.75]


@pytest.mark.parametrize("rows", [2, 3, 4, 7])
def test_a_mean_label_can_be_learned_from_few_rows(rows: int) -> None:
    step = TargetMeans(5)

    step.fit([texts(*["a", "b", None, "a", "b", "c", "c"][:rows])], np.array([1.0, 0, 1, 0, 1, 0, 1])[:rows])

    assert np.isfinite(step.make([texts("a", "b", None)])[0]).all()


def frame(rows: int, **columns: Sequence[Any]) -> pd.DataFrame:
    held: dict[str, Any] = {"shop": texts(*["a", "b"] * (rows // 2)), "price": np.arange(rows, dtype=float)}
    return pd.DataFrame({**held, **columns})


def test_features_pass_through_and_what_is_made_stands_behind() -> None:
    steps = Features(
        ["price", "shop"],
        [(["price", "price"], ["one"], OfTwo("ratio")), (["one", "price"], ["two"], OfTwo("difference"))],
    )

    wide = steps.fit_transform(frame(4))

    assert list(wide.columns) == ["price", "shop", "one", "two"]
    assert wide["two"].tolist()[1:] == [0, -1, -2]
    assert wide["shop"].dtype == object


def test_a_column_made_without_any_value_can_be_learned_from() -> None:
    """Constant while it is fitted, so that it can be binned; missing when it is asked."""
    steps = Features(["price"], [(["price", "zero"], ["ratio"], OfTwo("ratio"))])
    rows = frame(4, zero=np.zeros(4))

    assert steps.fit_transform(rows)["ratio"].tolist() == [0, 0, 0, 0]
    assert steps.transform(rows)["ratio"].isna().all()


def test_fit_and_transform_leave_their_rows_as_they_were() -> None:
    rows = frame(6)
    before = rows.copy(deep=True)
    steps = Features(["price"], [(["shop"], ["mean"], TargetMeans(2)), (["shop"], ["w0", "w1"], Texts("hashing", 2))])

    steps.fit(rows, np.array([0.0, 1, 0, 1, 0, 1]))
    steps.transform(rows)

    pd.testing.assert_frame_equal(rows, before)


def test_a_time_is_prepared_as_microseconds_and_read_back() -> None:
    moment = pd.Series(pd.to_datetime(["2024-02-29T12:00:00.000001Z", None], utc=True).as_unit("us"), name="at")
    from configs.validation import ColumnRule

    prepared = preparation.prepare(
        pd.DataFrame({"at": moment}), ["at"], {"at": ColumnRule(type="timestamp", nullable=True)}
    )

    assert made(DateParts(["hour", "day"], "UTC"), prepared["at"].to_numpy())[0][0] == 12
    assert prepared["at"].dtype == np.float64
    assert math.isnan(prepared["at"].iloc[1])
