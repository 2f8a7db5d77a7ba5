"""What is known of the version that is live now: on which turn it was judged, scored and compared last.

After a rollback the last turns are about the version that was taken off. Whatever claims to be about the live one looks
its figures up here; figures of another version are told with that version.
"""

from dataclasses import dataclass
from enum import Enum

from tasks.domain.records import Score
from tasks.domain.turns import History, Promotion, Turn
from tasks.reporting import titles


class Role(Enum):
    """As what a version was scored."""

    CHAMPION = "champion"
    CHALLENGER = "challenger"
    FIRST = "first champion"
    """Scored beside the champion, to tell what would be without retraining; its health was not judged."""


@dataclass(frozen=True)
class Seen:
    """A score of the live version."""

    turn: Turn
    score: Score
    role: Role


def gone_back(history: History, number: int) -> Promotion | None:
    """The rollback that made the live version live, if that was behind the turn of this number."""
    last = history.promotions[-1] if history.promotions else None
    return last if last is not None and last.is_rollback and last.place >= number else None


def judged(history: History) -> Turn | None:
    """The last turn that scored the live version as the champion."""
    live = titles.live_now(history)
    scored = (turn for turn in reversed(history.turns) if turn.champion and turn.champion.rows)
    return next((turn for turn in scored if turn.champion_version == live), None)


def seen(history: History) -> Seen | None:
    """The last score of the live version, in whatever role."""
    live = titles.live_now(history)
    if live is None:
        return None
    is_first = live == history.promotions[0].version
    for turn in reversed(history.turns):
        if turn.champion and turn.champion.rows and turn.champion_version == live:
            return Seen(turn, turn.champion, Role.CHAMPION)
        if turn.probe and turn.probe_version == live:
            return Seen(turn, turn.probe, Role.CHALLENGER)
        if turn.never and turn.never.rows and is_first:
            return Seen(turn, turn.never, Role.FIRST)
    return None


def stands_for(history: History, version: int | None) -> int | None:
    """The version that was judged, of which this one is the refit; None for every other version."""
    refit = history.refit
    return refit.judged if refit is not None and version == refit.version else None


def compared(history: History) -> Turn | None:
    """The last turn that compared inputs with the training data of the live version, else with those of another."""
    known = [turn for turn in history.turns if turn.drift]
    live = titles.live_now(history)
    own = [turn for turn in known if turn.champion_version == live]
    return next(reversed(own or known), None)


def shown(history: History) -> Turn | None:
    """The turn whose slices are shown: where the live version was judged last, else the last one with a challenger.

    After a rollback that challenger is another one, and the turn in which the live version won stands for it.
    """
    tried = [turn for turn in history.turns if turn.probe]
    back = bool(history.promotions) and history.promotions[-1].is_rollback
    won = [turn for turn in tried if back and turn.probe_version == titles.live_now(history)]
    return judged(history) or next(reversed(won or tried), None)
