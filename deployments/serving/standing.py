"""Who answers for a pipeline just now: the version, what its answers bear, and what stands in the way of another.

In the house `followed` changes it from promotion to promotion; in a package it stays.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from tasks.scoring.answering import Answer, Answerer
from tasks.scoring.ready import Ready
from tasks.scoring.refusals import Refused


@dataclass(frozen=True)
class Serving:
    """A version that is ready, and what each answer of it bears."""

    version: Ready
    answerer: Answerer
    headers: list[tuple[bytes, bytes]]
    most_bytes: int


def serving(ready: Ready) -> Serving:
    """A version as it answers."""
    headers = [(b"x-incumbent-pipeline", ready.pipeline.encode()), (b"x-incumbent-version", b"%d" % ready.version)]
    return Serving(ready, Answerer(ready), headers, ready.scoring.most_bytes)


@dataclass
class Standing:
    """One pipeline: who answers now, and what stands in the way of who should."""

    pipeline: str
    live: Serving | None
    """None until the first version is live."""
    out: str = ""
    """Why the version that should answer does not; empty if it does."""
    away: datetime | None = None
    """Since when the ledger cannot be asked."""

    @property
    def answers(self) -> bool:
        """Whether it does, and by the version that should."""
        return self.live is not None and not self.out

    @property
    def title(self) -> str:
        """The question that it answers."""
        return self.live.version.title if self.live else self.pipeline

    def required(self) -> Serving:
        """Who answers.

        Raises:
            Refused: Nobody does yet.
        """
        if self.live is None:
            raise Refused(
                503, self.out or f"No version of {self.pipeline} is live yet. Come again after its first turn."
            )
        return self.live


class Log(Protocol):
    """Where answers are written down."""

    @property
    def dropped(self) -> int:
        """Rows that were answered and are not written down."""

    async def write(self, live: Serving, answer: Answer, began: float) -> list[tuple[bytes, bytes]]:
        """Write an answer down; gives the header that names it, none if it was dropped.

        Args:
            live: Who answered.
            answer: What goes out.
            began: When the request came, by the clock of `time.perf_counter`.

        Raises:
            Refused: It must be on the disk before it goes out, and cannot be.
        """

    def keep(
        self, live: Serving, refused: Refused, body: bytes, *, form: str, is_csv: bool
    ) -> list[tuple[bytes, bytes]]:
        """Keep a request that was refused or failed; gives the header that names it, none if it is not kept.

        Args:
            live: Who was asked.
            refused: What is said.
            body: What was sent; empty where it was not read.
            form: `invocations` or `infer`.
            is_csv: Whether it is CSV.
        """
