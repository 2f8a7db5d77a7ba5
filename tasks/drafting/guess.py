"""A guess: which setting, what was guessed, and why; and what a person is asked where the rows do not tell."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from configs import explanations


@dataclass(frozen=True)
class Guess:
    """What one setting was guessed to be."""

    setting: str
    """Where it stands in the file, such as `ingestion.times.event`."""
    value: str
    why: str
    """A clause without a full stop."""
    is_doubtful: bool = False
    """Whether a person should look at it first."""


Ask = Callable[[str, Sequence[str], str], str]
"""Asks a person: a question, the answers that there are (none if any text will do), and the one that is most likely.

Without a terminal it gives the most likely one."""


def most_likely(question: str, answers: Sequence[str], usual: str) -> str:
    """Where nobody can be asked."""
    return usual


def nearest(name: str, names: Sequence[str]) -> str:
    """What may have been meant by a name that is not there, to stand behind it; nothing if no name is like it."""
    near = explanations.guess(name, list(names))
    return f" (did you mean {near!r}?)" if near else ""
