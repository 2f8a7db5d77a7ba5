"""Who is let in at the servers of one start: a browser by its cookie, a program by the secret.

`Asked` stands before a server that has no login of its own; the reports ask `Door` themselves; Prefect's own ways are
`login`'s. Change this module when somebody has to show something else.
"""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from tasks.adapters.web import access
from tasks.adapters.web.guard import App, Receive, Scope, Send, answer

HTML = "text/html; charset=utf-8"
POLICY = ("content-security-policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
ASK = "Type <code>make up</code> again, in another terminal: it prints a link that lets this browser in."
_OPEN_LINK = f"<p>This is a server of Incumbent. Open the link that <code>make up</code> has printed.</p><p>{ASK}</p>"


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
        if scope["type"] == "lifespan" or scope["path"] in self._open or may_pass(self._door, scope):
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008, "reason": "Open the link first."})
        else:
            await answer(send, 401, page(), HTML, [POLICY])


def may_pass(door: Door, scope: Scope) -> bool:
    """Whether a request comes from somebody who is let in."""
    headers = headers_of(scope)
    return door.knows(headers.get("cookie", "")) or door.opens(headers.get("authorization", ""))


def headers_of(scope: Scope) -> dict[str, str]:
    """The headers of a request by their names; of one that comes twice, the last."""
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}


def page(text: str = _OPEN_LINK) -> str:
    """A page of our own; by default the one for those who were not let in yet."""
    style = "<style>body{font:16px/1.5 system-ui,sans-serif;margin:4rem auto;max-width:38rem;padding:0 1rem}</style>"
    return f"<!DOCTYPE html><html lang=en><meta charset=utf-8><title>Incumbent</title>{style}{text}</html>"
