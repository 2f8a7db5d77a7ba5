"""Names of metrics in MLflow: whatever a slice is called, MLflow takes the name, and no other slice has it."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from mlflow.exceptions import MlflowException
from mlflow.utils import validation

from tasks.adapters.mlflow import metric_names

LEVELS = [
    *("<30", ">30", "30", "_30", ":30", "3c:30", ":3c:30", "other", "(other)", "(missing)", "missing", "'(missing)'"),
    *(
        "",
        " ",
        "  ",
        "a",
        "a ",
        " a",
        "A",
        ".",
        "..",
        "...",
        "a.b",
        "a/b",
        "a_b",
        "a:b",
        "a::b",
        "é",
        "e\u0301",
        "\x00",
    ),
    *("x" * 60, "x" * 61, "x" * 62, f"{'x' * 70}<", f"{'x' * 70}>", ":-:", "-", "N/A", "n/a", "100%", "100 %", "🙂"),
]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Oslo", "Oslo"),
        ("New York", "New York"),
        ("8 to 15", "8 to 15"),
        ("log_loss", "log_loss"),
        ("<30", ":3c:30"),
        (">30", ":3e:30"),
        ("10:30", "10::30"),
        ("..", ":2e::2e:"),
    ],
)
def test_usual_texts_stay_and_others_can_be_read_back(text: str, name: str) -> None:
    assert metric_names.part(text) == name


def test_no_two_of_many_odd_levels_share_a_name() -> None:
    names = {level: metric_names.part(level) for level in LEVELS}

    assert len(set(names.values())) == len(names)


@given(st.text(max_size=90))
@example(":-:")
@example("..")
@example(" ")
def test_mlflow_takes_every_name(text: str) -> None:
    name = f"slice/{metric_names.part(text)}/{metric_names.part(text)}/squared_error_high"

    try:
        validation._validate_metric_name(name)
    except MlflowException as err:
        pytest.fail(f"{text!r}: {err}")
    assert len(name) <= 250


@given(st.text(max_size=12, alphabet="a:-3c<> ./"), st.text(max_size=12, alphabet="a:-3c<> ./"))
def test_different_texts_have_different_names(one: str, other: str) -> None:
    assert (metric_names.part(one) == metric_names.part(other)) == (one == other)
