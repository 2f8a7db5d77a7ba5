"""Do labels belong to their rows: exchanged, those of other rows, or of no row at all?

A world that has changed has labels that its own rows tell, if no model knows it yet; labels that were joined wrongly
have none. Add here what the live model and the rows say about labels. What is read from an input is in `suspects`.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.tree import DecisionTreeRegressor

from tasks.domain import wording
from tasks.domain.records import Suspect
from tasks.monitoring import lots
from tasks.monitoring.lots import Asked, Explained, Floats, Lot, Rows

_SURE, _SHARE = 3.0, 0.05
"""Standard deviations, and share of the loss, from which labels are wrong beyond doubt."""
_WORSE, _RIGHT = 1.03, 1.25
"""Times its loss at its gate from which a model loses by its labels, and up to which it is as before without that."""
_FURTHEST = 24
"""Rows by which labels may be late or early."""
_LEAST, _BATCHES, _RUNS = 100, (4, 8), 10
"""Rows of a part from which its own labels can be asked for; batches before, at least and at most; runs of one."""
_TIED, _LOOSE, _LITTLE = 0.03, 0.25, 0.1
"""Share of labels that the rows of each batch before told; how much of that is little, and how much always is."""
_GROUPS = 20
"""Levels of a column that makes groups."""


def look(
    now: Lot, asked: Asked, answers: Floats, usual: float | None, label: str, seed: int
) -> Iterator[tuple[Suspect, Explained]]:
    """What is wrong with the labels of a batch, at most one finding.

    Args:
        now: Its labelled rows.
        asked: The live model.
        answers: What it says to them.
        usual: Its loss at its gate; None if that is not known.
        label: Column of the label.
        seed: Of halves.
    """
    base = asked.losses(answers)
    found = _exchanged(now, asked, answers, usual, label, seed)
    if usual is not None and base.mean() > _WORSE * usual:
        found = found or (_moved(now, asked, answers, usual, label, seed) if now.is_whole else None)
        found = found or _tied_to_nothing(now, asked, base, usual, label, seed)
    if found is not None:
        yield found


def _exchanged(
    now: Lot, asked: Asked, answers: Floats, usual: float | None, label: str, seed: int
) -> tuple[Suspect, Explained] | None:
    """Yes and no in each other's place, in the parts where the loss goes away with the other label."""
    otherwise = asked.problem.exchanged(asked.outcomes)
    if otherwise is None:
        return None
    one = _righted(now, asked, answers, otherwise, usual, label, seed)
    text = f"'{label}': yes and no look exchanged {_part(one)}" if one else ""
    return (Suspect(label, "exchanged", text, _rows(one)), one) if one else None


def _moved(
    now: Lot, asked: Asked, answers: Floats, usual: float, label: str, seed: int
) -> tuple[Suspect, Explained] | None:
    """Labels of the rows so many before or behind."""
    furthest = min(_FURTHEST, len(answers) // 10)
    shifts = [by for by in range(-furthest, furthest + 1) if by]
    left = [asked.losses(answers, np.roll(asked.outcomes, -by)).mean() for by in shifts]
    if not shifts:
        return None
    by = shifts[int(np.argmin(left))]
    one = _righted(now, asked, answers, np.roll(asked.outcomes, -by), usual, label, seed)
    which = f"{'one row' if abs(by) == 1 else f'{abs(by)} rows'} {'before' if by > 0 else 'behind'}"
    text = f"'{label}': {_part(one)} it looks like that of the row {which}" if one else ""
    return (Suspect(label, "moved_rows", text, _rows(one)), one) if one else None


def _righted(
    now: Lot, asked: Asked, answers: Floats, otherwise: Floats, usual: float | None, label: str, seed: int
) -> Explained | None:
    """The parts in which other labels take the loss away, down to what is usual; None where they do not."""
    base, then = asked.losses(answers), asked.losses(answers, otherwise)
    one = _explained(now, base - then, base, label, seed)
    is_right = usual is None or (_is_sure(one) and then[one.rows].mean() <= _RIGHT * usual)
    return one if _is_sure(one) and is_right else None


def _tied_to_nothing(
    now: Lot, asked: Asked, base: Floats, usual: float, label: str, seed: int
) -> tuple[Suspect, Explained] | None:
    """Labels by which the live model loses much more than on such rows before, and which their rows tell no more."""
    one = _explained(now, base - _expected(now, asked, usual), base, label, seed)
    size = int(one.rows.sum())
    if not _is_sure(one) or size < _LEAST:
        return None
    share = _told(now.encoded[1][one.rows], asked.outcomes[one.rows], now.clusters[one.rows], seed)
    before = _told_before(now, size, seed) if share <= _LITTLE else []
    if len(before) < _BATCHES[0] or min(before) < _TIED or share > _LOOSE * min(before):
        return None
    were = f"{wording.share(min(before))} to {wording.share(max(before))} in each batch before"
    text = f"'{label}': {_part(one)} the columns tell {wording.share(max(share, 0.0))} of it, {were}: joined wrongly?"
    return Suspect(label, "tied_to_nothing", text, size), one


def _expected(now: Lot, asked: Asked, usual: float) -> Floats:
    """What the model loses on rows of the same hour and groups, in the proportions of the batches before."""
    groups = [
        place
        for place, name in enumerate(now.past.columns)
        if not pd.api.types.is_float_dtype(now.past[name].dtype) and now.past[name].nunique() <= _GROUPS
    ]
    outcomes = np.concatenate([batch.outcomes for batch in now.before])
    hours = np.concatenate([batch.hours for batch in now.before])
    there = ~np.isnan(outcomes)
    lost = asked.losses(asked.answers(now.past)[there], outcomes[there])
    then, here = (
        np.column_stack([of, values[:, groups]]) for of, values in zip((hours, now.hours), now.encoded, strict=True)
    )
    tree = DecisionTreeRegressor(max_leaf_nodes=16, min_samples_leaf=50, random_state=0).fit(then[there], lost)
    expected: Floats = tree.predict(here) * usual / lost.mean()
    return expected


def _told_before(now: Lot, size: int, seed: int) -> list[float]:
    """The same of as many rows of each batch before, as far as there are as many with labels."""
    found: list[float] = []
    begin = 0
    for batch in now.before:
        inputs = now.encoded[0][begin : begin + len(batch.inputs)]
        begin += len(inputs)
        rows = np.flatnonzero(~np.isnan(batch.outcomes))
        if len(rows) >= _LEAST and len(found) < _BATCHES[1]:
            rows = rows[: max(size, _LEAST)]
            found.append(_told(inputs[rows], batch.outcomes[rows], rows // max(1, len(rows) // _RUNS), seed))
    return found


def _told(inputs: Floats, outcomes: Floats, clusters: NDArray[np.int64], seed: int) -> float:
    """Share of the variance of labels that their rows tell: a model of one half of the clusters, asked of the other."""
    half, left, whole = _half(clusters, seed), 0.0, 0.0
    for learned in (half, ~half):
        if not learned.any() or learned.all():
            return 1.0  # what cannot be asked is not held against them
        model = HistGradientBoostingRegressor(max_iter=40, max_leaf_nodes=8, min_samples_leaf=20, random_state=0)
        said = model.fit(inputs[learned], outcomes[learned]).predict(inputs[~learned])
        left += float(np.square(outcomes[~learned] - said).sum())
        whole += float(np.square(outcomes[~learned] - outcomes[~learned].mean()).sum())
    return 1 - left / whole if whole else 1.0


def _half(clusters: NDArray[np.int64], seed: int) -> Rows:
    names = np.unique(clusters)
    if len(names) < lots.FEW_CLUSTERS:
        return np.random.default_rng(seed).random(len(clusters)) < 0.5
    half: Rows = np.isin(clusters, np.random.default_rng(seed).permutation(names)[: len(names) // 2])
    return half


def _explained(now: Lot, gained: Floats, base: Floats, label: str, seed: int) -> Explained:
    """In the parts where something is gained: by the hour, the order of the rows, and the groups that inputs make."""
    texts = [column for _, column in now.inputs.items() if not pd.api.types.is_float_dtype(column.dtype)]
    groups = [codes for codes, levels in map(pd.factorize, texts) if len(levels) <= _GROUPS]
    where = np.column_stack([now.hours, np.arange(len(base)), *groups]).astype(np.float64)
    rows = lots.confirmed(where, gained, now.clusters, np.random.default_rng(seed))
    return lots.summed(label, gained, rows, now, base)


def _is_sure(one: Explained) -> bool:
    return one.deviations >= _SURE and one.share >= _SHARE


def _rows(one: Explained) -> int:
    return int(one.rows.sum())


def _part(one: Explained) -> str:
    return f"in {wording.share(float(one.rows.mean()))} of rows"
