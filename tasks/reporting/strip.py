"""Turns side by side, one column each: verdict, health, and which version was live.

What is drawn under the strip, with the same columns: `charts.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from tasks.domain.observations import HealthState
from tasks.domain.turns import History, Outcome, Turn
from tasks.reporting import standing, titles

_VERDICT_GLYPHS = {
    Outcome.FIRST_CHAMPION: "first",
    Outcome.PROMOTE: "promote",
    Outcome.REJECT: "reject",
    Outcome.KEEP_SHADOWING: "keep",
    Outcome.REFUSED: "refused",
    Outcome.HELD: "held",
    Outcome.NOT_JUDGED: "unjudged",
    Outcome.FAILED: "refused",
}
_HEALTH_GLYPHS = {
    HealthState.WELL: "well",
    HealthState.WATCH: "watch",
    HealthState.UNWELL: "unwell",
    HealthState.NOT_JUDGED: "unjudged",
}


class Mark(NamedTuple):
    """What became of a turn, or of its model."""

    glyph: str
    word: str


@dataclass(frozen=True)
class Column:
    """One turn in the strip."""

    turn: int
    name: str
    brief: str
    """Where there is hardly room: a letter, or every fifth number."""
    full: str
    verdict: Mark
    health: Mark


@dataclass(frozen=True)
class Reign:
    """One version and the number of columns over which it was live."""

    name: str
    turns: int
    live: bool = False


def column(turn: Turn, place: str | None = None) -> Column:
    """One turn, under its own name or that of its place side by side with others."""
    place = titles.short(turn.batch) if place is None else place
    name = str(turn.number) if place is None else place
    verdict = _VERDICT_GLYPHS[turn.outcome] if turn.outcome else "unjudged"
    health = _HEALTH_GLYPHS[turn.health.state] if turn.health else "unjudged"
    return Column(
        turn=turn.number,
        name=name,
        brief=_brief(place, turn.number),
        full=titles.medium(turn.batch),
        verdict=Mark(verdict, titles.verdict(turn)),
        health=Mark(health, titles.health(turn)),
    )


def _brief(place: str | None, number: int) -> str:
    if place is None:
        return "" if number % 5 else str(number)
    return "" if place[:1].isdigit() else place[:1]


def reigns(history: History, turns: Sequence[Turn]) -> list[Reign]:
    """Who was live behind each of these turns; the last one is marked if it is live now."""
    found: list[Reign] = []
    for turn in turns:
        version = titles.live_after(history, turn)
        name = f"v{version}" if version is not None else ""
        if found and found[-1].name == name:
            found[-1] = replace(found[-1], turns=found[-1].turns + 1)
        else:
            found.append(Reign(name, 1))
    if found and found[-1].name and titles.live_after(history, turns[-1]) == titles.live_now(history):
        found[-1] = replace(found[-1], live=True)
    return found


def back(history: History) -> tuple[str, str] | None:
    """The version that a rollback made live after the last turn, with what is said of it; None if it has a column."""
    made = standing.gone_back(history, history.turns[-1].number) if history.turns else None
    before = titles.live_after(history, history.turns[-1]) if made else None
    if made is None or before == made.version:
        return None
    since = f"v{made.version} is live since {titles.since(made)}, after the last turn"
    return f"v{made.version}", f"{since}; when that ended, v{before} was."
