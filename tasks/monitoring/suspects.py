"""Which loss does an input explain: do the models lose less when its values are drawn as they were before?

A sound input never does worse than one that is drawn from earlier rows like it in all other columns, however far the
world has moved; a damaged one does. Add here what the models say about a suspect. What the rows alone show is found by
the triage, and what follows from it is decided in `steps.asking`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from configs.training import TrainingSettings
from tasks.domain import wording
from tasks.domain.records import Suspect

Floats = NDArray[np.float64]
Rows = NDArray[np.bool_]
Answers = Callable[[pd.DataFrame], Floats]
Losses = Callable[[Floats], Floats]

_LEAVES, _LEAST = 48, 30
"""Groups of earlier rows that are alike in the other columns, and rows of the smallest."""
_DRAWS = 2
_PARTS, _PART = 4, 0.03
"""Parts of a batch that are told apart, and the smallest as a share of its rows."""
_LEVELS = 12
"""Levels of a category that are told apart; the rarer ones are taken together."""
_FEW_CLUSTERS = 4
_SURE, _SURE_IF_FAR, _SHARE = 3.0, 2.0, 0.05
"""Standard deviations and share of the loss from which a suspect is held that a changed world may look like."""
_HOPELESS = _SHARE / 2
"""Share of the loss after the first draw below which no second one is made: nearly all sound inputs end here."""
_FAR = 4.0
"""Swings beyond all before from which fewer deviations are enough."""
_SURER, _LARGE = 3.5, 0.1
"""The same for an input that shows nothing by itself."""
_WORSE = 1.1
"""Times the loss at its gate from which a model is asked about every input."""
_ENOUGH, _TIED, _LOOSE = 4, 0.2, 0.25
"""Batches before, share of an input that the others told in each of them, and how much of that is little."""


@dataclass(frozen=True)
class Lot:
    """Rows as models take them in, in the order of their events."""

    inputs: pd.DataFrame
    clusters: NDArray[np.int64]
    """Which rows share their luck."""
    hours: NDArray[np.int64]
    """Of the events."""
    earlier: Callable[[], Sequence[pd.DataFrame]]
    """Gives inputs of rows of each batch before; asked once, and only where something is suspect."""

    @cached_property
    def _before(self) -> Sequence[pd.DataFrame]:
        return self.earlier()

    @cached_property
    def past(self) -> pd.DataFrame:
        """Inputs of rows before."""
        return pd.concat(self._before, ignore_index=True)

    @cached_property
    def parts(self) -> NDArray[np.int64]:
        """Number of the batch that each of these is of, from 0 on."""
        return np.repeat(np.arange(len(self._before)), [len(part) for part in self._before])

    def repeats_the_day(self, column: str) -> bool:
        """Whether an input is the same in all rows of each cluster: it says when a row is, and a new season is new."""
        values = pd.factorize(self.inputs[column])[0]
        return len(np.unique(self.clusters)) == len(np.unique(self.clusters * (values.max() + 2) + values + 1))

    @cached_property
    def encoded(self) -> tuple[Floats, Floats]:
        """Inputs before and now as numbers; the levels of a category in the order of how often they were."""
        ranks = {
            name: {level: float(rank) for rank, level in enumerate(self.past[name].value_counts().index)}
            for name in self.past.columns
            if not pd.api.types.is_float_dtype(self.past[name].dtype)
        }
        both = [
            np.column_stack(
                [
                    (frame[name].map(ranks[name]) if name in ranks else frame[name]).to_numpy(dtype=np.float64)
                    for name in self.past.columns
                ]
            )
            for frame in (self.past, self.inputs)
        ]
        return both[0], both[1]


@dataclass(frozen=True)
class Explained:
    """What is lost by the values of one input, beside values as before in their place."""

    column: str
    share: float
    """Of the loss on the whole batch."""
    deviations: float
    """Standard deviations, over clusters, by which that lies above nothing."""
    rows: Rows
    """Where it is lost; found on one half of the clusters and confirmed on the other, both ways."""


@dataclass(frozen=True)
class Asked:
    """A model, and the labels of the rows about which it is asked."""

    answers: Answers
    losses: Losses
    """Loss of each row for such answers."""
    otherwise: Losses | None
    """The same with yes and no of the label exchanged; None where there is no such thing."""


def judge(
    now: Lot,
    asked: Asked,
    answers: Floats,
    opened: Mapping[str, Suspect],
    usual: float | None,
    training: TrainingSettings,
) -> tuple[list[Suspect], list[tuple[Suspect, Explained]]]:
    """What a model says of a batch: inputs that have lost their ties, and what it loses by, the largest share first.

    Args:
        now: The labelled rows of the batch.
        asked: The live model.
        answers: What it says to the rows as they came.
        opened: What the rows show by themselves, by column.
        usual: Its loss at its gate; where it loses much more, it is asked about every input.
        training: Label and seed.
    """
    base = asked.losses(answers)
    is_worse = usual is not None and base.mean() > _WORSE * usual
    columns = [name for name in now.inputs.columns if is_worse or name in opened]
    explained = [
        explain(now, name, asked.answers, asked.losses, base, training.seed)
        for name in columns
        if not now.repeats_the_day(name)
    ]
    if asked.otherwise is not None:
        explained.append(relabelled(now, training.label, base, asked.otherwise(answers), training.seed))
    harmful = [(_suspect(one, opened, training.label), one) for one in explained if _harms(one, opened.get(one.column))]
    return _untied(now) if is_worse else [], sorted(harmful, key=lambda pair: -pair[1].share)


def _harms(one: "Explained", suspect: Suspect | None) -> bool:
    """Whether the model loses by it beyond doubt; of what stands far outside of all before it, less is asked."""
    far = suspect is not None and suspect.swings >= _FAR
    sure, share = (_SURER, _LARGE) if suspect is None else (_SURE_IF_FAR if far else _SURE, _SHARE)
    return one.deviations >= sure and one.share >= share


def _suspect(one: "Explained", opened: Mapping[str, Suspect], label: str) -> Suspect:
    part, rows = f"in {wording.share(float(one.rows.mean()))} of rows", int(one.rows.sum())
    if one.column in opened:
        return replace(opened[one.column], certain=True)
    if one.column == label:
        return Suspect(label, "exchanged", f"'{label}': yes and no look exchanged {part}", rows)
    doubt = "joined wrongly, or prepared differently?"
    text = f"'{one.column}': its values do not go with the other columns {part}: {doubt}"
    return Suspect(one.column, "out_of_line", text, rows)


def _untied(now: Lot) -> list[Suspect]:
    """Inputs of which the other columns told a good part in every batch before, and tell little now.

    One alone is a new season; what was joined wrongly has lost its ties on both sides.
    """
    untied = []
    for name in now.inputs.columns:
        share, before = tie(now, name)
        if len(before) >= _ENOUGH and min(before) >= _TIED and share <= _LOOSE * min(before):
            were = f"{wording.share(min(before))} to {wording.share(max(before))} in each batch before"
            text = f"'{name}': the other columns tell {wording.share(max(share, 0.0))} of it, {were}: joined wrongly?"
            untied.append((share / min(before), Suspect(name, "untied", text, len(now.inputs))))
    ordered = [suspect for _, suspect in sorted(untied, key=lambda pair: pair[0])]
    return ordered if len(ordered) > 1 else []


def as_before(now: Lot, column: str, seed: int) -> pd.DataFrame:
    """The inputs with values as before in the place of one: of earlier rows that are like them in all other columns.

    Args:
        now: The rows of the batch.
        column: The input.
        seed: Of the draw.
    """
    place = list(now.past.columns).index(column)
    draw = _alike(*now.encoded, place, not pd.api.types.is_float_dtype(now.past[column].dtype))
    return now.inputs.assign(**{column: now.past[column].to_numpy()[draw(np.random.default_rng(seed))]})


def explain(now: Lot, column: str, answers: Answers, losses: Losses, base: Floats, seed: int) -> Explained:
    """How much of the loss on a batch the values of one input explain.

    Args:
        now: The labelled rows of the batch.
        column: The input.
        answers: What the model says to inputs.
        losses: Loss of each row for such answers.
        base: Loss of each row as it came.
        seed: Of the draws.
    """
    chance = np.random.default_rng(seed)
    here, place = now.encoded[1], list(now.past.columns).index(column)
    draw = _alike(*now.encoded, place, not pd.api.types.is_float_dtype(now.past[column].dtype))
    where = np.column_stack([np.nan_to_num(here[:, place], nan=-1e30), now.hours, np.arange(len(base))])
    gained = np.zeros(len(base))
    for draws in range(1, _DRAWS + 1):
        drawn = now.past[column].to_numpy()[draw(chance)]
        gained += base - losses(answers(now.inputs.assign(**{column: drawn})))
        rows = _confirmed(where, gained, now.clusters, np.random.default_rng((seed, draws)))
        found = _summed(column, gained / draws, rows, now, base)
        if found.share < _HOPELESS:
            break
    return found


def relabelled(now: Lot, label: str, base: Floats, otherwise: Floats, seed: int) -> Explained:
    """How much of the loss goes away where the labels are other ones, in the parts of the batch where it does.

    Args:
        now: The labelled rows of the batch.
        label: Column of the label.
        base: Loss of each row with its label as it came.
        otherwise: The same with the other label.
        seed: Of the halves.
    """
    gained = base - otherwise
    where = np.column_stack([now.hours, np.arange(len(base))]).astype(np.float64)
    return _summed(label, gained, _confirmed(where, gained, now.clusters, np.random.default_rng(seed)), now, base)


def tie(now: Lot, column: str) -> tuple[float, list[float]]:
    """How much of an input (variance of its ranks) the other columns tell, in the batch and in each one before.

    A tree is fitted on every second batch before and asked about the others, and the other way round.
    """
    earlier, here = now.encoded
    place = list(now.past.columns).index(column)
    others = np.delete(np.arange(earlier.shape[1]), place)
    target, target_now = _ranks(earlier[:, place], earlier[:, place]), _ranks(earlier[:, place], here[:, place])
    shares, of_now = {}, []
    for odd in (0, 1):
        fitted_on = (now.parts % 2 == odd) & ~np.isnan(target)
        if fitted_on.sum() < 2 * _LEAST or not len(others):
            return 0.0, []
        tree = DecisionTreeRegressor(max_leaf_nodes=_LEAVES, min_samples_leaf=_LEAST, random_state=0)
        tree.fit(earlier[fitted_on][:, others], target[fitted_on])
        for part in np.unique(now.parts[now.parts % 2 != odd]):
            rows = now.parts == part
            shares[int(part)] = _share_foretold(tree.predict(earlier[rows][:, others]), target[rows])
        of_now.append(_share_foretold(tree.predict(here[:, others]), target_now))
    return float(np.mean(of_now)), list(shares.values())


def _ranks(before: Floats, values: Floats) -> Floats:
    """Where values lie among those before, 0 to 1: no single one outweighs the others."""
    ordered = np.sort(before[~np.isnan(before)])
    middle = np.searchsorted(ordered, values, side="left") + np.searchsorted(ordered, values, side="right")
    return np.where(np.isnan(values), np.nan, middle / max(1, 2 * len(ordered)))


def _share_foretold(expected: Floats, values: Floats) -> float:
    there = ~np.isnan(values)
    spread = float(values[there].var()) if there.any() else 0.0
    return 1 - float(np.square(values[there] - expected[there]).mean()) / spread if spread else 0.0


def _summed(column: str, gained: Floats, rows: Rows, now: Lot, base: Floats) -> Explained:
    sums = np.bincount(now.clusters, weights=np.where(rows, gained, 0.0))
    spread = float(sums.std(ddof=1) * np.sqrt(len(sums))) if len(sums) > 1 else 0.0
    total = float(sums.sum())
    return Explained(column, total / float(base.sum() or 1.0), total / spread if spread else 0.0, rows)


def _alike(
    earlier: Floats, here: Floats, place: int, is_level: bool
) -> Callable[[np.random.Generator], NDArray[np.intp]]:
    """Draws for each row of the batch the position of an earlier one that is like it in all columns but one."""
    others, target = np.delete(np.arange(earlier.shape[1]), place), earlier[:, place]
    usable = np.flatnonzero(~np.isnan(target))
    if len(usable) < 2 * _LEAST or not len(others):
        return lambda chance: chance.integers(0, len(earlier), len(here))
    tree = DecisionTreeClassifier if is_level else DecisionTreeRegressor
    wanted = np.minimum(target[usable], _LEVELS) if is_level else target[usable]
    fitted = tree(max_leaf_nodes=_LEAVES, min_samples_leaf=_LEAST, random_state=0).fit(
        earlier[usable][:, others], wanted
    )
    leaves, asked = fitted.apply(earlier[:, others]), fitted.apply(here[:, others])
    order = np.argsort(leaves, kind="stable")
    first, last = (np.searchsorted(leaves[order], asked, side=side) for side in ("left", "right"))
    return lambda chance: order[first + (chance.random(len(here)) * (last - first)).astype(np.intp)]


def _confirmed(where: Floats, gained: Floats, clusters: NDArray[np.int64], chance: np.random.Generator) -> Rows:
    """The parts in which something is gained: those of one half of the clusters say it of the other half."""
    names = np.unique(clusters)
    chosen = chance.permutation(names)[: len(names) // 2]
    half = np.isin(clusters, chosen) if len(names) >= _FEW_CLUSTERS else chance.random(len(gained)) < 0.5
    rows: Rows = np.zeros(len(gained), dtype=np.bool_)
    for learned in (half, ~half):
        if not learned.any() or learned.all():
            continue
        least = max(20, int(_PART * learned.sum()))
        tree = DecisionTreeRegressor(max_leaf_nodes=_PARTS, min_samples_leaf=least, random_state=0)
        leaves = tree.fit(where[learned], gained[learned]).apply(where)
        good = [leaf for leaf in np.unique(leaves[learned]) if gained[learned][leaves[learned] == leaf].mean() > 0]
        rows |= np.isin(leaves, good) & ~learned
    return rows
