"""Searches parts of the rows, by one column or two, on which a model loses more than it should.

What is found on one half of the clusters is tested on the other, both ways, with Holm over all that is tested. Values
in, values out: rows come as cells of columns (`cuts_of_columns`), what was lost on them, and clusters. What a column is
cut into, and what a part is called, must not be put here.

A range (or a range left out) of neighbouring cells, or the levels of a category that lose most, is the part of a column
that stands out most from the rest of the rows; of two columns one is chosen for a given part of the other, in turn,
until both stay.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import combinations

import numpy as np

from tasks.evaluation import spot_chances
from tasks.evaluation.cuts_of_columns import Codes, Cut
from tasks.evaluation.lost_rows import FEW, Floats, Limits, Lost, Mask, Part
from tasks.evaluation.spot_chances import MIN_CLUSTERS

_PAIRED, _TESTED, _SHOWN = 5, 2, 3
"""Columns that are paired; parts that each half hands over to be tested; parts that are told."""
_STARTS = 6
_NEAR, _EVERY, _MEASURED = 6, 5, 60
"""Parts of each column, every fifth of those that stand out most; and how many of all are measured by cluster."""
_STANDS_OUT, _PAIR_STANDS_OUT = 9.0, 1.25
"""Smallest squared distance from the rest, in standard errors, that is tested; by how much two columns beat one."""
_SAME = 0.5
"""Two parts that share more of their rows are one."""
_SHRUNK = 20.0
_UNCOVERED = 0.05
"""Rows of a cell at the gate, for each that would be there if it had been as frequent as now: fewer are none."""
_N, _X, _BASE, _LOSS, _GATE_N, _GATE_X = range(6)
_LEAST_ROWS = 15.0


def find(cuts: Sequence[Cut], now: Lost, gate: Lost | None, limits: Limits, asked: Sequence[Part] = ()) -> list[Part]:
    """Parts of the rows that lose more than what they are compared with, those that stand out most first.

    Args:
        cuts: How columns are cut.
        now: The rows that are judged. With a base, they are compared with it row by row.
        gate: Rows of the gate, where they are compared with these.
        limits: What counts.
        asked: Parts that were chosen without a look at losses: they are tested on all rows, and come first.
    """
    if len(np.unique(now.clusters)) < 2 * MIN_CLUSTERS:
        return []
    halves = [(now.of(half), None if gate is None else gate.of(same)) for half, same in _halves(now, gate)]
    known = [replace(part, distance=_distance(part, now, gate, limits)) for part in asked]
    tested = [
        replace(part, p_value=spot_chances.measure(part, now, gate)) for part in known if part.distance >= _STANDS_OUT
    ]
    first = len(tested)
    for learn, confirm in (halves, halves[::-1]):
        for part in _search(cuts, *learn, limits):
            tested.append(replace(part, p_value=spot_chances.measure(part, *confirm)))
    confirmed = spot_chances.holm(tested, limits.level)
    whole = [
        (tested.index(one) >= first, replace(one, distance=_distance(one, now, gate, limits))) for one in confirmed
    ]
    ranked = [part for _, part in sorted(whole, key=lambda pair: (pair[0], _nearness(pair[1])))]
    return list(_unexplained(ranked, now, gate, limits))[:_SHOWN]


def uncovered(cuts: Sequence[Cut], now: Lost, gate: Lost) -> list[Part]:
    """Of each column the cells of which the gate had (nearly) no rows; whatever is lost there."""
    parts = []
    for place, one in enumerate(cuts):
        here, there = (np.bincount(lost.codes[place], minlength=one.size)[: one.size] for lost in (now, gate))
        mask = there < _UNCOVERED * here * (len(gate.loss) / max(len(now.loss), 1))
        mask[one.named + 1 :] = False
        if mask.any() and not mask[here > 0].all():
            parts.append(Part(((place, mask),), 0.0))
    return parts


def _unexplained(parts: Sequence[Part], now: Lost, gate: Lost | None, limits: Limits) -> Iterator[Part]:
    """Those that stand out among the rows, too, that lie in none of the parts before."""
    free, there = np.ones(len(now.loss), dtype=bool), None if gate is None else np.ones(len(gate.loss), dtype=bool)
    for part in parts:
        others = None if gate is None or there is None else gate.of(there)
        if _distance(part, now.of(free), others, limits) >= _STANDS_OUT:
            yield part
            free &= ~part.rows(now)
            there = None if gate is None or there is None else there & ~part.rows(gate)


def _halves(now: Lost, gate: Lost | None) -> Iterator[tuple[Mask, Mask]]:
    there = now.half if gate is None else gate.half
    yield now.half, there
    yield ~now.half, ~there


# ── the search on one half ────────────────────────────────────────────────────────────────────────────────────────
def _search(cuts: Sequence[Cut], now: Lost, gate: Lost | None, limits: Limits) -> list[Part]:
    if len(now.loss) < 2 * _LEAST_ROWS or (gate is not None and len(gate.loss) < _LEAST_ROWS):
        return []
    tables = [_table(now, gate, [place], [one.size]) for place, one in enumerate(cuts)]
    rate = _Rate(tables[0].sum(axis=0), _variance(now), limits) if tables else None
    if rate is None:
        return []
    places = range(len(cuts))
    singles = [one for place in places for one in _singles(place, cuts[place], tables[place], rate)]
    singles = _best_each(_over_clusters(singles, now, gate))
    # In two columns together more may be lost than no model would, and in neither alone.
    wide = replace(rate, limits=replace(limits, rise=-1e9))
    screened = [one for place in places for one in _singles(place, cuts[place], tables[place], wide)]
    screened = sorted(_best_each(_over_clusters(screened, now, gate)), key=_nearness)
    pairs = [_pair(cuts, one, two, now, gate, (wide, rate)) for one, two in combinations(screened[:_PAIRED], 2)]
    pairs = _over_clusters(pairs, now, gate)
    real = [pair for pair in pairs if not any(_refines(pair, one, now, gate, rate) for one in singles)]
    ranked = sorted([*singles, *real], key=lambda one: _nearness(one) / _PAIR_STANDS_OUT ** (len(one.cells) - 1))
    return _apart([one for one in ranked if one.distance >= _STANDS_OUT], now, _TESTED)


def _refines(pair: Part, single: Part, now: Lost, gate: Lost | None, rate: "_Rate") -> bool:
    """Whether a pair only says where in the part of one column most is lost: in the rest of that it is much, too."""
    if single.distance < _STANDS_OUT or single.cells[0][0] not in [place for place, _ in pair.cells]:
        return False
    inside = single.rows(now)
    left = inside & ~pair.rows(now)
    if not left.any():
        return True
    if gate is None:
        return bool(now.loss[left].mean() >= (1 + rate.limits.rise) * now.loss[~inside].mean())
    there = single.rows(gate) & ~pair.rows(gate)
    usual = gate.loss[there].mean() if there.sum() >= FEW else gate.loss.mean()
    return bool(now.loss[left].mean() >= (1 + rate.limits.rise) * usual)


def _nearness(part: Part) -> float:
    return -part.distance


def _singles(place: int, cut: Cut, table: Floats, rate: "_Rate") -> list[Part]:
    """The parts of one column that stand out most where rows are independent, some of those that are much alike."""
    masks = _masks(cut, table[None], rate)
    masks = masks[0] if masks.ndim == 3 else masks
    distances = rate.distances(masks.astype(np.float64) @ table)
    order = np.argsort(-distances, kind="stable")[: _NEAR * _EVERY : _EVERY]
    return [Part(((place, masks[one]),), float(distances[one])) for one in order if distances[one] > 0]


def _over_clusters(parts: Sequence[Part], now: Lost, gate: Lost | None) -> list[Part]:
    """Those that stand out most where rows are independent, by how far they do where those of a cluster are not."""
    most = sorted(parts, key=_nearness)[:_MEASURED]
    apart = [(one, spot_chances.distance(one, now, gate)) for one in most if one.distance >= _STANDS_OUT]
    return [replace(one, distance=min(one.distance, robust)) for one, robust in apart]


def _best_each(parts: Sequence[Part]) -> list[Part]:
    """Of each column the part that stands out most."""
    best: dict[int, Part] = {}
    for part in sorted(parts, key=_nearness):
        best.setdefault(part.cells[0][0], part)
    return list(best.values())


def _pair(cuts: Sequence[Cut], one: Part, two: Part, now: Lost, gate: Lost | None, rates: Sequence["_Rate"]) -> Part:
    """The rectangle of two columns that stands out most, from several beginnings; once round with each rate."""
    (first, mask), (second, _) = one.cells[0], two.cells[0]
    a, b = cuts[first], cuts[second]
    table = _table(now, gate, [first, second], [a.size, b.size]).reshape(a.size, b.size, -1)
    in_a = np.vstack([mask[None], _beginnings(a, table.sum(axis=1))])
    distance = np.zeros(len(in_a))
    for rate in rates:
        given = np.einsum("sa,abk->sbk", in_a.astype(np.float64), table)
        in_b, _ = _best(_masks(b, given, rate), given, rate)
        given = np.einsum("sb,abk->sak", in_b.astype(np.float64), table)
        in_a, distance = _best(_masks(a, given, rate), given, rate)
    top = int(np.argmax(distance))
    return Part(((first, in_a[top]), (second, in_b[top])), float(distance[top]))


def _beginnings(cut: Cut, table: Floats) -> Mask:
    """Equal parts of the cells of a range, or the most frequent levels."""
    if not cut.ordered:
        frequent = np.argsort(-table[: cut.named, _N], kind="stable")[:_STARTS]
        return np.eye(cut.size, dtype=bool)[frequent]
    borders = np.searchsorted(np.cumsum(table[: cut.named, _N]), table[:, _N].sum() * np.arange(_STARTS) / _STARTS)
    places, parts = np.arange(cut.size), np.unique(borders)
    return np.array([(places >= low) & (places < high) for low, high in zip(parts, [*parts[1:], cut.named])])  # noqa: B905


def _table(now: Lost, gate: Lost | None, places: Sequence[int], sizes: Sequence[int]) -> Floats:
    """Per cell, or pair of cells: rows, what was lost beyond the base, base, loss; and of the gate rows and loss."""
    size = int(np.prod(sizes))
    cells = _together(now, places, sizes)
    base = np.zeros_like(now.loss) if now.base is None else now.base
    sums = [np.bincount(cells, weights, size) for weights in (None, now.loss - base, base, now.loss)]
    if gate is None:
        return np.stack([*sums, np.zeros(size), np.zeros(size)], axis=-1).astype(np.float64)
    there = _together(gate, places, sizes)
    sums += [np.bincount(there, weights, size) for weights in (None, gate.loss)]
    return np.stack(sums, axis=-1).astype(np.float64)


def _together(lost: Lost, places: Sequence[int], sizes: Sequence[int]) -> Codes:
    first, *others = places
    return lost.codes[first] * sizes[1] + lost.codes[others[0]] if others else lost.codes[first]


def _variance(now: Lost) -> float:
    base = 0.0 if now.base is None else now.base
    return max(float(np.var(now.loss - base)), 1e-300)


@dataclass(frozen=True, eq=False)
class _Rate:
    """How far a part stands out from all other rows of a half."""

    total: Floats
    variance: float
    limits: Limits

    def excess(self, sums: Floats) -> tuple[Floats, Floats, Mask]:
        """Mean loss beyond what it is compared with, that itself, and whether the gate knows such rows."""
        rows, there = np.maximum(sums[..., _N], 1.0), sums[..., _GATE_N]
        if not self.total[_GATE_N]:
            return sums[..., _X] / rows, sums[..., _BASE] / rows, np.zeros(rows.shape, dtype=bool)
        overall = self.total[_GATE_X] / self.total[_GATE_N]
        usual = np.where(there >= FEW, sums[..., _GATE_X] / np.maximum(there, 1.0), overall)
        return sums[..., _LOSS] / rows - usual, usual, there >= FEW

    def distances(self, sums: Floats) -> Floats:
        """Squared distance in standard errors of independent rows; 0 where a part does not count."""
        rest, limits = self.total - sums, self.limits
        rows, others = sums[..., _N], rest[..., _N]
        least = max(limits.share * self.total[_N], _LEAST_ROWS)
        inside, usual, known = self.excess(sums)
        outside, _, _ = self.excess(rest)
        spread = 1 / np.maximum(rows, 1) + 1 / np.maximum(others, 1)
        gates = 1 / np.maximum(sums[..., _GATE_N], 1) + 1 / np.maximum(rest[..., _GATE_N], 1)
        apart = (inside - outside) ** 2 / (spread + np.where(known, gates, 0.0)) / self.variance
        counts = (rows >= least) & (others >= least) & (inside > outside) & (inside >= limits.rise * usual)
        if not self.total[_GATE_N]:  # a part that is easy without a model is no weak spot
            counts &= sums[..., _LOSS] / np.maximum(rows, 1) > rest[..., _LOSS] / np.maximum(others, 1)
        return np.where(counts, apart, 0.0)


def _best(masks: Mask, tables: Floats, rate: _Rate) -> tuple[Mask, Floats]:
    """Of each table (tables, cells, sums) the choice of cells that stands out most, and how far."""
    chosen = masks if masks.ndim == 3 else np.broadcast_to(masks, (len(tables), *masks.shape))
    distances = rate.distances(np.matmul(chosen.astype(np.float64), tables))
    top = np.argmax(distances, axis=1)
    each = np.arange(len(tables))
    return chosen[each, top], distances[each, top]


def _masks(cut: Cut, tables: Floats, rate: _Rate) -> Mask:
    """The choices of cells: ranges; of a category those levels that lose most, per table."""
    if cut.ordered:
        return _ranges(cut.named)
    rows = tables[..., : cut.named + 1, _N]
    excess, _, _ = rate.excess(tables[..., : cut.named + 1, :])
    middle = rate.excess(rate.total)[0]
    order = np.argsort(-(excess * rows + middle * _SHRUNK) / (rows + _SHRUNK), axis=-1, kind="stable")
    rank = np.argsort(order, axis=-1)
    first = rank[:, None, :] <= np.arange(cut.named + 1)[None, :, None]
    return np.concatenate([first, np.zeros((*first.shape[:2], 1), dtype=bool)], axis=-1)


@lru_cache(maxsize=64)
def _ranges(named: int) -> Mask:
    """All ranges of neighbouring cells, all but one range, and the missing alone."""
    low, high = np.triu_indices(named)
    places = np.arange(named + 2)
    inside = (places >= low[:, None]) & (places <= high[:, None])
    outside = ~inside & (places < named)
    inner = (low > 0) & (high < named - 1)
    alone = places == named
    return np.vstack([inside, outside[inner], alone[None]])


def _distance(part: Part, now: Lost, gate: Lost | None, limits: Limits) -> float:
    """How far a part stands out on all rows; 0 where it does not count there."""
    places, size = [0], [int(max(now.codes[0].max(initial=0), gate.codes[0].max(initial=0) if gate else 0)) + 1]
    total = _table(now, gate, places, size).sum(axis=0)
    inside = now.of(part.rows(now)), None if gate is None else gate.of(part.rows(gate))
    apart = float(_Rate(total, _variance(now), limits).distances(_table(*inside, places, size).sum(axis=0)))
    return min(apart, spot_chances.distance(part, now, gate)) if apart else 0.0


def _apart(parts: Sequence[Part], now: Lost, most: int) -> list[Part]:
    """The first of those that share most of their rows."""
    kept: list[tuple[Part, Mask]] = []
    for part in parts:
        rows = part.rows(now)
        if part.distance > 0 and all((rows & other).sum() <= _SAME * (rows | other).sum() for _, other in kept):
            kept.append((part, rows))
    return [part for part, _ in kept[:most]]
