"""The examples of docs/your-model.md are settings as they stand there."""

import re

import pytest
import yaml

from configs import environment
from configs.problems import KINDS
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
