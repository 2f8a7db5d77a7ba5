"""Three small worlds for tests of damage to a part of the rows: orders that come back or not, what sites use in an hour, and
machines that fail or not, by what their sensors read.

Each has weeks of rows, and what can break in them: a preparation that has changed, and a source that is dead.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

Damage = Callable[[pd.DataFrame, np.random.Generator], pd.DataFrame]
START = pd.Timestamp("2025-03-03", tz="UTC")
ROWS = 1_344
"""Eight in each hour of a week."""


@dataclass(frozen=True)
class World:
    """A pipeline, its weeks, and what breaks: each damage with the columns of which one must be named first."""

    name: str
    yaml: str
    week: Callable[[int], pd.DataFrame]
    prepared_otherwise: dict[str, tuple[Damage, set[str]]]
    dead_sources: dict[str, tuple[Damage, set[str]]]

    def damaged(self, number: int, damage: Damage) -> pd.DataFrame:
        """A week in which something broke."""
        return damage(self.week(number), np.random.default_rng(1_000 + number))


def _times(number: int) -> pd.DatetimeIndex:
    spread = pd.to_timedelta(np.arange(ROWS) * 7 * 24 * 3600 // ROWS, unit="s")
    return pd.DatetimeIndex(START + pd.Timedelta(weeks=number) + spread).as_unit("us")


# ── orders ────────────────────────────────────────────────────────────────────────────────────────────────────────
_ORDERS = """
title: Will this order come back?
ingestion:
  times: {event: at}
validation:
  key: [order]
  columns:
    order: {type: integer}
    at: {type: timestamp}
    channel: {type: category}
    price: {type: number, nullable: true}
    discount: {type: number, min: 0, nullable: true}
    items: {type: integer, min: 1, nullable: true}
    returned: {type: boolean, nullable: true}
training:
  label: returned
  features: [channel, price, discount, items]
  min_rows: 200
  candidates:
    - {family: hist_gradient_boosting, max_iter: 20}
"""


def _orders(number: int) -> pd.DataFrame:
    luck = np.random.default_rng(number)
    channel = luck.choice(["app", "web", "store"], ROWS, p=[0.5, 0.3, 0.2])
    items = 1 + luck.poisson(1.5, ROWS)
    price = np.round(luck.lognormal(3.2, 0.4, ROWS) * np.sqrt(items) + 4.5, 2)
    discount = np.where(luck.random(ROWS) < 0.8, 0.0, np.round(luck.uniform(5, 40, ROWS), 1))
    strength = -1.6 + 0.05 * (price - 40) + 2.4 * (discount > 0) - 1.5 * (channel == "store")
    return pd.DataFrame(
        {
            "order": np.arange(ROWS) + number * 100_000,
            "at": _times(number),
            "channel": pd.Series(channel, dtype="str"),
            "price": price,
            "discount": discount,
            "items": pd.array(items, dtype="Int64"),
            "returned": pd.array(luck.random(ROWS) < 1 / (1 + np.exp(-strength)), dtype="boolean"),
        }
    )


# ── sites ─────────────────────────────────────────────────────────────────────────────────────────────────────────
_SITES = """
title: How many kilowatt hours will a site use in this hour?
ingestion:
  times: {event: at}
validation:
  key: [reading]
  columns:
    reading: {type: integer}
    at: {type: timestamp}
    site: {type: category}
    hour: {type: integer, min: 0, max: 23}
    outside: {type: number, nullable: true}
    people: {type: integer, min: 0, nullable: true}
    used: {type: number, nullable: true}
training:
  problem: regression
  label: used
  features: [site, hour, outside, people]
  min_rows: 200
  candidates:
    - {family: hist_gradient_boosting, max_iter: 40}
"""
_LEVELS = {"north": 10.0, "south": 25.0, "harbour": 60.0, "depot": 5.0}


def _sites(number: int) -> pd.DataFrame:
    luck, at = np.random.default_rng(500 + number), _times(number)
    site, hour = luck.choice([*_LEVELS], ROWS), at.hour.to_numpy()
    day = np.repeat(luck.normal(0, 2.5, 7), ROWS // 7)
    outside = np.round(12 + day + 4 * np.sin((hour - 9) / 24 * 2 * np.pi) + luck.normal(0, 1, ROWS), 1)
    people = luck.poisson(np.where((hour >= 8) & (hour < 18), 22.0, 0.4))
    used = pd.Series(site).map(_LEVELS).to_numpy() + 1.2 * np.abs(outside - 17) + 0.9 * people + luck.normal(0, 2, ROWS)
    return pd.DataFrame(
        {
            "reading": np.arange(ROWS) + number * 100_000,
            "at": at,
            "site": pd.Series(site, dtype="str"),
            "hour": hour.astype(np.int64),
            "outside": outside,
            "people": pd.array(people, dtype="Int64"),
            "used": np.round(used, 2),
        }
    )


# ── machines ──────────────────────────────────────────────────────────────────────────────────────────────────────
_MACHINES = """
title: Will this machine fail within a day?
ingestion:
  times: {event: at}
validation:
  key: [check]
  columns:
    check: {type: integer}
    at: {type: timestamp}
    kind: {type: category}
    shift: {type: category}
    pressure: {type: number, nullable: true}
    vibration: {type: number, nullable: true}
    alarms: {type: integer, min: 0, nullable: true}
    fails: {type: boolean, nullable: true}
training:
  label: fails
  features: [kind, shift, pressure, vibration, alarms]
  min_rows: 200
  candidates:
    - {family: logistic_regression}
"""
_USUAL = {"pump": (6.0, 1.2), "press": (40.0, 3.5), "fan": (1.5, 0.6)}


def _machines(number: int) -> pd.DataFrame:
    """Wear shows in vibration, which goes with pressure; alarms are rare."""
    luck, at = np.random.default_rng(900 + number), _times(number)
    kind, hour = luck.choice([*_USUAL], ROWS, p=[0.5, 0.2, 0.3]), at.hour.to_numpy()
    usual = pd.Series(kind).map(_USUAL)
    wear = luck.normal(size=ROWS)
    pressure = np.round(
        usual.str[0].to_numpy(dtype=np.float64) * np.exp(0.06 * luck.normal(size=ROWS) - 0.05 * wear), 2
    )
    vibration = np.round(usual.str[1].to_numpy(dtype=np.float64) + 0.5 * wear + 0.2 * luck.normal(size=ROWS), 3)
    alarms = np.where(luck.random(ROWS) < 0.84, 0, luck.integers(1, 6, ROWS))
    strength = -2.0 + 1.8 * wear + 2.5 * (alarms > 0) + 0.5 * (kind == "press")
    return pd.DataFrame(
        {
            "check": np.arange(ROWS) + number * 100_000,
            "at": at,
            "kind": pd.Series(kind, dtype="str"),
            "shift": pd.Series(np.where((hour >= 6) & (hour < 18), "day", "night"), dtype="str"),
            "pressure": pressure,
            "vibration": vibration,
            "alarms": pd.array(alarms, dtype="Int64"),
            "fails": pd.array(luck.random(ROWS) < 1 / (1 + np.exp(-strength)), dtype="boolean"),
        }
    )


# ── what breaks ───────────────────────────────────────────────────────────────────────────────────────────────────
def changed(
    column: str, change: Callable[[pd.Series], object], where: Callable[[pd.DataFrame, np.random.Generator], object]
) -> Damage:
    """Values of one column that become others in some rows."""

    def damage(frame: pd.DataFrame, luck: np.random.Generator) -> pd.DataFrame:
        hit = pd.Series(np.asarray(where(frame, luck), dtype=bool), frame.index)
        return frame.assign(**{column: frame[column].mask(hit, change(frame[column]))})

    return damage


def joined_wrongly(columns: tuple[str, ...], where: Callable[[pd.DataFrame, np.random.Generator], object]) -> Damage:
    """Columns that come from the row of somebody else."""

    def damage(frame: pd.DataFrame, luck: np.random.Generator) -> pd.DataFrame:
        hit, order = np.asarray(where(frame, luck), dtype=bool), luck.permutation(len(frame))
        mixed = {name: frame[name].where(~hit, frame[name].iloc[order].set_axis(frame.index)) for name in columns}
        return frame.assign(**mixed)

    return damage


def everywhere(frame: pd.DataFrame, luck: np.random.Generator) -> object:
    """All rows."""
    return np.ones(len(frame), dtype=bool)


def by_chance(share: float) -> Callable[[pd.DataFrame, np.random.Generator], object]:
    """So many rows, anywhere."""
    return lambda frame, luck: luck.random(len(frame)) < share


def from_day(day: int) -> Callable[[pd.DataFrame, np.random.Generator], object]:
    """From a day of the week on."""
    return lambda frame, luck: np.arange(len(frame)) >= len(frame) * day // 7


def of(column: str, value: str) -> Callable[[pd.DataFrame, np.random.Generator], object]:
    """The rows of one group."""
    return lambda frame, luck: frame[column] == value


ORDERS = World(
    "orders",
    _ORDERS,
    _orders,
    {
        "the decimal sign is lost": (changed("price", lambda x: x * 100, by_chance(0.45)), {"price"}),
        "thousands instead of units": (changed("price", lambda x: x / 1000, of("channel", "web")), {"price"}),
        "half is missing": (changed("price", lambda x: np.nan, by_chance(0.5)), {"price"}),
        "written in capitals": (changed("channel", lambda x: x.str.upper(), by_chance(0.3)), {"channel"}),
        "joined to another order": (joined_wrongly(("price",), everywhere), {"price", "items"}),
        "rounded from Thursday on": (changed("price", lambda x: x.round(-1), from_day(3)), {"price"}),
    },
    {
        "silent": (changed("discount", lambda x: 0.0, everywhere), {"discount"}),
        "silent from Thursday on": (changed("discount", lambda x: 0.0, from_day(3)), {"discount"}),
        "silent in one channel": (changed("discount", lambda x: 0.0, of("channel", "app")), {"discount"}),
        "stands still": (changed("price", lambda x: float(x.iloc[0]), everywhere), {"price"}),
        "missing for one channel": (changed("price", lambda x: np.nan, of("channel", "app")), {"price"}),
    },
)
SITES = World(
    "sites",
    _SITES,
    _sites,
    {
        "Fahrenheit in some rows": (changed("outside", lambda x: x * 1.8 + 32, by_chance(0.4)), {"outside"}),
        "watts at one site": (changed("used", lambda x: x * 1000, of("site", "north")), {"used"}),
        "tenths of a degree": (changed("outside", lambda x: x * 10, from_day(4)), {"outside"}),
        "site names cut off": (changed("site", lambda x: x.str[:3], by_chance(0.35)), {"site"}),
        "joined to another hour": (joined_wrongly(("people", "hour"), everywhere), {"people", "hour", "at"}),
        "readings of another site": (joined_wrongly(("used",), from_day(3)), {"used"}),
    },
    {
        "silent": (changed("people", lambda x: 0, everywhere), {"people"}),
        "silent from Thursday on": (changed("people", lambda x: 0, from_day(3)), {"people"}),
        "silent at one site": (changed("people", lambda x: 0, of("site", "harbour")), {"people"}),
        "stands still": (changed("outside", lambda x: float(x.iloc[0]), from_day(2)), {"outside"}),
        "missing at one site": (changed("outside", lambda x: np.nan, of("site", "south")), {"outside"}),
    },
)
MACHINES = World(
    "machines",
    _MACHINES,
    _machines,
    {
        "psi for bar in some rows": (changed("pressure", lambda x: x * 14.504, by_chance(0.4)), {"pressure"}),
        "no decimals from Wednesday on": (changed("vibration", lambda x: x.round(), from_day(2)), {"vibration"}),
        "the sign is lost": (changed("vibration", lambda x: -x, by_chance(0.45)), {"vibration"}),
        "another name for a kind": (changed("kind", lambda x: "pump-2", of("kind", "pump")), {"kind"}),
        "joined to another machine": (joined_wrongly(("vibration", "pressure"), everywhere), {"vibration", "pressure"}),
        "a half has no pressure": (changed("pressure", lambda x: np.nan, by_chance(0.5)), {"pressure"}),
    },
    {
        "silent": (changed("alarms", lambda x: 0, everywhere), {"alarms"}),
        "silent from Thursday on": (changed("alarms", lambda x: 0, from_day(3)), {"alarms"}),
        "silent on one kind": (changed("alarms", lambda x: 0, of("kind", "pump")), {"alarms"}),
        "stands still": (changed("vibration", lambda x: float(x.iloc[0]), from_day(2)), {"vibration"}),
        "missing on one kind": (changed("vibration", lambda x: np.nan, of("kind", "fan")), {"vibration"}),
    },
)
