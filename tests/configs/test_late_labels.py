"""Settings of labels that come later: they find their rows, have a place in them and a source of their own."""

from typing import Any

import pytest
from pydantic import ValidationError

from configs import label_source, loader
from configs.settings import PipelineSettings

COLUMNS: dict[str, Any] = {
    "at": {"type": "timestamp"},
    "known": {"type": "timestamp", "nullable": True},
    "order": {"type": "integer"},
    "items": {"type": "integer"},
    "sold": {"type": "boolean", "nullable": True},
}


def described(labels: dict[str, Any] | None, *, columns: dict[str, Any] | None = None, **ingestion: Any) -> Any:
    return {
        "title": "Will it be sold?",
        "ingestion": {"times": {"event": "at", "label": "known"}, "labels": labels, **ingestion},
        "validation": {"columns": COLUMNS | (columns or {}), "key": ("order",)},
        "training": {"label": "sold", "features": ("items",), "candidates": ({"family": "logistic_regression"},)},
    }


def settings(labels: dict[str, Any] | None, **others: Any) -> PipelineSettings:
    return PipelineSettings.model_validate(described(labels, **others))


@pytest.mark.parametrize(
    ("labels", "others", "told"),
    [
        ({}, {"times": {"event": "at"}}, "ingestion.times.label is missing: labels that come later are kept with"),
        (
            {},
            {"columns": {"sold": {"type": "boolean"}}},
            "training.label: 'sold' comes later than the rows (ingestion.labels), so validation.columns.sold needs "
            "nullable: true",
        ),
        (
            {},
            {"columns": {"known": {"type": "timestamp"}}},
            "ingestion.times.label: 'known' comes later than the rows (ingestion.labels), so validation.columns.known "
            "needs nullable: true",
        ),
        (
            {},
            {"derive": {"known": {"text": "{order}", "format": "%Y"}}},
            "ingestion.derive.known: with ingestion.labels it comes from the source of labels",
        ),
        (
            {"key": ("number",)},
            {},
            "ingestion.labels.key names the column 'number', which validation.columns does not have",
        ),
        ({"key": ("sold",)}, {}, "ingestion.labels.key: 'sold' is not there before the label is"),
        ({"column": "order"}, {}, "ingestion.labels: 'order' is named for two of key, column and time"),
        (
            {"source": {"folder": "landing/here"}},
            {"source": {"folder": "landing/here"}},
            "ingestion.labels.source.folder is that of the rows, 'landing/here': what lies there would be taken for",
        ),
        (
            {"source": {"file": "labels.parquet", "cut": {"days": 7}}},
            {},
            "ingestion.labels.time is missing: by it the file of labels is cut into deliveries",
        ),
        ({"horizon": "soon"}, {}, "write a length as in '90 days' or '12 weeks', or as a number of days"),
        ({"corrected": "perhaps"}, {}, "Input should be 'keep' or 'rejudge'"),
    ],
)
def test_labels_that_could_not_find_their_rows_are_refused(
    labels: dict[str, Any], others: dict[str, Any], told: str
) -> None:
    with pytest.raises(ValidationError) as caught:
        settings(labels, **others)

    assert told in str(caught.value)


def test_without_a_key_of_the_rows_labels_need_one_of_their_own() -> None:
    told = described({})
    told["validation"]["key"] = ()

    with pytest.raises(ValidationError, match=r"ingestion.labels.key is missing: name the columns by which a label"):
        PipelineSettings.model_validate(told)


def test_labels_are_read_by_their_key_their_name_and_their_time() -> None:
    found = label_source.settings(settings({"column": "kept", "time": "on", "source": {"kind": "csv"}}))

    assert {name: (rule.type, rule.nullable) for name, rule in found.validation.columns.items()} == {
        "order": ("integer", False),
        "kept": ("boolean", True),
        "on": ("timestamp", False),
    }
    assert (found.ingestion.source.kind, found.training.label, found.ingestion.times.label) == ("csv", "kept", "on")


def test_without_such_a_source_settings_are_what_they_were() -> None:
    assert settings(None).late_columns == ()
    assert "labels" not in settings(None).ingestion.identity()
    assert loader.settings_hash(settings(None)) != loader.settings_hash(settings({}))
