"""A user's own expectations: checked when the pipeline file is read, asked of every model at its gate, and a veto."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from configs.settings import PipelineSettings
from tasks.adapters.home import Home
from tasks.domain.turns import Outcome
from tasks.promotion.steps import expected
from tasks.reporting.steps import report_file
from tests import one_turn, shop
from tests.one_turn import catch_up

MET = """
promotion:
  guards:
    cases:
      - {title: shop a sells, row: {shop: a, items: 0, price: 5}, above: {shop: b}}
      - {row: {shop: a, items: 0, price: 5}, answer: 0.8, within: 0.3}
      - {row: {shop: c, items: 8}, unmoved_by: {shop: b}, within: 0.3}
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    with one_turn.home(tmp_path, monkeypatch, shop.YAML + MET) as opened:
        yield opened


def told(home: Home) -> str:
    (turn,) = report_file.read_history(home, "shop").turns
    assert turn.verdict is not None
    return next(guard.text for guard in turn.verdict.guards if guard.name == "cases")


def test_a_model_that_does_what_is_expected_goes_live(home: Home) -> None:
    assert catch_up(home) is Outcome.FIRST_CHAMPION
    assert told(home) == "3 of 3 expectations met"


def test_a_model_that_does_something_else_does_not(home: Home) -> None:
    shop.write_pipeline(
        home.folder.parent / "pipelines", text=shop.YAML + MET.replace("above: {shop: b}", "above: {shop: a}")
    )

    assert catch_up(home) is Outcome.REJECT
    assert told(home).startswith("2 of 3 expectations met; shop a sells: 0.")


def test_a_row_is_held_as_a_model_takes_it() -> None:
    values = yaml.safe_load(shop.YAML)
    settings = PipelineSettings.model_validate_json(json.dumps(values))
    row = {"shop": "a", "gift": True, "at": "2024-05-06T02:00:00+02:00"}

    rows = expected.prepared([row, {"items": 3}], ("shop", "gift", "at", "items"), settings)

    assert rows["at"][0] == 1_714_953_600_000_000
    assert (rows["shop"][0], rows["gift"][0], rows["items"][1]) == ("a", 1.0, 3.0)
    assert rows.iloc[1][["shop", "gift", "at"]].isna().all()


@pytest.mark.parametrize(
    ("case", "why"),
    [
        ("{row: {shop: a}}", "needs one of answer, above and unmoved_by (has none)"),
        ("{row: {shop: a}, answer: 1, within: 1, above: {shop: b}}", "(has answer and above)"),
        ("{row: {shop: a}, answer: 0.5}", "answer needs within, a largest distance"),
        ("{row: {shop: a}, above: {shop: b}, within: 0.1}", "above takes no within"),
        ("{row: {gift: true}, above: {gift: false}}", "promotion.guards.cases[0].row names 'gift', which models are not asked for"),
        ("{row: {shop: a}, above: {shop: 3}}", "promotion.guards.cases[0].above: 'shop' must be text, in quotes if need be (got 3)"),
        ("{row: {items: many}, above: {shop: a}}", "promotion.guards.cases[0].row: 'items' must be a number (got 'many')"),
        ("{row: {items: true}, above: {shop: a}}", "promotion.guards.cases[0].row: 'items' must be a number (got True)"),
        ("{row: {shop: a}, above: {shop: b}, of: yes}", "promotion.guards.cases[0].of must be left out: there is one answer (got 'yes')"),
        ("{row: {}, above: {shop: b}}", "at least 1 item"),
    ],
)  # fmt: skip
def test_what_cannot_be_expected_is_told(case: str, why: str) -> None:
    values = yaml.safe_load(shop.YAML)
    read = yaml.safe_load(case.replace("yes", "'yes'"))

    with pytest.raises(ValueError) as refused:
        PipelineSettings.model_validate_json(json.dumps({**values, "promotion": {"guards": {"cases": [read]}}}))

    assert why in str(refused.value)
