"""Who may ask a server of ours at all: the rule, and the middleware that asks it before anything else is done.

Every server that we start stands behind it: Prefect's, the API of a single run, MLflow's UI, the reports. A page of the
web can make a browser ask any address of this machine; a browser says from where it asks, and that is judged here. Who
may change something is asked by a secret besides (`access`). Change this module when a browser gives another sign.
"""

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

REFUSED = 403
HEADERS = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
}
"""Go with every answer: no other page may hold its window, frame it, use it as a part of its own, or learn its name."""

_NAMES = ("127.0.0.1", "localhost")
_OWN_DOING = ("same-origin", "none")
_SHOWS = ("GET", "HEAD")
_VIOLATION = 1008


def refusal(headers: Iterable[tuple[str, str]], method: str, port: int, name: str = "") -> str | None:
    """Why a request is refused, in a sentence; None if it may go on.

    A request without a word about its origin comes from a program, not from a page: whether it may do what it asks is
    for the secret to say. A page of another server on this machine may point to ours, as Prefect's UI does to a
    report; it may not send anything, frame it, or read the answer.

    Args:
        headers: Names in any case, and values; one name may come twice.
        method: Such as GET; empty for a websocket.
        port: At which the server listens on loopback.
        name: By which browsers that were let in ask, if any; it is never told to others.
    """
    sent: dict[str, list[str]] = {}
    for header, value in headers:
        sent.setdefault(header.lower(), []).append(value.strip())
    hosts = [f"{one}:{port}" for one in _NAMES]
    names = [*hosts, f"{name}:{port}"] if name else hosts
    host = [value.lower() for value in sent.get("host", [])]
    if len(host) != 1 or host[0] not in names:
        return f"This server answers as {' and '.join(hosts)} only, and by the link that `make up` prints."
    if any(origin.lower() not in {f"http://{one}" for one in names} for origin in sent.get("origin", [])):
        return "A page of another server may not ask this one."
    if all(site in _OWN_DOING for site in sent.get("sec-fetch-site", [])):
        return None
    goes_there = sent.get("sec-fetch-mode") == ["navigate"] and sent.get("sec-fetch-dest") == ["document"]
    if sent["sec-fetch-site"] == ["same-site"] and goes_there and method in _SHOWS and "origin" not in sent:
        return None
    return "A page of another server may not ask this one. Copy the address into the address bar of your browser."


class Guard:
    """Refuses what the rule refuses, http and websocket alike, before the application sees any of it."""

    def __init__(self, app: App, port: int, name: str = "") -> None:
        """Args:
        app: What is guarded.
        port: At which it listens on loopback.
        name: By which browsers that were let in ask, if any.
        """
        self._app, self._port, self._name = app, port, name

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what may pass."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        headers = ((name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"])
        why = refusal(headers, scope.get("method", ""), self._port, self._name)
        if why is None:
            await self._app(scope, receive, hardened(send))
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": _VIOLATION, "reason": why})
        else:
            await answer(hardened(send), REFUSED, f"{why}\n", "text/plain; charset=utf-8")


def hardened(send: Send) -> Send:
    """Put our headers on every answer, unless the application has its own."""
    ours = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]

    async def sends(message: Message) -> None:
        if message["type"] == "http.response.start":
            there = [(bytes(name).lower(), bytes(value)) for name, value in message.get("headers", [])]
            names = {name for name, _ in there}
            message = {**message, "headers": [*there, *(one for one in ours if one[0] not in names)]}
        await send(message)

    return sends


async def answer(send: Send, status: int, text: str, kind: str, more: Iterable[tuple[str, str]] = ()) -> None:
    """Send a short answer, which nobody keeps.

    Args:
        send: Of the request.
        status: Such as 403.
        text: The body.
        kind: Its content type.
        more: Further headers.
    """
    body = text.encode()
    headers = [("content-type", kind), ("content-length", str(len(body))), ("cache-control", "no-store"), *more]
    raw = [(name.lower().encode(), value.encode()) for name, value in headers]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": body})


async def rewritten(app: App, scope: Scope, receive: Receive, send: Send, change: Callable[[bytes], bytes]) -> None:
    """Let an application answer, and change the body of an answer that is well.

    Args:
        app: The application.
        scope: Of the request, as are `receive` and `send`.
        receive: What the client says.
        send: What it is told.
        change: Gives the new body for the whole old one.
    """
    started: list[Message] = []
    parts: list[bytes] = []

    async def sends(message: Message) -> None:
        if message["type"] == "http.response.start":
            started.append(message)
            return
        parts.append(message.get("body", b""))
        if message.get("more_body"):
            return
        body = b"".join(parts)
        if started[0]["status"] == 200:
            body = change(body)
        headers = [(name, value) for name, value in started[0]["headers"] if bytes(name).lower() != b"content-length"]
        await send({**started[0], "headers": [*headers, (b"content-length", str(len(body)).encode())]})
        await send({"type": "http.response.body", "body": body})

    plain = [(name, value) for name, value in scope["headers"] if name not in (b"accept-encoding", b"if-none-match")]
    await app({**scope, "headers": plain}, receive, sends)
