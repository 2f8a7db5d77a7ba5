"""How the live model does, and whether its inputs have moved: the one place that says so, in a turn and ahead of it.

Nothing is recorded here.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from tasks.adapters.home import Home
from tasks.adapters.ledger import history
from tasks.domain.records import Model, Score
from tasks.domain.turns import Drift, Health
from tasks.monitoring import health
from tasks.training.steps import handles

if TYPE_CHECKING:
    import pandas as pd


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

    settings = home.settings(pipeline)
    features, rules, limits = settings.training.features, settings.validation.columns, settings.monitoring.drift
    then, reference = handles.rows(home).reference(champion.snapshot, settings), champion.snapshot.id
    now = preparation.complete(accepted, rules)
    return drifts.measure(then, now, features, rules, limits, batch=batch, snapshot=reference)


def judge(home: Home, pipeline: str, champion: Model, scores: Iterable[Score], moved: Drift | None) -> Health:
    """Whether the champion is well, against its own gate and against no model: the worst that one of the scores says.

    Args:
        home: Ledger.
        pipeline: Its pipeline.
        champion: The live model.
        scores: Of a batch, and of all that waits with it to be judged as one.
        moved: What was seen of the inputs.
    """
    settings = home.settings(pipeline)
    at_gate = history.at_gate(home.ledger, pipeline, champion.id)
    limits, words = settings.monitoring.health, settings.reporting
    judged = [health.judge(score, at_gate, moved, limits, words) for score in scores]
    return health.worst(judged) or health.judge(None, at_gate, moved, limits, words)
