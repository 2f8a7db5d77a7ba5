"""Made-up deliveries: writes faulty batches into a landing folder, so that everybody can see the loop answer.

Add here what finds the delivery to start from and writes the new one. What is wrong with its rows is decided in
`faults`. Each file says in its schema that it is simulated, and from what it was made.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from configs.errors import BadInput, LandingFolderMissing, MistakeOfUser
from configs.settings import PipelineSettings
from tasks.adapters import files
from tasks.adapters.home import Home
from tasks.ingestion.sources import source_kinds
from tasks.ingestion.sources.base import Delivery
from tasks.ingestion.steps import arrivals
from tasks.lineage import faults
from tasks.lineage.faults import SimulatedFault

MARK = b"incumbent.simulated"
"""Key in the metadata of the parquet schema: fault, name of the delivery that it was made from, seed; as JSON."""


@dataclass(frozen=True)
class Written:
    """A simulated delivery."""

    name: str
    path: Path
    rows: int
    base: str
    """Name of the delivery that it was made from."""
    first: datetime
    """When the first of its rows happens."""
    last: datetime
    """The latest time in it: of an event, an arrival or a label."""
    changed: str
    """What is wrong with it, for people."""


@dataclass(frozen=True)
class _Landed:
    """What is there already."""

    names: tuple[str, ...]
    base: str
    rows: pd.DataFrame
    """Rows of the newest delivery that is good."""
    last: datetime
    """The latest time in anything that was delivered or accepted."""


def simulate(home: Home, pipeline: str, fault: SimulatedFault, column: str | None = None) -> list[Written]:
    """Write the batches that show the loop's answer to a fault.

    They are made from the newest good delivery, and happen whole weeks later: when all that was delivered or accepted
    is known. Called again, they happen later still.

    Args:
        home: Landing folder, ledger and store.
        pipeline: Its pipeline.
        fault: What is to be wrong.
        column: The feature that is to be wrong; without it the first that suits.

    Raises:
        LandingFolderMissing: There is no good delivery to start from.
        MistakeOfUser: No feature suits the fault, or the source is no folder of this machine.
    """
    if home.settings(pipeline).ingestion.source.is_elsewhere:
        raise MistakeOfUser(
            f"Batches of {pipeline} come from {source_kinds.of(home, pipeline).where}, into which nothing is ever "
            "written. Give a copy of the pipeline a landing folder to simulate faults."
        )
    landed, written = _look(home, pipeline), []
    for number in range(1, faults.batches(fault) + 1):
        ending = f"{fault}-{number}" if faults.batches(fault) > 1 else str(fault)
        one = _write(home, pipeline, landed, fault, ending, column)
        landed = replace(landed, names=(*landed.names, one.name), last=one.last)
        written.append(one)
    return written


def origin(content: bytes) -> dict[str, str | int] | None:
    """What a simulated file says of itself: fault, base, seed; None for any other."""
    try:
        marked = (pq.read_schema(pa.BufferReader(content)).metadata or {}).get(MARK)
    except (pa.ArrowException, OSError, ValueError):
        return None
    return None if marked is None else dict(json.loads(marked))


# ── what is there ─────────────────────────────────────────────────────────────────────────────────────────────────
def _look(home: Home, pipeline: str) -> _Landed:
    settings = home.settings(pipeline)
    source = source_kinds.of(home, pipeline)
    source.fetch()
    try:
        deliveries = source.look().deliveries
    except LandingFolderMissing:
        deliveries = []
    good, lasts = [], []
    for delivery in deliveries:
        batch = home.ledger.batches.get(pipeline, delivery.digest)
        refused = batch is not None and not batch.is_in
        content = arrivals.content(home, pipeline, delivery)
        simulated = origin(content)
        if refused and not simulated:
            continue
        lasts += list(_times(content, settings))
        if not refused and (simulated is None or simulated["fault"] == SimulatedFault.CONCEPT):
            good.append(delivery)
    accepted = home.ledger.batches.accepted(pipeline)
    lasts += [batch.last_event for batch in accepted if batch.last_event is not None]
    name, rows = _newest(home, pipeline, good)
    names = {delivery.name for delivery in deliveries} | {batch.name for batch in accepted}
    return _Landed(tuple(names), name, rows, max([*lasts, *_of_frame(rows, settings)]))


def _newest(home: Home, pipeline: str, good: list[Delivery]) -> tuple[str, pd.DataFrame]:
    """Name and rows of the newest delivery that can be read; with none, of the newest batch that was accepted."""
    for delivery in reversed(good):
        try:
            return delivery.name, arrivals.read(home, pipeline, delivery)
        except BadInput:
            continue
    accepted = home.ledger.batches.accepted(pipeline)
    if accepted:
        return accepted[-1].name, home.store.read(accepted[-1].accepted_file or "")
    raise LandingFolderMissing(
        f"There is nothing to simulate from: no good delivery is in {home.landing(pipeline)}, and no batch of "
        f"{pipeline} was ever accepted. Put parquet files there first."
    )


def _times(content: bytes, settings: PipelineSettings) -> Iterator[datetime]:
    """The latest of each of the three times in a file; nothing if it cannot be read."""
    try:
        file = pq.ParquetFile(pa.BufferReader(content))
        table = file.read(columns=[name for name in _three(settings) if name in file.schema_arrow.names])
    except (pa.ArrowException, OSError, ValueError):
        return
    for column in table.columns:
        latest = pc.max(column).as_py() if pa.types.is_timestamp(column.type) and column.type.tz else None
        if latest is not None:
            yield latest


def _of_frame(rows: pd.DataFrame, settings: PipelineSettings) -> list[datetime]:
    return [rows[name].max().to_pydatetime() for name in _three(settings) if rows[name].notna().any()]


def _three(settings: PipelineSettings) -> list[str]:
    times = settings.ingestion.times
    return [name for name in (times.event, times.arrival, times.label) if name]


# ── what is made ──────────────────────────────────────────────────────────────────────────────────────────────────
def _write(
    home: Home, pipeline: str, landed: _Landed, fault: SimulatedFault, ending: str, column: str | None
) -> Written:
    """Make one batch and put it into the landing folder, whole or not at all."""
    settings, seed = home.settings(pipeline), home.settings(pipeline).training.seed + len(landed.names)
    damaged = faults.apply(fault, landed.rows, settings, seed, column)
    event = settings.ingestion.times.event
    span = faults.weeks_after(damaged.frame[event].min().to_pydatetime(), landed.last)
    marks: dict[str, str | int] = {"fault": str(fault), "base": landed.base, "seed": seed}
    frame = faults.move(damaged.frame, span)
    content = _as_parquet(frame, marks)
    while home.ledger.batches.get(pipeline, hashlib.sha256(content).hexdigest()) is not None:
        # Such a batch was taken in, and its file removed since: what is known would not be looked at again.
        frame = faults.move(frame, timedelta(weeks=1))
        content = _as_parquet(frame, marks)
    first = frame[event].min().to_pydatetime()
    name = faults.name_after(landed.names, first, ending)
    path = home.landing(pipeline) / f"{name}.parquet"
    files.publish(path, content)
    return Written(name, path, len(frame), landed.base, first, max(_of_frame(frame, settings)), damaged.changed)


def _as_parquet(frame: pd.DataFrame, marks: dict[str, str | int]) -> bytes:
    table = pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(
        {MARK: json.dumps(marks).encode()}
    )
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd", write_page_checksum=True)
    return bytes(sink.getvalue().to_pybytes())
