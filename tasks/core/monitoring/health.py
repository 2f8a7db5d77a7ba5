"""Is the live model well, in one word with its reasons?

Add here what is said about the live model on one batch. What is done about it is decided elsewhere: an unwell model is
replaced on evidence only.
"""

import math
from collections.abc import Iterable

from configs.monitoring import HealthSettings
from configs.reporting import ReportingSettings
from tasks.core import wording
from tasks.core.records import Metric, Score
from tasks.core.turns import Drift, Health, HealthState


def judge(
    score: Score | None,
    gate: Score | None,
    drift: Drift | None,
    settings: HealthSettings,
    words: ReportingSettings,
    *,
    dummy_loss: float | None = None,
) -> Health:
    """Say how the live model did on a batch; the reasons that made the state come first.

    - not well: the interval of its log loss lies above the log loss of no model.
    - watch: above no model though within the interval; or the expected and the actual share of positives differ by more
      than the setting; or the interval of its loss lies above the interval at its gate.
    - not judged: no score, no labelled row, or a loss that is not a number.

    Args:
        score: The live model on this batch.
        gate: The live model on the batch on which it won; None while it is that batch.
        drift: Of this batch; it is told when the batch has drifted, and never changes the state.
        settings: How far the shares may differ.
        words: What a row and a positive label are called.
        dummy_loss: Log loss of a constant on the same rows.
    """
    loss = score.log_loss if score is not None and score.rows > 0 else None
    if score is None or loss is None or not _is_finite(loss.value):
        return Health(HealthState.NOT_JUDGED, (f"There are no labelled {words.row[1]} to judge it on.",))
    unwell, watch = _against_no_model(loss, dummy_loss)
    share = _share_sentence(score, words)
    off = abs(score.mean_predicted - score.positives / score.rows) > settings.max_share_error
    at_gate = _loss_sentence(score, gate, words)
    worse = gate is not None and _lies_above(loss, gate.log_loss)
    drifted = [f"{drift.reasons[0]}."] if drift is not None and drift.drifted else []
    watching = [*watch, *([share] if off else []), *([at_gate] if worse else [])]
    state = HealthState.UNWELL if unwell else HealthState.WATCH if watching else HealthState.WELL
    return Health(state, _once([*unwell, *watching, share, at_gate, *drifted]))


def _against_no_model(loss: Metric, dummy_loss: float | None) -> tuple[list[str], list[str]]:
    """Sentences that make it unwell, and that make it one to watch."""
    if dummy_loss is None or loss.value is None or loss.value <= dummy_loss:
        return [], []
    told = f"Its log loss, {_with_interval(loss)}, was above {wording.loss(dummy_loss)}, that of no model"
    if loss.low is not None and loss.low > dummy_loss:
        return [f"{told}; the interval does not reach it."], []
    return [], [f"{told}, which lies within the interval." if loss.low is not None else f"{told}."]


def _share_sentence(score: Score, words: ReportingSettings) -> str:
    expected, actual = wording.share(score.mean_predicted), wording.share(score.positives / score.rows)
    return f"It expected {expected} of {words.row[1]} to be {words.outcome}; {actual} were."


def _loss_sentence(score: Score, gate: Score | None, words: ReportingSettings) -> str:
    rows = f"{wording.count(score.rows)} {words.row[0 if score.rows == 1 else 1]}"
    told = f"Its log loss on {rows} was {_with_interval(score.log_loss)}"
    return f"{told}." if gate is None else f"{told}, against {_with_interval(gate.log_loss)} at its gate."


def _with_interval(metric: Metric) -> str:
    if metric.value is None:
        return "–"
    if metric.low is None or metric.high is None:
        return wording.loss(metric.value)
    return f"{wording.loss(metric.value)} ({wording.interval(metric.low, metric.high)})"


def _lies_above(now: Metric, then: Metric) -> bool:
    return now.low is not None and then.high is not None and now.low > then.high


def _is_finite(value: float | None) -> bool:
    return value is not None and math.isfinite(value)


def _once(sentences: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(sentences))
