"""Made-up faults: one thing is wrong and all else as it was; times move by whole weeks; names come last."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from configs.errors import MistakeOfUser
from configs.ingestion import IngestionSettings, Times
from configs.settings import PipelineSettings
from configs.training import TrainingSettings
from configs.validation import ColumnRule, ValidationSettings
from tasks.ingestion import intake
from tasks.lineage import faults
from tasks.lineage.faults import SimulatedFault
from tasks.training.estimators.linear import LogisticRegressionCandidate

START = pd.Timestamp("2013-01-07", tz="UTC")
ROWS = 1_000
RULES = {
    "at": ColumnRule(type="timestamp"),
    "settled": ColumnRule(type="timestamp", nullable=True),
    "hour": ColumnRule(type="integer", min=0, max=23),
    "miles": ColumnRule(type="integer", min=1),
    "price": ColumnRule(type="number", nullable=True),
    "zone": ColumnRule(type="category", values=("n", "s")),
    "shop": ColumnRule(type="category"),
    "sold": ColumnRule(type="boolean", nullable=True),
}


def pipeline(*features: str) -> PipelineSettings:
    return PipelineSettings(
        title="Will it be sold?",
        ingestion=IngestionSettings(times=Times(event="at", label="settled")),
        validation=ValidationSettings(columns=RULES),
        training=TrainingSettings(
            label="sold",
            features=features or ("hour", "miles", "price", "zone", "shop"),
            candidates=(LogisticRegressionCandidate(family="logistic_regression"),),
        ),
    )


@pytest.fixture(scope="module")
def good() -> pd.DataFrame:
    luck = np.random.default_rng(1)
    at = (START + pd.to_timedelta(np.arange(ROWS) * 10, unit="min")).as_unit("us")
    return pd.DataFrame(
        {
            "at": at,
            "settled": pd.Series(at + pd.Timedelta(hours=2)).mask(np.arange(ROWS) % 10 == 0),
            "hour": at.hour.astype("int64"),
            "miles": pd.array(luck.integers(80, 2_500, ROWS), dtype="Int64"),
            "price": np.where(luck.random(ROWS) < 0.1, np.nan, luck.normal(0, 3, ROWS)),
            "zone": pd.Series(luck.choice(["n", "s"], ROWS), dtype="str"),
            "shop": pd.Series(luck.choice(["a", "b", "c"], ROWS, p=[0.6, 0.3, 0.1]), dtype="str"),
            "sold": pd.Series(pd.array(luck.random(ROWS) < 0.3, dtype="boolean")).mask(np.arange(ROWS) % 10 == 0),
        }
    )


def drawn(good: pd.DataFrame, seed: int = 7) -> pd.DataFrame:
    return good.sample(frac=faults.SHARE, random_state=seed).sort_index(ignore_index=True)


def wrong(fault: SimulatedFault, good: pd.DataFrame, column: str | None = None, *features: str) -> pd.DataFrame:
    return faults.apply(fault, good, pipeline(*features), 7, column).frame


# ── the faults ────────────────────────────────────────────────────────────────────────────────────────────────────
#   the fault                   the column    what was done
ONE_COLUMN = [
    (SimulatedFault.UNIT, "miles", "Every value of miles is multiplied by 1.6"),
    (SimulatedFault.SILENT, "price", "price arrives without any value"),
    (SimulatedFault.RENAMED, "shop", "In shop, the value b is called b-renamed"),
    (SimulatedFault.ONE_CLASS, "sold", "sold is false in every row that has it"),
]


@pytest.mark.parametrize(("fault", "column", "text"), ONE_COLUMN)
def test_a_data_fault_is_in_one_column_and_all_else_is_as_it_was(good, fault, column, text):
    made = faults.apply(fault, good, pipeline(), 7)

    assert made.changed == text
    pd.testing.assert_frame_equal(made.frame.drop(columns=column), drawn(good).drop(columns=column))
    assert not made.frame[column].equals(drawn(good)[column])
    assert made.frame[column].dtype == good[column].dtype


def test_the_values_are_what_such_a_source_would_send(good):
    before = drawn(good)

    assert (wrong(SimulatedFault.UNIT, good)["miles"] == (before["miles"] * 1.6).round()).all()
    assert wrong(SimulatedFault.SILENT, good)["price"].isna().all()
    assert wrong(SimulatedFault.RENAMED, good)["shop"].equals(before["shop"].replace("b", "b-renamed"))
    labels = wrong(SimulatedFault.ONE_CLASS, good)["sold"]
    assert not labels.dropna().any() and labels.isna().equals(before["sold"].isna())


@pytest.mark.parametrize("column", [None, "hour", "miles", "shop"])
def test_with_a_new_concept_the_label_goes_by_another_feature_and_is_as_frequent_as_before(good, column):
    before, after = drawn(good), wrong(SimulatedFault.CONCEPT, good, column)

    numbers = after[column or "price"]
    numbers = numbers.map(numbers.value_counts()) if column == "shop" else numbers
    assert numbers[after["sold"].notna()].corr(after["sold"].dropna().astype(int), method="spearman") > 0.4
    assert after["sold"].value_counts().equals(before["sold"].value_counts())
    assert after["sold"].isna().equals(before["sold"].isna())
    pd.testing.assert_frame_equal(after.drop(columns="sold"), before.drop(columns="sold"))


def test_where_the_label_goes_by_it_already_it_goes_against_it(good):
    high = good.assign(sold=good["sold"].mask(good["sold"].notna(), good["miles"] > 1_500))

    after = wrong(SimulatedFault.CONCEPT, high, "miles")

    assert after["miles"][after["sold"].notna()].corr(after["sold"].dropna().astype(int), method="spearman") < -0.4


def test_labels_that_are_all_alike_can_go_by_nothing(good):
    with pytest.raises(MistakeOfUser, match=r"^'sold', the label, has not two values that could change places"):
        wrong(SimulatedFault.CONCEPT, good.assign(sold=pd.array([True] * ROWS, dtype="boolean")))


def test_the_column_can_be_named(good):
    assert (wrong(SimulatedFault.UNIT, good.assign(hour=good["hour"] + 1), "hour")["hour"] > 23).any()
    assert wrong(SimulatedFault.SILENT, good, "zone")["zone"].isna().all()
    assert set(wrong(SimulatedFault.RENAMED, good, "zone")["zone"]) & {"n-renamed", "s-renamed"}


def test_a_column_that_does_not_suit_is_a_mistake_with_those_that_do(good):
    with pytest.raises(MistakeOfUser, match=r"^'shop' is not a feature that is a positive number\. Suitable: miles\.$"):
        wrong(SimulatedFault.UNIT, good.assign(hour=0), "shop")
    with pytest.raises(MistakeOfUser, match=r"^No feature is a category\. Suitable: none\.$"):
        wrong(SimulatedFault.RENAMED, good, None, "miles")
    with pytest.raises(MistakeOfUser, match=r"^'shop' has no value"):
        wrong(SimulatedFault.RENAMED, good.assign(shop=pd.Series([None] * ROWS, dtype="str")))


def test_a_seed_gives_the_same_rows_and_another_one_others(good):
    one, again = (faults.apply(SimulatedFault.UNIT, good, pipeline(), 3).frame for _ in range(2))
    other = faults.apply(SimulatedFault.UNIT, good, pipeline(), 4).frame

    assert one.equals(again)
    assert len(one) == len(other) == 900 and not one["at"].equals(other["at"])


# ── times and names ───────────────────────────────────────────────────────────────────────────────────────────────
def test_all_times_move_together(good):
    moved = faults.move(good, timedelta(weeks=2))

    assert (moved["at"] - good["at"] == pd.Timedelta(weeks=2)).all()
    assert (moved["settled"] - good["settled"]).dropna().eq(pd.Timedelta(weeks=2)).all()
    assert moved["settled"].isna().equals(good["settled"].isna())
    assert moved["at"].dt.dayofweek.equals(good["at"].dt.dayofweek)


@pytest.mark.parametrize(("days", "weeks"), [(-30, 1), (0, 1), (6.9, 1), (7, 2), (28, 5), (34, 5), (35, 6)])
def test_rows_move_by_the_fewest_whole_weeks_that_bring_them_behind(days, weeks):
    first = datetime(2013, 12, 1, tzinfo=UTC)

    span = faults.weeks_after(first, first + timedelta(days=days))

    assert span == timedelta(weeks=weeks)
    assert first + span > first + timedelta(days=days)


#   what is there                               the next one, on 5 January 2014
NAMES = [
    (["2013-11", "2013-12"], "2014-01-simulated-unit"),
    (["2013-12", "2014-01-simulated-silent"], "2014-01-simulated-unit"),
    (["2013-12-22", "2013-12-29"], "2014-01-05-simulated-unit"),
    (["2013-12-29", "2013-12-31-simulated-unit"], "2014-01-05-simulated-unit"),
    (["2013-12", "2014-01-simulated-unit"], "2014-01-simulated-unit-simulated-unit"),
    (["2013-12", "broken"], "broken-simulated-1-unit"),
    (["week-9", "week-10"], "week-10-simulated-1-unit"),
    (["week-10", "week-10-simulated-1-unit"], "week-10-simulated-2-unit"),
    (["week-10", "week-10-simulated-9-silent"], "week-10-simulated-9-silent-simulated-unit"),
    ([], "2014-01-simulated-unit"),
]


@pytest.mark.parametrize(("names", "wanted"), NAMES)
def test_a_name_comes_after_all_others(names, wanted):
    name = faults.name_after(names, datetime(2014, 1, 5, tzinfo=UTC), "unit")

    assert name == wanted
    assert intake.order([*names, name])[-1] == name


def test_a_fault_is_found_by_its_name_and_a_mistake_lists_all():
    assert faults.find("one-class") is faults.find("one_class") is SimulatedFault.ONE_CLASS
    assert set(faults.ANSWERS) == set(SimulatedFault)
    with pytest.raises(
        MistakeOfUser, match=r"Unknown fault 'kilometres'\. Known: unit, silent, renamed, one_class, concept\."
    ):
        faults.find("kilometres")
