"""Damages for the triage benchmark: what goes wrong upstream with a column, a label, or whole rows.

Add a damage to `NUMBERS`, `LEVELS` or `ROWS`. Each gets the values and chance, and gives what they become; which rows
are hit is decided outside of it.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd

from tests.benchmarks.triage_streams import EVENT, Stream

Values = np.ndarray
Change = Callable[[Values, np.random.Generator, Values], Values]
"""Values of the batch, chance, and values of the batches before."""

NUMBERS: dict[str, Change] = {
    **{
        f"times {k:g}": lambda x, r, p, k=k: x * k
        for k in (10, 100, 1000, 0.1, 0.01, 60, 1 / 60, 1.609, 0.4536, 0.3048)
    },
    "Celsius to Fahrenheit": lambda x, r, p: x * 1.8 + 32,
    "Fahrenheit to Celsius": lambda x, r, p: (x - 32) / 1.8,
    "sign lost": lambda x, r, p: -x,
    "rounded": lambda x, r, p: np.round(x),
    "rounded to tens": lambda x, r, p: np.round(x, -1),
    "truncated": lambda x, r, p: np.trunc(x),
    "zero": lambda x, r, p: x * 0,
    "missing": lambda x, r, p: x * np.nan,
    "median": lambda x, r, p: x * 0 + np.nanmedian(p),
    "minus one": lambda x, r, p: x * 0 - 1,
    "999": lambda x, r, p: x * 0 + 999,
    "frozen": lambda x, r, p: np.full(len(x), x[0]),
    "of the row before": lambda x, r, p: np.r_[x[:1], x[:-1]],
    "repeated": lambda x, r, p: np.resize(p, len(x)),
    "noise": lambda x, r, p: x + r.normal(0, 2 * np.nanstd(p), len(x)),
    "joined wrongly": lambda x, r, p: x[r.permutation(len(x))],
    "clipped": lambda x, r, p: np.minimum(x, np.nanmedian(p)),
    "moved": lambda x, r, p: x + 2 * np.nanstd(p),
    "logarithm": lambda x, r, p: np.log1p(np.maximum(x, 0)),
    "reciprocal": lambda x, r, p: np.where(x == 0, 0, 1 / np.where(x == 0, 1, x)),
    "mirrored": lambda x, r, p: np.nanmax(p) + np.nanmin(p) - x,
    "overflown": lambda x, r, p: np.mod(x, max(1.0, np.nanmedian(p))),
    "squared": lambda x, r, p: x * x,
}


def _written(change: Callable[[str], str]) -> Change:
    return lambda x, r, p: np.array([change(value) if isinstance(value, str) else value for value in x], dtype=object)


def _next_level(x: Values, r: np.random.Generator, p: Values) -> Values:
    names = sorted({value for value in p if isinstance(value, str)})
    turned = dict(zip(names, [*names[1:], *names[:1]], strict=True))
    return np.array([turned.get(value, value) for value in x], dtype=object)


def _constant(pick: Callable[[pd.Series], object]) -> Change:
    return lambda x, r, p: np.full(len(x), pick(pd.Series(p).value_counts()), dtype=object)


LEVELS: dict[str, Change] = {
    "other case": _written(lambda text: text.lower() if text.isupper() else text.upper()),
    "codes": lambda x, r, p: pd.factorize(pd.Series(x), sort=True)[0].astype(str).astype(object),
    "cut off": _written(lambda text: text[: max(1, len(text) // 2)]),
    "blank behind": _written(lambda text: f"{text} "),
    "the usual level": _constant(lambda counts: counts.index[0]),
    "the rarest level": _constant(lambda counts: counts.index[-1]),
    "unknown": lambda x, r, p: np.full(len(x), "unknown", dtype=object),
    "level missing": lambda x, r, p: np.full(len(x), None, dtype=object),
    "levels exchanged": _next_level,
    "level joined wrongly": lambda x, r, p: x[r.permutation(len(x))],
}


def _label(change: Callable[[Values, Stream, np.random.Generator], Values]):
    def apply(stream: Stream, frame: pd.DataFrame, rows: Values, chance: np.random.Generator, top: list[str]):
        label = frame[stream.label].to_numpy()
        return frame.assign(**{stream.label: np.where(rows, change(label, stream, chance), label)}), {stream.label}

    return apply


def _wrong_key(stream: Stream, frame: pd.DataFrame, rows: Values, chance: np.random.Generator, top: list[str]):
    names, order = top[: max(2, len(top) // 2)], chance.permutation(len(frame))
    changed = {name: frame[name].where(~rows, frame[name].iloc[order].to_numpy()) for name in names}
    return frame.assign(**changed), set(names)


def _exchanged_columns(stream: Stream, frame: pd.DataFrame, rows: Values, chance: np.random.Generator, top: list[str]):
    names = [name for name in top if frame[name].dtype == np.float64][:2]
    if len(names) < 2:
        return None
    one, two = (frame[name] for name in names)
    return frame.assign(**{names[0]: one.where(~rows, two), names[1]: two.where(~rows, one)}), set(names)


def _later(stream: Stream, frame: pd.DataFrame, rows: Values, chance: np.random.Generator, top: list[str]):
    moved = frame[EVENT] + pd.to_timedelta(np.where(rows, 5, 0), unit="h")
    return frame.assign(**{EVENT: moved}).sort_values(EVENT, kind="stable", ignore_index=True), set(stream.features)


ROWS = {
    "label inverted": _label(lambda y, s, r: y.max() + y.min() - y if s.is_amount else ~y.astype(bool)),
    "label of five rows before": _label(lambda y, s, r: np.r_[y[-5:], y[:-5]]),
    "label joined wrongly": _label(lambda y, s, r: y[r.permutation(len(y))]),
    "label times ten, or always yes": _label(lambda y, s, r: y * 10 if s.is_amount else np.ones(len(y), dtype=bool)),
    "joined to the wrong key": _wrong_key,
    "two columns exchanged": _exchanged_columns,
    "five hours later": _later,
}


def hit(frame: pd.DataFrame, share: float, how: str, group: str | None, chance: np.random.Generator) -> Values:
    """Which rows are hit: by chance, the last ones, a stretch of them, or those of one group of about that size."""
    rows = len(frame)
    if share >= 1:
        return np.ones(rows, dtype=bool)
    if how == "last":
        return np.arange(rows) >= rows * (1 - share)
    if how == "stretch":
        first = chance.integers(0, int(rows * (1 - share)) + 1)
        return (np.arange(rows) >= first) & (np.arange(rows) < first + rows * share)
    if how == "group" and group is not None:
        counts = frame[group].value_counts(normalize=True)
        return (frame[group] == (counts - share).abs().idxmin()).to_numpy(dtype=bool)
    return chance.random(rows) < share
