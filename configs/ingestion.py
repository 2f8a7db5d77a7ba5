"""Room 1 of the settings: where batches come from, what is derived from their columns, and the times of their rows."""

import codecs
import re
from collections.abc import Iterable
from datetime import date, datetime
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from configs import addresses
from configs.section import LATER, Column, Length, Section

Folder = Annotated[str, Field(min_length=1, pattern=r"^[^\x00-\x1f]*$")]


def _zone(name: str) -> str:
    """A time zone that there is."""
    from zoneinfo import ZoneInfo

    try:
        ZoneInfo(name)
    except (LookupError, ValueError, OSError) as err:
        raise ValueError(f"no such time zone: {name!r}; write it as in 'America/New_York'") from err
    return name


Zone = Annotated[str, AfterValidator(_zone)]
"""A time zone by its name in the IANA database."""


def _address(text: str) -> str:
    """An address without a secret of its own."""
    if addresses.secrets(addresses.VARIABLE.sub("", text)):
        raise ValueError(
            f"address has a password in it, {addresses.shown(text)}; write ${{NAME}} in its place, and set the "
            "variable NAME in the environment"
        )
    if "://" not in text and addresses.VARIABLE.fullmatch(text) is None:
        raise ValueError("address must be one of a database, such as postgresql://host/name or sqlite:///shop.db")
    return text


Address = Annotated[str, Field(min_length=1, pattern=r"^[^\x00-\x1f]*$"), AfterValidator(_address)]
"""An address of a database."""

FORMAT_PARTS = ("%Y", "%y", "%m", "%B", "%d", "%H", "%I", "%p", "%M", "%S", "%f", "%s")
"""What a format may consist of, beside plain characters: year in four or two figures, month as number or by name, day,
hour of 24 or of 12 with AM or PM, minute, second, its decimals; or seconds since 1970."""


class Cut(Section):
    """How one file is cut into batches by the event time of its rows; a batch has the name of its first day."""

    days: Annotated[int, Field(ge=1, le=3660)] | None = None
    """Length of a window in days."""
    months: Annotated[int, Field(ge=1, le=120)] | None = None
    """Length of a window in whole months."""
    start: str = "1970-01-01"
    """A day on which a window begins, as 1996-05-07; all others follow from it. In UTC."""
    wait_days: Annotated[int, Field(ge=0, le=3650)] = 0
    """Days to wait after the end of a window, so that late rows and labels are in it."""

    copies: Literal["dropped", "kept"] = "dropped"
    """Whether rows that are equal in all columns are one row that came several times, or, where rows have no name, rows
    of their own: these are numbered in a column `copy`."""

    @model_validator(mode="after")
    def _one_length(self) -> Self:
        if (self.days is None) == (self.months is None):
            raise ValueError("give either days or months, the length of a window")
        try:
            day = date.fromisoformat(self.start)
        except ValueError as err:
            raise ValueError(f"start must be a day such as 1996-05-07 (got {self.start!r})") from err
        if self.months and day.day != 1:
            raise ValueError(f"start must be the first day of a month where windows are months (got {self.start!r})")
        return self


OBJECTS = ("s3://", "gs://", "az://")
"""How addresses of object storage begin."""


def _require_reachable(name: str, place: str) -> None:
    """Raises a ValueError if a folder or a file is an address that cannot be one."""
    if "://" not in place:
        return
    if not place.startswith(OBJECTS):
        raise ValueError(
            f"{name} is an address, {addresses.shown(place)}; name a {name} of this machine, or one of "
            f"{', '.join(OBJECTS)}"
        )
    if "@" in place or "?" in place:
        raise ValueError(
            f"{name} has more than a place in it, {addresses.shown(place)}; credentials are for the environment"
        )
    if not place.partition("://")[2].strip("/"):
        raise ValueError(f"{name} must name a bucket, as in s3://bucket/prefix (got {place!r})")


class Source(Section):
    """Where batches come from: a landing folder, or one file that is cut into batches by time."""

    kind: Literal["parquet", "csv", "json_lines", "arrow", "excel", "delta", "sql"] = "parquet"
    """Format of the files, `delta` for a Delta table, or `sql`: a table or a query of a database. CSV and JSON lines
    may be compressed (gzip, or zip with one file in it)."""
    folder: Folder | None = None
    """Landing folder, each file in it is one batch; by default landing/<pipeline> in the home, where relative paths
    start from. Or a prefix of object storage, such as s3://bucket/prefix (gs://, az://), with all objects behind it."""
    file: Folder | None = None
    """One file in place of a folder of files; a relative path starts from INCUMBENT_DATA. It may be an object,
    such as s3://bucket/sales.csv. Its rows are delivered into the landing folder, one window of `cut` after another. Of
    a Delta table it is the folder; without `cut` each of its versions that brings rows is delivered."""
    cut: Cut | None = None
    """The windows of `file`, or of the rows of a database."""
    address: Annotated[Address | None, LATER] = None
    """Address of a database as SQLAlchemy writes it, such as postgresql://reader:${SHOP_PASSWORD}@db/shop; `${NAME}`
    stands for a variable of the environment, which is the only place for a password."""
    table: Annotated[Column | None, LATER] = None
    """The table that is read, if need be with its schema: `sales` or `shop.sales`."""
    query: Annotated[Annotated[str, Field(min_length=1)] | None, LATER] = None
    """A query in place of a table: one SELECT, which gives every row at any time."""
    watermark: Annotated[Column | None, LATER] = None
    """Column of a database with a time or date that grows as rows are added; by it rows belong to windows."""
    overlap_days: Annotated[Annotated[int, Field(ge=0, le=3650)], LATER] = 7
    """How many days of windows that were delivered are read again, so that rows that came late are delivered as well;
    counted from the newest row that was delivered. When this is changed, all is read again and compared."""
    member: Annotated[str, Field(min_length=1)] | None = None
    """Name of the file inside a zip that holds several."""
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","
    """What stands between two cells of a CSV."""
    encoding: str = "utf-8"
    """How a CSV encodes its text."""
    decimal: Literal[".", ","] = "."
    """The decimal sign of a CSV. A sign between thousands is never taken for a part of a number."""
    missing: tuple[str, ...] = ("",)
    """Cells of a CSV that mean a missing value, exactly as they stand there; by default the empty one only."""
    sheet: Annotated[Annotated[str, Field(min_length=1)] | None, LATER] = None
    """Name of the sheet of an Excel workbook that has several."""
    open_end: bool = False
    """Whether the last line of a CSV may lack its line break. Without it a file that was cut off is told by that."""
    timezone: Annotated[Zone | None, LATER] = None
    """Time zone of times that are written without one, such as Europe/Berlin. Without it they are refused."""
    timezones: Annotated[dict[Column, Zone], LATER] = Field(default_factory=dict)
    """The same for single columns, where they have zones of their own: {settled_at: UTC}."""
    repeated_hour: Annotated[Literal["refused", "first", "second"], LATER] = "refused"
    """Which one is meant by a time that there is twice, because clocks were set back. Times that there never were,
    because clocks were set forward, are refused."""

    @property
    def is_elsewhere(self) -> bool:
        """Whether `folder` is a prefix of object storage."""
        return "://" in (self.folder or "")

    @property
    def ending(self) -> str:
        """How the name of a file ends that is cut out of `file` or of a database."""
        return {"json_lines": "jsonl", "excel": "jsonl", "delta": "parquet", "sql": "parquet"}.get(self.kind, self.kind)

    @property
    def origin(self) -> str | None:
        """What is cut into batches, as it may be shown; None for a folder of files."""
        if self.address is not None:
            return f"{f'table {self.table}' if self.table else 'the query'} of {addresses.shown(self.address)}"
        return addresses.shown(self.file) if self.file and "://" in self.file else self.file

    def zone(self, column: str) -> str | None:
        """The time zone of times in a column that are written without one."""
        return self.timezones.get(column, self.timezone)

    def zones(self, columns: Iterable[str]) -> dict[str, str]:
        """The same for columns, where there is one."""
        return {name: zone for name in columns if (zone := self.zone(name)) is not None}

    @model_validator(mode="after")
    def _fits(self) -> Self:
        for name in ("folder", "file"):
            _require_reachable(name, getattr(self, name) or "")
        if self.is_elsewhere and self.kind == "sql":
            raise ValueError("folder of kind: sql is where its windows are delivered; name a folder of this machine")
        self._fits_a_database()
        if self.kind == "delta" and self.file is None:
            raise ValueError("kind: delta needs file, the folder of the table")
        if (self.file is None) != (self.cut is None) and self.kind not in ("sql", "delta"):
            raise ValueError("file and cut belong together: give the file, and how it is cut into batches")
        csv_only = ("member", "delimiter", "encoding", "decimal", "missing", "open_end")
        usual = type(self).model_fields
        given = [name for name in csv_only if getattr(self, name) != usual[name].default]
        if self.kind != "csv" and given:
            raise ValueError(f"{given[0]} is for kind: csv only")
        if self.kind != "excel" and self.sheet is not None:
            raise ValueError("sheet is for kind: excel only")
        if self.delimiter in ('"', "\n", "\r", "\0") or self.delimiter == self.decimal:
            raise ValueError(f"delimiter cannot be {self.delimiter!r} (decimal is {self.decimal!r})")
        try:
            "a,1\n".encode(self.encoding).decode(self.encoding)
            codecs.lookup(self.encoding)
        except (LookupError, UnicodeError, ValueError) as err:
            raise ValueError(f"no such encoding of text: {self.encoding!r}; usual ones are utf-8, latin-1") from err
        return self

    def _fits_a_database(self) -> None:
        """Raises a ValueError if what belongs to a database is there without one, or the other way round."""
        given = [name for name in ("address", "table", "query", "watermark") if getattr(self, name) is not None]
        if self.kind != "sql":
            if given or self.overlap_days != type(self).model_fields["overlap_days"].default:
                raise ValueError(f"{(given or ['overlap_days'])[0]} is for kind: sql only")
            return
        if self.file is not None:
            raise ValueError("kind: sql reads a database; leave out file, and give address")
        absent = [name for name in ("address", "watermark", "cut") if getattr(self, name) is None]
        if absent:
            raise ValueError(f"kind: sql needs {' and '.join(absent)}")
        if (self.table is None) == (self.query is None):
            raise ValueError("give either table or query")
        if self.cut is not None and self.cut.copies == "kept":
            raise ValueError("cut.copies: kept is for file only; let the query number rows that are equal")


def _fault(parts: list[str]) -> str:
    """What is wrong with the parts of a format; nothing if they make one time."""
    years = [part for part in parts if part in ("%Y", "%y", "%s")]
    if not years:
        return "must have a year, %Y or %y, or %s"
    if len(years) > 1 or len(set(parts)) < len(parts) or {"%m", "%B"} <= {*parts} or {"%H", "%I"} <= {*parts}:
        return "must have no part twice"
    if ("%I" in parts) != ("%p" in parts):
        return "has an hour of twelve without AM or PM, or the other way round: %I and %p belong together"
    if "%f" in parts and not {"%S", "%s"} & {*parts}:
        return "has decimals of a second, %f, without the second"
    return "has seconds since 1970, %s, which leave nothing else to say but %f" if {"%s"} < {*parts} - {"%f"} else ""


class DerivedTime(Section):
    """A time that no column of the source holds as such; it becomes a column of type timestamp, in UTC.

    Either it is read from text by a format, or it follows from the number of the row.
    """

    text: Annotated[str, Field(min_length=1, pattern=r"^[^\x00-\x1f]*$")] | None = None
    """Text with columns in braces, such as '{year} {month} {day}'; if one of them is missing, so is the time."""
    format: str | None = None
    """What the text looks like, such as '%Y %B %d': %Y %m %d %H %M %S, and %B for the name of a month, whole or its
    first three letters, in English. %y is a year in two figures (69 is 1969, 68 is 2068), %I an hour of twelve with %p
    for AM or PM, %f decimals of a second, %s whole seconds since 1970 ('%s%f': milliseconds since then). Numbers that
    touch have their full width: by '%m%d' is 0115, never 115."""
    start: str | None = None
    """The time of the first row, such as 1996-05-07, for rows that are in order and equally far apart."""
    rows_per_day: Annotated[int, Field(ge=1, le=86400)] | None = None
    """How many rows a day has, from `start` on."""
    timezone: Annotated[Zone | None, LATER] = None
    """Time zone of the text or of `start`; by default that of the source, else UTC."""

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        by_text, by_row = (self.text, self.format), (self.start, self.rows_per_day)
        if not ((all(by_text) and not any(by_row)) or (all(by_row) and not any(by_text))):
            raise ValueError("give text and format, or start and rows_per_day")
        if self.text and not self.columns:
            raise ValueError(f"text names no column; write columns in braces, as in '{{day}}' (got {self.text!r})")
        unknown = [part for part in re.findall("%.?", self.format or "") if part not in FORMAT_PARTS]
        if unknown:
            raise ValueError(f"format has {unknown[0]!r}; it may have {' '.join(FORMAT_PARTS)} and plain characters")
        wrong = _fault(re.findall("%.", self.format or "%Y"))
        if wrong:
            raise ValueError(f"format {wrong} (got {self.format!r})")
        try:
            datetime.fromisoformat(self.start or "1970-01-01")
        except ValueError as err:
            raise ValueError(f"start must be a day or a time such as 1996-05-07 (got {self.start!r})") from err
        if self.rows_per_day and 86400 % self.rows_per_day:
            raise ValueError(f"rows_per_day must divide a day into whole seconds (got {self.rows_per_day})")
        return self

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it is made from."""
        return tuple(re.findall(r"\{([^{}]+)\}", self.text or ""))


class Times(Section):
    """The three times of each row. Without `arrival` a row is known when it happens, without `label` its label too."""

    event: Column
    """Column that says when it happened."""
    arrival: Column | None = None
    """Column that says when we learned of it."""
    label: Column | None = None
    """Column that says when its label was known."""


class LateLabels(Section):
    """Labels that come later than the rows, from a source of their own: a key, the label, and when it was known."""

    source: Source = Source()
    """Where they come from, as `ingestion.source`; by default the folder landing/<pipeline>.labels in the home."""
    key: tuple[Column, ...] = ()
    """Columns, of rows and labels alike, by which a label names its row; by default `validation.key`."""
    column: Column | None = None
    """What the label is called there; by default as in `training.label`."""
    time: Column | None = None
    """Column there that says when a label was known. Without it that is when its delivery was taken in."""
    horizon: Length | None = None
    """Age, such as `30 days`, from which on a batch is judged on the labels that there are; without it a batch waits
    until all of its rows have one."""
    corrected: Literal["keep", "rejudge"] = "keep"
    """What becomes of a label that differs from the one that was used: it is counted, and the first one stays; or it is
    learned from, and what was judged is judged again, which is recorded and changes nothing that was decided."""


class IngestionSettings(Section):
    """Room 1: what is taken in."""

    source: Source = Source()
    labels: Annotated[LateLabels | None, LATER] = None
    """The source of labels that come later than the rows; without it the label is a column of each delivery."""
    derive: dict[Column, DerivedTime] = Field(default_factory=dict)
    """Times that are made from other columns, before the contract is asked; a file that has such a column keeps it."""
    times: Times

    @model_validator(mode="after")
    def _rows_are_counted_in_one_file(self) -> Self:
        counted = [name for name, time in self.derive.items() if time.rows_per_day]
        if counted and (self.source.file is None or self.source.cut is None):
            raise ValueError(f"derive.{counted[0]} counts rows, so source.file must name the one file that they are in")
        return self
