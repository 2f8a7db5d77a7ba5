"""The lease: the right to run turns of one pipeline, with heartbeat, expiry and fencing token."""

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from sqlalchemy import Connection, select

from configs.errors import Busy
from tasks.adapters.ledger import codec
from tasks.adapters.ledger.connection import Access, insert_once
from tasks.adapters.ledger.schema import leases

EXPIRY = timedelta(seconds=60)
"""A lease without heartbeat for so long may be taken over."""
_HEARTBEAT_SECONDS = 15.0


class Lease:
    """Who may work on which pipeline."""

    def __init__(self, access: Access) -> None:
        """Args:
        access: The ledger's connections.
        """
        self._access = access

    @contextmanager
    def held(self, pipeline: str) -> Iterator[int]:
        """Hold the lease while the block runs; gives the fencing token.

        A process that already holds it goes on with the same token.

        Raises:
            Busy: Another live process holds it.
        """
        if pipeline in self._access.fences:
            yield self._access.fences[pipeline]
            return
        fence = self._acquire(pipeline)
        self._access.fences[pipeline] = fence
        stop = threading.Event()
        beat = threading.Thread(target=self._beat, args=(pipeline, fence, stop), name="lease-heartbeat", daemon=True)
        beat.start()
        try:
            yield fence
        finally:
            stop.set()
            beat.join()
            del self._access.fences[pipeline]
            self._release(pipeline, fence)

    def _acquire(self, pipeline: str) -> int:
        with self._access.engine.begin() as connection:
            insert_once(connection, leases, {"pipeline": pipeline}, {"fence": 0})
            row = connection.execute(select(leases).where(leases.c.pipeline == pipeline)).mappings().one()
            now = self._access.clock()
            expires = codec.moment(row["expires"])
            if row["holder"] and expires and expires > now and _lives(row["holder"]):
                raise Busy(
                    f"{row['holder']} works on {pipeline!r}. Wait for it to end, or end it; a lease without "
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
            with self._access.engine.begin() as connection:
                self._write(connection, pipeline, _myself(), fence)

    def _release(self, pipeline: str, fence: int) -> None:
        with self._access.engine.begin() as connection:
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
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except OSError:
        return _without_proc(pid)


def _without_proc(pid: int) -> str:
    if Path("/proc/self/stat").exists():
        return ""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return ""
    return "unknown"
