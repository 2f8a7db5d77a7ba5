"""The sources of labels and of tables as pipelines of their own: they know nothing of the rows but what they are read by."""

import json

import pytest
import yaml

from configs import label_source, table_source
from configs.settings import PipelineSettings

TEXT = """
title: Does it come back?
ingestion:
  labels: {source: {kind: csv}, key: [id], column: came_back, time: known}
  times: {event: at, label: settled}
validation:
  key: [id]
  changes: {dropped: adopt}
  columns:
    id: {type: integer}
    at: {type: timestamp}
    shop: {type: category}
    mood: {type: number, nullable: true}
    orders: {type: number, nullable: true}
    settled: {type: timestamp, nullable: true}
    back: {type: boolean, nullable: true}
features:
  steps: [{step: date_parts, of: [at]}]
  tables: {moods: {source: {kind: csv}, key: {store: shop}, time: since, columns: {mood: mood}}}
  past: [{column: orders, key: [shop], take: count, over: 60 days}]
training: {label: back, features: [mood, orders], candidates: [{family: logistic_regression}]}
"""
ROWS = PipelineSettings.model_validate_json(json.dumps(yaml.safe_load(TEXT)))


@pytest.mark.parametrize(
    ("settings", "columns"),
    [
        (label_source.settings(ROWS), ["id", "came_back", "known"]),
        (table_source.settings(ROWS, "moods"), ["mood", "store", "since"]),
    ],
    ids=["labels", "table"],
)
def test_all_features_at_once_are_no_business_of_another_source(settings: PipelineSettings, columns: list[str]) -> None:
    assert list(settings.validation.columns) == columns
    assert settings.late_columns == ()
    assert settings.features.joined == () and settings.ingestion.labels is None


def test_rows_may_come_without_all_that_others_bring() -> None:
    assert ROWS.late_columns == ("back", "settled", "mood", "orders")
