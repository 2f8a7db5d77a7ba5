"""A small pipeline of five classes, `drinks`: which drink is ordered, by two numbers and a place."""

from pathlib import Path

import numpy as np
import pandas as pd

PIPELINE = "drinks"
CLASSES = ("tea", "coffee", "milk", "water", "juice")
YAML = """\
title: Which drink is ordered?
ingestion:
  source: {kind: csv, folder: landing/drinks}
  times: {event: at}
validation:
  key: [id]
  columns:
    id: {type: integer}
    at: {type: timestamp}
    thirst: {type: number, min: -9, max: 9}
    warmth: {type: number, min: -9, max: 9}
    place: {type: category}
    drink: {type: category}
training:
  problem: multiclass
  label: drink
  classes: [tea, coffee, milk, water, juice]
  features: [thirst, warmth, place]
  candidates: [{family: logistic_regression}, {family: hist_gradient_boosting, max_iter: 15}]
evaluation: {slices: [{column: place}], min_slice_rows: 50}
promotion: {false_promotion_every: 5}
reporting: {row: [order, orders]}
"""


def month(number: int, rows: int = 500, *, changed: bool = False) -> pd.DataFrame:
    """Orders of a month; `changed` exchanges tea and coffee."""
    source, start = np.random.default_rng(number), pd.Timestamp(2024, number, 1)
    at = start + pd.to_timedelta(np.sort(source.uniform(0, 28 * 86_400, rows)).round(), unit="s")
    thirst, warmth, place = source.normal(size=rows), source.normal(size=rows), source.choice(["x", "y", "z"], rows)
    pull = (
        1.5 * thirst[:, None] * np.array([1, 0.2, -0.5, 0, 0])
        + 1.5 * warmth[:, None] * np.array([0, 1, 0.4, -1, 0.3])
        + (place == "x")[:, None] * np.array([0, 0, 1, 0.5, -1])
        + np.array([0.5, 0.3, 0, -0.5, -0.4])
    )
    if changed:
        pull = pull[:, [1, 0, 2, 3, 4]]
    drink = np.array(CLASSES)[(pull + source.gumbel(size=pull.shape)).argmax(axis=1)]
    numbers = {"thirst": thirst.round(3), "warmth": warmth.round(3)}
    stamps = at.strftime("%Y-%m-%dT%H:%M:%SZ")
    return pd.DataFrame(
        {"id": np.arange(rows) + 10_000 * number, "at": stamps, **numbers, "place": place, "drink": drink}
    )


def write(folder: Path, text: str = YAML) -> None:
    """The pipeline file."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{PIPELINE}.yaml").write_text(text, encoding="utf-8")


def deliver(home: Path, number: int, frame: pd.DataFrame) -> None:
    """A month into the landing folder."""
    landing = home / "landing" / PIPELINE
    landing.mkdir(parents=True, exist_ok=True)
    frame.to_csv(landing / f"2024-{number:02d}.csv", index=False)
