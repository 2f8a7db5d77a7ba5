"""A turn comes to a step: that is kept with it, and told to whoever looks on."""

from flows.announcements import NAMES, Step, tell
from tasks.coordination import tasks as coordination
from tasks.domain.turns import TurnRef


def come_to(turn: TurnRef, number: int, text: str) -> None:
    """Begin a step of a turn, and so end the one before.

    Args:
        turn: Which turn.
        number: Which step, from 1 on.
        text: What a person reads meanwhile.
    """
    coordination.begin_step(turn, NAMES[number - 1])
    tell(Step(turn.number, turn.name, number, text))
