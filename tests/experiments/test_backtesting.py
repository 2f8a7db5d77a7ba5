"""A backtest: what it refuses, what is told of it, and that what is found once is not found again."""

import json
from collections.abc import Sequence

import pytest

from configs import loader
from configs.errors import InvalidSettings, MistakeOfUser
from tasks.adapters.home import Home
from tasks.domain.turns import Guard
from tasks.experiments import backtest_account, policies
from tasks.experiments.policies import Lot, Walk
from tasks.experiments.steps import backtesting
from tests.experiments.test_policies import RULE, world


def walks(lots: Sequence[Lot], *more: Walk) -> list[Walk]:
    now = policies.by_rule("settings of now", lots, [], RULE)
    return [policies.was_live(lots), now, policies.never(lots), policies.always(lots, []), *more]


@pytest.mark.parametrize("change", ["training.seed=7", "promotion.guards.max_churn=1", "coordination.cooldown=1"])
def test_what_takes_other_models_or_rows_is_left_to_an_experiment(change: str, shop_versions: Home) -> None:
    with pytest.raises(InvalidSettings, match=r"cannot be answered from the models that there are.*`experiment`"):
        backtesting.ask(shop_versions, "shop", [change], suggest=False)


def test_a_history_without_decisions_is_said(shop_versions: Home) -> None:
    with pytest.raises(MistakeOfUser, match="shop has judged 0 batches since it has a champion; a backtest needs 2"):
        backtesting.ask(shop_versions, "shop", [], suggest=False)


def test_a_guard_keeps_off_what_the_evidence_would_take() -> None:
    lots, asked = world([0.1, 0.0, 0.0]), []

    def ask(lot: Lot, base: str, probe: str) -> tuple[Guard, ...]:
        asked.append((lot.turn, base, probe))
        return (Guard("slices", lot.turn == 2, "one is worse"),)

    walk = policies.by_rule("now", lots, [], RULE, ask)

    assert asked[0] == (2, "first", "trees 2"), "only where the evidence suffices"
    assert walk.models[:2] == ("first", "first")


def test_each_rule_has_a_line_beside_never_and_always() -> None:
    lots = world([0.1, 0.1, 0.1])

    (section,) = backtest_account.of(lots, walks(lots), loader.load("flights"))

    rules = {row[0]: row for row in section.table}
    assert list(rules) == ["rule", "was live", "settings of now", "never", "always"]
    assert rules["never"][2:4] == ("–", "–")
    assert rules["always"][-1] == "100\u202f%"
    assert section.sentences[0].startswith("3 batches were judged since there is a champion.")
    assert len(section.figures_over_time) == 1


def test_the_best_of_several_is_told_with_how_many_were_tried() -> None:
    lots, easy = world([0.006, 0.0, 0.0, 0.0]), {"min_relative_gain": 0.0}
    more = [
        policies.by_rule(f"every {number}", lots, [], RULE.model_copy(update={**easy, "false_promotion_every": number}))
        for number in (2.0, 1e9)
    ]

    (section,) = backtest_account.of(lots, walks(lots, *more), loader.load("flights"))

    assert section.sentences[1].startswith(
        "Of 2 that were tried, every 2.0 would have lost least: gain over the settings"
    )
    assert section.sentences[2].endswith("as 2 were tried.")


def test_a_rule_that_decides_the_same_is_said_to() -> None:
    lots = world([0.1, 0.0])

    (section,) = backtest_account.of(
        lots, walks(lots, policies.by_rule("asked", lots, [], RULE)), loader.load("flights")
    )

    assert section.sentences[1] == "asked: the same models as by the settings of now."
    told = json.loads(json.dumps(backtest_account.as_object(lots, policies.never(lots))))
    assert (told["rule"], told["took_over"], told["batches"]) == ("never", 0, 2)
