"""Settings that are changed on a command line: what is understood, and what a file's values become."""

import pytest

from configs import loader, overrides
from configs.errors import InvalidSettings

VALUES = {"title": "Why?", "training": {"candidates": [{"family": "a", "max_iter": 1}], "seed": 3}, "promotion": None}


@pytest.mark.parametrize(
    ("typed", "path", "value"),
    [
        ("training.seed=7", ("training", "seed"), 7),
        (" training.seed = 7 ", ("training", "seed"), 7),
        ("training.candidates.0.max_iter=300", ("training", "candidates", 0, "max_iter"), 300),
        ("training.candidates[0].max_iter=300", ("training", "candidates", 0, "max_iter"), 300),
        ("training.features=[hour, day]", ("training", "features"), ["hour", "day"]),
        ("training.positive=yes", ("training", "positive"), "yes"),
        ("training.min_rows=", ("training", "min_rows"), None),
        ("promotion.min_relative_gain=1e-3", ("promotion", "min_relative_gain"), 0.001),
        ("a.b=x=y", ("a", "b"), "x=y"),
    ],
)
def test_what_is_typed_is_a_setting_and_a_plain_value(typed: str, path: tuple[object, ...], value: object) -> None:
    change = loader.override(typed)

    assert (change.path, change.value) == (path, value)


@pytest.mark.parametrize("typed", ["", "training", "=3", "a..b=1", "a b=1", ".a=1", "a.=1"])
def test_what_names_no_setting_is_refused(typed: str) -> None:
    with pytest.raises(InvalidSettings, match="does not say which setting has which value"):
        loader.override(typed)


@pytest.mark.parametrize("typed", ["a.b={", "a.b=!!python/object:os.system x", "a.b=[1, 2", "a.b={x: 1, x: 2}"])
def test_a_value_that_is_not_plain_is_refused(typed: str) -> None:
    with pytest.raises(InvalidSettings, match="not plain YAML"):
        loader.override(typed)


@pytest.mark.parametrize(
    ("typed", "where"),
    [
        ("training.seed=7", ("training", "seed")),
        ("promotion.guards.max_churn=0.5", ("promotion", "guards", "max_churn")),
        ("training.candidates.0.max_iter=7", ("training", "candidates", 0, "max_iter")),
        ("training.candidates.1={family: b}", ("training", "candidates", 1)),
        ("features.steps.0={step: text}", ("features", "steps", 0)),
    ],
)
def test_only_what_is_named_changes(typed: str, where: tuple[str | int, ...]) -> None:
    change = loader.override(typed)

    changed = overrides.applied(VALUES, [change])

    at: object = changed
    for part in where:
        at = at[part]  # type: ignore[index]
    assert at == change.value
    assert VALUES["training"] == {"candidates": [{"family": "a", "max_iter": 1}], "seed": 3}, "what was given stays"
    assert changed["title"] == "Why?"


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("title.x=1", "title is \"'Why\\?'\"|title is 'Why\\?', which has nothing below it"),
        ("training.candidates.first=1", "training.candidates is a list; name a place in it"),
        ("training.candidates.3={}", "has places 0 to 0; a new one is training.candidates.1"),
        ("training.0=1", "training is no list, so 0 is no place in it"),
    ],
)
def test_a_path_that_does_not_fit_is_refused(typed: str, sentence: str) -> None:
    with pytest.raises(InvalidSettings, match=sentence):
        overrides.applied(VALUES, [loader.override(typed)])


def test_two_changes_of_one_setting_are_refused() -> None:
    twice = [loader.override(text) for text in ("training.window.days=3", "training.window={days: 4}")]

    with pytest.raises(InvalidSettings, match="change the same setting"):
        overrides.require_apart(twice)
    overrides.require_apart(twice[:1])


def test_a_value_of_the_wrong_type_is_explained_as_in_a_file() -> None:
    with pytest.raises(InvalidSettings, match=r"max_iter: must be a whole number \(got 'many'\)"):
        loader.load_changed("flights", [loader.override("training.candidates.0.max_iter=many")])


def test_an_unknown_setting_is_explained_with_the_nearest_name() -> None:
    with pytest.raises(InvalidSettings, match=r"promotion\.min_relative_gian: no such setting; did you mean"):
        loader.load_changed("flights", [loader.override("promotion.min_relative_gian=0.1")])
