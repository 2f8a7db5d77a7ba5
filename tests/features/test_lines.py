"""Lines of a table: which are used, and what rows get of them."""

import pandas as pd
import pytest

from configs.joined import Table
from tasks.features import lines

TABLE = Table.model_validate(
    {"source": {}, "key": {"store": "shop"}, "time": "since", "columns": {"mood": "state", "open": "is_open"}}
)
START = pd.Timestamp("2024-03-01", tz="UTC")


def line(store: str | None, day: int | None, state: str | None = "good", is_open: bool | None = True) -> tuple:
    return store, None if day is None else START + pd.Timedelta(days=day), state, is_open


def table(*rows: tuple) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["store", "since", "state", "is_open"])
    return frame.astype({"store": "str", "since": "datetime64[us, UTC]", "state": "str", "is_open": "boolean"})


@pytest.mark.parametrize(
    ("rows", "used", "repeated", "contradicting", "unusable"),
    [
        ([line("a", 1), line("a", 2)], 2, 0, 0, 0),
        ([line("a", 1), line("a", 1)], 1, 1, 0, 0),
        ([line("a", 1, "good"), line("a", 1, "bad")], 0, 0, 2, 0),
        ([line("a", 1, "good"), line("a", 1, "bad"), line("a", 1, "bad")], 0, 1, 2, 0),
        ([line(None, 1), line("a", None), line("a", 1)], 1, 0, 0, 2),
        ([line("a", 1, None, None)], 1, 0, 0, 0),  # nothing is known of it from then on, which is something
    ],
)
def test_lines_that_are_used(rows: list, used: int, repeated: int, contradicting: int, unusable: int) -> None:
    found = lines.sort_out(table(*rows), TABLE)

    assert (len(found.used), found.repeated, found.contradicting, found.unusable) == (
        used, repeated, contradicting, unusable,
    )  # fmt: skip


def test_of_lines_of_one_time_that_came_one_after_the_other_the_later_one_counts() -> None:
    first, second = table(line("a", 1, "good")), table(line("a", 1, "bad"), line("b", 1, "good"))

    assert lines.together([first, second], TABLE)["state"].tolist() == ["bad", "good"]


def test_rows_get_values_of_their_types_and_nothing_where_there_is_no_line() -> None:
    frame = pd.DataFrame({"shop": ["a", "a", "b", None], "at": START + pd.to_timedelta([0, 3, 3, 3], unit="D")})
    types = {"shop": "category", "mood": "category", "open": "boolean"}
    rows = lines.Rows(frame, types, "at", None)  # type: ignore[arg-type]

    found = lines.values(rows, table(line("a", 1, "good", None), line("a", 2, "bad", False)), TABLE)

    assert found["mood"].isna().tolist() == [True, False, True, True] and found["mood"][1] == "bad"
    assert str(found["open"].dtype) == "boolean" and found["open"][1] == False  # noqa: E712 - a missing one is neither
    assert lines.values(rows, None, TABLE)["mood"].isna().all()
