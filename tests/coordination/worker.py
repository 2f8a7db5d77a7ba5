"""A process that works on the pipeline `shop`: a flow in a flow that holds the lease and has begun a turn.

It is forked from a server that has imported Prefect, which is most of what such a process costs.
"""

import multiprocessing
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from pathlib import Path

_PRELOADED = ["prefect.flow_engine", "tasks.adapters.ledger.book", "tests.coordination.worker"]


@dataclass
class Worker:
    """The process, the ids of its two runs, and a line to it."""

    process: ForkServerProcess
    run: str
    turn: str
    line: Connection

    def end(self) -> None:
        """Let it come to its end."""
        self.line.send("end")
        self.process.join()

    def kill(self) -> None:
        """End it without a word."""
        self.process.kill()
        self.process.join()


def start(database: Path, settings: dict[str, str]) -> Worker:
    """Start one, and wait until it works.

    Args:
        database: The ledger.
        settings: Of Prefect, as variables.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_PRELOADED)
    ours, theirs = context.Pipe()
    process = context.Process(target=_work, args=(database, settings, theirs), daemon=True)
    process.start()
    theirs.close()
    return Worker(process, ours.recv(), ours.recv(), ours)


def _work(database: Path, settings: dict[str, str], line: Connection) -> None:
    from prefect import context, flow, runtime

    from tasks.adapters.ledger.book import Ledger

    os.environ |= settings
    context.refresh_global_settings_context()
    ledger = Ledger(f"sqlite:///{database}", database.with_name(".ledger.lock"), lambda: datetime.now(UTC))

    @flow
    def turn() -> None:
        ledger.turns.open("shop", "aa", "monday", runtime.flow_run.id)
        line.send(runtime.flow_run.id)
        line.recv()

    @flow
    def work() -> None:
        line.send(runtime.flow_run.id)
        with ledger.lease.held("shop", runtime.flow_run.id):
            turn()

    work()
