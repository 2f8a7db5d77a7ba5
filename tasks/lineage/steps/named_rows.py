"""What people call rows by, and the rows: those that a version or a snapshot learned from, those of a batch.

Add here a name under which rows can be asked for. `diff`, `sql`, `profile` and notebooks all ask here.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from configs import label_source
from configs.errors import BadInput, MistakeOfUser
from configs.settings import PipelineSettings
from configs.validation import RESERVED
from tasks.adapters import lookup
from tasks.adapters.blobs import layout
from tasks.adapters.home import Home
from tasks.domain import late_labels
from tasks.domain.records import Batch, BatchStatus, Model, Snapshot
from tasks.ingestion.formats import decoding
from tasks.training.steps import handles, kept_settings

if TYPE_CHECKING:
    import pandas as pd

_VERSION = re.compile(r"v\d{1,9}", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True)
class Named:
    """Rows that have a name, before any of them is read."""

    title: str
    """`v7`, `batch 2013-03` or `snapshot 1a2b3c4d5e6f`."""
    settings: PipelineSettings
    """With which a snapshot was selected; those of now for a batch."""
    version: int | None = None
    model: Model | None = None
    snapshot: Snapshot | None = None
    batch: Batch | None = None

    @property
    def slug(self) -> str:
        """Its name within the name of a file: `v7`, `batch-1a2b3c4d5e6f`."""
        if self.version is not None:
            return f"v{self.version}"
        return f"{'batch' if self.batch else 'snapshot'}-{self.identity[1][:12]}"

    @property
    def identity(self) -> tuple[int | None, str]:
        """What it is, whatever it is called."""
        return self.version, self.batch.id if self.batch else self.snapshot.id if self.snapshot else ""


def find(home: Home, pipeline: str, name: str) -> Named:
    """What a name stands for: `v7`, a batch by its name or digest, a snapshot by its id or the beginning of it.

    Raises:
        MistakeOfUser: It stands for nothing, or for several things.
    """
    wanted = name.strip()
    if _VERSION.fullmatch(wanted):
        number = lookup.version(wanted)
        model = lookup.model(home, pipeline, number)
        return Named(f"v{number}", _settings(home, pipeline, model), number, model, model.snapshot)
    snapshots = lookup.snapshots(home, pipeline, wanted)
    try:
        batch = lookup.batch(home, pipeline, wanted)
    except MistakeOfUser as problem:
        if len(snapshots) == 1:
            return _of_snapshot(home, pipeline, snapshots[0])
        ids = f" {len(snapshots)} snapshots begin so; name more of its id." if snapshots else ""
        raise MistakeOfUser(f"{problem}{ids} A version is written as v7, a snapshot by its id.") from problem
    return Named(f"batch {batch.name}", home.settings(pipeline), batch=batch)


def frame(home: Home, pipeline: str, named: Named, *, delivered: bool = False) -> "pd.DataFrame":
    """All of them in one frame, which must not be changed; raises as `parts` does."""
    import pandas as pd

    rows = list(parts(home, pipeline, named, delivered=delivered))
    return rows[0] if len(rows) == 1 else pd.concat(rows, ignore_index=True)


def parts(home: Home, pipeline: str, named: Named, *, delivered: bool = False) -> Iterator["pd.DataFrame"]:
    """The rows, batch after batch, with all their columns.

    Args:
        home: Ledger and store.
        pipeline: Its pipeline.
        named: What `find` gave.
        delivered: Of a batch all rows that came: also those that were set aside, and those of one that is not in.

    Raises:
        MistakeOfUser: A batch has no accepted rows, or what came is no rows.
        Damaged: Rows are gone, or are not as they were written.
    """
    if named.snapshot is not None:
        yield from handles.rows(home).all_columns(named.snapshot, named.settings)
    elif named.batch is not None and delivered:
        yield from _delivered(home, pipeline, named.batch)
    elif named.batch is not None:
        file = named.batch.labels.file if named.batch.labels else named.batch.accepted_file
        if file is None:
            raise MistakeOfUser(_has_none(named.batch))
        yield home.store.read(file)


def _settings(home: Home, pipeline: str, model: Model) -> PipelineSettings:
    return kept_settings.readable(home, pipeline, model) or home.settings(pipeline)


def _of_snapshot(home: Home, pipeline: str, snapshot: Snapshot) -> Named:
    """With the settings of a model that was fitted on it, if there is one."""
    model = next((one for one in home.ledger.models.all(pipeline) if one.snapshot.id == snapshot.id), None)
    settings = _settings(home, pipeline, model) if model else home.settings(pipeline)
    return Named(f"snapshot {snapshot.id[:12]}", settings, snapshot=snapshot)


def _has_none(batch: Batch) -> str:
    why = "was refused" if batch.status is BatchStatus.REFUSED else "has no accepted rows"
    return f"Batch {batch.name} {why}: it has no rows to look at. `diff --delivered` takes all that came."


def _delivered(home: Home, pipeline: str, batch: Batch) -> Iterator["pd.DataFrame"]:
    then = late_labels.as_taken_in(batch)
    kept = batch.labels.file if batch.labels else then.accepted_file
    files = [file for file in (kept, then.aside_file) if file is not None]
    if batch.status is BatchStatus.ACCEPTED:
        yield from (home.store.read(file).drop(columns=list(RESERVED), errors="ignore") for file in files)
        return
    if batch.aside_file is None:
        raise MistakeOfUser(f"The bytes of batch {batch.name} were not kept: it has no rows to look at.")
    home.store.check_original(batch.aside_file)
    settings = home.settings(label_source.named(pipeline) if batch.labels is not None else pipeline)
    content = home.blobs.get(layout.refused(batch.aside_file))
    try:
        yield decoding.decode(content, settings.ingestion, settings.validation, late=settings.late_columns)
    except BadInput as problem:
        raise MistakeOfUser(f"The rows of batch {batch.name} cannot be read: {problem}") from problem
