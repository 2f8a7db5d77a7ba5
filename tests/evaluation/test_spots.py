"""Weak spots on rows that the tests make: what is planted is found and named, and nothing is found where nothing is."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from configs.settings import PipelineSettings
from tasks.domain.weak_spots import Against
from tasks.evaluation import cuts_of_columns, spots
from tasks.evaluation.lost_rows import Limits, Lost
from tasks.evaluation.spots import Spot
from tests import hours

LIMITS = Limits(share=0.05, rise=0.2, level=0.02)
ROWS, DAYS = 3_000, 60
SETTINGS = PipelineSettings.model_validate_json(
    pd.Series(
        {
            "title": "Will it be late?",
            "ingestion": {"times": {"event": "at", "arrival": "learned"}},
            "validation": {
                "key": ["row"],
                "columns": {
                    "row": {"type": "integer"},
                    "at": {"type": "timestamp"},
                    "learned": {"type": "timestamp"},
                    "shop": {"type": "category"},
                    "fee": {"type": "number"},
                    "note": {"type": "category"},
                    "late": {"type": "boolean"},
                },
            },
            "training": {
                "label": "late",
                "features": ["fee"],
                "candidates": [{"family": "hist_gradient_boosting"}],
            },
        }
    ).to_json()
)
Rows = Callable[[pd.DataFrame], "pd.Series[bool]"]


def frame(seed: int) -> pd.DataFrame:
    """Rows of sixty days."""
    luck = np.random.default_rng(seed)
    at = pd.Timestamp("2025-06-02", tz="UTC") + pd.to_timedelta(np.arange(ROWS) * DAYS * 24 / ROWS, unit="h")
    return pd.DataFrame(
        {
            "row": np.arange(ROWS),
            "at": at,
            "learned": at + pd.Timedelta(days=2),
            "shop": pd.Series(luck.choice(["a", "b", "c", "d"], ROWS), dtype="str"),
            "fee": np.round(luck.normal(20, 5, ROWS), 2),
            "note": pd.Series([f"note {number}" for number in range(ROWS)], dtype="str"),
            "late": luck.random(ROWS) < 0.5,
        }
    )


def looked(seed: int, where: Rows | None, times: float = 2.0, gate: Rows | None = None) -> list[Spot]:
    """What is found where the loss on some rows is so many times that on the others, also at the gate if so said."""
    now, there, luck = frame(seed), frame(seed + 1), np.random.default_rng(seed)
    cuts = cuts_of_columns.cut(pd.concat([now, there], ignore_index=True), SETTINGS)

    def lost(rows: pd.DataFrame, planted: Rows | None) -> Lost:
        day_luck = luck.normal(1, 0.1, DAYS)[(rows["at"].dt.dayofyear - rows["at"].dt.dayofyear.min())]
        loss = luck.exponential(0.5, len(rows)) * day_luck
        loss = loss if planted is None else np.where(planted(rows), times * loss, loss)
        clusters = pd.factorize(rows["at"].dt.floor("D"))[0].astype(np.intp)
        return Lost(tuple(cut.codes(rows) for cut in cuts), loss, clusters)

    return spots.of_model(cuts, lost(now, where), np.full(ROWS, 0.69), lost(there, gate), LIMITS)


#   planted   in words
PLANTED: list[tuple[Rows, str]] = [
    (lambda rows: rows["shop"].isin(["b", "d"]), "shop is 'b' or 'd'"),
    (lambda rows: rows["at"].dt.hour.between(6, 9), "hour of the day is 6 to 9"),
    (lambda rows: (rows["at"].dt.hour < 5) | (rows["at"].dt.hour > 19), "hour of the day is 0 to 4 or 20 to 23"),
    (lambda rows: rows["at"].dt.dayofweek > 4, "weekday is Saturday to Sunday"),
    (lambda rows: (rows["shop"] == "c") & (rows["at"].dt.hour < 12), "shop is 'c' and hour of the day is 0 to 11"),
]


@pytest.mark.parametrize(("where", "words"), PLANTED, ids=[words for _, words in PLANTED])
def test_what_is_planted_is_found_and_named(where: Rows, words: str):
    found = looked(3, where)

    assert [one.told.where for one in found] == [words]
    assert found[0].told.loss > 1.5 * found[0].told.rest


def test_a_range_of_a_number_is_named_by_round_borders():
    (spot,) = looked(3, lambda rows: rows["fee"] < 15)

    assert spot.told.where.startswith("fee is below 1")
    assert spot.told.share == pytest.approx(0.16, abs=0.04)


def test_nothing_is_found_where_nothing_is():
    assert [looked(seed, None) for seed in range(10, 30)] == [[]] * 20


def test_a_part_that_was_as_hard_at_the_gate_is_no_news():
    hard: Rows = lambda rows: rows["shop"] == "b"  # noqa: E731

    assert looked(3, hard, times=1.35, gate=hard) == []


def test_worse_than_no_model_is_told_wherever_it_was_before():
    hard: Rows = lambda rows: rows["shop"] == "b"  # noqa: E731

    (spot,) = looked(3, hard, times=2.5, gate=hard)

    assert (spot.told.where, spot.told.against) == ("shop is 'b'", Against.NO_MODEL)


def test_label_times_and_names_of_rows_make_no_part():
    cuts = cuts_of_columns.cut(frame(1), SETTINGS)

    assert [cut.name for cut in cuts] == ["fee", "shop", "at (hour)", "at (weekday)", "at (month)"][: len(cuts)]
    assert {cut.column for cut in cuts} == {"fee", "shop", "at"}


def test_hours_are_those_of_the_zone_of_the_pipeline():
    zone = SETTINGS.evaluation.cluster.model_copy(update={"timezone": "America/New_York"})
    here = SETTINGS.model_copy(update={"evaluation": SETTINGS.evaluation.model_copy(update={"cluster": zone})})

    cut = next(one for one in cuts_of_columns.cut(frame(1), here) if one.clock == "hour")

    assert cut.codes(frame(1).head(1)).tolist() == [20]  # midnight in UTC


def test_a_challenger_opens_a_part_in_which_the_live_model_did_better():
    rows, luck = frame(5), np.random.default_rng(5)
    cuts = cuts_of_columns.cut(rows, SETTINGS)
    live = luck.exponential(0.5, ROWS)
    loss = np.where(rows["shop"] == "a", 1.5 * live, 0.8 * live)
    clusters = pd.factorize(rows["at"].dt.floor("D"))[0].astype(np.intp)
    codes = tuple(cut.codes(rows) for cut in cuts)

    (spot,) = spots.of_challenger(cuts, Lost(codes, loss, clusters, live), LIMITS)

    assert (spot.told.where, spot.told.against) == ("shop is 'a'", Against.CHAMPION)
    assert spots.of_challenger(cuts, Lost(codes, 0.8 * live, clusters, live), LIMITS) == []


def test_a_batch_of_few_days_or_one_shows_nothing():
    rows = frame(1).head(400)
    cuts = cuts_of_columns.cut(rows, SETTINGS)
    codes, loss = tuple(cut.codes(rows) for cut in cuts), np.where(rows["shop"] == "a", 9.0, 0.1)

    for days in (1, 4):
        lost = Lost(codes, loss, np.arange(400) % days)
        assert spots.of_model(cuts, lost, np.full(400, 0.69), lost, LIMITS) == []


def test_a_loss_that_cannot_be_measured_shows_nothing():
    rows = frame(1)
    cuts = cuts_of_columns.cut(rows, SETTINGS)
    lost = Lost(tuple(cut.codes(rows) for cut in cuts), np.full(ROWS, np.nan), np.arange(ROWS) % DAYS)

    assert spots.of_model(cuts, lost, np.full(ROWS, 0.69), lost, LIMITS) == []


@pytest.mark.parametrize("world", hours.WORLDS, ids=lambda world: world.name)
def test_stretches_that_the_gate_had_not_are_found(world: hours.World):
    now, gate, seed = world.month(1, covered=False), world.month(0, covered=True), np.random.default_rng(0)
    settings = SETTINGS.model_copy(update={"training": SETTINGS.training.model_copy(update={"label": world.label})})
    cuts = cuts_of_columns.cut(pd.concat([now, gate], ignore_index=True), settings)

    def lost(rows: pd.DataFrame) -> Lost:
        loss = seed.exponential(np.where(world.is_covered(rows), 0.5, 1.0))
        clusters = pd.factorize(rows["at"].dt.floor("D"))[0].astype(np.intp)
        return Lost(tuple(cut.codes(rows) for cut in cuts), loss, clusters)

    (spot,) = spots.of_model(cuts, lost(now), np.full(len(now), 0.69), lost(gate), LIMITS)

    assert spot.told.where == f"{world.column} is {world.uncovered}"
    assert spot.told.gate_rows == 0
