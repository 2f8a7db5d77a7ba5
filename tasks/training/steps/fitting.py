"""Fits candidates: rows by reference in, a published bundle and its record out.

What is learned and how is said in `learning`; here are the clock, the files and the provenance.
"""

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from configs import loader
from configs.candidates import Window as Span
from configs.errors import BundleRefused, InvalidSettings
from configs.settings import PipelineSettings
from configs.training import Candidate, TrainingSettings
from tasks.adapters import failpoints, provenance
from tasks.adapters.home import Home
from tasks.domain import pools
from tasks.domain.pools import Asked, Pool, Size
from tasks.domain.records import Batch, BundleFacts, Model, Snapshot
from tasks.domain.turns import TurnRef
from tasks.features import assembly
from tasks.problems import kinds, prediction
from tasks.training import identities, windows
from tasks.training import learning as training
from tasks.training.estimators import families
from tasks.training.steps import handles, pipelines
from tasks.training.windows import Opening, Plan

if TYPE_CHECKING:
    import pandas as pd
    from sklearn.pipeline import Pipeline as SklearnPipeline

    from tasks.adapters.blobs.bundles import Bundles
    from tasks.training.learned_rows import Window

_ANSWERS = 5
_MOST_ROWS = 2_000
"""Rows of training on which a model says what it loses there."""


@dataclass(frozen=True)
class Order:
    """One candidate to be fitted on one snapshot."""

    model: str
    """Id that the model will have."""
    candidate: Candidate
    snapshot: Snapshot
    recipe: int
    """How rows become a model."""
    earlier: str
    """Id that it had in versions that knew one recipe only."""


def pool(home: Home, turn: TurnRef, batch: Batch) -> Pool:
    """What is judged in the turn of a batch: it and those that were too short before it; at first, all there is."""
    found = _together(home, turn, batch)
    return replace(found, turn=batch.id)


def _together(home: Home, turn: TurnRef, batch: Batch) -> Pool:
    if not home.ledger.promotions.before(turn.pipeline, turn.number):
        taken_in = home.ledger.batches.taken_in(turn.pipeline, turn.number)
        return Pool(tuple(_mature(home, turn.pipeline, taken_in, batch)) or _alone(home, turn, batch), None)
    found = _pooled(home, turn.pipeline, turn.number, batch)
    if found is None and (batch.awaits or batch.labels is not None):
        return Pool((), None)  # nothing is there to be judged
    return found or Pool(_alone(home, turn, batch), opening(home, turn, batch).moment)


def _alone(home: Home, turn: TurnRef, batch: Batch) -> tuple[Batch, ...]:
    """The batch of a turn by itself, unless it is younger than its labels must be."""
    return tuple(_mature(home, turn.pipeline, [batch], batch))


def _mature(
    home: Home, pipeline: str, batches: Sequence[Batch], now: Batch | None, moment: datetime | None = None
) -> list[Batch]:
    """Those whose rows are all as old as `training.mature_after` asks, strays aside, when the batch `now` came in.

    A later moment counts, where rows that are not taken in yet are there until then.
    """
    settings, batches = home.settings(pipeline), [one for one in batches if one.labels is None and not one.awaits]
    if not settings.training.maturity:
        return batches
    came = [handles.rows(home).latest(one, settings) for one in ([now] if now and now.labels is None else batches)]
    came += [now.labels.until] if now and now.labels else []
    latest = max((one for one in (*came, moment) if one is not None), default=None)
    ends = {one: windows.end_of(handles.rows(home).events(one, settings)) for one in batches if one.has_labels}
    return [one for one, end in ends.items() if end and latest and end + settings.training.maturity <= latest]


def waiting(home: Home, pipeline: str, moment: datetime | None = None) -> Pool | None:
    """The batches that have been taken in and wait to be judged as one, with more to come; None if there are none.

    Args:
        home: Ledger and rows.
        pipeline: Its pipeline.
        moment: Until when there are rows, if more than were taken in; with it, more may be old enough.
    """
    numbers = [row["number"] for row in home.ledger.turns.all(pipeline)]
    return _pooled(home, pipeline, max(numbers, default=0) + 1, None, moment)


def _pooled(home: Home, pipeline: str, turn: int, batch: Batch | None, moment: datetime | None = None) -> Pool | None:
    """Those that wait when a turn begins, with its batch; None if there is nothing but that."""
    settings, judged = home.settings(pipeline), home.ledger.batches.judged(pipeline, before=turn)
    done = {one.id for one in judged} | ({batch.id} if batch else set())
    taken_in = home.ledger.batches.taken_in(pipeline, turn)
    waits = _mature(home, pipeline, [one for one in taken_in if one.id not in done], batch, moment)
    batch = batch if batch is not None and _mature(home, pipeline, [batch], batch) else None
    live = home.ledger.promotions.before(pipeline, turn)
    model = home.ledger.models.get(pipeline, live[-1].model) if waits and live else None
    if not live:
        return None
    ends = (_end(home, judged, settings), model.snapshot.cutoff if model else None) if waits else ()
    begins = {one: windows.begin(handles.rows(home).events(one, settings), *ends) for one in waits}
    if batch is not None and waits:
        begins[batch] = windows.begin(handles.rows(home).events(batch, settings), *ends) if batch.has_labels else None
    whole = windows.pooled(batch, begins)
    return None if whole is None else _learnable(home, pipeline, whole, begins)


def _learnable(home: Home, pipeline: str, whole: Pool, begins: Mapping[Batch, datetime | None]) -> Pool:
    """Without the batches at its beginning before which there is too little to learn from: more never comes there.

    They are learned from, and would keep all later ones from being judged; the pool names them. If no others are left,
    all wait.
    """
    settings, accepted = home.settings(pipeline), home.ledger.batches.accepted(pipeline)
    rules = settings.training
    for place in range(len(whole.batches)):
        left = whole.batches[place:]
        moment = min((begin for one in left if (begin := begins.get(one)) is not None), default=None)
        pool = Pool(left, moment, passed=whole.batches[:place])
        plan = windows.before(pool, accepted, rules.window)
        if plan and not pools.unlearnable(handles.rows(home).learnable(plan, settings), rules.min_rows):
            return pool
    return whole


def plan(home: Home, turn: TurnRef, pool: Pool, window: Span | None = None) -> Plan | None:
    """What a probe learns from: all of the window before what is judged, or at first the older part of all there is.

    Without a window that of the settings counts.
    """
    settings = home.settings(turn.pipeline)
    window = window or settings.training.window
    if home.ledger.promotions.before(turn.pipeline, turn.number):
        return windows.before(pool, home.ledger.batches.accepted(turn.pipeline), window)
    if not pool.has_labels:
        return None
    moment = windows.split_moment(*handles.rows(home).units(pool, settings), settings.training.first_model_share)
    return None if moment is None else windows.within(pool, moment, window)


def whole(home: Home, turn: TurnRef, pool: Pool, window: Span | None = None) -> Plan:
    """All that a first champion has won on, to the end of what counts as judged: strays are left out."""
    settings = home.settings(turn.pipeline)
    end = _end(home, pool.batches, settings)
    assert end is not None, "what was judged has rows"
    return windows.whole(pool, end, window or settings.training.window)


def sizes(home: Home, pipeline: str, pool: Pool, snapshot: Snapshot | None) -> tuple[Size, Size]:
    """How much there is to judge on, and how much to learn from; clusters of the latter if a pool is split in two."""
    settings = home.settings(pipeline)
    judged = handles.rows(home).count(pool, snapshot.cutoff if snapshot else pool.moment, settings)
    problem = kinds.named(settings.training.kind)
    if snapshot is None:
        return judged, Size(0, (), 0)
    answers = problem.tally_of(snapshot)
    if not snapshot.ignores_arrival:
        return judged, Size(snapshot.rows, answers)
    clusters = windows.clusters_before(*handles.rows(home).units(pool, settings), snapshot.cutoff)
    return judged, Size(snapshot.rows, answers, clusters)


def opening(home: Home, turn: TurnRef, batch: Batch) -> Opening:
    """From when on the rows of a batch are judged; those from before the end of what was judged by then are not."""
    settings, first = home.settings(turn.pipeline), batch.first_event
    judged = home.ledger.batches.judged(turn.pipeline, before=turn.number)
    if first is None or all(one.last_event is None or one.last_event <= first for one in judged):
        return Opening(first)
    end = _end(home, judged, settings)
    if end is None or end <= first:
        return Opening(first)
    moment = windows.first_from(handles.rows(home).events(batch, settings), end)
    rows, whole = (handles.rows(home).count(batch, since, settings).rows for since in (moment, None))
    return Opening(moment, whole - rows, late=rows < pools.least_rows(settings.training.min_rows))


def _end(home: Home, judged: Sequence[Batch], settings: PipelineSettings) -> datetime | None:
    """The end of what was judged; a batch is read only if it can be the one that went furthest."""
    end: datetime | None = None
    for batch in sorted(judged, key=lambda one: str(one.last_event), reverse=True):
        if end is None or (batch.last_event is not None and batch.last_event > end):
            found = windows.end_of(handles.rows(home).events(batch, settings))
            end = max((one for one in (end, found) if one is not None), default=None)
    return end


def obstacles(home: Home, turn: TurnRef, pool: Pool, snapshot: Snapshot | None) -> list[str]:
    """Why no probe is trained in a turn, in sentences; empty if one is."""
    judged, learned = sizes(home, turn.pipeline, pool, snapshot)
    return pools.obstacles(judged, learned, asked(home, turn), len(pool.batches))


def asked(home: Home, turn: TurnRef) -> Asked:
    """What the settings ask of a turn."""
    rules, live = home.settings(turn.pipeline).training, home.ledger.promotions.before(turn.pipeline, turn.number)
    return Asked(rules.min_rows, None if live else rules.first_model_share, rules.mature_after)


def order(home: Home, settings: PipelineSettings, snapshot: Snapshot, family: str, recipe: int | None = None) -> Order:
    """What to fit, under the id that the model will have; without a recipe with the one that its rows ask for."""
    chosen = candidate(settings, family)
    recipe = recipe or pipelines.recipe(handles.rows(home).window(snapshot, settings), settings)
    rules = settings.rules
    steps = [
        {**step.identity(), "types": [rules[name].type for name in settings.taken(step)]}
        for step in settings.features.steps
    ]
    about = (snapshot.id, chosen, settings.training, settings.validation.columns, provenance.lock_hash(), steps)
    return Order(
        identities.model_id(*about, recipe=recipe), chosen, snapshot, recipe, earlier=identities.model_id(*about)
    )


def candidate(settings: PipelineSettings, name: str) -> Candidate:
    """The candidate of that name."""
    return next(one for one in settings.training.candidates if one.name == name)


def recorded(home: Home, pipeline: str, order: Order) -> Model | None:
    """The model of an order if it is committed, by this version or an earlier one."""
    models = home.ledger.models
    return models.get(pipeline, order.model) or models.get(pipeline, order.earlier)


def had(home: Home, turn: TurnRef, order: Order) -> Model | None:
    """The same; one that another home lends is committed with this turn now."""
    model = recorded(home, turn.pipeline, order)
    if model is None and (model := home.lent(order.model)) is not None:
        home.ledger.models.record(turn.pipeline, turn.number, model)
    return model


def fit(
    home: Home,
    order: Order,
    settings: PipelineSettings,
    into: "Bundles | None" = None,
    kept: assembly.Kept | None = None,
) -> Model:
    """Fit, publish the bundle with its golden batch, and return the record; nothing is committed yet.

    Args:
        home: Rows, and the folder of bundles.
        order: What is to be fitted.
        settings: Those of the pipeline.
        into: Another folder to publish in, for a model that is made again only to be compared.
        kept: The feature steps of users as that model has them.
    """
    rows, learning = handles.rows(home).window(order.snapshot, settings), settings.training
    sized = families.sized(order.candidate, len(rows.prepared), learning.kind)
    begun = handles.ahead(home).take(order.model) if into is None else None
    fitted, seconds = begun or _timed(sized, rows, settings, order.recipe, kept)
    golden = training.golden(rows.prepared)
    answers = prediction.predict(fitted, golden, threads=learning.threads)
    lock, bundles = provenance.lock_file(), into or home.bundles
    lock_kept: str | None = None
    try:
        if lock is not None:
            lock_kept = bundles.keep_lock(lock)
        written = bundles.write(fitted, golden, answers)
    except BundleRefused as err:
        raise InvalidSettings(f"training.candidates: {order.candidate.name} cannot be kept. {err}") from err
    failpoints.reach("bundle-published")
    return Model(
        id=order.model,
        family=order.candidate.name,
        snapshot=order.snapshot,
        settings_hash=loader.settings_hash(settings),
        seed=learning.seed,
        code_version=provenance.code_version(),
        lock_hash=provenance.lock_hash(),
        parameters=identities.parameters(sized),
        base_rate=kinds.named(learning.kind).base_rate(order.snapshot, rows.outcomes.astype("float64")),
        bundle=written.bundle,
        bundle_bytes=written.bytes,
        golden=written.golden,
        fit_seconds=round(seconds, 3),
        recipe=order.recipe,
        lock_kept=lock_kept == provenance.lock_hash(),
        trained_loss=_loss_on(fitted, rows, learning),
    )


def begin(home: Home, order: Order, settings: PipelineSettings) -> None:
    """Begin to fit a model that `fit` will be asked for, and come back at once."""
    rows, learning = handles.rows(home).window(order.snapshot, settings), settings.training
    sized = families.sized(order.candidate, len(rows.prepared), learning.kind)
    handles.ahead(home).begin(order.model, partial(_timed, sized, rows, settings, order.recipe))


def _timed(
    candidate: Candidate, rows: "Window", settings: PipelineSettings, recipe: int, kept: assembly.Kept | None = None
) -> "tuple[SklearnPipeline, float]":
    began = time.perf_counter()
    fitted = pipelines.learn(candidate, rows, settings, recipe, kept)
    return fitted, time.perf_counter() - began


def _loss_on(fitted: "SklearnPipeline", rows: "Window", learning: TrainingSettings) -> float | None:
    """The mean loss on every second, third, ... of the rows that a model was fitted on; None if it cannot be said."""
    some = slice(None, None, max(1, -(-len(rows.prepared) // _MOST_ROWS)))
    answers = prediction.predict(fitted, rows.prepared.iloc[some], threads=learning.threads)
    loss = float(kinds.named(learning.kind).losses(rows.outcomes[some].astype("float64"), answers).mean())
    return loss if math.isfinite(loss) else None


def fit_candidate(home: Home, pipeline: str, snapshot: Snapshot, family: str) -> Model:
    """Fit one candidate of a pipeline: a job for the helper process, which reads the settings for itself."""
    settings = home.settings(pipeline)
    return fit(home, order(home, settings, snapshot, family), settings)


def inspect(home: Home, model: Model, settings: PipelineSettings) -> BundleFacts:
    """Load a bundle as serving would (from its bytes, once per process), and time the answer to one row.

    The time is the processor time of the quickest of five answers: what the model costs, not how busy the machine is.
    """
    size = model.bundle_bytes / 1e6
    try:
        loaded = home.bundles.load(model.bundle, model.golden)
    except BundleRefused as problem:
        return BundleFacts(size, 0.0, str(problem))
    row = handles.rows(home).window(model.snapshot, settings).prepared.iloc[:1]
    return BundleFacts(size, min(_answer_seconds(loaded, row) for _ in range(_ANSWERS)) * 1000)


def _answer_seconds(loaded: "SklearnPipeline", row: "pd.DataFrame") -> float:
    began = time.thread_time()
    prediction.predict(loaded, row)
    return time.thread_time() - began
