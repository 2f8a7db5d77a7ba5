"""Going back, seen from the ledger: who is meant, what goes first, and what automation may not have."""

import pytest

from configs.errors import Busy, MistakeOfUser
from tasks.adapters import going_back
from tasks.adapters.home import Home
from tasks.core.records import Model
from tasks.core.turns import TurnRef, Verdict, VerdictKind
from tests.core.reporting import pieces

FIRST, SECOND, THIRD = (pieces.model(number, number) for number in (1, 2, 3))


@pytest.fixture
def home(shop_home: Home) -> Home:
    """v1 was live, then v2 since the second turn."""
    for turn, model in enumerate((FIRST, SECOND), start=1):
        begin(shop_home, turn, model)
        shop_home.ledger.promotions.promote("shop", turn, model.id, turn, by="evidence rule", reason="better")
    return shop_home


def begin(home: Home, turn: int, model: Model) -> TurnRef:
    """A turn that has trained and registered a challenger."""
    home.ledger.turns.open("shop", f"batch {turn}", f"week {turn}", None)
    home.ledger.models.record("shop", turn, model)
    home.ledger.models.register("shop", model.id)
    return TurnRef("shop", turn, f"batch {turn}", f"week {turn}")


def test_what_a_rollback_took_off_may_not_come_back_by_itself(home: Home) -> None:
    turn = begin(home, 3, THIRD)

    before = going_back.guards(home, turn, SECOND)
    going_back.make_live(home, going_back.find_way(home, "shop", None), "anna", "complaints")
    later = TurnRef("shop", 4, "batch 4", "week 4")
    after, other = going_back.guards(home, later, SECOND), going_back.guards(home, later, THIRD)
    going_back.release(home, "shop", 2, "bob", "was the data")

    assert (before, other) == ((), ())
    assert [(guard.name, guard.objects) for guard in after] == [("rollback", True)]
    assert going_back.guards(home, later, SECOND) == ()


def test_a_challenger_that_was_compared_with_what_was_taken_off_meanwhile_is_vetoed(home: Home) -> None:
    turn = begin(home, 3, THIRD)

    going_back.make_live(home, going_back.find_way(home, "shop", None), "anna", "complaints")

    (guard,) = going_back.guards(home, turn, THIRD)
    assert (guard.objects, guard.text) == (True, "v1 was made live by a rollback after this turn had begun")


def test_two_people_who_look_at_once_go_back_once(home: Home) -> None:
    ways = [going_back.find_way(home, "shop", None) for _ in range(2)]

    with home.ledger.lease.held("shop"):
        going_back.make_live(home, ways[0], "anna", "complaints")
    with home.ledger.lease.held("shop"), pytest.raises(Busy, match="look again"):
        going_back.make_live(home, ways[1], "bob", "complaints")

    assert [made.version for made in home.ledger.promotions.all("shop")] == [1, 2, 1]


def test_a_rollback_that_is_not_shown_yet_is_the_one_that_is_meant(home: Home) -> None:
    first = going_back.find_way(home, "shop", None)
    going_back.make_live(home, first, "anna", "complaints")

    again = going_back.find_way(home, "shop", None)

    assert (first.version, first.done, first.hold) == (1, False, True)
    assert (again.version, again.done) == (1, True)


def test_a_turn_that_has_decided_goes_first(home: Home) -> None:
    begin(home, 3, THIRD)
    home.ledger.promotions.record_verdict("shop", 3, SECOND.id, THIRD.id, Verdict(VerdictKind.PROMOTE, ("better",)))

    with pytest.raises(MistakeOfUser, match=r"Turn 3 has decided for a new champion .* Let it end first"):
        going_back.make_live(home, going_back.find_way(home, "shop", None), "anna", "complaints")

    assert len(home.ledger.promotions.all("shop")) == 2
