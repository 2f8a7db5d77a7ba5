"""What built-in steps are called, and which columns they make, by their settings alone."""

from typing import Any

import pytest
from pydantic import TypeAdapter

from configs.features import FeaturesSettings, Step

STEP: TypeAdapter[Any] = TypeAdapter(Step)
CASES: list[tuple[dict[str, Any], list[str], str]] = [
    ({"step": "date_parts", "of": ("at",)}, ["at_hour", "at_weekday", "at_month"], "date_parts of at"),
    ({"step": "date_parts", "of": ("at", "sent"), "parts": ("day", "day")}, ["at_day", "sent_day"], "date_parts of at, sent"),
    ({"step": "cycle", "of": ("hour",), "period": 24.0}, ["hour_sin", "hour_cos"], "cycle of hour"),
    ({"step": "cycle", "of": ("at",), "part": "month"}, ["at_month_sin", "at_month_cos"], "cycle of at"),
    ({"step": "ratio", "of": ("a", "b")}, ["a_per_b"], "ratio of a, b"),
    ({"step": "difference", "of": ("a", "b")}, ["a_less_b"], "difference of a, b"),
    ({"step": "difference", "of": ("a", "b"), "name": "left"}, ["left"], "difference of a, b"),
    ({"step": "text", "of": ("note",), "columns": 2}, ["note_0", "note_1"], "text of note"),
    ({"step": "target_mean", "of": ("shop", "town")}, ["shop_target", "town_target"], "target_mean of shop, town"),
]  # fmt: skip


@pytest.mark.parametrize(("given", "outputs", "called"), CASES, ids=[called for *_, called in CASES])
def test_a_step_makes_columns_that_are_named_after_what_it_takes(
    given: dict[str, Any], outputs: list[str], called: str
) -> None:
    step = STEP.validate_python(given)

    assert list(step.outputs) == outputs
    assert step.called == called


def test_steps_that_are_called_alike_have_numbers() -> None:
    steps = tuple(STEP.validate_python({"step": "ratio", "of": ("a", "b"), "name": name}) for name in ("x", "y", "z"))

    assert list(FeaturesSettings(steps=steps).named) == ["ratio of a, b", "ratio of a, b (2)", "ratio of a, b (3)"]
