"""Parts of two selections of rows, and the rows with one part undone."""

import numpy as np
import pandas as pd
import pytest

from tasks.lineage import differences, undoing
from tasks.lineage.undoing import Learned, Part

WAS = pd.DataFrame({"id": [1, 2, 3, 4], "x": [1.0, 2.0, 3.0, 4.0], "y": [True, False, True, False]})
NOW = pd.DataFrame({"id": [3, 4, 5, 6], "x": [3.0, 40.0, 5.0, 6.0], "y": [True, True, False, True]})
"""1 and 2 went, 5 and 6 came, 4 has another x and another y."""
MATCH = differences.match(WAS, NOW, ["id"])
DAYS = (
    pd.Series(pd.date_range("2025-03-01", periods=4, tz="UTC")),
    pd.Series(pd.date_range("2025-03-03", periods=4, tz="UTC")),
)


def learned(rows: pd.DataFrame) -> Learned:
    return Learned(rows[["x"]], rows["y"].to_numpy())


def undone(part: Part) -> list[tuple[float, bool]]:
    result = undoing.undone(part, MATCH, learned(WAS), learned(NOW))
    assert list(result.prepared.index) == list(range(len(result.prepared)))
    return [*zip(result.prepared["x"].fillna(-1).tolist(), result.outcomes.tolist(), strict=True)]


def test_all_undone_is_what_the_first_one_learned() -> None:
    whole = undoing.whole(MATCH)

    assert (whole.rows, undoing.text(whole, MATCH)) == (5, "2 came, 2 went, 1 changed")
    assert undone(whole) == [(3.0, True), (4.0, False), (1.0, True), (2.0, False)]


def test_parts_by_name_are_whole_together_and_the_largest_is_first() -> None:
    parts = undoing.by_name(MATCH, np.array(["a", "a", "a", "b"]), np.array(["a", "b", "b", "c"]))

    assert [(part.name, part.rows) for part in parts] == [("b", 2), ("a", 2), ("c", 1)]
    assert undone(parts[0]) == [(3.0, True), (4.0, False), (6.0, True)]
    assert undone(parts[1])[-2:] == [(1.0, True), (2.0, False)]
    assert undone(parts[2]) == [(3.0, True), (40.0, True), (5.0, False)]


def test_a_column_is_as_before_where_it_changed_and_empty_where_rows_came() -> None:
    nothing = np.zeros(4, dtype=bool)
    every = MATCH.added | MATCH.changed

    assert undone(Part("x", every, nothing, "x")) == [(3.0, True), (4.0, True), (-1, False), (-1, True)]
    assert undone(Part("y", every, nothing, "y")) == [(3.0, True), (40.0, False), (5.0, False), (6.0, True)]
    assert NOW["x"].tolist() == [3.0, 40.0, 5.0, 6.0], "what was given stays"


def test_a_part_is_cut_by_time_down_to_a_day() -> None:
    part = undoing.whole(MATCH)

    first, last = undoing.halves(part, DAYS) or pytest.fail()

    assert (first.name, last.name) == ("2025-03-01 to 2025-03-04", "2025-03-05 to 2025-03-06")
    assert first.rows + last.rows == part.rows
    assert [half.name for half in undoing.halves(last, DAYS) or ()] == ["2025-03-05", "2025-03-06"]
    assert undoing.halves((undoing.halves(last, DAYS) or pytest.fail())[0], DAYS) is None


def test_a_window_that_begins_later_keeps_out_rows_that_went() -> None:
    events = tuple(side.to_numpy(dtype="datetime64[us]") for side in DAYS)
    start = pd.Timestamp("2025-03-02", tz="UTC").to_pydatetime()

    later = undoing.outside(MATCH, (events[0], events[1]), (None, start))
    earlier = undoing.outside(
        MATCH, (events[0], events[1]), (pd.Timestamp("2025-03-06", tz="UTC").to_pydatetime(), None)
    )

    assert (later.went.tolist(), later.came.any()) == ([True, False, False, False], False)
    assert (earlier.came.tolist(), earlier.went.any()) == ([False, False, True, False], False)
