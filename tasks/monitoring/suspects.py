"""Which loss does an input explain: do the models lose less when its values are drawn as they were before?

A sound input never does worse than one that is drawn from earlier rows like it in all other columns, however far the
world has moved; a damaged one does. Add here what the models say about a suspect. What the rows alone show is found by
the triage, and what follows from it is decided in `steps.asking`.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from configs.training import TrainingSettings
from tasks.domain import wording
from tasks.domain.records import Suspect
from tasks.monitoring import label_ties, lots, wrong_labels
from tasks.monitoring.lots import Asked, Explained, Floats, Lot, Rows

_LEAVES, _LEAST = 48, 30
"""Groups of earlier rows that are alike in the other columns, and rows of the smallest."""
_DRAWS = 2
_LEVELS = 12
"""Levels of a category that are told apart; the rarer ones are taken together."""
_SURE, _SURE_IF_FAR, _SHARE = 3.0, 2.0, 0.05
"""Standard deviations and share of the loss from which a suspect is held that a changed world may look like."""
_HOPELESS = _SHARE / 2
"""Share of the loss after the first draw below which no second one is made: nearly all sound inputs end here."""
_TWICE = 2.0
"""Times what an input explains that the label must, to be what is wrong."""
_FAR = 4.0
"""Swings beyond all before from which fewer deviations are enough."""
_SURER, _LARGE = 3.5, 0.1
"""The same for an input that shows nothing by itself."""
_WORSE = 1.1
"""Times the loss at its gate from which a model is asked about every input."""
_MOST = 0.6
"""Part of what is lost that lies in hours or in a stretch, from which only the rows of these are asked."""
_HALF = 0.5
"""Part of what an input told of the labels in batches before, from which it tells of them still."""
_TO_NOTHING = "tied_to_nothing"
_HELPED, _USELESS = 0.03, 0.15
"""Rise of the loss without an input from which it helped, and part of that up to which it is of no use."""
_ENOUGH, _TIED, _LOOSE = 4, 0.2, 0.25
"""Batches before, share of an input that the others told in each of them, and how much of that is little."""


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
    # A quantile of the wrong level loses less by whatever scatters its answers to the right side, sound inputs as well,
    # a count that has grown by whatever raises its lowest answers: of these only that is asked which the rows show by
    # themselves, and nothing of their labels.
    is_worse = is_worse and asked.problem.asks_of_sound_inputs
    columns = [name for name in now.columns if is_worse or name in opened]
    harmful = []
    for name in columns:
        if not now.repeats_the_day(name):
            one = explain(now, name, asked, base, training.seed)
            late = of_other_rows(now, name, asked, base, usual, training.seed) if is_worse and now.is_whole else None
            if late is not None and late[0].share > one.share:
                harmful.append((_late(*late), late[0]))
            elif _harms(one, opened.get(name)):
                harmful.append((_suspect(one, opened), one))
    harmful = [pair for pair in harmful if pair[0].kind != "out_of_line" or not _tells(now, asked, pair[1], training)]
    largest, untied = max((one.share for _, one in harmful), default=0.0), _untied(now) if is_worse else []
    of_labels = (now, asked, answers, usual, training.label, training.seed)
    for pair in wrong_labels.look(*of_labels) if asked.problem.asks_of_sound_inputs else ():
        if pair[1].share > _TWICE * largest:  # else an input may be what is wrong
            others = [other for other in harmful if other[0].column in opened]
            untied = untied or (_of_no_use(now, asked, base, pair[1], training) if pair[0].kind == _TO_NOTHING else [])
            harmful = others if untied else [pair, *others]
    return untied, sorted(harmful, key=lambda pair: -pair[1].share)


def _harms(one: Explained, suspect: Suspect | None) -> bool:
    """Whether the model loses by it beyond doubt; of what stands far outside of all before it, less is asked."""
    far = suspect is not None and suspect.swings >= _FAR
    sure, share = (_SURER, _LARGE) if suspect is None else (_SURE_IF_FAR if far else _SURE, _SHARE)
    return one.deviations >= sure and one.share >= share


def _tells(now: Lot, asked: Asked, one: Explained, training: TrainingSettings) -> bool:
    """Whether an input tells of the labels beside the others, as it did: then they go together in another way now.

    That is a world which has changed; what was joined wrongly, or is noise, tells nothing.
    """
    rows = _when(now, one, training.seed)
    told = [label_ties.told(now, asked.outcomes, rows, training.seed, name) for name in (None, one.column)]
    if told[0] <= told[1]:
        return False
    both = [label_ties.told_before(now, rows, training.seed, _ENOUGH, name) for name in (None, one.column)]
    before = [whole - rest for whole, rest in zip(*both, strict=True)]
    return len(before) >= _ENOUGH and told[0] - told[1] > _HALF * float(np.median(before)) > 0


def _when(now: Lot, one: Explained, seed: int) -> Rows:
    """The hours and the stretch in which most of it is lost, whatever the values there; else all rows."""
    where = np.column_stack([now.hours, np.arange(len(one.gained))]).astype(np.float64)
    rows = lots.confirmed(where, one.gained, now.clusters, np.random.default_rng(seed))
    is_most = one.gained[rows].sum() >= _MOST * one.gained[one.rows].sum()
    return rows if is_most and rows.sum() >= label_ties.LEAST else np.ones_like(rows)


def _suspect(one: Explained, opened: Mapping[str, Suspect]) -> Suspect:
    part, rows = f"in {wording.share(float(one.rows.mean()))} of rows", int(one.rows.sum())
    if one.column in opened:
        return replace(opened[one.column], certain=True)
    doubt = "joined wrongly, or prepared differently?"
    text = f"'{one.column}': its values do not go with the other columns {part}: {doubt}"
    return Suspect(one.column, "out_of_line", text, rows)


def _untied(now: Lot) -> list[Suspect]:
    """Inputs of which the other columns told a good part in every batch before, and tell little now.

    One alone is a new season; what was joined wrongly has lost its ties on both sides.
    """
    untied = []
    for name in now.columns:
        share, before = tie(now, name)
        if len(before) >= _ENOUGH and min(before) >= _TIED and share <= _LOOSE * min(before):
            were = f"{wording.share(min(before))} to {wording.share(max(before))} in each batch before"
            text = f"'{name}': the other columns tell {wording.share(max(share, 0.0))} of it, {were}: joined wrongly?"
            untied.append((share / min(before), Suspect(name, "untied", text, len(now.inputs))))
    ordered = [suspect for _, suspect in sorted(untied, key=lambda pair: pair[0])]
    return ordered if len(ordered) > 1 else []


def _of_no_use(now: Lot, asked: Asked, base: Floats, one: Explained, training: TrainingSettings) -> list[Suspect]:
    """Of labels that go with nothing: the inputs that are of no use where they lie, if others are of use as before.

    Then these were joined wrongly, and not the labels; empty where no input is of use, or what helped most still is.
    """
    outcomes, rows = np.concatenate([batch.outcomes for batch in now.before]), one.rows
    there, is_told = ~np.isnan(outcomes), False
    lost = asked.losses(asked.answers(now.past)[there], outcomes[there])
    helped: dict[str, float] = {}
    idle: dict[str, float] = {}
    for name in now.columns:
        then, here = _redrawn(now, name, training.seed)
        gained = asked.losses(asked.answers(here)) - base
        before = float((asked.losses(asked.answers(then)[there], outcomes[there]) - lost).mean() / lost.mean())
        if before >= _HELPED:
            helped[name], share = before, float(gained[rows].mean() / base[rows].mean()) / before
            idle |= {name: share} if share <= _USELESS else {}
            is_sure = lots.summed(name, gained, rows, now, base).deviations >= _SURE
            is_told = is_told or (share >= _HALF and is_sure)
    if not is_told or sum(helped[name] for name in idle) < _HALF * sum(helped.values()):
        return []
    part = "" if rows.all() else f" in {wording.share(float(rows.mean()))} of rows"
    told = f"it tells nothing of '{training.label}' any more{part}, and did before: joined wrongly?"
    names = sorted(idle, key=lambda name: idle[name])
    return [Suspect(name, _TO_NOTHING, f"'{name}': {told}", int(rows.sum())) for name in names]


def _redrawn(now: Lot, column: str, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows before and now with one input of earlier rows that are alike in all other columns."""
    place, values, chance = (
        list(now.past.columns).index(column),
        now.past[column].to_numpy(),
        np.random.default_rng(seed),
    )
    is_level, (before, here) = not pd.api.types.is_float_dtype(now.past[column].dtype), now.encoded
    drawn = [values[_alike(before, rows, place, is_level)(chance)] for rows in (before, here)]
    return now.past.assign(**{column: drawn[0]}), now.inputs.assign(**{column: drawn[1]})


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


def explain(now: Lot, column: str, asked: Asked, base: Floats, seed: int) -> Explained:
    """How much of the loss on a batch the values of one input explain.

    Args:
        now: The labelled rows of the batch.
        column: The input.
        asked: The model.
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
        gained += base - asked.losses(asked.answers(now.inputs.assign(**{column: drawn})))
        rows = lots.confirmed(where, gained, now.clusters, np.random.default_rng((seed, draws)))
        found = lots.summed(column, gained / draws, rows, now, base)
        if found.share < _HOPELESS:
            break
    return found


def of_other_rows(
    now: Lot, column: str, asked: Asked, base: Floats, usual: float | None, seed: int
) -> tuple[Explained, bool] | None:
    """How much of the loss goes away with the values of the row behind, or before, in each row; None if little does.

    Args:
        now: All rows of the batch, which are labelled.
        column: The input.
        asked: The model.
        base: Loss of each row as it came.
        usual: What it loses at its gate: with the right values it comes to that.
        seed: Of the halves.

    Returns:
        What is explained, and whether the values look like those of the row before; else they do of the row behind.
    """
    found, where = [], np.column_stack([now.hours, np.arange(len(base))]).astype(np.float64)
    for before in (True, False):
        values = np.roll(now.inputs[column].to_numpy(), -1 if before else 1)
        moved = now.inputs.assign(**{column: pd.Series(values, now.inputs.index, now.inputs[column].dtype)})
        then = asked.losses(asked.answers(moved))
        rows = lots.confirmed(where, base - then, now.clusters, np.random.default_rng(seed))
        one = lots.summed(column, base - then, rows, now, base)
        if usual is not None and one.rights(base, usual) and one.deviations >= _SURER and one.share >= _SHARE:
            found.append((one, before))
    return max(found, key=lambda pair: pair[0].share, default=None)


def _late(one: Explained, before: bool) -> Suspect:
    which = "before" if before else "behind"
    text = f"'{one.column}': in {wording.share(float(one.rows.mean()))} of rows it looks like that of the row {which}"
    return Suspect(one.column, "moved_rows", text, int(one.rows.sum()))


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
