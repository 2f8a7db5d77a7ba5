"""Two selections of rows: what is measured of them is exact, whatever the rows hold."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from tasks.lineage import differences
from tasks.lineage.column_pairs import ColumnDifference, SchemaChange
from tasks.lineage.differences import Difference, Frame
from tests import shop

KEY = ("at", "shop")


def measure(was: pd.DataFrame, now: pd.DataFrame, key: tuple[str, ...] = KEY, **matters: float) -> Difference:
    sides = [Frame(side, side["at"], side["sold"].to_numpy(dtype=float, na_value=np.nan)) for side in (was, now)]
    return differences.measure(*sides, key, matters)


def of(difference: Difference, name: str) -> ColumnDifference:
    return next(one for one in difference.columns if one.column == name)


def test_the_same_rows_do_not_differ_in_any_order_of_rows_or_columns() -> None:
    week = shop.week(1)

    difference = measure(week, week.sample(frac=1, random_state=1)[week.columns[::-1]])

    assert (difference.rows.same, difference.rows.added, difference.rows.gone) == (len(week), 0, 0)
    assert difference.schema == ()
    assert all(not one.distance for one in difference.columns)


def test_rows_are_told_by_their_key_and_changed_ones_by_column() -> None:
    week = shop.week(1)
    other = week.iloc[5:].assign(price=week["price"].mask(week.index < 8, 99.0))
    other = pd.concat([other, shop.week(2).iloc[:3]], ignore_index=True)

    rows = measure(week, other).rows

    assert (rows.was, rows.now, rows.by_key) == (336, 334, True)
    assert (rows.gone, rows.added, rows.changed, rows.same) == (5, 3, 3, 328)
    assert rows.columns == (("price", 3),)


def test_without_a_key_a_changed_row_is_one_gone_and_one_added() -> None:
    week = shop.week(1)

    rows = measure(
        week, week.assign(items=week["items"].mask(week.index == 4, 8 - week["items"].clip(upper=3))), ()
    ).rows

    assert (rows.by_key, rows.changed, rows.columns) == (False, 0, ())
    assert (rows.gone, rows.added, rows.same) == (1, 1, 335)


@given(gone=some.sets(some.integers(0, 39)), changed=some.sets(some.integers(0, 39)), added=some.integers(0, 9))
@settings(max_examples=30)
def test_every_row_is_counted_once(gone: set[int], changed: set[int], added: int) -> None:
    week = shop.week(1, 40)
    kept = week.assign(price=week["price"].mask(week.index.isin(changed), -1.0)).drop(index=list(gone))
    other = pd.concat([kept, shop.week(3, 40).iloc[:added]], ignore_index=True)

    rows = measure(week, other).rows

    assert (rows.gone, rows.added, rows.changed) == (len(gone), added, len(changed - gone))
    assert rows.same + rows.changed + rows.gone == rows.was
    assert rows.same + rows.changed + rows.added == rows.now


def test_a_column_that_came_went_or_is_of_another_type_is_named() -> None:
    week = shop.week(1)

    difference = measure(week, week.drop(columns="gift").assign(items=week["items"].astype("str"), size=1.5))

    assert difference.schema == (
        SchemaChange("items", "integer", "category"),
        SchemaChange("gift", "boolean", None),
        SchemaChange("size", None, "number"),
    )
    assert of(difference, "items").distance is None


def test_a_column_without_values_is_of_no_other_type() -> None:
    week = shop.week(1)

    difference = measure(week, week.assign(shop=None, price=None))

    assert difference.schema == ()
    assert (of(difference, "shop").distance, of(difference, "shop").now.missing) == (pytest.approx(1.0, abs=0.01), 1.0)
    assert of(difference, "price").distance == pytest.approx(1 - week["price"].isna().mean(), abs=0.01)


def test_missing_zeros_levels_and_range_are_told_of_both_sides() -> None:
    week = shop.week(1)
    other = week.assign(price=week["price"].fillna(0.0) * 2, shop=week["shop"].replace({"b": "d"}))

    price, name = (of(measure(week, other), column) for column in ("price", "shop"))

    assert (price.was.missing, price.now.missing) == (pytest.approx(week["price"].isna().mean()), 0.0)
    assert (price.was.zeros, price.now.zeros) == (0.0, price.was.missing)
    assert (price.was.low, price.now.low) == (pytest.approx(week["price"].min()), 0.0)
    assert price.now.high == pytest.approx(2 * week["price"].max())
    assert (name.was.levels, name.added, name.gone) == (3, ("d",), ("b",))


def test_of_many_new_levels_a_few_are_named_and_all_are_counted() -> None:
    week = shop.week(1)

    name = of(measure(week, week.assign(shop=[f"{'long' * 20}{n}" for n in range(336)]), ()), "shop")

    assert (len(name.added), name.added_levels, name.gone_levels) == (20, 336, 3)
    assert max(map(len, name.added)) == 60


def test_infinity_is_a_range_that_can_be_written() -> None:
    week = shop.week(1)

    price = of(measure(week, week.assign(price=np.inf)), "price")

    assert (price.now.low, price.now.high) == ("inf", "inf")
    assert price.distance and price.distance > 0.8


@pytest.mark.parametrize(
    ("column", "change"),
    [
        ("price", lambda column: column + 20),
        ("price", lambda column: column * np.nan),
        ("shop", lambda column: column.where(column.isna(), "z")),
        ("shop", lambda column: column.where(column.isna())),
        ("gift", lambda column: ~column),
    ],
)
def test_a_difference_is_found_on_the_day_from_which_it_comes(
    column: str, change: Callable[["pd.Series[object]"], "pd.Series[object]"]
) -> None:
    week = shop.week(1, 3360)
    storm = (week["at"].dt.day == 10).to_numpy()
    other = week.assign(**{column: week[column].mask(storm, change(week[column]))})

    place = of(measure(week, other), column).places[0]

    assert (place.stretch, place.stands_out) == ("2013-01-10", True)
    assert place.difference == pytest.approx(1.0, abs=0.3)


def test_what_matters_to_the_model_comes_first() -> None:
    week = shop.week(1)
    other = week.assign(price=week["price"] + 5, items=(week["items"] + 2).clip(upper=8))

    plain, ranked = measure(week, other), measure(week, other, items=0.2, price=0.001, shop=-0.1)

    assert [one.column for one in plain.columns[:2]] == ["price", "items"]
    assert [one.column for one in ranked.columns[:2]] == ["items", "price"]
    assert (ranked.columns[0].matters, ranked.columns[1].matters, of(ranked, "shop").matters) == (1.0, 0.005, 0.0)


def test_each_day_has_its_rows_and_its_label_rate() -> None:
    week = shop.week(1)
    other = week.iloc[48:].assign(sold=True)

    first, second, *_ = measure(week, other).stretches

    assert (first.stretch, first.was, first.now, first.gone, first.added) == ("2013-01-07", 48, 0, 48, 0)
    assert (second.was, second.now, second.gone, second.label_now) == (48, 48, 0, 1.0)
    assert second.changed == int((~week["sold"].iloc[48:96].fillna(False)).sum())
    assert (first.label_now, second.label_was) == (None, week["sold"].iloc[48:96].astype(float).mean())


def test_a_side_without_rows_is_no_error() -> None:
    week = shop.week(1)

    difference = measure(week, week.iloc[:0])

    assert (difference.rows.gone, difference.rows.now, difference.label_now) == (336, 0, None)
    assert all(one.distance is None for one in difference.columns)
