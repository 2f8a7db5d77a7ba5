"""Is the live model well, in one word with its reasons?

Add here what is said about the live model on one batch. What is done about it is decided elsewhere: an unwell model is
replaced on evidence only.
"""

import math
from collections.abc import Iterable

from configs.monitoring import HealthSettings
from configs.reporting import ReportingSettings
from tasks.domain import wording
from tasks.domain.observations import Drift, Health, HealthState
from tasks.domain.records import Metric, Score
from tasks.domain.weak_spots import WeakSpot
from tasks.evaluation import spot_sentences
from tasks.problems import kinds
from tasks.problems.base import Problem

FAR = 5
"""A model is not well when what it expects is off, beyond chance, by more than so many times what needs watching."""
_BEYOND, _NAMED = 0.01, 3
"""Share of rows beyond all that the model was trained on that is worth a word, and columns that are named."""


def judge(
    score: Score | None,
    gate: Score | None,
    drift: Drift | None,
    settings: HealthSettings,
    words: ReportingSettings,
    weak: tuple[WeakSpot, ...] = (),
) -> Health:
    """Say how the live model did on a batch; the reasons that made the state come first.

    - not well: its loss is above that of no model on the same rows, and the interval of the difference, paired by
      cluster, lies above zero; or the interval of the difference of the expected and the actual share of positives (of
      a number: of the means) lies beyond FAR times the setting.
    - watch: above no model though the interval contains zero; or the two differ by more than the setting; or the
      interval of its loss lies above the interval at its gate; or it has a weak spot.
    - not judged: no score, no labelled row and answers as before, or a loss that is not a number.

    Args:
        score: The live model on this batch.
        gate: The live model on the batch on which it won; None while it is that batch.
        drift: Of this batch. That it has drifted is told, and changes no state; where there are no labels, answers that
            are not as before make it one to watch.
        settings: How far the shares, or means, may differ.
        words: What a row and a positive label are called.
        weak: Parts of the rows on which it loses too much.
    """
    answers = drift.answers if drift is not None else None
    if score is None or score.rows == 0:
        unlabelled = f"There are no labelled {words.row[1]} to judge it on."
        if answers is None:
            return Health(HealthState.NOT_JUDGED, (unlabelled,))
        state = HealthState.WATCH if answers.moved else HealthState.NOT_JUDGED
        return Health(state, (answers.text, unlabelled) if answers.moved else (unlabelled, answers.text))
    loss = score.loss
    if loss.value is None or not math.isfinite(loss.value):
        return Health(HealthState.NOT_JUDGED, (f"{_subject(score, words)} was not a number.",))
    unwell, watch = _against_no_model(score)
    share = level_sentence(score, words)
    off, far = is_off(score, settings), _far_off(score, settings)
    unwell += [share, far] if far else []
    at_gate = _loss_sentence(score, gate, words)
    worse = gate is not None and _lies_above(loss, gate.loss)
    drifted = [f"{drift.reasons[0]}."] if drift is not None and drift.drifted else []
    drifted += [answers.text] if answers is not None and (answers.moved or answers.beyond) else []
    drifted += _beyond(drift) if drift is not None else []
    spots = [spot_sentences.tell(spot, kinds.of(score), words) for spot in weak]
    watching = [*watch, *([share] if off else []), *([at_gate] if worse else []), *spots]
    state = HealthState.UNWELL if unwell else HealthState.WATCH if watching else HealthState.WELL
    return Health(state, _once([*unwell, *watching, share, at_gate, *drifted]), weak)


def _beyond(drift: Drift) -> list[str]:
    """Inputs of which more than a little lies beyond all that the model was trained on."""
    far = sorted((one for one in drift.columns if one.beyond >= _BEYOND), key=lambda one: -one.beyond)[:_NAMED]
    named = [f"{wording.share(one.beyond)} of '{one.column}'" for one in far]
    return [f"Beyond all that it was trained on: {', '.join(named)}."] if named else []


_WORSE = (HealthState.NOT_JUDGED, HealthState.WELL, HealthState.WATCH, HealthState.UNWELL)


def worst(found: Iterable[Health]) -> Health | None:
    """The one that says the worst, the first of them where two say the same; None for none."""
    return max(found, key=lambda one: _WORSE.index(one.state), default=None)


def is_off(score: Score, settings: HealthSettings) -> bool:
    """Whether the expected and the actual share of positives, or means of a number, differ by more than the setting."""
    problem = kinds.of(score)
    bias = problem.bias(score)
    return bias is not None and abs(bias) > problem.most_off(settings)


def _far_off(score: Score, settings: HealthSettings) -> str:
    """A sentence if chance does not explain how far the expected and the actual level are apart; else empty."""
    problem, found = kinds.of(score), score.offset
    if found is None or found.low is None or found.high is None:
        return ""
    unit, most = problem.off_unit(score), FAR * problem.off_most(settings)
    least, largest = sorted((abs(found.low), abs(found.high)))
    if found.low * found.high <= 0 or not unit or least / unit <= most:
        return ""
    ends = wording.interval(least / unit, largest / unit, problem.write_off)
    return f"That is off by more than {problem.off_by(settings, FAR)} ({ends})."


def level_sentence(score: Score, words: ReportingSettings) -> str:
    """What was expected of the rows as a whole, and what happened."""
    problem = kinds.of(score)
    expected, actual = problem.reached(score.mean_predicted), problem.reached(problem.actual(score))
    return problem.level_sentence(expected, actual, words)


def _against_no_model(score: Score) -> tuple[list[str], list[str]]:
    """Sentences that make it unwell, and that make it one to watch."""
    problem, loss, excess = kinds.of(score), score.loss.value, score.excess
    if excess is None or excess.value is None or loss is None or excess.value <= 0:
        return [], []
    dummy = problem.loss(loss - excess.value)
    text = f"Its {problem.title}, {problem.loss(loss)}, was above {dummy}, that of no model"
    if excess.low is None:
        return [], [f"{text}."]
    apart = wording.interval(excess.low, excess.high, lambda end: problem.gain(end, loss))
    text += f"; the interval of the difference, {apart},"
    return ([f"{text} lies above zero."], []) if excess.low > 0 else ([], [f"{text} contains zero."])


def _loss_sentence(score: Score, gate: Score | None, words: ReportingSettings) -> str:
    problem = kinds.of(score)
    told = f"{_subject(score, words)} was {_with_interval(score.loss, problem)}"
    if gate is None:
        return f"{told}."
    whose = "at its gate" if gate.model == score.model else "at the gate of what it is a refit of"
    return f"{told}, against {_with_interval(gate.loss, problem)} {whose}."


def _subject(score: Score, words: ReportingSettings) -> str:
    rows = f"{wording.count(score.rows)} {words.row[0 if score.rows == 1 else 1]}"
    return f"Its {kinds.of(score).title} on {rows}"


def _with_interval(metric: Metric, told: Problem) -> str:
    if metric.value is None:
        return "–"
    if metric.low is None or metric.high is None:
        return told.loss(metric.value)
    return f"{told.loss(metric.value)} ({wording.interval(metric.low, metric.high, told.loss)})"


def _lies_above(now: Metric, then: Metric) -> bool:
    return now.low is not None and then.high is not None and now.low > then.high


def _once(sentences: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(sentences))
