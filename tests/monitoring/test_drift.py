"""Drift: what is noticed, what is not, and how it is said."""

import json
from collections.abc import Mapping
from dataclasses import asdict

import numpy as np
import pandas as pd
import pytest

from configs.monitoring import DriftSettings
from configs.validation import ColumnRule
from tasks.domain.observations import ColumnDrift, Drift
from tasks.domain.records import MISSING, RARE
from tasks.monitoring import drift
from tasks.monitoring.comparable import BINS

NUMBER, INTEGER = ColumnRule(type="number", nullable=True), ColumnRule(type="integer", nullable=True)
CATEGORY, BOOLEAN = ColumnRule(type="category", nullable=True), ColumnRule(type="boolean", nullable=True)


def measured(
    reference: Mapping[str, object], current: Mapping[str, object], rules: Mapping[str, ColumnRule], **settings: float
) -> Drift:
    was, now = (pd.DataFrame(dict(side)) for side in (reference, current))
    chosen = DriftSettings.model_validate(settings)
    return drift.measure(was, now, list(rules), rules, chosen, batch="b", snapshot="s")


def one(reference: object, current: object, rule: ColumnRule, **settings: float) -> ColumnDrift:
    return measured({"x": reference}, {"x": current}, {"x": rule}, **settings).columns[0]


def words(count: int, seed: int, weights: tuple[float, ...] = (0.5, 0.3, 0.2)) -> pd.Series:
    return pd.Series(np.random.default_rng(seed).choice(["EWR", "JFK", "LGA"], count, p=weights), dtype="str")


def text_of(found: ColumnDrift) -> str:
    return found.text.replace("\u202f", " ")


# ── nothing happened ──────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("rows", [(1_000, 20_000), (20_000, 20_000)])
def test_the_same_distribution_is_called_moved_no_more_often_than_stated(rows: tuple[int, int]) -> None:
    rng = np.random.default_rng(7)
    rules = {"hour": INTEGER, "temp": NUMBER, "late": BOOLEAN, "tail": CATEGORY}
    tails = np.array([f"N{k:03}" for k in range(300)], dtype=object)

    def world(count: int) -> dict[str, object]:
        temp = np.where(rng.random(count) < 0.1, np.nan, rng.gamma(2, size=count))
        return {
            "hour": rng.integers(0, 24, count),
            "temp": temp,
            "late": rng.random(count) < 0.2,
            "tail": pd.Categorical.from_codes(rng.integers(0, 300, count), tails),
        }

    rounds = [measured(world(rows[0]), world(rows[1]), rules, min_effect=0.0) for _ in range(60)]

    alarms = sum(len(found.moved) > 0 for found in rounds)
    assert alarms <= 7, "with 5 % false alarms, more than 7 of 60 happen once in a hundred tries"


def test_a_shift_below_the_floor_is_not_moved_although_the_test_sees_it() -> None:
    rng = np.random.default_rng(0)
    reference, current = rng.normal(0, 1, 50_000), rng.normal(0.1, 1, 50_000)

    found = one(reference, current, NUMBER)

    assert found.p_value < 1e-6
    assert found.effect < 0.1
    assert not found.moved


def test_chance_in_a_column_of_a_thousand_levels_is_not_an_effect() -> None:
    rng = np.random.default_rng(0)
    names = np.array([f"N{k:04}" for k in range(1000)])
    reference, current = names[rng.integers(0, 1000, 50_000)], names[rng.integers(0, 1000, 10_000)]

    found = one(pd.Series(reference, dtype="str"), pd.Series(current, dtype="str"), CATEGORY)

    assert found.effect < 0.07


@pytest.mark.parametrize(
    ("values", "rule"),
    [
        ([5.0] * 300, NUMBER),
        ([np.nan] * 300, NUMBER),
        (pd.array([4] * 300, dtype="Int64"), INTEGER),
        (pd.Series(["EWR"] * 300, dtype="str"), CATEGORY),
        (pd.Series([None] * 300, dtype="str"), CATEGORY),
        (pd.Series([True] * 300, dtype="boolean"), BOOLEAN),
        (pd.Series([pd.NA] * 300, dtype="boolean"), BOOLEAN),
    ],
)
def test_a_column_that_is_constant_or_missing_everywhere_has_not_moved(values: object, rule: ColumnRule) -> None:
    found = one(values, values, rule)

    assert (found.effect, found.p_value, found.moved, found.text) == (0.0, 1.0, False, "as before")


def test_a_batch_without_rows_has_nothing_to_compare() -> None:
    found = measured({"a": [1.0], "b": ["x"]}, {"a": [], "b": []}, {"a": NUMBER, "b": CATEGORY})

    assert [column.text for column in found.columns] == ["no rows to compare"] * 2
    assert not found.drifted


# ── something happened ────────────────────────────────────────────────────────────────────────────────────────────
def test_a_fifth_of_a_column_set_to_zero_is_noticed() -> None:
    rng = np.random.default_rng(1)
    reference = rng.normal(1000, 50, 20_000)
    current = np.where(rng.random(2_000) < 0.2, 0.0, rng.normal(1000, 50, 2_000))

    found = one(reference, current, NUMBER)

    assert found.moved
    assert found.effect == pytest.approx(0.2, abs=0.03)


def test_a_renamed_category_is_noticed_and_named() -> None:
    current = words(2_000, 1).replace({"LGA": "LaGuardia"})

    found = one(words(20_000, 0), current, CATEGORY)

    assert found.moved
    assert found.effect == pytest.approx(0.2, abs=0.02)
    assert text_of(found) in ("'LGA': 0 %, was 20 %", "'LaGuardia': 20 %, was 0 %")


def test_values_that_go_missing_are_noticed_in_numbers_and_in_categories() -> None:
    rng = np.random.default_rng(2)
    reference, lost = rng.normal(0, 1, 10_000), rng.random(1_000) < 0.3

    number = one(reference, np.where(lost, np.nan, reference[:1_000]), NUMBER)
    category = one(words(10_000, 0), words(1_000, 1).mask(lost), CATEGORY)

    for found in (number, category):
        assert found.moved
        assert found.effect == pytest.approx(0.3, abs=0.04)
        assert found.missing_now == pytest.approx(lost.mean())
        assert "missing, was 0 %" in text_of(found)


def test_a_column_that_stops_coming_is_noticed_even_in_a_batch_of_thirty() -> None:
    found = one(np.arange(1_000.0), np.full(30, np.nan), NUMBER)

    assert found.moved
    assert (found.effect, text_of(found)) == (1.0, "100 % missing, was 0 %")


def test_the_effect_counts_missing_as_a_value_beside_the_numbers() -> None:
    reference = np.repeat([1.0, 2.0], 500)
    current = np.concatenate([np.repeat([1.0], 500), np.full(500, np.nan)])

    found = one(reference, current, NUMBER)

    assert found.effect == pytest.approx(0.5), "half of the rows changed: the 2s are missing now"


def test_the_text_names_the_cut_where_the_distributions_differ_most() -> None:
    reference, current = np.linspace(30, 60, 3_001), np.linspace(40, 60, 2_001)

    found = one(reference, current, NUMBER)

    assert text_of(found) == "100 % above 40.0, was 67 %"


def test_a_cut_is_written_as_fine_as_its_column_needs() -> None:
    small = one(np.linspace(0, 0.001, 500), np.linspace(0.0005, 0.001, 500), NUMBER)
    whole = one(np.arange(1000, 3000), np.arange(2000, 3000), INTEGER)
    below_zero = one(np.linspace(-20, 0, 500), np.linspace(-10, 0, 500), NUMBER)

    assert "above 0.000499," in small.text or "above 0.000500," in small.text
    assert "above 1,999," in whole.text
    assert "above −10.0" in below_zero.text


def test_both_the_cut_and_the_missing_share_are_told_when_both_changed() -> None:
    reference, current = np.linspace(0, 1, 1_000), np.linspace(0.5, 1, 1_000)
    current[:50] = np.nan

    found = one(reference, current, NUMBER)

    assert text_of(found).endswith("; 5.0 % missing, was 0 %")
    assert text_of(found).startswith("100 % above 0.5")


def test_a_boolean_is_compared_as_a_category() -> None:
    found = one(np.repeat([True, False], [100, 900]), np.repeat([True, False], [300, 700]), BOOLEAN)

    assert (found.kind, found.moved) == ("category", True)
    assert text_of(found) in ("'true': 30 %, was 10 %", "'false': 70 %, was 90 %")


def test_infinite_values_are_told_and_do_no_harm() -> None:
    reference = np.linspace(0, 1, 1_000)
    current = np.where(reference > 0.5, np.inf, reference)

    found = one(reference, current, NUMBER)

    assert found.moved
    assert sum(now for _, _, now in found.histogram) == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("low", [2**53 - 3, 2**53 - 1, 2**53, 2**60, -(2**60), 2**62])
@pytest.mark.parametrize("spread", [1, 3, 300, 5000])
def test_whole_numbers_that_floats_do_not_tell_apart_have_a_histogram(low: int, spread: int) -> None:
    numbers = low + np.arange(600) % spread

    found = one(numbers, numbers[::-1], INTEGER)

    assert (found.effect, found.moved) == (0.0, False)
    assert sum(now for _, _, now in found.histogram) == pytest.approx(1.0, abs=1e-3)


# ── the batch as a whole ──────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("moved", range(5))
def test_the_batch_has_drifted_from_the_stated_share_of_columns_on(moved: int) -> None:
    reference = {f"c{k}": np.arange(500.0) for k in range(4)}
    current = {f"c{k}": np.arange(500.0) + 400 * (k < moved) for k in range(4)}

    found = measured(reference, current, dict.fromkeys(reference, NUMBER), share=0.5)

    assert len(found.moved) == moved
    assert found.drifted == (moved >= 2)
    assert found.reasons[0] == f"{moved} of 4 columns moved; from 2 on, the batch as a whole has drifted"


def test_columns_come_in_the_order_in_which_they_are_asked_for() -> None:
    frame = pd.DataFrame({name: np.arange(200.0) for name in "abcd"})
    rules = dict.fromkeys("abcd", NUMBER)

    found = drift.measure(frame, frame + 150, list("cbad"), rules, DriftSettings(), batch="b", snapshot="s")

    assert [column.column for column in found.columns] == ["c", "b", "a", "d"]
    assert [reason.split(":")[0] for reason in found.reasons[1:]] == ["'c'", "'b'", "'a'", "and 1 more"]


def test_the_inputs_are_untouched_and_the_result_is_plain_values() -> None:
    reference, current = pd.DataFrame({"x": [3.0, 1.0, np.nan]}), pd.DataFrame({"x": [2.0, 9.0, 1.0]})
    before = reference.copy()

    found = drift.measure(reference, current, ["x"], {"x": NUMBER}, DriftSettings(), batch="b", snapshot="s")

    pd.testing.assert_frame_equal(reference, before)
    assert json.loads(json.dumps(asdict(found)))["columns"][0]["column"] == "x"


# ── the small picture ─────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("values", ["numbers", "hours", "levels"])
def test_a_histogram_has_few_bins_whose_shares_are_of_all_rows(values: str) -> None:
    rng = np.random.default_rng(3)
    column: dict[str, tuple[object, ColumnRule]] = {
        "numbers": (np.where(rng.random(4_000) < 0.1, np.nan, rng.normal(size=4_000)), NUMBER),
        "hours": (rng.integers(0, 24, 4_000), INTEGER),
        "levels": (pd.Series(rng.integers(0, 200, 4_000)).astype("str").mask(rng.random(4_000) < 0.1), CATEGORY),
    }
    sample, rule = column[values]

    histogram = one(sample, sample[:2_000], rule).histogram  # type: ignore[index]

    assert len(histogram) <= BINS
    assert sum(was for _, was, _ in histogram) == pytest.approx(1, abs=1e-3)
    assert sum(now for _, _, now in histogram) == pytest.approx(1, abs=1e-3)
    assert {"numbers": MISSING, "hours": "23", "levels": MISSING}[values] == histogram[-1][0]
    assert values != "levels" or histogram[-2][0] == RARE


def test_both_samples_share_the_bins() -> None:
    reference, current = np.repeat([0, 1, 2], [10, 20, 70]), np.repeat([1, 3], [50, 50])

    histogram = one(reference, current, INTEGER).histogram

    assert histogram == (("0", 0.1, 0.0), ("1", 0.2, 0.5), ("2", 0.7, 0.0), ("3", 0.0, 0.5))


def test_a_batch_has_drifted_by_the_one_column_that_matters() -> None:
    luck = np.random.default_rng(3)
    was = pd.DataFrame({name: luck.normal(size=2_000) for name in "abcd"})
    now, rules = was.assign(a=was["a"] + 1), dict.fromkeys("abcd", NUMBER)
    about = (list("abcd"), rules, DriftSettings())

    alike = drift.measure(was, now, *about, batch="b", snapshot="s")
    heavy = drift.measure(was, now, *about, weights={"a": 0.7, "b": 0.2, "c": 0.1}, batch="b", snapshot="s")
    light = drift.measure(was, now, *about, weights={"a": 0.1, "b": 0.9}, batch="b", snapshot="s")

    assert [found.drifted for found in (alike, heavy, light)] == [False, True, False]
    assert heavy.reasons[0].startswith("1 of 4 columns moved, 70\u202f% of what moves the model's answers")
    assert heavy.columns[0].beyond == pytest.approx(float((now["a"] > was["a"].max()).mean()))
