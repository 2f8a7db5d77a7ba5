"""Labels that come later are laid over their rows: a batch is labelled when all are there or their horizon has passed.

What was there is never changed: rows with labels are a file of their own, and snapshots name the file that they
selected from. Which label a row has is decided in `overlay`.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from configs import label_source
from configs.settings import PipelineSettings
from tasks.adapters import failpoints
from tasks.adapters.home import Home
from tasks.domain import late_labels
from tasks.domain.records import Batch
from tasks.domain.turns import TurnRef
from tasks.ingestion import columns
from tasks.training import overlay, windows
from tasks.training.overlay import Labels
from tasks.training.steps import handles
from tasks.validation import batches, label_rows
from tasks.validation.steps import label_intake


def settle(home: Home, turn: TurnRef, batch: Batch) -> Batch:
    """Give rows the labels that have come by this turn; returns its batch as it then is.

    A batch that awaits labels stays as it is until all are there, or until it is older than their horizon. Done a
    second time in a turn, it changes nothing.
    """
    settings = home.settings(turn.pipeline)
    if settings.ingestion.labels is None or not batch.is_in:
        return batch
    labels = _Labels(home, turn, settings)
    labels.date(batch)
    moment = _moment(home, batch, labels.deliveries, settings)
    corrected = 0
    for rows in home.ledger.batches.accepted(turn.pipeline):
        touched = batch.id == rows.id or (batch.labels is not None and labels.touch(rows, batch))
        if touched or (rows.awaits and _is_due(home, rows, moment, settings)):
            corrected += labels.lay_over(rows, moment, batch)
    labels.count(batch, corrected + labels.replaced())
    return home.ledger.batches.get(turn.pipeline, batch.id) or batch


def labelled(home: Home, pipeline: str, rows: Batch, deliveries: Sequence[Batch], *, replaces: bool) -> pd.DataFrame:
    """The rows of a batch with the labels of these deliveries, as they are made: for who checks what is stored.

    Args:
        home: Store and settings.
        pipeline: Its pipeline.
        rows: The batch as it was before.
        deliveries: Labels that had come.
        replaces: Whether labels were corrected.
    """
    settings = home.settings(pipeline)
    return _Labels(home, TurnRef(pipeline, 0, "", ""), settings, deliveries).over(rows, replaces=replaces).frame


class _Labels:
    """Labels that were taken in, to be laid over rows in a turn."""

    def __init__(
        self, home: Home, turn: TurnRef, settings: PipelineSettings, deliveries: Sequence[Batch] | None = None
    ) -> None:
        self._home, self._turn, self._settings = home, turn, settings
        self._read = home.settings(label_source.named(turn.pipeline))
        self._key = label_source.key(settings)
        self._in_order = dict[str, NDArray[np.uint64]]()
        self.deliveries = label_intake.taken(home, turn.pipeline) if deliveries is None else deliveries
        self._replaces = settings.ingestion.labels is not None and settings.ingestion.labels.corrected == "rejudge"

    def date(self, batch: Batch) -> None:
        """Note until when a delivery of labels tells of them, by their own times."""
        time = self._read.ingestion.times.label
        if batch.labels is None or batch.labels.file is None or batch.labels.until is not None or time is None:
            return
        known = self._home.store.read(batch.labels.file)[time].to_numpy(dtype="datetime64[us]")
        dated = replace(batch, labels=replace(batch.labels, until=windows.end_of(known)))
        self._home.ledger.batches.relabel(self._turn.pipeline, dated)
        failpoints.reach("labels-counted")
        self.deliveries = label_intake.taken(self._home, self._turn.pipeline)

    def keys(self, batch: Batch) -> NDArray[np.uint64]:
        """Hashes of the keys of its rows, or of its labels, in their order."""
        file = batch.labels.file if batch.labels else late_labels.file_of_keys(batch)
        return label_intake.keys(self._home, file, self._key) if file else np.zeros(0, dtype=np.uint64)

    def in_order(self, batch: Batch) -> NDArray[np.uint64]:
        """The same hashes, the smallest first."""
        if batch.id not in self._in_order:
            self._in_order[batch.id] = np.sort(self.keys(batch))
        return self._in_order[batch.id]

    def touch(self, rows: Batch, delivery: Batch) -> bool:
        """Whether labels of a delivery are of rows of a batch."""
        return bool(label_rows.among(self.in_order(delivery), self.in_order(rows)).any())

    def over(self, rows: Batch, *, replaces: bool) -> overlay.Overlaid:
        """Its rows with all labels that are theirs."""
        settings, (label, known) = self._settings, self._settings.late_labels
        frame = self._home.store.read(rows.accepted_file or "")
        frame = columns.with_late(frame, settings.late_labels, settings.validation)
        own = [self._of(one) for one in self.deliveries if self.touch(rows, one)]
        kind = settings.validation.columns[label].type
        return overlay.lay(frame, self.keys(rows), own, label, known, kind, replaces=replaces)

    def lay_over(self, rows: Batch, moment: datetime | None, delivery: Batch) -> int:
        """Give a batch its labels, if it is time; how many of a delivery differ from those that are used, and stay so.

        A label of rows that wait was not used yet.
        """
        laid = self.over(rows, replaces=self._replaces and not rows.awaits)
        is_due = laid.labelled == rows.accepted or (
            laid.labelled > 0 and _is_due(self._home, rows, moment, self._settings)
        )
        if rows.awaits and not is_due:
            if laid.labelled != rows.there:
                self._home.ledger.batches.relabel(self._turn.pipeline, replace(rows, there=laid.labelled))
                failpoints.reach("labels-counted")
            return 0
        replaced = int(laid.differing.sum()) if self._replaces and not rows.awaits else 0
        if laid.added or rows.awaits or replaced:
            self._publish(rows, laid, replaced)
        if replaced or delivery.labels is None:
            return 0
        return int(label_rows.among(np.sort(self.keys(rows)[laid.differing]), self.in_order(delivery)).sum())

    def replaced(self) -> int:
        """How many labels were replaced in this turn."""
        rows, turn = self._home.ledger.batches.accepted(self._turn.pipeline), self._turn.number
        return sum(one.corrected for batch in rows for one in batch.superseded if one.until == turn)

    def _publish(self, rows: Batch, laid: overlay.Overlaid, replaced: int) -> None:
        file = self._home.store.write(laid.frame)
        failpoints.reach("rows-labelled")
        counted = batches.of_labels(laid.frame, self._settings)
        now = replace(rows, accepted_file=file, awaits=False, there=laid.labelled, **counted)
        now = replace(now, superseded=late_labels.superseded(rows, self._turn.number, corrected=replaced))
        self._home.ledger.batches.relabel(self._turn.pipeline, now)
        failpoints.reach("labels-settled")

    def count(self, batch: Batch, corrected: int) -> None:
        """Note of each delivery how many of its labels still wait for their rows."""
        rows = self._home.ledger.batches.accepted(self._turn.pipeline)
        for one in self.deliveries:
            assert one.labels is not None
            if one.id != batch.id and not one.labels.unknown:
                continue
            waits = self.in_order(one)
            for other in rows if len(waits) else ():
                waits = waits[~label_rows.among(waits, self.in_order(other))]
            differing = corrected if one.id == batch.id else one.labels.corrected
            now = replace(
                one.labels, unknown=len(waits), corrected=differing, replaced=self._replaces and differing > 0
            )
            if now != one.labels:
                self._home.ledger.batches.relabel(self._turn.pipeline, replace(one, labels=now))
                failpoints.reach("labels-counted")

    def _of(self, delivery: Batch) -> Labels:
        assert delivery.labels is not None and delivery.labels.file is not None
        frame = self._home.store.read(delivery.labels.file)
        time = self._read.ingestion.times.label
        known = frame[time] if time else pd.Series(pd.Timestamp(delivery.labels.until), index=frame.index)
        return Labels(self.keys(delivery), frame[self._read.training.label], known)


def _moment(home: Home, batch: Batch, deliveries: Sequence[Batch], settings: PipelineSettings) -> datetime | None:
    """Until when there are rows, or labels, by their own times."""
    ends = [one.labels.until for one in deliveries if one.labels]
    ends += [handles.rows(home).latest(batch, settings)] if batch.labels is None else []
    return max((end for end in ends if end is not None), default=None)


def _is_due(home: Home, rows: Batch, moment: datetime | None, settings: PipelineSettings) -> bool:
    """Whether all rows of a batch, strays aside, are older than their labels may take."""
    labels = settings.ingestion.labels
    if labels is None or labels.horizon is None or moment is None or rows.first_event is None:
        return False
    horizon = timedelta(days=labels.horizon)
    if rows.first_event + horizon > moment:
        return False
    events = home.store.read(rows.accepted_file or "")[settings.ingestion.times.event].dropna()
    end = windows.end_of(events.to_numpy(dtype="datetime64[us]"))
    return end is not None and end + horizon <= moment
