"""Rules about a refit: silent where it is one and was compared, one sentence for each way in which it is not."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tasks.domain.records import Comparison, Model, Snapshot
from tasks.domain.turns import Guard, Outcome, Promotion, Refit, Verdict, VerdictKind
from tasks.lineage.verify import refit_record, succession
from tasks.promotion import refits as rules

MONTH = datetime(2013, 2, 1, tzinfo=UTC)
PASSES = Guard("bundle", False, "small")
REFIT = Refit(1, 1, "judged", 2, "refit", PASSES)
WON = Verdict(VerdictKind.PROMOTE, ("beats no model",), first=True)
KEPT, TAKES_OVER = Verdict(VerdictKind.REJECT, ("no",)), Verdict(VerdictKind.PROMOTE, ("better",))


def model(identity: str, days: int, family: str = "linear", files: tuple[str, ...] = ("a",)) -> Model:
    snapshot = Snapshot(f"of {identity}", files, None, MONTH + timedelta(days=days), 9, 4, 0, 0)
    return Model(identity, family, snapshot, "s", 0, "c", "l", (), 0.4, "b", 1, "g", 0.1)


def pair(low: float, lost: float = 50.0) -> Comparison:
    return Comparison(200, low + 0.01, low, low + 0.02, ("mon", "tue"), (100, 100), (lost, lost), (49.0, 49.0), (), 0.1)


def made(sequence: int, version: int, name: str, turn: int, by: str = rules.DECIDED_BY) -> Promotion:
    return Promotion(sequence, version, name, None, turn, 1, MONTH + timedelta(days=turn), by, "why")


JUDGED, ALL = model("judged", 14), model("refit", 28)
LIVE = made(1, 2, "refit", 1)
BACK = replace(REFIT, check=rules.check(REFIT, 2, pair(0.01)))
STAYS = replace(REFIT, check=rules.check(REFIT, 2, pair(-0.01)))


# ── I1: what it is ────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("versions", "verdict", "words"),
    [
        ({1: JUDGED, 2: ALL}, ("judged", WON), ""),
        ({1: JUDGED}, ("judged", WON), "do not resolve"),
        ({1: ALL, 2: JUDGED}, ("judged", WON), "do not resolve"),
        ({1: JUDGED, 2: model("refit", 28, "trees")}, ("judged", WON), "not the same family on all the rows"),
        ({1: JUDGED, 2: model("refit", 28, files=("b",))}, ("judged", WON), "not the same family on all the rows"),
        ({1: JUDGED, 2: model("refit", 14)}, ("judged", WON), "not the same family on all the rows"),
        ({1: JUDGED, 2: ALL}, None, "v1 was not judged as a first champion in turn 1"),
        ({1: JUDGED, 2: ALL}, ("judged", TAKES_OVER), "v1 was not judged as a first champion in turn 1"),
        ({1: JUDGED, 2: ALL}, ("another", WON), "v1 was not judged as a first champion in turn 1"),
    ],
)
def test_a_refit_is_the_winner_on_more_rows(
    versions: dict[int, Model], verdict: tuple[str, Verdict] | None, words: str
) -> None:
    found = refit_record.is_one(REFIT, versions, verdict)

    assert [words in one.text for one in found] == ([True] if words else [])


# ── I1: who is live ───────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("live", "refit", "words"),
    [
        (LIVE, REFIT, ""),
        (LIVE, None, "v2 is not the model that was judged in turn 1"),
        (LIVE, replace(REFIT, judged_model="another"), "v2 stands for a model that was not judged in turn 1"),
        (
            LIVE,
            replace(REFIT, guard=Guard("bundle", True, "large")),
            "v2 was promoted, but the guard 'bundle' objected",
        ),
        (made(1, 1, "judged", 1), replace(REFIT, guard=Guard("bundle", True, "large")), ""),
        (made(1, 1, "judged", 1), REFIT, "v1 is not what turn 1 has decided to make live"),
        (made(1, 1, "judged", 1), None, ""),
    ],
    ids=["it", "without a record", "of another", "its guard objects", "the judged one", "not it", "an old home"],
)
def test_a_refit_is_live_for_the_winner_only(live: Promotion, refit: Refit | None, words: str) -> None:
    found = succession.passed_gate(live, ("judged", WON), (), refit)

    assert [one.text for one in found] == ([words] if words else [])


AGAIN = made(2, 1, "judged", 2)


def test_the_judged_version_may_go_live_where_its_refit_is_worse() -> None:
    ended = {1: Outcome.FIRST_CHAMPION, 2: Outcome.REJECT}

    found = [
        *succession.passed_gate(AGAIN, ("probe", KEPT), [LIVE], BACK),
        *succession.all_made([LIVE, AGAIN], ended, BACK),
        *succession.told_truly(AGAIN, KEPT, None, BACK),
    ]

    assert found == []


@pytest.mark.parametrize("refit", [None, REFIT, STAYS], ids=["no refit", "not compared", "no worse"])
def test_and_nowhere_else(refit: Refit | None) -> None:
    ended = {1: Outcome.FIRST_CHAMPION, 2: Outcome.REJECT}

    (gate,) = succession.passed_gate(AGAIN, ("probe", KEPT), [LIVE], refit)
    (end,) = succession.all_made([LIVE, AGAIN], ended, refit)
    (by,) = succession.told_truly(AGAIN, KEPT, None, refit)

    assert gate.text == "v1 was promoted in turn 2, whose verdict is reject"
    assert end.text == "promotion 2 is of turn 2, which ended as reject"
    assert by.text.endswith("but the verdict is one of the evidence rule")


def test_a_decision_to_go_back_that_was_not_carried_out_is_found() -> None:
    (found,) = succession.all_made([LIVE], {1: Outcome.FIRST_CHAMPION, 2: Outcome.REJECT}, BACK)

    assert found.text == "turn 2 ended with a promotion, which is not in the history"


def test_a_person_may_go_back_to_the_version_that_was_judged() -> None:
    back = replace(made(2, 1, "judged", 0), turn=None, after=1)

    assert succession.passed_gate(back, None, [LIVE], REFIT) == []
    assert len(succession.passed_gate(back, None, [LIVE], None)) == 1


# ── I1: how it was compared ───────────────────────────────────────────────────────────────────────────────────────
LATER = replace(BACK, check=rules.check(REFIT, 3, pair(0.01)))


@pytest.mark.parametrize(
    ("refit", "judged", "words"),
    [
        (REFIT, {1: WON}, ""),
        (REFIT, {1: WON, 2: TAKES_OVER}, ""),
        (REFIT, {1: WON, 2: KEPT}, "turn 2 has judged without comparing them"),
        (STAYS, {1: WON, 2: KEPT, 3: KEPT}, ""),
        (LATER, {1: WON, 2: KEPT, 3: KEPT}, "they were compared in turn 3, turn 2 had judged before"),
        (replace(STAYS, check=replace(STAYS.check, goes_back=True)), {1: WON, 2: KEPT}, "to go back to v1, which does"),
        (replace(BACK, check=replace(BACK.check, goes_back=False)), {1: WON, 2: KEPT}, "to stay before v1, which does"),
        (
            replace(BACK, check=rules.check(REFIT, 2, pair(0.01), (Guard("rollback", True, "barred"),))),
            {1: WON, 2: KEPT},
            "",
        ),
    ],
)  # type: ignore[type-var]  # a check that was made is there
def test_it_is_compared_in_the_first_turn_that_judges(refit: Refit, judged: dict[int, Verdict], words: str) -> None:
    found = refit_record.was_compared(refit, judged, [LIVE], None)

    assert [words in one.text for one in found] == ([True] if words else [])


def test_what_was_measured_is_what_the_bytes_give() -> None:
    judged = {1: WON, 2: KEPT}

    same = refit_record.was_compared(STAYS, judged, [LIVE], pair(-0.01))
    other_loss = refit_record.was_compared(STAYS, judged, [LIVE], pair(-0.01, lost=51.0))
    other_gain = refit_record.was_compared(STAYS, judged, [LIVE], pair(-0.02))

    assert same == []
    assert [one.text for one in other_loss] == [
        "turn 2: the loss of the refit is recorded as 100.0000, and is 102.0000 on the stored rows"
    ]
    assert [one.text.partition(" (")[0] for one in other_gain] == ["turn 2: a gain of 0.0000"]
