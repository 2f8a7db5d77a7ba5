"""Refits: the first champion is fitted again on all there was, and compared with itself on what is judged next.

What was judged had learned from a part of the rows only. The refit goes live in its place, as more rows of the same
make it better as a rule; where they do not, the next batch says so, and the version that was judged goes live. Add a
rule here when it decides between the two. How they are fitted and asked belongs to `steps/refitting`.
"""

from collections.abc import Sequence

from tasks.domain import wording
from tasks.domain.records import Comparison, Model
from tasks.domain.turns import Guard, Promotion, Refit, RefitCheck, Verdict, VerdictKind
from tasks.problems import kinds

DECIDED_BY = "first champion policy"
"""As the history of promotions names who has decided between the two."""


def is_due(refit: Refit | None, champion: str, turn: int, verdict: Verdict) -> bool:
    """Whether both are compared in a turn: the first one that judges with the refit live, and keeps what is live.

    Args:
        refit: Of the first champion, if there is one.
        champion: Model that was live when the turn began.
        turn: The turn; one that has compared them already does so again after a kill, and finds it done.
        verdict: About its challenger; one that takes over leaves nothing to decide.
    """
    if refit is None or refit.model != champion or verdict.kind is VerdictKind.PROMOTE:
        return False
    return refit.check is None or refit.check.turn == turn


def check(refit: Refit, turn: int, comparison: Comparison, objections: Sequence[Guard] = ()) -> RefitCheck:
    """Decide which of the two is live from now on: the refit, unless its whole interval says that it is worse.

    Args:
        refit: Of the first champion.
        turn: In which both were asked.
        comparison: The refit against the version that was judged, over clusters.
        objections: What rollbacks have against making that version live.
    """
    objection, worse = next((guard.text for guard in objections if guard.objects), ""), is_worse(comparison)
    judged, version, problem = f"v{refit.judged}", f"v{refit.version}", kinds.of(comparison)
    measured = f"{problem.gain_title} of {judged} over it {kinds.gain(comparison)} ({kinds.ends(comparison)})"
    if not worse:
        reason = (
            f"{version} stays live: nothing shows that it is worse than {judged}, of which it is the refit ({measured})"
        )
    elif objection:
        reason = f"{version} stays live though it is worse than {judged}, of which it is the refit: {objection}"
    else:
        reason = f"{judged} is live in place of its refit {version}, which is worse ({measured})"
    return RefitCheck(turn, comparison, worse and not objection, reason, objection if worse else "")


def is_worse(comparison: Comparison) -> bool:
    """Whether all of the interval says that the refit loses more than the version that was judged."""
    return comparison.low > 0


def elected(version: int, model: str, refit: Refit | None) -> tuple[int, str]:
    """Version and model that go live when a version has won: itself, or the refit that stands for it."""
    if refit is None or refit.judged_model != model or refit.guard.objects:
        return version, model
    return refit.version, refit.model


def reason(verdict: Verdict, refit: Refit | None) -> str:
    """Why a version was made live, for the history of promotions."""
    if refit is None:
        return verdict.reasons[0]
    won = verdict.reasons[0]
    if refit.guard.objects:
        return f"{won}; {_kept_out(refit)}"
    return f"refit of v{refit.judged}, which {won}"


def told(refit: Refit, rows: int) -> str:
    """What came of a refit, in a sentence.

    Args:
        refit: Of the first champion.
        rows: On how many it was fitted.
    """
    if refit.guard.objects:
        return _kept_out(refit)
    return f"its refit v{refit.version}, on all {wording.count(rows)} rows, is live"


def brief(refit: Refit) -> str:
    """What a turn has decided about a refit, for one line."""
    if refit.check is not None and refit.check.goes_back:
        return f"v{refit.judged} is live in place of its refit v{refit.version}, which is worse"
    if refit.check is not None:
        return f"the refit v{refit.version} stays"
    return _kept_out(refit) if refit.guard.objects else f"its refit v{refit.version} is live"


def undecided(refit: Refit | None, history: Sequence[Promotion]) -> set[int]:
    """The turn that has decided for the version that was judged, and has not made it live yet; or none."""
    if refit is None or refit.check is None or not refit.check.goes_back:
        return set()
    return {refit.check.turn} - {made.turn for made in history if made.turn is not None}


def covers(refit: Model, judged: Model) -> bool:
    """Whether a refit is what it says: the same family, on all the batches of the judged one, and to a later moment."""
    same = refit.family == judged.family and set(judged.snapshot.batches) <= set(refit.snapshot.batches)
    return same and refit.snapshot.cutoff > judged.snapshot.cutoff


def _kept_out(refit: Refit) -> str:
    return f"its refit v{refit.version} is not live: guard '{refit.guard.name}' objects: {refit.guard.text}"
