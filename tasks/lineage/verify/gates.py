"""Gates: does each verdict follow from its evidence, and the evidence from the losses that were measured (I1)?

Add a rule here when something that was decided can be computed again. The rule of the decision itself is `promotion`.
"""

import math
from collections.abc import Mapping, Sequence

from configs.promotion import PromotionSettings
from tasks.domain.records import Comparison, Score
from tasks.domain.turns import Evidence, Verdict, VerdictKind
from tasks.lineage.verify.findings import Finding
from tasks.promotion import gate

CLOSE = 1e-6
"""Largest relative difference between a number now and the same number then: libraries sum in another order."""


def losses_agree(
    turn: int,
    recorded: Comparison,
    measured: Comparison,
    names: tuple[str, str] = ("the champion", "the challenger"),
) -> list[Finding]:
    """I1: both models lose on the stored rows what the ledger says.

    Args:
        turn: In which they were compared.
        recorded: The comparison of the ledger.
        measured: The same, made again with the stored bundles on the stored rows.
        names: Who they are.
    """
    if recorded.clusters != measured.clusters or recorded.cluster_rows != measured.cluster_rows:
        return [Finding("I1", f"turn {turn}: the models were compared on other rows than are stored")]
    findings = []
    for name, who in zip(("base_loss", "challenger_loss"), names, strict=True):
        then, now = math.fsum(getattr(recorded, name)), math.fsum(getattr(measured, name))
        if not _alike(getattr(recorded, name), getattr(measured, name)):
            text = f"the loss of {who} is recorded as {then:,.4f}, and is {now:,.4f} on the stored rows"
            findings.append(Finding("I1", f"turn {turn}: {text}"))
    return findings


def gain_agrees(turn: int, recorded: Comparison, measured: Comparison) -> list[Finding]:
    """I1: gain and interval are those that follow from the losses.

    Args:
        turn: In which they were compared.
        recorded: The comparison of the ledger.
        measured: The same, made again.
    """
    then, now = ((one.gain, one.low, one.high) for one in (recorded, measured))
    if _alike(then, now):
        return []
    text = f"a gain of {then[0]:,.4f} ({then[1]:,.4f} to {then[2]:,.4f}) is recorded, {now[0]:,.4f} follows"
    return [Finding("I1", f"turn {turn}: {text} ({now[1]:,.4f} to {now[2]:,.4f})")]


def scores_agree(turn: int, comparison: Comparison, champion: Score | None, challenger: Score | None) -> list[Finding]:
    """I1: the loss in the score of each model is the one with which it was compared.

    Args:
        turn: In which they were compared.
        comparison: The comparison of the ledger.
        champion: Score of the champion on that batch, if it was judged on the same rows.
        challenger: Score of the challenger.
    """
    findings = []
    for who, score, losses in (
        ("champion", champion, comparison.base_loss),
        ("challenger", challenger, comparison.challenger_loss),
    ):
        value = score.metrics[0].value if score is not None and score.rows == comparison.rows else None
        if value is not None and not _alike((value * comparison.rows,), (math.fsum(losses),)):
            compared = math.fsum(losses) / comparison.rows
            text = f"the {who} is scored with a loss of {value:,.4f}, and was compared with {compared:,.4f}"
            findings.append(Finding("I1", f"turn {turn}: {text}"))
    return findings


def evidence_follows(turn: int, recorded: Evidence, expected: Sequence[Evidence]) -> list[Finding]:
    """I1: the evidence is what the rule makes of the losses.

    Args:
        turn: After which it stood so.
        recorded: The evidence of the ledger.
        expected: What it can be: carried on from the one before, or begun afresh where it may have been.
    """
    if any(_same(recorded, one) for one in expected):
        return []
    if all(recorded.pool != one.pool for one in expected):
        return [Finding("I1", f"turn {turn}: the evidence names other batches than those that were judged")]
    text = f"evidence {recorded.value:,.4f} is recorded, {expected[0].value:,.4f} follows from the losses"
    return [Finding("I1", f"turn {turn}: {text}")]


def judged_once(judged: Mapping[int, Sequence[str]]) -> list[Finding]:
    """I1: no batch was weighed as evidence in two turns.

    Args:
        judged: By turn, the batches that were judged in it, as one.
    """
    findings, before = [], dict[str, int]()
    for turn, members in sorted(judged.items()):
        findings += [
            Finding("I1", f"turn {turn} judged batch {one[:12]}, which turn {before[one]} had judged")
            for one in members
            if one in before
        ]
        before |= dict.fromkeys(members, turn)
    return findings


def verdict_follows(
    turn: int,
    verdict: Verdict,
    comparison: Comparison,
    score: Score | None,
    evidence: Evidence | None,
    settings: PromotionSettings | None,
) -> list[Finding]:
    """I1: the verdict is what the rule makes of evidence and guards.

    Nothing follows for a challenger that could not be judged, but that it is rejected.

    Args:
        turn: In which it was given.
        verdict: The verdict of the ledger.
        comparison: Of the two models.
        score: Of the challenger, for the policy of the first champion.
        evidence: After that turn; None for the first champion.
        settings: Of the decision; None if they have changed since: then only what no settings allow is found.
    """
    if not verdict.judged:
        return _rejected_unasked(turn, verdict)
    objects = [guard.name for guard in verdict.guards if guard.objects]
    if verdict.kind is VerdictKind.PROMOTE and objects:
        return [Finding("I1", f"turn {turn}: the verdict is promote, but the guard {objects[0]!r} objected")]
    if settings is None:
        return _short_of(turn, verdict, comparison, evidence)
    if verdict.first:
        if score is None:
            return []
        expected = gate.judge_first(score, comparison, verdict.guards, settings)
    elif evidence is None and not comparison.independent:
        return [Finding("I1", f"turn {turn}: there is a verdict, but no evidence")]
    else:
        expected = gate.judge(evidence, comparison, verdict.guards, settings)
    if expected.kind is verdict.kind:
        return []
    text = f"the verdict is {verdict.kind}, but {expected.kind} follows ({expected.reasons[0]})"
    return [Finding("I1", f"turn {turn}: {text}")]


def can_be_followed(turn: int, verdict: Verdict) -> list[Finding]:
    """I1: a promotion names a batch and a challenger that are recorded; without one of them nothing follows.

    Args:
        turn: Whose batch or challenger is not.
        verdict: The verdict of the ledger.
    """
    if verdict.kind is not VerdictKind.PROMOTE:
        return []
    return [Finding("I1", f"turn {turn}: the verdict is promote, but its batch or its challenger is not recorded")]


def policy_fits(turn: int, verdict: Verdict, live: int | None) -> list[Finding]:
    """I1: the policy of the first champion decides only where no version is live.

    Args:
        turn: In which the verdict was given.
        verdict: The verdict of the ledger.
        live: The version that was live when the turn began.
    """
    if not verdict.first or live is None:
        return []
    return [Finding("I1", f"turn {turn}: the verdict is one of the first champion policy, but v{live} was live")]


def _rejected_unasked(turn: int, verdict: Verdict) -> list[Finding]:
    if verdict.kind is not VerdictKind.REJECT:
        return [Finding("I1", f"turn {turn}: the verdict is {verdict.kind}, but the challenger could not be judged")]
    if verdict.guards:
        return [Finding("I1", f"turn {turn}: the challenger could not be judged, but guards are recorded")]
    return []


def _short_of(turn: int, verdict: Verdict, comparison: Comparison, evidence: Evidence | None) -> list[Finding]:
    """What no settings allow: a promotion without evidence, with too little of it, or of what beats nothing."""
    if verdict.kind is not VerdictKind.PROMOTE:
        return []
    if verdict.first:
        wrong = None if comparison.low > 0 else f"for a gain over no model of {comparison.low:,.4f} or more"
    elif evidence is None:
        wrong = "without evidence"
    else:
        enough = evidence.value >= evidence.needed
        wrong = None if enough else f"with evidence {evidence.value:,.4f} of {evidence.needed:,.0f}"
    return [Finding("I1", f"turn {turn}: the verdict is promote {wrong}")] if wrong else []


def _same(one: Evidence, other: Evidence) -> bool:
    pair = ((which.champion, which.probe, which.counts, which.pool) for which in (one, other))
    names = next(pair) == next(pair)
    return (
        names
        and all(_alike(*pair) for pair in ((one.sums, other.sums), (one.m, other.m)))
        and _alike(
            (one.before, one.sigma, one.value, one.needed), (other.before, other.sigma, other.value, other.needed)
        )
    )


def _alike(one: Sequence[float], other: Sequence[float]) -> bool:
    return len(one) == len(other) and all(
        math.isclose(a, b, rel_tol=CLOSE, abs_tol=CLOSE) or a == b or (math.isnan(a) and math.isnan(b))
        for a, b in zip(one, other, strict=True)
    )
