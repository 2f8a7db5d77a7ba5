"""Rows by reference: the ones that a model learns from and the ones that it is judged on.

Tasks hand each other ids; here an id becomes arrays, read once per process and kept while the turn needs them.
Which rows those are is decided in `windows` and `learning`.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from configs import loader
from configs.errors import InvalidSettings
from configs.ingestion import Times
from configs.settings import PipelineSettings
from tasks.adapters.blobs.bundles import Bundles
from tasks.adapters.blobs.store import Store
from tasks.adapters.cache import Cache
from tasks.domain import pools
from tasks.domain.pools import Pool, Size
from tasks.domain.records import Batch, Model, Snapshot
from tasks.problems import kinds, prediction
from tasks.training import earliness, groups, identities, judged_rows, learned_rows, preparation, selection, windows
from tasks.training.judged_rows import Answered, Judged, Sample
from tasks.training.learned_rows import Window
from tasks.training.selection import Selected
from tasks.training.windows import Plan

T = TypeVar("T")
_KEPT_BYTES = 256 * 2**20


class Rows:
    """Rows of the store, selected and made ready."""

    def __init__(self, store: Store, bundles: Bundles) -> None:
        """Args:
        store: Where accepted rows are.
        bundles: Where models are.
        """
        self._store = store
        self._bundles = bundles
        self._kept: Cache[Any] = Cache(_KEPT_BYTES)
        # One at a time: they are the largest things in memory.
        self._window: Cache[Window] = Cache(0)
        self._reference: Cache[pd.DataFrame] = Cache(0)

    def judged(self, lot: Batch | Pool, cutoff: datetime | None, settings: PipelineSettings) -> Judged:
        """The labelled rows of a batch, or of several that are judged as one, that happened at or after the cut-off."""
        cutoff = _effective(lot, cutoff)
        return self._once(
            _key("judged", settings, *pools.rows_of(lot), cutoff), lambda: self._judged(lot, cutoff, settings)
        )

    def forget(self) -> None:
        """Let go of everything that was kept for the turn."""
        self.end_turn()
        self._reference.forget()

    def end_turn(self) -> None:
        """Let go of what no later turn asks for: it judges other rows, and its models learn from another window."""
        self._kept.forget()
        self._window.forget()

    def count(self, lot: Batch | Pool, cutoff: datetime | None, settings: PipelineSettings) -> Size:
        """How many rows can be judged, how many of them have each answer, and in how many clusters they are."""
        if not lot.has_labels:
            return Size(0, (), 0)
        return self.judged(lot, cutoff, settings).size

    def units(self, lot: Batch | Pool, settings: PipelineSettings) -> tuple[NDArray[np.datetime64], NDArray[Any]]:
        """When each labelled row happened, in UTC, and which cluster it is in."""
        times = settings.ingestion.times
        frames = [self.labelled(batch, None, settings) for batch in _labelled_parts(lot)]
        events = np.concatenate([frame[times.event].to_numpy(dtype="datetime64[us]") for frame in frames])
        clusters = [groups.clusters(frame, times, settings.evaluation.cluster) for frame in frames]
        return events, judged_rows.clusters_together(clusters, settings)

    def latest(self, batch: Batch, settings: PipelineSettings) -> datetime | None:
        """When a batch was there: the last moment at which one of its rows happened or arrived, strays aside."""
        if batch.accepted_file is None:
            return None
        return latest_of(self._frame(batch.accepted_file, settings), settings)

    def sample(self, lot: Batch | Pool, cutoff: datetime | None, settings: PipelineSettings, most: int) -> Sample:
        """Judged rows with all that was delivered; of more than `most` some, by the seed of the settings."""

        def draw() -> Sample:
            frames = [self.labelled(batch, cutoff, settings) for batch in _labelled_parts(lot)]
            rows = pd.concat(frames, ignore_index=True) if len(frames) > 1 else frames[0]
            if len(rows) <= most:
                return Sample(rows, np.arange(len(rows)))
            drawn = np.random.default_rng(settings.training.seed).choice(len(rows), most, replace=False)
            places = np.sort(drawn)
            return Sample(rows.iloc[places].reset_index(drop=True), places)

        return self._once(_key("sample", settings, *pools.rows_of(lot), _effective(lot, cutoff), most), draw)

    def events(self, batch: Batch, settings: PipelineSettings) -> NDArray[np.datetime64]:
        """When the labelled rows of a batch happened, in UTC; rows of which that is not known are left out."""
        frame = self.labelled(batch, None, settings)
        events: NDArray[np.datetime64] = frame[settings.ingestion.times.event].to_numpy(dtype="datetime64[us]")
        return events[~np.isnat(events)]

    def answers(
        self, model: Model, lot: Batch | Pool, cutoff: datetime | None, settings: PipelineSettings
    ) -> NDArray[np.float64]:
        """What a model says about the judged rows, shape (rows,)."""

        def ask() -> NDArray[np.float64]:
            loaded = self._bundles.load(model.bundle, model.golden)
            rows = self.inputs(model, lot, cutoff, settings)
            answers = prediction.predict(loaded, rows, threads=settings.training.threads)
            return preparation.aligned(answers, model.snapshot, settings.training)

        return self._once(_answers_key(model, lot, cutoff, settings), ask)

    def answered(
        self, model: Model, lot: Batch | Pool, cutoff: datetime | None, settings: PipelineSettings
    ) -> Answered | None:
        """The same, to be handed to another process; None if the model was not asked in this one."""
        key = _answers_key(model, lot, cutoff, settings)
        answers = self._kept.get(key)
        return None if answers is None else Answered(key, answers)

    def take_over(self, answered: Answered) -> None:
        """Keep what another process has asked."""
        self._kept.keep(answered.key, answered.answers)

    def inputs(
        self, model: Model, lot: Batch | Pool, cutoff: datetime | None, settings: PipelineSettings
    ) -> pd.DataFrame:
        """The judged rows as a model wants them: it may have been trained when the settings had other features.

        Raises:
            InvalidSettings: It needs a column that the contract has no more.
        """
        prepared, columns = self.judged(lot, cutoff, settings).prepared, settings.validation.columns
        names = preparation.inputs(self._bundles.load(model.bundle, model.golden))
        if names == tuple(prepared.columns):
            return prepared
        gone = [name for name in names if name not in columns]
        if gone:
            raise InvalidSettings(
                f"validation.columns no longer has {', '.join(map(repr, gone))}, on which model {model.id[:12]} was "
                "trained. Keep the column in the contract while that model is live or compared; "
                "training.features alone decides what new models learn from."
            )
        frames = [self.labelled(batch, cutoff, settings) for batch in _labelled_parts(lot)]
        return pd.concat([preparation.prepare(frame, names, columns) for frame in frames], ignore_index=True)

    def select(self, plan: Plan, settings: PipelineSettings) -> Snapshot:
        """The record of the rows of a plan; the rows themselves are kept for the fits that follow."""
        files = tuple(batch.accepted_file for batch in plan.batches if batch.accepted_file)
        times = _times(settings, plan.ignores_arrival)
        parts: list[Selected] = []

        def noted() -> Iterator[Selected]:
            for part in self._parts(files, plan, settings):
                parts.append(replace(part, frame=part.frame[[name for name in (times.event, times.label) if name]]))
                yield part

        identity = identities.snapshot_id(
            files,
            start=plan.start,
            cutoff=plan.cutoff,
            times=times,
            settings=settings.training,
            ignores_labels=plan.ignores_labels,
        )
        window = self._keep_window(identity, noted(), settings)
        events = [part.frame[times.event] for part in parts if len(part.frame)]
        problem, outcomes = kinds.named(settings.training.kind), window.outcomes
        positives, mean = problem.counts(float(outcomes.sum()), len(outcomes))
        waited = np.concatenate([part.waited for part in parts]) if parts else np.empty(0)
        early = None
        if earliness.matters(len(waited), len(window.outcomes)):
            delays = np.concatenate([selection.delays(part.frame, times) for part in parts])
            early = earliness.find(delays, window.outcomes, waited)
        return Snapshot(
            id=identity,
            batches=files,
            start=plan.start,
            cutoff=plan.cutoff,
            rows=len(window.outcomes),
            positives=positives,
            label_mean=mean,
            classes=problem.classes(outcomes.astype(np.float64), settings.training),
            excluded_unlabelled=sum(part.excluded_unlabelled for part in parts),
            excluded_unknown=sum(part.excluded_unknown for part in parts),
            first_event=min(part.min() for part in events).to_pydatetime() if events else None,
            last_event=max(part.max() for part in events).to_pydatetime() if events else None,
            ignores_arrival=plan.ignores_arrival,
            ignores_labels=plan.ignores_labels,
            early=early,
        )

    def learnable(self, plan: Plan, settings: PipelineSettings) -> Size:
        """How much a plan selects to learn from; nothing is prepared or kept for a fit."""
        files = tuple(batch.accepted_file for batch in plan.batches if batch.accepted_file)
        rules, parts = settings.training, self._parts(files, plan, settings)
        outcomes = np.concatenate([np.empty(0), *(preparation.labels(part.frame, rules) for part in parts)])
        return Size(len(outcomes), kinds.named(rules.kind).tally(outcomes, rules.class_names))

    def window(self, snapshot: Snapshot, settings: PipelineSettings) -> Window:
        """What a model learns from; batches that are read only for this are not kept."""
        kept = self._window.get(_key("window", settings, snapshot.id))
        return kept or self._keep_window(snapshot.id, self._parts_of(snapshot, settings, keep=False), settings)

    def reference(
        self, snapshot: Snapshot, settings: PipelineSettings, names: Sequence[str] | None = None
    ) -> pd.DataFrame:
        """Columns of the rows that a model learned from, as they were accepted; by default those that are compared."""
        columns = list(settings.compared if names is None else names)

        def gather() -> pd.DataFrame:
            self._reference.forget()  # before the next one is made
            return pd.concat([part.frame[columns] for part in self._parts_of(snapshot, settings)], ignore_index=True)

        return self._reference.once(_key("reference", settings, snapshot.id, *columns), gather)

    def all_columns(self, snapshot: Snapshot, settings: PipelineSettings) -> Iterator[pd.DataFrame]:
        """The rows of a snapshot with all that was accepted, one batch after the other."""
        return (part.frame for part in self._parts_of(snapshot, settings))

    def _parts_of(self, snapshot: Snapshot, settings: PipelineSettings, *, keep: bool = True) -> Iterator[Selected]:
        return self._parts(snapshot.batches, snapshot, settings, keep=keep)

    def _parts(
        self, files: Sequence[str], span: Plan | Snapshot, settings: PipelineSettings, *, keep: bool = True
    ) -> Iterator[Selected]:
        times, label = _times(settings, span.ignores_arrival), settings.training.label
        # What is split for a first champion is old enough throughout; its older part need not be twice as old.
        maturity = timedelta(0) if span.ignores_arrival else settings.training.maturity
        for file in files:
            yield selection.select(
                self._frame(file, settings, keep=keep),
                times=times,
                label=label,
                start=span.start,
                cutoff=span.cutoff,
                maturity=maturity,
                ignores_labels=span.ignores_labels,
            )

    def _keep_window(self, identity: str, parts: Iterable[Selected], settings: PipelineSettings) -> Window:
        self._window.forget()  # before the next one is made
        window = learned_rows.gathered((part.frame for part in parts), settings)
        self._window.keep(_key("window", settings, identity), window)
        return window

    def _judged(self, lot: Batch | Pool, cutoff: datetime | None, settings: PipelineSettings) -> Judged:
        parts = _labelled_parts(lot)
        ready = [self.ready(self.labelled(batch, cutoff, settings), settings) for batch in parts]
        return judged_rows.together(ready, settings)

    def ready(self, rows: pd.DataFrame, settings: PipelineSettings) -> Judged:
        """Labelled rows, ready to be judged on."""
        return Judged(
            problem=kinds.named(settings.training.kind),
            prepared=preparation.prepare(rows, settings.inputs, settings.validation.columns),
            outcomes=preparation.labels(rows, settings.training),
            clusters=groups.clusters(rows, settings.ingestion.times, settings.evaluation.cluster),
            slices=groups.slice_labels(rows, settings.evaluation.slices, settings.validation.columns),
            classes=settings.training.class_names,
            amounts={name: rows[name].to_numpy("float64", na_value=np.nan) for name in settings.evaluation.amounts},
        )

    def labelled(self, batch: Batch, cutoff: datetime | None, settings: PipelineSettings) -> pd.DataFrame:
        """The rows of a batch that have a label and happened at or after the cut-off, with all columns."""
        frame = self._frame(batch.accepted_file or "", settings)
        chosen, times = frame[settings.training.label].notna(), settings.ingestion.times
        if times.label is not None:
            chosen &= frame[times.label].notna()  # a label of which nobody knows when it was known is not used
        if cutoff is not None:
            chosen &= frame[times.event] >= cutoff
        return frame[chosen].reset_index(drop=True)

    def _frame(self, file: str, settings: PipelineSettings, *, keep: bool = True) -> pd.DataFrame:
        complete = preparation.complete(self._store.read(file, keep=keep), settings.validation.columns)
        return preparation.of_listed_classes(complete, settings.training)

    def _once(self, key: tuple[object, ...], make: Callable[[], T]) -> T:
        made: T = self._kept.once(key, make)
        return made


def _key(kind: str, settings: PipelineSettings, *about: object) -> tuple[object, ...]:
    """What is kept is of one pipeline: another one may look at the same batch with other columns."""
    return kind, loader.settings_hash(settings), *about


def _answers_key(
    model: Model, lot: Batch | Pool, cutoff: datetime | None, settings: PipelineSettings
) -> tuple[object, ...]:
    return _key("answers", settings, model.id, *pools.rows_of(lot), _effective(lot, cutoff))


def _times(settings: PipelineSettings, ignores_arrival: bool) -> Times:
    """The times that matter to a selection; those of labels do not, if what is split has had time for them all."""
    times = settings.ingestion.times
    if not ignores_arrival:
        return times
    gone = ("arrival", "label") if settings.training.maturity else ("arrival",)
    return times.model_copy(update=dict.fromkeys(gone))


def _effective(lot: Batch | Pool, cutoff: datetime | None) -> datetime | None:
    """None if the cut-off leaves all rows, so that both ways to say so are one."""
    whole = cutoff is None or (lot.first_event is not None and cutoff <= lot.first_event)
    return None if whole else cutoff


def _labelled_parts(lot: Batch | Pool) -> list[Batch]:
    """The batches with labels; the last one if none has any."""
    batches = pools.parts(lot)
    return [batch for batch in batches if batch.has_labels] or list(batches[-1:])


def latest_of(frame: "pd.DataFrame", settings: PipelineSettings) -> datetime | None:
    """When rows were there: the last moment at which one of them happened or arrived, strays aside."""
    times = settings.ingestion.times
    columns = [frame[name].dropna() for name in (times.event, times.arrival) if name]
    ends = [windows.end_of(column.to_numpy(dtype="datetime64[us]")) for column in columns]
    return max((end for end in ends if end is not None), default=None)
