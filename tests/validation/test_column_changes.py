"""Deliveries with other columns than those of the contract: what is let in by which policy, and what is said of it."""

import io
import json
from typing import Any

import pandas as pd
import pytest
from pydantic import ValidationError

from configs import widening
from configs.errors import BrokenContract
from configs.ingestion import IngestionSettings, Source, Times
from configs.settings import PipelineSettings
from configs.validation import ChangesSettings, ColumnRule, ValidationSettings
from tasks.adapters.home import Home
from tasks.domain.records import Batch, BatchStatus
from tasks.domain.turns import TurnRef
from tasks.ingestion.formats import decoding
from tasks.validation.steps import door
from tests import shop

ROOM = IngestionSettings(times=Times(event="at"))
CSV = IngestionSettings(source=Source(kind="csv"), times=Times(event="at"))
RULES = {
    "at": ColumnRule(type="timestamp"),
    "color": ColumnRule(type="category"),
    "size": ColumnRule(type="number", nullable=True),
}


def contract(**changes: Any) -> ValidationSettings:
    return ValidationSettings(columns=RULES, changes=ChangesSettings(**changes))


def frame(**columns: Any) -> pd.DataFrame:
    return pd.DataFrame({"at": [shop.START], "color": ["red"], "size": [1.5], **columns})


def decoded(rows: pd.DataFrame, rules: ValidationSettings, late: tuple[str, ...] = ()) -> pd.DataFrame:
    """The rows as parquet and as CSV: both are read alike."""
    parquet = io.BytesIO()
    rows.to_parquet(parquet, index=False)
    read = decoding.decode(parquet.getvalue(), ROOM, rules, late=late)
    text = rows.to_csv(index=False, date_format="%Y-%m-%dT%H:%M:%SZ").encode()
    assert list(decoding.decode(text, CSV, rules, late=late).columns) == list(read.columns)
    return read


@pytest.mark.parametrize(("policy", "kept"), [("adopt", True), ("ignore", False)])
def test_a_new_column_is_kept_or_not(policy: str, kept: bool) -> None:
    assert ("brand" in decoded(frame(brand=["x"]), contract(new=policy))) == kept


def test_a_new_column_is_refused_by_its_name() -> None:
    with pytest.raises(BrokenContract, match=r"does not have 'brand', 'price', and validation\.changes\.new is refuse"):
        decoded(frame(brand=["x"], price=[1]), contract(new="refuse"))


def test_what_a_time_is_made_of_is_no_news() -> None:
    room = ROOM.model_validate({"times": {"event": "at"}, "derive": {"at": {"text": "{day}", "format": "%Y-%m-%d"}}})
    content = io.BytesIO()
    frame(day=["2025-01-31"]).drop(columns="at").to_parquet(content, index=False)

    read = decoding.decode(content.getvalue(), room, contract(new="refuse"))

    assert str(read["at"][0]) == "2025-01-31 00:00:00+00:00"


@pytest.mark.parametrize("name", ["colour", "color"])
def test_a_renamed_column_is_read_under_both_names(name: str) -> None:
    rows = frame().rename(columns={"color": name})

    assert decoded(rows, contract(renamed={"colour": "color"}))["color"].tolist() == ["red"]


def test_a_column_under_both_names_is_refused() -> None:
    with pytest.raises(BrokenContract, match="'color' is there under two names, also as 'colour'"):
        decoded(frame(colour=["blue"]), contract(renamed={"colour": "color"}))


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"renamed": {"colour": "hue"}}, "'hue' is no column of the contract"),
        ({"renamed": {"size": "color"}}, "'size' is a column of the contract itself"),
        ({"new": "forget"}, "'adopt', 'ignore' or 'refuse'"),
    ],
)
def test_changes_that_cannot_be(changes: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        contract(**changes)


# ── in a turn ─────────────────────────────────────────────────────────────────────────────────────────────────────
def take_in(home: Home, number: int, rows: pd.DataFrame) -> Batch:
    """As a turn takes in a delivery of these rows."""
    settings, content = home.settings("shop"), io.BytesIO()
    rows.to_parquet(content, index=False)
    read = decoding.decode(content.getvalue(), settings.ingestion, settings.validation, late=settings.late_columns)
    batch = door.enter(home, TurnRef("shop", number, f"{number:064x}", f"week {number}"), read)
    home.ledger.batches.record("shop", batch)
    return batch


def test_what_is_new_and_what_is_gone_is_said_once(shop_home: Home) -> None:
    assert take_in(shop_home, 1, shop.week(1).assign(mood="good")).notes == ()
    second = take_in(shop_home, 2, shop.week(2).assign(brand="x", origin="y"))
    third = take_in(shop_home, 3, shop.week(3).assign(brand="x", origin="y", mood="good"))

    assert second.notes == (
        "'brand', 'origin' are new, and the contract does not have them",
        "'mood' is not in it any more",
    )
    assert third.notes == ()


@pytest.fixture
def lenient_home(shop_home: Home, tmp_path: Any) -> Home:
    text = shop.YAML.replace("validation:\n", "validation:\n  changes: {dropped: adopt}\n")
    shop.write_pipeline(tmp_path / "pipelines", text=text)
    return shop_home


def test_a_dropped_column_is_taken_in_without_values_and_said(lenient_home: Home) -> None:
    take_in(lenient_home, 1, shop.week(1))

    batch = take_in(lenient_home, 2, shop.week(2).drop(columns="price"))

    assert batch.status is BatchStatus.ACCEPTED, batch.reason
    assert batch.notes == ("'price' is not in it any more",)
    assert lenient_home.store.read(batch.accepted_file or "")["price"].isna().all()


@pytest.mark.parametrize("name", ["shop", "at", "sold", "settled"])
def test_what_a_row_cannot_do_without_is_not_dropped(lenient_home: Home, name: str) -> None:
    with pytest.raises(BrokenContract, match=f"'{name}' is missing"):
        take_in(lenient_home, 1, shop.week(1).drop(columns=name))


def test_without_the_policy_a_dropped_column_refuses_the_batch(shop_home: Home) -> None:
    with pytest.raises(BrokenContract, match="'price' is missing"):
        take_in(shop_home, 1, shop.week(1).drop(columns="price"))


# ── whole numbers that become others ─────────────────────────────────────────────────────────────────────────────
@pytest.fixture
def wide_home(shop_home: Home, tmp_path: Any) -> Home:
    text = shop.YAML.replace("validation:\n", "validation:\n  changes: {widened: adopt}\n")
    shop.write_pipeline(tmp_path / "pipelines", text=text)
    return shop_home


def halved(number: int) -> pd.DataFrame:
    return shop.week(number).assign(items=lambda rows: rows["items"].astype("float64") / 2)


def test_whole_numbers_that_become_others_are_taken_in_and_said_once(wide_home: Home) -> None:
    first = take_in(wide_home, 1, shop.week(1))

    second, third = take_in(wide_home, 2, halved(2)), take_in(wide_home, 3, halved(3))

    assert (first.notes, second.notes, third.notes) == ((), ("'items' has numbers that are not whole",), ())
    assert (second.accepted, second.quarantined) == (336, 0), second.reason
    kept = wide_home.store.read(second.accepted_file or "")["items"]
    pd.testing.assert_series_equal(kept, halved(2)["items"])


def test_without_the_policy_they_break_the_contract(shop_home: Home) -> None:
    take_in(shop_home, 1, shop.week(1))

    with pytest.raises(BrokenContract, match="'items' must be a whole number"):
        take_in(shop_home, 2, halved(2))


WIDE = {
    "title": "x",
    "ingestion": {"times": {"event": "at", "label": "settled"}, "labels": {"source": {}, "key": ["number"]}},
    "validation": {
        "key": ["id"],
        "changes": {"widened": "adopt"},
        "columns": {
            **{"at": {"type": "timestamp"}, "settled": {"type": "timestamp", "nullable": True}},
            **{name: {"type": "integer"} for name in ("id", "number", "shop", "hour", "day", "place", "customer", "size")},
            **{name: {"type": "integer", "nullable": True} for name in ("level", "last_size", "rows")},
            "sold": {"type": "integer", "nullable": True, "min": 0, "max": 1},
        },
    },
    "features": {
        "tables": {"t": {"source": {}, "key": {"p": "place"}, "time": "since", "columns": {"level": "l"}}},
        "past": [{"column": "last_size", "key": ["customer"], "take": "last", "of": "size", "over": 9}],
    },
    "training": {"label": "sold", "positive": 1, "features": ["day", "hour"], "candidates": [{"family": "logistic_regression"}]},
    "evaluation": {"cluster": {"column": "shop"}, "slices": [{"column": "hour"}, {"column": "day", "edges": [5, 20]}]},
}  # fmt: skip


def test_what_rows_are_told_apart_by_stays_whole() -> None:
    settings = PipelineSettings.model_validate_json(json.dumps(widening.settled(WIDE)))

    whole = {name for name, rule in settings.validation.columns.items() if rule.type == "integer"}

    assert whole == {"id", "number", "shop", "hour", "place", "customer", "size", "last_size", "sold"}
    again = PipelineSettings.model_validate_json(json.dumps(settings.canonical()))
    assert again == settings


@pytest.mark.parametrize("odd", [{}, {"validation": []}, {"validation": {"changes": {"widened": "adopt"}}}])
def test_settings_of_another_form_are_left_to_others(odd: dict[str, Any]) -> None:
    assert widening.settled(odd) == odd
