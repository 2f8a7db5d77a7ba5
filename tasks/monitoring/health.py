"""Is the live model well, in one word with its reasons?

Add here what is said about the live model on one batch. What is done about it is decided elsewhere: an unwell model is
replaced on evidence only.
"""

import math
from collections.abc import Iterable

from configs.monitoring import HealthSettings
from configs.reporting import ReportingSettings
from tasks.domain import wording
from tasks.domain.records import Metric, Score
from tasks.domain.turns import Drift, Health, HealthState
from tasks.problems import measures
from tasks.problems.measures import Measure

FAR = 5
"""A model is not well when what it expects is off, beyond chance, by more than so many times what needs watching."""


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

    - not well: the interval of its loss lies above the loss of no model; or the interval of the difference of the
      expected and the actual share of positives (of a number: of the means) lies beyond FAR times the setting.
    - watch: above no model though within the interval; or the two differ by more than the setting; or the interval of
      its loss lies above the interval at its gate.
    - not judged: no score, no labelled row, or a loss that is not a number.

    Args:
        score: The live model on this batch.
        gate: The live model on the batch on which it won; None while it is that batch.
        drift: Of this batch; it is told when the batch has drifted, and never changes the state.
        settings: How far the shares, or means, may differ.
        words: What a row and a positive label are called.
        dummy_loss: Loss of a constant on the same rows.
    """
    if score is None or score.rows == 0:
        return Health(HealthState.NOT_JUDGED, (f"There are no labelled {words.row[1]} to judge it on.",))
    loss = score.loss
    if loss.value is None or not math.isfinite(loss.value):
        return Health(HealthState.NOT_JUDGED, (f"{_subject(score, words)} was not a number.",))
    unwell, watch = _against_no_model(loss, dummy_loss, measures.of(score))
    share = level_sentence(score, words)
    off, far = is_off(score, settings), _far_off(score, settings)
    unwell += [share, far] if far else []
    at_gate = _loss_sentence(score, gate, words)
    worse = gate is not None and _lies_above(loss, gate.loss)
    drifted = [f"{drift.reasons[0]}."] if drift is not None and drift.drifted else []
    watching = [*watch, *([share] if off else []), *([at_gate] if worse else [])]
    state = HealthState.UNWELL if unwell else HealthState.WATCH if watching else HealthState.WELL
    return Health(state, _once([*unwell, *watching, share, at_gate, *drifted]))


_WORSE = (HealthState.NOT_JUDGED, HealthState.WELL, HealthState.WATCH, HealthState.UNWELL)


def worst(found: Iterable[Health]) -> Health | None:
    """The one that says the worst, the first of them where two say the same; None for none."""
    return max(found, key=lambda one: _WORSE.index(one.state), default=None)


def is_off(score: Score, settings: HealthSettings) -> bool:
    """Whether the expected and the actual share of positives, or means of a number, differ by more than the setting."""
    bias = measures.bias(score)
    most = settings.max_bias if measures.of(score).is_number else settings.max_share_error
    return bias is not None and abs(bias) > most


def limit(settings: HealthSettings, *, is_number: bool, times: int = 1) -> str:
    """How far the expected and the actual level may be apart, or so many times that: `3 points`."""
    if not is_number:
        return f"{wording.number(round(times * 100 * settings.max_share_error, 2))} points"
    most = times * settings.max_bias
    return f"{wording.number(most)} standard deviation{'' if most == 1 else 's'}"


def _far_off(score: Score, settings: HealthSettings) -> str:
    """A sentence if chance does not explain how far the expected and the actual level are apart; else empty."""
    is_number, found = measures.of(score).is_number, score.offset
    if found is None or found.low is None or found.high is None:
        return ""
    unit = math.sqrt(score.variance or 0.0) if is_number else 0.01
    most = FAR * (settings.max_bias if is_number else 100 * settings.max_share_error)
    least, largest = sorted((abs(found.low), abs(found.high)))
    if found.low * found.high <= 0 or not unit or least / unit <= most:
        return ""
    ends = wording.interval(least / unit, largest / unit, wording.amount if is_number else _points)
    return f"That is off by more than {limit(settings, is_number=is_number, times=FAR)} ({ends})."


def _points(value: float | None) -> str:
    return wording.MISSING if value is None else f"{value:.1f}"


def level_sentence(score: Score, words: ReportingSettings) -> str:
    """What was expected of the rows as a whole, and what happened."""
    write = measures.of(score).level
    expected, actual = write(score.mean_predicted), write(measures.actual(score))
    if measures.of(score).is_number:
        return f"It expected {words.quantity(expected)} for the average {words.row[0]}; it was {actual}."
    return f"It expected {expected} of {words.row[1]} to be {words.outcome}; {actual} were."


def _against_no_model(loss: Metric, dummy_loss: float | None, told: Measure) -> tuple[list[str], list[str]]:
    """Sentences that make it unwell, and that make it one to watch."""
    if dummy_loss is None or loss.value is None or loss.value <= dummy_loss:
        return [], []
    text = f"Its {told.title}, {_with_interval(loss, told)}, was above {told.loss(dummy_loss)}, that of no model"
    if loss.low is not None and loss.low > dummy_loss:
        return [f"{text}; the interval does not reach it."], []
    return [], [f"{text}, which lies within the interval." if loss.low is not None else f"{text}."]


def _loss_sentence(score: Score, gate: Score | None, words: ReportingSettings) -> str:
    measure = measures.of(score)
    told = f"{_subject(score, words)} was {_with_interval(score.loss, measure)}"
    if gate is None:
        return f"{told}."
    whose = "at its gate" if gate.model == score.model else "at the gate of what it is a refit of"
    return f"{told}, against {_with_interval(gate.loss, measure)} {whose}."


def _subject(score: Score, words: ReportingSettings) -> str:
    rows = f"{wording.count(score.rows)} {words.row[0 if score.rows == 1 else 1]}"
    return f"Its {measures.of(score).title} on {rows}"


def _with_interval(metric: Metric, told: Measure) -> str:
    if metric.value is None:
        return "–"
    if metric.low is None or metric.high is None:
        return told.loss(metric.value)
    return f"{told.loss(metric.value)} ({wording.interval(metric.low, metric.high, told.loss)})"


def _lies_above(now: Metric, then: Metric) -> bool:
    return now.low is not None and then.high is not None and now.low > then.high


def _once(sentences: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(sentences))
