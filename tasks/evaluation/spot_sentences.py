"""What is said of a weak spot.

Add a sentence here when more is known of one. What is found is decided in `spots`.
"""

from configs.reporting import ReportingSettings
from tasks.domain import wording
from tasks.domain.weak_spots import Against, WeakSpot
from tasks.problems.base import Problem

USUAL = {Against.NO_MODEL: "no model", Against.GATE: "at its gate", Against.CHAMPION: "the live model"}
"""What a loss is compared with, before its number."""
_WORSE = {
    Against.NO_MODEL: "worse than no model",
    Against.GATE: "worse than at its gate",
    Against.CHAMPION: "worse than the live model",
}


def tell(spot: WeakSpot, problem: Problem, words: ReportingSettings) -> str:
    """Where a model is weak, how much, on how many rows, and how many of such rows it has learned from.

    Args:
        spot: What was found.
        problem: How its losses are written.
        words: What a row is called.
    """
    share = f"{wording.share(spot.share)} of {words.row[1]}"
    loss, usual = problem.loss(spot.loss), f"{USUAL[spot.against]} {problem.loss(spot.usual)}"
    worse = f"{_WORSE[spot.against]} where {spot.where}"
    if spot.elsewhere:
        good = f"It is good where {spot.elsewhere} ({problem.title} {problem.loss(spot.rest)})"
        text = f"{good} and {worse} ({loss}, {usual}; {share})."
    else:
        text = f"It is {worse}: {problem.title} {loss}, {usual}, {problem.loss(spot.rest)} elsewhere; {share}."
    return " ".join([text, *_known(spot, words), *_idle(spot)])


def brief(spot: WeakSpot, problem: Problem) -> str:
    """The same in a few words: `worse than no model where hour is 0 to 8 (1.002, no model 0.693)`."""
    losses = f"{problem.loss(spot.loss)}, {USUAL[spot.against]} {problem.loss(spot.usual)}"
    return f"{_WORSE[spot.against]} where {spot.where} ({losses})"


def _known(spot: WeakSpot, words: ReportingSettings) -> list[str]:
    """How many rows of training lie there, if those are few for what comes now."""
    if spot.trained is None or not spot.learned:
        return []
    of_all = f"of its {wording.count(spot.learned)} training {words.row[1]}"
    if not spot.trained:
        return [f"None {of_all} lies there."]
    part = wording.share(spot.trained / spot.learned)
    verb = "lies" if spot.trained == 1 else "lie"
    return [f"{wording.count(spot.trained)} {of_all} {verb} there ({part})."]


def _idle(spot: WeakSpot) -> list[str]:
    if not spot.idle:
        return []
    names = " and ".join(f"'{name}'" for name in spot.idle)
    verb, what = ("is", "no feature") if len(spot.idle) == 1 else ("are", "no features")
    return [f"{names} {verb} delivered and {what}; errors depend on {'it' if len(spot.idle) == 1 else 'them'}."]
