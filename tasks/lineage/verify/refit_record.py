"""Refits: is what stands for the first champion a refit of it, and was it compared as it should have been (I1)?

Add a rule here when it is about the refit and the version that was judged. Who was live when is in `succession`.
"""

from collections.abc import Mapping, Sequence

from tasks.domain.records import Comparison, Model
from tasks.domain.turns import Promotion, Refit, Verdict, VerdictKind
from tasks.lineage.verify import gates
from tasks.lineage.verify.findings import Finding
from tasks.promotion import refits


def is_one(refit: Refit, versions: Mapping[int, Model], verdict: tuple[str, Verdict] | None) -> list[Finding]:
    """I1: both versions are the models that are named, one is a refit of the other, and that one has won.

    Args:
        refit: The record.
        versions: Every registered model by its number.
        verdict: Challenger and verdict of the turn that made it.
    """
    named = f"refit v{refit.version} of v{refit.judged}"
    refitted, judged = versions.get(refit.version), versions.get(refit.judged)
    if refitted is None or judged is None or (refitted.id, judged.id) != (refit.model, refit.judged_model):
        return [Finding("I1", f"{named}: its versions do not resolve to the models that are recorded with it")]
    if not refits.covers(refitted, judged):
        return [Finding("I1", f"{named}: it is not the same family on all the rows, and more")]
    if verdict is None or not verdict[1].first or verdict[0] != refit.judged_model:
        return [Finding("I1", f"{named}: v{refit.judged} was not judged as a first champion in turn {refit.turn}")]
    return []


def was_compared(
    refit: Refit, judged: Mapping[int, Verdict], promotions: Sequence[Promotion], measured: Comparison | None
) -> list[Finding]:
    """I1: both were compared in the first turn that judged with the refit live, and the decision follows from it.

    Args:
        refit: The record.
        judged: Verdicts of the turns that have ended.
        promotions: Every one, first to last.
        measured: The comparison, made again from the bytes; None if that was not possible.
    """
    named, check = f"refit v{refit.version} of v{refit.judged}", refit.check
    due = _due(refit, judged, promotions)
    if check is None:
        return [Finding("I1", f"{named}: turn {due} has judged without comparing them")] if due is not None else []
    if due is not None and due != check.turn:
        return [Finding("I1", f"{named}: they were compared in turn {check.turn}, turn {due} had judged before")]
    if check.goes_back != (refits.is_worse(check.comparison) and not check.objection):
        decided = "to go back to" if check.goes_back else "to stay before"
        text = f"turn {check.turn} has decided {decided} v{refit.judged}, which does not follow from the losses"
        return [Finding("I1", f"{named}: {text}")]
    if measured is None:
        return []
    return [
        *gates.losses_agree(check.turn, check.comparison, measured, ("the refit", "the version that was judged")),
        *gates.gain_agrees(check.turn, check.comparison, measured),
    ]


def _due(refit: Refit, judged: Mapping[int, Verdict], promotions: Sequence[Promotion]) -> int | None:
    """The first turn that judged while the refit was live, and kept it."""
    for turn, verdict in sorted(judged.items()):
        live = next((promotion.model for promotion in reversed(promotions) if promotion.place < turn), None)
        if live == refit.model and verdict.kind is not VerdictKind.PROMOTE:
            return turn
    return None
