"""Settings of sources: what does not fit together is refused with what to write instead."""

from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from configs.evaluation import Cluster, EvaluationSettings
from configs.ingestion import Cut, DerivedTime, IngestionSettings, Source

FILE = {"kind": "csv", "file": "a.csv", "cut": {"days": 1}}


@pytest.mark.parametrize(
    ("model", "given", "words"),
    [
        (Cut, {}, "give either days or months"),
        (Cut, {"days": 1, "months": 1}, "give either days or months"),
        (Cut, {"days": 0}, "greater than or equal to 1"),
        (Cut, {"days": 1, "start": "soon"}, "start must be a day such as 1996-05-07 (got 'soon')"),
        (Cut, {"months": 1, "start": "1996-05-07"}, "start must be the first day of a month"),
        (Source, {"file": "a.parquet"}, "file and cut belong together"),
        (Source, {"cut": {"days": 1}}, "file and cut belong together"),
        (Source, {"delimiter": ";"}, "delimiter is for kind: csv only"),
        (Source, {"kind": "csv", "delimiter": ";;"}, "at most 1 character"),
        (Source, {"kind": "csv", "delimiter": '"'}, "delimiter cannot be '\"'"),
        (Source, {"kind": "csv", "decimal": ","}, "delimiter cannot be ',' (decimal is ',')"),
        (Source, {"kind": "csv", "encoding": "utf-9"}, "no such encoding of text: 'utf-9'"),
        (Source, {"kind": "csv", "encoding": "rot13"}, "no such encoding of text: 'rot13'"),
        (DerivedTime, {}, "give text and format, or start and rows_per_day"),
        (DerivedTime, {"text": "{a}"}, "give text and format, or start and rows_per_day"),
        (DerivedTime, {"text": "{a}", "format": "%Y", "start": "2013-01-01"}, "give text and format, or start"),
        (DerivedTime, {"text": "day", "format": "%Y"}, "text names no column; write columns in braces"),
        (DerivedTime, {"text": "{a}", "format": "%j"}, "format has '%j'; it may have %Y %y %m %B"),
        (DerivedTime, {"text": "{a}", "format": "%d"}, "format must have a year, %Y or %y, or %s"),
        (DerivedTime, {"text": "{a}", "format": "%Y %Y"}, "must have no part twice"),
        (DerivedTime, {"text": "{a}", "format": "%Y %m %B"}, "must have no part twice"),
        (DerivedTime, {"text": "{a}", "format": "%Y %y"}, "must have no part twice"),
        (DerivedTime, {"text": "{a}", "format": "%Y %H %I %p"}, "must have no part twice"),
        (DerivedTime, {"text": "{a}", "format": "%Y %I"}, "%I and %p belong together"),
        (DerivedTime, {"text": "{a}", "format": "%Y %H %p"}, "%I and %p belong together"),
        (DerivedTime, {"text": "{a}", "format": "%Y-%m-%d.%f"}, "decimals of a second, %f, without the second"),
        (DerivedTime, {"text": "{a}", "format": "%s %H"}, "leave nothing else to say but %f"),
        (DerivedTime, {"start": "soon", "rows_per_day": 48}, "start must be a day or a time such as 1996-05-07"),
        (DerivedTime, {"start": "1996-05-07", "rows_per_day": 7}, "rows_per_day must divide a day into whole seconds"),
        (Cluster, {"independent": True, "column": "who"}, "cluster names a column, so its rows are not independent"),
        (
            IngestionSettings,
            {"times": {"event": "at"}, "derive": {"at": {"start": "1996-05-07", "rows_per_day": 48}}},
            "derive.at counts rows, so source.file must name the one file that they are in",
        ),
    ],
)
def test_what_does_not_fit_together_is_refused(model: type[BaseModel], given: dict[str, Any], words: str):
    with pytest.raises(ValidationError) as caught:
        model.model_validate(given)

    assert words in str(caught.value)


def test_a_file_that_is_cut_may_count_its_rows():
    derive = {"at": {"start": "1996-05-07", "rows_per_day": 48}}

    found = IngestionSettings.model_validate({"source": FILE, "times": {"event": "at"}, "derive": derive})

    assert found.derive["at"].rows_per_day == 48
    assert IngestionSettings.model_validate_json(found.model_dump_json()) == found


def test_no_clusters_are_written_as_one_word():
    found = EvaluationSettings.model_validate({"cluster": "none"})

    assert found.cluster.independent
    assert EvaluationSettings.model_validate_json(found.model_dump_json()) == found
    assert not EvaluationSettings().cluster.independent
