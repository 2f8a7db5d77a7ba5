"""The report of a pipeline that predicts a number: the same page, in words of a number, and none of a yes or no."""

import re

import pytest

from flows.console import lines
from tasks.problems import kinds
from tasks.reporting import captions, page, sentences, summaries, tiles, versions
from tasks.reporting.marks import brief, decimals
from tests.reporting import worlds
from tests.reporting.numbers import settings, year


def test_no_word_of_a_yes_or_no_is_on_the_page() -> None:
    html = page.render(year(), settings(), written=worlds.WRITTEN)

    told = re.sub(r"<(style|script)\b.*?</\1>", "", html, flags=re.DOTALL)
    for word in ("og loss", "AUC", "Brier", "share expected", "were rentals", "rentals as often", "share of rentals"):
        assert word not in told, word
    assert "RMSE per turn, lower is better" in told
    assert "Root of the mean squared distance between answer and label" in told
    assert "RMSE 76.81" in told


def test_the_four_numbers_and_the_condition_are_amounts() -> None:
    history = year()

    numbers = {figure.name: figure for figure in tiles.four(history, settings())}

    assert numbers["RMSE"].value == "76.81"
    assert numbers["RMSE"].text == "73.35 at its gate · 81.18 without a model"
    assert "worse by 0.5374" in numbers["Retraining"].text
    assert sentences.condition(history.turns[-1], settings()) == "expected 260.0, it was 340.0"


def test_findings_speak_of_means() -> None:
    history = year()

    found = captions.share(history.turns, settings())

    assert found.startswith("The mean answer was off by more than 0.2 standard deviations in ")
    assert captions.calibration(history.turns[-1].champion, 6, settings()).startswith(
        "The mean label was above what v6"
    )
    assert "(83.67)" in captions.slices(history.turns[-1].champion)


def test_tables_of_versions_and_verdicts_are_in_the_same_words() -> None:
    history = year()

    facts = {fact.name: fact.text for fact in versions.model_facts(history, 6, history.turns[-1], settings())}
    rows = {str(row["what"]): row for row in summaries.verdict_rows(history.turns[-1])}

    assert "232.0 rentals on average" in facts["Trained on"]
    assert ": RMSE 76.81 (74.23 to 79.12), MAE 5,900" in facts["Last judged"]
    assert rows["champion"]["value"] == "76.81 (74.23 to 79.12)"
    assert str(rows["RMSE gain"]["value"]).startswith("−0.5")


def test_the_terminal_heads_its_columns_with_the_loss_that_decides() -> None:
    history = year()

    status = lines.status(history, settings(), [])
    table = lines.history_table(history, kinds.named("regression"))

    assert any("quarantined      RMSE" in line for line in status)
    assert "RMSE gain at the gate  RMSE" in table[0]
    assert lines.turn_object("bicycles", history.turns[-1], "regression")["champion_squared_error"] == pytest.approx(
        5900
    )


@pytest.mark.parametrize(
    ("values", "signed", "texts"),
    [
        ((0.5, 0.6), False, ["0.5", "0.6"]),
        ((0.0, 2500.0, 5000.0), True, ["+0", "+2,500", "+5,000"]),
        ((0.0, 10_000.0, 20_000.0), False, ["0", "10k", "20k"]),
        ((-12_500.0, 12_500.0), True, ["−12.5k", "+12.5k"]),
        ((1e6, 2.5e9, 5e12), False, ["1M", "2.5G", "5T"]),
    ],
)
def test_ticks_of_large_numbers_have_room(values: tuple[float, ...], signed: bool, texts: list[str]) -> None:
    assert [brief(value, decimals(values), signed) for value in values] == texts
