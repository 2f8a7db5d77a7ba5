"""The shop of `shop.py`, whose customers may send things back: whether it was sold is known three weeks later.

Rows come without their labels; these are in files of their own.
"""

import re
from pathlib import Path

import pandas as pd

from configs import environment
from tests import shop

WEEKS_LATER = 3
_PAGE = (environment.CHECKOUT / "docs" / "your-data.md").read_text(encoding="utf-8")
_EXAMPLE = re.search(r"## Labels that come later.*?```yaml\n(.*?)```", _PAGE, re.DOTALL)
assert _EXAMPLE is not None
YAML = f"""
title: Will it be sold?
{_EXAMPLE[1]}"""  # the example of the page, as it stands there
YAML += """
validation:
  key: [at, shop]
  columns:
    at: {type: timestamp}
    learned: {type: timestamp}
    settled: {type: timestamp, nullable: true}
    shop: {type: category}
    items: {type: integer, nullable: true, min: 0}
    price: {type: number, nullable: true}
    gift: {type: boolean, nullable: true}
    sold: {type: boolean, nullable: true}
training:
  label: sold
  features: [shop, items, price]
  min_rows: 50
  seed: 5
  candidates: [{family: logistic_regression, min_frequency: 5}]
"""


MONTH = 4
"""Weeks of a batch."""


def sales(month: int) -> pd.DataFrame:
    """Four weeks of sales; what was sold in shop `a`, or was one of many items, was kept as a rule."""
    frame = pd.concat([shop.week(week) for week in range(MONTH * month - MONTH + 1, MONTH * month + 1)])
    frame = frame.reset_index(drop=True)
    kept = (frame["shop"] == "a") ^ (frame.index.to_series() % 5 == 0)
    return frame.assign(sold=kept.astype("boolean"), settled=frame["at"] + pd.Timedelta(weeks=WEEKS_LATER))


def rows(month: int) -> pd.DataFrame:
    """The sales as they are known when the month is over: without what becomes of them."""
    return sales(month).drop(columns=["sold", "settled"])


def labels(month: int) -> pd.DataFrame:
    """What became of the sales of a month; of each, three weeks later."""
    return sales(month)[["at", "shop", "sold", "settled"]].rename(columns={"sold": "kept", "settled": "known"})


def land_rows(home: Path, month: int) -> None:
    """A month of sales comes."""
    folder = home / "landing" / "shop"
    folder.mkdir(parents=True, exist_ok=True)
    rows(month).to_parquet(folder / f"month-{month:02}.parquet", index=False)


def land_labels(home: Path, name: str, frame: pd.DataFrame) -> None:
    """Labels come."""
    folder = home / "landing" / "returns"
    folder.mkdir(parents=True, exist_ok=True)
    frame.to_csv(folder / f"{name}.csv", index=False)
