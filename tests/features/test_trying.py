"""Whether a step is row-wise, and keeps its bounds. What else it must not do is in `tests.corpus.own_code`."""

import math

import numpy as np
import pytest

from configs.feature_steps import Output
from tasks.features import trying
from tasks.features.own_step import OwnStep, StepFailed

MODULE = "configs.pipelines.some"


def step(body: str, kind: str = "number") -> OwnStep:
    code = f"import numpy as np\n\n\ndef own(rows):\n    return {body}\n"
    return OwnStep(f"{MODULE}:own", "some.py", {MODULE: code}, {}, [("price", "number")], [("own", kind)])


def tried(one: OwnStep, size: int) -> None:
    rows = [np.arange(size, dtype=float)]
    trying.require_row_wise(one, rows, one.make(rows))


@pytest.mark.parametrize("size", [0, 1, 2, 3, 199, 200, 201, 1_000])
@pytest.mark.parametrize("body", ["rows['price'] * 2", "np.where(rows['price'] > 3, np.nan, 1.0)"])
def test_a_step_that_is_row_wise_passes_for_any_number_of_rows(body: str, size: int) -> None:
    tried(step(body), size)


@pytest.mark.parametrize("size", [2, 3, 1_000])
@pytest.mark.parametrize(
    "body", ["rows['price'] - rows['price'].mean()", "rows['price'].rank()[::-1].to_numpy()", "rows['price'].diff()"]
)
def test_one_that_is_not_is_refused_for_any_number_of_rows(body: str, size: int) -> None:
    with pytest.raises(StepFailed, match=r"is not row-wise: .*Make each row of itself alone \(some\.py, line 4\)"):
        tried(step(body), size)


def test_sums_in_another_order_are_the_same() -> None:
    """Numbers that differ by how they were rounded."""
    tried(step("rows['price'] * (1 + 1e-13 * len(rows))"), 100)


def test_what_differs_in_text_is_found() -> None:
    with pytest.raises(StepFailed, match="a row gives 'few' as 'own', and 'many' beside all others"):
        tried(step("['many' if len(rows) > 300 else 'few'] * len(rows)", "category"), 301)


@pytest.mark.parametrize(
    ("bounds", "text"),
    [
        (Output(min=0), "'own', made by own, is beyond its bounds (least 0) in 2 of 5 rows, as -7"),
        (Output(max=2), "'own', made by own, is beyond its bounds (most 2) in 1 of 5 rows, as 3"),
        (Output(min=-1, max=9), "'own', made by own, is beyond its bounds (least -1, most 9) in 1 of 5 rows, as -7"),
    ],
)  # fmt: skip
def test_what_is_beyond_its_bounds_is_counted_with_the_worst(bounds: Output, text: str) -> None:
    made = {"own": np.array([-7.0, -1.0, 0.0, 3.0, math.nan])}

    ((suspect, _),) = trying.out_of_bounds(step("0"), made, {"own": bounds})

    assert suspect.text == text


def test_nothing_is_beyond_bounds_that_there_are_not() -> None:
    assert not trying.out_of_bounds(step("0"), {"own": np.array([math.nan, 1e300])}, {"own": Output()})
