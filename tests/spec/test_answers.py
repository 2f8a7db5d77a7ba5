"""The decision table of label values: which batch is taken in, and which one is refused, by what its label says.

A yes/no label in words or codes: what counts as yes and no is named, or learned from the batches before.
"""

from typing import Any

import pandas as pd
import pytest

from configs.errors import BrokenContract
from configs.settings import PipelineSettings
from tasks.validation import labels as answers

OLD = "no batch before had"
LIKE = "look like a yes"
NONE = "of which none is the positive one"
UNDECLARED = "are not declared"

# fmt: off
#  yes is                 no is          learned before         values of the batch            refused for, with what
TABLE: list[tuple[Any, Any, Any, list[Any], tuple[str, str] | None]] = [
    ("yes",               None,          ["no", "yes"],         ["yes", "no"],                 None),
    ("yes",               None,          ["no", "yes"],         ["no"],                        None),
    ("yes",               None,          ["no", "yes"],         [None],                        None),
    ("yes",               None,          ["no"],                ["yes", "no"],                 None),
    ("yes",               None,          ["no", "yes"],         ["yes", "no", "Yes"],          (LIKE, "'Yes' (1)")),
    ("yes",               None,          ["no", "yes"],         ["YES ", "no"],                (LIKE, "'YES ' (1)")),
    ("yes",               None,          ["no", "yes", "Yes"],  ["Yes", "no"],                 (LIKE, "'Yes' (1)")),
    ("yes",               None,          ["no", "yes"],         ["yes", "No"],                 (OLD, "'No' (1)")),
    ("yes",               None,          ["no", "yes"],         ["yes", "no", "maybe"],        (OLD, "'maybe' (1); known are 'no', 'yes'")),
    ("yes",               "maybe",       ["no", "yes"],         ["yes", "no", "maybe"],        None),
    ("yes",               ["no", "No"],  ["no", "yes"],         ["yes", "No"],                 None),
    (["yes", "Yes"],      None,          ["no", "yes"],         ["yes", "no", "Yes"],          None),
    ("Charged Off",       None,          ["Charged Off", "Fully Paid"], ["Charged-off", "Fully Paid"], (LIKE, "'Charged-off' (1)")),
    ("Charged Off",       None,          None,                  ["Charged Off", "Fully Paid", "No policy. Status:Charged Off"], (LIKE, "Status:Charged Off' (1)")),
    (["Charged Off", "Default"], None,   ["Charged Off", "Fully Paid"], ["Default", "Fully Paid"], None),
    ("Charged Off",       None,          ["Charged Off", "Fully Paid"], ["Default", "Charged Off", "Fully Paid"], (OLD, "'Default' (1)")),
    (1,                   None,          ["0", "1"],            [0, 1],                        None),
    (1,                   None,          ["0", "1"],            [1, 2],                        (OLD, "'2' (1); known are '0', '1'")),
    (1,                   None,          ["0", "1"],            [1.0, 0.0, None],              None),
    (1,                   None,          ["0", "1"],            [-1, 1],                       (OLD, "'-1' (1)")),
    (2,                   None,          ["1", "2"],            [0, 1],                        (OLD, "'0' (1)")),
    ([2, 3],              [0, 1],        None,                  [0, 1, 2, 3],                  None),
    ([2, 3],              [0, 1],        None,                  [0, 4],                        (UNDECLARED, "'4' (1)")),
    # ── the first labels: what is not named is learned, unless it is certain that something is wrong ──
    ("yes",               None,          None,                  ["yes", "no"],                 None),
    ("yes",               None,          None,                  ["no"],                        None),
    ("yes",               None,          None,                  ["yes"],                       None),
    ("won",               None,          None,                  ["won", "lost", "drawn"],      None),
    ("churn",             None,          None,                  ["churn", "no churn"],         None),
    ("A-",                None,          None,                  ["A-", "A", "A+", "B"],        None),
    ("yes",               None,          None,                  ["Yes", "No"],                 (LIKE, "'Yes' (1)")),
    ("yes",               None,          None,                  ["Yes"],                       (LIKE, "'Yes' (1)")),
    ("yes",               None,          None,                  ["yes", "Yes", "no"],          (LIKE, "'Yes' (1)")),
    ("yes",               None,          None,                  ["ja", "nein"],                (NONE, "'ja' (1), 'nein' (1)")),
    (0,                   None,          None,                  [1, 2],                        (NONE, "'1' (1), '2' (1)")),
    ("yes",               ["ja", "nein"], None,                 ["ja", "nein"],                None),
    ("yes",               "no",          None,                  ["yes", "no", "maybe"],        (UNDECLARED, "'maybe' (1)")),
]
# fmt: on


def asked(positive: Any, negative: Any, **rule: Any) -> PipelineSettings:
    kind = "integer" if isinstance(positive if not isinstance(positive, list) else positive[0], int) else "category"
    columns = {"at": {"type": "timestamp"}, "y": {"type": kind, "nullable": True, **rule}, "x": {"type": "number"}}
    training = {"label": "y", "positive": positive, "negative": negative, "features": ("x",)}
    return PipelineSettings.model_validate(
        {
            "title": "?",
            "ingestion": {"times": {"event": "at"}},
            "validation": {"columns": columns},
            "training": {**training, "candidates": ({"family": "logistic_regression"},)},
        }
    )


def refusal(labels: list[Any], learned: list[str] | None, settings: PipelineSettings) -> str:
    """Empty where the batch is taken in."""
    try:
        answers.require_known(pd.DataFrame({"y": pd.Series(labels).convert_dtypes()}), learned, settings)
    except BrokenContract as broken:
        return str(broken)
    return ""


@pytest.mark.parametrize(("positive", "negative", "learned", "labels", "wanted"), TABLE)
def test_no_value_counts_as_a_no_that_nobody_knows(
    positive: Any, negative: Any, learned: list[str] | None, labels: list[Any], wanted: tuple[str, str] | None
):
    said = refusal(labels, learned, asked(positive, negative))

    assert bool(said) is (wanted is not None)
    assert all(part in said for part in wanted or ())
    assert not said or "training.negative" in said


@pytest.mark.parametrize(
    ("positive", "rule", "labels"),
    [
        ("UP", {"values": ("UP", "DOWN", "FLAT")}, ["DOWN", "FLAT"]),
        (1, {"min": 0.0, "max": 1.0}, [0, 1]),
    ],
)
def test_a_contract_that_names_the_values_is_asked_instead(positive: Any, rule: dict[str, Any], labels: list[Any]):
    assert refusal(labels, ["UP", "1"], asked(positive, None, **rule)) == ""


def test_a_wide_range_says_nothing_about_the_values():
    assert OLD in refusal([1, 2], ["0", "1"], asked(1, None, min=0.0, max=10.0))


def test_a_label_with_thousands_of_values_is_no_yes_or_no():
    said = refusal([f"v{n}" for n in range(answers.MOST + 1)], None, asked("v1", None))

    assert "has 1,001 different values: a yes or no has few" in said
