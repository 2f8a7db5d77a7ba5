"""Rows by reference: the ones that a model learns from and the ones that it is judged on.

Tasks hand each other ids; here an id becomes arrays, read once per process and kept while the turn needs them.
Which rows those are is decided in the core.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from configs import loader
from configs.errors import InvalidSettings
from configs.ingestion import Times
from configs.settings import PipelineSettings
from tasks.adapters.bundles import Bundles
from tasks.adapters.store import Store
from tasks.core import evaluation, training
from tasks.core.outcomes import Outcomes
from tasks.core.records import Batch, Model, Snapshot
from tasks.core.training import Selected
from tasks.core.windows import Plan

T = TypeVar("T")
_KEPT = 24


@dataclass(frozen=True)
class Judged:
    """The labelled rows of a batch on which models are compared; all arrays have one entry per row."""

    prepared: pd.DataFrame
    outcomes: Outcomes
    clusters: NDArray[Any]
    slices: dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Window:
    """What a model learns from."""

    prepared: pd.DataFrame
    outcomes: Outcomes


class Rows:
    """Rows of the store, selected and made ready."""

    def __init__(self, store: Store, bundles: Bundles) -> None:
        """Args:
        store: Where accepted rows are.
        bundles: Where models are.
        """
        self._store = store
        self._bundles = bundles
        self._kept: OrderedDict[tuple[object, ...], Any] = OrderedDict()

    def judged(self, batch: Batch, cutoff: datetime | None, settings: PipelineSettings) -> Judged:
        """The labelled rows of a batch that happened at or after the cut-off."""
        cutoff = _effective(batch, cutoff)
        return self._once(_key("judged", settings, batch.id, cutoff), lambda: self._judged(batch, cutoff, settings))

    def forget(self) -> None:
        """Let go of everything that was kept for the turn."""
        self._kept.clear()

    def count(self, batch: Batch, cutoff: datetime | None, settings: PipelineSettings) -> tuple[int, int | None]:
        """How many rows can be judged, and how many of them are positive (None where the label is a number)."""
        is_number = settings.training.problem == "regression"
        if not batch.has_labels:
            return 0, None if is_number else 0
        outcomes = self.judged(batch, cutoff, settings).outcomes
        return len(outcomes), None if is_number else int(outcomes.sum())

    def events(self, batch: Batch, settings: PipelineSettings) -> NDArray[np.datetime64]:
        """When the labelled rows of a batch happened, in UTC; rows of which that is not known are left out."""
        frame = self._labelled(batch, None, settings)
        events: NDArray[np.datetime64] = frame[settings.ingestion.times.event].to_numpy(dtype="datetime64[us]")
        return events[~np.isnat(events)]

    def answers(
        self, model: Model, batch: Batch, cutoff: datetime | None, settings: PipelineSettings
    ) -> NDArray[np.float64]:
        """What a model says about the judged rows, shape (rows,)."""

        def ask() -> NDArray[np.float64]:
            loaded = self._bundles.load(model.bundle, model.golden)
            rows = self.inputs(model, batch, cutoff, settings)
            return training.predict(loaded, rows, threads=settings.training.threads)

        return self._once(_key("answers", settings, model.id, batch.id, _effective(batch, cutoff)), ask)

    def inputs(self, model: Model, batch: Batch, cutoff: datetime | None, settings: PipelineSettings) -> pd.DataFrame:
        """The judged rows as a model wants them: it may have been trained when the settings had other features.

        Raises:
            InvalidSettings: It needs a column that the contract has no more.
        """
        prepared, columns = self.judged(batch, cutoff, settings).prepared, settings.validation.columns
        names = training.inputs(self._bundles.load(model.bundle, model.golden))
        if names == tuple(prepared.columns):
            return prepared
        gone = [name for name in names if name not in columns]
        if gone:
            raise InvalidSettings(
                f"validation.columns no longer has {', '.join(map(repr, gone))}, on which model {model.id[:12]} was "
                "trained. Keep the column in the contract while that model is live or compared; "
                "training.features alone decides what new models learn from."
            )
        return training.prepare(self._labelled(batch, cutoff, settings), names, columns)

    def select(self, plan: Plan, settings: PipelineSettings) -> Snapshot:
        """The record of the rows of a plan; the rows themselves are kept for the fits that follow."""
        files = tuple(batch.accepted_file for batch in plan.batches if batch.accepted_file)
        event = settings.ingestion.times.event
        times = _times(settings, plan.ignores_arrival)
        parts = list(self._parts(files, plan.start, plan.cutoff, times, settings))
        events = [part.frame[event] for part in parts if len(part.frame)]
        identity = training.snapshot_id(
            files, start=plan.start, cutoff=plan.cutoff, times=times, settings=settings.training
        )
        window, is_number = self._keep_window(identity, parts, settings), settings.training.problem == "regression"
        return Snapshot(
            id=identity,
            batches=files,
            start=plan.start,
            cutoff=plan.cutoff,
            rows=len(window.outcomes),
            positives=0 if is_number else int(window.outcomes.sum()),
            label_mean=float(window.outcomes.mean()) if is_number and len(window.outcomes) else None,
            excluded_unlabelled=sum(part.excluded_unlabelled for part in parts),
            excluded_unknown=sum(part.excluded_unknown for part in parts),
            first_event=min(part.min() for part in events).to_pydatetime() if events else None,
            last_event=max(part.max() for part in events).to_pydatetime() if events else None,
            ignores_arrival=plan.ignores_arrival,
        )

    def window(self, snapshot: Snapshot, settings: PipelineSettings) -> Window:
        """What a model learns from; batches that are read only for this are not kept."""
        key = _key("window", settings, snapshot.id)
        if key not in self._kept:
            return self._keep_window(snapshot.id, self._parts_of(snapshot, settings, keep=False), settings)
        found: Window = self._kept[key]
        return found

    def reference(self, snapshot: Snapshot, settings: PipelineSettings) -> pd.DataFrame:
        """The inputs that a model learned from, as they were accepted."""

        def gather() -> pd.DataFrame:
            columns = list(settings.training.features)
            return pd.concat([part.frame[columns] for part in self._parts_of(snapshot, settings)], ignore_index=True)

        return self._once(_key("reference", settings, snapshot.id), gather)

    def _parts_of(self, snapshot: Snapshot, settings: PipelineSettings, *, keep: bool = True) -> Iterator[Selected]:
        times = _times(settings, snapshot.ignores_arrival)
        return self._parts(snapshot.batches, snapshot.start, snapshot.cutoff, times, settings, keep=keep)

    def _parts(
        self,
        files: Sequence[str],
        start: datetime | None,
        cutoff: datetime,
        times: Times,
        settings: PipelineSettings,
        *,
        keep: bool = True,
    ) -> Iterator[Selected]:
        for file in files:
            frame = self._frame(file, settings, keep=keep)
            yield training.select(frame, times=times, label=settings.training.label, start=start, cutoff=cutoff)

    def _keep_window(self, identity: str, parts: Iterable[Selected], settings: PipelineSettings) -> Window:
        for key in [key for key in self._kept if key[0] == "window"]:
            del self._kept[key]  # one window at a time: it is the largest thing in memory
        features, columns = settings.training.features, settings.validation.columns
        prepared: list[pd.DataFrame] = []
        outcomes: list[NDArray[Any]] = []
        for part in parts:
            prepared.append(training.prepare(part.frame, features, columns))
            outcomes.append(training.labels(part.frame, settings.training))
        window = Window(pd.concat(prepared, ignore_index=True), np.concatenate(outcomes))
        self._kept[_key("window", settings, identity)] = window
        return window

    def _judged(self, batch: Batch, cutoff: datetime | None, settings: PipelineSettings) -> Judged:
        rows = self._labelled(batch, cutoff, settings)
        training_settings = settings.training
        return Judged(
            prepared=training.prepare(rows, training_settings.features, settings.validation.columns),
            outcomes=training.labels(rows, training_settings),
            clusters=evaluation.clusters(rows, settings.ingestion.times, settings.evaluation.cluster),
            slices=evaluation.slice_labels(rows, settings.evaluation.slices, settings.validation.columns),
        )

    def _labelled(self, batch: Batch, cutoff: datetime | None, settings: PipelineSettings) -> pd.DataFrame:
        frame = self._frame(batch.accepted_file or "", settings)
        chosen, times = frame[settings.training.label].notna(), settings.ingestion.times
        if times.label is not None:
            chosen &= frame[times.label].notna()  # a label of which nobody knows when it was known is not used
        if cutoff is not None:
            chosen &= frame[times.event] >= cutoff
        return frame[chosen].reset_index(drop=True)

    def _frame(self, file: str, settings: PipelineSettings, *, keep: bool = True) -> pd.DataFrame:
        return training.complete(self._store.read(file, keep=keep), settings.validation.columns)

    def _once(self, key: tuple[object, ...], make: Callable[[], T]) -> T:
        if key not in self._kept:
            self._kept[key] = make()
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        found: T = self._kept[key]
        return found


def _key(kind: str, settings: PipelineSettings, *about: object) -> tuple[object, ...]:
    """What is kept is of one pipeline: another one may look at the same batch with other columns."""
    return kind, loader.settings_hash(settings), *about


def _times(settings: PipelineSettings, ignores_arrival: bool) -> Times:
    times = settings.ingestion.times
    return times.model_copy(update={"arrival": None}) if ignores_arrival else times


def _effective(batch: Batch, cutoff: datetime | None) -> datetime | None:
    """None if the cut-off leaves the whole batch, so that both ways to say so are one."""
    whole = cutoff is None or (batch.first_event is not None and cutoff <= batch.first_event)
    return None if whole else cutoff
