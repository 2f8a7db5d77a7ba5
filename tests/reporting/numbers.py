"""Made-up histories of a pipeline that predicts a number: those of `worlds`, with other scores."""

from dataclasses import replace

from configs.settings import PipelineSettings
from tasks.domain.records import Batch, CalibrationBin, Comparison, Metric, Model, Score
from tasks.domain.turns import History, Turn
from tests.reporting import worlds

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
    return in_numbers(worlds.year())


def in_numbers(known: History) -> History:
    """A history of a yes or no as one of a number."""
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
        replace(part, positives=0, mean_actual=250.0, loss=_metric(part.loss, "squared_error")) for part in score.slices
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
        challenger_loss=tuple(loss * SCALE for loss in pair.challenger_loss), metric="squared_error",
    )  # fmt: skip
