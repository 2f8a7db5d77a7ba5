"""Promotions: one linear history, made under the lease, of models that passed their gate (I1, I5).

Add a rule here when it is about who was live when. What a gate measured and decided is recomputed in `gates`.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from tasks.domain.turns import Hold, Outcome, Promotion, Refit, Verdict, VerdictKind
from tasks.lineage.verify.findings import Finding
from tasks.promotion import gate, refits

_PROMOTED: tuple[Outcome, ...] = (Outcome.PROMOTE, Outcome.FIRST_CHAMPION)
_SKEW = timedelta(hours=1)
"""Clocks of two machines may differ by this."""


def is_linear(history: Sequence[Promotion]) -> list[Finding]:
    """I5: the promotions follow each other: numbered without a gap, each naming the one before."""
    findings, live = [], None
    for place, promotion in enumerate(history, start=1):
        if promotion.sequence != place or promotion.previous != live:
            text = (
                f"promotion {promotion.sequence} replaces {_version(promotion.previous)}, but {_version(live)} was live"
            )
            findings.append(Finding("I5", text))
        live = promotion.version
    return findings


def in_order(history: Sequence[Promotion], newest_fence: int) -> list[Finding]:
    """I5: each was made by the holder of a lease, and no earlier turn or older token came after a later one.

    Args:
        history: Every promotion, first to last.
        newest_fence: The newest token that was given out.
    """
    findings, fence, turn = [], 1, 0
    for promotion in history:
        if not fence <= promotion.fence <= newest_fence:
            text = f"was made with fencing token {promotion.fence}, not one from {fence} to {newest_fence}"
            findings.append(Finding("I5", f"promotion {promotion.sequence} {text}"))
        if promotion.place < turn:
            findings.append(
                Finding("I5", f"promotion {promotion.sequence} is of turn {promotion.place}, after one of turn {turn}")
            )
        fence, turn = max(fence, promotion.fence), max(turn, promotion.place)
    return findings


def all_made(
    history: Sequence[Promotion], outcomes: Mapping[int, Outcome], refit: Refit | None = None
) -> list[Finding]:
    """I5: each turn that ended with a promotion has made it, and no other turn has.

    Args:
        history: Every promotion, first to last.
        outcomes: How each finished turn ended.
        refit: Of the first champion: a turn that kept its challenger out may have gone back to the judged version.
    """
    promotions = {one.turn: one for one in history if one.turn is not None}
    lost = [turn for turn, outcome in outcomes.items() if outcome in _PROMOTED and turn not in promotions]
    lost += sorted(refits.undecided(refit, history) & outcomes.keys())
    strange = [(turn, one, outcomes[turn]) for turn, one in promotions.items() if turn in outcomes]
    strange = [(turn, one, end) for turn, one, end in strange if not _goes_back(one, refit)]
    return [
        *(Finding("I5", f"turn {turn} ended with a promotion, which is not in the history") for turn in lost),
        *(
            Finding("I5", f"promotion {one.sequence} is of turn {turn}, which ended as {end}")
            for turn, one, end in strange
            if end not in _PROMOTED
        ),
    ]


def live_at(history: Sequence[Promotion], turns: Mapping[int, int | None]) -> list[Finding]:
    """I5: what each turn took for the champion was live then.

    Args:
        history: Every promotion, first to last.
        turns: The version that each turn watched; None for none.
    """
    findings = []
    for turn, version in turns.items():
        if version is None:
            continue
        live = next((promotion.version for promotion in reversed(history) if promotion.place < turn), None)
        if version != live:
            findings.append(Finding("I5", f"turn {turn} watched v{version}, but {_version(live)} was live"))
    return findings


def passed_gate(
    promotion: Promotion,
    verdict: tuple[str, Verdict] | None,
    earlier: Sequence[Promotion] = (),
    refit: Refit | None = None,
) -> list[Finding]:
    """I1: what is live won its comparison, and is the model that was compared.

    Args:
        promotion: The promotion. Without a turn it is a rollback, which needs no verdict of its own.
        verdict: Challenger and verdict of its turn.
        earlier: The promotions before it: a version that is gone back to has been one of them.
        refit: Of the first champion: it stands for the version that won, which may be gone back to as well.
    """
    if promotion.turn is None:
        been = [(one.version, one.model) for one in earlier]
        been += [(refit.judged, refit.judged_model)] if refit else []
        was_live = (promotion.version, promotion.model) in been
        text = f"v{promotion.version} was rolled back to, but was never live before"
        return [] if was_live else [Finding("I1", text)]
    if verdict is None:
        return [Finding("I1", f"v{promotion.version} was promoted in turn {promotion.turn}, which has no verdict")]
    if _goes_back(promotion, refit):
        return []
    challenger, decided = verdict
    if decided.kind is not VerdictKind.PROMOTE:
        return [
            Finding(
                "I1", f"v{promotion.version} was promoted in turn {promotion.turn}, whose verdict is {decided.kind}"
            )
        ]
    if refit is not None and refit.turn == promotion.turn:
        return _stands_for(promotion, challenger, refit)
    if challenger != promotion.model:
        return [Finding("I1", f"v{promotion.version} is not the model that was judged in turn {promotion.turn}")]
    return []


def told_truly(
    promotion: Promotion, verdict: Verdict | None, began: datetime | None, refit: Refit | None = None
) -> list[Finding]:
    """I5: what a turn promoted was decided by the rule of its verdict, and not before the turn had begun.

    Args:
        promotion: The promotion; of a rollback a person says who decided it.
        verdict: Of its turn.
        began: When its turn was opened.
        refit: Of the first champion.
    """
    findings = []
    by = refits.DECIDED_BY if _goes_back(promotion, refit) else gate.decided_by(verdict) if verdict else promotion.by
    if promotion.by != by:
        text = f"was made by {promotion.by!r}, but the verdict is one of the {by}"
        findings.append(Finding("I5", f"promotion {promotion.sequence} {text}"))
    if began is not None and promotion.at < began - _SKEW:
        findings.append(
            Finding("I5", f"promotion {promotion.sequence} was made before turn {promotion.turn} had begun")
        )
    return findings


def holds_follow(history: Sequence[Promotion], holds: Sequence[Hold]) -> list[Finding]:
    """I5: what is barred was taken off by a rollback."""
    taken_off = {promotion.sequence: promotion.previous for promotion in history if promotion.is_rollback}
    return [
        Finding("I5", f"v{hold.version} is barred by promotion {hold.sequence}, which took nothing off")
        for hold in holds
        if taken_off.get(hold.sequence) != hold.version
    ]


def _goes_back(promotion: Promotion, refit: Refit | None) -> bool:
    """Whether a turn has put the version that was judged in the place of its refit."""
    if refit is None or refit.check is None or not refit.check.goes_back:
        return False
    return (promotion.turn, promotion.version, promotion.model) == (refit.check.turn, refit.judged, refit.judged_model)


def _stands_for(promotion: Promotion, challenger: str, refit: Refit) -> list[Finding]:
    """I1: what is live for the first champion is the winner, or a refit of it that its own guard let pass."""
    if challenger != refit.judged_model:
        return [Finding("I1", f"v{refit.version} stands for a model that was not judged in turn {refit.turn}")]
    if (promotion.version, promotion.model) == refits.elected(refit.judged, refit.judged_model, refit):
        return []
    if refit.guard.objects and promotion.model == refit.model:
        return [Finding("I1", f"v{promotion.version} was promoted, but the guard {refit.guard.name!r} objected")]
    return [Finding("I1", f"v{promotion.version} is not what turn {refit.turn} has decided to make live")]


def _version(number: int | None) -> str:
    return "no version" if number is None else f"v{number}"
