"""Settings: closed, frozen, without conversions; what contradicts itself is refused with a reason."""

import json
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from configs.evaluation import Cluster
from configs.section import Section
from configs.settings import PipelineSettings
from configs.training import TrainingSettings, Window
from configs.validation import ColumnRule

SECTIONS = [Section, *Section.__subclasses__()]

LINEAR = {"family": "logistic_regression"}


def described(**changed: Any) -> dict[str, Any]:
    """A pipeline as the loader hands it over, with other sections in place of some."""
    columns = {
        "at": {"type": "timestamp"},
        "known": {"type": "timestamp", "nullable": True},
        "shop": {"type": "category"},
        "items": {"type": "integer"},
        "sold": {"type": "boolean", "nullable": True},
    }
    return {
        "title": "Will it be sold?",
        "ingestion": {"times": {"event": "at", "label": "known"}},
        "validation": {"columns": columns},
        "training": {"label": "sold", "features": ("items", "shop"), "candidates": (LINEAR,)},
        **changed,
    }


def refusal(**changed: Any) -> str:
    with pytest.raises(ValidationError) as caught:
        PipelineSettings.model_validate(described(**changed))
    return str(caught.value)


def test_what_differs_from_the_defaults_is_enough():
    found = PipelineSettings.model_validate(described())

    assert found.training.window.length is None
    assert found.promotion.false_promotion_every == 200
    assert found.evaluation.cluster.timezone == "UTC"


@pytest.mark.parametrize("section", SECTIONS, ids=lambda kind: kind.__name__)
def test_every_section_is_frozen_closed_and_strict(section: type[BaseModel]):
    config = section.model_config

    assert (config["frozen"], config["extra"], config["strict"]) == (True, "forbid", True)
    assert section.__doc__


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({"type": "category", "min": 1.0}, "min and max are for integers and numbers, not for a category"),
        ({"type": "number", "values": ("a",)}, "values are for categories, not for a number"),
        ({"type": "number", "min": 2.0, "max": 1.0}, "min (2) is above max (1)"),
        ({"type": "number", "min": float("inf")}, "finite number"),
        ({"type": "text"}, "'integer', 'number', 'category', 'boolean' or 'timestamp'"),
        ({"type": "number", "nullable": "yes"}, "valid boolean"),
    ],
)
def test_a_rule_that_cannot_be_kept_is_refused(rule: dict[str, Any], words: str):
    with pytest.raises(ValidationError) as caught:
        ColumnRule.model_validate(rule)

    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"ingestion": {"times": {"event": "when"}}}, "ingestion.times.event names the column 'when'"),
        ({"ingestion": {"times": {"event": "shop"}}}, "column 'shop' must be of type timestamp (is category)"),
        ({"ingestion": {"times": {"event": "known"}}}, "ingestion.times.event: 'known' must not be nullable"),
        ({"evaluation": {"cluster": {"column": "who"}}}, "evaluation.cluster.column names the column 'who'"),
        ({"evaluation": {"slices": ({"column": "at"},)}}, "must be of type integer or category or boolean"),
        ({"evaluation": {"slices": ({"column": "shop", "edges": (1.0,)},)}}, "must be of type integer or number"),
        ({"reporting": {"groups": {"weather": ("rain",)}}}, "reporting.groups.weather names the column 'rain'"),
        ({"validation": {"columns": {"at": {"type": "timestamp"}}}}, "at least 2 items"),
        ({"monitoring": {"drift": {"min_effect": 1.5}}}, "less than 1"),
    ],
)
def test_sections_that_do_not_fit_together_are_refused(changed: dict[str, Any], words: str):
    assert words in refusal(**changed)


@pytest.mark.parametrize(
    ("features", "words"),
    [
        (("items", "sold"), "'sold' is not known before the label is"),
        (("items", "known"), "must be of type"),
        (("items", "items"), "a column is named twice"),
        ((), "at least 1 item"),
        (("items", "nothing"), "names the column 'nothing'"),
    ],
)
def test_a_model_learns_only_from_columns_that_are_known_in_time(features: tuple[str, ...], words: str):
    training = {**described()["training"], "features": features}

    assert words in refusal(training=training)


def test_a_family_that_stands_twice_is_refused_and_named():
    candidates = (LINEAR, {"family": "hist_gradient_boosting"}, LINEAR | {"c": 0.1})

    words = refusal(training={**described()["training"], "candidates": candidates})

    assert "training.candidates: logistic_regression is named twice; a turn trains each family once" in words


CATEGORY = {"type": "category", "values": ("UP", "DOWN")}
BOOLEAN = {"type": "boolean"}
INTEGER = {"type": "integer", "min": 0.0, "max": 1.0}
NUMBER = {"type": "number"}


def predicting(rule: dict[str, Any], **training: Any) -> dict[str, Any]:
    """Sections with a label of that type."""
    columns = {**described()["validation"]["columns"], "sold": rule}
    return {"validation": {"columns": columns}, "training": {**described()["training"], **training}}


@pytest.mark.parametrize(
    ("rule", "training"),
    [
        (BOOLEAN, {}),
        (BOOLEAN, {"positive": True}),
        (BOOLEAN, {"positive": False}),
        (CATEGORY, {"positive": "UP"}),
        ({"type": "category"}, {"positive": "UP"}),
        (INTEGER, {"positive": 1}),
        ({"type": "category"}, {"positive": ["LATE", "LOST"], "negative": ["IN TIME"]}),
        ({"type": "integer"}, {"positive": [2, 3], "negative": 1}),
        (BOOLEAN, {"positive": False, "negative": True}),
        (CATEGORY, {"positive": "UP", "negative": "DOWN"}),
        (NUMBER, {"problem": "regression", "candidates": ({"family": "linear_regression"},)}),
        ({"type": "category"}, {"problem": "multiclass", "classes": ("a", "b", "c")}),
        ({"type": "integer"}, {"problem": "multiclass", "classes": (1, 2, 3)}),
        (INTEGER, {"problem": "regression", "candidates": ({"family": "hist_gradient_boosting"},)}),
        (NUMBER, {"problem": "median", "candidates": ({"family": "hist_gradient_boosting"},)}),
        (INTEGER, {"problem": "count", "candidates": ({"family": "linear_regression"},)}),
        (NUMBER, {"problem": "quantile", "quantile": 0.9, "candidates": ({"family": "hist_gradient_boosting"},)}),
    ],
)
def test_a_label_may_be_a_yes_or_no_of_any_type_or_a_number(rule: dict[str, Any], training: dict[str, Any]):
    found = PipelineSettings.model_validate(described(**predicting(rule, **training)))

    assert found.training.label == "sold"


RIDGE = ({"family": "linear_regression"},)
MANY: dict[str, Any] = {"problem": "multiclass", "classes": ("UP", "DOWN", "FLAT")}


@pytest.mark.parametrize(
    ("rule", "training", "words"),
    [
        (CATEGORY, {}, "training.positive is missing: say which value of the category 'sold' counts as positive"),
        (INTEGER, {}, "training.positive is missing: say which value of the integer 'sold' counts as positive"),
        (CATEGORY, {"positive": "SIDEWAYS"}, "training.positive: 'sold' is one of UP, DOWN (got 'SIDEWAYS')"),
        (CATEGORY, {"positive": True}, "text, in quotes if need be (got True)"),
        (CATEGORY, {"positive": 1}, "must be a value of the category 'sold'"),
        (INTEGER, {"positive": "1"}, "must be a value of the integer 'sold': a whole number (got '1')"),
        (INTEGER, {"positive": 2}, "the contract lets no 2 into 'sold'"),
        (INTEGER, {"positive": True}, "a whole number (got True)"),
        (BOOLEAN, {"positive": "yes"}, "true or false (got 'yes')"),
        (BOOLEAN, {"negative": True}, "training.negative: True is positive already"),
        (CATEGORY, {"positive": ["UP", "SIDEWAYS"]}, "training.positive: 'sold' is one of UP, DOWN (got 'SIDEWAYS')"),
        (CATEGORY, {"positive": "UP", "negative": "UP"}, "training.negative: 'UP' is positive already"),
        (CATEGORY, {"positive": "UP", "negative": "FLAT"}, "training.negative: 'sold' is one of UP, DOWN"),
        (CATEGORY, {"positive": ["UP", "UP"]}, "'UP' stands there twice"),
        (CATEGORY, {"positive": []}, "must name a value of the label (got an empty list)"),
        (CATEGORY, {"positive": 1.5}, "must be a value of the label, or a list of values (got 1.5)"),
        (CATEGORY, {"positive": [["UP"]]}, "must be a value of the label, or a list of values"),
        (CATEGORY, {"positive": ["UP", 1]}, "text, in quotes if need be (got 1)"),
        (
            {"type": "category", "values": ("UP", "DOWN", "FLAT")},
            {"positive": "UP", "negative": "DOWN"},
            "training.negative: 'FLAT' is a value of 'sold' as well, and is named as neither",
        ),
        (NUMBER, {"problem": "regression", "candidates": RIDGE, "negative": 0}, "a number to predict has no negative"),
        (NUMBER, {}, "must be of type boolean or integer or category (is number)"),
        (NUMBER, {"positive": 1}, "must be of type boolean or integer or category (is number)"),
        (NUMBER, {"problem": "regression", "candidates": RIDGE, "positive": 1}, "a number to predict has no positive"),
        (NUMBER, {"problem": "regression"}, "logistic_regression is not for a number to predict"),
        (BOOLEAN, {"candidates": RIDGE}, "linear_regression is not for a yes or no; there are hist_gradient_boosting"),
        (BOOLEAN, {"problem": "regression", "candidates": RIDGE}, "must be of type number or integer (is boolean)"),
        (CATEGORY, {"classes": ("UP", "DOWN", "FLAT"), "positive": "UP"}, "a yes or no has none"),
        (CATEGORY, MANY, "training.classes: 'sold' is one of UP, DOWN (got 'FLAT')"),
        ({"type": "category"}, {**MANY, "classes": ("UP", "DOWN")}, "at least 3 (got 2); of two, one is the yes"),
        ({"type": "category"}, {**MANY, "classes": ("UP", "DOWN", "UP")}, "training.classes: 'UP' is named twice"),
        ({"type": "category"}, {**MANY, "classes": ("UP", "DOWN", 3)}, "text, in quotes if need be (got 3)"),
        ({"type": "category"}, {**MANY, "positive": "UP"}, "one of several classes has no positive value"),
        (
            {"type": "category", "values": ("UP", "DOWN", "FLAT", "GONE")},
            MANY,
            "training.classes: 'GONE' is a value of 'sold' as well, and is not named",
        ),
        (BOOLEAN, MANY, "must be of type category or integer (is boolean)"),
        (BOOLEAN, {"problem": "ranking"}, "'regression', 'median', 'count' or 'quantile'"),
    ],
)
def test_a_label_that_does_not_fit_what_is_asked_of_it_is_refused(
    rule: dict[str, Any], training: dict[str, Any], words: str
):
    assert words in refusal(**predicting(rule, **training))


def test_a_mean_of_classes_is_refused():
    steps = {"steps": ({"step": "target_mean", "of": ("shop",)},)}

    words = refusal(**predicting({"type": "category"}, **MANY), features=steps)

    assert "target_mean of shop takes the mean of the label, which one of several classes does not have" in words


@pytest.mark.parametrize(
    ("training", "metric", "words"),
    [
        ({}, "rmse", "evaluation.metrics: rmse is not for a yes or no; there are log_loss"),
        ({"problem": "regression", "candidates": RIDGE}, "roc_auc", "roc_auc is not for a number to predict"),
    ],
)
def test_a_metric_of_the_other_problem_is_refused(training: dict[str, Any], metric: str, words: str):
    sections = predicting(INTEGER if training else BOOLEAN, **training)

    assert words in refusal(**sections, evaluation={"metrics": (metric,)})


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "../etc/passwd", "/etc/localtime"])
def test_a_time_zone_must_exist(zone: str):
    with pytest.raises(ValidationError, match="no such time zone"):
        Cluster(timezone=zone)


def test_a_window_has_a_length_in_days_or_none_at_all():
    assert Window(days=28).length is not None
    assert Window(days=28).length.days == 28  # type: ignore[union-attr]
    with pytest.raises(ValidationError):
        Window(days=0)


def test_the_canonical_form_says_every_default_and_is_plain():
    found = PipelineSettings.model_validate(described()).canonical()

    assert found["promotion"]["guards"]["max_churn"] == 0.25
    assert found["training"]["features"] == ["items", "shop"]
    assert PipelineSettings.model_validate_json(json.dumps(found)).canonical() == found


@pytest.mark.parametrize(("written", "days"), [(90, 90), ("90 days", 90), ("1 day", 1), ("12 weeks", 84), (None, None)])
def test_an_age_is_a_number_of_days_or_says_so(written: object, days: int | None):
    training = TrainingSettings.model_validate_json(json.dumps({**LEARNING, "mature_after": written}))

    assert training.mature_after == days
    assert training.maturity.days == (days or 0)


@pytest.mark.parametrize("written", ["three months", "90", "90 days ", "-1 days", "0 days", 0, 1.5, True, "99999 days"])
def test_an_age_that_cannot_be_understood_is_refused(written: object):
    with pytest.raises(ValueError, match="mature_after"):
        TrainingSettings.model_validate_json(json.dumps({**LEARNING, "mature_after": written}))


LEARNING = {"label": "sold", "features": ["items"], "candidates": [{"family": "logistic_regression"}]}
