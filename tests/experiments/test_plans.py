"""What an experiment may change, how it is called, and what it says beforehand."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from configs import loader
from configs.errors import InvalidSettings, MistakeOfUser
from tasks.experiments import plans
from tasks.experiments.plans import Cost, Plan

PLAN = Plan("flights", "deeper", ("training.seed=7",), "", 1, "abc", datetime(2026, 1, 1, tzinfo=UTC))


def changes(*typed: str):
    return [loader.override(text) for text in typed]


@pytest.mark.parametrize(
    "typed",
    [
        *("training.candidates.0.max_iter=300", "training.window.days=90", "training.min_rows=100", "training.seed=1"),
        *("training.features=[hour]", "training.mature_after=3 weeks", "features.steps.0={step: text}"),
        *("promotion.min_relative_gain=0.01", "promotion.guards.max_churn=1", "evaluation.confidence=0.9"),
    ],
)
def test_what_decides_about_models_can_be_tried(typed: str) -> None:
    plans.require_allowed(changes(typed))


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("ingestion.source.kind=csv", "ingestion says what the rows are, and all experiments"),
        ("validation.max_quarantined=0.5", "validation says what the rows are"),
        ("validation={}", "validation says what the rows are"),
        ("features.past=[]", "features.past is looked up when rows are taken in"),
        ("features.tables.x=1", "features.tables is looked up when rows are taken in"),
        ("training.label=other", "training.label says what is predicted, and losses can only be compared"),
        ("training.positive=1", "training.positive says what is predicted"),
        ("evaluation.cluster.column=tail", "evaluation.cluster says which rows share their luck"),
        ("monitoring.drift.share=1", "monitoring decides nothing about models, and a replay would be the same"),
        ("coordination.max_attempts=1", "coordination says when turns take place"),
        ("title=x", "title decides nothing about models"),
        ("training={}", "names a whole section. Name a setting in it. What can be tried: features.steps, training"),
        ("promotion={}", "names a whole section. Name a setting in it"),
        ("features={}", "names a whole section"),
    ],
)
def test_what_cannot_be_tried_is_refused_with_the_reason(typed: str, why: str) -> None:
    with pytest.raises(InvalidSettings) as refused:
        plans.require_allowed(changes(typed))

    assert why in str(refused.value)
    assert typed in str(refused.value)


@pytest.mark.parametrize(
    ("typed", "start", "name"),
    [
        (("training.candidates.0.max_iter=300",), "", "max_iter-300"),
        (("training.seed=1", "training.window.days=90"), "", "seed-1_days-90"),
        (("training.features=[hour, weekday]",), "", "features-hour-weekday"),
        (("training.candidates.2={family: x}",), "v5", "candidates-family-x-_from-v5"),
        ((), "", "unchanged"),
        ((), "2013-05", "from-2013-05"),
    ],
)
def test_an_experiment_without_a_name_is_called_by_what_it_changes(typed: tuple[str, ...], start: str, name: str):
    assert plans.named(changes(*typed), start) == name
    plans.require_name(name)


def test_names_that_would_be_too_long_end_with_a_hash_that_tells_them_apart() -> None:
    many = [changes(f"training.features=[{'a, ' * 40}{last}]") for last in "bc"]

    names = [plans.named(one, "") for one in many]

    assert len({*names}) == 2
    assert all(len(name) <= 60 for name in names)


@pytest.mark.parametrize("name", ["", ".shared", "../x", "a/b", "-x", "x" * 61, "a b"])
def test_a_name_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(MistakeOfUser, match="No experiment can be called"):
        plans.require_name(name)


@pytest.mark.parametrize("other", [{"settings": "def"}, {"first": 5, "start": "v5"}])
def test_a_name_stands_for_one_experiment(other: dict[str, object]) -> None:
    plans.require_same(PLAN, replace(PLAN, begun=datetime(2026, 2, 2, tzinfo=UTC)))

    with pytest.raises(MistakeOfUser, match=r"The experiment deeper of flights has other settings: training\.seed=7"):
        plans.require_same(PLAN, replace(PLAN, changes=("training.seed=8",), **other))


def test_what_it_will_cost_is_said_beforehand() -> None:
    whole = plans.foretold(PLAN, Cost(12, 12, 27, 104.1))
    rest = plans.foretold(PLAN, Cost(12, 1, 2, 0.2))
    done = plans.foretold(PLAN, Cost(12, 0, 0, 0.0))

    assert whole.startswith(
        "deeper: 12 batches of flights to replay, with at most 27 fits; the live pipeline fitted 104.1"
    )
    assert rest.startswith("deeper: 1 batch of flights to replay, 11 are done already, with at most 2 fits. Models")
    assert done == "deeper: all 12 batches are replayed already; nothing is done again."
