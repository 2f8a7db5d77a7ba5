"""Pipelines whose first batches cover a few hours only, for tests of what nobody named: three kinds of data.

Outside of the hours that the first champion learned from, what it learned does not hold. `hour` is delivered, and is no
feature.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

ROWS = 2_000
START = pd.Timestamp("2025-03-03", tz="UTC")
_YAML = """
title: {title}
ingestion:
  times: {{event: at}}
validation:
  key: [{row}]
  columns:
    {row}: {{type: integer}}
    at: {{type: timestamp}}
    hour: {{type: integer, min: 0, max: 23}}
    place: {{type: category}}
    size: {{type: number}}
    speed: {{type: number}}
    {label}: {{type: {type}, nullable: true}}
training:
  {problem}label: {label}
  features: [size, speed]
  min_rows: 200
  candidates:
    - {{family: hist_gradient_boosting, max_iter: 30}}
reporting: {{row: [{row}, {row}s]}}
"""


@dataclass(frozen=True)
class World:
    """One pipeline and how its rows come about."""

    name: str
    title: str
    row: str
    label: str
    covered: tuple[int, int]
    """First and last hour of the first batches."""
    is_amount: bool = False

    @property
    def uncovered(self) -> str:
        """The other hours in words."""
        first, last = self.covered
        before = [f"0 to {first - 1}"] if first else []
        return " or ".join([*before, f"{last + 1} to 23"])

    @property
    def yaml(self) -> str:
        """Its pipeline file."""
        kind = {"type": "number", "problem": "problem: regression\n  "} if self.is_amount else {"type": "boolean"}
        return _YAML.format(**{"problem": "", **kind}, title=self.title, row=self.row, label=self.label)

    def month(self, number: int, rows: int = ROWS, *, covered: bool) -> pd.DataFrame:
        """Four weeks, of all hours or of those that were covered at first."""
        luck = np.random.default_rng(number)
        first, last = self.covered if covered else (0, 23)
        day, hour = np.sort(luck.integers(0, 28, rows)), luck.integers(first, last + 1, rows)
        at = START + pd.to_timedelta(28 * 24 * number + 24 * day + hour, unit="h")
        at += pd.to_timedelta(luck.integers(0, 3600, rows), unit="s")
        size, speed = luck.normal(size=rows), luck.normal(size=rows)
        holds = (hour >= self.covered[0]) & (hour <= self.covered[1])
        strength = np.where(holds, 2.5 * size + 0.5 * speed, 1.5 * speed)
        label = 10 + 3 * strength + luck.normal(size=rows)
        if not self.is_amount:
            label = pd.array(luck.random(rows) < 1 / (1 + np.exp(-strength)), dtype="boolean")
        frame = pd.DataFrame(
            {
                self.row: np.arange(rows) + number * 100_000,
                "at": at.as_unit("us"),
                "hour": hour,
                "place": pd.Series(luck.choice(["north", "south", "west"], rows), dtype="str"),
                "size": size,
                "speed": speed,
                self.label: label,
            }
        )
        return frame.sort_values("at", kind="stable", ignore_index=True)


WORLDS = (
    World("visits", "Does a visit end in a purchase?", "visit", "buys", (9, 12)),
    World("rides", "What will a ride cost?", "ride", "fare", (14, 19), is_amount=True),
    World("claims", "Will a claim be paid?", "claim", "paid", (0, 5)),
)
