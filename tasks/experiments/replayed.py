"""What came of one batch in an experiment: which model was live in it, and how it did against the one that was live.

Add here what is kept of each batch. What all of them say together is in `standings`.
"""

from dataclasses import dataclass

from tasks.domain.records import Comparison
from tasks.domain.turns import Evidence, Outcome


@dataclass(frozen=True)
class Replayed:
    """One batch, replayed."""

    turn: int
    """Its number in the live pipeline."""
    batch: str
    """Name of it."""
    outcome: Outcome
    """How the turn ended in the experiment."""
    reasons: tuple[str, ...]
    live_version: int | None
    """Which was live in the pipeline when the batch came; None before the first."""
    live_model: str | None
    model: str | None
    """Which was live in the experiment then."""
    promoted: bool
    """Whether a model took over in the experiment."""
    live_promoted: bool
    """Whether one did in the pipeline."""
    comparison: Comparison | None = None
    """The model that was live in the pipeline and that of the experiment, on rows that neither had learned from; None
    where both were the same or alike, or one of them was not there."""
    evidence: Evidence | None = None
    """That the experiment is better, from all batches so far."""
    fits: int = 0
    lent: int = 0
    """Models that were fitted before, and were not fitted again."""
    seconds: float = 0.0
    alike: bool = False
    """Whether two models lost the same in every cluster, to the last digit: fitted twice, under other libraries say."""

    @property
    def is_same(self) -> bool:
        """Whether one and the same model was live in both."""
        return self.model is not None and (self.alike or self.model == self.live_model)
