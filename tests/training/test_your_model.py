"""The examples of docs/your-model.md are settings as they stand there, and their code is what they name."""

import json
import re
from pathlib import Path

import pytest
import yaml

from configs import environment, plugs
from configs.evaluation import EvaluationSettings
from configs.problems import KINDS
from configs.promotion import PromotionSettings
from configs.training import TrainingSettings
from tests.ingestion.test_your_data import with_tuples

PAGE = (environment.CHECKOUT / "docs" / "your-model.md").read_text(encoding="utf-8")
BLOCKS: list[str] = re.findall(r"```yaml\n(training:\n.*?)```", PAGE, re.DOTALL)
CASES: list[str] = re.findall(r"```yaml\n(promotion:\n.*?)```", PAGE, re.DOTALL)
CODE: list[str] = re.findall(r"```py\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize("block", BLOCKS, ids=range(len(BLOCKS)))
def test_an_example_is_valid(block: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INCUMBENT_PIPELINES", str(tmp_path))
    (tmp_path / "page.py").write_text("\n\n".join(CODE))

    values, wrong = plugs.settled(yaml.safe_load(block), "page")
    training = TrainingSettings.model_validate_json(json.dumps(values["training"]))

    assert wrong == []
    assert training.problem in KINDS
    assert len({candidate.name for candidate in training.candidates}) == len(training.candidates)


@pytest.mark.parametrize("block", CASES, ids=range(len(CASES)))
def test_an_example_of_promotion_is_valid(block: str) -> None:
    values = yaml.safe_load(block)["promotion"]

    assert PromotionSettings.model_validate_json(json.dumps(values)).model_dump(exclude_defaults=True)


def test_there_are_examples() -> None:
    assert "multiclass" in "".join(BLOCKS)
    assert [
        name for name in ("lightgbm", "xgboost", "catboost", "build", "window", "log") if name not in "".join(BLOCKS)
    ] == []
    assert "cases" in "".join(CASES)


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
