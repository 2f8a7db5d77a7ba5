"""What flows return: frozen values that say what a run did. What a turn found is in `turns`."""

from dataclasses import dataclass

from tasks.domain.turns import Outcome


@dataclass(frozen=True)
class CaughtUp:
    """What a run did."""

    pipeline: str
    turns: tuple[int, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    duplicates: int = 0
    """Deliveries whose content was known."""
    report: str = ""
    """Path of the page."""
    waits: str | None = None
    """Why batches wait that had no turn."""
    problem: str = ""
    """Why the source could not deliver just now."""
    taken_by: str | None = None
    """Who works on the pipeline and takes what this run was started for."""


@dataclass(frozen=True)
class Polled:
    """What a look at the source and the inbox led to."""

    pipeline: str
    new: int
    """Deliveries that were announced."""
    crashed: bool
    """Whether a process had died over its work."""
    old: bool
    """Whether the champion is too old, and that was new."""
    started: str | None
    """Id of the run that was started for what no announcement had started one for."""
    alerts: int
    """Alerts that were sent."""


@dataclass(frozen=True)
class Ended:
    """Name and last message of a run."""

    name: str
    message: str
    aside: str = ""
    """Name of its last state where a batch of it was set aside, `Held` or `Refused`; empty where it went through."""


@dataclass(frozen=True)
class Scored:
    """What became of a file whose rows were answered."""

    pipeline: str
    version: int
    """The one that answered all of it."""
    path: str
    """Where the answers are."""
    rows: int
    answered: int
    reasons: tuple[tuple[str, int], ...]
    """Why rows have no answer, the most frequent first."""
