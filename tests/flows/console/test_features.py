"""`features`: what models learn from, on a terminal and for machines."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tasks.adapters.home import Home
from tests import shop

Say = Callable[..., tuple[int, str, str]]
STEPS = """
features:
  steps:
    - {use: worth, of: [price, items], settings: {least: 1}}
    - {step: ratio, of: [price, items]}
"""
OWN = '''
"""Features of the shop."""


def worth(rows, least):
    return rows["price"] * rows["items"].clip(lower=least)
'''


@pytest.fixture
def folder(shop_versions: Home) -> Path:
    return shop_versions.folder


def test_columns_that_come_with_the_rows(say: Say) -> None:
    code, out, err = say("features", "shop")

    assert (code, err) == (0, "")
    lines = [line.split() for line in out.splitlines()]
    assert lines[0][:3] == ["pipeline", "feature", "type"]
    assert [line[1:5] for line in lines[1:]] == [
        ["items", "integer", "delivered", "-"],
        ["shop", "category", "delivered", "-"],
        ["price", "number", "delivered", "-"],
    ]
    assert [line[7] for line in lines[1:]] == ["+0.1000", "+0.0200", "-0.0010"]


def test_what_makes_a_feature_and_who_else_has_it(say: Say, tmp_path: Path) -> None:
    for name in ("shop", "kiosk"):
        shop.write_pipeline(tmp_path / "pipelines", name, shop.YAML + STEPS)
        (tmp_path / "pipelines" / f"{name}.py").write_text(OWN)

    code, out, _ = say("features", "--json")

    told = {(one["pipeline"], one["name"]): one for one in map(json.loads, out.splitlines())}
    assert code == 0
    own, ratio = told["shop", "worth"], told["shop", "price_per_items"]
    assert (own["made_by"], own["of"], own["shared"]) == ("step worth", ["price", "items"], ["kiosk"])
    assert len(own["source"]) == 16 and told["kiosk", "worth"]["shared"] == ["shop"]
    assert (ratio["made_by"], ratio["source"], ratio["shared"]) == ("step ratio", "", [])
    assert told["shop", "price"]["missing"] == pytest.approx(0.1, abs=0.05)
    assert told["kiosk", "price"]["missing"] is None


def test_an_unknown_pipeline_is_named(say: Say) -> None:
    code, _, err = say("features", "shopp")

    assert code == 4 and "did you mean 'shop'?" in err
