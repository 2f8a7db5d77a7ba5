"""A small pipeline, `shop`, for tests of adapters: made-up weeks of sales, taken in without a flow.

Sales are likelier in shop `a` and for few items, so that a model has something to learn.
"""

import hashlib
from pathlib import Path

import numpy as np
import pandas as pd

from tasks.adapters.home import Home
from tasks.domain.records import Batch
from tasks.validation import batches

YAML = """
title: Will it be sold?
ingestion:
  times: {event: at, arrival: learned, label: settled}
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
  candidates:
    - {family: hist_gradient_boosting, max_iter: 10, min_samples_leaf: 5}
    - {family: logistic_regression, min_frequency: 5}
evaluation:
  slices: [{column: shop}]
"""
START = pd.Timestamp("2013-01-07", tz="UTC")


def write_pipeline(folder: Path, name: str = "shop", text: str = YAML) -> None:
    """Put the pipeline file where `INCUMBENT_PIPELINES` points to."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.yaml").write_text(text, encoding="utf-8")


def week(number: int, rows: int = 336) -> pd.DataFrame:
    """The sales of one week, at most half an hour apart; the last day has no labels.

    All arrives when the week is over.
    """
    minutes = np.arange(rows) * min(30, 7 * 24 * 60 / rows)
    source = np.random.default_rng(number)
    at = START + pd.Timedelta(weeks=number - 1) + pd.to_timedelta(minutes, unit="min")
    shop, items = source.choice(["a", "b", "c"], rows), source.integers(0, 9, rows)
    likely = 0.15 + 0.5 * (shop == "a") + 0.02 * (8 - items)
    settled = at + pd.Timedelta(hours=3)
    unknown = np.arange(rows) >= rows * 6 // 7
    return pd.DataFrame(
        {
            "at": at.as_unit("us"),
            "learned": pd.DatetimeIndex([START + pd.Timedelta(weeks=number)] * rows).as_unit("us"),
            "settled": pd.Series(settled.as_unit("us")).mask(unknown),
            "shop": pd.Series(shop, dtype="str"),
            "items": pd.array(items, dtype="Int64"),
            "price": np.where(source.random(rows) < 0.1, np.nan, source.normal(5, 1, rows)),
            "gift": pd.array(source.random(rows) < 0.3, dtype="boolean"),
            "sold": pd.Series(pd.array(source.random(rows) < likely, dtype="boolean")).mask(unknown),
        }
    )


def take_in(home: Home, name: str, frame: pd.DataFrame, pipeline: str = "shop") -> Batch:
    """Accept rows as the doors would; returns the batch. Its id is made from its name."""
    settings = home.settings(pipeline)
    earlier = batches.related(frame, settings, home.ledger.batches.accepted(pipeline))
    found = batches.sort_out(frame, [home.store.read(batch.accepted_file or "") for batch in earlier], settings)
    batch = batches.accept(hashlib.sha256(name.encode()).hexdigest(), name, found, settings, len(frame))
    batch = home.store.put_away(batch, found.accepted, found.aside)
    home.ledger.batches.record(pipeline, batch)
    return batch
