"""Which weak spots are found that were planted in real batches, and how many where there is none?

    python -m tests.benchmarks.weak_spots [--streams NAME ...] [--plants 6] [--every 1] [--seeds 1] [--show]

Real streams, whole days shuffled, so that what differs between batches is chance. A model learns from some batches, wins
on the next, and is judged on those behind it, of which several are taken together where one has few days; a third of
the columns is delivered and no feature. Planted: in a part of the rows by one column or two, 5 to 40 % of them in 20
days or more, labels are exchanged or blurred until the loss there is 1.5 to 3 times that on the rest and what it was.
Nothing here is asserted in a test.
"""

import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

from tasks.evaluation import cuts_of_columns, spots
from tasks.evaluation.lost_rows import Limits, Lost
from tasks.evaluation.spots import Spot
from tasks.problems import kinds
from tests.benchmarks.triage_streams import EVENT, STREAMS, Stream

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

_LEARNED, _JUDGED = 6, 3
"""Batches that a model learns from, and that it is judged on behind its gate."""
_DAYS, _MOST_ROWS = 24, 5_000
_IDLE = 3
"""Every third column is no feature."""
_OVERLAP, _SAME = 0.3, 0.5
"""Share of the rows of both together that a part shares with the planted one to be found, and to be named."""


@dataclass(frozen=True, eq=False)
class Case:
    """A model, its gate and rows that are judged."""

    stream: Stream
    learned: pd.DataFrame
    gate: pd.DataFrame
    now: pd.DataFrame

    @cached_property
    def inputs(self) -> list[str]:
        """Columns that the model knows."""
        return [name for place, name in enumerate(self.stream.features) if place % _IDLE != 1]

    @cached_property
    def _ranks(self) -> dict[str, dict[object, float]]:
        texts = [name for name in self.inputs if self.learned[name].dtype != np.float64]
        return {
            name: {level: float(rank) for rank, level in enumerate(self.learned[name].value_counts().index[:200])}
            for name in texts
        }

    def _encoded(self, rows: pd.DataFrame) -> pd.DataFrame:
        return rows[self.inputs].assign(**{name: rows[name].map(ranks) for name, ranks in self._ranks.items()})

    @cached_property
    def _model(self) -> HistGradientBoostingClassifier | HistGradientBoostingRegressor:
        kind = HistGradientBoostingRegressor if self.stream.is_amount else HistGradientBoostingClassifier
        fitted = kind(max_iter=60, random_state=0)
        return fitted.fit(self._encoded(self.learned), self.learned[self.stream.label].astype(float))

    def answers(self, rows: pd.DataFrame) -> Floats:
        """What the model says."""
        encoded = self._encoded(rows)
        return self._model.predict(encoded) if self.stream.is_amount else self._model.predict_proba(encoded)[:, 1]

    def losses(self, rows: pd.DataFrame, answers: Floats | None = None) -> Floats:
        """What the model, or another answer, loses."""
        problem = kinds.named(self.stream.settings.training.problem)
        outcomes = rows[self.stream.label].astype(float).to_numpy()
        return problem.losses(outcomes, problem.kept(self.answers(rows) if answers is None else answers))

    def look(self, now: pd.DataFrame) -> tuple[list[Spot], list[Mask], float]:
        """Weak spots on rows like those of now, their rows, and processor seconds."""
        began, settings = time.process_time(), self.stream.settings
        cuts = cuts_of_columns.cut(pd.concat([now, self.gate], ignore_index=True), settings)

        def lost(rows: pd.DataFrame) -> Lost:
            days = pd.factorize(rows[EVENT].dt.floor("D"), sort=True)[0].astype(np.intp)
            return Lost(tuple(cut.codes(rows) for cut in cuts), self.losses(rows), days)

        constant = np.full(len(now), self.learned[self.stream.label].astype(float).mean())
        here, wanted = lost(now), settings.monitoring.slices
        limits = Limits(wanted.share, wanted.rise, wanted.level)
        found = spots.of_model(cuts, here, self.losses(now, constant), lost(self.gate), limits)
        return found, [spot.part.rows(here) for spot in found], time.process_time() - began


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--streams", nargs="+", choices=STREAMS, default=list(STREAMS))
    parser.add_argument("--plants", type=int, default=6, help="of each model")
    parser.add_argument("--every", type=int, default=1, help="only every so-manieth model")
    parser.add_argument("--seeds", type=int, default=1, help="orders of the days")
    parser.add_argument("--show", action="store_true", help="print what was found where nothing is, and what was not")
    chosen = parser.parse_args()
    quiet, planted = [], []
    for name in chosen.streams:
        stream = STREAMS[name]()
        for seed in range(1, chosen.seeds + 1):
            for place, case in enumerate(_cases(stream.shuffled(seed))):
                if place % chosen.every == 0:
                    quiet.append(_untouched(name, case))
                    planted += _planted(name, case, chosen.plants, seed=1000 * seed + place)
    table = pd.DataFrame(quiet, columns=["stream", "shown", "seconds", "what"])
    print(f"nothing planted: {table['shown'].mean():.1%} of {len(table)} batches show one")
    print(table.groupby("stream", sort=False).agg(batches=("shown", "size"), shown=("shown", "sum"),
                                                   seconds=("seconds", "median")).round(3).to_string())  # fmt: skip
    columns = ["stream", "columns", "share", "times", "rows", "found", "named", "seconds", "what", "instead"]
    hits = pd.DataFrame(planted, columns=columns)
    print(f"\nplanted: {hits['found'].mean():.1%} of {len(hits)} found, {hits['named'].mean():.1%} named")
    by = [
        hits["stream"],
        hits["columns"],
        pd.cut(hits["share"], [0, 0.1, 0.2, 0.41]),
        pd.cut(hits["times"], [1, 2, 3.1]),
    ]
    for one in by:
        print(
            hits.groupby(one, sort=False, observed=True)[["found", "named"]].agg(["size", "mean"]).round(2).to_string()
        )
    if chosen.show:
        with pd.option_context("display.max_colwidth", 120, "display.width", 250):
            print(table[table["shown"]].to_string(index=False))
            print(hits[~hits["named"]].to_string(index=False))


def _cases(stream: Stream) -> Iterator[Case]:
    """Models one after the other; what is judged together has enough days."""
    lots, waits = [], []
    for batch in stream.batches:
        waits.append(batch)
        together = pd.concat(waits, ignore_index=True)
        if together[EVENT].dt.floor("D").nunique() >= _DAYS:
            lots.append(together)
            waits = []
    learned = min(_LEARNED, max(1, len(lots) // 3))
    for start in range(0, len(lots) - learned - 1, _JUDGED):
        rows = pd.concat(lots[start : start + learned], ignore_index=True)
        first = Case(stream, _thinned(rows, 20_000), _thinned(lots[start + learned], _MOST_ROWS), rows.head(0))
        for now in lots[start + learned + 1 : start + learned + 1 + _JUDGED]:
            case = replace(first, now=_thinned(now, _MOST_ROWS))
            case.__dict__.update(
                {name: first.__dict__[name] for name in ("_model", "_ranks") if name in first.__dict__}
            )
            yield case
            first.__dict__.update({name: case.__dict__[name] for name in ("_model", "_ranks") if name in case.__dict__})


def _thinned(rows: pd.DataFrame, most: int) -> pd.DataFrame:
    if len(rows) <= most:
        return rows
    drawn = np.random.default_rng(0).choice(len(rows), most, replace=False)
    return rows.iloc[np.sort(drawn)].reset_index(drop=True)


def _untouched(name: str, case: Case) -> tuple[object, ...]:
    found, _, seconds = case.look(case.now)
    told = [f"{one.told.where} ({one.told.against}: {one.told.loss:.3g} for {one.told.usual:.3g})" for one in found]
    return name, bool(found), seconds, "; ".join(told)


# ── plants ────────────────────────────────────────────────────────────────────────────────────────────────────────
def _planted(name: str, case: Case, plants: int, seed: int) -> Iterator[tuple[object, ...]]:
    luck = np.random.default_rng(seed)
    for number in range(plants):
        part = _part(case.now, case.stream.features, 1 + number % 2, luck)
        if part is None:
            continue
        columns, rows, words = part
        times = float(luck.uniform(1.5, 3.0))
        blurred = _blurred(case, rows, times, luck)
        if blurred is None:
            continue
        found, masks, seconds = case.look(blurred)
        overlaps = [(mask & rows).sum() / (mask | rows).sum() for mask in masks]
        best = int(np.argmax(overlaps)) if overlaps else -1
        told = {column.partition(" (")[0] for column in found[best].told.columns} if overlaps else set()
        hit = bool(overlaps) and overlaps[best] >= _OVERLAP
        named = hit and overlaps[best] >= _SAME and bool(told & set(columns))
        instead = "; ".join(one.told.where for one in found)
        yield name, len(columns), rows.mean(), times, int(rows.sum()), hit, named, seconds, words, instead


def _part(
    frame: pd.DataFrame, features: tuple[str, ...], columns: int, luck: np.random.Generator
) -> tuple[list[str], Mask, str] | None:
    """A part of the rows by so many columns; None if none was drawn that is neither too small nor too large."""
    for _ in range(200):
        names = list(luck.choice([*features, EVENT], columns, replace=False))
        sides = [_side(frame[name], float(luck.uniform(0.1, 0.4) ** (1 / columns)), luck) for name in names]
        rows = np.logical_and.reduce([mask for mask, _ in sides])
        days = frame[EVENT][rows].dt.floor("D").nunique()
        if 0.05 <= rows.mean() <= 0.4 and days >= 20 and all(mask.mean() <= 0.8 for mask, _ in sides):
            return names, rows, ", ".join(f"{name} {text}" for name, (_, text) in zip(names, sides, strict=True))
    return None


def _side(values: "pd.Series", share: float, luck: np.random.Generator) -> tuple[Mask, str]:
    """A range or some levels with about so large a share of the rows; of a time by its hour."""
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        values = values.dt.hour.astype(float)
    if values.dtype == np.float64:
        low = float(luck.choice([0.0, 1.0 - share, luck.uniform(0, 1 - share)]))
        ends = np.nanquantile(values, [low, min(low + share, 1.0)])
        return ((values >= ends[0]) & (values <= ends[1])).to_numpy(), f"{ends[0]:.4g} to {ends[1]:.4g}"
    levels, total = [], 0.0
    frequent = values.value_counts(normalize=True)
    for level in luck.permutation(frequent.index.to_numpy()):
        if total + frequent[level] <= share + 0.1:
            levels, total = [*levels, level], total + frequent[level]
    return values.isin(levels).to_numpy(), f"{levels[:4]}"


def _blurred(case: Case, rows: Mask, times: float, luck: np.random.Generator) -> pd.DataFrame | None:
    """The rows with labels that are wrong in a part, until the loss there is so many times what it should be."""
    frame, label = case.now, case.stream.label
    answers = case.answers(frame)
    before = case.losses(frame, answers)
    target = times * max(before[~rows].mean(), before[rows].mean())
    order, noise = luck.random(len(frame)), luck.normal(size=len(frame))
    spread = float(frame[label].astype(float).std())
    for strength in np.linspace(0.02, 1.0, 50):
        if case.stream.is_amount:
            changed = frame[label].where(~rows, frame[label] + 4 * strength * spread * noise)
        else:
            changed = frame[label].where(~(rows & (order < strength)), ~frame[label].astype(bool))
        blurred = frame.assign(**{label: changed})
        if case.losses(blurred, answers)[rows].mean() >= target:
            return blurred
    return None


if __name__ == "__main__":
    main()
