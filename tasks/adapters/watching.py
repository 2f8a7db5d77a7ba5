"""Looks at deliveries before a turn takes them in: how does the live model do on them, have its inputs moved?

Nothing is kept of it but what it says; the turn that takes a delivery in looks again, and that is what counts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from configs.errors import BadInput
from configs.settings import PipelineSettings
from tasks.adapters import inbox, sources
from tasks.adapters.home import Home
from tasks.adapters.sources import Delivery
from tasks.core.records import Model, Score
from tasks.core.turns import Drift, Health, HealthState

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Seen:
    """What was seen in one delivery."""

    batch: str
    """Digest of the delivered bytes."""
    name: str
    drift: Drift | None
    health: Health


def look_ahead(home: Home, pipeline: str) -> list[Seen]:
    """Judge the champion and its inputs on each delivery that waits, in order; one that is bad says so.

    Raises:
        LandingFolderMissing: There is no landing folder.
    """
    made = home.ledger.promotions.champion(pipeline)
    champion = home.ledger.models.get(pipeline, made.model) if made else None
    waiting = inbox.look(home, pipeline).deliveries
    return [_look(home, pipeline, delivery, champion) for delivery in waiting] if champion else []


def summary(found: Sequence[Seen]) -> Health | None:
    """What the newest delivery says on which the champion could be judged; else the newest of all; None for none."""
    judged = [seen for seen in found if seen.health.state is not HealthState.NOT_JUDGED]
    return next((seen.health for seen in reversed(judged or found)), None)


def last_health(home: Home, pipeline: str) -> Health:
    """What was said of the version that is live now on the batch on which it was judged last."""
    from tasks.adapters import history
    from tasks.core.reporting import labels

    told = history.read(home.ledger, pipeline)
    live = labels.live_now(told)
    turns = [turn for turn in told.turns if turn.health is not None and turn.champion_version == live]
    if live is None:
        return Health(HealthState.NOT_JUDGED, ("There is no champion yet.",))
    if not turns or turns[-1].health is None:
        return Health(HealthState.NOT_JUDGED, (f"v{live} is live, and has not been judged on a later batch yet.",))
    said, number = turns[-1].health, turns[-1].number
    since = (
        f"Nothing is new since turn {number}."
        if turns[-1] is told.turns[-1]
        else f"v{live} was judged in turn {number}."
    )
    return Health(said.state, (*said.reasons, since))


def _look(home: Home, pipeline: str, delivery: Delivery, champion: Model) -> Seen:
    from tasks.core import batches
    from tasks.core.monitoring import drift as drifts

    settings = home.settings(pipeline)
    room = settings.ingestion
    try:
        frame = sources.read(delivery, room.source, settings.validation, room.derive)
        accepted = batches.sort_out(frame, [], settings).accepted
    except BadInput as problem:
        return Seen(delivery.digest, delivery.name, None, Health(HealthState.NOT_JUDGED, (str(problem),)))
    features, rules, limits = settings.training.features, settings.validation.columns, settings.monitoring.drift
    then, reference = home.rows.reference(champion.snapshot, settings), champion.snapshot.id
    drift = drifts.measure(then, accepted, features, rules, limits, batch=delivery.digest, snapshot=reference)
    return Seen(delivery.digest, delivery.name, drift, _health(home, pipeline, accepted, champion, drift))


def _health(home: Home, pipeline: str, accepted: "pd.DataFrame", champion: Model, drift: Drift) -> Health:
    from tasks.core import baseline
    from tasks.core.monitoring import health

    settings = home.settings(pipeline)
    score = _score(home, drift.batch, accepted, champion, settings)
    if score is None:
        return Health(HealthState.NOT_JUDGED, ("No row of what waits has a label.",))
    gate = home.ledger.models.score(pipeline, champion.id, home.ledger.promotions.gate(pipeline, champion.id) or "")
    dummy = baseline.loss(champion.base_rate, score)
    return health.judge(score, gate, drift, settings.monitoring.health, settings.reporting, dummy_loss=dummy)


def _score(
    home: Home, batch: str, accepted: "pd.DataFrame", champion: Model, settings: PipelineSettings
) -> Score | None:
    from tasks.core import evaluation, training

    columns, label = settings.validation.columns, settings.training.label
    complete = training.complete(accepted, columns)
    rows = complete[complete[label].notna()].reset_index(drop=True)
    if rows.empty:
        return None
    loaded = home.bundles.load(champion.bundle, champion.golden)
    answers = training.predict(
        loaded, training.prepare(rows, training.inputs(loaded), columns), threads=settings.training.threads
    )
    clusters = evaluation.clusters(rows, settings.ingestion.times, settings.evaluation.cluster)
    slices = evaluation.slice_labels(rows, settings.evaluation.slices, columns)
    outcomes = training.labels(rows, settings.training)
    problem = settings.training.problem
    return evaluation.score(champion.id, batch, outcomes, answers, clusters, slices, settings.evaluation, problem)
