"""The examples of docs/your-data.md are settings as they stand there."""

import re

import pytest
import yaml

from configs import environment
from configs.ingestion import IngestionSettings

PAGE = (environment.CHECKOUT / "docs" / "your-data.md").read_text(encoding="utf-8")
BLOCKS: list[str] = re.findall(r"```yaml\n(ingestion:\n.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize("block", BLOCKS, ids=range(len(BLOCKS)))
def test_an_example_is_valid(block: str) -> None:
    room = IngestionSettings.model_validate(yaml.safe_load(block)["ingestion"])

    assert room.times.event


def test_every_kind_of_source_is_on_the_page() -> None:
    kinds = IngestionSettings.model_json_schema()["$defs"]["Source"]["properties"]["kind"]["enum"]

    assert [kind for kind in kinds if f"`{kind}`" not in PAGE and f"kind: {kind}" not in PAGE] == []
    assert len(BLOCKS) >= 3
