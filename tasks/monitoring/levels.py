"""Two samples of a category or boolean: how far apart, and at which level most.

Missing is one more level, in the test and in the effect. Levels with too few rows are pooled, in both, so that a column
with thousands of rare values does not look moved by chance.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from tasks.domain import wording
from tasks.domain.records import MISSING, RARE
from tasks.monitoring import two_sample
from tasks.monitoring.comparable import BINS, NO_ROWS, Compared, Histogram, rounded, shares_text
from tasks.monitoring.two_sample import Floats

_LONGEST = 60
"""Characters of a level that are shown."""


def compare(reference: pd.Series, current: pd.Series) -> Compared:
    """Compare two samples of a category or boolean column by total variation distance and chi-square."""
    if len(reference) == 0 or len(current) == 0:
        return NO_ROWS
    counted = _count(reference, current)
    p_value = two_sample.homogeneity(counted.was, counted.now)
    table = _pool(counted)
    was, now = table.was / table.was.sum(), table.now / table.now.sum()
    effect = _distance(was, now, float(1 / table.was.sum() + 1 / table.now.sum()))
    missing = float(reference.isna().mean()), float(current.isna().mean())
    return Compared(effect, p_value, _text(table.names, was, now), *missing, _histogram(table.names, was, now))


@dataclass(frozen=True)
class _Table:
    """Rows per level; a name is the level in quotes, or what stands for missing and pooled levels."""

    names: list[str]
    was: Floats
    now: Floats


def _count(reference: pd.Series, current: pd.Series) -> _Table:
    counts = pd.DataFrame({"was": reference.value_counts(sort=False), "now": current.value_counts(sort=False)})
    lost = int(reference.isna().sum()), int(current.isna().sum())
    names = [_name(level) for level in counts.index]
    was, now = (counts[side].fillna(0).to_numpy(dtype=np.float64) for side in ("was", "now"))
    if any(lost):
        return _Table([*names, MISSING], np.append(was, lost[0]), np.append(now, lost[1]))
    return _Table(names, was, now)


def _name(level: object) -> str:
    text = str(level).lower() if isinstance(level, (bool, np.bool_)) else str(level)
    return f"'{text if len(text) <= _LONGEST else text[: _LONGEST - 1] + '…'}'"


def _pool(table: _Table) -> _Table:
    """Rare levels as one, unless there is only one of them."""
    few = two_sample.rare(table.was, table.now)
    if few.sum() < 2:
        return table
    names = [name for name, is_rare in zip(table.names, few, strict=True) if not is_rare]
    was, now = (np.append(side[~few], side[few].sum()) for side in (table.was, table.now))
    return _Table([*names, RARE], was, now)


def _distance(was: Floats, now: Floats, scatter: float) -> float:
    """Total variation distance, less what chance adds to it.

    Each squared difference is first reduced by the variance that it has when nothing moved; otherwise the floor of the
    effect would mean little for a column with a thousand levels, whose samples always lie some way apart.
    """
    both = (was + now) / 2
    squares = (was - now) ** 2 - both * (1 - both) * scatter
    return float(np.sqrt(np.maximum(squares, 0.0)).sum() / 2)


def _text(names: list[str], was: Floats, now: Floats) -> str:
    """The level whose share changed most."""
    widest = int(np.abs(was - now).argmax())
    if was[widest] == now[widest]:
        return "as before"
    if names[widest] == MISSING:
        return shares_text(float(was[widest]), float(now[widest]), "missing")
    return f"{names[widest]}: {wording.share(float(now[widest]))}, was {wording.share(float(was[widest]))}"


def _histogram(names: list[str], was: Floats, now: Floats) -> Histogram:
    """The most frequent levels, then the rest as one."""
    ordered = [int(k) for k in np.argsort(-np.maximum(was, now), kind="stable")]
    single = [k for k in ordered if names[k] not in (RARE, MISSING)]
    room = BINS - 2 if len(single) < len(ordered) or len(single) > BINS else BINS
    rest = single[room:] + [k for k in ordered if names[k] == RARE]
    bins = [rounded(names[k][1:-1], was[k], now[k]) for k in single[:room]]
    bins += [rounded(RARE, was[rest].sum(), now[rest].sum())] if rest else []
    bins += [rounded(MISSING, was[k], now[k]) for k in ordered if names[k] == MISSING]
    return tuple(bins)
