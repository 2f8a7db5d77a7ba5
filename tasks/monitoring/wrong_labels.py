"""Do labels belong to their rows: exchanged, those of other rows, or of no row at all?

A world that has changed has labels that its own rows tell, if no model knows it yet; labels that were joined wrongly
have none. Add here what the live model and the rows say about labels. What is read from an input is in `suspects`.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from tasks.domain import wording
from tasks.domain.records import Suspect
from tasks.monitoring import label_ties, lots
from tasks.monitoring.lots import Asked, Explained, Floats, Lot

_SURE, _SHARE = 3.0, 0.05
"""Standard deviations, and share of the loss, from which labels are wrong beyond doubt."""
_WORSE = 1.03
"""Times its loss at its gate from which a model may lose by its labels."""
_FURTHEST = 24
"""Rows by which labels may be late or early."""
_BATCHES = (4, 5)
"""Batches before that say how much of labels their rows tell, at least and at most."""
_TIED, _LOOSE = 0.03, 0.4
"""Share of labels that the rows of each batch before told, and how much of that is little."""
_ODD = 2.0
"""Standard deviations from which it is asked whether labels are tied to anything."""
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
    return one if _is_sure(one) and (usual is None or one.rights(base, usual)) else None


def _tied_to_nothing(
    now: Lot, asked: Asked, base: Floats, usual: float, label: str, seed: int
) -> tuple[Suspect, Explained] | None:
    """Labels by which the live model loses much more than on such rows before, and which their rows tell no more."""
    one = _explained(now, base - _expected(now, asked, usual), base, label, seed)
    size = int(one.rows.sum())
    is_odd = one.deviations >= _ODD and one.share >= _SHARE and size >= label_ties.LEAST
    if not is_odd or len(now.before) < _BATCHES[0]:
        return None
    share = label_ties.told(now, asked.outcomes, one.rows, seed)
    before: list[float] = []
    for usually in label_ties.told_before(now, one.rows, seed, _BATCHES[1]) if share <= _LOOSE else ():
        if usually < _TIED or share > _LOOSE * usually:
            return None  # one batch that told no more is enough: the others need not be asked
        before.append(usually)
    if len(before) < _BATCHES[0]:
        return None
    were = f"{wording.share(min(before))} to {wording.share(max(before))} in each batch before"
    text = f"'{label}': {_part(one)} the columns tell {wording.share(max(share, 0.0))} of it, {were}: joined wrongly?"
    return Suspect(label, "tied_to_nothing", text, size), one


def _expected(now: Lot, asked: Asked, usual: float) -> Floats:
    """What the model loses on rows of the same hour and groups, in the proportions of the batches before."""
    then, here = label_ties.hours_and_groups(now)
    outcomes = np.concatenate([batch.outcomes for batch in now.before])
    there = ~np.isnan(outcomes)
    lost = asked.losses(asked.answers(now.past)[there], outcomes[there])
    expected: Floats = label_ties.kinds_of_rows(then[there], lost).predict(here) * usual / lost.mean()
    return expected


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
