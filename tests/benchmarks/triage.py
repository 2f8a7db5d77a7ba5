"""What does the triage hold? Untouched batches of real streams, and the same with damage to a part of their rows.

    python -m tests.benchmarks.triage [--streams NAME ...] [--strengths 0.1 0.4 1] [--per 1] [--every 1] [--others 8]
        [--show]

Untouched: every batch, as it came and with whole days shuffled, beside the twelve before it. Damaged: `--per` batches of
each stream, each kind of damage, on the most important column that it fits, at each strength; how rows are hit (by
chance, the last ones, a stretch, one group) goes round. A model of the ten batches before says what the damage costs,
and is asked as the live model would be. Evidently, pandera alone and stored statistics with thresholds learn from the same
batches and are asked about the same rows (`--others 8`, every eighth; 0 leaves them out). Nothing here is asserted in a test.
"""

import argparse
import itertools
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

from tasks.monitoring import lots, suspects
from tasks.problems import kinds
from tasks.validation.triage import examine
from tests.benchmarks import triage_damages, triage_rivals
from tests.benchmarks.triage_streams import EVENT, STREAMS, Stream

COSTLY = 0.05
"""Rise of the loss from which a damage has to be held."""
_BEFORE, _LEARNED = 12, 10
_MOST_ROWS, _PAST_ROWS = 4_000, 12_000
_HOWS = ("chance", "last", "stretch", "group")


@dataclass(frozen=True)
class Case:
    """One batch, what came before it, and a model of that."""

    stream: Stream
    number: int

    @property
    def now(self) -> pd.DataFrame:
        """Its rows, thinned to what models are asked about."""
        rows = self.stream.batches[self.number]
        return rows.iloc[:: max(1, -(-len(rows) // _MOST_ROWS))].reset_index(drop=True)

    @cached_property
    def before(self) -> list[pd.DataFrame]:
        """The batches before, the nearest first."""
        return self.stream.batches[max(0, self.number - _BEFORE) : self.number][::-1]

    @cached_property
    def past(self) -> list[pd.DataFrame]:
        each = max(1, _PAST_ROWS // len(self.before))
        return [rows.iloc[:: max(1, -(-len(rows) // each))] for rows in self.before]

    @cached_property
    def ranks(self) -> dict[str, dict[object, float]]:
        told, names = pd.concat(self.past), self.stream.features
        levels = {name: told[name].value_counts().index[:200] for name in names if told[name].dtype != np.float64}
        return {name: {level: float(rank) for rank, level in enumerate(there)} for name, there in levels.items()}

    @cached_property
    def model(self) -> object:
        rows = pd.concat(self.past[:_LEARNED][::-1])
        kind = HistGradientBoostingRegressor if self.stream.is_amount else HistGradientBoostingClassifier
        levels = [place for place, name in enumerate(self.stream.features) if name in self.ranks]
        fitted = kind(max_iter=80, max_leaf_nodes=15, random_state=0, categorical_features=levels or None)
        return fitted.fit(self.inputs(rows), rows[self.stream.label].to_numpy(dtype=np.float64))

    def inputs(self, rows: pd.DataFrame) -> np.ndarray:
        columns = (
            rows[name].map(self.ranks[name]) if name in self.ranks else rows[name] for name in self.stream.features
        )
        return np.column_stack([column.to_numpy(dtype=np.float64) for column in columns])

    def answers(self, rows: pd.DataFrame) -> np.ndarray:
        if self.stream.is_amount:
            return self.model.predict(self.inputs(rows))
        return np.clip(self.model.predict_proba(self.inputs(rows))[:, 1], 1e-6, 1 - 1e-6)

    def losses(self, rows: pd.DataFrame) -> np.ndarray:
        """Of each row, as it came."""
        outcomes = rows[self.stream.label].to_numpy(dtype=np.float64)
        return kinds.named(self.stream.settings.training.problem).losses(outcomes, self.answers(rows))

    @cached_property
    def important(self) -> list[str]:
        """Inputs, those first that the model would miss most."""
        now = self.now
        shuffled = {name: now[name].sample(frac=1, random_state=1).to_numpy() for name in self.stream.features}
        rise = {name: self.losses(now.assign(**{name: values})).mean() for name, values in shuffled.items()}
        return sorted(rise, key=lambda name: -rise[name])

    @cached_property
    def rivals(self) -> Callable[[pd.DataFrame], dict[str, str]]:
        """What others name first, who have learned from the batches before."""
        return triage_rivals.learned(self.before, [*self.stream.features, self.stream.label])

    def firsts(self, rows: pd.DataFrame, ours: str, asked: bool) -> dict[str, str] | None:
        """The column that each names first for a batch, ours beside them; None if others are not asked."""
        return {_OURS: ours, **self.rivals(rows)} if asked else None

    def verdict(self, rows: pd.DataFrame, usual: float) -> tuple[str, str]:
        """Who holds a batch (`rows`, `models` or nobody), and the column that is named first."""
        settings, training = self.stream.settings, self.stream.settings.training
        signs = examine.examine(rows, self.before, settings)
        if signs and signs[0].suspect.certain:
            return "rows", signs[0].suspect.column
        ordered = rows.sort_values(EVENT, kind="stable", ignore_index=True)
        clusters = pd.factorize(ordered[EVENT].dt.floor("D"))[0]
        names, problem = list(self.stream.features), kinds.named(training.problem)
        hours = ordered[EVENT].dt.hour.to_numpy()
        lot = lots.Lot(ordered[names], clusters, hours, self._earlier)
        asked = lots.Asked(self.answers, ordered[self.stream.label].to_numpy(dtype=np.float64), problem)
        opened = {one.suspect.column: one.suspect for one in signs}
        untied, harmful = suspects.judge(lot, asked, asked.answers(lot.inputs), opened, usual, training)
        first = untied[0] if untied else harmful[0][0] if harmful else None
        return ("models", first.column) if first else ("", "")

    def _earlier(self) -> list[lots.Earlier]:
        names, label = list(self.stream.features), self.stream.label
        parts = [part.sort_values(EVENT, kind="stable") for part in self.past]
        return [
            lots.Earlier(part[names], part[label].to_numpy(dtype=np.float64), part[EVENT].dt.hour.to_numpy())
            for part in parts
        ]

    @cached_property
    def usual(self) -> float:
        """The model's loss on the newest batch that it has not learned from, as at a gate."""
        earlier = Case(self.stream, self.number - 1)
        return (
            float(earlier.losses(earlier.now).mean()) if self.number > _LEAST else float(self.losses(self.now).mean())
        )


_OURS = "this triage"
_LEAST = 5
"""Batches that come before anything is judged."""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--streams", nargs="+", choices=STREAMS, default=list(STREAMS))
    parser.add_argument("--strengths", nargs="+", type=float, default=[0.1, 0.4, 1.0])
    parser.add_argument("--per", type=int, default=1, help="damaged batches of each stream")
    parser.add_argument("--every", type=int, default=1, help="only every so-manieth untouched batch and damage")
    parser.add_argument("--show", action="store_true", help="print each costly damage that was let in")
    parser.add_argument("--others", type=int, default=8, help="ask others about every so-manieth of what is judged")
    chosen = parser.parse_args()
    streams = [STREAMS[name]() for name in chosen.streams]
    rows = [row for stream in streams for row in _untouched(stream, chosen)]
    untouched = pd.DataFrame(rows, columns=["stream", "batch", "by", "column", "seconds", "firsts"])
    summary = untouched.groupby("stream", sort=False).agg(
        batches=("by", "size"),
        by_rows=("by", lambda by: int((by == "rows").sum())),
        by_models=("by", lambda by: int((by == "models").sum())),
        seconds=("seconds", "median"),
    )
    print(f"untouched: {(untouched['by'] != '').sum()} of {len(untouched)} held\n{summary.round(3).to_string()}\n")
    print(untouched[untouched["by"] != ""][["stream", "batch", "by", "column"]].to_string(index=False))
    damaged = pd.DataFrame(
        [row for stream in streams for row in _damaged(stream, chosen)],
        columns=["stream", "damage", "how", "strength", "cost", "by", "first", "named", "columns", "firsts"],
    )
    damaged["held"], costly = damaged["by"] != "", damaged["cost"] >= COSTLY
    print(f"\ndamaged: {damaged['held'].mean():.1%} of {len(damaged)} held; of {costly.sum()} that cost 5 % or more "
          f"{damaged[costly]['held'].mean():.1%}, right column first {damaged[costly]['named'].mean():.1%}")  # fmt: skip
    print(damaged[costly].groupby(["stream", "strength"])["held"].agg(["size", "mean"]).round(2).to_string())
    if chosen.show:
        missed = damaged[costly & ~damaged["named"]].sort_values(["held", "cost"])
        print(missed.drop(columns=["columns", "firsts"]).to_string(index=False))
    if chosen.others:
        print(f"\n{triage_rivals.beside(untouched, damaged, costly).to_string(float_format='{:.1%}'.format)}")


def _untouched(stream: Stream, chosen: argparse.Namespace) -> Iterator[tuple[object, ...]]:
    for one in (stream, stream.shuffled(1)):
        for place, number in enumerate(range(_LEAST, len(one.batches), chosen.every)):
            case, began = Case(one, number), time.process_time()
            examine.examine(one.batches[number], case.before, one.settings)
            seconds = time.process_time() - began
            by, column = case.verdict(case.now, case.usual)
            asked = bool(chosen.others) and place % chosen.others == 0
            yield one.name, number, by, column, seconds, case.firsts(case.now, column, asked)


def _damaged(stream: Stream, chosen: argparse.Namespace) -> Iterator[tuple[object, ...]]:
    for number in (len(stream.batches) * 2 // 3, len(stream.batches) - 2)[: chosen.per]:
        case = Case(stream, number)
        usual = float(case.losses(case.now).mean())
        changed = itertools.islice(_changed(case, chosen.strengths), 0, None, chosen.every)
        for place, (name, strength, how, frame, columns) in enumerate(changed):
            cost = float(case.losses(frame).mean()) / usual - 1
            by, first = case.verdict(frame, usual)
            firsts = case.firsts(frame, first, bool(chosen.others) and place % chosen.others == 0)
            yield stream.name, name, how, strength, cost, by, first, first in columns, columns, firsts


def _changed(case: Case, strengths: list[float]) -> Iterator[tuple[str, float, str, pd.DataFrame, set[str]]]:
    now, past = case.now, pd.concat(case.past)
    numbers = [name for name in case.important if now[name].dtype == np.float64]
    levels = [name for name in case.important if name not in numbers and now[name].dtype != bool]
    groups = levels[1:] or [None]
    for place, (name, change) in enumerate([*triage_damages.NUMBERS.items(), *triage_damages.LEVELS.items()]):
        column = (numbers if name in triage_damages.NUMBERS else levels)[:1]
        for turn, strength in enumerate(strengths if column else []):
            chance, how = np.random.default_rng(place), _HOWS[(turn + place) % len(_HOWS)]
            rows = triage_damages.hit(now, strength, how, groups[0], chance)
            values = change(now[column[0]].to_numpy(), chance, past[column[0]].dropna().to_numpy())
            frame = now.assign(**{column[0]: now[column[0]].where(~rows, pd.Series(values, index=now.index))})
            if not frame[column[0]].equals(now[column[0]]):
                yield name, strength, how, frame, {column[0]}
    for place, (name, apply) in enumerate(triage_damages.ROWS.items()):
        for turn, strength in enumerate(strengths):
            chance, how = np.random.default_rng(place), _HOWS[(turn + place) % len(_HOWS)]
            rows = triage_damages.hit(now, strength, how, groups[0], chance)
            changed = apply(case.stream, now, rows, chance, case.important)
            if changed is not None:
                yield name, strength, how, *changed


if __name__ == "__main__":
    main()
