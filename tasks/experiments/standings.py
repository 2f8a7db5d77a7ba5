"""What an experiment says as a whole: is it better than what was live, given how many experiments were tried?

Clusters are the unit, as in every turn. Whoever tries many experiments finds one that is better by luck: with k of them
the interval of each has the confidence 1 − (1 − c)/k (Bonferroni), and the evidence has to reach k times what a
promotion needs. Add here what follows from paired losses over batches. What is kept of one batch is in `replayed`.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from scipy.special import stdtrit

from tasks.domain.records import Comparison
from tasks.experiments.plans import Plan
from tasks.experiments.replayed import Replayed


class Answer(StrEnum):
    """What can be said of an experiment."""

    BETTER = "better"
    WORSE = "worse"
    OPEN = "cannot be told"
    SAME = "the same models"
    NOTHING = "nothing to compare"


@dataclass(frozen=True)
class Standing:
    """An experiment beside what was live."""

    plan: Plan
    replayed: tuple[Replayed, ...]
    left: int
    """Batches that are not replayed yet."""
    tried: int
    """Experiments of the pipeline, this one among them."""
    whole: Comparison | None
    """All batches in one, with the interval that the number of experiments asks for."""
    evidence: float | None
    needed: float
    answer: Answer

    @property
    def compared(self) -> int:
        """Batches on which two models were compared."""
        return sum(one.comparison is not None for one in self.replayed)

    @property
    def same(self) -> int:
        """Batches on which one model was live in both."""
        return sum(one.is_same for one in self.replayed)

    @property
    def promotions(self) -> int:
        """Models that took over in the experiment."""
        return sum(one.promoted for one in self.replayed)

    @property
    def live_promotions(self) -> int:
        """Models that took over in the pipeline, on the same batches."""
        return sum(one.live_promoted for one in self.replayed)

    @property
    def fits(self) -> int:
        """Models that were fitted for it."""
        return sum(one.fits for one in self.replayed)

    @property
    def lent(self) -> int:
        """Models that were there."""
        return sum(one.lent for one in self.replayed)

    @property
    def seconds(self) -> float:
        """What it took."""
        return math.fsum(one.seconds for one in self.replayed)


def judge(
    plan: Plan,
    replayed: Sequence[Replayed],
    *,
    left: int,
    tried: int,
    confidence: float,
    false_promotion_every: float,
) -> Standing:
    """What an experiment says.

    Args:
        plan: What it is.
        replayed: Its batches, in order.
        left: Batches that are not replayed yet.
        tried: How many experiments of the pipeline there are.
        confidence: Of the intervals of the pipeline.
        false_promotion_every: What the evidence of a single experiment has to reach.
    """
    pairs = [one.comparison for one in replayed if one.comparison is not None]
    whole = together(pairs, corrected(confidence, tried)) if pairs else None
    last = next((one.evidence for one in reversed(replayed) if one.evidence is not None), None)
    needed = false_promotion_every * tried
    value = None if last is None else last.value
    return Standing(plan, tuple(replayed), left, tried, whole, value, needed, _answer(replayed, whole, value, needed))


def corrected(confidence: float, tried: int) -> float:
    """The confidence of each of several intervals, so that all of them hold at once as one alone would."""
    return 1 - (1 - confidence) / max(1, tried)


def together(pairs: Sequence[Comparison], confidence: float) -> Comparison:
    """Several comparisons as one; a cluster that is in several of them is one. Without clusters, each is a unit.

    The gain is a ratio of sums over clusters; the variance of ΣD_k / Σn_k is K/(K−1) · Σ(D_k − gain·n_k)² / (Σn_k)²,
    the quantile that of t with K−1 degrees. A single cluster tells nothing about luck: its interval is without bounds.
    """
    sums: dict[str, tuple[int, float, float]] = {}
    for place, pair in enumerate(pairs):
        rows_of = zip(pair.clusters, pair.cluster_rows, pair.base_loss, pair.challenger_loss, strict=True)
        for name, rows, base, challenger in rows_of:
            key = f"{place} {name}" if pair.independent else name
            before = sums.get(key, (0, 0.0, 0.0))
            sums[key] = before[0] + rows, before[1] + base, before[2] + challenger
    number = sum(rows for rows, _, _ in sums.values())
    gain = math.fsum(base - challenger for _, base, challenger in sums.values()) / number
    reach = _reach([(rows, base - challenger) for rows, base, challenger in sums.values()], gain, confidence)
    return replace(
        pairs[-1],
        rows=number,
        gain=gain,
        low=gain - reach,
        high=gain + reach,
        clusters=tuple(sums),
        cluster_rows=tuple(rows for rows, _, _ in sums.values()),
        base_loss=tuple(base for _, base, _ in sums.values()),
        challenger_loss=tuple(challenger for _, _, challenger in sums.values()),
        slices=(),
        opened=(),
    )


def _reach(differences: Sequence[tuple[int, float]], gain: float, confidence: float) -> float:
    """Half of the interval of a gain."""
    number = len(differences)
    if number < 2:
        return math.inf
    squares = math.fsum((difference - gain * rows) ** 2 for rows, difference in differences)
    error = math.sqrt(squares * number / (number - 1)) / sum(rows for rows, _ in differences)
    return float(stdtrit(number - 1, (1 + confidence) / 2)) * error


def _answer(replayed: Sequence[Replayed], whole: Comparison | None, evidence: float | None, needed: float) -> Answer:
    if whole is None:
        return Answer.SAME if any(one.is_same for one in replayed) else Answer.NOTHING
    if whole.high < 0:
        return Answer.WORSE
    # where nothing tells which rows share their luck no evidence is taken, and nothing is shown to be better
    if whole.low > 0 and evidence is not None and evidence >= needed:
        return Answer.BETTER
    return Answer.OPEN
