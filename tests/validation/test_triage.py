"""The triage: a faulty batch is named with its column, a changed world is let in."""

import math
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from configs import loader
from configs.ingestion import IngestionSettings, Times
from configs.settings import PipelineSettings
from configs.training import TrainingSettings
from configs.validation import ColumnRule, TriageSettings, ValidationSettings
from tasks.domain.records import Batch, BatchStatus, Suspect
from tasks.training.estimators.linear import LogisticRegressionCandidate
from tasks.validation import contract
from tasks.validation.triage import examine as triage
from tasks.validation.triage import units, whole
from tasks.validation.triage.whole import FaultKind
from tests import folders

START = pd.Timestamp("2013-01-01", tz="UTC")
ROWS = 2_000


def pipeline(**triaged: Any) -> PipelineSettings:
    rules = {
        "at": ColumnRule(type="timestamp"),
        "shop": ColumnRule(type="category", nullable=True),
        "customer": ColumnRule(type="category"),
        "weekday": ColumnRule(type="integer"),
        "items": ColumnRule(type="integer", nullable=True),
        "price": ColumnRule(type="number", nullable=True),
        "balance": ColumnRule(type="number"),
        "gift": ColumnRule(type="boolean", nullable=True),
        "sold": ColumnRule(type="boolean", nullable=True),
    }
    return PipelineSettings(
        title="Will it be sold?",
        ingestion=IngestionSettings(times=Times(event="at")),
        validation=ValidationSettings(columns=rules, triage=TriageSettings(**triaged)),
        training=TrainingSettings(
            label="sold",
            features=("shop", "customer", "weekday", "items", "price", "balance", "gift"),
            candidates=(LogisticRegressionCandidate(family="logistic_regression"),),
        ),
    )


def batch(month: int, rows: int = ROWS, days: int = 28, **changed: Any) -> pd.DataFrame:
    """One month; `items` has few values, `price` a tenth of missing ones, `customer` many values."""
    luck = np.random.default_rng(month)
    at = START + pd.Timedelta(days=30 * month) + pd.to_timedelta(np.linspace(0, days, rows, endpoint=False), unit="D")
    frame = pd.DataFrame(
        {
            "at": at.as_unit("us"),
            "shop": pd.Series(luck.choice(["a", "b", "c", "d"], rows, p=[0.5, 0.3, 0.15, 0.05]), dtype="str"),
            "customer": pd.Series(luck.integers(0, 3_000, rows).astype("str"), dtype="str"),
            "weekday": at.dayofweek.astype("int64"),
            "items": pd.array(luck.geometric(0.1, rows), dtype="Int64"),
            "price": np.where(luck.random(rows) < 0.1, np.nan, luck.lognormal(2, 0.7, rows)),
            "balance": luck.normal(0, 10, rows),
            "gift": pd.array(luck.random(rows) < 0.3, dtype="boolean"),
            "sold": pd.array(luck.random(rows) < 0.3, dtype="boolean").astype("boolean"),
        }
    )
    return frame.assign(**{name: made(frame[name]) if callable(made) else made for name, made in changed.items()})


PAST = [batch(month) for month in (1, 2, 3)]


def found(now: pd.DataFrame, before: Sequence[pd.DataFrame] = PAST, **triaged: Any) -> list[tuple[str, FaultKind]]:
    return [(fault.column, fault.kind) for fault in whole.examine(now, before, pipeline(**triaged))]


def share_to(value: Any, share: float) -> Callable[["pd.Series[Any]"], "pd.Series[Any]"]:
    """Gives a share of the rows, spread over the whole, that value."""
    return lambda column: column.mask(pd.Series(np.arange(len(column)) % 100 < 100 * share), value)


# ── faults ────────────────────────────────────────────────────────────────────────────────────────────────────────
#   what is wrong                                    what is said
FAULTS = {
    "kilometres": ({"price": lambda v: v * 1.609}, "price", FaultKind.UNIT,
                   r"price: every value is about 1\.6\d? times what it was \(median 7\.\d\d?, now 1[12]\.?\d?\): a change of unit\?"),
    "dozens": ({"items": lambda v: v * 12}, "items", FaultKind.UNIT, r"items: every value is about 12 times .*"),
    "cents": ({"price": lambda v: v * 100}, "price", FaultKind.UNIT, r"price: every value is about (9\d\.?\d?|1[01]\d) times .*"),
    "pounds": ({"price": lambda v: v / 2.2}, "price", FaultKind.UNIT, r"price: every value is about 0\.4\d+ times .*"),
    "silent": ({"price": np.nan}, "price", FaultKind.MISSING,
               "price: missing in every row \\(was 1?[0-9.]+\u202f%\\): no longer sent\\?"),
    "silent text": ({"shop": pd.Series([None] * ROWS, dtype="str")}, "shop", FaultKind.MISSING,
                    "shop: missing in every row \\(was 0\u202f%\\): no longer sent\\?"),
    "half silent": ({"items": share_to(pd.NA, 0.6)}, "items", FaultKind.MISSING,
                    "items: missing in 60\u202f% of rows \\(was 0\u202f%\\)"),
    "stuck": ({"items": 7}, "items", FaultKind.CONSTANT, r"items: every value is 7 \(there were \d+ different ones\): stuck\?"),
    "stuck text": ({"shop": "a"}, "shop", FaultKind.CONSTANT, r"shop: every value is a \(there were 4 different ones\): stuck\?"),
    "stuck switch": ({"gift": True}, "gift", FaultKind.CONSTANT, r"gift: every value is True \(there were 2 .*"),
    "renamed": ({"shop": lambda v: v.replace("b", "B & Co")}, "shop", FaultKind.UNSEEN,
                "shop: \\d\\d\u202f% of rows have values never seen before \\(B & Co\\): renamed\\?"),
    "recoded": ({"shop": lambda v: v.map({"a": "1", "b": "2", "c": "3", "d": "4"})}, "shop", FaultKind.UNSEEN,
                "shop: 100\u202f% of rows have values never seen before \\(1, 2, 3 and 1 more\\): renamed\\?"),
    "all sold": ({"sold": True}, "sold", FaultKind.ONE_CLASS,
                 "sold: all 2,000 labels are true \\(\\d\\d\u202f% were false\\)"),
    "none sold": ({"sold": False}, "sold", FaultKind.ONE_CLASS, "sold: all 2,000 labels are false .*"),
}  # fmt: skip


@pytest.mark.parametrize(("changed", "column", "kind", "text"), FAULTS.values(), ids=FAULTS)
def test_a_fault_is_named_with_its_column_and_what_changed(changed, column, kind, text):
    now = batch(4, **changed)

    (fault,) = whole.examine(now, PAST, pipeline())

    assert (fault.column, fault.kind) == (column, kind)
    assert pd.Series([fault.text]).str.fullmatch(text).all(), fault.text


def test_rounding_in_the_new_unit_does_not_hide_a_change_of_unit():
    routes = np.random.default_rng(5).integers(80, 2_600, 200)
    miles = [pd.Series(np.random.default_rng(month).choice(routes, ROWS), dtype="int64") for month in range(4)]

    before = [batch(month, items=miles[month]) for month in range(3)]
    now = batch(4, items=(miles[3] * 1.609).round().astype("int64"))

    assert found(now, before) == [("items", FaultKind.UNIT)]


# ── no faults ─────────────────────────────────────────────────────────────────────────────────────────────────────
#   how the world has changed
CHANGES = {
    "not at all": {},
    "dearer by a tenth": {"price": lambda v: v * 1.1},
    "dearer, the cheap ones most": {"price": lambda v: v + 8},
    "wider": {"price": lambda v: v**1.5},
    "another sign": {"balance": lambda v: v * 3},
    "missing a third more often": {"price": share_to(np.nan, 0.4)},
    "a new shop": {"shop": share_to("e", 0.08)},
    "one shop closed": {"shop": lambda v: v.replace("d", "a")},
    "sold more often": {"sold": share_to(True, 0.6)},
    "no labels yet": {"sold": pd.Series([pd.NA] * ROWS, dtype="boolean")},
    "gifts are rare": {"gift": share_to(False, 0.95)},
}


@pytest.mark.parametrize("changed", CHANGES.values(), ids=CHANGES)
def test_a_world_that_changed_is_let_in(changed):
    now = batch(4, **changed)

    assert found(now) == []


def test_a_day_after_months_may_have_one_weekday_and_many_new_customers():
    now = batch(4, rows=300, days=1)

    assert now["weekday"].nunique() == 1
    assert found(now) == []


def test_days_that_differ_among_each_other_may_differ_again():
    dark, bright = {"items": 1, "price": np.nan}, {}
    days = [batch(month, rows=500, days=1, **(dark if month % 2 else bright)) for month in range(4)]

    assert found(batch(9, rows=500, days=1, **dark), days) == []
    assert found(batch(9, rows=500, days=1, **dark), days[::2]) != []


def test_a_level_that_swings_by_itself_is_no_change_of_unit():
    seasons = [batch(month, price=lambda v, month=month: v * [1, 1.5, 0.8][month]) for month in range(3)]

    assert found(batch(4, price=lambda v: v * 1.9), seasons) == []
    assert found(batch(4, price=lambda v: v * 1.9)) == [("price", FaultKind.UNIT)]


@pytest.mark.parametrize(
    ("now", "before"),
    [
        (batch(4, rows=199, price=np.nan), PAST),
        (batch(4, price=np.nan), [batch(1, rows=199)]),
        (batch(4, price=5.0), []),
    ],
    ids=["a small batch", "a small past", "no past"],
)
def test_with_too_few_rows_on_either_side_nothing_is_certain(now, before):
    assert found(now, before) == []


def test_after_one_batch_only_what_needs_no_swing_is_judged():
    wrong = {"price": lambda v: v * 1.6, "items": 7}

    assert found(batch(4, **wrong), PAST[:1]) == []
    assert found(batch(4, **wrong), PAST[:2]) == [("items", FaultKind.CONSTANT), ("price", FaultKind.UNIT)]
    assert found(batch(4, price=np.nan, sold=True), PAST[:1]) == [
        ("price", FaultKind.MISSING),
        ("sold", FaultKind.ONE_CLASS),
    ]


def predicting(**training: Any) -> PipelineSettings:
    """The same pipeline with another label."""
    known = pipeline()
    return known.model_copy(update={"training": known.training.model_copy(update=training)})


def test_labels_in_other_words_are_all_alike_as_well():
    words = {True: "UP", False: "DOWN"}
    past = [frame.assign(sold=frame["sold"].map(words).astype("str")) for frame in PAST]
    settings = predicting(positive="UP")

    (fault,) = whole.examine(batch(4).assign(sold="DOWN"), past, settings)

    assert fault.kind is FaultKind.ONE_CLASS
    assert re.fullmatch("sold: all 2,000 labels are not UP \\(\\d\\d\u202f% were UP\\)", fault.text)
    assert whole.examine(batch(4).assign(sold=lambda f: f["sold"].map(words).astype("str")), past, settings) == ()


@pytest.mark.parametrize(
    ("changed", "kind"), [(lambda v: v * 1.6, FaultKind.UNIT), (5.0, FaultKind.CONSTANT)], ids=["unit", "constant"]
)
def test_a_number_that_is_predicted_is_judged_as_one(changed: Any, kind: FaultKind):
    settings = predicting(problem="regression", label="price", features=("shop", "items"))

    assert [fault.kind for fault in whole.examine(batch(4, price=changed), PAST, settings)] == [kind]
    assert whole.examine(batch(4), PAST, settings) == ()
    assert whole.examine(batch(4, price=np.nan), PAST, settings) == ()


def test_a_column_that_was_not_sent_before_is_not_judged():
    assert found(batch(4, price=5.0), [*PAST, batch(5).drop(columns="price")]) == []


def test_it_can_be_turned_off_and_its_limits_set():
    wrong = batch(4, price=lambda v: v * 1.6, shop=lambda v: v.replace("b", "B"), items=share_to(pd.NA, 0.6))

    assert found(wrong, enabled=False) == []
    assert found(wrong, min_rows=ROWS + 1) == []
    assert found(wrong, scale=2.0, unseen_share=0.5, missing_rise=0.7) == []


# ── the reason ────────────────────────────────────────────────────────────────────────────────────────────────────
def test_several_faults_are_one_sentence():
    def told(*texts: str) -> str:
        return triage.reason([Suspect(text[0], FaultKind.MISSING, text) for text in texts])

    assert told("a: missing in 60 % of rows") == "a: missing in 60 % of rows."
    assert told("a: gone: renamed?", "b: stuck?") == "a: gone: renamed; b: stuck?"
    assert told("a: stuck?", "b: all are true") == "a: stuck; b: all are true."
    assert told("a: x?", "b: y?", "c: z?", "d: w?", "e: v?") == "a: x; b: y; c: z; and two more: d, e."


def test_nothing_speaks_against_a_sound_batch_and_each_fault_of_another_is_in_the_reason():
    signs = triage.examine(batch(4, shop=pd.Series([None] * ROWS, dtype="str"), sold=True), PAST, pipeline())

    assert triage.examine(batch(4), PAST, pipeline()) == ()
    reason = triage.reason([one.suspect for one in signs])
    assert re.fullmatch(r"shop: missing in every row .*; sold: all 2,000 labels are true .*\.", reason)


# ── whom it is compared with ──────────────────────────────────────────────────────────────────────────────────────
def test_it_is_compared_with_the_batches_nearest_in_time_and_with_enough_rows():
    def accepted(month: int, rows: int = ROWS) -> Batch:
        first = (START + pd.Timedelta(days=30 * month)).to_pydatetime()
        return Batch(str(month), str(month), BatchStatus.ACCEPTED, rows, rows, 0, 0, 0, 0, first_event=first)

    year, small = [accepted(month) for month in range(12)], [accepted(month, 400) for month in range(20)]

    def names(month: int, among: list[Batch]) -> set[str]:
        return {one.name for one in triage.neighbours(batch(month), among, "at")}

    large = [accepted(month, 30_000) for month in range(12)]
    assert names(14, year) == {str(month) for month in range(12)}
    assert names(12, large) == {"8", "9", "10", "11"}
    assert names(0, large) == {"0", "1", "2", "3"}
    assert names(20, small) == {str(month) for month in range(8, 20)}
    assert names(20, [replaced for replaced in small if int(replaced.name) < 2]) == {"0", "1"}
    assert triage.neighbours(batch(4).head(0), year, "at") == []


# ── the factor ────────────────────────────────────────────────────────────────────────────────────────────────────
@settings(max_examples=40, deadline=None)
@given(factor=st.floats(0.001, 1_000).filter(lambda c: not 0.8 < c < 1.25), seed=st.integers(0, 99))
def test_a_factor_is_found_whatever_it_is(factor: float, seed: int) -> None:
    was, now = np.random.default_rng(seed).lognormal(0, 1, (2, 5_000))

    measured = units.factor(was, now * factor)

    assert measured is not None
    assert measured == pytest.approx(factor, rel=0.1)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 999), rows=st.integers(50, 2_000))
@example(seed=122, rows=50)
@example(seed=711, rows=61)
@example(seed=430, rows=56)
def test_two_samples_of_the_same_have_no_factor_beyond_chance(seed: int, rows: int) -> None:
    """Their logarithms lie apart by chance, with a standard error of the root of 2 / rows; five of them are many."""
    was, now = np.random.default_rng(seed).lognormal(0, 1, (2, rows))

    measured = units.factor(was, now)

    assert measured is None or abs(math.log(measured)) < 5 * math.sqrt(2 / rows)


# ── the real year ─────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.fixture(scope="module")
def months(year: Path) -> list[pd.DataFrame]:
    """The accepted rows of the twelve months of flights."""
    flights = loader.load("flights")
    frames = [folders.rows(year, delivery, flights.validation) for delivery in folders.listed(year)]
    return [contract.check(frame, flights.validation, "late").accepted for frame in frames]


def test_nothing_is_wrong_with_a_real_year_nor_with_its_weeks_and_halves(months: list[pd.DataFrame]) -> None:
    flights, luck = loader.load("flights"), np.random.default_rng(1)
    year = pd.concat(months, ignore_index=True)
    # On the last day, which would be a week of its own, no weather was recorded at all: a fault that is one.
    day = year["scheduled_departure"].dt.tz_convert("America/New_York").dt.dayofyear.clip(upper=364) - 1
    weeks = [rows for _, rows in year.groupby(day // 7)]
    halves = [half for rows in months for half in _halved(rows, luck.random(len(rows)) < 0.5)]

    faults = [
        fault
        for parts in (months, weeks, halves)
        for place in range(len(parts))
        for fault in whole.examine(parts[place], parts[max(0, place - 3) : place], flights)
    ]

    assert faults == []


def _halved(rows: pd.DataFrame, first: Any) -> tuple[pd.DataFrame, pd.DataFrame]:
    return rows[first], rows[~first]
