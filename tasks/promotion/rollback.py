"""Going back: which version a person may make live again, what automation then keeps off, and who was live when.

Add here what decides about a rollback from records alone. Whether the version still answers as it did is found out by
`tasks.promotion.steps.return_to`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from configs.errors import MistakeOfUser
from tasks.domain.turns import Guard, Hold, Promotion, Refit, Verdict, VerdictKind
from tasks.promotion import refits

LONGEST_NAME = 100
"""Characters of who decided."""


@dataclass(frozen=True)
class Reign:
    """Which version was live at a moment, made so by what, and until when."""

    made: Promotion
    ended: Promotion | None
    """What made another version live; None if it still is."""


def target(
    pipeline: str,
    history: Sequence[Promotion],
    held: Mapping[int, Hold],
    known: Sequence[int],
    wanted: int | None,
    refit: Refit | None = None,
) -> int:
    """The version to go back to: the one that is wanted, else the one that was live last and is neither live nor held.

    The version for which a refit stands has passed its gate: who names it may go back to it though it was never live.

    Args:
        pipeline: Its pipeline.
        history: Every promotion, first to last.
        held: Versions that automation keeps off.
        known: Every registered version.
        wanted: The version that a person asks for.
        refit: Of the first champion.

    Raises:
        MistakeOfUser: There is none, or it may not be made live, and why.
    """
    if not history:
        raise MistakeOfUser(f"{pipeline} has no champion yet, so there is nothing to go back from.")
    been = list(dict.fromkeys(made.version for made in history))
    if wanted is not None:
        passed = [refit.judged] if refit and refit.judged not in been else []
        return _allowed(pipeline, [*passed, *been], held, known, wanted)
    earlier = (made.version for made in reversed(history) if made.version != history[-1].version)
    found = next((version for version in earlier if version not in held), None)
    if found is None:
        others = [version for version in been if version != history[-1].version]
        why = f"{_names(others)} barred" if others else "no other version has been live"
        raise MistakeOfUser(
            f"There is nothing to go back to from v{history[-1].version} of {pipeline}: {why}. "
            "Name a version that has been live; one that is barred has to be released first."
        )
    return found


def holds_off(history: Sequence[Promotion], wanted: int) -> bool:
    """Whether the live version is rejected by going back: it is not if that only undoes the last rollback."""
    last = history[-1]
    return not (last.is_rollback and last.previous == wanted)


def live_at(history: Sequence[Promotion], moment: datetime) -> Reign | None:
    """Which version was live at a moment; None before the first promotion."""
    place = next((n for n in range(len(history) - 1, -1, -1) if history[n].at <= moment), None)
    if place is None:
        return None
    return Reign(history[place], history[place + 1] if place + 1 < len(history) else None)


def require_words(reason: str, by: str) -> None:
    """A rollback or a release says why, and by whom.

    Raises:
        MistakeOfUser: One of them is missing, or too long.
    """
    if not reason.strip():
        raise MistakeOfUser("The reason is empty. Say why in a sentence: it is kept in the history.")
    if not by.strip() or len(by) > LONGEST_NAME:
        raise MistakeOfUser(f"Who decided has to be named in 1 to {LONGEST_NAME} characters (got {len(by.strip())}).")
    if any("\ud800" <= sign <= "\udfff" for sign in reason + by):
        raise MistakeOfUser("The reason or the name has bytes that are no text in UTF-8. Write it anew.")


def require_settled(
    verdicts: Mapping[int, tuple[str, Verdict]],
    open_turns: Sequence[int],
    history: Sequence[Promotion],
    refit: Refit | None = None,
) -> None:
    """A turn that has decided for a new champion and was cut off before it was live goes first.

    Raises:
        MistakeOfUser: There is one.
    """
    promoted, undecided = {made.turn for made in history}, refits.undecided(refit, history)
    for number in open_turns:
        decided = verdicts[number][1].kind if number in verdicts else None
        if (decided is VerdictKind.PROMOTE and number not in promoted) or number in undecided:
            raise MistakeOfUser(
                f"Turn {number} has decided for a new champion and was cut off before it was live. "
                "Let the next run end it first, then go back."
            )


def guards(history: Sequence[Promotion], turn: int, version: int | None, held: Mapping[int, Hold]) -> tuple[Guard, ...]:
    """What a rollback has against a challenger; empty if nothing.

    Args:
        history: Every promotion, first to last.
        turn: The turn that judges it.
        version: Number of the challenger in the registry, if it has one already.
        held: Versions that automation keeps off.
    """
    if version in held:
        return (Guard("rollback", True, f"v{version} was rolled back and is barred until it is released"),)
    meanwhile = [made for made in history if made.is_rollback and made.place >= turn]
    if meanwhile:
        text = f"v{meanwhile[-1].version} was made live by a rollback after this turn had begun"
        return (Guard("rollback", True, text),)
    return ()


def _allowed(pipeline: str, been: Sequence[int], held: Mapping[int, Hold], known: Sequence[int], wanted: int) -> int:
    if wanted not in known:
        there = f"it has v{known[0]} to v{known[-1]}" if known else "it has none"
        raise MistakeOfUser(f"Unknown version v{wanted} of {pipeline}: {there}; live so far: {_names(been)}.")
    if wanted not in been:
        raise MistakeOfUser(
            f"v{wanted} of {pipeline} has never been live: it did not pass its gate. Live so far: {_names(been)}."
        )
    if wanted in held:
        raise MistakeOfUser(
            f"v{wanted} of {pipeline} is barred since it was rolled back. "
            f"Release it first: `release {pipeline} {wanted}`, or the deployment release/{pipeline} in Prefect's UI."
        )
    return wanted


def _names(versions: Sequence[int]) -> str:
    return ", ".join(f"v{version}" for version in versions)
