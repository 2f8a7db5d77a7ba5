"""Training: what is selected, what a model takes in and gives back, and what changes its identity."""

import warnings
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from configs.errors import IncumbentError
from configs.ingestion import Times
from configs.training import Candidate, TrainingSettings
from configs.validation import ColumnRule
from tasks.problems import kinds, prediction
from tasks.training import identities, learning, preparation, selection
from tasks.training.estimators import families
from tasks.training.estimators.boosting import HistGradientBoostingCandidate
from tasks.training.estimators.linear import LogisticRegressionCandidate

COLUMNS = {
    "city": ColumnRule(type="category", nullable=True),
    "size": ColumnRule(type="number", nullable=True),
    "rooms": ColumnRule(type="integer", nullable=True),
    "new": ColumnRule(type="boolean", nullable=True),
    "sold": ColumnRule(type="boolean"),
}
FEATURES = ("city", "size", "rooms", "new")
LINEAR = LogisticRegressionCandidate(family="logistic_regression", min_frequency=2)
BOOSTED = HistGradientBoostingCandidate(
    family="hist_gradient_boosting", max_iter=15, max_leaf_nodes=15, min_samples_leaf=5
)
CHOICE = TrainingSettings(label="sold", features=FEATURES, candidates=(LINEAR, BOOSTED))
FAMILIES = pytest.mark.parametrize("candidate", [LINEAR, BOOSTED], ids=lambda candidate: candidate.family)
START = datetime(2024, 3, 1, tzinfo=UTC)


def world(rows: int = 400, seed: int = 1) -> pd.DataFrame:
    """Houses of which the large ones in Oslo are sold more often; every column but the label has gaps."""
    source = np.random.default_rng(seed)
    city = source.choice(["Oslo", "Rome", "Bern"], rows)
    size = source.normal(100, 30, rows)
    sold = source.random(rows) < 1 / (1 + np.exp(-(size - 100) / 20 - np.where(city == "Oslo", 1.5, -0.5)))
    frame = pd.DataFrame(
        {
            "city": pd.Series(city, dtype="str"),
            "size": size,
            "rooms": pd.array(source.integers(1, 6, rows), dtype="Int64"),
            "new": pd.array(source.random(rows) < 0.5, dtype="boolean"),
            "sold": pd.array(sold, dtype="boolean"),
        }
    )
    for name in FEATURES:
        frame.loc[source.random(rows) < 0.1, name] = None
    return frame


def fitted(candidate: Candidate, frame: pd.DataFrame) -> Pipeline:
    pipeline = families.build(candidate, FEATURES, COLUMNS, 3, "binary")
    prepared = preparation.prepare(frame, FEATURES, COLUMNS)
    return learning.fit(pipeline, prepared, preparation.labels(frame, CHOICE), threads=1)


def loss(answers: NDArray[np.float64], outcomes: NDArray[np.bool_]) -> float:
    return float(-np.log(np.where(outcomes, answers, 1 - answers)).mean())


def dated(*rows: tuple[int, int, int, bool | None]) -> pd.DataFrame:
    """Rows of (event, arrival, label time in days after the start, label)."""
    days = [[START + timedelta(days=day) for day in column] for column in list(zip(*rows, strict=True))[:3]]
    moments = {
        name: pd.to_datetime(column, utc=True) for name, column in zip(("happened", "came", "told"), days, strict=True)
    }
    return pd.DataFrame({**moments, "sold": pd.array([row[3] for row in rows], dtype="boolean")})


TIMES = Times(event="happened", arrival="came", label="told")


def test_only_what_was_known_before_the_cut_off_is_selected_and_the_rest_is_counted() -> None:
    frame = dated(
        (0, 0, 1, True),  # in
        (1, 9, 9, True),  # arrived too late
        (2, 2, 9, False),  # label came too late
        (3, 3, 4, None),  # no label
        (5, 5, 6, True),  # happened at the cut-off
        (-1, 0, 1, True),  # happened before the start
    )

    selected = selection.select(frame, times=TIMES, label="sold", start=START, cutoff=START + timedelta(days=5))

    assert list(selected.frame.index) == [0]
    assert (selected.excluded_unknown, selected.excluded_unlabelled) == (2, 1)


def test_a_label_that_came_exactly_at_the_cut_off_was_not_known_before_it() -> None:
    frame = dated((0, 0, 4, True), (0, 0, 5, True))

    selected = selection.select(frame, times=TIMES, label="sold", start=None, cutoff=START + timedelta(days=5))

    assert list(selected.frame.index) == [0]
    assert selected.excluded_unknown == 1


@given(
    st.lists(st.tuples(st.integers(-3, 9), st.integers(0, 9), st.integers(0, 9), st.sampled_from([True, False, None])))
)
@settings(max_examples=60, deadline=None)
def test_every_row_of_the_time_span_is_selected_or_counted_once(rows: list[tuple[int, int, int, bool | None]]) -> None:
    frame = dated(*rows) if rows else dated((0, 0, 0, True)).iloc[:0]
    cutoff = START + timedelta(days=5)

    selected = selection.select(frame, times=TIMES, label="sold", start=START, cutoff=cutoff)

    in_span = int(((frame["happened"] >= START) & (frame["happened"] < cutoff)).sum())
    assert len(selected.frame) + selected.excluded_unlabelled + selected.excluded_unknown == in_span
    assert selected.frame["sold"].notna().all()
    assert (selected.frame[["happened", "came", "told"]] < cutoff).all(axis=None)


def test_prepared_input_has_the_same_types_whatever_the_batch_came_with() -> None:
    whole = pd.DataFrame({"city": ["Oslo"], "size": [90], "rooms": [3], "new": [True]})
    gaps = pd.DataFrame({"city": [None], "size": [None], "rooms": pd.array([None], dtype="Int64"), "new": [None]})

    prepared = [preparation.prepare(frame, FEATURES, COLUMNS) for frame in (whole, gaps, world())]

    assert all(list(frame.dtypes.astype(str)) == ["object", "float64", "float64", "float64"] for frame in prepared)
    assert prepared[1].isna().all(axis=None)
    assert list(prepared[0].columns) == list(FEATURES)


def test_preparing_leaves_its_argument_as_it_was() -> None:
    frame = world()
    before = frame.copy()

    preparation.prepare(frame, FEATURES, COLUMNS)

    pd.testing.assert_frame_equal(frame, before)


@FAMILIES
def test_a_model_learns_more_than_a_constant_knows(candidate: Candidate) -> None:
    learned, unseen = world(seed=1), world(seed=2)

    answers = prediction.predict(fitted(candidate, learned), preparation.prepare(unseen, FEATURES, COLUMNS))

    outcomes = preparation.labels(unseen, CHOICE)
    constant = np.full(len(unseen), preparation.labels(learned, CHOICE).mean())
    assert loss(answers, outcomes) < 0.9 * loss(constant, outcomes)


@FAMILIES
def test_the_same_rows_and_seed_give_the_same_answers(candidate: Candidate) -> None:
    asked = preparation.prepare(world(seed=2), FEATURES, COLUMNS)

    first, second = (prediction.predict(fitted(candidate, world()), asked) for _ in range(2))

    assert np.array_equal(first, second)


@FAMILIES
def test_unknown_and_missing_values_are_answered(candidate: Candidate) -> None:
    pipeline = fitted(candidate, world().dropna())
    strange = pd.DataFrame({"city": ["Atlantis", None], "size": [1e9, None], "rooms": [None, 2], "new": [None, None]})

    answers = prediction.predict(pipeline, preparation.prepare(strange, FEATURES, COLUMNS))

    assert ((answers > 0) & (answers < 1)).all()


AWKWARD = {
    "numbers that are all missing": {"size": np.nan},
    "categories that are all missing": {"city": None},
    "everything missing": dict.fromkeys(FEATURES),
    "a constant": {"rooms": 4, "city": "Oslo"},
    "a name of its own for each row": {"city": [f"town {number}" for number in range(60)]},
    "huge and tiny numbers": {"size": [10.0 ** (number - 30) for number in range(60)]},
}


@FAMILIES
@pytest.mark.parametrize("kept", [("city",), ("size",), FEATURES], ids="+".join)
@pytest.mark.parametrize("columns", AWKWARD.values(), ids=AWKWARD.keys())
def test_awkward_columns_are_fitted_and_asked_without_a_warning(
    candidate: Candidate, kept: tuple[str, ...], columns: dict[str, object]
) -> None:
    frame = world(rows=60).assign(**columns)
    prepared = preparation.prepare(frame, kept, COLUMNS)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        pipeline = families.build(candidate, kept, COLUMNS, 0, "binary")
        learning.fit(pipeline, prepared, preparation.labels(frame, CHOICE), threads=1)
        answers = prediction.predict(pipeline, preparation.prepare(world(rows=60, seed=2), kept, COLUMNS))

    assert np.isfinite(answers).all()


@FAMILIES
def test_more_categories_than_can_be_told_apart_are_pooled(candidate: Candidate) -> None:
    frame = world(rows=900).assign(city=[f"town {number % 300}" for number in range(900)])

    answers = prediction.predict(fitted(candidate, frame), preparation.prepare(frame, FEATURES, COLUMNS))

    assert np.isfinite(answers).all()


@FAMILIES
def test_a_batch_without_rows_has_no_answers(candidate: Candidate) -> None:
    answers = prediction.predict(fitted(candidate, world()), preparation.prepare(world().iloc[:0], FEATURES, COLUMNS))

    assert answers.shape == (0,)


@pytest.mark.parametrize("outcome", [True, False])
def test_rows_of_one_outcome_are_refused_with_what_to_do(outcome: bool) -> None:
    outcomes = preparation.labels(world().assign(sold=outcome), CHOICE)

    with pytest.raises(IncumbentError, match=r"cannot be trained on one outcome.*Widen training\.window"):
        kinds.named("binary").require_learnable(outcomes)


def test_a_row_without_a_label_is_never_taken_for_a_negative_one() -> None:
    frame = world().assign(sold=pd.array([None] * 400, dtype="boolean"))

    with pytest.raises(IncumbentError, match="without a label"):
        preparation.labels(frame, CHOICE)


def test_a_model_that_answers_with_no_number_is_an_error() -> None:
    class Broken:
        def predict_proba(self, prepared: pd.DataFrame) -> NDArray[np.float64]:
            return np.full((len(prepared), 2), np.nan)

    with pytest.raises(IncumbentError, match="3 predictions that are not numbers, of 3"):
        prediction.predict(Broken(), pd.DataFrame({"size": [1.0, 2.0, 3.0]}))


def test_a_solver_that_ran_out_of_steps_is_told() -> None:
    hurried = LINEAR.model_copy(update={"max_iter": 1})

    told = [learning.notes(fitted(candidate, world())) for candidate in (hurried, LINEAR, BOOSTED)]

    assert "limit of 1 steps" in told[0][0]
    assert told[1:] == [(), ()]


def test_golden_rows_are_spread_and_end_with_one_that_is_empty() -> None:
    prepared = preparation.prepare(world(rows=1000), FEATURES, COLUMNS)

    kept = learning.golden(prepared)

    assert len(kept) == learning.GOLDEN_ROWS + 1
    assert kept.iloc[-1].isna().all()
    assert list(kept.dtypes) == list(prepared.dtypes)
    assert kept["size"].iloc[199] == prepared["size"].iloc[999]


@FAMILIES
def test_what_decides_is_the_most_important_input(candidate: Candidate) -> None:
    frame = world(rows=1500)
    prepared, outcomes = preparation.prepare(frame, FEATURES, COLUMNS), preparation.labels(frame, CHOICE)
    pipeline = fitted(candidate, frame)

    matters = learning.importance(pipeline, prepared, outcomes, rows=800, seed=5)

    assert [name for name, _ in matters][:2] == ["size", "city"]
    assert {name for name, _ in matters} == set(FEATURES)
    assert matters == learning.importance(pipeline, prepared, outcomes, rows=800, seed=5)


@FAMILIES
def test_importance_needs_memory_for_few_columns_at_a_time(
    candidate: Candidate, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame = world(rows=1500)
    prepared, outcomes = preparation.prepare(frame, FEATURES, COLUMNS), preparation.labels(frame, CHOICE)
    pipeline = fitted(candidate, frame)
    at_once = learning.importance(pipeline, prepared, outcomes, rows=800, seed=5)
    asked: list[int] = []
    ask = prediction.predict
    monkeypatch.setattr(
        prediction, "predict", lambda *args, **more: (asked.append(len(args[1])), ask(*args, **more))[1]
    )
    monkeypatch.setattr(learning, "_STACKED_CELLS", 2 * 800 * len(FEATURES))

    matters = learning.importance(pipeline, prepared, outcomes, rows=800, seed=5)

    assert matters == at_once
    assert max(asked) == 2 * 800


def test_of_many_inputs_those_that_seem_to_matter_are_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    source = np.random.default_rng(2)
    names = tuple(f"n{at:03d}" for at in range(80))
    frame = pd.DataFrame(source.normal(size=(2000, len(names))), columns=list(names))
    frame["sold"] = pd.array(frame["n070"] + frame["n071"] / 2 > 0, dtype="boolean")
    columns = {name: ColumnRule(type="number") for name in names}
    pipeline = families.build(BOOSTED, names, columns, 3, "binary")
    prepared, outcomes = preparation.prepare(frame, names, columns), preparation.labels(frame, CHOICE)
    learning.fit(pipeline, prepared, outcomes, threads=1)
    asked: list[int] = []
    ask = prediction.predict
    monkeypatch.setattr(
        prediction, "predict", lambda *args, **more: (asked.append(len(args[1])), ask(*args, **more))[1]
    )

    matters = learning.importance(pipeline, prepared, outcomes, rows=1000, seed=5)

    assert [name for name, _ in matters[:2]] == ["n070", "n071"]
    assert sorted(name for name, _ in matters) == list(names)
    assert sum(asked) == 200 * (1 + len(names)) + 1000 * (1 + 50)


def identity(**changes: object) -> str:
    chosen = {"snapshot": "s1", "candidate": LINEAR, "settings": CHOICE, "columns": COLUMNS, "libraries": "l1"}
    return identities.model_id(**{**chosen, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "changes",
    [
        {"snapshot": "s2"},
        {"candidate": BOOSTED},
        {"candidate": LINEAR.model_copy(update={"c": 0.5})},
        {"settings": CHOICE.model_copy(update={"seed": 1})},
        {"settings": CHOICE.model_copy(update={"features": FEATURES[:2]})},
        {"columns": {**COLUMNS, "rooms": ColumnRule(type="category")}},
        {"settings": CHOICE.model_copy(update={"positive": False})},
        {"settings": CHOICE.model_copy(update={"problem": "regression"})},
        {"libraries": "l2"},
    ],
    ids=str,
)
def test_whatever_changes_the_answers_changes_the_identity(changes: dict[str, object]) -> None:
    assert identity(**changes) != identity()


def test_what_does_not_change_the_answers_keeps_the_identity() -> None:
    other = CHOICE.model_copy(update={"min_rows": 7, "threads": 2, "candidates": (BOOSTED,)})

    assert identity(settings=other) == identity()


def test_a_snapshot_is_named_by_what_it_selects() -> None:
    times = Times(event="happened")

    def named(batches: tuple[str, ...] = ("a", "b"), start: datetime | None = None, cutoff: datetime = START) -> str:
        return identities.snapshot_id(batches, start=start, cutoff=cutoff, times=times, settings=CHOICE)

    assert named() == named()
    assert len({named(), named(("b", "a")), named(start=START), named(cutoff=START + timedelta(days=1))}) == 4


def test_identities_from_before_labels_had_a_positive_value_are_what_they_were() -> None:
    times = Times(event="happened")

    assert identity() == "bf6c6cdf3d13ae265181db8c14d621df"
    assert (
        identities.snapshot_id(("a",), start=None, cutoff=START, times=times, settings=CHOICE)
        == "0db0e93f74e1aae7dd404a1c1bf929c7"
    )


def test_parameters_are_told_as_the_yaml_has_them() -> None:
    told = dict(identities.parameters(BOOSTED))

    assert told["learning_rate"] == "0.06"
    assert told["max_iter"] == "15"
    assert "family" not in told
