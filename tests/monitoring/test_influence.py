"""Which inputs move the answers of a model."""

import numpy as np
import pandas as pd
import pytest

from tasks.monitoring import influence


def test_what_moves_the_answers_has_its_part_and_the_rest_none() -> None:
    luck = np.random.default_rng(0)
    rows = pd.DataFrame({name: luck.normal(size=200) for name in "abc"})

    found = influence.shares(rows, lambda frame: 3 * frame["a"].to_numpy() + frame["b"].to_numpy())

    assert sum(found.values()) == pytest.approx(1)
    assert found["c"] == 0
    assert 2 < found["a"] / found["b"] < 4


def test_where_nothing_moves_them_all_have_none() -> None:
    rows = pd.DataFrame({"a": [1.0, 2.0], "b": [3.0, 4.0]})

    assert influence.shares(rows, lambda frame: np.ones(len(frame))) == {"a": 0.0, "b": 0.0}


def test_a_model_is_asked_about_all_inputs_in_one_call() -> None:
    rows, asked = pd.DataFrame(np.eye(200, 16), columns=[f"c{n}" for n in range(16)]), []

    influence.shares(rows, lambda frame: (asked.append(len(frame)), frame["c0"].to_numpy())[1])

    assert asked == [200, 200 * 16 * 4]


def test_of_very_many_each_is_asked_about_once_on_fewer_rows() -> None:
    rows, asked = pd.DataFrame(np.eye(300, 60), columns=[f"c{n}" for n in range(60)]), []

    influence.shares(rows, lambda frame: (asked.append(len(frame)), frame["c0"].to_numpy())[1])

    assert asked == [100, 100 * 60]


def test_a_call_holds_so_many_values_at_most_and_changes_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    rows, asked = pd.DataFrame(np.random.default_rng(0).normal(size=(50, 7)), columns=[*"abcdefg"]), []

    def answers(frame: pd.DataFrame) -> np.ndarray:
        asked.append(frame.size)
        return frame["a"].to_numpy() * frame["b"].to_numpy()

    at_once = influence.shares(rows, answers)
    monkeypatch.setattr(influence, "_CELLS", 1_000)

    assert influence.shares(rows, answers) == at_once
    assert asked[:2] == [350, 350 * 28]
    assert max(asked[2:]) <= 1_000


def test_categories_stay_what_they_are() -> None:
    rows = pd.DataFrame({"shop": pd.Categorical([*"abab"], categories=[*"abc"]), "price": [1.0, 2.0, 3.0, 4.0]})

    def answers(frame: pd.DataFrame) -> np.ndarray:
        assert dict(frame.dtypes) == dict(rows.dtypes)
        return (frame["shop"] == "a").to_numpy(dtype=float)

    assert influence.shares(rows, answers) == {"shop": 1.0, "price": 0.0}
