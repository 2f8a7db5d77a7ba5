"""What the service answers at which path; ASGI, without a framework, because a row must cost little.

The two ways of predictions come first and do as little as they can. Everything else is in `pages`. What a body means
is decided in `tasks.scoring`; who may ask, in `doorkeeper`; which version answers, in `followed`.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

from deployments.serving import pages
from deployments.serving.doorkeeper import Doorkeeper
from deployments.serving.figures import Figures
from deployments.serving.slow_bodies import SlowBodies
from deployments.serving.standing import Log, Serving, Standing
from tasks.scoring.answering import Answer, Answerer
from tasks.scoring.refusals import Refused

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Outgoing = tuple[int, bytes, bytes, list[tuple[bytes, bytes]]]
"""Status, body, content type and further headers of an answer."""

_JSON = b"application/json"
_BUSY = 503
_FAILED = "The service has failed at this request; its log says why."
_LOG = logging.getLogger(__name__)


class Service:
    """Answers requests by the versions that are live."""

    def __init__(
        self,
        followed: Mapping[str, Standing],
        doorkeeper: Doorkeeper,
        figures: Figures,
        log: Log,
        *,
        protocol: str,
        at_once: int = 256,
    ) -> None:
        """Args:
        followed: The live version of each pipeline.
        doorkeeper: Who may ask.
        figures: What is counted.
        log: Where answers are written down.
        protocol: The version of MLflow whose clients are answered.
        at_once: Requests that may be on their way at the same time; more are told to come again.
        """
        self._followed, self._doorkeeper, self._figures, self._most = followed, doorkeeper, figures, at_once
        self._log, self._protocol = log, protocol
        self._only = next(iter(followed)) if len(followed) == 1 else None
        self._open, self._slow = 0, SlowBodies()
        self.draining = False
        self._ways: dict[str, tuple[Standing, str]] = {}
        for name, one in followed.items():
            self._ways[f"/{name}/invocations"] = one, "invocations"
            self._ways[f"/v2/models/{name}/infer"] = one, "infer"
        if self._only is not None:
            self._ways["/invocations"] = followed[self._only], "invocations"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._lifespan(scope, receive, send)
            return
        try:
            going = await self._answered(scope, receive)
        except Exception:  # noqa: BLE001 - a fault of ours is answered and logged, and the next request is another
            _LOG.exception("A request could not be answered")
            going = _refusal(Refused(500, _FAILED))
        await _send(send, going)

    async def _answered(self, scope: Scope, receive: Receive) -> Outgoing:
        way = self._ways.get(scope["path"])
        if way is not None and scope["method"] == "POST":
            return await self._predicted(*way, scope, receive)
        try:
            tells_all = True
            if scope["path"] in pages.FOR_WATCHERS:
                tells_all = self._doorkeeper.require_watcher(scope)
            else:
                self._doorkeeper.require(scope, "read")
            page = pages.answer(scope, self._followed, self._figures, draining=self.draining, protocol=self._protocol)
            page = page if tells_all else pages.bare(page)
        except Refused as refused:
            page = pages.refusal(refused)
        return page.status, page.body, page.kind, page.headers

    async def _lifespan(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Begin and end with the process; a websocket is not for us."""
        if scope["type"] != "lifespan":
            return
        beside = [asyncio.create_task(work) for work in (self._slow.look(), self._figures.share(self._followed))]
        while True:
            message = await receive()
            if message["type"] == "lifespan.shutdown":
                for task in beside:
                    task.cancel()
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                return

    async def _predicted(self, one: Standing, form: str, scope: Scope, receive: Receive) -> Outgoing:
        began, rows, wrong = time.perf_counter(), 0, 0
        live, body, going = None, b"", None
        self._open += 1
        try:
            self._doorkeeper.require(scope, "predict")
            if self._open > self._most:
                raise Refused(_BUSY, "Too many requests at once. Come again in a second.")
            live = one.required()
            body = await self._slow.watched(_read(receive, live.most_bytes))
            answer = _answer(live.answerer, form, scope, body)
            rows, wrong = len(answer.asked.rows), len(answer.asked.wrong)
            going = answer.status, answer.body, _JSON, live.headers + await self._log.write(live, answer, began)
        except Refused as refused:
            going = self._refused(live, refused, form, scope, body)
        finally:
            self._open -= 1
            if going is None:
                self._refused(live, Refused(500, _FAILED), form, scope, body)
        self._figures.count(one.pipeline, going[0], rows, wrong, time.perf_counter() - began)
        return going

    def _refused(self, live: Serving | None, refused: Refused, form: str, scope: Scope, body: bytes) -> Outgoing:
        """What goes out; it is kept what was asked, if somebody who may ask got as far as a version."""
        status, text, kind, headers = _refusal(refused)
        if live is not None:
            is_csv = _kind(scope).startswith(b"text/csv")
            headers = [*headers, *self._log.keep(live, refused, body, form=form, is_csv=is_csv)]
        return status, text, kind, headers


def _refusal(refused: Refused) -> Outgoing:
    page = pages.refusal(refused)
    return page.status, page.body, page.kind, [*page.headers, *(_AGAIN if page.status == _BUSY else [])]


_AGAIN = [(b"retry-after", b"1")]


def _kind(scope: Scope) -> bytes:
    kind: bytes = next((value for name, value in scope["headers"] if name == b"content-type"), _JSON)
    return kind.lower()


def _answer(answerer: Answerer, form: str, scope: Scope, body: bytes) -> Answer:
    kind = _kind(scope)
    if form == "infer":
        if any(name == b"inference-header-content-length" for name, _ in scope["headers"]):
            raise Refused(400, "Tensors in binary form are not taken. Send them as JSON.")
        return answerer.infer(body)
    if kind.startswith(b"text/csv"):
        return answerer.invocations(body, is_csv=True)
    if not kind.startswith(_JSON):
        raise Refused(415, "Send application/json, or text/csv.")
    return answerer.invocations(body)


async def _read(receive: Receive, most: int) -> bytes:
    """The body of a request; raises Refused if it is too large, or does not come to its end."""
    parts, size, more = list[bytes](), 0, True
    while more and size <= most:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Refused(400, "The request was cut off.")
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        more = message.get("more_body", False)
    if size > most:
        raise Refused(413, f"A body may have {most:,} bytes. Send the rows in several requests.")
    return b"".join(parts)


async def _send(send: Send, going: Outgoing) -> None:
    status, body, kind, more = going
    headers = [(b"content-type", kind), (b"content-length", b"%d" % len(body)), *more]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
