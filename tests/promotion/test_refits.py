"""Which of a first champion and its refit is live: a table for each decision, in the order in which they come."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tasks.domain import first_champion
from tasks.domain.records import Comparison
from tasks.domain.turns import Guard, Promotion, Refit, Verdict, VerdictKind
from tasks.promotion import refits

PASSES, OBJECTS = Guard("bundle", False, "0.1 MB, at most 50"), Guard("bundle", True, "60.0 MB, more than 50")
REFIT = Refit(1, 1, "judged", 2, "refit", PASSES)
KEPT, WON = (
    Verdict(VerdictKind.REJECT, ("no",)),
    Verdict(VerdictKind.PROMOTE, ("beats no model by 0.0379",), first=True),
)
HELD = Guard("rollback", True, "v1 was rolled back and is barred until it is released")


def pair(gain: float, low: float, high: float) -> Comparison:
    """The refit against the version that was judged, on four days: above 0, the latter loses less."""
    days = ("mon", "tue", "wed", "thu")
    return Comparison(400, gain, low, high, days, (100,) * 4, (50.0,) * 4, (50.0 - 100 * gain,) * 4, (), 0.1)


def made(sequence: int, version: int, turn: int) -> Promotion:
    return Promotion(sequence, version, f"m{version}", None, turn, 1, datetime(2026, 1, 1, tzinfo=UTC), "", "")


# ── after the first champion has won ──────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("refit", "live", "reason"),
    [
        (None, (1, "judged"), "beats no model by 0.0379"),
        (REFIT, (2, "refit"), "refit of v1, which beats no model by 0.0379"),
        (
            replace(REFIT, guard=OBJECTS),
            (1, "judged"),
            "beats no model by 0.0379; its refit v2 is not live: guard 'bundle' objects: 60.0 MB, more than 50",
        ),
    ],
    ids=["not refitted", "its guard lets it pass", "its guard objects"],
)
def test_the_refit_is_live_unless_its_guard_objects(refit: Refit | None, live: tuple[int, str], reason: str) -> None:
    assert refits.elected(1, "judged", refit) == live
    assert refits.reason(WON, refit) == reason


def test_a_later_challenger_is_live_itself() -> None:
    assert refits.elected(7, "another", REFIT) == (7, "another")


# ── on what is judged next ────────────────────────────────────────────────────────────────────────────────────────
CHECKED = replace(REFIT, check=refits.check(REFIT, 2, pair(-0.01, -0.02, -0.001)))


@pytest.mark.parametrize(
    ("refit", "champion", "turn", "verdict", "due"),
    [
        (None, "refit", 2, KEPT, False),
        (REFIT, "refit", 2, KEPT, True),
        (REFIT, "refit", 2, replace(KEPT, kind=VerdictKind.KEEP_SHADOWING), True),
        (REFIT, "refit", 2, WON, False),
        (REFIT, "judged", 2, KEPT, False),
        (REFIT, "another", 2, KEPT, False),
        (CHECKED, "refit", 2, KEPT, True),
        (CHECKED, "refit", 3, KEPT, False),
    ],
    ids=[
        "an old home", "the next batch", "the same", "the probe takes over", "after a rollback", "replaced",
        "the same turn, after a kill", "done",
    ],
)  # fmt: skip
def test_both_are_compared_once(refit: Refit | None, champion: str, turn: int, verdict: Verdict, due: bool) -> None:
    assert refits.is_due(refit, champion, turn, verdict) is due


@pytest.mark.parametrize(
    ("comparison", "objections", "goes_back", "words"),
    [
        (pair(0.02, 0.001, 0.04), (), True, "v1 is live in place of its refit v2, which is worse"),
        (pair(0.02, 0.0, 0.04), (), False, "v2 stays live: nothing shows that it is worse than v1"),
        (pair(0.02, -0.001, 0.04), (), False, "v2 stays live: nothing shows that it is worse than v1"),
        (pair(-0.02, -0.04, -0.001), (), False, "v2 stays live: nothing shows that it is worse than v1"),
        (pair(float("nan"), float("nan"), float("nan")), (), False, "v2 stays live"),
        (pair(0.02, 0.001, 0.04), (HELD,), False, "v1 was rolled back and is barred"),
        (pair(-0.02, -0.04, -0.001), (HELD,), False, "v2 stays live: nothing shows that it is worse than v1"),
        (pair(0.02, 0.001, 0.04), (replace(HELD, objects=False),), True, "v1 is live in place of its refit v2"),
    ],
    ids=[
        "all of the interval", "up to 0", "not all of it", "the refit is better", "not a number", "worse, but barred",
        "barred, which does not matter", "released",
    ],
)  # fmt: skip
def test_the_judged_version_goes_live_if_all_of_the_interval_says_so(
    comparison: Comparison, objections: tuple[Guard, ...], goes_back: bool, words: str
) -> None:
    found = refits.check(REFIT, 2, comparison, objections)

    assert (found.turn, found.goes_back) == (2, goes_back)
    assert words in found.reason


def test_the_gain_is_told_as_that_of_the_judged_version() -> None:
    found = refits.check(REFIT, 2, pair(0.0123, 0.005, 0.02))

    assert found.reason.endswith("which is worse (gain of v1 over it +0.0123 (+0.0050 to +0.0200))")


# ── who is what ───────────────────────────────────────────────────────────────────────────────────────────────────
BACK = replace(REFIT, check=refits.check(REFIT, 3, pair(0.02, 0.01, 0.03)))


@pytest.mark.parametrize(
    ("refit", "turn", "model"),
    [(None, 5, "m2"), (REFIT, 5, "m2"), (CHECKED, 5, "m2"), (BACK, 3, "m2"), (BACK, 4, "judged")],
)
def test_what_would_be_without_retraining(refit: Refit | None, turn: int, model: str) -> None:
    assert first_champion.at([made(1, 2, 1), made(2, 7, 4)], refit, turn) == model


def test_a_turn_that_went_back_is_undecided_until_it_has_done_so() -> None:
    before, after = [made(1, 2, 1)], [made(1, 2, 1), made(2, 1, 3)]

    assert [refits.undecided(BACK, history) for history in (before, after)] == [{3}, set()]
    assert [refits.undecided(refit, before) for refit in (None, REFIT, CHECKED)] == [set()] * 3


@pytest.mark.parametrize(
    ("refit", "brief"),
    [
        (REFIT, "its refit v2 is live"),
        (replace(REFIT, guard=OBJECTS), "its refit v2 is not live: guard 'bundle' objects: 60.0 MB, more than 50"),
        (CHECKED, "the refit v2 stays"),
        (BACK, "v1 is live in place of its refit v2, which is worse"),
    ],
)
def test_one_line_says_which_is_live(refit: Refit, brief: str) -> None:
    assert refits.brief(refit) == brief
