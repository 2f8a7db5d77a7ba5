"""How a browser gets to Prefect's UI: a link that works once, a cookie, and what Prefect is told in its place.

Middleware around Prefect's application, inside `guard`. Prefect asks every client for the secret; a browser that `door`
knows need not know it. Change this module when Prefect asks in another way.
"""

import json
from collections.abc import Sequence
from contextlib import suppress

from tasks.adapters.web import access, door
from tasks.adapters.web.door import Door
from tasks.adapters.web.guard import App, Message, Receive, Scope, Send, answer, rewritten

_API = "/api"
_ARTIFACTS = "/api/artifacts"
_NO_REFERRER = ("referrer-policy", "no-referrer")
_DEAD_LINK = f"<p>This link was used already, or is older than a day.</p><p>{door.ASK}</p>"
_OTHER_NAME = (
    "<p>This link works under the name with which it was printed. A cookie for any other would be sent to the servers "
    "of everybody on this machine. Chromium and Firefox know where names that end in .localhost lead.</p>"
)
_COME_IN = '<p>You are let in. <a href="/">To Prefect\'s UI</a></p>'


class Login:
    """Prefect's server: lets browsers in by link and cookie, and gives Prefect the secret for them."""

    def __init__(self, app: App, entrance: Door, others: Sequence[str] = ()) -> None:
        """Args:
        app: Prefect's server.
        entrance: What lets in.
        others: Addresses to which what it shows may point, which browsers have to open by the name.
        """
        self._app, self._door, self._others = app, entrance, others

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what may pass, with the secret for those who came by a good cookie."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        path, let_in = scope["path"], self._door.knows(door.headers_of(scope).get("cookie", ""))
        if scope["type"] == "websocket":
            await self._app(scope, _with_token(receive, self._door.auth) if let_in else receive, send)
        elif path.startswith(access.PATH):
            await self._enter(scope, send, path.removeprefix(access.PATH), let_in)
        elif let_in and path.startswith(_ARTIFACTS):
            await rewritten(self._app, self._authorized(scope), receive, send, self._named)
        elif path == _API or path.startswith(f"{_API}/"):
            await self._app(self._authorized(scope) if let_in else scope, receive, send)
        elif let_in or door.may_pass(self._door, scope):
            await self._show(scope, receive, send)
        else:
            await answer(send, 401, door.page(), door.HTML, [door.POLICY])

    async def _enter(self, scope: Scope, send: Send, word: str, let_in: bool) -> None:
        """Let a browser in by its link. Looking at the link without opening it, as previews do, does not use it up."""
        headers = door.headers_of(scope)
        ahead = "prefetch" in headers.get("sec-purpose", headers.get("purpose", ""))
        if scope["method"] != "GET" or ahead:
            await answer(send, 405, "", door.HTML, [("allow", "GET")])
        elif not self._door.name or headers["host"].lower().rpartition(":")[0] != self._door.name:
            await answer(send, 403, door.page(_OTHER_NAME), door.HTML, [door.POLICY, _NO_REFERRER])
        elif let_in or access.redeem(self._door.home, word):
            # Not by a redirect: the browser would count the page that the link stands on as the one who asks, and
            # keep the cookie back.
            more = [("set-cookie", self._door.welcome()), ("refresh", "0; url=/"), door.POLICY, _NO_REFERRER]
            await answer(send, 200, door.page(_COME_IN), door.HTML, more)
        else:
            await answer(send, 403, door.page(_DEAD_LINK), door.HTML, [door.POLICY, _NO_REFERRER])

    async def _show(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A page of the UI; its settings say that nobody has to log in, and where the API is for this browser."""
        if not scope["path"].endswith("/ui-settings"):
            await self._app(scope, receive, send)
            return
        ours = {"auth": None, "api_url": f"http://{door.headers_of(scope)['host']}{_API}"}
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
