"""When a challenger takes over: the sequential paired test, the guards, the verdicts.

Add here what decides about a change of the live model. How losses and intervals are computed belongs to evaluation;
moving the alias belongs to the steps of lineage.

The test (Delyon 2009; Bercu & Touati 2008; e-detectors: Shin, Ramdas & Rinaldo, arXiv 2203.03532): per cluster k,
S_k = (1 − γ)·loss(champion) − loss(probe), x_k = S_k / σ, and per batch
M_λ ← max(M_λ, 1)·exp Σ_k [λ x_k − λ²(x_k² + 2)/6]. The evidence is the mean of M_λ. If E[x_k] ≤ 0 and
E[x_k²] ≤ 1 given the past, false promotions are on average at least `false_promotion_every` decisions apart.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from configs import addresses
from configs.promotion import FirstChampion, GuardSettings, PromotionSettings
from tasks.domain import wording
from tasks.domain.records import BundleFacts, Comparison, Score
from tasks.domain.turns import Evidence, Guard, Verdict, VerdictKind
from tasks.problems import measures

LAMBDAS = (0.03, 0.06, 0.12, 0.25, 0.5, 1.0)
_MEMORY = 0.8
_LARGEST = 1e300
"""M_λ stays below this, so that its mean is finite."""
_FAR = 1e6
"""Beyond it the increment of every λ is zero evidence in double precision."""
_SHOWN = 3
_UNKNOWN = "no evidence is taken, because nothing tells which rows share their luck (evaluation.cluster: none)"


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


def judge(
    evidence: Evidence | None, comparison: Comparison, guards: Sequence[Guard], settings: PromotionSettings
) -> Verdict:
    """Decide about a challenger: promote on enough evidence, reject below 1 or on a veto, else keep shadowing.

    Without evidence, where nothing tells which rows share their luck, it is never promoted.
    """
    if evidence is None:
        finite = math.isfinite(comparison.gain)
        reasons = (_UNKNOWN, *_vetoes(guards)) if finite else ("the losses are not finite", *_vetoes(guards))
        return Verdict(VerdictKind.KEEP_SHADOWING if finite else VerdictKind.REJECT, reasons, tuple(guards))
    vetoes, standing, told = _vetoes(guards), _standing(evidence), measures.of(comparison)
    if not (math.isfinite(evidence.value) and math.isfinite(comparison.gain)):
        kind, reasons = VerdictKind.REJECT, ("the losses are not finite", *vetoes)
    elif evidence.value < 1:
        kind, reasons = VerdictKind.REJECT, (standing, *vetoes)
    elif vetoes:
        kind, reasons = VerdictKind.REJECT, (*vetoes, standing)
    elif evidence.value < evidence.needed:
        kind, reasons = VerdictKind.KEEP_SHADOWING, (standing,)
    elif math.fsum(evidence.sums) > 0:
        kind, reasons = VerdictKind.PROMOTE, (f"{standing}; {told.gain_title} {measures.difference(comparison)}",)
    else:
        worth = f"{wording.share(settings.min_relative_gain)} of the {told.decides}"
        worth = worth if settings.min_relative_gain else "0"
        gain = f"the {told.gain_title} on this batch, {measures.gain(comparison)}, is not above {worth}"
        kind, reasons = VerdictKind.KEEP_SHADOWING, (f"{standing}, but {gain}",)
    return Verdict(kind, reasons, tuple(guards))


def judge_first(score: Score, comparison: Comparison, guards: Sequence[Guard], settings: PromotionSettings) -> Verdict:
    """Decide about the first champion: beat a constant by the interval, reach the floor (AUC, R²), pass the guards.

    `comparison` is the constant against the candidate; the relative gain asked for is relative to the constant's loss.
    """
    policy, told, floor = settings.first, measures.of(score), _floor(score, settings.first)
    dummy_loss = math.fsum(comparison.base_loss) / comparison.rows if comparison.rows else math.nan
    needed = policy.min_gain_over_dummy * dummy_loss
    against = []
    if not comparison.low > needed:
        margin = f", needs more than {told.difference(needed, dummy_loss)}" if needed > 0 else ""
        gain = f"{told.gain_title} {measures.gain(comparison)} ({measures.ends(comparison)})"
        against.append(f"does not beat no model: {gain}{margin}")
    if not floor.value >= floor.least:
        against.append(f"{floor.name} {wording.loss(floor.value)}, needs {wording.number(floor.least)}")
    against += _vetoes(guards)
    if against:
        return Verdict(VerdictKind.REJECT, tuple(against), tuple(guards), first=True)
    beats = f"beats no model by {measures.difference(comparison)}{' in RMSE' if told.is_number else ''}"
    reached = f"{floor.name} {wording.loss(floor.value)}"
    taken = ("each row taken as independent",) if comparison.independent else ()
    return Verdict(VerdictKind.PROMOTE, (beats, reached, *taken), tuple(guards), first=True)


def decided_by(verdict: Verdict) -> str:
    """What has decided for a new champion, as the history of promotions names it."""
    return "first champion policy" if verdict.first else "evidence rule"


def gate(ask: Callable[[], Verdict]) -> Verdict:
    """Ask for a verdict; whatever goes wrong on the way, the challenger is not promoted, and the reason says why."""
    try:
        return ask()
    except Exception as err:  # noqa: BLE001  the only broad one: who cannot be judged is not promoted
        why = f"it could not be judged: {type(err).__name__}: {addresses.masked(str(err))}"
        return Verdict(VerdictKind.REJECT, (why,), judged=False)


def guards(
    champion: Score | None,
    probe: Score,
    comparison: Comparison,
    *,
    dummy_loss: float | None,
    bundle: BundleFacts,
    settings: PromotionSettings,
) -> tuple[Guard, ...]:
    """Ask every guard about a challenger; each may veto, none votes.

    A limit on how good a model must be protects from a bad one: it does not object if the live model is further from it
    on the same rows. `dummy_loss` is the loss of a constant on the same rows. Without a champion there are no slices
    and no decisions to lose; beating the constant and the floor are then the policy of `judge_first`, and not asked
    twice.
    """
    limits = settings.guards
    is_number = measures.of(probe).is_number
    level = _bias(probe, champion, limits) if is_number else _calibration(probe, champion, limits)
    always = (_finite(probe, comparison), level, bundle_guard(bundle, limits))
    if champion is None:
        return always
    floors = (_dummy(probe, champion, dummy_loss), _floors(probe, champion, settings.first))
    slices = _unless_live_is_unwell(_slices(comparison, champion), champion, dummy_loss)
    return (*always, *floors, slices, _churn(comparison, limits))


def bundle_guard(facts: BundleFacts, limits: GuardSettings) -> Guard:
    """Whether a packaged model loads and answers as it did, and is small and quick enough."""
    if facts.problem is not None:
        return Guard("bundle", True, facts.problem)
    small, quick = facts.megabytes <= limits.max_bundle_mb, facts.latency_ms <= limits.max_latency_ms
    size = f"{facts.megabytes:,.1f} MB, {_limit(small, limits.max_bundle_mb)}"
    time = f"{facts.latency_ms:,.0f} ms for a row, {_limit(quick, limits.max_latency_ms)}"
    return Guard("bundle", not (small and quick), f"{size}; {time}")


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
    unit = measures.unit(max(map(abs, (*sums, before or 0.0))))
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


def _vetoes(guards: Sequence[Guard]) -> tuple[str, ...]:
    return tuple(f"guard '{guard.name}' objects: {guard.text}" for guard in guards if guard.objects)


def _standing(evidence: Evidence) -> str:
    needed = wording.number(evidence.needed)
    relation = f" ≥ {needed}" if evidence.value >= evidence.needed else f", needs {needed}"
    return f"evidence {wording.evidence(evidence.value)}{relation}"


def _value(score: Score | None, name: str) -> float:
    """Value of a metric, NaN where it is not defined: no comparison with it holds."""
    found = next((metric.value for metric in score.metrics if metric.name == name), None) if score else None
    return math.nan if found is None else found


def _finite(probe: Score, comparison: Comparison) -> Guard:
    undefined = [metric.name for metric in probe.metrics if metric.value is None or not math.isfinite(metric.value)]
    if not math.isfinite(comparison.gain):
        undefined.append("gain")
    text = f"not defined: {', '.join(undefined)}" if undefined else "all metrics are finite"
    return Guard("finite", bool(undefined), text)


def _calibration(probe: Score, champion: Score | None, limits: GuardSettings) -> Guard:
    error, live = (_value(score, "calibration_error") for score in (probe, champion))
    good = error <= limits.max_calibration_error
    text = f"calibration error {wording.loss(error)}, {_limit(good, limits.max_calibration_error)}"
    return _unless_live_is_worse(Guard("calibration", not good, text), live > error, wording.loss(live))


def _bias(probe: Score, champion: Score | None, limits: GuardSettings) -> Guard:
    """In place of calibration, where a number is predicted."""
    bias, live = (_value(score, "bias") for score in (probe, champion))
    good = bias <= limits.max_bias
    text = f"mean answer {wording.loss(bias)} standard deviations off, {_limit(good, limits.max_bias)}"
    return _unless_live_is_worse(Guard("bias", not good, text), live > bias, wording.loss(live))


def _unless_live_is_worse(guard: Guard, worse: bool, live: str) -> Guard:
    """To keep the live model would be no protection where it is the one that is further from the limit."""
    if guard.objects and worse:
        return Guard(guard.name, False, f"{guard.text}; the live model is further from it: {live}")
    return guard


def _unless_live_is_unwell(guard: Guard, champion: Score, dummy_loss: float | None) -> Guard:
    """What a live model does better on a part of the rows is no reason to keep one that is worse than no model."""
    if guard.objects and dummy_loss is not None and (champion.loss.low or 0.0) > dummy_loss:
        return Guard(guard.name, False, f"{guard.text}; the live model is worse than no model")
    return guard


def _dummy(probe: Score, champion: Score, dummy_loss: float | None) -> Guard:
    told = measures.of(probe)
    loss, live = (_value(score, told.name) for score in (probe, champion))
    good = dummy_loss is not None and loss < dummy_loss
    text = f"{told.title} {told.loss(loss)}, no model {told.loss(dummy_loss)}"
    return _unless_live_is_worse(Guard("beats a dummy", not good, text), live > loss, told.loss(live))


@dataclass(frozen=True)
class _Floor:
    """What a model must reach, whatever it is compared with."""

    name: str
    value: float
    least: float


def _floor(score: Score, policy: FirstChampion) -> _Floor:
    if measures.of(score).is_number:
        return _Floor("R²", _value(score, "r2"), policy.min_r2)
    return _Floor("AUC", _value(score, "roc_auc"), policy.min_roc_auc)


def _floors(probe: Score, champion: Score, policy: FirstChampion) -> Guard:
    floor, live = (_floor(score, policy) for score in (probe, champion))
    good = floor.value >= floor.least
    limit = f"{'at least' if good else 'below'} {wording.number(floor.least)}"
    text = f"{floor.name} {wording.loss(floor.value)}, {limit}"
    return _unless_live_is_worse(Guard("floors", not good, text), live.value < floor.value, wording.loss(live.value))


def _slices(comparison: Comparison, champion: Score) -> Guard:
    worse = sorted((part for part in comparison.slices if part.worse), key=lambda part: part.gain)
    judged = sum(part.sufficient for part in comparison.slices)
    pooled = len(comparison.slices) - judged
    few = f", {pooled} with too few rows" if pooled else ""
    told = measures.of(comparison)
    live = {(part.column, part.label): part.loss.value for part in champion.slices}
    sizes = [told.difference(part.gain, live.get((part.column, part.label))) for part in worse[:_SHOWN]]
    named = [f"{part.column} {part.label} by {size}" for part, size in zip(worse, sizes, strict=False)]
    more = f" and {len(worse) - _SHOWN} more" if len(worse) > _SHOWN else ""
    which = f": {', '.join(named)}{more}" if worse else ""
    return Guard("slices", bool(worse), f"{len(worse)} of {judged} slices worse{which}{few}")


def _churn(comparison: Comparison, limits: GuardSettings) -> Guard:
    if measures.of(comparison).is_number:
        good, better = comparison.churn <= limits.max_change, comparison.righted > 0
        change = f"answers change by {wording.loss(comparison.churn)} standard deviations"
        which = "" if good else f", {'but more' if better else 'and not more'} of them come nearer than go farther"
        return Guard("churn", not good and not better, f"{change}, {_limit(good, limits.max_change)}{which}")
    good, better = comparison.churn <= limits.max_churn, comparison.righted > 0
    limit = f"{'at most' if good else 'more than'} {wording.share(limits.max_churn)}"
    which = "" if good else f", {'but more' if better else 'and not more'} of them turn right than wrong"
    return Guard(
        "churn", not good and not better, f"{wording.share(comparison.churn)} of decisions change, {limit}{which}"
    )


def _limit(good: bool, limit: float) -> str:
    return f"{'at most' if good else 'more than'} {wording.number(limit)}"
