"""The report of a pipeline that predicts a number: the same page, in words of a number, and none of a yes or no."""

import re
from dataclasses import replace

import pytest

from configs.settings import PipelineSettings
from flows import lines
from tasks.core.records import Batch, CalibrationBin, Comparison, Metric, Model, Score
from tasks.core.reporting import findings, page, sentences, summaries, tiles, versions
from tasks.core.reporting.marks import brief, decimals
from tasks.core.turns import History, Turn
from tests.core.reporting import worlds

SCALE = 10_000
"""A log loss of 0.5 becomes a squared error of 5,000; a share of 0.25 a mean of 250."""


def settings() -> PipelineSettings:
    known = worlds.settings(row=("hour", "hours"), outcome="rentals", unlabelled="not counted").model_dump()
    known["validation"]["columns"]["late"]["type"] = "integer"
    known["training"] |= {
        "problem": "regression",
        "candidates": ({"family": "hist_gradient_boosting"}, {"family": "linear_regression"}),
    }
    return PipelineSettings.model_validate(known)


def year() -> History:
    """The year of the flights as a year of numbers."""
    known = worlds.year()
    return replace(
        known,
        turns=tuple(_turn(turn) for turn in known.turns),
        models=tuple((version, _model(model)) for version, model in known.models),
        gates=tuple((version, _score(score)) for version, score in known.gates),
    )


def _turn(turn: Turn) -> Turn:
    return replace(
        turn,
        batch=_batch(turn.batch),
        champion=turn.champion and _score(turn.champion),
        probe=turn.probe and _score(turn.probe),
        never=turn.never and _score(turn.never),
        probe_model=turn.probe_model and _model(turn.probe_model),
        comparison=turn.comparison and _comparison(turn.comparison),
        dummy_loss=turn.dummy_loss and turn.dummy_loss * SCALE,
        candidates=tuple((family, loss * SCALE) for family, loss in turn.candidates),
        health=turn.health and replace(turn.health, reasons=()),
        verdict=turn.verdict and replace(turn.verdict, guards=(), reasons=("as the evidence says",)),
        reasons=("as the evidence says",),
    )


def _batch(batch: Batch) -> Batch:
    share = batch.positives / max(batch.accepted - batch.unlabelled, 1)
    return replace(batch, positives=0, label_mean=1000 * share if batch.accepted else None)


def _model(model: Model) -> Model:
    return replace(model, snapshot=replace(model.snapshot, positives=0, label_mean=232.0), base_rate=232.0)


def _score(score: Score) -> Score:
    loss = _metric(score.loss, "squared_error")
    others = tuple(replace(loss, name=name) for name in ("rmse", "mae", "r2", "bias"))
    parts = tuple(
        replace(part, positives=0, mean_actual=250.0, log_loss=_metric(part.loss, "squared_error"))
        for part in score.slices
    )
    groups = tuple(CalibrationBin(b.rows, 1000 * b.predicted, 1000 * b.actual) for b in score.calibration)
    actual = 1000 * score.positives / score.rows if score.rows else None
    return replace(
        score, positives=0, mean_predicted=1000 * score.mean_predicted, metrics=(loss, *others), slices=parts,
        calibration=groups, mean_actual=actual, variance=90_000.0,
    )  # fmt: skip


def _metric(metric: Metric, name: str) -> Metric:
    ends = (None if end is None else end * SCALE for end in (metric.value, metric.low, metric.high))
    return Metric(name, *ends, greater_is_better=False)


def _comparison(pair: Comparison) -> Comparison:
    parts = tuple(
        replace(part, gain=part.gain * SCALE, low=part.low * SCALE, high=part.high * SCALE) for part in pair.slices
    )
    return replace(
        pair, gain=pair.gain * SCALE, low=pair.low * SCALE, high=pair.high * SCALE, slices=parts,
        base_loss=tuple(loss * SCALE for loss in pair.base_loss),
        challenger_loss=tuple(loss * SCALE for loss in pair.challenger_loss), measure="squared_error",
    )  # fmt: skip


def test_no_word_of_a_yes_or_no_is_on_the_page() -> None:
    html = page.render(year(), settings(), written=worlds.WRITTEN)

    told = re.sub(r"<(style|script)\b.*?</\1>", "", html, flags=re.DOTALL)
    for word in ("og loss", "AUC", "Brier", "share expected", "were rentals", "rentals as often", "share of rentals"):
        assert word not in told, word
    assert "Squared error per turn, lower is better" in told
    assert "Square of the distance between answer and label" in told
    assert "RMSE 5,900" in told


def test_the_four_numbers_and_the_condition_are_amounts() -> None:
    history = year()

    numbers = {figure.name: figure for figure in tiles.four(history, settings())}

    assert numbers["Squared error"].value == "5,900"
    assert numbers["Squared error"].text == "5,380 at its gate · 6,590 without a model"
    assert "worse by 80.00" in numbers["Retraining"].text
    assert sentences.condition(history.turns[-1], settings()) == "expected 260.0, it was 340.0"


def test_findings_speak_of_means() -> None:
    history = year()

    found = findings.share(history.turns, settings())

    assert found.startswith("The mean answer was off by more than 0.2 standard deviations in ")
    assert findings.calibration(history.turns[-1].champion, 6, settings()).startswith(
        "The mean label was above what v6"
    )
    assert "(7,000)" in findings.slices(history.turns[-1].champion)


def test_tables_of_versions_and_verdicts_are_in_the_same_words() -> None:
    history = year()

    facts = {fact.name: fact.text for fact in versions.model_facts(history, 6, history.turns[-1], settings())}
    rows = {str(row["what"]): row for row in summaries.verdict_rows(history.turns[-1])}

    assert "232.0 rentals on average" in facts["Trained on"]
    assert "squared error 5,900 (5,510 to 6,260), RMSE 5,900" in facts["Last judged"]
    assert rows["champion"]["value"] == "5,900 (5,510 to 6,260)"
    assert str(rows["gain"]["value"]).startswith("−80.00")


def test_the_terminal_heads_its_columns_with_the_loss_that_decides() -> None:
    history = year()

    status = lines.status(history, settings(), [])
    table = lines.history_table(history)

    assert any("quarantined  sq error" in line for line in status)
    assert "squared error" in table[0]
    assert lines.turn_object("bicycles", history.turns[-1])["champion_squared_error"] == pytest.approx(5900)


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
