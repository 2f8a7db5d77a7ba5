"""Going back: to which version, what automation then keeps off, and who was live when."""

from datetime import UTC, datetime, timedelta

import pytest

from configs.errors import MistakeOfUser
from tasks.domain.turns import Hold, Promotion, Verdict, VerdictKind
from tasks.promotion import rollback

FIRST = datetime(2026, 11, 1, tzinfo=UTC)
KNOWN = (1, 2, 3, 4, 5, 6, 7)


def history(*versions: int) -> list[Promotion]:
    """Who was live one day after the other; a version with a minus was gone back to."""
    made: list[Promotion] = []
    for day, version in enumerate(versions):
        previous, number = made[-1].version if made else None, abs(version)
        turn, after = (None, day) if version < 0 else (day + 1, None)
        at = FIRST + timedelta(days=day)
        made.append(Promotion(day + 1, number, f"m{number}", previous, turn, 1, at, "anna", "because", after))
    return made


def held(*versions: int) -> dict[int, Hold]:
    return {version: Hold(9, version) for version in versions}


@pytest.mark.parametrize(
    ("lived", "off", "wanted", "expected"),
    [
        ((1, 4, 6), (), None, 4),
        ((1, 4, 6), (4,), None, 1),
        ((1, 4, 6, -4), (6,), None, 1),
        ((1, 4, 6, -4, -1), (6, 4), 1, 1),
        ((1, 4, 6), (), 1, 1),
        ((1, 4, 6), (), 6, 6),
        ((1, 4, 6, -4), (), 6, 6),
        ((1, 4, -1, 6), (4,), None, 1),
    ],
)
def test_without_a_number_it_is_the_version_that_was_live_last_and_is_not_held_off(
    lived: tuple[int, ...], off: tuple[int, ...], wanted: int | None, expected: int
) -> None:
    assert rollback.target("shop", history(*lived), held(*off), KNOWN, wanted) == expected


@pytest.mark.parametrize(
    ("lived", "off", "wanted", "text"),
    [
        ((), (), None, "shop has no champion yet"),
        ((1,), (), None, "no other version has been live"),
        ((1, 4, -1), (4,), None, "v4 barred"),
        ((1, 4), (), 9, "Unknown version v9 of shop: it has v1 to v7; live so far: v1, v4."),
        ((1, 4), (), 3, "v3 of shop has never been live"),
        ((1, 4, -1), (4,), 4, "Release it first: `release shop 4`, or the deployment release/shop in Prefect's UI."),
    ],
)
def test_what_may_not_be_made_live_is_said_with_what_to_do(
    lived: tuple[int, ...], off: tuple[int, ...], wanted: int | None, text: str
) -> None:
    with pytest.raises(MistakeOfUser) as problem:
        rollback.target("shop", history(*lived), held(*off), KNOWN, wanted)

    assert text in str(problem.value)


def test_what_is_taken_off_is_held_off_unless_that_only_undoes_a_rollback() -> None:
    forward, back = history(1, 4, 6), history(1, 4, 6, -4)

    assert rollback.holds_off(forward, 4)
    assert not rollback.holds_off(back, 6)
    assert rollback.holds_off(back, 1)


@pytest.mark.parametrize(
    ("days", "version", "ended"),
    [(-0.1, None, None), (0.0, 1, 4), (0.9, 1, 4), (1.0, 4, 1), (2.5, 1, None), (900.0, 1, None)],
)
def test_who_was_live_at_a_moment_is_whoever_was_made_so_last(
    days: float, version: int | None, ended: int | None
) -> None:
    reign = rollback.live_at(history(1, 4, -1), FIRST + timedelta(days=days))

    assert (reign.made.version if reign else None) == version
    assert (reign.ended.version if reign and reign.ended else None) == ended


@pytest.mark.parametrize(
    ("lived", "turn", "version", "off", "text"),
    [
        ((1, 4), 3, 5, (), None),
        ((1, 4, -1), 3, 4, (4,), "v4 was rolled back and is barred until it is released"),
        ((1, 4, -1), 3, 5, (4,), None),
        ((1, 4, -1), 2, 5, (4,), "v1 was made live by a rollback after this turn had begun"),
        ((1, 4, -1), 3, None, (4,), None),
    ],
)
def test_a_rollback_objects_to_what_it_took_off_and_to_what_was_compared_with_it(
    lived: tuple[int, ...], turn: int, version: int | None, off: tuple[int, ...], text: str | None
) -> None:
    found = rollback.guards(history(*lived), turn, version, held(*off))

    assert [(guard.name, guard.objects, guard.text) for guard in found] == ([("rollback", True, text)] if text else [])


@pytest.mark.parametrize(("reason", "by"), [("", "anna"), (" \n", "anna"), ("slow", " "), ("slow", "x" * 101)])
def test_a_rollback_says_why_and_by_whom(reason: str, by: str) -> None:
    rollback.require_words("slow", "anna")

    with pytest.raises(MistakeOfUser):
        rollback.require_words(reason, by)


def test_a_turn_that_has_decided_and_was_cut_off_goes_first() -> None:
    verdicts = {2: ("m5", Verdict(VerdictKind.PROMOTE, ("better",))), 3: ("m6", Verdict(VerdictKind.REJECT, ("no",)))}

    rollback.require_settled(verdicts, [3, 4], history(1))
    rollback.require_settled(verdicts, [2], history(1, 4))

    with pytest.raises(MistakeOfUser, match="Turn 2 has decided"):
        rollback.require_settled(verdicts, [2], history(1))
