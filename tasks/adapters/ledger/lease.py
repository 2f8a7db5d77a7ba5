"""The lease: the right to run turns of one pipeline, with heartbeat, expiry and fencing token."""

import os
import re
import socket
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection, RowMapping, select

from configs.errors import Busy, Unreachable, UnusableHome
from tasks.adapters import failpoints
from tasks.adapters.ledger import codec
from tasks.adapters.ledger.connection import Access, insert_new, insert_once
from tasks.adapters.ledger.schema import abandoned, leases
from tasks.adapters.ledger.troubles import patient
from tasks.adapters.processes import identity

EXPIRY = timedelta(seconds=45)
"""A lease without heartbeat for so long may be taken over; with a look every few seconds that is within a minute."""
_HEARTBEAT_SECONDS = 10.0
_AGAIN_SECONDS = 1.0
"""Until the next beat after one that failed."""
_HOLDER = re.compile(r"process (?P<pid>\d{1,18}) on (?P<host>.*?) since (?P<since>.*?)(?: in (?P<place>\S+))?")


@dataclass(frozen=True)
class Holder:
    """Who holds a lease, or held it when it died."""

    who: str
    """Process and machine, for people."""
    run: str | None
    """Its Prefect flow run."""
    lives: bool
    """Whether it may still be at work."""
    fence: int = 0
    """Its fencing token, which is with each promotion that it made."""


class Lease:
    """Who may work on which pipeline."""

    def __init__(self, access: Access) -> None:
        """Args:
        access: The ledger's connections.
        """
        self._access = access
        self._threads: dict[str, int] = {}

    @contextmanager
    def held(self, pipeline: str, run: str | None = None) -> Iterator[int]:
        """Hold the lease while the block runs; gives the fencing token.

        Who already holds it goes on with the same token; another thread is somebody else.

        Args:
            pipeline: What is worked on.
            run: Id of the Prefect flow run, so that it can be closed if this process is killed.

        Raises:
            Busy: Somebody else holds it, and lives.
        """
        if self._threads.get(pipeline) == threading.get_ident():
            yield self._access.fences[pipeline]
            return
        fence = self._acquire(pipeline, run)
        failpoints.reach("lease-taken")
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
            failpoints.reach("lease-released")

    def holder(self, pipeline: str) -> Holder | None:
        """Who holds the lease, dead or alive; None if nobody does."""
        row = self._access.first(select(leases).where(leases.c.pipeline == pipeline))
        return None if row is None or not row["holder"] else self.of_row(row)

    def dead(self, pipeline: str) -> list[Holder]:
        """Holders that died over their work and whose runs are not known to be closed, the present one among them."""
        rows = self._access.rows(select(abandoned).where(abandoned.c.pipeline == pipeline).order_by(abandoned.c.run))
        found = [Holder(_who(row["holder"]), row["run"], lives=False) for row in rows]
        holder = self.holder(pipeline)
        return found if holder is None or holder.lives else [*found, holder]

    @patient
    def bury(self, pipeline: str, runs: Iterable[str]) -> None:
        """Forget runs of the dead: they are closed."""
        with self._access.writing(pipeline) as connection:
            here = (abandoned.c.pipeline == pipeline) & abandoned.c.run.in_(list(runs))
            connection.execute(abandoned.delete().where(here))

    def token(self, pipeline: str) -> int | None:
        """The fencing token that this process holds; None if it has no lease."""
        return self._access.fences.get(pipeline)

    def require(self, pipeline: str) -> None:
        """Make sure that the lease is still ours, before a step outside of the ledger; without a lease, nothing.

        Raises:
            Busy: Another process has taken it.
        """
        self._access.require(pipeline)

    @contextmanager
    def lent(self, pipeline: str, token: int | None) -> Iterator[None]:
        """Work under the lease of the process that this one helps, while the block runs."""
        if token is None:
            yield
            return
        self._access.fences[pipeline] = token
        try:
            yield
        finally:
            del self._access.fences[pipeline]

    def of_row(self, row: RowMapping) -> Holder:
        """Who holds a lease, by its row in the table."""
        expires = codec.moment(row["expires"])
        fresh = expires is not None and expires > self._access.clock()
        lives = fresh and _lives(row["holder"])
        return Holder(_who(row["holder"]), row["run"], lives, row["fence"])

    @patient
    def _acquire(self, pipeline: str, run: str | None) -> int:
        with self._access.transaction() as connection:
            insert_once(connection, leases, {"pipeline": pipeline}, {"fence": 0})
            row = connection.execute(select(leases).where(leases.c.pipeline == pipeline)).mappings().one()
            if row["holder"] and self.of_row(row).lives:
                raise Busy(
                    f"{self.of_row(row).who} works on {pipeline!r}. Wait for it to end, or end it; a lease without "
                    f"heartbeat is taken over after {EXPIRY.seconds} s."
                )
            if row["holder"] and row["run"] not in (None, run):
                insert_new(connection, abandoned, {"pipeline": pipeline, "run": row["run"]}, {"holder": row["holder"]})
            self._write(connection, pipeline, _myself(), row["fence"] + 1, run=run)
            return int(row["fence"]) + 1

    def _write(self, connection: Connection, pipeline: str, holder: str | None, fence: int, **more: str | None) -> None:
        expires = codec.stamp(self._access.clock() + EXPIRY) if holder else None
        change = leases.update().where(leases.c.pipeline == pipeline, leases.c.fence <= fence)
        connection.execute(change.values(holder=holder, fence=fence, expires=expires, **more))

    def _beat(self, pipeline: str, fence: int, stop: threading.Event) -> None:
        pause = _HEARTBEAT_SECONDS
        while not stop.wait(pause):
            # A beat that fails is no end: the next one may succeed, and the fence holds if it comes too late.
            pause = min(_AGAIN_SECONDS, _HEARTBEAT_SECONDS)
            with suppress(Unreachable, UnusableHome), self._access.transaction() as connection:
                self._write(connection, pipeline, _myself(), fence)
                pause = _HEARTBEAT_SECONDS

    @patient
    def _release(self, pipeline: str, fence: int) -> None:
        with self._access.transaction() as connection:
            self._write(connection, pipeline, None, fence)


def _myself() -> str:
    """The holder as the ledger has it: what a process of another place cannot be mistaken for."""
    pid = os.getpid()
    since = f"process {pid} on {socket.gethostname()} since {identity.started(pid)}"
    return f"{since} in {identity.here()}" if identity.here() else since


def _who(holder: str) -> str:
    return holder.partition(" since ")[0]


def _lives(holder: str) -> bool:
    """Whether the holder may still be at work; only a process of this place is known to be dead.

    Without a place it is one that an earlier version wrote: it may be of any container with this host name.
    """
    parts = _HOLDER.fullmatch(holder)
    if parts is None:
        return True
    return not identity.has_ended(int(parts["pid"]), parts["since"], parts["host"], parts["place"] or "")
