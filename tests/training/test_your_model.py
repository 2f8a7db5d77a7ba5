"""The examples of docs/your-model.md are settings as they stand there."""

import re

import pytest
import yaml

from configs import environment
from configs.evaluation import EvaluationSettings
from configs.problems import KINDS
from configs.promotion import PromotionSettings
from configs.training import TrainingSettings
from tests.ingestion.test_your_data import with_tuples

PAGE = (environment.CHECKOUT / "docs" / "your-model.md").read_text(encoding="utf-8")
BLOCKS: list[str] = re.findall(r"```yaml\n(training:\n.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize("block", BLOCKS, ids=range(len(BLOCKS)))
def test_an_example_is_valid(block: str) -> None:
    training = TrainingSettings.model_validate(with_tuples(yaml.safe_load(block)["training"]))

    assert training.problem in KINDS


def test_there_are_examples() -> None:
    assert "multiclass" in "".join(BLOCKS)


def test_what_is_shown_of_metrics_and_limits_is_valid() -> None:
    block = next(one for one in re.findall(r"```yaml\n(evaluation:\n.*?)```", PAGE, re.DOTALL))
    values = with_tuples(yaml.safe_load(block))

    room = EvaluationSettings.model_validate(values["evaluation"])
    guards = PromotionSettings.model_validate(values["promotion"]).guards

    assert [room.called(limit.metric, "binary") for limit in guards.metrics] == [
        "value_profit",
        "sklearn_balanced_accuracy",
    ]
    profit = next(metric for metric in room.metrics or () if getattr(metric, "title", "") == "profit")
    assert profit.shown == "profit (yes from 0.111)"  # type: ignore[union-attr]
