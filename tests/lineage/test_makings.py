"""What two models are made with: each difference that reaches the model, undone alone and together."""

import pytest
import yaml

from configs.plugs import Imported
from configs.settings import PipelineSettings
from configs.training import Candidate
from tasks.lineage import makings
from tasks.lineage.makings import Making
from tests import users


def making(family: int = 0, **training: object) -> Making:
    paper = yaml.safe_load(users.YAML)
    paper["training"] |= training
    settings = PipelineSettings.model_validate_json(__import__("json").dumps(paper))
    return Making(settings, settings.training.candidates[family])


BOOSTING = {"family": "hist_gradient_boosting", "max_iter": 20}


@pytest.mark.parametrize(
    ("was", "now", "texts"),
    [
        ({}, {}, []),
        ({}, {"min_rows": 300, "threads": 2, "window": {"days": 7}}, []),
        ({}, {"seed": 3}, ["training.seed: 3, was 0"]),
        ({}, {"features": ["device", "hour", "fee"]}, ["training.features: without advanced_uses"]),
        ({"features": ["fee"]}, {"features": ["hour"]}, ["training.features: with hour", "training.features: without fee"]),
        ({}, {"candidates": [{**BOOSTING, "max_iter": 30}]}, ["hist_gradient_boosting.max_iter: 30, was 20"]),
        ({}, {"candidates": [{"family": "logistic_regression"}]}, ["training.candidates: logistic_regression, was hist_gradient_boosting"]),
    ],
)  # fmt: skip
def test_each_difference_that_reaches_the_model_is_undone_alone(
    was: dict[str, object], now: dict[str, object], texts: list[str]
) -> None:
    before, after = making(**was), making(**now)

    singly = makings.singly(before, after)

    assert [one.change.text for one in singly] == (texts if before.settings != after.settings else [])
    assert makings.together(before, after).settings.training.features == before.settings.training.features
    assert makings.together(before, after).candidate == before.candidate
    if len(singly) == 1:
        assert singly[0].making.candidate == before.candidate
        assert {*singly[0].making.settings.training.features} == {*before.settings.training.features}
        assert singly[0].making.settings.training.seed == before.settings.training.seed


def test_parameters_of_a_family_of_ones_own_are_undone_one_by_one() -> None:
    def with_own(settings: dict[str, object]) -> Candidate:
        return Imported(use="here:Trees", settings=settings, title="trees", source="x")

    usual = making().settings
    was, now = Making(usual, with_own({"depth": 3})), Making(usual, with_own({"depth": 5, "leaves": 7}))

    singly = makings.singly(was, now)

    assert [one.change.text for one in singly] == ["trees.depth: 5, was 3", "trees.leaves: 7, was nothing"]
    assert [one.making.candidate.settings for one in singly if isinstance(one.making.candidate, Imported)] == [
        {"depth": 3, "leaves": 7},
        {"depth": 5},
    ]


def test_models_of_other_labels_are_not_made_of_each_other() -> None:
    was = making()
    other = was.settings.training.model_copy(update={"label": "device"})

    assert makings.asks_the_same(was, making(seed=4))
    assert not makings.asks_the_same(was, Making(was.settings.model_copy(update={"training": other}), was.candidate))
