"""Two versions beside one another, as text and for machines: what the command `compare` shows."""

from configs.settings import PipelineSettings
from flows.console import lines
from tasks.domain import wording
from tasks.domain.records import Score
from tasks.evaluation.steps.pairs import Pair, Side
from tasks.problems import kinds
from tasks.reporting import sentences, titles, versions


def as_object(side: Side) -> dict[str, object]:
    """One version for machines."""
    own = {"version": side.version, "family": side.model.family, **_measured(side.score)}
    gate = {"batch": side.gate[0], "of": _judged(side), **_measured(side.gate[1])} if side.gate else None
    judged = [{"batch": name, **_measured(score)} for name, score in side.judged]
    return {**own, "learned_from_these_rows": side.has_learned, "gate": gate, "judged": judged}


def _measured(score: Score) -> dict[str, object]:
    return {"rows": score.rows, **{metric.name: metric.value for metric in score.metrics}}


def _judged(side: Side) -> int:
    """The version that was asked at the gate: of a refit, the one for which it stands."""
    return side.stands_for or side.version


def table(*sides: Side) -> list[str]:
    """One line per version: on these rows, at its gate, on the batches since."""
    problem = kinds.of(sides[0].score)
    head = ("version", "family", problem.title, "at its gate", "judged live or as challenger", "trained on")
    rows = [head]
    for side in sides:
        whose = f" of v{_judged(side)}" if side.stands_for else ""
        gate = f"{sentences.loss(side.gate[1])}{whose} on {side.gate[0]}" if side.gate else "never live"
        losses = [score.metrics[0].value for _, score in side.judged]
        judged = [value for value in losses if value is not None]
        between = f"{problem.loss(min(judged))} to {problem.loss(max(judged))}" if len(judged) > 1 else ""
        since = f"{_times(len(judged))}: {between or problem.loss(judged[0])}" if judged else "never"
        family = side.model.family.replace("_", " ")
        rows.append((f"v{side.version}", family, sentences.loss(side.score), gate, since, versions.span(side.model)))
    return lines.table(rows, right=len(head))


def _times(count: int) -> str:
    return titles.number_of(count, ("batch", "batches"))


def verdict(pair: Pair, settings: PipelineSettings) -> str:
    """Which of the two is better on these rows, whether that can be told, and what has to be known beside it."""
    comparison = pair.comparison
    percent = wording.share(settings.evaluation.confidence)
    one, other = f"v{pair.one.version}", f"v{pair.other.version}"
    problem = kinds.of(comparison)
    text = f"{titles.capital(problem.gain_title)} of {other} over {one}: {kinds.gain(comparison)} "
    text += f"({percent} interval {kinds.ends(comparison)})"
    text += f"{problem.per_row(settings.reporting.row[0])}; "
    if comparison.low > 0:
        text += f"{other} is better."
    else:
        text += f"{one} is better." if comparison.high < 0 else "which one is better cannot be told from these rows."
    learned = [f"v{side.version}" for side in (pair.one, pair.other) if side.has_learned]
    if learned:
        text += f" {titles.listed(learned)} learned from rows of this batch: that flatters it."
    return f"{text} This changes nothing: who is live is decided by evidence over many batches."
