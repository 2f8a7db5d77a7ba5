"""One file as a source: its rows are delivered into the landing folder, one window of time after the other.

From there on they are deliveries like any others. What was delivered is never changed: where a window that was
delivered has new rows, these are a delivery of their own. It is asked whenever somebody looks what waits, so a file
that has not changed must cost nothing: pandas and pyarrow are imported late.
"""

import hashlib
import json
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from configs.errors import BadInput, DeliveryWaits, UnreadableFile
from configs.ingestion import Cut, IngestionSettings, Source
from tasks.adapters import files
from tasks.adapters.home import Home
from tasks.ingestion.formats import decoding
from tasks.ingestion.formats.base import Format
from tasks.ingestion.sources import entries, named_file, windows_there
from tasks.ingestion.sources.landing_folder import LandingFolder
from tasks.ingestion.sources.named_file import NamedFile

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    import pyarrow as pa
    from numpy.typing import NDArray


_COPY = "copy"


@dataclass(frozen=True)
class _Seen:
    """What the file was when it was last cut."""

    mark: str
    until: str | None
    """When the clock makes another window over."""
    gone: dict[str, int] = field(default_factory=dict)
    """Rows that were delivered and that it does not have any more, by delivery."""


@dataclass(frozen=True)
class OneFile(LandingFolder):
    """A file whose rows are delivered into a landing folder; its deliveries are those of the folder."""

    home: Home
    pipeline: str
    file: str
    cut: Cut

    def fetch(self) -> list[str]:
        """Put every window that is over into the landing folder; gives the names of the new deliveries.

        Nothing is done if the file is as it was and no other window is over by now.

        Raises:
            LandingFolderMissing: The file does not exist.
            UnreadableFile: It cannot be cut: it is damaged or of another form, or its rows have no event time.
            DeliveryWaits: It, or what was cut from it before, cannot be read just now.
        """
        room = self.home.settings(self.pipeline).ingestion
        file = named_file.of(self.file, room.source)
        try:
            if self._is_as_it_was(file, room):
                return []
            with files.locked(self._memory.with_suffix(".lock")):
                if self._is_as_it_was(file, room):
                    return []  # another process was quicker
                cut, new = _cut(file, self.home, self.pipeline, self.cut)
                files.publish(self._memory, json.dumps(asdict(cut)).encode())
        except BadInput as problem:
            raise UnreadableFile(
                f"{room.source.origin} cannot be cut into batches. {problem}", problem.rows
            ) from problem
        except OSError as err:
            why = f"{err.filename or room.source.origin}: {entries.why(err)}"
            raise DeliveryWaits(
                f"{room.source.origin} cannot be read just now: {why}. The next run tries again."
            ) from err
        return new

    def gone(self) -> dict[str, int]:
        """Rows that were delivered and that the file did not have any more when it was last cut, by delivery."""
        last = _remembered(self._memory)
        return last.gone if last else {}

    @property
    def _memory(self) -> Path:
        return self.home.folder / "cut" / f"{self.pipeline}.json"

    def _is_as_it_was(self, file: NamedFile, room: IngestionSettings) -> bool:
        return _nothing_new(self._memory, _mark(file.marks(), room), self.home)


def _mark(about: list[object], room: IngestionSettings) -> str:
    """What tells that neither the file nor how it is cut has changed, without reading it."""
    return hashlib.sha256(json.dumps([*about, room.model_dump_json()]).encode()).hexdigest()


def _nothing_new(memory: Path, mark: str, home: Home) -> bool:
    seen = _remembered(memory)
    try:
        return seen is not None and seen.mark == mark and (not seen.until or home.clock() < _moment(seen.until))
    except (ValueError, TypeError):
        return False


def _remembered(memory: Path) -> _Seen | None:
    """What is known of the file; None if it has to be read again."""
    try:
        return _Seen(**json.loads(memory.read_text()))
    except (OSError, ValueError, TypeError):
        return None


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _cut(file: NamedFile, home: Home, pipeline: str, cut: Cut) -> tuple[_Seen, list[str]]:
    """Deliver what is over; gives what the file was, and the names of the new deliveries."""
    from tasks.ingestion import cuts

    now, settings = home.clock(), home.settings(pipeline)
    room, columns = settings.ingestion, settings.validation.columns
    table, looked = file.table(room.source)
    table = _numbered(table, room)
    events = _times(table, room.times.event, room)
    waits = room.times.label and room.times.label not in settings.late_labels
    known = _times(table, room.times.label, room) if waits and room.times.label else None
    folder = home.landing(pipeline)
    folder.mkdir(parents=True, exist_ok=True)
    windows = {part.name: table.take(part.rows) for part in cuts.parts(events, known, cut, now)}
    before = windows_there.deliveries(folder, room.source, cut)
    same = {name for name, rows in windows.items() if _is_same(before.get(name, {}), rows, room.source)}
    changed = {
        name: {number: _delivered(path, room.source) for number, path in paths.items()}
        for name, paths in before.items()
        if name not in same
    }
    _require_columns(table, changed, {*columns, *(column for time in room.derive.values() for column in time.columns)})
    gone, new = _gone(table, changed), list[str]()
    if gone and any(time.rows_per_day for time in room.derive.values()):
        raise UnreadableFile(
            f"It no longer has rows that were delivered ({', '.join(gone)}), and the times of its rows are counted "
            "from the first one: all behind would be other rows. Put them back; rows may be added at the end only."
        )
    for name in (name for name in windows if name not in same):
        new += _deliver(folder, name, windows[name], changed.get(name, {}), room.source)
    until = cuts.next_over(events, known, cut, now)
    return _Seen(_mark(looked, room), until.isoformat() if until else None, gone), new


def _is_same(earlier: dict[int, Path], rows: "pa.Table", source: Source) -> bool:
    return len(earlier) == 1 and entries.read(next(iter(earlier.values())))[0] == _format(source).write(rows, source)


def _deliver(folder: Path, name: str, rows: "pa.Table", earlier: "dict[int, pa.Table]", source: Source) -> list[str]:
    """Deliver a window, or what of it is new; gives the name of the delivery, if there is one."""
    if earlier:
        rows = _not_in(rows, list(earlier.values()))
    if not rows.num_rows:
        return []
    chosen = f"{name}-{max(earlier) + 1}" if earlier else name
    files.publish(folder / f"{chosen}.{source.ending}", _format(source).write(rows, source))
    return [chosen]


def _delivered(path: Path, source: Source) -> "pa.Table":
    """The rows of an earlier delivery; if it was damaged since, that is told, and not blamed on its source."""
    found, odd = entries.read(path)
    try:
        if odd:
            raise UnreadableFile(f"It is {odd}, not a file.")
        return _format(source).table(found, source)
    except BadInput as problem:
        raise UnreadableFile(
            f"{path} was cut from it before, and cannot be read any more: {problem} "
            "Remove it; it is made anew, and what was taken in of it counts as a duplicate."
        ) from problem


# ── rows ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def _numbered(table: "pa.Table", room: IngestionSettings) -> "pa.Table":
    """All rows of the file, with the times that are counted and the numbers of copies."""
    import pandas as pd

    counted = {name: time for name, time in room.derive.items() if time.rows_per_day and name not in table.column_names}
    if counted:
        from tasks.ingestion import moments

        made = moments.derive(pd.DataFrame(index=pd.RangeIndex(table.num_rows)), counted, room.source)
        for name in counted:
            table = table.append_column(name, _format(room.source).column(made[name]))
    if room.source.cut is not None and room.source.cut.copies == "kept" and _COPY not in table.column_names:
        table = table.append_column(_COPY, _copies(table, room.source))
    return table


def _format(source: Source) -> Format:
    return decoding.FORMATS[source.kind]


def _times(table: "pa.Table", event: str, room: IngestionSettings) -> "NDArray[np.datetime64]":
    from tasks.ingestion import columns, moments

    needed = room.derive[event].columns if event in room.derive and event not in table.column_names else (event,)
    part = table.select([name for name in dict.fromkeys(needed) if name in table.column_names])
    frame = _format(room.source).values(part, {event: "timestamp"}, room.source)
    frame = moments.derive(frame, {event: room.derive[event]} if event in room.derive else {}, room.source)
    columns.require_time(frame, event)
    found: NDArray[np.datetime64] = frame[event].dt.tz_localize(None).to_numpy(dtype="datetime64[us]")
    return found


def _frame(table: "pa.Table") -> "pd.DataFrame":
    """Rows to be compared, as they are."""
    from tasks.ingestion.formats import arrow_values

    return arrow_values.values(table, {})


def _copies(table: "pa.Table", source: Source) -> "pa.Array":
    """Which of several equal rows each one is, from 1 on."""
    import pandas as pd

    from tasks.ingestion import cuts

    return _format(source).column(pd.Series(cuts.copies(_frame(table))))


def _require_columns(table: "pa.Table", earlier: "dict[str, dict[int, pa.Table]]", needed: set[str]) -> None:
    """A column that has gone would make every row another one than was delivered."""
    for window, parts in earlier.items():
        for part in parts.values():
            gone = [name for name in part.column_names if name in needed and name not in table.column_names]
            if gone:
                raise UnreadableFile(
                    f"It no longer has {', '.join(map(repr, gone))}, with which rows of {window} were delivered. "
                    "Put the column back, or take it out of validation.columns."
                )


def _not_in(rows: "pa.Table", earlier: "list[pa.Table]") -> "pa.Table":
    """The rows that were not delivered before; of equal rows as many as there are more now.

    A column that only one side has makes no row another one.
    """
    import numpy as np

    from tasks.ingestion import cuts

    shared = [name for name in rows.column_names if all(name in table.column_names for table in earlier)]
    fresh = cuts.fresh(_frame(rows.select(shared)), [_frame(table.select(shared)) for table in earlier])
    return rows.take(np.flatnonzero(fresh))


def _gone(table: "pa.Table", changed: "dict[str, dict[int, pa.Table]]") -> dict[str, int]:
    """How many rows of each delivery the file does not have any more."""
    import numpy as np
    import pandas as pd

    from tasks.ingestion import cuts

    alike: dict[tuple[str, ...], dict[str, pa.Table]] = {}
    for window, parts in changed.items():
        for number, part in parts.items():
            shared = tuple(name for name in part.column_names if name in table.column_names)
            alike.setdefault(shared, {})[window if number == 1 else f"{window}-{number}"] = part
    found: dict[str, int] = {}
    for shared, named in alike.items():
        frames = [_frame(part.select(shared)) for part in named.values()]
        lost = cuts.fresh(pd.concat(frames, ignore_index=True), [_frame(table.select(shared))])
        borders = np.cumsum([len(frame) for frame in frames])[:-1]
        found |= {name: int(rows.sum()) for name, rows in zip(named, np.split(lost, borders), strict=True)}
    return {name: found[name] for name in sorted(found) if found[name]}
