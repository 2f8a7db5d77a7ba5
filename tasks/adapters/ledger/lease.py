"""The lease: the right to run turns of one pipeline, with heartbeat, expiry and fencing token."""

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path

from sqlalchemy import Connection, select

from configs.errors import Busy, UnusableHome
from tasks.adapters.ledger import codec
from tasks.adapters.ledger.connection import Access, insert_once
from tasks.adapters.ledger.schema import leases

EXPIRY = timedelta(seconds=60)
"""A lease without heartbeat for so long may be taken over."""
_HEARTBEAT_SECONDS = 15.0
_DEAD = ("Z", "X")
"""States of a process that has ended and that nobody has waited for."""


class Lease:
    """Who may work on which pipeline."""

    def __init__(self, access: Access) -> None:
        """Args:
        access: The ledger's connections.
        """
        self._access = access
        self._threads: dict[str, int] = {}

    @contextmanager
    def held(self, pipeline: str) -> Iterator[int]:
        """Hold the lease while the block runs; gives the fencing token.

        Who already holds it goes on with the same token; another thread is somebody else.

        Raises:
            Busy: Somebody else holds it, and lives.
        """
        if self._threads.get(pipeline) == threading.get_ident():
            yield self._access.fences[pipeline]
            return
        fence = self._acquire(pipeline)
        self._access.fences[pipeline], self._threads[pipeline] = fence, threading.get_ident()
        stop = threading.Event()
        beat = threading.Thread(target=self._beat, args=(pipeline, fence, stop), name="lease-heartbeat", daemon=True)
        beat.start()
        try:
            yield fence
        finally:
            stop.set()
            beat.join()
            del self._access.fences[pipeline], self._threads[pipeline]
            self._release(pipeline, fence)

    def _acquire(self, pipeline: str) -> int:
        with self._access.transaction() as connection:
            insert_once(connection, leases, {"pipeline": pipeline}, {"fence": 0})
            row = connection.execute(select(leases).where(leases.c.pipeline == pipeline)).mappings().one()
            now = self._access.clock()
            expires = codec.moment(row["expires"])
            if row["holder"] and expires and expires > now and _lives(row["holder"]):
                who, _, _ = row["holder"].partition(" since ")
                raise Busy(
                    f"{who} works on {pipeline!r}. Wait for it to end, or end it; a lease without "
                    f"heartbeat is taken over after {EXPIRY.seconds} s."
                )
            self._write(connection, pipeline, _myself(), row["fence"] + 1)
            return int(row["fence"]) + 1

    def _write(self, connection: Connection, pipeline: str, holder: str | None, fence: int) -> None:
        expires = codec.stamp(self._access.clock() + EXPIRY) if holder else None
        change = leases.update().where(leases.c.pipeline == pipeline, leases.c.fence <= fence)
        connection.execute(change.values(holder=holder, fence=fence, expires=expires))

    def _beat(self, pipeline: str, fence: int, stop: threading.Event) -> None:
        while not stop.wait(_HEARTBEAT_SECONDS):
            # A beat that fails is no end: the next one may succeed, and the fence holds if it comes too late.
            with suppress(UnusableHome), self._access.transaction() as connection:
                self._write(connection, pipeline, _myself(), fence)

    def _release(self, pipeline: str, fence: int) -> None:
        with self._access.transaction() as connection:
            self._write(connection, pipeline, None, fence)


def _myself() -> str:
    return f"process {os.getpid()} on {socket.gethostname()} since {_started(os.getpid())}"


def _lives(holder: str) -> bool:
    """Whether the holder may still be at work; only a process of this machine is known to be dead."""
    _, pid, _, host, _, since = holder.split(" ", 5)
    return host != socket.gethostname() or _started(int(pid)) == since


def _started(pid: int) -> str:
    """Start time of a process in clock ticks since boot; empty if there is none (guards against reused numbers)."""
    try:
        state, *fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return _without_proc(pid)
    return "" if state in _DEAD else fields[18]


def _without_proc(pid: int) -> str:
    if Path("/proc/self/stat").exists():
        return ""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return ""
    return "unknown"
