"""How a browser gets to Prefect's UI: a link that works once, a cookie, and what Prefect is told in its place.

Middleware around Prefect's application, inside `guard`. Prefect asks every client for the secret; a browser with a good
cookie need not know it. Change this module when Prefect asks in another way.
"""

import base64
import json
from contextlib import suppress
from pathlib import Path

from tasks.adapters import access
from tasks.adapters.guard import App, Message, Receive, Scope, Send, answer, rewritten

_API = "/api"
_HTML = "text/html; charset=utf-8"
_POLICY = ("content-security-policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
_NO_REFERRER = ("referrer-policy", "no-referrer")
_ASK = "Type <code>make up</code> again, in another terminal: it prints a link that lets this browser in."
_OPEN_LINK = (
    f"<p>This is Prefect's UI of Incumbent. Open the link that <code>make up</code> has printed.</p><p>{_ASK}</p>"
)
_DEAD_LINK = f"<p>This link was used already, or is older than a day.</p><p>{_ASK}</p>"
_COME_IN = '<p>You are let in. <a href="/">To Prefect\'s UI</a></p>'


class Login:
    """Lets browsers in by link and cookie; programs give the secret themselves."""

    def __init__(self, app: App, home: Path, port: int, auth: str) -> None:
        """Args:
        app: Prefect's server.
        home: The home that it belongs to.
        port: At which it listens.
        auth: What Prefect asks for.
        """
        self._app, self._home, self._port, self._auth = app, home, port, auth
        self._key, self._cookie = access.cookie_key(home), access.cookie_name(port)
        self._basic = f"Basic {base64.b64encode(auth.encode()).decode()}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what may pass, with the secret for those who came by a good cookie."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        path, let_in = scope["path"], self._is_let_in(scope)
        if scope["type"] == "websocket":
            await self._app(scope, _with_token(receive, self._auth) if let_in else receive, send)
        elif path.startswith(access.PATH):
            await self._enter(scope, send, path.removeprefix(access.PATH), let_in)
        elif path == _API or path.startswith(f"{_API}/"):
            await self._app(self._authorized(scope) if let_in else scope, receive, send)
        elif let_in or _headers(scope).get("authorization") == self._basic:
            await self._show(scope, receive, send)
        else:
            await answer(send, 401, _page(_OPEN_LINK), _HTML, [_POLICY])

    async def _enter(self, scope: Scope, send: Send, word: str, let_in: bool) -> None:
        """Let a browser in by its link. Looking at the link without opening it, as previews do, does not use it up."""
        headers = _headers(scope)
        ahead = "prefetch" in headers.get("sec-purpose", headers.get("purpose", ""))
        if scope["method"] != "GET" or ahead:
            await answer(send, 405, "", _HTML, [("allow", "GET")])
        elif let_in or access.redeem(self._home, word):
            # Not by a redirect: the browser would count the page that the link stands on as the one who asks, and
            # keep the cookie back.
            value = access.cookie(self._key, self._port)
            cookie = f"{self._cookie}={value}; Max-Age={access.COOKIE_SECONDS}; Path=/; HttpOnly; SameSite=Strict"
            more = [("set-cookie", cookie), ("refresh", "0; url=/"), _POLICY, _NO_REFERRER]
            await answer(send, 200, _page(_COME_IN), _HTML, more)
        else:
            await answer(send, 403, _page(_DEAD_LINK), _HTML, [_POLICY, _NO_REFERRER])

    async def _show(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A page of the UI; its settings say that nobody has to log in, and where the API is for this browser."""
        if not scope["path"].endswith("/ui-settings"):
            await self._app(scope, receive, send)
            return
        ours = {"auth": None, "api_url": f"http://{_headers(scope)['host']}{_API}"}
        await rewritten(self._app, scope, receive, send, lambda body: json.dumps({**json.loads(body), **ours}).encode())

    def _is_let_in(self, scope: Scope) -> bool:
        """Whether it comes from a browser that was let in."""
        sent = (part.strip().partition("=") for part in _headers(scope).get("cookie", "").split(";"))
        values = [value for name, _, value in sent if name == self._cookie]
        return any(access.is_good_cookie(self._key, self._port, value) for value in values)

    def _authorized(self, scope: Scope) -> Scope:
        headers = [(name, value) for name, value in scope["headers"] if name not in (b"authorization", b"cookie")]
        return {**scope, "headers": [*headers, (b"authorization", self._basic.encode())]}


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


def _headers(scope: Scope) -> dict[str, str]:
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}


def _page(text: str) -> str:
    style = "<style>body{font:16px/1.5 system-ui,sans-serif;margin:4rem auto;max-width:38rem;padding:0 1rem}</style>"
    return f"<!DOCTYPE html><html lang=en><meta charset=utf-8><title>Incumbent</title>{style}{text}</html>"
