"""What the probe of a turn answered, kept from its judging to its showing: who shows it need not ask it again.

All of it can be had again, by asking.
"""

from typing import TYPE_CHECKING

from tasks.adapters.cache import Cache
from tasks.adapters.home import Home
from tasks.domain.pools import Pool
from tasks.domain.records import Model
from tasks.domain.turns import TurnRef
from tasks.training.steps import handles

if TYPE_CHECKING:
    from tasks.training.judged_rows import Answered

_KEPT_BYTES = 8 * 2**20


def keep(home: Home, turn: TurnRef, pool: Pool, probe: Model) -> None:
    """Keep what the probe was asked in this process, if it was."""
    cutoff, settings = probe.snapshot.cutoff, home.settings(turn.pipeline)
    answered = handles.rows(home).answered(probe, pool, cutoff, settings)
    if answered is not None:
        _kept(home).keep((turn.pipeline, turn.number), answered)


def take(home: Home, pipeline: str, number: int) -> "Answered | None":
    """Give it away; None if there is none."""
    answered = _kept(home).get((pipeline, number))
    _kept(home).drop((pipeline, number))
    return answered


def _kept(home: Home) -> "Cache[Answered]":
    return home.keep("answers of probes", lambda _: Cache(_KEPT_BYTES))
