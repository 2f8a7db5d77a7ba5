"""A table or query of a database as a source: each window of its watermark is delivered into the landing folder, once.

From there on they are deliveries like any others. A window is read when it is over by the clock, part by part, and is
published whole or not at all. Windows of some days before are read again: rows that were not there are a delivery of
their own. It is asked whenever somebody looks what waits: where nothing is new, that is four small queries.
"""

import hashlib
import json
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, date, datetime
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from configs.errors import BadInput, DeliveryWaits, LandingFolderMissing, UnreadableFile
from configs.ingestion import Cut, IngestionSettings
from tasks.adapters import files
from tasks.adapters.home import Home
from tasks.domain import wording
from tasks.ingestion import spans
from tasks.ingestion.sources import databases, windows_there
from tasks.ingestion.sources.landing_folder import LandingFolder
from tasks.ingestion.sources.sql_reading import Database, Span, Statements
from tasks.ingestion.sources.windows_there import Delivered

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class _Seen:
    """What the database had when it was last read."""

    mark: str
    """Hash of how it is read."""
    until: int
    """The first window that was not read."""
    last: int | None = None
    """The last window that had rows."""
    rows: dict[str, int] = field(default_factory=dict)
    """How many rows the windows had that are read again, by their numbers."""
    older: int | None = None
    """How many rows the windows had that are not read any more; None after a look that was cut off."""
    undated: int = 0
    """How many rows had no watermark."""
    kinds: dict[str, str] = field(default_factory=dict)
    """What each column held, in words."""
    gone: dict[str, int] = field(default_factory=dict)
    """Rows that were delivered and that it does not have any more, by window."""


@dataclass(frozen=True)
class SqlTable(LandingFolder):
    """Rows of a database that are delivered into a landing folder; its deliveries are those of the folder."""

    home: Home
    pipeline: str
    cut: Cut

    def fetch(self) -> list[str]:
        """Put every window that is over into the landing folder; gives the names of the new deliveries.

        Raises:
            LandingFolderMissing: There is no such database, table or column.
            UnreadableFile: It cannot be cut: its watermark runs backwards, or a column is of another type.
            DeliveryWaits: It cannot be reached just now, or went away.
            MistakeOfUser: Its driver, or a variable of the environment, is missing.
        """
        try:
            if self._nothing_new():
                return []
            with files.locked(self._memory.with_suffix(".lock")):
                return [] if self._nothing_new() else self._deliver()
        except (BadInput, DeliveryWaits, LandingFolderMissing) as problem:
            raise type(problem)(f"{self._origin}: {problem}") from problem

    def gone(self) -> dict[str, int]:
        """Rows that were delivered and that the database did not have any more when it was last read, by window."""
        seen = self._remembered()
        return seen.gone if seen else {}

    @property
    def _room(self) -> IngestionSettings:
        return self.home.settings(self.pipeline).ingestion

    @property
    def _origin(self) -> str:
        return self._room.source.origin or ""

    @property
    def _memory(self) -> Path:
        return self.home.folder / "cut" / f"{self.pipeline}.json"

    @property
    def _limit(self) -> int:
        """The first window that is not over, by the clock of the database's days."""
        zone = self._room.source.zone(self._room.source.watermark or "")
        return spans.first_open(_clock(self.home.clock(), zone), self.cut)

    def _mark(self) -> str:
        return hashlib.sha256(self._room.model_dump_json().encode()).hexdigest()

    def _remembered(self) -> _Seen | None:
        try:
            seen = _Seen(**json.loads(self._memory.read_text()))
        except (OSError, ValueError, TypeError):
            return None
        return seen if seen.mark == self._mark() else None

    # ── what is new ───────────────────────────────────────────────────────────────────────────────────────────────
    def _nothing_new(self) -> bool:
        """Whether the database has as many rows as when it was last read, and none in windows that are over by now."""
        seen = self._remembered()
        if seen is None:
            return False
        with databases.opened(self._room.source) as (database, ask):
            self._require_forwards(seen, database.value(ask.newest()))
            since = self._begin(self._again(seen))
            until, limit = (spans.begin(one, self.cut) for one in (seen.until, self._limit))
            counts = [(ask.within(Span(since, until)), sum(seen.rows.values())), (ask.without(), seen.undated)]
            if until < limit:
                counts.append((ask.within(Span(until, limit)), 0))
            return all(database.value(statement) == count for statement, count in counts)

    def _again(self, seen: _Seen) -> int | None:
        """The first window that is read again; None: all are.

        Rows may come long after the clock has passed their window: it is the last one with rows from which is counted.
        """
        if seen.last is None:
            return None
        return spans.again(min(seen.until, seen.last + 1), self._room.source.overlap_days, self.cut)

    def _begin(self, window: int | None) -> date | None:
        return None if window is None else spans.begin(window, self.cut)

    def _require_forwards(self, seen: _Seen, newest: object) -> None:
        """Rows that were delivered may be another table's if the newest one is older than they are."""
        if seen.last is None:
            return
        found = _day(newest, self._room.source.watermark or "")
        if found is None or spans.number(found, self.cut) < seen.last:
            there = "there are no rows" if found is None else f"the newest row is of {found}"
            raise UnreadableFile(
                f"Its watermark {self._room.source.watermark!r} runs backwards: {spans.name(seen.last, self.cut)} was "
                f"delivered, but {there} now. Put the rows back; or, if it is meant to be so, remove {self._memory}: "
                "all is read again then, and compared with what was delivered."
            )

    # ── windows ───────────────────────────────────────────────────────────────────────────────────────────────────
    def _deliver(self) -> list[str]:
        self.folder.mkdir(parents=True, exist_ok=True)
        before = self._remembered()
        seen = replace(before, rows={}) if before else _Seen(self._mark(), 0)
        limit = max(self._limit, seen.until) if before else self._limit
        first = self._again(before) if before else None
        span = Span(self._begin(first), spans.begin(limit, self.cut))
        new, there = list[str](), windows_there.deliveries(self.folder, self._room.source, self.cut)
        with databases.opened(self._room.source) as (database, ask):
            _day(database.value(ask.newest()), self._room.source.watermark or "")
            with closing(self._parts(database, ask, seen.kinds, span)) as rows:
                for number, parts in groupby(rows, key=lambda part: part[0]):
                    name = spans.name(number, self.cut)
                    seen, made = self._window(seen, name, there.get(name, {}), (part for _, part in parts), number)
                    new += made
                    until = max(number + 1, before.until if before else number + 1)
                    self._keep(replace(seen, until=until, older=None))
            seen, made = self._undated(seen, there.get(windows_there.UNDATED, {}), database, ask)
            seen = replace(self._without_rows(seen, there, first, limit), until=limit)
            again = self._again(seen)
            left = {number: rows for number, rows in seen.rows.items() if again is None or int(number) >= again}
            begin = self._begin(again)
            older = 0 if begin is None else int(str(database.value(ask.within(Span(None, begin)))))
        self._keep(replace(seen, rows=left, older=older))
        if before is not None and before.older is not None and begin is not None:
            known = before.older + sum(seen.rows.values()) - sum(left.values())
            self._require_in_time(older - known, begin)
        return new + made

    def _require_in_time(self, late: int, begin: date) -> None:
        """Say once that rows came which are not read any more; the others were delivered."""
        if late > 0:
            raise UnreadableFile(
                f"Rows came later than the {self._room.source.overlap_days} days of overlap_days: "
                f"{wording.count(late)} before {begin}, which were not delivered. This is said once. To take them in, "
                "give overlap_days more days: all is read again then, and compared with what was delivered."
            )

    def _undated(
        self, seen: _Seen, earlier: dict[int, Path], database: Database, ask: Statements
    ) -> tuple[_Seen, list[str]]:
        """Deliver the rows that have no watermark, or what of them is new."""
        if not (earlier or database.value(ask.without())):
            return seen, []
        with closing(database.rows(ask.undated())) as rows:
            undated = (self._checked(part, seen.kinds) for part in rows)
            return self._window(seen, windows_there.UNDATED, earlier, undated, None)

    def _without_rows(self, seen: _Seen, there: Delivered, first: int | None, limit: int) -> _Seen:
        """Windows that were delivered, and have no row any more."""
        for name in there:
            number = _number(name, self.cut)
            if (
                number is not None
                and str(number) not in seen.rows
                and (first is None or number >= first)
                and number < limit
            ):
                empty, _ = self._window(seen, name, there[name], iter(()), number)
                seen = replace(empty, last=seen.last)
        return seen

    def _keep(self, seen: _Seen) -> None:
        files.publish(self._memory, json.dumps(asdict(seen)).encode())

    def _window(
        self, seen: _Seen, name: str, earlier: dict[int, Path], parts: "Iterator[pa.RecordBatch]", number: int | None
    ) -> tuple[_Seen, list[str]]:
        """Deliver a window, or what of it is new; gives what is known of it then, and the name of the delivery."""
        from tasks.ingestion.sources import sql_windows

        window = sql_windows.Window(self.folder, name, earlier)
        made = window.deliver(parts)
        gone = {one: rows for one, rows in {**seen.gone, name: window.gone}.items() if rows}
        seen = replace(seen, gone=gone, kinds={**seen.kinds, **window.kinds})
        if number is None:
            return replace(seen, undated=window.rows), made
        last = number if seen.last is None else max(seen.last, number)
        return replace(seen, rows={**seen.rows, str(number): window.rows}, last=last), made

    def _parts(
        self, database: Database, ask: Statements, kinds: dict[str, str], span: Span
    ) -> "Generator[tuple[int, pa.RecordBatch]]":
        """The rows of a span with their windows, part by part."""
        from tasks.ingestion.sources import sql_windows

        with closing(database.rows(ask.rows(span))) as batches:
            for batch in batches:
                whole = self._checked(batch, kinds)
                for number, begin, end in sql_windows.runs(batch, self._room.source.watermark or "", self.cut):
                    yield number, whole.slice(begin, end - begin)

    def _checked(self, batch: "pa.RecordBatch", before: dict[str, str]) -> "pa.RecordBatch":
        """Rows as they are held here, whose columns are of the kinds that were delivered before."""
        from tasks.ingestion.sources import sql_columns

        contract = self.home.settings(self.pipeline).validation.columns
        types = {name: rule.type for name, rule in contract.items()}
        derived = {column for time in self._room.derive.values() for column in time.columns}
        held = sql_columns.plain(batch, types, self._room.source)
        for name in sorted({*types, *derived} & before.keys()):
            if name not in held.schema.names:
                raise UnreadableFile(f"It no longer has the column {name!r}, with which rows were delivered.")
            found = sql_columns.kind(held.schema.field(name).type)
            if found is not None and found != before[name]:
                raise UnreadableFile(
                    f"Column {name!r} has changed its type: it holds {found}, and was delivered as {before[name]}. "
                    "Nothing of these rows was delivered. Let it be what it was, by a cast in the query if need be."
                )
        return held


def _clock(now: datetime, zone: str | None) -> datetime:
    """The time as it is shown where the watermark is written: in UTC or in that zone, whichever is earlier."""
    from zoneinfo import ZoneInfo

    return min(now.astimezone(one).replace(tzinfo=None) for one in (UTC, ZoneInfo(zone) if zone else UTC))


def _number(name: str, cut: Cut) -> int | None:
    """The window of this name; None if it is none of these."""
    if name == windows_there.UNDATED:
        return None
    number = spans.number(date.fromisoformat(f"{name}-01" if cut.months else name), cut)
    return number if spans.name(number, cut) == name else None


def _day(found: object, watermark: str) -> date | None:
    """The day of a watermark; None if there is none."""
    if found is None:
        return None
    if isinstance(found, datetime):
        return found.date()
    if isinstance(found, date):
        return found
    try:
        return date.fromisoformat(str(found)[:10])
    except ValueError as err:
        raise UnreadableFile(
            f"Its watermark {watermark!r} must be a time or a date, but it holds {str(found)[:40]!r}. Name a column "
            "with one, or make one in the query."
        ) from err
