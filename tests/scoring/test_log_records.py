"""A record that keeps the body of its request says the same of each row as one that keeps the rows."""

import json
from typing import Any

import msgspec
import pytest

from configs.scoring import PredictionLogSettings
from tasks.adapters.home import Home
from tasks.scoring import log_lines
from tasks.scoring.answering import Answer, Answerer
from tasks.scoring.log_records import Kept
from tasks.scoring.steps import live_models

ROW = {"shop": "a", "items": 2, "price": 9.5}
NAME = "record"


@pytest.fixture
def answerer(shop_versions: Home) -> Answerer:
    return Answerer(live_models.ready(shop_versions, "shop"))


def lines(answerer: Answerer, answer: Answer, settings: PredictionLogSettings) -> list[Any]:
    record = Kept(settings, b"k" * 32).write(
        answerer.live, answer.asked, answer.values, at=1_700_000_000_000_000, microseconds=80, first=41
    )
    assert b"\n" not in record, "a record is one line"
    found = log_lines.lines(0, msgspec.json.decode(record))
    return [(*line[:5], *(part and json.loads(part) for part in line[5:7]), *line[7:]) for line in found]


def one(name: str, *rows: dict[str, Any], **how: Any) -> bytes:
    return json.dumps({name: rows}, **how).encode()


BODIES = (
    one("dataframe_records", ROW),
    one("instances", ROW, {**ROW, "price": None}, {**ROW, "shop": "b"}),
    one("dataframe_records", ROW, {**ROW, "items": 7}, indent=2),
    one("instances", {**ROW, "shop": 'käse "und" \\ brot\n\t'}, ensure_ascii=False),
    one("dataframe_records", {**ROW, "at": "2013-01-07T00:00:00Z"}, {"at": "2013-01-08", **ROW}),
    one("dataframe_records", {**ROW, "price": 1e-7}),
)


@pytest.mark.parametrize("body", BODIES)
def test_the_body_says_what_the_rows_say(answerer: Answerer, body: bytes) -> None:
    answer, settings = answerer.invocations(body), PredictionLogSettings()
    assert answer.asked.body == body, "it is a body of the usual form"
    by_row = answer._replace(asked=answer.asked._replace(body=None))

    assert lines(answerer, answer, settings) == lines(answerer, by_row, settings)
    assert [line[4] for line in lines(answerer, answer, settings)] == list(answer.values)


UNUSUAL = (
    one("dataframe_records", {**ROW, "nobody": 1}),
    one("dataframe_records", ROW, {**ROW, "items": -1}),
    json.dumps({"dataframe_split": {"columns": [*ROW], "data": [[*ROW.values()]]}}).encode(),
)


@pytest.mark.parametrize("body", UNUSUAL)
def test_a_body_with_anything_else_is_not_kept(answerer: Answerer, body: bytes) -> None:
    assert answerer.invocations(body).asked.body is None


@pytest.mark.parametrize(
    "settings",
    [
        PredictionLogSettings(inputs="none"),
        PredictionLogSettings(inputs="digest"),
        PredictionLogSettings(columns={"price": "digest"}),
        PredictionLogSettings(inputs="none", columns={"items": "values"}),
    ],
)
def test_a_body_is_not_kept_where_a_value_is_not(answerer: Answerer, settings: PredictionLogSettings) -> None:
    answer = answerer.invocations(one("instances", {**ROW, "price": 7.125}))
    record = Kept(settings, b"k" * 32).write(answerer.live, answer.asked, answer.values, at=1, microseconds=1, first=0)

    assert b"7.125" not in record
    assert len(lines(answerer, answer, settings)) == 1


#   what of the column is kept   what of the key says it
KEYS = [
    ({}, "secret"),
    ({"shop": "none"}, None),
    ({"shop": "digest"}, "digest:"),
]


@pytest.mark.parametrize(("columns", "kept"), KEYS)
def test_a_column_of_the_key_that_is_hidden_is_hidden_there_too(
    answerer: Answerer, columns: dict[str, Any], kept: str | None
) -> None:
    answer = answerer.invocations(one("instances", {**ROW, "shop": "secret", "at": "2013-01-07"}))
    ((*_, key, _, _, _),) = lines(answerer, answer, PredictionLogSettings(columns=columns))

    assert key[0] == "2013-01-07"
    assert str(key[1]).startswith(str(kept))
    record = Kept(PredictionLogSettings(columns=columns), b"k" * 32).write(
        answerer.live, answer.asked, answer.values, at=1, microseconds=1, first=0
    )
    assert (b"secret" in record) is not bool(columns)
