"""How the live model does, and whether its inputs have moved: the one place that says so, in a turn and ahead of it.

Nothing is recorded here.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from tasks.adapters.home import Home
from tasks.adapters.ledger import history
from tasks.domain.observations import Answers, Drift, Health
from tasks.domain.records import Model, Score
from tasks.domain.weak_spots import WeakSpot
from tasks.monitoring import health
from tasks.monitoring.steps import asked_model
from tasks.problems import kinds
from tasks.training.steps import handles

if TYPE_CHECKING:
    import pandas as pd

    from tasks.monitoring.answered import Words
    from tasks.monitoring.steps.asked_model import AskedModel

_MOST_ROWS, _BATCHES = 5_000, 12
"""Rows of a batch that the live model is asked about, and batches before whose labels say what is usual."""


def drift(home: Home, pipeline: str, champion: Model, accepted: "pd.DataFrame", batch: str) -> Drift:
    """How far accepted rows have moved from the data that the champion was trained on.

    Args:
        home: Rows.
        pipeline: Its pipeline.
        champion: The live model.
        accepted: The rows of a batch.
        batch: Its digest.
    """
    from tasks.monitoring import drift as drifts
    from tasks.training import preparation

    settings, model = (
        home.settings(pipeline),
        asked_model.load(home, champion, home.settings(pipeline).training),
    )
    features, rules, limits = settings.compared, settings.validation.columns, settings.monitoring.drift
    then, reference = handles.rows(home).reference(champion.snapshot, settings), champion.snapshot.id
    now = preparation.complete(accepted, rules)
    weights = model.influence
    found = drifts.measure(then, now, features, rules, limits, weights=weights, batch=batch, snapshot=reference)
    return replace(found, answers=_answers(home, pipeline, champion, model, now, batch))


def _answers(
    home: Home, pipeline: str, champion: Model, model: "AskedModel", now: "pd.DataFrame", batch: str
) -> Answers | None:
    """What the champion says of the rows of a batch, beside the labels of those before; None where it cannot."""
    import numpy as np

    from tasks.monitoring import answered
    from tasks.training import preparation

    settings, names = home.settings(pipeline), model.inputs
    if now.empty or not {*names} <= {*settings.validation.columns}:
        return None
    rows = now.iloc[:: max(1, -(-len(now) // _MOST_ROWS))]
    problem = kinds.named(settings.training.kind)
    before = [one for one in home.ledger.batches.accepted(pipeline) if one.id != batch][-_BATCHES:]
    classes = settings.training.class_names
    levels = [level for one in before if (level := problem.levels_of(one, classes)) is not None]
    labels = None
    if not problem.shares:
        parts = handles.rows(home).all_columns(champion.snapshot, settings)
        learned = np.concatenate([preparation.labels(part, settings.training) for part in parts])
        labels = float(learned.min()), float(learned.max())
    usual = answered.Usual(levels, model.golden_answers, labels)
    said = model.answer(preparation.prepare(rows, names, settings.validation.columns))
    return answered.look(said, usual, problem, words(home, pipeline, champion))


def words(home: Home, pipeline: str, model: Model) -> "Words":
    """How the answers of a model are told."""
    from tasks.monitoring.answered import Words
    from tasks.problems import outcomes

    settings = home.settings(pipeline)
    batches = home.ledger.batches.accepted(pipeline)
    values = {value for one in batches if one.label == settings.training.label for value in one.label_values}
    meant = settings.reporting.outcome if settings.reporting.means_something else settings.training.label
    classes = outcomes.classes(settings.training, meant, values)
    return Words(settings.reporting, classes, home.ledger.models.number(pipeline, model.id))


def judge(
    home: Home,
    pipeline: str,
    champion: Model,
    scores: Iterable[Score],
    moved: Drift | None,
    weak: tuple[WeakSpot, ...] = (),
) -> Health:
    """Whether the champion is well, against its own gate and against no model: the worst that one of the scores says.

    Args:
        home: Ledger.
        pipeline: Its pipeline.
        champion: The live model.
        scores: Of a batch, and of all that waits with it to be judged as one.
        moved: What was seen of the inputs.
        weak: Parts of the rows on which it loses too much.
    """
    settings = home.settings(pipeline)
    at_gate = history.at_gate(home.ledger, pipeline, champion.id)
    limits, words = settings.monitoring.health, settings.reporting
    judged = [health.judge(score, at_gate, moved, limits, words, weak) for score in scores]
    return health.worst(judged) or health.judge(None, at_gate, moved, limits, words)
