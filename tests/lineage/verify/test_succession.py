"""Rules about who was live when: silent on a true history, and one sentence for each way in which it is not."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tasks.domain.turns import Outcome, Promotion, Verdict, VerdictKind
from tasks.lineage.verify import succession as lineage

WON, LOST, WAITS = (
    Verdict(kind, ("why",)) for kind in (VerdictKind.PROMOTE, VerdictKind.REJECT, VerdictKind.KEEP_SHADOWING)
)


def promotion(sequence: int, version: int, previous: int | None) -> Promotion:
    moment = datetime(2013, 1, sequence, tzinfo=UTC)
    return Promotion(sequence, version, f"m{version}", previous, sequence, 1, moment, "evidence rule", "better")


# ── I1 ────────────────────────────────────────────────────────────────────────────────────────────────────────────
HISTORY = [promotion(1, 1, None), promotion(2, 4, 1), promotion(3, 2, 4)]


def test_a_linear_history_is_in_order():
    assert [lineage.is_linear(HISTORY[:length]) for length in range(4)] == [[], [], [], []]


@pytest.mark.parametrize(
    ("history", "text"),
    [
        ([HISTORY[0], HISTORY[2]], "promotion 3 replaces v4, but v1 was live"),
        ([HISTORY[0], replace(HISTORY[1], sequence=5)], "promotion 5 replaces v1, but v1 was live"),
        ([HISTORY[1]], "promotion 2 replaces v1, but no version was live"),
        ([HISTORY[0], promotion(2, 4, None)], "promotion 2 replaces no version, but v1 was live"),
    ],
    ids=["one is gone", "a number is left out", "the first is gone", "one replaces nobody"],
)
def test_a_gap_or_a_fork_in_the_history_is_found(history: list[Promotion], text: str):
    assert [finding.text for finding in lineage.is_linear(history)] == [text]


@pytest.mark.parametrize(
    ("verdict", "text"),
    [
        (("m1", WON), None),
        (None, "v1 was promoted in turn 1, which has no verdict"),
        (("m1", LOST), "v1 was promoted in turn 1, whose verdict is reject"),
        (("m1", WAITS), "v1 was promoted in turn 1, whose verdict is keep_shadowing"),
        (("m2", WON), "v1 is not the model that was judged in turn 1"),
    ],
)
def test_only_the_winner_of_a_comparison_is_live(verdict: tuple[str, Verdict] | None, text: str | None):
    found = lineage.passed_gate(HISTORY[0], verdict)

    assert [finding.text for finding in found] == ([text] if text else [])


def test_a_rollback_needs_no_verdict_but_a_version_that_was_live():
    back = replace(promotion(3, 1, 4), turn=None, after=2)

    known, unknown = lineage.passed_gate(back, None, HISTORY[:2]), lineage.passed_gate(back, None, HISTORY[1:2])

    assert known == []
    assert [finding.text for finding in unknown] == ["v1 was rolled back to, but was never live before"]


# ── I5 ────────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("fences", "newest", "wrong"),
    [((1, 1, 2), 2, 0), ((1, 3, 2), 3, 1), ((0, 1, 1), 1, 1), ((1, 2, 9), 2, 1)],
    ids=["rising", "one falls back", "no lease", "never given out"],
)
def test_tokens_rise_and_were_given_out(fences: tuple[int, ...], newest: int, wrong: int):
    history = [replace(made, fence=fence) for made, fence in zip(HISTORY, fences, strict=True)]

    found = lineage.in_order(history, newest)

    assert [finding.invariant for finding in found] == ["I5"] * wrong


def test_an_earlier_turn_does_not_promote_after_a_later_one():
    history = [HISTORY[0], replace(HISTORY[1], turn=5), HISTORY[2]]

    (finding,) = lineage.in_order(history, 1)

    assert finding.text == "promotion 3 is of turn 3, after one of turn 5"


def test_a_turn_that_promoted_is_in_the_history_and_no_other():
    ended = {1: Outcome.FIRST_CHAMPION, 2: Outcome.REJECT, 3: Outcome.PROMOTE, 4: Outcome.PROMOTE}

    found = lineage.all_made(HISTORY, ended)

    assert [finding.text for finding in found] == [
        "turn 4 ended with a promotion, which is not in the history",
        "promotion 2 is of turn 2, which ended as reject",
    ]


def test_each_turn_watched_the_version_that_was_live_then():
    history = [*HISTORY[:2], replace(promotion(3, 1, 4), turn=None, after=3)]

    right = lineage.live_at(history, {1: None, 2: 1, 3: 4, 4: 1})
    wrong = lineage.live_at(history, {1: 1, 2: 4, 3: 1, 4: 4})

    assert right == []
    assert [finding.text.partition(", but ")[2] for finding in wrong] == [
        "no version was live", "v1 was live", "v4 was live", "v1 was live"
    ]  # fmt: skip
