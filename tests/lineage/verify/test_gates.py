"""What a gate decided follows from what was measured, or there is a finding."""

from dataclasses import replace

import pytest

from configs.promotion import PromotionSettings
from tasks.domain.records import Comparison, Metric, Score
from tasks.domain.turns import Evidence, Guard, VerdictKind
from tasks.lineage.verify import gates
from tasks.promotion import gate
from tasks.promotion.evidence import advance

SETTINGS = PromotionSettings(false_promotion_every=2, min_relative_gain=0.0)
PAIR = Comparison(
    rows=30, gain=0.2, low=0.1, high=0.3, clusters=("a", "b", "c"), cluster_rows=(10, 10, 10),
    base_loss=(8.0, 7.0, 9.0), challenger_loss=(6.0, 5.0, 7.0), slices=(), churn=0.0,
)  # fmt: skip
EVIDENCE = advance(None, PAIR, batch="b", champion="old", probe="new", settings=SETTINGS)
VERDICT = gate.judge(EVIDENCE, PAIR, (), SETTINGS)


def score(loss: float, rows: int = 30) -> Score:
    metric = Metric("log_loss", loss, None, None, greater_is_better=False)
    return Score("m", "b", rows, 9, 0.3, (metric,), (), ())


def test_what_follows_is_in_order():
    assert gates.losses_agree(1, PAIR, PAIR) == []
    assert gates.scores_agree(1, PAIR, score(0.8), score(0.6)) == []
    assert gates.evidence_follows(1, EVIDENCE, [EVIDENCE]) == []
    assert gates.verdict_follows(1, VERDICT, PAIR, score(0.6), EVIDENCE, SETTINGS) == []


def test_another_loss_is_told_with_both_numbers():
    found = gates.losses_agree(4, PAIR, replace(PAIR, challenger_loss=(6.0, 5.0, 7.5)))

    assert [finding.text for finding in found] == [
        "turn 4: the loss of the challenger is recorded as 18.0000, and is 18.5000 on the stored rows"
    ]


def test_two_losses_that_cancel_are_told():
    assert len(gates.losses_agree(4, PAIR, replace(PAIR, base_loss=(7.0, 8.0, 9.0)))) == 1


def test_other_rows_are_told():
    assert len(gates.losses_agree(4, PAIR, replace(PAIR, cluster_rows=(10, 10, 9)))) == 1


def test_libraries_that_sum_in_another_order_are_no_difference():
    close = replace(PAIR, base_loss=tuple(loss * (1 + 1e-12) for loss in PAIR.base_loss))

    assert gates.losses_agree(4, PAIR, close) == []


def test_a_score_of_another_loss_is_told_and_one_of_other_rows_is_not():
    found = gates.scores_agree(4, PAIR, score(0.7), score(0.1, rows=20))

    assert [finding.text for finding in found] == [
        "turn 4: the champion is scored with a loss of 0.7000, and was compared with 0.8000"
    ]


@pytest.mark.parametrize("field", ["value", "sigma", "before"])
def test_evidence_that_does_not_follow_is_told(field: str):
    wrong = replace(EVIDENCE, **{field: getattr(EVIDENCE, field) + 1})

    assert [finding.invariant for finding in gates.evidence_follows(4, wrong, [EVIDENCE])] == ["I1"]


def test_evidence_may_have_begun_afresh():
    other = replace(EVIDENCE, before=3.0)

    assert gates.evidence_follows(4, EVIDENCE, [other, EVIDENCE]) == []


@pytest.mark.parametrize("kind", list(VerdictKind))
def test_only_one_verdict_follows(kind: VerdictKind):
    found = gates.verdict_follows(4, replace(VERDICT, kind=kind), PAIR, score(0.6), EVIDENCE, SETTINGS)

    assert (found == []) == (kind is VERDICT.kind)


def test_with_other_settings_only_what_none_allow_is_told():
    guard, poor = Guard("slices", True, "worse"), replace(EVIDENCE, value=1.0)
    won = replace(VERDICT, kind=VerdictKind.PROMOTE)

    objected = gates.verdict_follows(4, replace(won, guards=(guard,)), PAIR, None, EVIDENCE, None)
    early = gates.verdict_follows(4, won, PAIR, None, replace(poor, needed=200.0), None)
    rejected = gates.verdict_follows(4, replace(VERDICT, kind=VerdictKind.REJECT), PAIR, None, EVIDENCE, None)

    assert [finding.text for finding in objected] == ["turn 4: the verdict is promote, but the guard 'slices' objected"]
    assert [finding.text for finding in early] == ["turn 4: the verdict is promote with evidence 1.0000 of 200"]
    assert rejected == []


def test_a_verdict_without_evidence_is_told():
    assert len(gates.verdict_follows(4, VERDICT, PAIR, score(0.6), None, SETTINGS)) == 1


def test_who_could_not_be_judged_has_no_verdict_to_follow():
    unjudged = gate.gate(lambda: [][0])

    assert gates.verdict_follows(4, unjudged, PAIR, None, None, SETTINGS) == []


@pytest.mark.parametrize("kind", list(VerdictKind))
@pytest.mark.parametrize("words", ["it could not be judged", "it could not be judged: ValueError: x"])
def test_no_words_waive_the_check_of_a_gate(kind: VerdictKind, words: str):
    worded = replace(VERDICT, kind=kind, reasons=(words, *VERDICT.reasons))

    found = gates.verdict_follows(4, worded, PAIR, score(0.6), EVIDENCE, SETTINGS)

    assert (found == []) == (kind is VERDICT.kind)


GUARD = Guard("churn", False, "few decisions change")


@pytest.mark.parametrize(
    ("kind", "guards", "text"),
    [
        (VerdictKind.REJECT, (), None),
        (VerdictKind.PROMOTE, (), "the verdict is promote, but the challenger could not be judged"),
        (VerdictKind.KEEP_SHADOWING, (), "the verdict is keep_shadowing, but the challenger could not be judged"),
        (VerdictKind.REJECT, (GUARD,), "the challenger could not be judged, but guards are recorded"),
    ],
)
@pytest.mark.parametrize("settings", [SETTINGS, None])
def test_who_could_not_be_judged_is_rejected_unasked(
    kind: VerdictKind, guards: tuple[Guard, ...], text: str | None, settings: PromotionSettings | None
):
    unjudged = replace(VERDICT, kind=kind, guards=guards, judged=False)

    found = gates.verdict_follows(4, unjudged, PAIR, score(0.6), EVIDENCE, settings)

    assert [finding.text for finding in found] == ([f"turn 4: {text}"] if text else [])


@pytest.mark.parametrize(
    ("first", "low", "evidence", "text"),
    [
        (False, 0.1, None, "the verdict is promote without evidence"),
        (True, -0.1, None, "the verdict is promote for a gain over no model of -0.1000 or more"),
        (True, float("nan"), None, "the verdict is promote for a gain over no model of nan or more"),
        (True, 0.1, None, None),
        (False, 0.1, EVIDENCE, None),
    ],
)
def test_a_promotion_has_grounds_under_any_settings(
    first: bool, low: float, evidence: Evidence | None, text: str | None
):
    won = replace(VERDICT, kind=VerdictKind.PROMOTE, first=first)

    found = gates.verdict_follows(4, won, replace(PAIR, low=low), None, evidence and replace(EVIDENCE, needed=1), None)

    assert [finding.text for finding in found] == ([f"turn 4: {text}"] if text else [])


@pytest.mark.parametrize(("first", "live", "fits"), [(True, None, True), (False, 3, True), (True, 3, False)])
def test_the_first_policy_decides_where_nobody_is_live(first: bool, live: int | None, fits: bool):
    found = gates.policy_fits(4, replace(VERDICT, first=first), live)

    assert (found == []) is fits


def test_a_promotion_of_what_is_not_recorded_is_told():
    kinds = [kind for kind in VerdictKind if gates.can_be_followed(4, replace(VERDICT, kind=kind))]

    assert kinds == [VerdictKind.PROMOTE]
