"""Streams for the decisions benchmark: rows in the order in which they happened, cut into batches, with known labels.

Add a stream to `STREAMS` with a function that reads it. Clocks are local ones written as UTC, so that the day of a row
is the day of its time in every stream, and whole days can be shuffled.
"""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from configs.evaluation import EvaluationSettings, Slice
from configs.section import ColumnType
from configs.validation import ColumnRule

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"
EVENT, KNOWN, LABEL = "event", "known", "label"
_HOME_ZONE = "America/New_York"


@dataclass(frozen=True)
class Stream:
    """Labelled rows in event order, and how they are delivered."""

    name: str
    frame: pd.DataFrame
    """Features, and `event`, `known` (when the label was) and `label`; numbered from 0."""
    columns: dict[str, ColumnRule]
    """The features, with their types."""
    slices: tuple[Slice, ...]
    rows: int | None = None
    """Rows of a batch; without it, batches are of `days` days. What is left at the end is not delivered."""
    days: int = 10

    @property
    def borders(self) -> NDArray[np.intp]:
        """Where batches begin; batch t is the rows from borders[t] to borders[t + 1]."""
        if self.rows:
            return np.arange(0, len(self.frame) + 1, self.rows)
        days = _days(self.frame)
        whole = ((days[-1] - days[0]).astype(int) + 1) // self.days
        return np.searchsorted(days, days[0] + np.arange(whole + 1) * self.days)

    @property
    def evaluation(self) -> EvaluationSettings:
        """Day clusters, the slices of the stream, else the defaults."""
        return EvaluationSettings(slices=self.slices)

    def first(self, batches: int) -> "Stream":
        """The beginning of the stream."""
        borders = self.borders
        return replace(self, frame=self.frame.iloc[: borders[min(batches, len(borders) - 1)]])

    def shuffled(self, seed: int) -> "Stream":
        """The same days in another order; what is within a day, and how late labels come, stays as it is."""
        days, place = np.unique(_days(self.frame), return_inverse=True)
        shift = (np.random.default_rng(seed).permutation(days) - days)[place]
        moved = {name: self.frame[name] + pd.to_timedelta(shift.astype("timedelta64[s]")) for name in (EVENT, KNOWN)}
        return replace(self, frame=self.frame.assign(**moved).sort_values(EVENT, kind="stable", ignore_index=True))


def elec2() -> Stream:
    """Does the price of electricity in New South Wales go up? Half-hours from 1996-05-07; 14 days a batch."""
    frame = pd.read_csv(DATA / "elec2" / "electricity-normalized.csv").rename(columns={"class": LABEL})
    event = pd.Timestamp("1996-05-07", tz="UTC") + pd.to_timedelta(np.arange(len(frame)) * 30, unit="min")
    rules = _rules(number=["day", "period", "nswprice", "nswdemand", "vicprice", "vicdemand", "transfer"])
    frame = frame[list(rules)].assign(**{EVENT: event, KNOWN: event, LABEL: frame[LABEL] == "UP"})
    return Stream("elec2", frame, rules, (Slice(column="period", edges=(0.25, 0.5, 0.75)),), rows=672)


def hotel_bookings() -> Stream:
    """Will a booking be cancelled? In the order of arrival; the label is known when a guest leaves, or cancels."""
    path = DATA / "hotel_bookings" / "hotel_bookings.csv.gz"
    frame = pd.read_csv(path, dtype={"agent": str, "company": str}, keep_default_na=False, na_values={"children": "NA"})
    written = frame["arrival_date_year"].astype(str) + frame["arrival_date_month"]
    event = pd.to_datetime(written + frame["arrival_date_day_of_month"].astype(str), format="%Y%B%d", utc=True)
    rules = _rules(
        category=[
            *("hotel", "arrival_date_month", "meal", "country", "market_segment", "distribution_channel"),
            *("reserved_room_type", "deposit_type", "agent", "company", "customer_type"),
        ],
        number=[
            *("lead_time", "arrival_date_week_number", "arrival_date_day_of_month", "stays_in_weekend_nights"),
            *("stays_in_week_nights", "adults", "children", "babies", "is_repeated_guest", "previous_cancellations"),
            *("previous_bookings_not_canceled", "booking_changes", "days_in_waiting_list", "adr"),
            *("required_car_parking_spaces", "total_of_special_requests"),
        ],
    )
    known = pd.to_datetime(frame["reservation_status_date"], utc=True)
    rows = frame[list(rules)].assign(**{EVENT: event, KNOWN: known, LABEL: frame["is_canceled"] == 1})
    slices = tuple(Slice(column=name) for name in ("hotel", "market_segment", "country"))
    return Stream("hotel", rows.sort_values(EVENT, kind="stable", ignore_index=True), rules, slices, rows=2000)


def flights() -> Stream:
    """Will a flight arrive late? The example of the project, in batches of ten days in place of months."""
    from tasks.ingestion.sources import nycflights

    with tempfile.TemporaryDirectory() as folder:
        months = [pd.read_parquet(path) for path in nycflights.prepare_flights(Path(folder))]
    frame = pd.concat(months, ignore_index=True).dropna(subset=["late"])
    local = frame["scheduled_departure"].dt.tz_convert(_HOME_ZONE).dt.tz_localize(None).dt.tz_localize("UTC")
    known = local + (frame["label_at"] - frame["scheduled_departure"])
    rules = _rules(
        category=["carrier", "origin", "destination"],
        number=[
            *("hour", "weekday", "distance", "aircraft_age", "temp", "dewp", "humid", "wind_dir", "wind_speed"),
            *("wind_gust", "precip", "pressure", "visib"),
        ],
    )
    rows = frame[list(rules)].assign(**{EVENT: local, KNOWN: known, LABEL: frame["late"].astype(bool)})
    slices = (Slice(column="origin"), Slice(column="carrier"), Slice(column="hour", edges=(9, 13, 17, 21)))
    return Stream("flights", rows.sort_values(EVENT, kind="stable", ignore_index=True), rules, slices, days=10)


STREAMS: dict[str, Callable[[], Stream]] = {"elec2": elec2, "hotel": hotel_bookings, "flights": flights}


def _rules(category: list[str] | None = None, number: list[str] | None = None) -> dict[str, ColumnRule]:
    kinds: dict[ColumnType, list[str]] = {"category": category or [], "number": number or []}
    return {name: ColumnRule(type=kind, nullable=True) for kind, names in kinds.items() for name in names}


def _days(frame: pd.DataFrame) -> NDArray[np.datetime64]:
    return frame[EVENT].dt.tz_localize(None).to_numpy().astype("datetime64[D]")
