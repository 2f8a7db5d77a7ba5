"""Settings that were kept by earlier versions load for ever, and give the identities that they had then."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import pytest

from configs import loader
from configs.section import LATER, Section
from configs.settings import PipelineSettings
from tasks.training import identities

KEPT = json.loads((Path(__file__).parent / "kept_settings.json").read_text())
"""What the version of November 2026 kept of its five pipelines, with their hashes; nothing here may be edited."""
ONE_BATCH, DAY = ["1" * 64], datetime(2020, 1, 1, tzinfo=UTC)


class Before(Section):
    """Settings as an earlier version had them."""

    rows: int = 5
    parts: tuple["Part", ...] = ()
    named: dict[str, "Part"] = {}  # noqa: RUF012


class Part(Section):
    """A section inside of others."""

    size: int = 1
    since: Annotated[int | None, LATER] = None


class Now(Before):
    """The same with a setting that is new."""

    days: Annotated[int | None, LATER] = None


Before.model_rebuild()
Now.model_rebuild()


def loaded(kept: dict[str, Any]) -> PipelineSettings:
    return PipelineSettings.model_validate_json(json.dumps(kept["settings"]))


@pytest.mark.parametrize("kept", KEPT, ids=lambda kept: kept["pipeline"])
def test_hashes_of_kept_settings_stay(kept: dict[str, Any]):
    settings = loaded(kept)

    assert loader.settings_hash(settings) == kept["settings_hash"]
    assert loader.decision_hash(settings) == kept["decision_hash"]


@pytest.mark.parametrize("kept", KEPT, ids=lambda kept: kept["pipeline"])
def test_ids_of_models_and_snapshots_stay(kept: dict[str, Any]):
    settings = loaded(kept)
    learning, columns = settings.training, settings.validation.columns

    snapshot = identities.snapshot_id(
        ONE_BATCH, start=None, cutoff=DAY, times=settings.ingestion.times, settings=learning
    )
    models = {
        one.family: identities.model_id("0" * 32, one, learning, columns, "libraries") for one in learning.candidates
    }

    assert snapshot == kept["snapshot"]
    assert models == kept["models"]


def test_a_new_setting_at_its_default_is_no_part_of_it():
    assert Now().identity() == Before().identity()


@pytest.mark.parametrize(
    ("settings", "identity"),
    [
        (Now(days=3), {"rows": 5, "parts": [], "named": {}, "days": 3}),
        (Now(rows=6), {"rows": 6, "parts": [], "named": {}}),
        (Now(parts=(Part(),)), {"rows": 5, "parts": [{"size": 1}], "named": {}}),
        (Now(parts=(Part(since=2),)), {"rows": 5, "parts": [{"size": 1, "since": 2}], "named": {}}),
        (Now(named={"a": Part(since=2)}), {"rows": 5, "parts": [], "named": {"a": {"size": 1, "since": 2}}}),
    ],
)
def test_what_is_chosen_is_a_part_of_it(settings: Now, identity: dict[str, Any]):
    assert settings.identity() == identity
