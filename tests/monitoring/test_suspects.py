"""What a model says of a batch: labels that belong to other rows or to none, inputs of other rows, and a sound world."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from configs.training import TrainingSettings
from tasks.monitoring import suspects
from tasks.monitoring.lots import Asked, Earlier, Floats, Lot
from tasks.problems import kinds

ROWS, DAYS = 1_500, 30
YES_NO, NUMBER = kinds.named("binary"), kinds.named("regression")
TRAINING = TrainingSettings(label="paid", features=("a", "b"), candidates=({"family": "logistic_regression"},))
STRETCH = slice(400, 1_000)


def rows(number: int) -> pd.DataFrame:
    """A batch of a world in which two numbers and a shop say whether somebody pays."""
    luck = np.random.default_rng(number)
    shop = luck.choice(["north", "south", "web"], ROWS)
    frame = pd.DataFrame(
        {"a": luck.normal(size=ROWS), "b": luck.normal(size=ROWS), "shop": pd.Series(shop, dtype="str")}
    )
    return frame.assign(luck=luck.random(ROWS), noise=luck.normal(size=ROWS))


def strength(frame: pd.DataFrame) -> Floats:
    return (1.6 * frame["a"] + 1.2 * frame["b"] - (frame["shop"] == "web")).to_numpy()


def answers(frame: pd.DataFrame) -> Floats:
    """The live model knows the world as it is."""
    return 1 / (1 + np.exp(-strength(frame)))


def paid(frame: pd.DataFrame) -> Floats:
    return (frame["luck"].to_numpy() < answers(frame)).astype(np.float64)


def amount(frame: pd.DataFrame) -> Floats:
    return strength(frame) + 0.5 * frame["noise"].to_numpy()


def judged(
    now: pd.DataFrame,
    labels: Floats,
    *,
    number: bool = False,
    is_whole: bool = True,
    world: Callable[[int], pd.DataFrame] = rows,
    times: tuple[str, ...] = (),
) -> list[tuple[str, str]]:
    """Column and kind of what is found, the largest first."""
    label, model, problem = (amount, strength, NUMBER) if number else (paid, answers, YES_NO)
    inputs = [name for name in now.columns if name not in ("luck", "noise")]
    hours = np.arange(ROWS) * 24 * DAYS // ROWS % 24
    before = [Earlier(one[inputs], label(one), hours) for one in map(world, range(100, 105))]
    lot = Lot(now[inputs], np.arange(ROWS) * DAYS // ROWS, hours, lambda: before, is_whole, times)
    asked, usual = Asked(model, labels, problem), float(problem.losses(label(now), model(now)).mean())
    untied, harmful = suspects.judge(lot, asked, model(lot.inputs), {}, usual, TRAINING)
    return [(suspect.column, suspect.kind) for suspect in [*untied, *(suspect for suspect, _ in harmful)]]


def shuffled(labels: Floats, where: object) -> Floats:
    wrong = labels.copy()
    wrong[where] = np.random.default_rng(5).permutation(wrong[where])
    return wrong


def inverted(labels: Floats, where: object) -> Floats:
    wrong = labels.copy()
    wrong[where] = 1 - wrong[where]
    return wrong


EVERYWHERE = slice(None)


@pytest.mark.parametrize("number", range(3))
@pytest.mark.parametrize("amounts", [False, True])
def test_nothing_is_said_of_a_sound_batch(number, amounts):
    now = rows(number)

    assert judged(now, amount(now) if amounts else paid(now), number=amounts) == []


@pytest.mark.parametrize(
    ("damage", "kind"),
    [
        (lambda labels: inverted(labels, EVERYWHERE), "exchanged"),
        pytest.param(lambda labels: inverted(labels, STRETCH), "exchanged", marks=pytest.mark.long),
        (lambda labels: np.roll(labels, 5), "moved_rows"),
        pytest.param(lambda labels: np.roll(labels, -1), "moved_rows", marks=pytest.mark.long),
        (lambda labels: shuffled(labels, EVERYWHERE), "tied_to_nothing"),
        pytest.param(lambda labels: shuffled(labels, STRETCH), "tied_to_nothing", marks=pytest.mark.long),
    ],
)
def test_labels_that_are_not_those_of_their_rows_are_named(damage: Callable[[Floats], Floats], kind: str) -> None:
    now = rows(1)

    assert judged(now, damage(paid(now))) == [("paid", kind)]


@pytest.mark.parametrize("damage", [inverted, shuffled])
def test_labels_of_one_group_are_enough(damage):
    now = rows(2)

    found = judged(now, damage(paid(now), (now["shop"] == "south").to_numpy()))

    assert found == [("paid", "exchanged" if damage is inverted else "tied_to_nothing")]


@pytest.mark.parametrize(
    ("damage", "kind"),
    [(lambda labels: np.roll(labels, 3), "moved_rows"), (lambda labels: shuffled(labels, STRETCH), "tied_to_nothing")],
)
def test_so_are_those_that_are_numbers(damage: Callable[[Floats], Floats], kind: str) -> None:
    now = rows(3)

    assert judged(now, damage(amount(now)), number=True) == [("paid", kind)]


def test_a_world_in_which_other_columns_tell_the_label_is_no_damage():
    now = rows(4)
    changed = 1 / (1 + np.exp(-3 * (np.abs(now["a"]) - 1))).to_numpy()

    assert judged(now, (now["luck"] < changed).to_numpy(dtype=np.float64)) == []


@pytest.mark.parametrize("values", [0, 1, 3])
def test_a_column_that_has_hardly_a_value_is_no_hindrance(values: int) -> None:
    def world(number: int) -> pd.DataFrame:
        return rows(number).assign(rare=np.where(np.arange(ROWS) < values, 7.0, np.nan))

    now = world(1)

    assert judged(now, shuffled(paid(now), EVERYWHERE), world=world) == [("paid", "tied_to_nothing")]


def test_an_input_of_the_row_before_is_named():
    now = rows(5)
    labels = paid(now)
    late = now.assign(a=np.roll(now["a"].to_numpy(), 1))

    assert judged(late, labels)[0] == ("a", "moved_rows")


def test_of_a_sample_nobody_knows_which_row_was_before():
    now = rows(6)
    late = now.assign(a=np.roll(now["a"].to_numpy(), 1))

    assert "moved_rows" not in {kind for _, kind in judged(late, paid(now), is_whole=False)}


@pytest.mark.parametrize("columns", ["a", "ab"])
def test_inputs_that_tell_nothing_any_more_are_named_and_not_the_label(columns: str) -> None:
    now = rows(7)
    labels, order = paid(now), np.random.default_rng(1).permutation(ROWS)
    mixed = now.assign(**{name: now[name].to_numpy()[order] for name in columns})

    assert {column for column, _ in judged(mixed, labels)} == {*columns}


def test_nothing_speaks_against_an_input_that_is_a_time():
    now = rows(5)
    labels, late = paid(now), now.assign(a=np.roll(now["a"].to_numpy(), 1))

    assert "a" in {column for column, _ in judged(late, labels)}
    assert "a" not in {column for column, _ in judged(late, labels, times=("a",))}


@pytest.mark.parametrize("growth", [12.0, 25.0])
def test_a_quantile_of_a_world_that_has_grown_does_not_hold_sound_rows(growth: float) -> None:
    """Answers have become too low, so whatever scatters them loses less: values, or labels, of the row beside as well."""
    problem, chance = kinds.named("quantile 0.9"), np.random.default_rng(3)
    hours = np.arange(ROWS) % 24

    def model(frame: pd.DataFrame) -> Floats:
        return (20 * (1 + np.sin(frame["hour"] / 24 * 2 * np.pi)) + 12).to_numpy()

    def world(more: float) -> tuple[pd.DataFrame, Floats]:
        frame = pd.DataFrame({"hour": hours.astype(np.float64), "b": chance.normal(size=ROWS)})
        return frame, model(frame) - 12 + more + chance.normal(0, 9.4, ROWS)

    before = [Earlier(*world(0.0), hours) for _ in range(5)]
    now, labels = world(growth)
    lot = Lot(now, np.arange(ROWS) // 50, hours, lambda: before, True, [])
    asked = Asked(model, labels, problem)
    usual = 0.85 * float(asked.losses(model(now)).mean())

    assert suspects.judge(lot, asked, model(now), {}, usual, TRAINING) == ([], [])


@pytest.mark.parametrize("growth", [2.0, 3.0])
def test_counts_that_have_grown_do_not_hold_sound_rows(growth: float) -> None:
    """The lowest answers cost most, so whatever raises them takes loss away: the hour of the row beside as well."""
    problem, chance = kinds.named("count"), np.random.default_rng(3)
    hours = np.arange(ROWS) % 24

    def model(frame: pd.DataFrame) -> Floats:
        return np.exp(2.5 + 2.5 * np.sin(frame["hour"] / 24 * 2 * np.pi)).to_numpy()

    def world(times: float) -> tuple[pd.DataFrame, Floats]:
        frame = pd.DataFrame({"hour": hours.astype(np.float64), "b": chance.normal(size=ROWS)})
        mean = np.exp(2.5 + 1.2 * np.sin((frame["hour"] - 1) / 24 * 2 * np.pi)).to_numpy() * times
        return frame, chance.poisson(mean).astype(np.float64)

    before = [Earlier(*world(1.0), hours) for _ in range(5)]
    now, labels = world(growth)
    lot = Lot(now, np.arange(ROWS) // 50, hours, lambda: before, True, [])
    asked = Asked(model, labels, problem)
    usual = 0.85 * float(asked.losses(model(now)).mean())

    assert suspects.judge(lot, asked, model(now), {}, usual, TRAINING) == ([], [])
