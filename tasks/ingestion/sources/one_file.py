"""One file as a source: its rows are delivered into the landing folder, one window of time after the other.

From there on they are deliveries like any others. What was delivered is never changed: where a window that was
delivered has new rows, these are a delivery of their own. It is asked whenever somebody looks what waits, so a file
that has not changed must cost nothing: pandas and pyarrow are imported late.
"""

import hashlib
import json
import os
import re
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from configs import environment
from configs.errors import BadInput, DeliveryWaits, LandingFolderMissing, UnreadableFile
from configs.ingestion import Cut, IngestionSettings, Source
from tasks.adapters import files
from tasks.adapters.home import Home
from tasks.ingestion.sources import entries

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


def deliver(home: Home, pipeline: str) -> list[str]:
    """Put every window that is over into the landing folder; gives the names of the new deliveries.

    Nothing is done where the source is a folder, or if the file is as it was and no other window is over by now.

    Raises:
        LandingFolderMissing: The file does not exist.
        UnreadableFile: It cannot be cut: it is damaged or of another form, or its rows have no event time.
        DeliveryWaits: It, or what was cut from it before, cannot be read just now.
    """
    room = home.settings(pipeline).ingestion
    if room.source.file is None or room.source.cut is None:
        return []
    path, memory = _path(room.source.file), home.folder / "cut" / f"{pipeline}.json"
    try:
        if _nothing_new(memory, _mark(path, path.stat(), room), home):
            return []
        with files.locked(memory.with_suffix(".lock")):
            if _nothing_new(memory, _mark(path, path.stat(), room), home):
                return []  # another process was quicker
            seen, new = _cut(path, home, pipeline, room.source.cut)
            files.publish(memory, json.dumps(asdict(seen)).encode())
    except BadInput as problem:
        raise UnreadableFile(f"{room.source.file} cannot be cut into batches. {problem}", problem.rows) from problem
    except OSError as err:
        why = f"{err.filename or path}: {entries.why(err)}"
        raise DeliveryWaits(f"{room.source.file} cannot be read just now: {why}. The next run tries again.") from err
    return new


def gone(home: Home, pipeline: str) -> dict[str, int]:
    """Rows that were delivered and that the file did not have any more when it was last cut, by delivery."""
    source = home.settings(pipeline).ingestion.source
    seen = _remembered(home.folder / "cut" / f"{pipeline}.json") if source.file is not None else None
    return seen.gone if seen else {}


def _path(file: str) -> Path:
    """Where the file is; a relative path starts from the folder of data."""
    data = environment.data_folder()
    try:
        path = data / Path(file).expanduser()
        if path.is_file():
            return path
        wrong = "is not a file" if path.exists() else "does not exist"
    except (OSError, RuntimeError) as err:
        path, wrong = Path(file), f"cannot be reached ({err})"
    raise LandingFolderMissing(
        f"The file {path} {wrong}. Put it there, or name another one as ingestion.source.file; a relative path starts "
        f"from INCUMBENT_DATA (now {data})."
    )


def _mark(path: Path, known: os.stat_result, room: IngestionSettings) -> str:
    """What tells that neither the file nor how it is cut has changed, without reading it."""
    about = [str(path), known.st_size, known.st_mtime_ns, known.st_ino, room.model_dump_json()]
    return hashlib.sha256(json.dumps(about).encode()).hexdigest()


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


def _cut(path: Path, home: Home, pipeline: str, cut: Cut) -> tuple[_Seen, list[str]]:
    """Deliver what is over; gives what the file was, and the names of the new deliveries."""
    from tasks.ingestion import cuts

    now, settings = home.clock(), home.settings(pipeline)
    room, columns = settings.ingestion, settings.validation.columns
    content, looked = entries.read_named(path)
    table = _read(content, room)
    events = _times(table, room.times.event, room)
    known = _times(table, room.times.label, room) if room.times.label else None
    folder = home.landing(pipeline)
    folder.mkdir(parents=True, exist_ok=True)
    windows = {part.name: table.take(part.rows) for part in cuts.parts(events, known, cut, now)}
    before = _deliveries(folder, room.source, cut)
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
    return _Seen(_mark(path, looked, room), until.isoformat() if until else None, gone), new


def _deliveries(folder: Path, source: Source, cut: Cut) -> dict[str, dict[int, Path]]:
    """What was delivered of each window, by its number: 1 is the window as it was first, the rest came later."""
    form = r"\d{4,}-\d\d" if cut.months else r"\d{4,}-\d\d-\d\d"
    found: dict[str, dict[int, Path]] = {}
    for path in sorted(folder.glob(f"*.{source.kind}")):
        name = re.fullmatch(rf"({form}|undated)(?:-(\d+))?", path.stem)
        if name is not None:
            found.setdefault(name[1], {})[int(name[2] or 1)] = path
    return found


def _is_same(earlier: dict[int, Path], rows: "pa.Table", source: Source) -> bool:
    return len(earlier) == 1 and entries.read(next(iter(earlier.values())))[0] == _written(rows, source)


def _deliver(folder: Path, name: str, rows: "pa.Table", earlier: "dict[int, pa.Table]", source: Source) -> list[str]:
    """Deliver a window, or what of it is new; gives the name of the delivery, if there is one."""
    if earlier:
        rows = _not_in(rows, list(earlier.values()))
    if not rows.num_rows:
        return []
    chosen = f"{name}-{max(earlier) + 1}" if earlier else name
    files.publish(folder / f"{chosen}.{source.kind}", _written(rows, source))
    return [chosen]


def _delivered(path: Path, source: Source) -> "pa.Table":
    """The rows of an earlier delivery; if it was damaged since, that is told, and not blamed on its source."""
    found, odd = entries.read(path)
    try:
        if odd:
            raise UnreadableFile(f"It is {odd}, not a file.")
        return _table(found, source)
    except BadInput as problem:
        raise UnreadableFile(
            f"{path} was cut from it before, and cannot be read any more: {problem} "
            "Remove it; it is made anew, and what was taken in of it counts as a duplicate."
        ) from problem


# ── rows ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def _read(content: bytes, room: IngestionSettings) -> "pa.Table":
    """All rows of the file, with the times that are counted and the numbers of copies."""
    import pandas as pd

    table = _table(content, room.source)
    counted = {name: time for name, time in room.derive.items() if time.rows_per_day and name not in table.column_names}
    if counted:
        from tasks.ingestion import moments

        made = moments.derive(pd.DataFrame(index=pd.RangeIndex(table.num_rows)), counted, room.source)
        for name in counted:
            table = table.append_column(name, _held(made[name], room.source))
    if room.source.cut is not None and room.source.cut.copies == "kept" and _COPY not in table.column_names:
        table = table.append_column(_COPY, _copies(table, room.source))
    return table


def _table(found: bytes, source: Source) -> "pa.Table":
    from tasks.ingestion.formats import delimited, parquet

    return delimited.table(found, source) if source.kind == "csv" else parquet.read(found)


def _times(table: "pa.Table", event: str, room: IngestionSettings) -> "NDArray[np.datetime64]":
    from tasks.ingestion import cells, columns, moments
    from tasks.ingestion.sources import landing_folder

    needed = room.derive[event].columns if event in room.derive and event not in table.column_names else (event,)
    part = table.select([name for name in dict.fromkeys(needed) if name in table.column_names])
    if room.source.kind == "csv":
        frame = cells.read(part.to_pandas(), {event: "timestamp"}, landing_folder.notation(room.source, [event]))
    else:
        frame = landing_folder.placed(part, {event: "timestamp"}, room.source)
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
    import pyarrow as pa

    from tasks.ingestion import cuts

    numbers = cuts.copies(_frame(table))
    return pa.array(numbers.astype(str).astype(object) if source.kind == "csv" else numbers)


def _held(times: "pd.Series[Any]", source: Source) -> "pa.Array":
    import numpy as np
    import pyarrow as pa

    if source.kind == "parquet":
        return pa.array(times, pa.timestamp("us", tz="UTC"))
    texts = np.datetime_as_string(times.dt.tz_localize(None).to_numpy(), unit="s", timezone="UTC")
    return pa.array(texts.astype(object), pa.string())


def _written(rows: "pa.Table", source: Source) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    from tasks.ingestion.formats import delimited

    if source.kind == "csv":
        return delimited.write(rows, source)
    sink = pa.BufferOutputStream()
    pq.write_table(rows.combine_chunks(), sink, compression="zstd", write_page_checksum=True)
    return bytes(sink.getvalue().to_pybytes())


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
