"""The prediction log of one process: each answered row once, or counted as dropped.

An answer waits for the disk only where `scoring.log.durable` says so; the name of its first row goes with it.
"""

import asyncio
import time
from functools import partial
from pathlib import Path

from deployments.serving.standing import Serving
from tasks.adapters import log_key
from tasks.adapters.journal import Journal
from tasks.adapters.ring import Ring
from tasks.scoring import refused_requests
from tasks.scoring.answering import Answer
from tasks.scoring.log_records import Kept
from tasks.scoring.refusals import Refused


class PredictionLog:
    """Writes down what was answered."""

    def __init__(self, folder: Path) -> None:
        """Open the log of a home for this process.

        Args:
            folder: Of all journals.

        Raises:
            UnusableHome: It cannot be written.
        """
        self._journal = Journal(folder)
        self._key = log_key.of(folder)
        self._kept: dict[str, Kept] = {}
        self._ring = Ring(folder / str(self._journal.place))

    @property
    def dropped(self) -> int:
        """Rows that were answered and are not in the log."""
        return self._journal.dropped

    async def write(self, live: Serving, answer: Answer, began: float) -> list[tuple[bytes, bytes]]:
        """Write an answer down; gives the header that names it, none if it was dropped.

        Args:
            live: Who answered.
            answer: What goes out.
            began: When the request came, by the clock of `time.perf_counter`.

        Raises:
            Refused: It must be on the disk before it goes out, and cannot be.
        """
        settings = live.version.scoring.log
        if not settings.enabled:
            return []
        kept = self._kept.get(live.version.pipeline)
        if kept is None or kept.settings is not settings:
            kept = self._kept[live.version.pipeline] = Kept(settings, self._key)
        took = int(1e6 * (time.perf_counter() - began))
        at = time.time_ns() // 1000
        record = partial(_record, kept, live, answer, at, took)
        if not settings.durable:
            first = self._journal.append(len(answer.values), record)
        else:
            first = await self._lasting(len(answer.values), record)
        return [] if first is None else [(b"x-incumbent-id", b"%d-%d" % (self._journal.place, first))]

    async def _lasting(self, size: int, record: "partial[bytes]") -> int:
        loop = asyncio.get_running_loop()
        written: asyncio.Future[bool] = loop.create_future()

        def done(is_there: bool) -> None:
            loop.call_soon_threadsafe(written.set_result, is_there)

        first = self._journal.append(size, record, done)
        if first is None or not await written:
            raise Refused(503, "The answer could not be written to the prediction log, which must last. Ask again.")
        return first

    def keep(
        self, live: Serving, refused: Refused, body: bytes, *, form: str, is_csv: bool
    ) -> list[tuple[bytes, bytes]]:
        """Keep a request that was refused or failed, as one of the last; gives the header that names it.

        Args:
            live: Who was asked.
            refused: What is said.
            body: What was sent; empty where it was not read.
            form: `invocations` or `infer`.
            is_csv: Whether it is CSV.
        """
        if not live.version.scoring.log.enabled:
            return []
        at = time.time_ns() // 1000
        record = refused_requests.record(live.version, refused, body, at=at, form=form, is_csv=is_csv)
        name = refused_requests.name(self._journal.place, self._ring.add(record))
        return [(b"x-incumbent-id", name.encode())]

    def close(self) -> None:
        """Write what waits."""
        self._ring.close()
        self._journal.close()


def _record(kept: Kept, live: Serving, answer: Answer, at: int, took: int, first: int) -> bytes:
    return kept.write(live.version, answer.asked, answer.values, at=at, microseconds=took, first=first)
