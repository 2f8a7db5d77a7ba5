"""The example data are a real year: complete, the same everywhere, and honest about what was known when."""

import hashlib
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from configs import loader
from tasks.ingestion import intake
from tasks.ingestion.sources import nycflights
from tasks.validation import contract
from tests import folders


@pytest.fixture(scope="module")
def landing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home") / "landing" / "flights"
    nycflights.prepare_flights(folder)
    return folder


@pytest.fixture(scope="module")
def year(landing: Path) -> pd.DataFrame:
    settings = loader.load("flights")
    parts = [
        folders.rows(landing, delivery, settings.validation).assign(batch=delivery.name)
        for delivery in folders.listed(landing)
    ]
    return pd.concat(parts, ignore_index=True)


def digests(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


# ── the files ─────────────────────────────────────────────────────────────────────────────────────────────────────
def test_twelve_files_hold_every_flight_of_the_year(year: pd.DataFrame):
    assert list(year["batch"].unique()) == [f"2013-{month:02d}" for month in range(1, 13)]
    assert len(year) == 336_776


def test_a_batch_is_a_month_of_new_york(year: pd.DataFrame):
    local = year["scheduled_departure"].dt.tz_convert("America/New_York")

    assert (local.dt.year == 2013).all()
    assert (local.dt.month == year["batch"].str[5:].astype(int)).all()
    assert (local.dt.hour == year["hour"]).all()
    assert (local.dt.dayofweek == year["weekday"]).all()


@pytest.mark.long
def test_preparing_again_leaves_what_is_there_and_restores_the_same_bytes(landing: Path, capsys: pytest.CaptureFixture):
    before = digests(landing)
    (landing / "2013-02.parquet").unlink()
    (landing / "2013-03.parquet").write_bytes(b"mine")

    paths = nycflights.prepare_flights(landing)

    after = digests(landing)
    assert [path.name for path in paths] == list(before)
    assert after.pop("2013-03.parquet") == hashlib.sha256(b"mine").hexdigest()
    assert after == {name: digest for name, digest in before.items() if name != "2013-03.parquet"}
    assert capsys.readouterr() == ("", "")


def test_the_bytes_carry_no_notes_of_pandas(landing: Path):
    assert pq.read_schema(landing / "2013-01.parquet").metadata is None


# ── what was known when ───────────────────────────────────────────────────────────────────────────────────────────
def test_nothing_but_the_label_says_how_the_flight_went(year: pd.DataFrame):
    assert not {"dep_delay", "dep_time", "arr_delay", "arr_time", "air_time", "tailnum"} & set(year.columns)


def test_a_label_is_known_when_the_flight_has_arrived_and_missing_where_it_never_did(year: pd.DataFrame):
    took = year["label_at"] - year["scheduled_departure"]

    assert (year["label_at"].isna() == year["late"].isna()).all()
    assert year["late"].isna().sum() == 9430
    assert took.min() >= pd.Timedelta(minutes=15)
    assert took.max() < pd.Timedelta(days=2)


@pytest.mark.parametrize(
    ("carrier", "flight", "scheduled", "arrived"),
    [
        # Scheduled 05:15 in New York; at the gate in Houston at 08:30, where it is an hour earlier.
        ("UA", 1545, "2013-01-01 10:15", "2013-01-01 14:30"),
        # To Honolulu: 15:16 there, five hours behind.
        ("HA", 51, "2013-01-01 14:00", "2013-01-02 01:16"),
        # Over midnight to San Juan, which has no summer time: 23:59, left at 00:02, there at 03:44 on the same clock.
        ("B6", 1503, "2013-07-02 03:59", "2013-07-02 07:44"),
        # To Phoenix in summer: 09:04 there, three hours behind.
        ("US", 334, "2013-07-01 10:55", "2013-07-01 16:04"),
        # To Los Angeles, 800 minutes late: scheduled 21:00, there at 13:36 on the next day.
        ("DL", 2363, "2013-03-19 01:00", "2013-03-19 20:36"),
    ],
)
def test_arrivals_are_told_by_the_clock_of_the_destination(
    year: pd.DataFrame, carrier: str, flight: int, scheduled: str, arrived: str
):
    moment = pd.Timestamp(scheduled, tz="UTC")

    chosen = year[(year["carrier"] == carrier) & (year["flight"] == flight) & (year["scheduled_departure"] == moment)]

    assert chosen["label_at"].tolist() == [pd.Timestamp(arrived, tz="UTC")]


def test_every_month_was_learned_of_at_the_midnight_that_ended_it(year: pd.DataFrame):
    learned = year.groupby("batch")["learned_at"].unique()
    local = [[moment.tz_convert("America/New_York") for moment in moments] for moments in learned]

    assert [[f"{moment:%Y-%m-%d %H:%M}" for moment in moments] for moments in local] == [
        [f"{2013 + month // 12}-{month % 12 + 1:02d}-01 00:00"] for month in range(1, 13)
    ]
    assert (year["learned_at"] > year["scheduled_departure"]).all()


def test_the_weather_is_that_of_the_last_full_hour_before_departure(year: pd.DataFrame):
    folder = nycflights._package_data()
    weather = pd.read_csv(folder / "weather.csv", parse_dates=["time_hour"])
    observed = weather.set_index(["origin", "time_hour"])["temp"]
    sample = year.sample(500, random_state=1)

    hours = sample["scheduled_departure"].dt.floor("h") - pd.Timedelta(hours=1)
    expected = observed.reindex(pd.MultiIndex.from_arrays([sample["origin"], hours]))

    pd.testing.assert_series_equal(
        sample["temp"].reset_index(drop=True), expected.reset_index(drop=True), check_names=False
    )
    assert (hours + pd.Timedelta(hours=1) <= sample["scheduled_departure"]).all()


# ── with its contract ─────────────────────────────────────────────────────────────────────────────────────────────
def test_the_key_names_every_flight_once(year: pd.DataFrame):
    key = list(loader.load("flights").validation.key)

    assert not year.duplicated(key).any()


def test_the_contract_keeps_out_aircraft_older_than_possible_and_a_route_inside_the_city(year: pd.DataFrame):
    settings = loader.load("flights")
    counts: dict[str, int] = {}
    accepted = 0

    for _, batch in year.drop(columns="batch").groupby(year["batch"]):
        fresh, duplicates = intake.separate(batch, None)
        checked = contract.check(fresh, settings.validation, settings.training.label)
        assert duplicates.empty
        accepted += len(checked.accepted)
        for finding in checked.findings:
            counts[finding.column] = counts.get(finding.column, 0) + finding.rows

    assert counts == {"aircraft_age": 217, "distance": 1}
    assert accepted == 336_776 - 218
