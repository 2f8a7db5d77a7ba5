"""Evidence that retraining pays: the sequential paired test, batch by batch.

Add here what turns paired losses into evidence. How losses and intervals are computed belongs to evaluation, what
follows from the evidence to `gate`.

The test (Delyon 2009; Bercu & Touati 2008; e-detectors: Shin, Ramdas & Rinaldo, arXiv 2203.03532): per cluster k,
S_k = (1 − γ)·loss(champion) − loss(probe), x_k = S_k / σ, and per batch
M_λ ← max(M_λ, 1)·exp Σ_k [λ x_k − λ²(x_k² + 2)/6]. The evidence is the mean of M_λ. If E[x_k] ≤ 0 and
E[x_k²] ≤ 1 given the past, false promotions are on average at least `false_promotion_every` decisions apart.
"""

import math
from collections.abc import Sequence

from configs.promotion import PromotionSettings
from tasks.domain.records import Comparison
from tasks.domain.turns import Evidence
from tasks.problems import scale

LAMBDAS = (0.03, 0.06, 0.12, 0.25, 0.5, 1.0)
_MEMORY = 0.8
_LARGEST = 1e300
"""M_λ stays below this, so that its mean is finite."""
_FAR = 1e6
"""Beyond it the increment of every λ is zero evidence in double precision."""


def nominate(families: Sequence[str], losses: Sequence[tuple[str, float]]) -> str:
    """Choose the family of the next probe: lowest loss on the batch judged last, at first and in ties the earlier one.

    It must be called before the batch is scored: choosing on the judged batch itself multiplies false promotions.
    """
    known = {family: loss for family, loss in losses if math.isfinite(loss)}
    return min(families, key=lambda family: known.get(family, math.inf))


def advance(
    previous: Evidence | None,
    comparison: Comparison,
    *,
    batch: str,
    champion: str,
    probe: str,
    settings: PromotionSettings,
    pool: Sequence[str] = (),
) -> Evidence:
    """Add one batch to the evidence that retraining pays.

    It starts afresh (M = 1, σ from this batch) if `previous` is None, is about another champion, or was after another
    threshold. A caller who knows that other settings changed, or of a rollback, passes None. A batch whose losses are
    not finite is no evidence: M and σ stay as they are and no sums are kept. `pool` names the batches that are judged
    together as this one.
    """
    if previous is not None and (previous.champion, previous.needed) != (champion, settings.false_promotion_every):
        previous = None
    carried = tuple(max(m, 1.0) for m in previous.m) if previous else (1.0,) * len(LAMBDAS)
    sums, counts = _sums(comparison, settings.min_relative_gain), comparison.cluster_rows
    if not sums or not all(map(math.isfinite, sums)):
        sums, counts, sigma = (), (), _sigma(previous, ())
        m = previous.m if previous else carried
    else:
        sigma = _sigma(previous, sums)
        m = _grow(carried, sums, sigma)
    return Evidence(
        batch=batch,
        champion=champion,
        probe=probe,
        before=_mean(carried),
        sums=sums,
        counts=counts,
        sigma=sigma,
        m=m,
        value=_mean(m),
        needed=settings.false_promotion_every,
        pool=tuple(pool),
    )


def _sums(comparison: Comparison, min_gain: float) -> tuple[float, ...]:
    pairs = zip(comparison.base_loss, comparison.challenger_loss, strict=True)
    return tuple((1 - min_gain) * base - challenger for base, challenger in pairs)


def _sigma(previous: Evidence | None, sums: Sequence[float]) -> float:
    """σ for a batch: from the batches before it, in a champion's first batch from the batch itself."""
    if previous is None or not (previous.sums or previous.sigma):
        return _spread(sums)
    if not previous.sums:
        return previous.sigma
    return _spread(previous.sums, previous.sigma)


def _spread(sums: Sequence[float], before: float | None = None) -> float:
    """Root of the mean square, and of its mean with σ² before; in a unit of its own, which changes no digit."""
    unit = scale.unit(max(map(abs, (*sums, before or 0.0))))
    square = _mean_square([s / unit for s in sums])
    if before is not None:
        square = _MEMORY * (before / unit) * (before / unit) + (1 - _MEMORY) * square
    return math.sqrt(square) * unit


def _grow(carried: Sequence[float], sums: Sequence[float], sigma: float) -> tuple[float, ...]:
    scaled = [max(-_FAR, min(_FAR, s / sigma)) if sigma > 0 else 0.0 for s in sums]
    total, spread = math.fsum(scaled), math.fsum(x * x + 2 for x in scaled)
    increments = (a * total - a * a * spread / 6 for a in LAMBDAS)
    return tuple(min(_LARGEST, m * math.exp(min(600.0, inc))) for m, inc in zip(carried, increments, strict=True))


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)


def _mean_square(values: Sequence[float]) -> float:
    return math.fsum(value * value for value in values) / len(values) if values else 0.0
