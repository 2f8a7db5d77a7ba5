"""Windows compete: a candidate with a window of its own learns from a selection of its own, which its models name.

Where that window has too few rows to learn from, the candidate learns from those of `training.window`, as others do.
"""

from configs.training import Candidate
from tasks.adapters import failpoints
from tasks.adapters.home import Home
from tasks.domain import pools
from tasks.domain.pools import Pool
from tasks.domain.records import Snapshot
from tasks.domain.turns import TurnRef
from tasks.training.steps import fitting, handles
from tasks.training.windows import Plan


def snapshot(home: Home, turn: TurnRef, pool: Pool, usual: Snapshot, family: str) -> Snapshot:
    """What a candidate learns from in a turn: the usual selection, or that of its window, which is committed.

    Args:
        home: Rows, settings and ledger.
        turn: The turn.
        pool: What is judged in it.
        usual: The selection by `training.window`.
        family: Name of the candidate.
    """
    settings = home.settings(turn.pipeline)
    window = fitting.candidate(settings, family).window
    plan = None if window in (None, settings.training.window) else fitting.plan(home, turn, pool, window)
    if plan is None or _is_short(home, turn, plan):
        return usual
    own = handles.rows(home).select(plan, settings)
    home.ledger.models.record_snapshot(turn.pipeline, own)
    failpoints.reach("snapshot-committed")
    return own


def whole(home: Home, turn: TurnRef, pool: Pool, candidate: Candidate) -> Snapshot:
    """All that a first champion of this candidate has won on, as far as its window goes back."""
    settings = home.settings(turn.pipeline)
    plan = fitting.whole(home, turn, pool, candidate.window)
    if candidate.window is not None and _is_short(home, turn, plan):
        plan = fitting.whole(home, turn, pool)
    return handles.rows(home).select(plan, settings)


def _is_short(home: Home, turn: TurnRef, plan: Plan) -> bool:
    settings = home.settings(turn.pipeline)
    learnable = handles.rows(home).learnable(plan, settings)
    return bool(pools.unlearnable(learnable, settings.training.min_rows))
