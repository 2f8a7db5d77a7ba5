"""The command line in processes of its own that need not import first: each is forked from one that has done so.

Most of what a short run costs is its imports, and those of its helper. A run from here is a process as any other one, with
an environment, streams and an exit code of its own; it can be killed. What its start is about (how little is loaded, what
`ps` shows, who outlives whom) is tested on `command_line.run`, whose processes are cold.
"""

import importlib
import json
import os
import runpy
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from configs import environment
from tasks.adapters.processes import memory
from tests.command_line import CommandLine, Completed, variables_of

_SECONDS = 300.0
_BYTES = 1 << 20
"""Longest request."""
_WARM = (
    "alembic.command", "anyio._backends._asyncio", "anyio.streams.tls", "flows.admit", "flows.console.connection",
    "flows.console.execution", "flows.continuous_training", "flows.ingest", "flows.monitor", "flows.poll", "flows.release",
    "flows.rollback", "flows.train", "graphviz", "mako.template", "mlflow.sklearn", "narwhals.stable.v2", "prefect.artifacts",
    "prefect.concurrency._sync", "prefect.flow_engine", "prefect.task_engine", "pyarrow.dataset", "pygments.formatters.html",
    "skops.io", "sklearn.ensemble", "sklearn.linear_model", "sqlalchemy.dialects.postgresql", "sqlalchemy.dialects.sqlite",
    "tasks.adapters.evidently_report", "tasks.adapters.mlflow.registry", "tasks.adapters.mlflow.tracking",
    "tasks.evaluation.spots", "tasks.ingestion.intake", "tasks.lineage.steps.showing", "tasks.lineage.steps.verification",
    "tasks.monitoring.influence", "tasks.monitoring.suspects", "tasks.problems.binary", "tasks.problems.plots",
    "tasks.reporting.page", "tasks.training.steps.rows",
)  # fmt: skip


# ── the side of the tests ─────────────────────────────────────────────────────────────────────────────────────────
@contextmanager
def command_line() -> Iterator[CommandLine]:
    """Gives what runs commands, one after the other, as `command_line.run` does."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours:
        with theirs:
            warm = subprocess.Popen(
                [sys.executable, "-m", "tests.warm", str(theirs.fileno())],
                cwd=environment.CHECKOUT,
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
            )
        yield lambda home, *arguments, **variables: _run(ours, home, *arguments, **variables)
    warm.wait(_SECONDS)


def _run(warm: socket.socket, home: Path, *arguments: str, **variables: str) -> Completed:
    wanted = json.dumps([arguments, variables_of(home, **variables)])
    reads, writes = zip(*(os.pipe() for _ in range(2)), strict=True)
    socket.send_fds(warm, [wanted.encode()], list(writes))
    for end in writes:
        os.close(end)
    texts = ["", ""]
    readers = [threading.Thread(target=_read, args=(texts, place, os.fdopen(end))) for place, end in enumerate(reads)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    status = int(warm.recv(_BYTES))
    return Completed(list(arguments), os.waitstatus_to_exitcode(status), *texts)


def _read(texts: list[str], place: int, stream: IO[str]) -> None:
    with stream:
        texts[place] = stream.read()


# ── the side of the process that is warm ──────────────────────────────────────────────────────────────────────────
def _serve(tests: socket.socket) -> list[str] | None:
    """Fork for each request; gives the arguments in the fork, and None when nobody will ask any more."""
    while True:
        request, streams, _, _ = socket.recv_fds(tests, _BYTES, 2)
        if not request:
            return None
        arguments, variables = json.loads(request)
        if (process := os.fork()) == 0:
            tests.close()
            _become(streams, variables)
            return [str(argument) for argument in arguments]
        for stream in streams:
            os.close(stream)
        tests.send(str(os.waitpid(process, 0)[1]).encode())


def _become(streams: list[int], variables: dict[str, str]) -> None:
    """Have the streams and the environment of a process that was just started."""
    from prefect import context

    for number, stream in enumerate(streams, start=1):
        os.dup2(stream, number)
        os.close(stream)
    os.environ.clear()
    os.environ |= variables
    os.umask(0)
    environment.settle()
    context.refresh_global_settings_context()


def _import() -> None:
    environment.settle()
    from flows.console import commands
    from tasks.adapters import evidently_report

    for name in commands.COMMANDS:
        commands.load(name)
    for module in _WARM:
        importlib.import_module(module)
    evidently_report.warm()


if __name__ == "__main__":
    with memory.importing():
        _import()
    chosen = _serve(socket.socket(fileno=int(sys.argv[1])))
    if chosen is not None:
        sys.argv = ["run", *chosen]
        runpy.run_module("flows.run", run_name="__main__", alter_sys=True)
