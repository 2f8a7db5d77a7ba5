"""The examples of docs/your-data.md are settings as they stand there."""

import json
import re
from typing import Any

import pytest
import yaml

from configs import environment
from configs.ingestion import IngestionSettings
from configs.settings import PipelineSettings

PAGE = (environment.CHECKOUT / "docs" / "your-data.md").read_text(encoding="utf-8")
BLOCKS: list[str] = re.findall(r"```yaml\n(ingestion:\n.*?)```", PAGE, re.DOTALL)


def with_tuples(plain: Any) -> Any:
    """Lists of YAML as settings hold them."""
    if isinstance(plain, dict):
        return {name: with_tuples(value) for name, value in plain.items()}
    return tuple(with_tuples(value) for value in plain) if isinstance(plain, list) else plain


@pytest.mark.parametrize("block", BLOCKS, ids=range(len(BLOCKS)))
def test_an_example_is_valid(block: str) -> None:
    values = yaml.safe_load(block)
    room = IngestionSettings.model_validate(with_tuples(values["ingestion"]))

    assert room.times.event
    if "training" in values:
        assert PipelineSettings.model_validate_json(json.dumps({"title": "Does it come back?", **values})).inputs


def test_every_kind_of_source_is_on_the_page() -> None:
    kinds = IngestionSettings.model_json_schema()["$defs"]["Source"]["properties"]["kind"]["enum"]

    assert [kind for kind in kinds if f"`{kind}`" not in PAGE and f"kind: {kind}" not in PAGE] == []
    assert len(BLOCKS) >= 3
