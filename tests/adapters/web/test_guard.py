"""Who may ask a server of ours at all, as a table; and that what is refused reaches nobody."""

import asyncio
from typing import Any

import pytest

from tasks.adapters.web import guard

OURS = ("Host", "127.0.0.1:4200")
NAVIGATES = [("Sec-Fetch-Mode", "navigate"), ("Sec-Fetch-Dest", "document")]
Headers = list[tuple[str, str]]

PASSES: dict[str, tuple[str, Headers]] = {
    "a program": ("POST", [OURS]),
    "the other name of loopback": ("GET", [("Host", "localhost:4200")]),
    "a name in capitals": ("GET", [("host", "LOCALHOST:4200")]),
    "our own page": ("POST", [OURS, ("Origin", "http://127.0.0.1:4200"), ("Sec-Fetch-Site", "same-origin")]),
    "an address that was typed": ("GET", [OURS, ("Sec-Fetch-Site", "none"), *NAVIGATES]),
    "a link on another server of this machine": ("GET", [OURS, ("Sec-Fetch-Site", "same-site"), *NAVIGATES]),
}
IS_REFUSED: dict[str, tuple[str, Headers]] = {
    "no host": ("GET", []),
    "two hosts": ("GET", [OURS, ("Host", "evil.example")]),
    "DNS rebinding": ("GET", [("Host", "evil.example:4200")]),
    "a name that ends like ours": ("GET", [("Host", "evil.localhost:4200")]),
    "a name that begins like ours": ("GET", [("Host", "127.0.0.1.evil.example:4200")]),
    "no port": ("GET", [("Host", "127.0.0.1")]),
    "another port": ("GET", [("Host", "127.0.0.1:4201")]),
    "all addresses": ("GET", [("Host", "0.0.0.0:4200")]),
    "a user before the host": ("GET", [("Host", "evil.example@127.0.0.1:4200")]),
    "a page of the web": ("POST", [OURS, ("Origin", "https://evil.example")]),
    "a page without an origin": ("POST", [OURS, ("Origin", "null")]),
    "a file": ("POST", [OURS, ("Origin", "file://")]),
    "our name by https": ("POST", [OURS, ("Origin", "https://127.0.0.1:4200")]),
    "another server of this machine": ("POST", [OURS, ("Origin", "http://127.0.0.1:8888")]),
    "our origin and another": ("POST", [OURS, ("Origin", "http://127.0.0.1:4200"), ("Origin", "https://evil.example")]),
    "an image": ("GET", [OURS, ("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Dest", "image")]),
    "a link on a page of the web": ("GET", [OURS, ("Sec-Fetch-Site", "cross-site"), *NAVIGATES]),
    "a form without an origin": ("POST", [OURS, ("Sec-Fetch-Site", "cross-site"), *NAVIGATES]),
    "a form of another server here": ("POST", [OURS, ("Sec-Fetch-Site", "same-site"), *NAVIGATES]),
    "a script of another server here": ("GET", [OURS, ("Sec-Fetch-Site", "same-site"), ("Sec-Fetch-Mode", "no-cors")]),
    "a frame of another server here": (
        "GET",
        [OURS, ("Sec-Fetch-Site", "same-site"), ("Sec-Fetch-Mode", "navigate"), ("Sec-Fetch-Dest", "iframe")],
    ),
    "a site of no kind": ("GET", [OURS, ("Sec-Fetch-Site", "nearby")]),
    "two sites": ("GET", [OURS, ("Sec-Fetch-Site", "none"), ("Sec-Fetch-Site", "cross-site")]),
}


NAME = "incumbent-1.localhost"
BY_NAME = ("Host", f"{NAME}:4200")
UNDER_A_NAME: dict[str, tuple[bool, str, Headers]] = {
    "our own page": (True, "POST", [BY_NAME, ("Origin", f"http://{NAME}:4200"), ("Sec-Fetch-Site", "same-origin")]),
    "a program": (True, "POST", [OURS]),
    "a link on another of our servers": (True, "GET", [BY_NAME, ("Sec-Fetch-Site", "same-site"), *NAVIGATES]),
    "another name": (False, "GET", [("Host", "incumbent-2.localhost:4200")]),
    "another port": (False, "GET", [("Host", f"{NAME}:4201")]),
    "a page of another of our servers": (False, "POST", [BY_NAME, ("Origin", f"http://{NAME}:4280")]),
    "a link of a server that knows another name": (
        False, "GET", [BY_NAME, ("Sec-Fetch-Site", "cross-site"), *NAVIGATES]
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", UNDER_A_NAME)
def test_a_server_that_browsers_know_by_a_name(case: str) -> None:
    passes, method, headers = UNDER_A_NAME[case]

    why = guard.refusal(headers, method, 4200, NAME)

    assert (why is None) == passes
    assert NAME not in (why or "")


@pytest.mark.parametrize("case", PASSES)
def test_this_may_ask(case: str) -> None:
    method, headers = PASSES[case]

    assert guard.refusal(headers, method, 4200) is None


@pytest.mark.parametrize("case", IS_REFUSED)
@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_this_is_refused_before_anything_is_done(case: str, kind: str) -> None:
    method, headers = IS_REFUSED[case]
    raw = [(name.lower().encode(), value.encode()) for name, value in headers]
    reached, sent = [], []

    async def app(*_: Any) -> None:
        reached.append(True)

    async def receive() -> dict[str, Any]:
        return {"type": f"{kind}.connect"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": kind, "headers": raw, "path": "/api/health"} | ({"method": method} if kind == "http" else {})
    asyncio.run(guard.Guard(app, 4200)(scope, receive, send))

    assert reached == []
    assert sent[0]["type"] == ("http.response.start" if kind == "http" else "websocket.close")
    assert sent[0].get("status", 403) == 403


def test_no_other_page_may_hold_or_frame_an_answer() -> None:
    sent = []

    async def app(_: Any, __: Any, send: Any) -> None:
        await guard.answer(send, 200, "hello", "text/plain", [("x-frame-options", "DENY")])

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "GET", "headers": [(b"host", b"127.0.0.1:4200")]}
    asyncio.run(guard.Guard(app, 4200)(scope, app, send))

    headers = dict(sent[0]["headers"])
    assert headers[b"cross-origin-opener-policy"] == b"same-origin"
    assert headers[b"x-frame-options"] == b"DENY"
