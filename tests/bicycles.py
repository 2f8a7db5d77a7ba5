"""A pipeline whose batches of three days are too short to be judged alone, and rentals that change at some time."""

import numpy as np
import pandas as pd

YAML = """
title: How many bicycles will be rented in an hour?
ingestion: {times: {event: at}}
validation:
  key: [at]
  columns:
    at: {type: timestamp}
    rentals: {type: integer, min: 0}
    hour: {type: integer, min: 0, max: 23}
    warm: {type: number}
  triage: {enabled: false}
training:
  problem: regression
  label: rentals
  features: [hour, warm]
  candidates: [{family: linear_regression}, {family: hist_gradient_boosting, max_iter: 20, min_samples_leaf: 10}]
"""


def three_days(start: pd.Timestamp, change: pd.Timestamp) -> pd.DataFrame:
    """72 hours; from `change` on warmth does the opposite: the model of before is worse than none."""
    source = np.random.default_rng(start.day + 31 * start.month)
    at = pd.date_range(start, periods=72, freq="h").as_unit("us")
    warm = source.normal(10, 4, 72)
    rentals = 550 + np.where(at < change, 30, -30) * (warm - 10) + source.normal(0, 8, 72)
    return pd.DataFrame(
        {"at": at, "rentals": np.clip(rentals, 0, None).round().astype(int), "hour": at.hour, "warm": warm}
    )
