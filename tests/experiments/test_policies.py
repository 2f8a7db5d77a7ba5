"""What other rules of promotion would have done with the same models."""

import math

import numpy as np
import pytest

from configs.promotion import PromotionSettings
from tasks.experiments import policies
from tasks.experiments.policies import Lot

DAYS, ROWS = 20, 50
RULE = PromotionSettings()


def world(gains: list[float], *, linear: float = -0.05, seed: int = 0) -> list[Lot]:
    """Lots in which each new probe of the first family loses so much less a row than the one before; others lose more."""
    luck = np.random.default_rng(seed)
    models = {"first": 0.0}
    lots = []
    for turn, gain in enumerate(gains, start=2):
        before = max(models.values())
        probes = {f"trees {turn}": before + gain, f"linear {turn}": before + gain + linear}
        hard = luck.normal(0.6, 0.1, DAYS)  # days that are hard are so for all
        sums = {
            name: tuple(ROWS * (hard - value + luck.normal(0, 0.005, DAYS)))
            for name, value in (models | probes).items()
        }
        names = tuple(f"day {turn}-{n}" for n in range(DAYS))
        of_families = (("trees", f"trees {turn}"), ("linear", f"linear {turn}"))
        lots.append(Lot(turn, f"b{turn}", names, (ROWS,) * DAYS, of_families, "first", sums, "log_loss"))
        models |= probes
    return lots


def test_never_keeps_the_first_and_always_takes_each_probe() -> None:
    lots = world([0.1, 0.1, 0.1])

    never, always = policies.never(lots), policies.always(lots, [])

    assert never.models == ("first", "first", "first")
    assert always.models == ("first", "trees 2", "trees 3")
    assert (never.changes, always.changes) == (0, 2)


def test_the_rule_takes_what_is_clearly_better_and_leaves_what_is_not() -> None:
    better, same = world([0.1, 0.0, 0.0]), world([0.0, 0.0, 0.0])

    taken, kept = (policies.by_rule("now", lots, [], RULE) for lots in (better, same))

    assert taken.models == ("first", "trees 2", "trees 2")
    assert (taken.changes, kept.changes) == (1, 0)


def test_a_lower_threshold_takes_sooner() -> None:
    lots = world([0.006, 0.0, 0.0, 0.0])
    easy = RULE.model_copy(update={"false_promotion_every": 2.0, "min_relative_gain": 0.0})

    assert policies.by_rule("easy", lots, [], easy).changes >= policies.by_rule("now", lots, [], RULE).changes
    assert policies.by_rule("easy", lots, [], easy).models[1] == "trees 2"
    assert policies.by_rule("now", lots, [], RULE).models[1] == "first"


def test_the_family_is_chosen_before_the_lot_is_seen() -> None:
    lots = world([0.1, 0.1], linear=0.2)

    first, after = policies.always(lots, [("trees", 0.9), ("linear", 0.1)]), policies.always(lots, [])

    assert first.models[1] == "linear 2"
    assert after.models[1] == "trees 2", "at first the order of the settings"


def test_losses_and_differences_are_over_all_rows() -> None:
    lots = world([0.1, 0.1, 0.1])
    never, always = policies.never(lots), policies.always(lots, [])

    gain = policies.difference(lots, never, always, 0.95)

    assert gain.gain == pytest.approx(policies.loss(lots, never) - policies.loss(lots, always))
    assert gain.gain == pytest.approx((0 + 0.1 + 0.2) / 3, abs=0.01)
    assert (gain.rows, len(gain.clusters)) == (3 * DAYS * ROWS, 3 * DAYS)
    assert gain.low > 0
    assert policies.difference(lots, never, never, 0.95).gain == 0


def test_what_was_live_counts_its_changes() -> None:
    lots = world([0.1, 0.1, 0.1])
    changed = [*lots[:2], Lot(**{**vars(lots[2]), "live": "trees 2"})]

    walk = policies.was_live(changed)

    assert (walk.models, walk.changes) == (("first", "first", "trees 2"), 1)


def test_losses_that_are_not_finite_are_no_reason_to_change() -> None:
    lots = world([0.1, 0.1])
    broken = Lot(**{**vars(lots[0]), "sums": {**lots[0].sums, "trees 2": (math.inf,) * DAYS}})

    assert policies.by_rule("now", [broken, lots[1]], [], RULE).models == ("first", "first")
