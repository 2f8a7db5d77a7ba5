"""Weak spots of a model, or of a challenger beside the live model: what is compared with what, and what it comes to.

Add here what a weak spot is compared with. How parts of the rows are searched and tested belongs to `spot_search`, what
is said of them to `spot_sentences`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from tasks.domain.weak_spots import Against, WeakSpot
from tasks.evaluation import spot_search
from tasks.evaluation.cuts_of_columns import Cut
from tasks.evaluation.lost_rows import FEW, Floats, Limits, Lost, Mask, Part
from tasks.evaluation.spot_chances import MIN_CLUSTERS
from tasks.problems.losses import is_measurable

_MOST = 3
_SAME = 0.5


@dataclass(frozen=True, eq=False)
class Spot:
    """What was found, and the cells that it consists of."""

    part: Part
    told: WeakSpot


def of_model(cuts: Sequence[Cut], now: Lost, dummy: Floats, gate: Lost | None, limits: Limits) -> list[Spot]:
    """Where a model loses more than no model would; and elsewhere, where it loses more than at its gate.

    Args:
        cuts: How columns are cut.
        now: The rows that are judged, with what the model lost.
        dummy: What no model would have lost on them.
        gate: Rows of the gate; None where they are not known.
        limits: What counts; half of the level is for each of both comparisons.
    """
    if not is_measurable(now.loss) or not is_measurable(dummy) or (gate and not is_measurable(gate.loss)):
        return []
    each, paired = replace(limits, level=limits.level / 2), replace(now, base=dummy)
    asked = [] if gate is None else spot_search.uncovered(cuts, now, gate)
    parts = spot_search.find(cuts, paired, None, each, asked)
    spots = [_spot(cuts, part, paired, Against.NO_MODEL, gate) for part in parts]
    if gate is not None and len(np.unique(gate.clusters)) >= 2 * MIN_CLUSTERS:
        worse = [_spot(cuts, part, now, Against.GATE, gate) for part in spot_search.find(cuts, now, gate, each, asked)]
        spots += [one for one in worse if not any(_is_same(one.part, other.part, now) for other in spots)]
    return spots[:_MOST]


def of_challenger(cuts: Sequence[Cut], challenger: Lost, limits: Limits) -> list[Spot]:
    """Where a challenger loses more than the live model, which is its base."""
    if challenger.base is None or not is_measurable(challenger.loss) or not is_measurable(challenger.base):
        return []
    parts = spot_search.find(cuts, challenger, None, limits)
    return [_spot(cuts, part, challenger, Against.CHAMPION, None) for part in parts]


def _spot(cuts: Sequence[Cut], part: Part, now: Lost, against: Against, gate: Lost | None) -> Spot:
    inside, loss = part.rows(now), now.loss
    there = None if gate is None else part.rows(gate)
    if now.base is not None:
        usual = float(now.base[inside].mean())
    else:
        assert gate is not None and there is not None
        usual = float(gate.loss[there].mean() if there.sum() >= FEW else gate.loss.mean())
    return Spot(
        part,
        WeakSpot(
            where=" and ".join(cuts[place].words(mask) for place, mask in part.cells),
            columns=tuple(cuts[place].name for place, _ in part.cells),
            against=against,
            rows=int(inside.sum()),
            share=float(inside.mean()),
            clusters=len(np.unique(now.clusters[inside])),
            loss=float(loss[inside].mean()),
            usual=usual,
            rest=float(loss[~inside].mean()),
            p_value=part.p_value,
            elsewhere=_elsewhere(cuts, part, inside),
            gate_rows=None if there is None else int(there.sum()),
        ),
    )


def _elsewhere(cuts: Sequence[Cut], part: Part, inside: Mask) -> str:
    """The other rows in words, where they are fewer and one range, or one level."""
    (place, mask), *others = part.cells
    cut = cuts[place]
    if others or mask[cut.named] or inside.mean() <= _SAME:
        return ""
    rest = ~mask
    rest[cut.named :] = False
    pieces = int((np.diff(rest.astype(int)) == 1).sum()) + int(rest[0]) if cut.ordered else int(rest.sum())
    return cut.words(rest) if pieces == 1 else ""


def _is_same(one: Part, other: Part, now: Lost) -> bool:
    """Whether two parts share most of the rows of the smaller one."""
    first, second = one.rows(now), other.rows(now)
    return bool((first & second).sum() > _SAME * min(first.sum(), second.sum()))
