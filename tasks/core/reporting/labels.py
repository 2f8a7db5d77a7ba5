"""Names for people: of batches, versions, verdicts, states and lists. No numbers (see `wording`), no findings.

A batch is told by its own name; a name that is a month or a day (`2013-02`, `2013-02-17`) is told as one.
"""

import re
from collections.abc import Sequence
from datetime import datetime

from tasks.core import wording
from tasks.core.turns import HealthState, History, Outcome, Promotion, Turn

MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
VERDICTS = {
    Outcome.FIRST_CHAMPION: "first champion",
    Outcome.PROMOTE: "promote",
    Outcome.REJECT: "reject",
    Outcome.KEEP_SHADOWING: "keep shadowing",
    Outcome.REFUSED: "batch refused",
    Outcome.NOT_JUDGED: "not judged",
    Outcome.FAILED: "failed",
}
UNFINISHED = "not finished"
STATES = {
    HealthState.WELL: "well",
    HealthState.WATCH: "watch",
    HealthState.UNWELL: "not well",
    HealthState.NOT_JUDGED: "not judged",
}
_DATE = re.compile(r"(\d{4})-(0[1-9]|1[0-2])(?:-(0[1-9]|[12]\d|3[01]))?", re.ASCII)
_VERSION = re.compile(r"v\d")
_MOST_MONTHS = 8
_MOST_NAMES = 3
_ROOMY = 13
"""So many days have room side by side with their months."""


def short(name: str) -> str | None:
    """`Dec` or `5 Dec`; None for names that are no dates."""
    if not (found := _DATE.fullmatch(name)):
        return None
    month = MONTHS[int(found[2]) - 1][:3]
    return f"{int(found[3])} {month}" if found[3] else month


def axis(names: Sequence[str]) -> list[str | None]:
    """`short` names side by side: of many days only the first of each month says its month, the others `15`."""
    brief = [short(name) for name in names]
    if len(brief) <= _ROOMY:
        return list(brief)
    months = [(name or "").partition(" ")[2] for name in brief]
    begins = [place == 0 or months[place - 1] != month for place, month in enumerate(months)]
    parts = zip(brief, months, begins, strict=True)
    return [
        name if not (name and month) else month if first else name.partition(" ")[0] for name, month, first in parts
    ]


def medium(name: str) -> str:
    """`Dec 2013`, `5 Dec 2013`, or the name as it is."""
    brief = short(name)
    return f"{brief} {name[:4]}" if brief else name


def when(name: str, year: bool = True) -> str:
    """`in December 2013`, `on 5 December 2013`, `on batch x`: ready for a sentence."""
    if not (found := _DATE.fullmatch(name)):
        return f"on batch {name}"
    month = MONTHS[int(found[2]) - 1]
    tail = f" {found[1]}" if year else ""
    return f"on {int(found[3])} {month}{tail}" if found[3] else f"in {month}{tail}"


def several(names: Sequence[str]) -> str:
    """`in March, June and July`, `on batches a and b`, `in 15 batches`: when something was found more than once."""
    found = [_DATE.fullmatch(name) for name in names]
    are_months = all(match and not match[3] for match in found)
    if len(names) > (_MOST_MONTHS if are_months else _MOST_NAMES):
        return f"in {wording.number_word(len(names))} batches"
    if not are_months:
        kind = "batches" if len(names) > 1 else "batch"
        return f"on {kind} {listed([medium(name) for name in names])}"
    one_year = len({name[:4] for name in names}) == 1
    months = [MONTHS[int(name[5:7]) - 1] + ("" if one_year else f" {name[:4]}") for name in names]
    return f"in {listed(list(dict.fromkeys(months)))}"


def listed(items: Sequence[str], most: int | None = None) -> str:
    """`a, b and c`; with a limit, `a, b and 5 more`."""
    parts = list(items)
    if most is not None and len(parts) > most:
        parts = [*parts[:most], f"{wording.number_word(len(parts) - most)} more"]
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}" if parts else ""


def number_of(number: int, nouns: tuple[str, str]) -> str:
    """`1 flight`, `27,010 flights`: a counted noun."""
    return f"{wording.count(number)} {nouns[0] if number == 1 else nouns[1]}"


def capital(sentence: str) -> str:
    """The sentence with its first letter in upper case, unless it begins with a version."""
    return sentence if _VERSION.match(sentence) else sentence[:1].upper() + sentence[1:]


def ended(sentence: str) -> str:
    """The sentence with a full stop, unless it has an end."""
    return sentence if sentence.rstrip().endswith((".", "!", "?", ":")) else f"{sentence.rstrip()}."


def verdict(turn: Turn) -> str:
    """How a turn ended, in ledger words."""
    return VERDICTS[turn.outcome] if turn.outcome else UNFINISHED


def health(turn: Turn) -> str:
    """The state of the live model on the batch of a turn."""
    return STATES[turn.health.state] if turn.health else STATES[HealthState.NOT_JUDGED]


def live_after(history: History, turn: Turn) -> int | None:
    """The version that was live when a turn had ended; what a person went back to later does not count."""

    def was_made(change: Promotion) -> bool:
        if change.turn is not None:
            return change.turn <= turn.number
        return change.place < turn.number or (turn.finished is not None and change.at <= turn.finished)

    return next((p.version for p in reversed(history.promotions) if was_made(p)), None)


def live_now(history: History) -> int | None:
    """The version that is live."""
    return history.promotions[-1].version if history.promotions else None


def since(change: Promotion) -> str:
    """`turn 6`, `the rollback of 2026-11-21 07:38 UTC`: what made a version live."""
    if change.turn is not None:
        return f"turn {wording.count(change.turn)}"
    return f"the rollback of {moment(change.at)}"


def moment(at: datetime) -> str:
    """`2026-11-21 07:38 UTC`."""
    return f"{at:%Y-%m-%d %H:%M} UTC"
