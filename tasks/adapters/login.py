"""How a browser gets to the servers of a home: a link that works once, and a cookie; programs give the secret.

Middleware around Prefect's and MLflow's application, inside `guard`; the reports ask `Door` themselves. Prefect asks
every client for the secret; a browser with a good cookie need not know it. Change this module when Prefect asks in
another way.
"""

import hmac
import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from tasks.adapters import access
from tasks.adapters.guard import App, Message, Receive, Scope, Send, answer, rewritten

_API = "/api"
_ARTIFACTS = "/api/artifacts"
_HTML = "text/html; charset=utf-8"
_POLICY = ("content-security-policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
_NO_REFERRER = ("referrer-policy", "no-referrer")
_ASK = "Type <code>make up</code> again, in another terminal: it prints a link that lets this browser in."
_OPEN_LINK = f"<p>This is a server of Incumbent. Open the link that <code>make up</code> has printed.</p><p>{_ASK}</p>"
_DEAD_LINK = f"<p>This link was used already, or is older than a day.</p><p>{_ASK}</p>"
_OTHER_NAME = (
    "<p>This link works under the name with which it was printed. A cookie for any other would be sent to the servers "
    "of everybody on this machine. Chromium and Firefox know where names that end in .localhost lead.</p>"
)
_COME_IN = '<p>You are let in. <a href="/">To Prefect\'s UI</a></p>'


@dataclass(frozen=True)
class Door:
    """What lets somebody in at all servers of one start."""

    home: Path
    auth: str
    """The secret that programs give."""
    name: str
    """The host name by which browsers ask; empty where none is let in."""

    def knows(self, cookies: str) -> bool:
        """Whether a browser was let in, by what it sends as its cookies."""
        sent = (part.strip().partition("=") for part in cookies.split(";"))
        values = [value for name, _, value in sent if name == access.COOKIE]
        return bool(self.name) and any(access.is_good_cookie(self._key, self.name, value) for value in values)

    def opens(self, authorization: str) -> bool:
        """Whether a program gives the secret, by what it sends as its authorization."""
        return hmac.compare_digest(authorization.encode(), access.basic(self.auth).encode())

    def welcome(self) -> str:
        """The cookie for a browser that is let in."""
        value = access.cookie(self._key, self.name)
        return f"{access.COOKIE}={value}; Max-Age={access.COOKIE_SECONDS}; Path=/; HttpOnly; SameSite=Strict"

    @cached_property
    def _key(self) -> bytes:
        return access.cookie_key(self.home)


class Asked:
    """A server that has no login of its own: browsers with a good cookie come in, and programs with the secret."""

    def __init__(self, app: App, door: Door, open_to_all: Sequence[str] = ()) -> None:
        """Args:
        app: The server.
        door: What lets in.
        open_to_all: Paths that tell nothing, such as whether it is well.
        """
        self._app, self._door, self._open = app, door, open_to_all

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what may pass."""
        if scope["type"] == "lifespan" or scope["path"] in self._open or _may_pass(self._door, scope):
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008, "reason": "Open the link first."})
        else:
            await answer(send, 401, page(), _HTML, [_POLICY])


class Login:
    """Prefect's server: lets browsers in by link and cookie, and gives Prefect the secret for them."""

    def __init__(self, app: App, door: Door, others: Sequence[str] = ()) -> None:
        """Args:
        app: Prefect's server.
        door: What lets in.
        others: Addresses to which what it shows may point, which browsers have to open by the name.
        """
        self._app, self._door, self._others = app, door, others

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what may pass, with the secret for those who came by a good cookie."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        path, let_in = scope["path"], self._door.knows(_headers(scope).get("cookie", ""))
        if scope["type"] == "websocket":
            await self._app(scope, _with_token(receive, self._door.auth) if let_in else receive, send)
        elif path.startswith(access.PATH):
            await self._enter(scope, send, path.removeprefix(access.PATH), let_in)
        elif let_in and path.startswith(_ARTIFACTS):
            await rewritten(self._app, self._authorized(scope), receive, send, self._named)
        elif path == _API or path.startswith(f"{_API}/"):
            await self._app(self._authorized(scope) if let_in else scope, receive, send)
        elif let_in or _may_pass(self._door, scope):
            await self._show(scope, receive, send)
        else:
            await answer(send, 401, page(), _HTML, [_POLICY])

    async def _enter(self, scope: Scope, send: Send, word: str, let_in: bool) -> None:
        """Let a browser in by its link. Looking at the link without opening it, as previews do, does not use it up."""
        headers = _headers(scope)
        ahead = "prefetch" in headers.get("sec-purpose", headers.get("purpose", ""))
        if scope["method"] != "GET" or ahead:
            await answer(send, 405, "", _HTML, [("allow", "GET")])
        elif not self._door.name or headers["host"].lower().rpartition(":")[0] != self._door.name:
            await answer(send, 403, page(_OTHER_NAME), _HTML, [_POLICY, _NO_REFERRER])
        elif let_in or access.redeem(self._door.home, word):
            # Not by a redirect: the browser would count the page that the link stands on as the one who asks, and
            # keep the cookie back.
            more = [("set-cookie", self._door.welcome()), ("refresh", "0; url=/"), _POLICY, _NO_REFERRER]
            await answer(send, 200, page(_COME_IN), _HTML, more)
        else:
            await answer(send, 403, page(_DEAD_LINK), _HTML, [_POLICY, _NO_REFERRER])

    async def _show(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A page of the UI; its settings say that nobody has to log in, and where the API is for this browser."""
        if not scope["path"].endswith("/ui-settings"):
            await self._app(scope, receive, send)
            return
        ours = {"auth": None, "api_url": f"http://{_headers(scope)['host']}{_API}"}
        await rewritten(self._app, scope, receive, send, lambda body: json.dumps({**json.loads(body), **ours}).encode())

    def _named(self, body: bytes) -> bytes:
        for address in self._others:
            body = body.replace(f"{address}/".encode(), f"{access.named(address, self._door.name)}/".encode())
        return body

    def _authorized(self, scope: Scope) -> Scope:
        headers = [(name, value) for name, value in scope["headers"] if name not in (b"authorization", b"cookie")]
        return {**scope, "headers": [*headers, (b"authorization", access.basic(self._door.auth).encode())]}


def _with_token(receive: Receive, auth: str) -> Receive:
    """What a websocket says; the secret is put into the message by which Prefect's clients give it."""

    async def receives() -> Message:
        message = await receive()
        with suppress(ValueError, TypeError):
            content = json.loads(message.get("text") or "")
            if isinstance(content, dict) and content.get("type") == "auth":
                return {**message, "text": json.dumps({**content, "token": auth})}
        return message

    return receives


def _may_pass(door: Door, scope: Scope) -> bool:
    headers = _headers(scope)
    return door.knows(headers.get("cookie", "")) or door.opens(headers.get("authorization", ""))


def _headers(scope: Scope) -> dict[str, str]:
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}


def page(text: str = _OPEN_LINK) -> str:
    """A page of our own; by default the one for those who were not let in yet."""
    style = "<style>body{font:16px/1.5 system-ui,sans-serif;margin:4rem auto;max-width:38rem;padding:0 1rem}</style>"
    return f"<!DOCTYPE html><html lang=en><meta charset=utf-8><title>Incumbent</title>{style}{text}</html>"
