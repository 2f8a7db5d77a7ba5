"""Pipelines whose first batches cover a few hours, weekdays or devices only, for tests of what nobody named.

Outside of what the first champion learned from, what it learned does not hold. The column is delivered, and is no feature.
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
    {column}: {{{rule}}}
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
    """First and last hour, weekday or device of the first batches."""
    is_amount: bool = False
    column: str = "hour"
    """What it is good at only a part of: `hour`, `weekday`, or another one that has `levels`."""
    levels: tuple[str, ...] = ()
    is_lost: bool = True
    """Whether so much was not covered that a model is worse than none on all rows together: it is not well then."""

    @property
    def good(self) -> str:
        """What was covered, in words."""
        first, last = self.covered
        return self._listed(self.levels[first : last + 1]) or f"{first} to {last}"

    @property
    def uncovered(self) -> str:
        """The others in words."""
        first, last = self.covered
        if self.levels:
            return self._listed((*self.levels[:first], *self.levels[last + 1 :]))
        before = [f"0 to {first - 1}"] if first else []
        return " or ".join([*before, f"{last + 1} to {self._values - 1}"])

    @staticmethod
    def _listed(levels: tuple[str, ...]) -> str:
        """`'engine', 'pump' or 'turbine'`."""
        quoted = [f"'{level}'" for level in levels]
        return " or ".join(part for part in (", ".join(quoted[:-1]), *quoted[-1:]) if part)

    @property
    def _values(self) -> int:
        return len(self.levels) or {"hour": 24, "weekday": 7}[self.column]

    @property
    def yaml(self) -> str:
        """Its pipeline file."""
        kind = {"type": "number", "problem": "problem: regression\n  "} if self.is_amount else {"type": "boolean"}
        rule = "type: category" if self.levels else f"type: integer, min: 0, max: {self._values - 1}"
        names = {"title": self.title, "row": self.row, "label": self.label, "column": self.column, "rule": rule}
        return _YAML.format(**{"problem": "", **kind, **names})

    def is_covered(self, rows: pd.DataFrame) -> pd.Series:
        """Which rows are of the part that was covered at first."""
        first, last = self.covered
        values = rows[self.column]
        return values.isin(self.levels[first : last + 1]) if self.levels else values.between(first, last)

    def month(self, number: int, rows: int = ROWS, *, covered: bool) -> pd.DataFrame:
        """Four weeks, of all hours or of those that were covered at first; of weekdays or devices likewise."""
        luck = np.random.default_rng(number)
        first, last = self.covered if covered else (0, self._values - 1)
        place = luck.integers(first, last + 1, rows)
        hour = place if self.column == "hour" else luck.integers(0, 24, rows)
        day = luck.integers(0, 4, rows) * 7 + place if self.column == "weekday" else luck.integers(0, 28, rows)
        at = START + pd.to_timedelta(28 * 24 * number + 24 * day + hour, unit="h")
        at += pd.to_timedelta(luck.integers(0, 3600, rows), unit="s")
        size, speed = luck.normal(size=rows), luck.normal(size=rows)
        holds = (place >= self.covered[0]) & (place <= self.covered[1])
        strength = np.where(holds, 2.5 * size + 0.5 * speed, 1.5 * speed)
        label = 10 + 3 * strength + luck.normal(size=rows)
        if not self.is_amount:
            label = pd.array(luck.random(rows) < 1 / (1 + np.exp(-strength)), dtype="boolean")
        frame = pd.DataFrame(
            {
                "at": at.as_unit("us"),
                self.column: pd.Series(np.array(self.levels)[place], dtype="str") if self.levels else place,
                "place": pd.Series(luck.choice(["north", "south", "west"], rows), dtype="str"),
                "size": size,
                "speed": speed,
                self.label: label,
            }
        )
        ordered = frame.sort_values("at", kind="stable", ignore_index=True)
        return ordered.assign(**{self.row: np.arange(rows) + number * 100_000})


WORLDS = (
    World("visits", "Does a visit end in a purchase?", "visit", "buys", (9, 12)),
    World("rides", "What will a ride cost?", "ride", "fare", (14, 19), is_amount=True),
    World("claims", "Will a claim be paid?", "claim", "paid", (0, 5)),
    World("calls", "Will a call be answered?", "call", "answered", (0, 2), column="weekday", is_lost=False),
    World(
        "readings",
        "What will a sensor read?",
        "reading",
        "level",
        (0, 0),
        is_amount=True,
        column="device",
        levels=("boiler", "engine", "pump", "turbine"),
    ),
)
"""Yes or no, and a number; the worlds differ in the column, in how much of it was covered, and in where."""
