"""A pipeline file with one value changed: the rest stays as it was typed, to the last space."""

import difflib

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from configs import loader, yaml_edits
from configs.environment import CHECKOUT

TEXT = (CHECKOUT / "configs" / "pipelines" / "flights.yaml").read_text(encoding="utf-8")


def changed(typed: str) -> list[str]:
    """The lines that go and come in the example."""
    _, before, after = loader.changed_text("flights", [loader.override(typed)])
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm="")
    return [line for line in lines if line[:1] in "+-" and line[:3] not in ("+++", "---")]


@pytest.mark.parametrize(
    ("typed", "went", "came"),
    [
        ("training.window.days=120", "window: {days: null} ", "window: {days: 120} "),
        ("training.candidates.0.max_iter=300", "max_iter: 120,", "max_iter: 300,"),
        ("promotion.false_promotion_every=50", "every: 200 ", "every: 50 "),
        ("monitoring.drift={share: 0.4}", "drift: {min_effect: 0.1, share: 0.5}", "drift: {share: 0.4}"),
    ],
)
def test_a_value_is_changed_in_its_place_beside_its_comment(typed: str, went: str, came: str) -> None:
    old, new = changed(typed)

    assert went in old
    assert new == f"+{old[1:].replace(went, came)}"


@pytest.mark.parametrize(
    ("typed", "line"),
    [
        ("training.min_rows=500", "+  min_rows: 500"),
        ("promotion.guards.max_churn=0.5", "+  guards: {max_churn: 0.5}"),
        ("evaluation.slices.3={column: weekday}", "+    - {column: weekday}"),
        ("features.steps.0={step: date_parts, of: [scheduled_departure], parts: [hour]}",
         "+features: {steps: [{step: date_parts, of: [scheduled_departure], parts: [hour]}]}"),
    ],
)  # fmt: skip
def test_what_was_not_there_is_added_behind_its_neighbours(typed: str, line: str) -> None:
    assert changed(typed) == [line]


def test_a_key_is_added_to_a_mapping_on_one_line() -> None:
    old, new = changed("training.candidates.1.min_frequency=5")

    assert new == f"+{old[1:].replace('logistic_regression}', 'logistic_regression, min_frequency: 5}')}"


@pytest.mark.parametrize(
    ("text", "path", "value", "after"),
    [
        ("a: 1", ("a",), 2, "a: 2"),
        ("a:\n", ("a",), 2, "a: 2\n"),
        ("a: {}\n", ("a", "b"), 2, "a: {b: 2}\n"),
        ("a: {b: 1,}\n", ("a", "c"), 2, "a: {b: 1, c: 2}\n"),
        ("a: []\n", ("a", 0), "x", "a: [x]\n"),
        ("a:\n  - 1\n  # why\n  - 2\nb: 3\n", ("a", 1), 5, "a:\n  - 1\n  # why\n  - 5\nb: 3\n"),
        ("a:\n  b: 1\n\n# of c\nc: 3\n", ("a", "d"), "no", "a:\n  b: 1\n  d: 'no'\n\n# of c\nc: 3\n"),
        ("a:\n  b: 1", ("a", "c"), None, "a:\n  b: 1\n  c: null\n"),
        ("a: 'x'  # why\n", ("a",), "y: z", "a: 'y: z'  # why\n"),
    ],
)
def test_files_of_any_form(text: str, path: tuple[str | int, ...], value: object, after: str) -> None:
    assert yaml_edits.assign(text, path, value) == after


def test_what_cannot_be_changed_alone_is_left_to_a_person(tmp_path, monkeypatch) -> None:
    shared = TEXT.replace("{family: logistic_regression}", "&one {family: logistic_regression}").replace(
        "candidates:  ", "candidates:  "
    )
    aliased = shared.replace("  window: {days: null}", "  window: &w {days: null}")
    (tmp_path / "flights.yaml").write_text(f"{aliased}", encoding="utf-8")
    monkeypatch.setenv("INCUMBENT_PIPELINES", str(tmp_path))

    path, before, after = loader.changed_text("flights", [loader.override("training.window.days=9")])

    assert (before == aliased, "&w {days: 9}" in after, path.name) == (True, True, "flights.yaml")


def test_a_value_that_two_places_share_is_not_changed_in_one() -> None:
    text = "a: &x {b: 1}\nc: *x\n"

    after = yaml.safe_load(yaml_edits.assign(text, ("a", "b"), 2))

    assert after == {"a": {"b": 2}, "c": {"b": 2}}, "which is why the outcome is read again before it is written"


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs", "Cc"])), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1), inner, max_size=3), max_leaves=6))  # fmt: skip
def test_whatever_is_written_is_read_as_it_was(value: object) -> None:
    text = f"key: {yaml_edits.written(value)}\n"

    assert yaml.safe_load(text) == {"key": value}
