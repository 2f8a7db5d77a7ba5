"""Fits candidates: rows by reference in, a published bundle and its record out.

What is learned and how belongs to the core; here are the clock, the files and the provenance.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from configs import loader
from configs.errors import BundleRefused
from configs.settings import PipelineSettings
from configs.training import Candidate
from tasks.adapters import failpoints, provenance
from tasks.adapters.home import Home
from tasks.core import evaluation, families, training, windows
from tasks.core.promotion import BundleFacts
from tasks.core.records import Batch, Model, Snapshot
from tasks.core.turns import TurnRef
from tasks.core.windows import Opening, Plan

if TYPE_CHECKING:
    import pandas as pd
    from sklearn.pipeline import Pipeline as SklearnPipeline

    from tasks.adapters.bundles import Bundles

_ANSWERS = 5


@dataclass(frozen=True)
class Order:
    """One candidate to be fitted on one snapshot."""

    model: str
    """Id that the model will have."""
    candidate: Candidate
    snapshot: Snapshot


def plan(home: Home, turn: TurnRef, batch: Batch) -> Plan | None:
    """What a probe for this batch learns from: all of the window before it, or the older part of the first batch."""
    pipeline = turn.pipeline
    settings = home.settings(pipeline)
    accepted = home.ledger.batches.accepted(pipeline)
    found = windows.before(batch, accepted, settings.training.window, opening(home, turn, batch).moment)
    if found is not None or batch.accepted_file is None or home.ledger.promotions.before(pipeline, turn.number):
        return found
    frame = home.store.read(batch.accepted_file)
    clusters = evaluation.clusters(frame, settings.ingestion.times, settings.evaluation.cluster)
    events = frame[settings.ingestion.times.event].to_numpy(dtype="datetime64[us]")
    moment = windows.split_moment(events, clusters, settings.training.first_model_share)
    return None if moment is None else windows.within(batch, moment)


def opening(home: Home, turn: TurnRef, batch: Batch) -> Opening:
    """From when on the rows of a batch are judged; those from before the end of what was judged by then are not."""
    settings, first = home.settings(turn.pipeline), batch.first_event
    judged = home.ledger.batches.judged(turn.pipeline, before=turn.number)
    if first is None or all(one.last_event is None or one.last_event <= first for one in judged):
        return Opening(first)
    end = _end(home, judged, settings)
    if end is None or end <= first:
        return Opening(first)
    moment = windows.first_from(home.rows.events(batch, settings), end)
    (rows, _), (of_all, _) = (home.rows.count(batch, since, settings) for since in (moment, None))
    return Opening(moment, of_all - rows, late=rows < settings.training.min_rows)


def _end(home: Home, judged: Sequence[Batch], settings: PipelineSettings) -> datetime | None:
    """The end of what was judged; a batch is read only if it can be the one that went furthest."""
    end: datetime | None = None
    for batch in sorted(judged, key=lambda one: str(one.last_event), reverse=True):
        if end is None or (batch.last_event is not None and batch.last_event > end):
            found = windows.end_of(home.rows.events(batch, settings))
            end = max((one for one in (end, found) if one is not None), default=None)
    return end


def order(settings: PipelineSettings, snapshot: Snapshot, family: str) -> Order:
    """What to fit, under the id that the model will have."""
    candidate = next(one for one in settings.training.candidates if one.family == family)
    columns, lock = settings.validation.columns, provenance.lock_hash()
    return Order(training.model_id(snapshot.id, candidate, settings.training, columns, lock), candidate, snapshot)


def fit(home: Home, order: Order, settings: PipelineSettings, into: "Bundles | None" = None) -> Model:
    """Fit, publish the bundle with its golden batch, and return the record; nothing is committed yet.

    Args:
        home: Rows, and the folder of bundles.
        order: What is to be fitted.
        settings: Those of the pipeline.
        into: Another folder to publish in, for a model that is made again only to be compared.
    """
    rows, learning = home.rows.window(order.snapshot, settings), settings.training
    candidate = families.sized(order.candidate, len(rows.prepared), learning.problem)
    unfitted = families.build(
        candidate, learning.features, settings.validation.columns, learning.seed, learning.problem
    )
    began = time.perf_counter()
    fitted = training.fit(unfitted, rows.prepared, rows.outcomes, threads=learning.threads)
    seconds = time.perf_counter() - began
    golden = training.golden(rows.prepared)
    written = (into or home.bundles).write(fitted, golden, training.predict(fitted, golden, threads=learning.threads))
    failpoints.reach("bundle-published")
    return Model(
        id=order.model,
        family=order.candidate.family,
        snapshot=order.snapshot,
        settings_hash=loader.settings_hash(settings),
        seed=learning.seed,
        code_version=provenance.code_version(),
        lock_hash=provenance.lock_hash(),
        parameters=training.parameters(candidate),
        base_rate=_base_rate(order.snapshot),
        bundle=written.bundle,
        bundle_bytes=written.bytes,
        golden=written.golden,
        fit_seconds=round(seconds, 3),
    )


def _base_rate(snapshot: Snapshot) -> float:
    return snapshot.positives / snapshot.rows if snapshot.label_mean is None else snapshot.label_mean


def inspect(home: Home, model: Model, settings: PipelineSettings) -> BundleFacts:
    """Load a bundle as serving would (from its bytes, once per process), and time the answer to one row.

    The time is the processor time of the quickest of five answers: what the model costs, not how busy the machine is.
    """
    size = model.bundle_bytes / 1e6
    try:
        loaded = home.bundles.load(model.bundle, model.golden)
    except BundleRefused as problem:
        return BundleFacts(size, 0.0, str(problem))
    row = home.rows.window(model.snapshot, settings).prepared.iloc[:1]
    return BundleFacts(size, min(_answer_seconds(loaded, row) for _ in range(_ANSWERS)) * 1000)


def _answer_seconds(loaded: "SklearnPipeline", row: "pd.DataFrame") -> float:
    began = time.thread_time()
    training.predict(loaded, row)
    return time.thread_time() - began
