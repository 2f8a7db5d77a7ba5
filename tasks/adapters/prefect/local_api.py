"""The Prefect API that a run talks to: the server that was named, or a local one that lives as long as the run.

Change this module when runs must reach Prefect in another way. What is sent there belongs to `events`.

A local API is a process of its own, because its start is two seconds of pure Python: in a thread it would take them
from the imports of the caller, and later from the fits. It is spawned first and awaited last. It holds one end of a
pipe to its parent and goes when that end closes, so it outlives no kill -9. Its database stays in the home, so that
runs can still be looked at afterwards; several may work on one database at once.
"""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Any

from configs import addresses, environment
from configs.errors import Unreachable, UnusableHome
from tasks.adapters import files
from tasks.adapters.prefect import local_api_database
from tasks.adapters.processes.patience import Limits, Patience, busy, pauses, stretched
from tasks.adapters.web import loopback

START = Limits()
"""Of the wait for the local API; a first start on a slow machine also makes the database."""
STOP_SECONDS = 15.0
"""Longest wait for events on their way, and for the API to write them down; longer on a busy machine."""
REQUEST_SECONDS = 120.0
"""Longest wait for one answer of a local API that lives; one that dies ends all connections at once."""
PROBE_SECONDS = 10.0
"""Longest wait for an answer of a server that was named."""
ILL_SECONDS = 15.0
"""So long a named server that answers that it is busy, or not at all, is asked again; longer on a busy machine."""

_LOG_BYTES = 2_000_000
_FAULT_OF_SERVER = 500
_CLOSED = (401, 403)
"""Answers of a server that wants to know who asks."""
_HEALTHY_BYTES = 64
"""Of an answer that is read: Prefect says `true`."""


# ── the side of the run ───────────────────────────────────────────────────────────────────────────────────────────
@dataclass
class Api:
    """A Prefect API that was named or is being started."""

    url: str
    log: Path | None = None
    auth: str | None = field(default=None, repr=False)
    """User and password that it asks for; None leaves them to Prefect's settings."""
    process: "subprocess.Popen[bytes] | None" = None
    ready: IO[bytes] | None = None
    log_began: int = 0
    """Where its own words begin in the log, which all runs share."""

    @property
    def lives(self) -> bool:
        """Whether it is somebody else's, or its process has not ended."""
        return self.process is None or self.process.poll() is None

    def wait(self, timeout: float = START.longest) -> str:
        """Block until it answers, and give its address.

        Args:
            timeout: A local API is given up after so long whatever it does, and before that if it gets nowhere.

        Raises:
            Unreachable: nobody answers at the address that was named, or the local API did not start.
        """
        if self.process is None:
            _probe(self.url)
        elif self.ready is not None:
            waiting = Patience(replace(START, longest=timeout), self.process.pid)
            with self.ready as ready:
                came = waiting.comes(ready)
                answer = ready.read(1) if came else b""
            self.ready = None
            if not answer:
                problem = self._explain_start(None if came else waiting)
                self.stop()
                raise Unreachable(problem)
        return self.url

    def stop(self) -> None:
        """Let a local API write down what it was told, and wait for its end. A named server is left alone."""
        if self.process is None:
            return
        if self.ready is not None:
            self.ready.close()
        assert self.process.stdin is not None
        self.process.stdin.close()
        try:
            self.process.wait(stretched(STOP_SECONDS))
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def let_go(self) -> None:
        """In a process that was forked from the one that started it: keep nothing that would hold it up."""
        if self.process is not None and self.process.stdin is not None:
            self.process.stdin.close()
        if self.ready is not None:
            self.ready.close()

    def flush(self) -> None:
        """Send what waits in this process: events carry the states of the tasks."""
        from prefect.events.worker import EventsWorker
        from prefect.logging.handlers import APILogWorker

        if self.lives:
            EventsWorker.drain_all(timeout=stretched(STOP_SECONDS))
            APILogWorker.drain_all(timeout=stretched(STOP_SECONDS))

    def explain_loss(self, err: Exception) -> str:
        """Why a run cannot go on after the API was there and then gave no answer."""
        text = f"{addresses.shown(self.url)} answered at first and then no more ({type(err).__name__})"
        again = "What was committed stays; run the same command again to go on from there."
        if self.log is None:
            return f"The Prefect server {text}. {again}"
        return f"The local Prefect API {text}. Its log is {self.log}. {again}"

    def explain_failure(self, err: Any) -> str:
        """Why a run cannot go on after the API answered that it cannot."""
        text = f"{addresses.shown(self.url)} answered {err.response.status_code} {err.response.reason_phrase}"
        again = "What was committed stays; run the same command again to go on from there."
        if err.response.status_code in _CLOSED:
            return f"The Prefect server {text}. Set PREFECT_API_AUTH_STRING or PREFECT_API_KEY as that server wants it."
        where = f"The local Prefect API {text}. Its log is {self.log}." if self.log else f"The Prefect server {text}."
        return f"{where} {again}"

    def _explain_start(self, waited: Patience | None) -> str:
        log = self.log.read_bytes()[self.log_began :].decode(errors="replace") if self.log and self.log.exists() else ""
        last = next((line.strip() for line in reversed(log.split("\n")) if line.strip()), "")
        if waited is None:
            what = f"ended while it started: {environment.masked(last) or 'nothing was logged'}"
        else:
            what = f"did not start within {waited.look().waited:.0f} seconds: {waited.explain()}. "
            what += f"It said last: {environment.masked(last)}" if last else "It has logged nothing yet"
        return f"The local Prefect API {what}. Its log is {self.log}."


def start(home: Path, url: str | None = None, auth: str | None = None) -> Api:
    """Begin to start a local API, and return at once; or point to the server that was named.

    Args:
        home: Folder of everything local; database and log go to its subfolder `prefect`.
        url: Address of a running server, such as http://127.0.0.1:4200/api; None or empty for a local one.
        auth: What that server asks for, if it is not in Prefect's settings; a local one makes it up.
    """
    if url:
        return Api(url.rstrip("/"), auth=auth)
    import secrets

    folder = home / "prefect"
    environment.keep_prefect_in(folder)
    auth = f"incumbent:{secrets.token_hex(16)}"
    ready, write_end = os.pipe()
    with socket.socket() as listener, _log(folder) as log, os.fdopen(write_end, "wb") as write:
        # The parent binds, so that the address is known now and cannot be taken by somebody else.
        listener.bind(("127.0.0.1", 0))
        listener.listen(128)
        handed = (listener.fileno(), write.fileno())
        process = subprocess.Popen(
            [sys.executable, "-m", local_api_database.SERVER, "serve", str(home), *map(str, handed)],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            pass_fds=handed,
            cwd=folder,
            env=local_api_database.server_environment(folder, folder / "prefect.db", auth),
            # Ctrl-C is for the run: the API has to be there until its last state is told.
            start_new_session=True,
        )
        port, began = listener.getsockname()[1], log.tell()
    pipe = os.fdopen(ready, "rb", buffering=0)
    api = Api(f"http://127.0.0.1:{port}/api", Path(log.name), auth, process, pipe, began)
    os.register_at_fork(after_in_child=api.let_go)
    return api


@contextmanager
def connected(api: Api) -> Iterator[str]:
    """Wait for an API and make it the one of this process while the block runs; then flush and stop it."""
    try:
        url = api.wait()
        with _settings(api), _quiet(api), _explained(api):
            try:
                yield url
            finally:
                api.flush()
    finally:
        api.stop()


@contextmanager
def _explained(api: Api) -> Iterator[None]:
    """Say in words that the API was lost in the middle of a run, or failed for want of room."""
    from httpx import HTTPError, HTTPStatusError, TransportError

    try:
        yield
    except TransportError as err:
        raise Unreachable(api.explain_loss(err)) from err
    except HTTPStatusError as err:
        if err.response.status_code < _FAULT_OF_SERVER and err.response.status_code not in _CLOSED:
            raise
        full = files.explain_want_of_room(api.log.parent.parent) if api.log else None
        raise (UnusableHome(full) if full else Unreachable(api.explain_failure(err))) from err
    except RuntimeError as err:
        if not isinstance(err.__cause__, HTTPError):  # so Prefect raises what the first call of a flow has met
            raise
        raise Unreachable(api.explain_loss(err)) from err


@contextmanager
def serve(home: Path, url: str | None = None) -> Iterator[str]:
    """`start` and `connected` in one, for those who have nothing to do meanwhile."""
    with connected(start(home, url)) as address:
        yield address


def _probe(url: str) -> None:
    _refuse_options(url)
    if problem := environment.proxy_in_the_way(url):
        raise Unreachable(f"The Prefect server {addresses.shown(url)} cannot be asked. {problem}")
    began, asked = time.monotonic(), 0
    for pause in pauses():
        asked += 1
        left = stretched(ILL_SECONDS) - (time.monotonic() - began)
        problem, passes = _ask(url, max(1.0, min(stretched(PROBE_SECONDS), left)))
        if not problem:
            return
        if not passes or time.monotonic() - began + pause > stretched(ILL_SECONDS):
            break
        time.sleep(pause)
    if asked > 1:
        slow = f" while {busy()}" if busy() else ""
        problem = f"was asked {asked} times in {time.monotonic() - began:.0f} seconds{slow}, and {problem}"
    advice = "Start that server, or unset PREFECT_API_URL to use a local one."
    raise Unreachable(f"The Prefect server that PREFECT_API_URL names, {addresses.shown(url)}, {problem}. {advice}")


def _ask(url: str, seconds: float) -> tuple[str, bool]:
    """What is wrong with a server, in words, and whether it may pass; empty if it is well."""
    import urllib.error
    from http.client import HTTPException

    try:
        with loopback.open_url(f"{url}/health", seconds) as answer:
            if answer.read(_HEALTHY_BYTES).strip() in (b"true", b""):
                return "", False
            return f"answers, but not as Prefect does ({answer.status} {answer.reason})", False
    except urllib.error.HTTPError as err:
        err.close()
        return f"answered {err.code} {err.reason}", loopback.passes(err)
    except HTTPException as err:
        return f"answers, but not as Prefect does ({type(err).__name__})", loopback.passes(err)
    except (OSError, ValueError) as err:
        return f"gave no answer ({environment.masked(str(getattr(err, 'reason', err)))})", loopback.passes(err)


def _refuse_options(url: str) -> None:
    """Prefect appends a path to the address, so options in it reach nobody, but every log.

    Raises:
        Unreachable: There are some.
    """
    if "?" in url or "#" in url:
        raise Unreachable(
            f"PREFECT_API_URL is {addresses.shown(url)}: nothing may follow /api there. Give what lets you in as "
            "PREFECT_API_KEY, or user:password as PREFECT_API_AUTH_STRING."
        )


def _log(folder: Path) -> IO[bytes]:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "server.log"
    grown = path.exists() and path.stat().st_size > _LOG_BYTES
    return path.open("wb" if grown else "ab")


@contextmanager
def _settings(api: Api) -> Iterator[None]:
    from prefect import settings

    values: dict[Any, Any] = {
        settings.PREFECT_API_URL: api.url,
        settings.PREFECT_SERVER_ANALYTICS_ENABLED: False,
        settings.PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW: "ignore",
        # Every flow would wait up to a second for its heartbeat's thread; who died is known by the lease.
        settings.PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None,
    }
    if api.auth is not None:
        values |= {settings.PREFECT_API_KEY: None, settings.PREFECT_API_AUTH_STRING: api.auth}
    if api.log is not None:
        values |= {
            settings.PREFECT_HOME: api.log.parent,
            settings.PREFECT_CLIENT_CSRF_SUPPORT_ENABLED: False,
            # With five retries, each twice as long as the one before, a run whose API is gone would end after minutes.
            settings.PREFECT_CLIENT_MAX_RETRIES: 1,
            settings.PREFECT_API_REQUEST_TIMEOUT: REQUEST_SECONDS,
        }
    with settings.temporary_settings(values):
        yield


@contextmanager
def _quiet(api: Api) -> Iterator[None]:
    """Keep Prefect's log off the terminal: the API has the log of each run, and errors are told by whoever raised."""
    import logging

    from prefect.logging.handlers import PrefectConsoleHandler

    sink: logging.Handler = logging.NullHandler()
    if api.log is not None:
        sink = logging.FileHandler(api.log.with_name("client.log"), delay=True)
        sink.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    sink.setLevel(logging.WARNING)
    loggers = [logging.getLogger(name) for name in ("prefect", "prefect._internal", "EventsWorker", "APILogWorker")]
    consoles = [handler for handler in logging.getLogger().handlers if isinstance(handler, PrefectConsoleHandler)]
    before = [(logger, logger.propagate, logger.handlers[:]) for logger in loggers]
    levels = [(handler, handler.level) for handler in consoles]
    for logger in loggers:
        logger.propagate, logger.handlers = False, [sink]
    for handler in consoles:
        handler.setLevel(logging.ERROR)
    complains, logging.raiseExceptions = logging.raiseExceptions, False
    try:
        yield
    finally:
        if api.lives:
            # Else Prefect would say at the very end of the process what has been said: that its log did not get there.
            logging.raiseExceptions = complains
        for logger, propagate, handlers in before:
            logger.propagate, logger.handlers = propagate, handlers
        for handler, level in levels:
            handler.setLevel(level)
        with suppress(OSError):  # what it had yet to write does not fit on a disk that is full
            sink.close()
