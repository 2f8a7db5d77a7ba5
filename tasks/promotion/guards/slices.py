"""Guard `slices`: a challenger is not significantly worse on a part of the rows."""

from tasks.domain import turns
from tasks.domain.records import Comparison, Score
from tasks.problems import kinds
from tasks.promotion.guards.base import Case

_SHOWN = 3


class Slices:
    """Objects to slices that are worse (Holm over slices), unless the live model is worse than no model."""

    title = "slices"

    def ask(self, case: Case) -> turns.Guard | None:
        """Name the slices that lose most."""
        if case.champion is None:
            return None
        objects, text = _worse(case.comparison, case.champion)
        # What a live model does better on a part of the rows is no reason to keep one that is worse than no model.
        if objects and case.dummy_loss is not None and (case.champion.loss.low or 0.0) > case.dummy_loss:
            return turns.Guard(self.title, False, f"{text}; the live model is worse than no model")
        return turns.Guard(self.title, objects, text)


def _worse(comparison: Comparison, champion: Score) -> tuple[bool, str]:
    worse = sorted((part for part in comparison.slices if part.worse), key=lambda part: part.gain)
    judged = sum(part.sufficient for part in comparison.slices)
    pooled = len(comparison.slices) - judged
    few = f", {pooled} with too few rows" if pooled else ""
    problem = kinds.of(comparison)
    live = {(part.column, part.label): part.loss.value for part in champion.slices}
    sizes = [problem.difference(part.gain, live.get((part.column, part.label))) for part in worse[:_SHOWN]]
    named = [f"{part.column} {part.label} by {size}" for part, size in zip(worse, sizes, strict=False)]
    more = f" and {len(worse) - _SHOWN} more" if len(worse) > _SHOWN else ""
    which = f": {', '.join(named)}{more}" if worse else ""
    return bool(worse), f"{len(worse)} of {judged} slices worse{which}{few}"
