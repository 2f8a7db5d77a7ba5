"""What a flow tells whoever looks on (the terminal); a flow without listeners tells nobody and is none the worse."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

NAMES = ("reading and checking", "watching", "training", "judging", "deciding")
"""Of the steps that a turn announces, as they are kept with it."""
STEPS = len(NAMES)


@dataclass(frozen=True)
class Opening:
    """What a run needs is started; no turn has come to a step yet."""

    text: str


@dataclass(frozen=True)
class Step:
    """A turn has come to this step."""

    turn: int
    batch: str
    number: int
    text: str


@dataclass(frozen=True)
class TurnDone:
    """A turn has ended."""

    pipeline: str
    turn: int


@dataclass(frozen=True)
class Closing:
    """All turns are done; what is left is shown in MLflow and the report."""

    text: str


Announcement = Opening | Step | TurnDone | Closing
Listener = Callable[[Announcement], None]
_listeners: list[Listener] = []


def tell(announcement: Announcement) -> None:
    """Tell everybody who listens."""
    for listener in _listeners:
        listener(announcement)


@contextmanager
def heard_by(listener: Listener) -> Iterator[None]:
    """Let somebody listen while the block runs."""
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)
