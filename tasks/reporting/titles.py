"""Names for people: of batches, versions, verdicts, states and lists. No numbers (see `wording`), no findings.

A batch is told by its own name; where that is a month or a day (`2013-02`, `2013-02-17`), by the time of its rows.
"""

import re
from collections.abc import Sequence
from datetime import datetime
from math import ceil

from tasks.domain import wording
from tasks.domain.decisions import Admission, Decision
from tasks.domain.observations import HealthState
from tasks.domain.records import Batch
from tasks.domain.turns import History, Outcome, Promotion, Turn
from tasks.reporting import periods
from tasks.reporting.periods import Period

VERDICTS = {
    Outcome.FIRST_CHAMPION: "first champion",
    Outcome.PROMOTE: "promote",
    Outcome.REJECT: "reject",
    Outcome.KEEP_SHADOWING: "keep shadowing",
    Outcome.REFUSED: "batch refused",
    Outcome.HELD: "batch held",
    Outcome.NOT_JUDGED: "not judged",
    Outcome.FAILED: "failed",
}
UNFINISHED = "not finished"
DECISIONS = {
    Decision.ADMIT: "admitted",
    Decision.SOUND_ROWS: "admitted without its damaged rows",
    Decision.KEEP_OUT: "kept out",
}
STATES = {
    HealthState.WELL: "well",
    HealthState.WATCH: "watch",
    HealthState.UNWELL: "not well",
    HealthState.NOT_JUDGED: "not judged",
}
_VERSION = re.compile(r"v\d")
_MOST_MONTHS = 8
_MOST_NAMES = 3
_LETTERS = 110
"""So many have room side by side over all turns."""
_ROOMY = 13
"""So many days have room side by side with their months."""


def stood(decided: Admission) -> str:
    """How a batch stood before somebody decided about it: `was held`, `was refused`."""
    return "was held" if decided.refusal.held else "was refused"


def short(batch: Batch) -> str | None:
    """`Dec`, `5 Dec`, `Jan–Mar`; None for batches that are of no day or month."""
    period = periods.of(batch)
    return period.short if period else None


def axis(batches: Sequence[Batch]) -> list[str | None]:
    """`short` names side by side: of many days only the first of each month says its month, the others `15`.

    A batch whose rows are not known is of the day or month of its name where all others are. Of longer times only as
    many are named as there is room for; the others are empty.
    """
    known = [periods.of(batch) for batch in batches]
    are_single = all(period.is_one for period in known if period)
    if are_single:
        known = [period or periods.named(batch) for period, batch in zip(known, batches, strict=True)]
    names = [period.short if period else None for period in known]
    if not are_single:
        every = ceil(len(names) * (1 + max(len(name or "") for name in names)) / _LETTERS)
        return [name if name is None or place % every == 0 else "" for place, name in enumerate(names)]
    if len(known) <= _ROOMY:
        return names
    months = [period.first.month if period else 0 for period in known]
    are_new = [month != before for month, before in zip(months, [0, *months], strict=False)]
    return [
        _crowded(period, is_new) if period and period.in_days else name
        for period, is_new, name in zip(known, are_new, names, strict=True)
    ]


def medium(batch: Batch) -> str:
    """`Dec 2013`, `5 Dec 2013`, `Jan–Mar 2013`, or the name as it is."""
    period = periods.of(batch)
    return period.medium if period else batch.name


def when(batch: Batch) -> str:
    """`in December 2013`, `from January to March 2013`, `on 5 December 2013`, `on batch x`: ready for a sentence."""
    period = periods.of(batch)
    return period.when if period else f"on batch {batch.name}"


def several(batches: Sequence[Batch]) -> str:
    """`in March, June and July`, `on batches a and b`, `in 15 batches`: when something was found more than once."""
    found = [period for batch in batches if (period := periods.of(batch)) and period.is_one and not period.in_days]
    are_months = len(found) == len(batches)
    if len(batches) > (_MOST_MONTHS if are_months else _MOST_NAMES):
        return f"in {wording.number_word(len(batches))} batches"
    if not are_months:
        kind = "batches" if len(batches) > 1 else "batch"
        return f"on {kind} {listed([medium(batch) for batch in batches])}"
    one_year = len({period.first.year for period in found}) == 1
    named = [f"{periods.MONTHS[one.first.month - 1]}{'' if one_year else f' {one.first.year}'}" for one in found]
    return f"in {listed(list(dict.fromkeys(named)))}"


def _crowded(day: Period, is_new: bool) -> str:
    """A day where there is no room for its month, unless it is a new one."""
    return day.short.partition(" ")[2] if is_new else str(day.first.day)


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


def inside(sentence: str) -> str:
    """The sentence as it stands behind other words."""
    return sentence[:1].lower() + sentence[1:]


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
