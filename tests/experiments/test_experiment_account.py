"""How experiments are told: on a screen, on a page, and to machines."""

import json
from datetime import UTC, datetime

import pytest

from configs import loader
from tasks.domain.turns import Outcome
from tasks.experiments import experiment_account, experiment_charts, standings
from tasks.experiments.plans import Plan
from tasks.experiments.standings import Standing
from tasks.reporting import account_page
from tests.experiments.test_standings import DAYS, batch, pair

PLAN = Plan("flights", "deeper", ("training.seed=7",), "v5", 1, "abc", datetime(2026, 1, 1, tzinfo=UTC))


def standing(better: float = 0.1, *, left: int = 0, tried: int = 2) -> Standing:
    """Four batches: before there was a model, the same in both, and two with different models."""
    replayed = [
        batch(1, None, model=None, live_model=None, live_version=None, outcome=Outcome.FIRST_CHAMPION, promoted=True),
        batch(2, None, model="live", fits=2, lent=1, seconds=1.25),
    ]
    for turn in (3, 4):
        outcome = Outcome.PROMOTE if turn == 3 else Outcome.REJECT
        more = {"outcome": outcome, "promoted": turn == 3, "live_promoted": turn == 4, "fits": 1, "seconds": 2.0}
        replayed.append(batch(turn, pair(turn, better, first=turn * DAYS), replayed[-1], **more))
    return standings.judge(PLAN, replayed, left=left, tried=tried, confidence=0.95, false_promotion_every=200)


@pytest.fixture
def settings():
    return loader.load("flights")


@pytest.mark.parametrize(
    ("better", "words"),
    [(0.1, "deeper is better: "), (-0.1, "deeper is worse: "), (0.0, "deeper: whether it is better cannot be told: ")],
)
def test_one_sentence_says_what_can_be_said(better: float, words: str) -> None:
    sentence = experiment_account.sentence(standing(better))

    assert sentence.startswith(f"{words}gain over what was live")
    assert "on 2 batches, and on 1 the same model was live" in sentence
    assert ("needs 400" in sentence) == (better >= 0)


def test_what_is_left_is_said() -> None:
    assert experiment_account.sentence(standing(left=3)).endswith("3 batches are not replayed yet: run it again.")


def test_each_batch_has_a_line(settings) -> None:
    section = experiment_account.alone(standing(), settings)

    head, first, same, promoted, last = section.table
    assert head[0] == "batch"
    assert (first[1], first[-1]) == ("–", "first champion")
    assert same[-1] == "not better; the same model as live"
    assert (promoted[1], promoted[-1], last[-1]) == ("v1", "takes over", "not better")
    assert section.sentences[0] == "It changes training.seed=7, from v5 on."
    assert "4 models were fitted, 1 were there already; 5.2" in section.sentences[2]


def test_all_are_beside_each_other_with_their_correction(settings) -> None:
    section = experiment_account.overview("flights", [standing(0.1), standing(-0.1)], settings)

    assert section.sentences[0].startswith("2 experiments were tried: each interval is one of 98")
    assert "has to reach 400" in section.sentences[0]
    assert [row[0] for row in section.table] == ["experiment", "deeper", "deeper"]
    assert len({len(row) for row in section.table}) == 1
    assert section.table[1][7:9] == ("2 (1 live)", "4 (+1 had)")


def test_without_any_experiment_that_is_said(settings) -> None:
    (section,) = experiment_account.of("flights", [], settings)

    assert section.sentences == ("flights has no experiment yet.",)


def test_the_page_has_a_chart_of_the_loss_the_gain_and_the_time(settings) -> None:
    sections = experiment_account.of("flights", [standing()], settings)

    html = account_page.render("flights", "Why?", "Experiments", sections, written=datetime(2026, 1, 1, tzinfo=UTC))

    assert [figure.finding for figure in sections[1].figures_over_time] == [
        "Log loss per batch.",
        "Lower than that of the live model on 2 of 2 batches.",
        "It took 5.2\u202fs.",
    ]
    assert html.count("<figure>") == 3
    assert html.count('href="#g-promote"') == 1


def test_where_nothing_was_compared_there_is_only_the_time(settings) -> None:
    replayed = [batch(1, None, model="live", seconds=1.0)]
    only = standings.judge(PLAN, replayed, left=0, tried=1, confidence=0.95, false_promotion_every=200)

    section = experiment_account.alone(only, settings)

    assert [figure.reading for figure in section.figures_over_time] == ["Seconds per batch."]
    assert experiment_charts.loss(only, "x") is experiment_charts.gain(only, "x") is None
    assert "the same models were live as in the pipeline, on 1 batch" in section.sentences[1]


def test_machines_get_numbers() -> None:
    told = json.loads(json.dumps(experiment_account.as_object(standing())))

    assert (told["answer"], told["compared"], told["same"], told["promotions"]) == ("better", 2, 1, 2)
    assert told["low"] < told["gain"] < told["high"]
    assert (told["needed"], told["tried"], told["from"]) == (400, 2, "v5")
