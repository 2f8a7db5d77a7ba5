"""A small pipeline, `users`, for tests of damage to a part of the rows: weeks of visits, and what breaks in them.

One input is zero in most rows, one has a range and decimals, one is a device; whether somebody is an expert hangs on all.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd

YAML = """
title: Is this user an expert?
ingestion:
  times: {event: at}
validation:
  key: [visit]
  columns:
    visit: {type: integer}
    at: {type: timestamp}
    device: {type: category}
    hour: {type: integer, min: 0, max: 23}
    fee: {type: number, nullable: true}
    advanced_uses: {type: integer, min: 0, nullable: true}
    expert: {type: boolean, nullable: true}
training:
  label: expert
  features: [device, hour, fee, advanced_uses]
  min_rows: 200
  candidates:
    - {family: hist_gradient_boosting, max_iter: 20}
"""
START = pd.Timestamp("2025-03-03", tz="UTC")
ROWS = 1_400
Damage = Callable[[pd.DataFrame, np.random.Generator], pd.DataFrame]


def week(number: int, rows: int = ROWS) -> pd.DataFrame:
    """The visits of one week, evenly spread."""
    luck = np.random.default_rng(number)
    at = START + pd.Timedelta(weeks=number) + pd.to_timedelta(np.arange(rows) * 7 * 24 * 3600 / rows, unit="s")
    device = luck.choice(["phone", "tablet", "desk"], rows, p=[0.5, 0.2, 0.3])
    level = pd.Series(device).map({"phone": 1.0, "tablet": 0.5, "desk": 2.0}).to_numpy()
    fee = np.round(luck.lognormal(3.0, 0.3, rows) * level + 5.5, 2)
    uses = np.where(luck.random(rows) < 0.81, 0, luck.integers(1, 9, rows))
    strength = -2.2 + 0.12 * (fee - 25) + 2.6 * (uses > 0) - 2.0 * (device == "desk")
    return pd.DataFrame(
        {
            "visit": np.arange(rows) + number * 100_000,
            "at": at.as_unit("us"),
            "device": pd.Series(device, dtype="str"),
            "hour": at.hour.to_numpy(dtype=np.int64),
            "fee": fee,
            "advanced_uses": pd.array(uses, dtype="Int64"),
            "expert": pd.array(luck.random(rows) < 1 / (1 + np.exp(-strength)), dtype="boolean"),
        }
    )


def damaged(number: int, damage: Damage) -> pd.DataFrame:
    """A week in which something broke."""
    return damage(week(number), np.random.default_rng(1_000 + number))


def some(share: float, rows: int, luck: np.random.Generator) -> "np.typing.NDArray[np.bool_]":
    """Rows by chance."""
    return luck.random(rows) < share


def fee_without_its_point(frame: pd.DataFrame, luck: np.random.Generator) -> pd.DataFrame:
    """The decimal sign of the fee is lost in 45 % of the rows: 25.31 becomes 2531."""
    lost = some(0.45, len(frame), luck)
    return frame.assign(fee=frame["fee"].mask(lost, (frame["fee"] * 100).round()))


def fee_in_tens(frame: pd.DataFrame, luck: np.random.Generator) -> pd.DataFrame:
    """44 % of the fees are a tenth of what they were."""
    return frame.assign(fee=frame["fee"].mask(some(0.44, len(frame), luck), frame["fee"] / 10))


def fee_missing_by_half(frame: pd.DataFrame, luck: np.random.Generator) -> pd.DataFrame:
    """Half of the fees are missing."""
    return frame.assign(fee=frame["fee"].mask(some(0.5, len(frame), luck)))


def fee_of_somebody_else(frame: pd.DataFrame, luck: np.random.Generator) -> pd.DataFrame:
    """Fee and uses were joined to the wrong visit."""
    order = luck.permutation(len(frame))
    mixed = {name: frame[name].to_numpy()[order] for name in ("fee", "advanced_uses")}
    return frame.assign(fee=mixed["fee"], advanced_uses=pd.array(mixed["advanced_uses"], dtype="Int64"))


def uses_silent(frame: pd.DataFrame, luck: np.random.Generator) -> pd.DataFrame:
    """The source of the uses is dead: zero in every row."""
    return frame.assign(advanced_uses=pd.array([0] * len(frame), dtype="Int64"))


def all_silent(frame: pd.DataFrame, luck: np.random.Generator) -> pd.DataFrame:
    """Uses are zero and the fee is stuck in every row."""
    return uses_silent(frame.assign(fee=30.0), luck)


def unlabelled(frame: pd.DataFrame) -> pd.DataFrame:
    """A week of which nobody knows yet who is an expert."""
    return frame.assign(expert=pd.array([None] * len(frame), dtype="boolean"))


def uses_silent_from_thursday(frame: pd.DataFrame, luck: np.random.Generator) -> pd.DataFrame:
    """It dies in the middle of the week."""
    dead = np.arange(len(frame)) >= len(frame) * 3 // 7
    return frame.assign(advanced_uses=frame["advanced_uses"].mask(dead, 0))


def uses_silent_on_phones(frame: pd.DataFrame, luck: np.random.Generator) -> pd.DataFrame:
    """It is dead for one device only."""
    return frame.assign(advanced_uses=frame["advanced_uses"].mask(frame["device"] == "phone", 0))


def devices_respelled(frame: pd.DataFrame, luck: np.random.Generator) -> pd.DataFrame:
    """A third of the devices is written in capitals."""
    return frame.assign(device=frame["device"].mask(some(0.33, len(frame), luck), frame["device"].str.upper()))


def times_moved(frame: pd.DataFrame, luck: np.random.Generator) -> pd.DataFrame:
    """The times are those of another zone, five hours later, from the middle on."""
    late = np.arange(len(frame)) >= len(frame) // 2
    return frame.assign(at=frame["at"] + pd.to_timedelta(np.where(late, 5, 0), unit="h"))
