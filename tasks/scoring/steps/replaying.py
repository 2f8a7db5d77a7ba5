"""Asks again what was asked before, by its id in the prediction log: a row, or a request that was refused."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from configs.errors import BlobUnavailable, Damaged, MistakeOfUser
from tasks.adapters import ring
from tasks.adapters.home import Home
from tasks.scoring import log_lines, log_records, refused_requests
from tasks.scoring.answering import Answerer
from tasks.scoring.refusals import Refused
from tasks.scoring.steps import answers_at_rest, live_models

TOLERANCE = 1e-9
"""Largest difference between two answers that are the same; of a number above 1, relative to it."""
_HIDDEN = "were not kept as values (scoring.log.inputs and columns say what is), so it cannot be asked again."


@dataclass(frozen=True)
class Replayed:
    """What is said now, beside what was said then."""

    id: str
    was_answered: bool
    """Whether it is an answer of the log; else a request that was refused, or failed."""
    version: int
    """That was asked now."""
    then_version: int
    then: str
    now: str
    is_same: bool


def replay(home: Home, pipeline: str, name: str, version: int | None = None) -> Replayed:
    """Ask again.

    Args:
        home: With the log and the models.
        pipeline: Whose.
        name: The id: of a row, or of a request that was refused.
        version: Who is asked; None: of an answer, who gave it; of what was refused, who is live.

    Raises:
        MistakeOfUser: There is no such id, or what was asked was not kept.
        BundleRefused: The version does not answer as at its gate.
        Damaged: The log was changed.
    """
    if name.startswith(refused_requests.PREFIX):
        return _refused(home, pipeline, name, version)
    try:
        line = answers_at_rest.line(home, pipeline, name)
    except BlobUnavailable as problem:
        raise Damaged(f"Rows of the prediction log are gone: {problem.why}. Restore them from a backup.") from problem
    if line is None:
        raise MistakeOfUser(
            f"There is no answer {name!r} in the prediction log of {pipeline}: it was removed, is lost in a gap, or "
            "never was. An id is in the header x-incumbent-id, and in the table `predictions` of `sql`."
        )
    return _answered(home, pipeline, line, version)


def _answered(home: Home, pipeline: str, line: Mapping[str, Any], version: int | None) -> Replayed:
    inputs = msgspec.json.decode(line["inputs"]) if line["inputs"] else {}
    if line["answer"] is None:
        raise MistakeOfUser(f"Row {line['id']} broke the contract: it had no answer, and nothing of it was kept.")
    live = live_models.ready(home, pipeline, line["version"] if version is None else version)
    names = live.fields.names
    if not {*names} <= inputs.keys() or any(map(log_records.is_hidden, inputs.values())):
        raise MistakeOfUser(f"The inputs of {line['id']} {_HIDDEN}")
    answer = live.compiled.one(live.fields.logged(inputs))
    then, now = line["answer"], log_lines.largest(answer)
    was, named = line["class"], log_lines.of_class(answer, live.classes)[1] if isinstance(answer, list) else None
    same = named == was and abs(now - then) <= TOLERANCE * max(1.0, abs(then))
    texts = [f"{name} {value!r}" if name else repr(value) for name, value in ((was, then), (named, now))]
    return Replayed(line["id"], True, live.version, line["version"], texts[0], texts[1], same)


def _refused(home: Home, pipeline: str, name: str, version: int | None) -> Replayed:
    kept = (one for one in ring.read(home.predictions) if refused_requests.name(one[0], one[1]["number"]) == name)
    _, record = next(kept, (0, None))
    if record is None or record["pipeline"] != pipeline:
        raise MistakeOfUser(
            f"There is no request {name!r} of {pipeline} that was refused: of a process only the last "
            f"{ring.RECORDS:,} are kept."
        )
    if record["body"] is None:
        why = "is larger than is kept" if record["bytes"] > refused_requests.LARGEST else "was not kept, or never came"
        raise MistakeOfUser(f"{name} was refused: {record['text']} Its body {why}, so it cannot be asked again.")
    live = live_models.ready(home, pipeline, version)
    then, now = _said(record["status"], record["text"], record["fields"]), _ask(Answerer(live), record)
    return Replayed(name, False, live.version, record["version"], then, now, then == now)


def _ask(answerer: Answerer, record: Mapping[str, Any]) -> str:
    body = base64.b64decode(record["body"])
    try:
        answer = answerer.infer(body) if record["form"] == "infer" else answerer.invocations(body, is_csv=record["csv"])
    except Refused as refused:
        return _said(refused.status, refused.text, refused.fields)
    return f"{answer.status} {answer.body.decode()}"


def _said(status: int, text: str, fields: Any) -> str:
    return f"{status} {text}" + (f" {msgspec.json.encode(fields).decode()}" if fields else "")
