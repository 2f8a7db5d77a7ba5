"""The prediction log: nothing is missing but what is counted (I8), and versions answer as it says that they did (I7).

Journals are shared by all pipelines: their balance is looked at for each of them. Of each version some answers are
asked for again, spread over the log, of which all inputs were kept as values.
"""

import hashlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from configs.errors import BlobUnavailable, Damaged, IncumbentError
from tasks.adapters import journal_segments
from tasks.adapters.blobs import layout
from tasks.adapters.blobs.bundles import TOLERANCE, differences
from tasks.adapters.home import Home
from tasks.domain.sealed_answers import SealedRows, SealedSegment
from tasks.lineage.verify import log_balance
from tasks.lineage.verify.checks.ledger_copy import Recorded
from tasks.lineage.verify.findings import Finding
from tasks.scoring import log_lines, log_records
from tasks.scoring.steps import live_models, sealing

_OF_A_FILE, _OF_A_VERSION = 20, 200
"""Answers that are asked for again, at most."""
_LOOKS, _AGAIN_SECONDS = 3, 0.5
"""Somebody may close and seal a segment while it is looked at."""
_COLUMNS = ["id", "version", "model", "answer", "inputs"]
Line = tuple[Any, ...]


@dataclass
class _View:
    """What was read."""

    findings: list[Finding] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    """`_COLUMNS` of some answers of the pipeline."""


def check(home: Home, recorded: Recorded) -> Iterator[Finding]:
    """Every answer that is missing, there twice, or another than its version gives.

    Args:
        home: Journals, store, ledger and bundles.
        recorded: What the ledger says.
    """
    for look in range(_LOOKS):
        view = _look(home, recorded.pipeline)
        if not view.findings or look == _LOOKS - 1:
            break
        time.sleep(_AGAIN_SECONDS)
    yield from view.findings
    yield from _answers(home, recorded, view.lines)


def _look(home: Home, pipeline: str) -> _View:
    view = _View()
    with journal_segments.Opened(home.predictions) as opened:
        sealed = {one.name: one for one in home.ledger.predictions.segments()}
        parts = [one for one in home.ledger.predictions.sealed() if (one.journal, one.segment) in sealed]
        left = [one for one in opened.segments if (str(one.journal), one.first) not in sealed]
        closed = [*sealed.values(), *_unsealed(opened, left, pipeline, view)]
    following = {str(one.journal): one.first for one in left if not one.is_closed}
    view.findings += log_balance.numbers_are_accounted_for(closed)
    view.findings += log_balance.nothing_is_between(closed, following)
    view.findings += log_balance.rows_are_listed(sealed.values(), parts)
    own = [one for one in parts if one.pipeline == pipeline]
    view.findings += log_balance.removed_for_keys(own, home.ledger.predictions.erasures(pipeline))
    for part in own:
        _read_file(home, part, sealed[part.journal, part.segment].until, view)
    return view


def _unsealed(
    opened: journal_segments.Opened, left: Sequence[journal_segments.Segment], pipeline: str, view: _View
) -> Iterator[SealedSegment]:
    """Closed segments that are not sealed, as they will be; of all of them some answers are kept."""
    for one in left:
        try:
            records = list(opened.records(one))
        except Damaged as problem:
            view.findings.append(Finding("I8", str(problem)))
            if one.next is not None:
                yield SealedSegment(str(one.journal), one.first, one.next, one.next - one.first)
            continue
        lines = list(log_lines.rows(pipeline, ((one.journal, record) for record in records)))
        table = pa.Table.from_batches([log_lines.batch(lines)]).select(_COLUMNS)
        view.lines += _some(table)
        if one.is_closed:
            yield sealing.counted(one, records)


def _read_file(home: Home, part: SealedRows, until: int, view: _View) -> None:
    if part.file is None:
        return
    where = log_balance.named(part.journal, part.segment)
    try:
        content = home.blobs.get(layout.predictions(part.file))
    except BlobUnavailable as problem:
        view.findings.append(Finding("I8", f"{where}: file {part.file[:12]} cannot be read: {problem.why}"))
        return
    if hashlib.sha256(content).hexdigest() != part.file:
        view.findings.append(Finding("I8", f"{where}: file {part.file[:12]} was changed"))
        return
    table = pq.read_table(pa.BufferReader(content), columns=_COLUMNS)
    view.findings += log_balance.file_agrees(part, table["id"].to_pylist(), until)
    view.lines += _some(table)


def _some(table: pa.Table) -> list[Line]:
    """Answers with inputs, spread over a file."""
    there = np.flatnonzero(table["inputs"].is_valid().to_numpy())
    places = there[np.unique(np.linspace(0, len(there) - 1, _OF_A_FILE).astype(int))] if len(there) else there
    return [tuple(row[name] for name in _COLUMNS) for row in table.take(places).to_pylist()]


def _answers(home: Home, recorded: Recorded, lines: list[Line]) -> Iterator[Finding]:
    for version in sorted({line[1] for line in lines}):
        answers = [line for line in lines if line[1] == version]
        model = recorded.versions.get(version)
        others = [line for line in answers if model is None or line[2] != model.id]
        if others:
            what = "a version that there is not" if model is None else "another model under the number of a version"
            yield Finding("I7", f"answer {others[0][0]} names v{version}: {what} ({len(others)} that were looked at)")
        same = [line for line in answers if model is not None and line[2] == model.id]
        yield from _asked_again(home, recorded.pipeline, version, [same[place] for place in _spread(len(same))])


def _spread(count: int) -> list[int]:
    return np.unique(np.linspace(0, count - 1, _OF_A_VERSION).astype(int)).tolist() if count else []


def _asked_again(home: Home, pipeline: str, version: int, lines: list[Line]) -> Iterator[Finding]:
    asked = [(line[0], line[3], msgspec.json.decode(line[4])) for line in lines]
    asked = [one for one in asked if not any(map(log_records.is_hidden, one[2].values()))]
    if not asked:
        return
    try:
        live = live_models.ready(home, pipeline, version)
    except IncumbentError:  # a bundle that does not load is found by another check, or the contract lacks a column
        return
    whole = [one for one in asked if {*one[2]} == {*live.fields.names}]
    answers = [log_lines.largest(live.compiled.one(live.fields.logged(inputs))) for *_, inputs in whole]
    off = differences(np.array(answers), np.array([logged for _, logged, _ in whole], dtype=float))
    yield from log_balance.answered_alike(version, [name for name, *_ in whole], off.tolist(), TOLERANCE)
