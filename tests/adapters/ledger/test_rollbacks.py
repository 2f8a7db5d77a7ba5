"""Rollbacks in the ledger: one more row of the one history, and a hold that a person ends."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from configs.errors import Busy
from tasks.adapters.ledger.book import Ledger
from tasks.adapters.ledger.promotions import target
from tasks.domain.turns import Evidence, Promotion

EVIDENCE = Evidence("a", "model 1", "new", 1.0, (2.0, -1.0), (10, 12), 1.5, (1.0, 3.0), 2.0, 200.0)


def turns(ledger: Ledger, *batches: str) -> None:
    for batch in batches:
        ledger.turns.open("shop", batch, batch, None)


def promote(ledger: Ledger, version: int, turn: int) -> Promotion:
    return ledger.promotions.promote("shop", version, f"model {version}", turn, by="evidence rule", reason="better")


def go_back(ledger: Ledger, version: int, live: int, hold: bool = True) -> Promotion:
    return ledger.promotions.roll_back(
        "shop", version, f"model {version}", live=live, hold=hold, by="anna", reason="complaints"
    )


@pytest.fixture
def lived(ledger: Ledger) -> Ledger:
    """v1 was live, then v2; three turns have begun."""
    turns(ledger, "a", "b", "c")
    promote(ledger, 1, 1)
    promote(ledger, 2, 2)
    return ledger


def test_a_rollback_is_a_promotion_without_a_turn(lived: Ledger) -> None:
    with lived.lease.held("shop"):
        made = go_back(lived, 1, live=2)

    assert (made.sequence, made.version, made.model, made.previous) == (3, 1, "model 1", 2)
    assert (made.turn, made.after, made.place, made.fence, made.is_rollback) == (None, 3, 3, 1, True)
    assert lived.promotions.champion("shop") == made
    assert lived.promotions.gate("shop", "model 1") == "a"


def test_a_turn_that_had_begun_goes_on_with_the_champion_that_it_found(lived: Ledger) -> None:
    go_back(lived, 1, live=2)

    seen = {turn: [made.version for made in lived.promotions.before("shop", turn)] for turn in (3, 4)}

    assert seen == {3: [1, 2], 4: [1, 2, 1]}


def test_what_was_seen_before_a_second_person_came_first_is_not_acted_upon(lived: Ledger) -> None:
    with lived.lease.held("shop"):
        go_back(lived, 1, live=2)

    with lived.lease.held("shop"), pytest.raises(Busy, match="v1 was made live in 'shop' just now"):
        go_back(lived, 1, live=2)

    assert len(lived.promotions.all("shop")) == 3


def test_a_rollback_whose_answer_was_lost_is_not_done_twice(lived: Ledger) -> None:
    with lived.lease.held("shop"):
        first = go_back(lived, 1, live=2)
        again = go_back(lived, 1, live=2)

    assert again == first
    assert (len(lived.promotions.all("shop")), len(lived.promotions.holds("shop"))) == (3, 1)


def test_a_holder_whose_lease_was_taken_over_makes_nothing_live(
    lived: Ledger, open_ledger: Callable[[], Ledger]
) -> None:
    other = open_ledger()
    with lived.lease.held("shop") as fence:
        other._access.fences["shop"] = fence - 1
        with pytest.raises(Busy):
            go_back(other, 1, live=2)

    assert len(lived.promotions.all("shop")) == 2
    assert lived.promotions.holds("shop") == []


def test_a_version_is_held_off_until_it_is_released(lived: Ledger) -> None:
    go_back(lived, 1, live=2)
    before = lived.promotions.held("shop")

    released = [lived.promotions.release("shop", 2, by="bob", reason="was the data") for _ in range(2)]

    (hold,) = lived.promotions.holds("shop")
    assert (list(before), before[2].sequence, before[2].ended) == ([2], 3, None)
    assert released == [True, False]
    assert lived.promotions.held("shop") == {}
    assert (hold.released_by, hold.release_reason, hold.ended is not None) == ("bob", "was the data", True)


def test_a_rollback_that_undoes_another_holds_nothing_off(lived: Ledger) -> None:
    go_back(lived, 1, live=2)
    lived.promotions.release("shop", 2, by="bob", reason="was the data")

    go_back(lived, 2, live=3, hold=False)

    assert lived.promotions.held("shop") == {}
    assert [made.version for made in lived.promotions.all("shop")] == [1, 2, 1, 2]


def test_evidence_starts_anew_behind_a_rollback_even_for_the_same_champion(lived: Ledger) -> None:
    lived.promotions.record_evidence("shop", 2, "s", replace(EVIDENCE, batch="b"))
    lived.promotions.record_evidence("shop", 3, "s", replace(EVIDENCE, batch="c", champion="model 2"))
    before = lived.promotions.last_evidence("shop", 4, "s")

    go_back(lived, 1, live=2)
    turns(lived, "d", "e")
    restarted = lived.promotions.last_evidence("shop", 4, "s")
    lived.promotions.record_evidence("shop", 4, "s", replace(EVIDENCE, batch="d"))
    carried = lived.promotions.last_evidence("shop", 5, "s")

    assert before is not None and before.batch == "c"
    assert restarted is None
    assert carried is not None and carried.batch == "d"


def test_a_rollback_is_untold_until_it_is_noted_as_shown(lived: Ledger) -> None:
    made = go_back(lived, 1, live=2)
    before = lived.promotions.untold("shop")

    lived.turns.project("shop", made.place, target(made), made.version)

    assert (before, lived.promotions.untold("shop")) == ([made], [])
