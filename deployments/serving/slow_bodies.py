"""Requests whose body does not come: they are ended after a while, so that nobody can keep all places taken.

One look a second over those that are being read costs a request less than a timer of its own.
"""

import asyncio
import time
from collections.abc import Awaitable
from typing import TypeVar

from tasks.scoring.refusals import Refused

SECONDS = 20.0
"""So long a body may take to come."""
_LOOK_SECONDS = 1.0
T = TypeVar("T")


class SlowBodies:
    """The requests of a process that are being read."""

    def __init__(self) -> None:
        """Nothing is being read yet."""
        self._since: dict[asyncio.Task[object], float] = {}
        self._ended: set[asyncio.Task[object]] = set()

    async def watched(self, reading: Awaitable[T]) -> T:
        """Wait for a body.

        Raises:
            Refused: It did not come in time.
        """
        task = asyncio.current_task()
        assert task is not None
        self._since[task] = time.monotonic()
        try:
            return await reading
        except asyncio.CancelledError:
            if task not in self._ended:
                raise
            self._ended.discard(task)
            task.uncancel()
            raise Refused(408, f"The body did not come within {SECONDS:.0f} seconds.") from None
        finally:
            del self._since[task]

    async def look(self) -> None:
        """Look after them for as long as the process answers."""
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            latest = time.monotonic() - SECONDS
            for task in [task for task, since in self._since.items() if since < latest]:
                self._ended.add(task)
                task.cancel()
