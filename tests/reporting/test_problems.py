"""Both kinds of problem in every outcome: whatever is told, no word is of the other problem."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from configs.problems import ProblemName
from configs.settings import PipelineSettings
from flows.console import lines
from tasks.domain.turns import History, Outcome
from tasks.problems import kinds
from tasks.reporting import captions, lives, page, sentences, stories, summaries, versions
from tests.reporting import numbers, worlds

OF_A_NUMBER = ("RMSE", "R²", "squared_error", "mean label", "standard deviations", "quared")
OF_A_YES_OR_NO = (
    "og loss",
    "log_loss",
    "AUC",
    "Brier",
    "positives",
    "calibration error",
    "expected share",
    "% of hours",
)


def refused_first() -> History:
    """A refused batch, and nothing else."""
    return replace(worlds.told(worlds.YEAR[7:8]), duplicates=())


def refused_first_of_many() -> History:
    """It began with a refused batch."""
    return worlds.told([worlds.YEAR[7], *worlds.YEAR[:4]])


def long_and_refused_last() -> History:
    """More turns than are drawn in full, the last of them refused."""
    many = worlds.long(40)
    return replace(many, turns=(*many.turns[:-1], replace(worlds.year().turns[7], number=40)))


def unfinished() -> History:
    """The last turn has not come to its verdict."""
    world = worlds.year()
    begun = worlds.bare_turn(13, world.turns[-1].batch)
    return replace(world, turns=(*world.turns[:-1], begun))


def given_up_unjudged() -> History:
    """The last turn failed before anything was scored."""
    world = worlds.year()
    failed = replace(worlds.bare_turn(13, world.turns[-1].batch), outcome=Outcome.FAILED, reasons=("it broke",))
    return replace(world, turns=(*world.turns[:-1], failed))


WORLDS: tuple[Callable[[], History], ...] = (
    worlds.year,
    worlds.first_turn,
    worlds.promoted_last,
    worlds.refused_last,
    refused_first,
    refused_first_of_many,
    long_and_refused_last,
    worlds.not_judged_last,
    worlds.given_up_last,
    given_up_unjudged,
    worlds.no_champion,
    worlds.gone_back,
    unfinished,
)


@pytest.mark.parametrize("world", WORLDS, ids=lambda world: world.__name__)
@pytest.mark.parametrize("problem", ["binary", "regression"])
def test_no_word_is_of_the_other_problem(problem: ProblemName, world: Callable[[], History]) -> None:
    history, settings, foreign = told_as(problem, world())

    everything = "\n".join(texts(history, settings))

    assert [word for word in foreign if word in everything] == []


def told_as(problem: ProblemName, history: History) -> tuple[History, PipelineSettings, tuple[str, ...]]:
    """A history, its settings, and the words that must not be told of it."""
    if problem == "regression":
        return numbers.in_numbers(history), numbers.settings(), OF_A_YES_OR_NO
    return history, worlds.settings(), OF_A_NUMBER


def texts(history: History, settings: PipelineSettings) -> list[str]:
    """The page, the terminal, JSON, Prefect's notes and tables, the stories and lives."""
    html = page.render(history, settings, written=worlds.WRITTEN)
    predicted = kinds.named(settings.training.problem)
    told: list[Any] = [re.sub(r"<(style|script)\b.*?</\1>", "", html, flags=re.DOTALL)]
    told += [lines.status(history, settings, []), lines.history_table(history, predicted)]
    told += [lines.header(8, predicted), captions.loss(history), sentences.headline(history, settings).text]
    for turn in history.turns:
        told += [lines.plain_line(turn), lines.turn_object("p", turn, settings.training.problem)]
        told += [summaries.markdown(history, turn, settings), summaries.verdict_rows(turn)]
        told += [str(stories.story(history, turn, settings))]
    for version, _ in history.models:
        told += [str(lives.life(history, version, settings))]
        told += [str(versions.model_facts(history, version, None, settings))]
    return [one if isinstance(one, str) else json.dumps(one, ensure_ascii=False) for one in told]
