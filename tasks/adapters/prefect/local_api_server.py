"""The process of a Prefect server of ours: the API of one run (see `local_api`), or one that stays (`make up`).

Change this module when Prefect's own server has to be served in another way. A run gets the API that Prefect makes for
such uses, without UI and scheduler; one that stays has all services. Faults are put right: states that get lost when it
stops, transactions on SQLite that fail at once where they could wait, questions of its own client that it refuses, and
answers that it is too busy, after which its client would soon give up.
"""

import gc
import json
import os
import socket
import sys
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from configs import environment
from tasks.adapters.prefect.login import Login
from tasks.adapters.processes import patience
from tasks.adapters.processes.lifeline import Lifeline
from tasks.adapters.web.door import Door
from tasks.adapters.web.guard import App, Guard

if TYPE_CHECKING:
    from fastapi import FastAPI

_SETTLE_SECONDS = 5.0
_BUSY = 503
_BUSY_SECONDS = 120.0
"""So long the same question may be put off; then it is no matter of load."""
_PUT_OFF = (b"prefect-maintenance", b"true")
"""Makes Prefect's client ask again after a second, without counting, for as long as the server lives."""


def main(arguments: list[str]) -> None:
    """`serve HOME LISTENER READY`, `stay HOME LISTENER READY` or `migrate`; the rest are settings of Prefect's."""
    if arguments[0] == "migrate":
        _migrate()
    else:
        _serve(Path(arguments[1]), int(arguments[2]), int(arguments[3]), stays=arguments[0] == "stay")


def _migrate() -> None:
    import asyncio

    from prefect.server.database import provide_database_interface

    asyncio.run(provide_database_interface().create_db())


def _serve(home: Path, listener: int, ready: int, *, stays: bool) -> None:
    lifeline = Lifeline()
    lifeline.start()
    # What is made while the server starts stays: collecting garbage in between finds nothing and takes 0.4 s.
    gc.disable()
    from tasks.adapters.prefect import local_api_database

    local_api_database.ensure_database(home)
    import uvicorn

    with socket.socket(fileno=listener) as listening:
        address = listening.getsockname()
        app = _guarded(PutsOff(_app(stays)), home if stays else None, address[1])
        server = uvicorn.Server(
            uvicorn.Config(app, log_config=None, lifespan="on", access_log=False, timeout_graceful_shutdown=5)
        )
        lifeline.end = lambda: setattr(server, "should_exit", True)
        threading.Thread(target=_announce, args=(address, ready), daemon=True).start()
        gc.freeze()
        gc.enable()
        server.run(sockets=[listening])
    sys.stdout.flush()
    # All is written; taking the interpreter apart would take another half second.
    os._exit(0 if server.started else 1)


def _guarded(app: App, home: Path | None, port: int) -> App:
    """The application as the network sees it; browsers are let in where there is a UI, on the server of a home."""
    from prefect.settings import get_current_settings

    secret = get_current_settings().server.api.auth_string
    assert secret, "a server of ours asks for a secret"
    if home is None:
        return Guard(app, port)
    seen = environment.seen()
    return Guard(Login(app, Door(home, secret.get_secret_value(), seen.name), seen.others), port, seen.name)


def _announce(address: tuple[str, int], ready: int) -> None:
    """Ask one question and tell the parent once it is answered; the first answer takes a quarter of a second.

    There is no limit here: on a busy machine it takes minutes, and the parent knows when to give up.
    """
    import http.client
    from base64 import b64encode

    from prefect.settings import get_current_settings

    secret = get_current_settings().server.api.auth_string
    token = b64encode((secret.get_secret_value() if secret else "").encode()).decode()
    status = _BUSY
    with suppress(BrokenPipeError), os.fdopen(ready, "wb") as report:  # the parent may be gone
        for pause in patience.pauses():
            with closing(http.client.HTTPConnection(*address)) as connection:
                connection.request("GET", "/api/admin/version", headers={"Authorization": f"Basic {token}"})
                status = connection.getresponse().status
            if status != _BUSY:
                break
            time.sleep(pause)
        if status == http.client.OK:
            report.write(b"1")


def _app(stays: bool) -> "FastAPI":
    from prefect.server.api.server import create_app
    from prefect.server.database import dependencies
    from prefect.server.database.configurations import AioSqliteConfiguration
    from prefect.settings import PREFECT_API_DATABASE_CONNECTION_URL

    class Patient(AioSqliteConfiguration):
        """Takes the lock for writing at the start of a transaction, where SQLite waits for it.

        A transaction that reads first and then writes fails at once if another one wrote in between; the API then
        answers 503, and the client waits two seconds: measured in every other flow run.
        """

        @asynccontextmanager
        async def begin_transaction(self, session: Any, with_for_update: bool = False) -> AsyncIterator[Any]:
            async with super().begin_transaction(session, with_for_update=True) as transaction:
                yield transaction

    dependencies.MODELS_DEPENDENCIES["database_config"] = Patient(PREFECT_API_DATABASE_CONNECTION_URL.value())
    app = create_app(ephemeral=not stays, final=True)
    inner = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(app: "FastAPI") -> AsyncIterator[Any]:
        async with inner(app) as state:
            yield state
            await _settle()

    app.router.lifespan_context = lifespan
    app.add_middleware(_WithoutNulls)
    return app


class PutsOff:
    """Says with an answer that the server is too busy that it is worth to ask again.

    A run has a single retry, so that it ends soon when its API is gone; one that is there and cannot answer yet, such
    as while others write to its database, is another matter.
    """

    def __init__(self, app: App, seconds: float = _BUSY_SECONDS) -> None:
        """Args:
        app: The server.
        seconds: So long the same question may be put off.
        """
        self._app, self._seconds = app, seconds
        self._since: dict[tuple[str, str], float] = {}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Hand on, and mark what is put off."""
        asked = (scope.get("method", ""), scope.get("path", ""))

        async def marked(message: Any) -> None:
            if message["type"] == "http.response.start":
                now = time.monotonic()
                if message["status"] != _BUSY:
                    self._since.pop(asked, None)
                elif now - self._since.setdefault(asked, now) < self._seconds:
                    message = {**message, "headers": [*message.get("headers", ()), _PUT_OFF]}
            await send(message)

        await self._app(scope, receive, marked)


class _WithoutNulls:
    """Takes the nulls out of a question for workers.

    The FastAPI that this Prefect needs refuses them, its client sends them, and `prefect deploy` ends after the first
    deployment of a work pool.
    """

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or not scope["path"].endswith("/workers/filter"):
            await self._app(scope, receive, send)
            return
        body, more = b"", True
        while more:
            part = await receive()
            body, more = body + part.get("body", b""), part.get("more_body", False)
        with suppress(ValueError):
            asked = json.loads(body)
            body = json.dumps({key: value for key, value in asked.items() if value is not None}).encode()
        headers = [(key, value) for key, value in scope["headers"] if key != b"content-length"]
        scope = {**scope, "headers": [*headers, (b"content-length", str(len(body)).encode())]}

        waiting = [{"type": "http.request", "body": body, "more_body": False}]

        async def given() -> Any:
            return waiting.pop() if waiting else await receive()

        await self._app(scope, given, send)


async def _settle() -> None:
    """Wait until every event that came in has been taken up: Prefect would drop those that are still queued."""
    import asyncio

    from prefect.server.utilities.messaging.memory import METRICS

    loop = asyncio.get_running_loop()
    deadline, events = loop.time() + patience.stretched(_SETTLE_SECONDS), METRICS["events"]
    while events["consumed"] < events["published"] and loop.time() < deadline:
        await asyncio.sleep(0.005)


if __name__ == "__main__":
    main(sys.argv[1:])
