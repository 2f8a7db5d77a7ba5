"""Everything that the service answers but predictions: whether it is well, what it takes, its figures, and its form."""

from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec

from tasks.adapters.web import guard
from tasks.scoring.refusals import Refused

if TYPE_CHECKING:
    from deployments.serving.figures import Figures
    from deployments.serving.standing import Standing

JSON, HTML, TEXT = b"application/json", b"text/html; charset=utf-8", b"text/plain; charset=utf-8"
_OURS = [(name.lower().encode(), value.encode()) for name, value in guard.HEADERS.items()]
ALIVE, READY = ("/ping", "/health", "/v2/health/live"), "/v2/health/ready"
FOR_WATCHERS = (*ALIVE, READY)
"""Whoever watches the service asks these; without a key they say yes or no, and nothing else."""
_QUIET = [(b"cache-control", b"no-store"), *_OURS]


@dataclass(frozen=True)
class Page:
    """What goes out."""

    body: bytes
    kind: bytes = JSON
    status: int = 200
    headers: list[tuple[bytes, bytes]] = field(default_factory=lambda: list(_QUIET))


def refusal(refused: Refused) -> Page:
    """What is answered to a request that is not answered."""
    body: dict[str, Any] = {"error": refused.text}
    if refused.fields:
        body["errors"] = refused.fields
    return Page(msgspec.json.encode(body), status=refused.status)


def bare(page: Page) -> Page:
    """A page without what it says: its status is all."""
    return Page(b"{}", status=page.status)


def answer(
    scope: MutableMapping[str, Any],
    followed: "Mapping[str, Standing]",
    figures: "Figures",
    *,
    draining: bool,
    protocol: str,
) -> Page:
    """The page of a path; raises Refused if there is none.

    Args:
        scope: Of the request.
        followed: Who answers, by pipeline.
        figures: What was counted.
        draining: Whether the service is about to end.
        protocol: The version of MLflow whose clients are answered.
    """
    path = scope["path"]
    if scope["method"] not in ("GET", "HEAD"):
        raise Refused(405 if _is_there(path, followed) else 404, _nothing(path, followed))
    if path in ALIVE:
        return Page(b"{}")
    if path == "/version":
        return Page(protocol.encode(), TEXT)
    if path == READY:
        return _ready(followed, draining=draining)
    if path == "/metrics":
        return Page(figures.text(followed), b"text/plain; version=0.0.4; charset=utf-8")
    if path == "/openapi.json":
        from deployments.serving import openapi

        return Page(msgspec.json.encode(openapi.document(followed)))
    if path == "/":
        from tasks.reporting import forms

        return Page(forms.listed([_answering(one) for one in followed.values()]).encode(), HTML)
    if path == "/v2":
        return Page(msgspec.json.encode({"name": "incumbent", "version": "1", "extensions": []}))
    if path.startswith("/v2/models/"):
        return _model(path.removeprefix("/v2/models/"), followed)
    one = followed.get(path.strip("/"))
    if one is None:
        raise Refused(404, _nothing(path, followed))
    return _form(one, scope)


def _is_there(path: str, followed: "Mapping[str, Standing]") -> bool:
    return path in ("/", "/ping", "/health", "/metrics", "/openapi.json") or path.strip("/") in followed


def _nothing(path: str, followed: "Mapping[str, Standing]") -> str:
    several = path == "/invocations" and len(followed) > 1
    ways = ", ".join(f"/{name}/invocations" for name in followed)
    why = "Several pipelines are served here" if several else "There is nothing at this path, or not by this method"
    return f"{why}. Predictions are asked for by POST at {ways}; /openapi.json says all."


def _ready(followed: "Mapping[str, Standing]", *, draining: bool) -> Page:
    """Whether every pipeline answers by the version that is live."""
    wrong = {name: one.out for name, one in followed.items() if one.out}
    away = {name: one.away.isoformat() for name, one in followed.items() if one.away}
    state: dict[str, Any] = {"ready": not draining and all(one.answers for one in followed.values())}
    state |= {"kept_out": wrong} if wrong else {}
    state |= {"ledger_away_since": away} if away else {}
    state["versions"] = {name: one.live and one.live.version.version for name, one in followed.items()}
    return Page(msgspec.json.encode(state), status=200 if state["ready"] else 503)


def _model(rest: str, followed: "Mapping[str, Standing]") -> Page:
    """What the Open Inference Protocol says of a model: `NAME` and `NAME/ready`, with `/versions/N` behind the name."""
    name, *more = rest.split("/")
    one = followed.get(name)
    if one is None:
        raise Refused(404, f"Unknown model. There are {', '.join(followed)}.")
    if more == ["ready"]:
        return Page(b"{}", status=200 if one.answers else 503)
    live = one.required().version
    if more[:1] == ["versions"] and len(more) > 1:
        if more[1] != str(live.version):
            raise Refused(404, f"That version does not answer here; v{live.version} does.")
        more = more[2:]
    if more == ["ready"]:
        return Page(b"{}", status=200 if one.answers else 503)
    if more:
        raise Refused(404, _nothing("", followed))
    return Page(msgspec.json.encode(one.required().answerer.v2.metadata(name, [live.version])))


def _form(one: "Standing", scope: MutableMapping[str, Any]) -> Page:
    from tasks.reporting import forms

    live = one.required().version
    host = next((value.decode("latin-1") for key, value in scope["headers"] if key == b"host"), "")
    page = forms.form(_answering(one), live.fields.rules, live.example, f"{scope.get('scheme', 'http')}://{host}")
    return Page(page.encode(), HTML)


def _answering(one: "Standing") -> Any:
    from tasks.reporting.forms import Answering

    if one.live is None:
        return Answering(one.pipeline, one.title, None, None, "", "", one.out or "No version is live yet.")
    live = one.live.version
    why = f": {live.chosen.problem}" if live.chosen.problem else ""
    how = f"Its answers come from {live.chosen.compiled.title}{why}."
    return Answering(live.pipeline, live.title, live.version, live.since, how, live.output, one.out)
