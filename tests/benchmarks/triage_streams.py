"""Real streams for the triage benchmark, cut as a source would deliver them: by month, quarter, ten days or rows.

Add a stream to `STREAMS` with a function that reads it. Times are as the data has them; where it has none, rows are in
the order of the file, or in a random one.
"""

import tempfile
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from configs.ingestion import IngestionSettings, Times
from configs.settings import PipelineSettings
from configs.training import TrainingSettings
from configs.validation import ColumnRule, ValidationSettings
from tests.benchmarks.decisions_streams import DATA

EVENT = "event"
_LEAST = 150


@dataclass(frozen=True)
class Stream:
    """Batches in event order, with a column `event`."""

    name: str
    batches: list[pd.DataFrame]
    features: tuple[str, ...]
    label: str
    is_amount: bool = False

    @property
    def settings(self) -> PipelineSettings:
        """A pipeline that lets everything in: what is measured is the triage alone."""
        first = self.batches[0]
        rules = {name: ColumnRule(type=_type(first[name]), nullable=True) for name in (*self.features, self.label)}
        return PipelineSettings(
            title=self.name,
            ingestion=IngestionSettings(times=Times(event=EVENT)),
            validation=ValidationSettings(columns={**rules, EVENT: ColumnRule(type="timestamp")}),
            training=TrainingSettings(
                label=self.label,
                problem="regression" if self.is_amount else "binary",
                features=self.features,
                candidates=({"family": "hist_gradient_boosting"},),
            ),
        )

    def shuffled(self, seed: int) -> "Stream":
        """The same days in another order, in as many batches."""
        rows = pd.concat(self.batches, ignore_index=True)
        days = rows[EVENT].dt.floor("D")
        codes, names = pd.factorize(days, sort=True)
        places = np.random.default_rng(seed).permutation(len(names))
        moved = rows.assign(**{EVENT: rows[EVENT] + (names[places][codes] - names[codes])})
        batch = places[codes] * len(self.batches) // len(names)
        ordered = moved.assign(_batch=batch).sort_values(EVENT, kind="stable")
        parts = [part.drop(columns="_batch").reset_index(drop=True) for _, part in ordered.groupby("_batch")]
        return Stream(f"{self.name}, days shuffled", parts, self.features, self.label, self.is_amount)


def bikes() -> Stream:
    """How many bikes are rented in an hour; months."""
    with zipfile.ZipFile(DATA / "bike_sharing" / "bike_sharing_dataset.zip") as archive:
        name = next(one for one in archive.namelist() if one.endswith("hour.csv"))
        rows = pd.read_csv(archive.open(name))
    event = pd.to_datetime(rows["dteday"], utc=True) + pd.to_timedelta(rows["hr"], unit="h")
    names = ("season", "holiday", "weekday", "workingday", "hr", "weathersit", "temp", "atemp", "hum", "windspeed")
    return Stream("bikes", _by_period(rows.assign(event=event), "M", names, "cnt"), names, "cnt", is_amount=True)


def elec2() -> Stream:
    """Does the price of electricity go up; months."""
    rows = pd.read_csv(DATA / "elec2" / "electricity-normalized.csv")
    event = pd.Timestamp("1996-05-07", tz="UTC") + pd.to_timedelta(np.arange(len(rows)) * 30, unit="min")
    names = ("day", "period", "nswprice", "nswdemand", "vicprice", "vicdemand", "transfer")
    return Stream(
        "elec2", _by_period(rows.assign(event=event, up=rows["class"] == "UP"), "M", names, "up"), names, "up"
    )


def hotel() -> Stream:
    """Will a booking be cancelled; months of arrival."""
    path = DATA / "hotel_bookings" / "hotel_bookings.csv.gz"
    rows = pd.read_csv(path, dtype={"agent": str, "company": str}, keep_default_na=False, na_values={"children": "NA"})
    written = rows["arrival_date_year"].astype(str) + rows["arrival_date_month"]
    event = pd.to_datetime(written + rows["arrival_date_day_of_month"].astype(str), format="%Y%B%d", utc=True)
    names = (
        *("hotel", "meal", "country", "market_segment", "distribution_channel", "reserved_room_type", "deposit_type"),
        *("agent", "company", "customer_type", "lead_time", "stays_in_weekend_nights", "stays_in_week_nights"),
        *("adults", "children", "babies", "is_repeated_guest", "previous_cancellations"),
        *("previous_bookings_not_canceled", "booking_changes", "days_in_waiting_list", "adr"),
        *("required_car_parking_spaces", "total_of_special_requests"),
    )
    rows = rows.assign(event=event, cancelled=rows["is_canceled"] == 1)
    return Stream("hotel", _by_period(rows, "M", names, "cancelled"), names, "cancelled")


def loans() -> Stream:
    """Will a loan be charged off; quarters. Issue dates are months: the loans of one are spread over its days."""
    rows = pd.read_csv(DATA / "lendingclub_2007_2011" / "loans.csv.gz")
    month = pd.to_datetime(rows["issue_d"], utc=True)
    place, size = rows.groupby(month).cumcount(), rows.groupby(month)["issue_d"].transform("size")
    event = month + pd.to_timedelta((place / size * 28).astype(int), unit="D")
    names = (
        *("loan_amnt", "term", "int_rate", "installment", "grade", "sub_grade", "emp_length", "home_ownership"),
        *("annual_inc", "verification_status", "purpose", "addr_state", "dti", "delinq_2yrs", "inq_last_6mths"),
        *("open_acc", "pub_rec", "revol_bal", "revol_util", "total_acc"),
    )
    rows = rows.assign(event=event, bad=rows["loan_status"].str.contains("Charged Off"))
    return Stream("loans", _by_period(rows, "Q", names, "bad"), names, "bad")


def taxi() -> Stream:
    """Will a ride be tipped well; quarters."""
    rows = pd.read_csv(DATA / "chicago_taxi" / "data.csv")
    event = pd.to_datetime(rows["trip_start_timestamp"], unit="s", utc=True)
    names = (
        *("pickup_community_area", "fare", "trip_start_month", "trip_start_hour", "trip_start_day", "pickup_latitude"),
        *("pickup_longitude", "dropoff_latitude", "dropoff_longitude", "trip_miles", "payment_type", "company"),
        *("trip_seconds", "dropoff_community_area"),
    )
    rows = rows.assign(event=event, tipped=rows["tips"] > 0.2 * rows["fare"])
    return Stream("taxi", _by_period(rows, "Q", names, "tipped"), names, "tipped")


def shoppers() -> Stream:
    """Will a visit end in a purchase; 800 visits in the order of their months."""
    rows = pd.read_csv(DATA / "online_shoppers" / "online_shoppers_intention.csv", sep=";")
    months = ["Jan", "Feb", "Mar", "Apr", "May", "June", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    rows = rows.sort_values("Month", key=lambda column: column.map(months.index), kind="stable", ignore_index=True)
    names = tuple(name for name in rows.columns if name not in ("Month", "Revenue"))
    return Stream("shoppers", _by_rows(rows, 800, names, "Revenue"), names, "Revenue")


def telco() -> Stream:
    """Will a customer leave; 500 customers in a random order."""
    rows = pd.read_csv(DATA / "telco_churn" / "Telco-Customer-Churn.csv")
    rows["TotalCharges"] = pd.to_numeric(rows["TotalCharges"], errors="coerce")
    rows = rows.assign(left=rows["Churn"] == "Yes").sample(frac=1, random_state=0, ignore_index=True)
    names = tuple(name for name in rows.columns if name not in ("customerID", "Churn", "left"))
    return Stream("telco", _by_rows(rows, 500, names, "left"), names, "left")


def flights() -> Stream:
    """Will a flight arrive late; ten days."""
    from tasks.ingestion.sources import nycflights

    with tempfile.TemporaryDirectory() as folder:
        months = [pd.read_parquet(path) for path in nycflights.prepare_flights(Path(folder))]
    rows = pd.concat(months, ignore_index=True).dropna(subset=["late"])
    event = pd.to_datetime(rows["scheduled_departure"], utc=True)
    names = (
        *("carrier", "origin", "destination", "hour", "weekday", "distance", "aircraft_age", "temp", "dewp", "humid"),
        *("wind_dir", "wind_speed", "wind_gust", "precip", "pressure", "visib"),
    )
    rows = _typed(rows.assign(event=event, late=rows["late"].astype(bool)), names, "late")
    days = (rows[EVENT] - rows[EVENT].iloc[0].floor("D")).dt.days // 10
    return Stream("flights", [part.reset_index(drop=True) for _, part in rows.groupby(days)], names, "late")


STREAMS: dict[str, Callable[[], Stream]] = {
    one.__name__: one for one in (bikes, elec2, hotel, loans, taxi, shoppers, telco, flights)
}


def _by_period(rows: pd.DataFrame, period: str, names: Sequence[str], label: str) -> list[pd.DataFrame]:
    rows = _typed(rows, names, label)
    parts = rows.groupby(rows[EVENT].dt.tz_localize(None).dt.to_period(period))
    return [part.reset_index(drop=True) for _, part in parts if len(part) >= _LEAST]


def _by_rows(rows: pd.DataFrame, size: int, names: Sequence[str], label: str) -> list[pd.DataFrame]:
    event = pd.Timestamp("2020-01-01", tz="UTC") + pd.to_timedelta(np.arange(len(rows)) * 37, unit="min")
    rows = _typed(rows.assign(event=event), names, label)
    return [rows.iloc[first : first + size].reset_index(drop=True) for first in range(0, len(rows) - size + 1, size)]


def _typed(rows: pd.DataFrame, names: Sequence[str], label: str) -> pd.DataFrame:
    """Numbers as floats, as they are in the store; in event order."""
    frame = rows[[*names, EVENT, label]].sort_values(EVENT, kind="stable", ignore_index=True)
    numbers = [name for name in names if _type(frame[name]) == "number"]
    return frame.astype(dict.fromkeys(numbers, np.float64))


def _type(column: pd.Series) -> str:
    if pd.api.types.is_bool_dtype(column.dtype):
        return "boolean"
    return "number" if pd.api.types.is_numeric_dtype(column.dtype) else "category"
