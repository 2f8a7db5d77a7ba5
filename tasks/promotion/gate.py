"""The gate: what follows from evidence and guards; whoever cannot be judged is not promoted.

Add here what decides about a change of the live model. The evidence is taken in `evidence`, each guard has a file in
`guards`; moving the alias belongs to the steps of lineage.
"""

import math
from collections.abc import Callable, Sequence

from configs import addresses
from configs.promotion import PromotionSettings
from tasks.domain import wording
from tasks.domain.records import Comparison, Score
from tasks.domain.turns import Evidence, Guard, Verdict, VerdictKind
from tasks.problems import kinds
from tasks.promotion.guards import floors

_UNKNOWN = "no evidence is taken, because nothing tells which rows share their luck (evaluation.cluster: none)"


def judge(
    evidence: Evidence | None, comparison: Comparison, guards: Sequence[Guard], settings: PromotionSettings
) -> Verdict:
    """Decide about a challenger: promote on enough evidence, reject below 1 or on a veto, else keep shadowing.

    Without evidence, where nothing tells which rows share their luck, it is never promoted.
    """
    if evidence is None:
        finite = math.isfinite(comparison.gain)
        reasons = (_UNKNOWN, *_vetoes(guards)) if finite else ("the losses are not finite", *_vetoes(guards))
        return Verdict(VerdictKind.KEEP_SHADOWING if finite else VerdictKind.REJECT, reasons, tuple(guards))
    vetoes, standing, problem = _vetoes(guards), _standing(evidence), kinds.of(comparison)
    if not (math.isfinite(evidence.value) and math.isfinite(comparison.gain)):
        kind, reasons = VerdictKind.REJECT, ("the losses are not finite", *vetoes)
    elif evidence.value < 1:
        kind, reasons = VerdictKind.REJECT, (standing, *vetoes)
    elif vetoes:
        kind, reasons = VerdictKind.REJECT, (*vetoes, standing)
    elif evidence.value < evidence.needed:
        kind, reasons = VerdictKind.KEEP_SHADOWING, (standing,)
    elif math.fsum(evidence.sums) > 0:
        kind, reasons = VerdictKind.PROMOTE, (f"{standing}; {problem.gain_title} {kinds.difference(comparison)}",)
    else:
        worth = f"{wording.share(settings.min_relative_gain)} of the {problem.decides}"
        worth = worth if settings.min_relative_gain else "0"
        gain = f"the {problem.gain_title} on this batch, {kinds.gain(comparison)}, is not above {worth}"
        kind, reasons = VerdictKind.KEEP_SHADOWING, (f"{standing}, but {gain}",)
    return Verdict(kind, reasons, tuple(guards))


def judge_first(score: Score, comparison: Comparison, guards: Sequence[Guard], settings: PromotionSettings) -> Verdict:
    """Decide about the first champion: beat a constant by the interval, reach the floor (AUC, R²), pass the guards.

    `comparison` is the constant against the candidate; the relative gain asked for is relative to the constant's loss.
    """
    policy, told, floor = settings.first, kinds.of(score), floors.floor(score, settings.first)
    dummy_loss = math.fsum(comparison.base_loss) / comparison.rows if comparison.rows else math.nan
    needed = policy.min_gain_over_dummy * dummy_loss
    against = []
    if not comparison.low > needed:
        margin = f", needs more than {told.difference(needed, dummy_loss)}" if needed > 0 else ""
        gain = f"{told.gain_title} {kinds.gain(comparison)} ({kinds.ends(comparison)})"
        against.append(f"does not beat no model: {gain}{margin}")
    if not floor.value >= floor.least:
        against.append(f"{floor.name} {wording.loss(floor.value)}, needs {wording.number(floor.least)}")
    against += _vetoes(guards)
    if against:
        return Verdict(VerdictKind.REJECT, tuple(against), tuple(guards), first=True)
    beats = f"beats no model by {kinds.difference(comparison)}{told.gain_in}"
    reached = f"{floor.name} {wording.loss(floor.value)}"
    taken = ("each row taken as independent",) if comparison.independent else ()
    return Verdict(VerdictKind.PROMOTE, (beats, reached, *taken), tuple(guards), first=True)


def decided_by(verdict: Verdict) -> str:
    """What has decided for a new champion, as the history of promotions names it."""
    return "first champion policy" if verdict.first else "evidence rule"


def gate(ask: Callable[[], Verdict]) -> Verdict:
    """Ask for a verdict; whatever goes wrong on the way, the challenger is not promoted, and the reason says why."""
    try:
        return ask()
    except Exception as err:  # noqa: BLE001  who cannot be judged is not promoted
        why = f"it could not be judged: {type(err).__name__}: {addresses.masked(str(err))}"
        return Verdict(VerdictKind.REJECT, (why,), judged=False)


def _vetoes(guards: Sequence[Guard]) -> tuple[str, ...]:
    return tuple(f"guard '{guard.name}' objects: {guard.text}" for guard in guards if guard.objects)


def _standing(evidence: Evidence) -> str:
    needed = wording.number(evidence.needed)
    relation = f" ≥ {needed}" if evidence.value >= evidence.needed else f", needs {needed}"
    return f"evidence {wording.evidence(evidence.value)}{relation}"
