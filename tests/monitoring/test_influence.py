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


def test_of_very_many_each_is_asked_about_once() -> None:
    rows, asked = pd.DataFrame(np.eye(300, 60), columns=[f"c{n}" for n in range(60)]), []

    influence.shares(rows, lambda frame: (asked.append(len(frame)), frame["c0"].to_numpy())[1])

    assert asked == [100] * 61
