"""A Delta table: its rows as one file has them, or each of its versions that brings rows as a delivery of its own.

A version is delivered as parquet into the landing folder and is never changed; from there on it is a delivery like any
other. What a version takes away is counted as rows that the source has no more. Nothing is ever written to the table.
"""

import json
import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from configs import addresses, environment
from configs.errors import DeliveryWaits, LandingFolderMissing, MistakeOfUser, UnreadableFile
from configs.ingestion import Source
from tasks.adapters import files
from tasks.adapters.home import Home
from tasks.ingestion.formats import parquet, readers
from tasks.ingestion.sources.landing_folder import LandingFolder

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from deltalake import DeltaTable
    from numpy.typing import NDArray

_ELSEWHERE = {"allow_http": "true", "max_retries": "2", "retry_timeout": "20s"}
_COLORS = re.compile("\x1b\\[[0-9;]*m")
_SAME_ROWS = ("OPTIMIZE",)
"""Operations after which a table has the rows that it had, in other files."""


@dataclass(frozen=True)
class WholeTable:
    """A table as one file: its newest version."""

    file: str

    def marks(self) -> list[object]:
        """The table and its newest version."""
        table = _opened(self.file)
        return [self.file, str(table.metadata().id), table.version()]

    def table(self, source: Source) -> "tuple[pa.Table, list[object]]":
        """All rows of the newest version, and which one that was; raises as `DeltaVersions.fetch` does."""
        table = _opened(self.file)
        with _explained(self.file):
            rows = _rows(table, _files(table))
        return rows, [self.file, str(table.metadata().id), table.version()]


@dataclass(frozen=True)
class _Seen:
    """What was delivered of a table."""

    table: str
    """Its id, which another table in its place does not have."""
    version: int = -1
    gone: dict[str, int] = field(default_factory=dict)
    """Rows that a version took away, by its name."""


@dataclass(frozen=True)
class DeltaVersions(LandingFolder):
    """Versions of a table that are delivered into a landing folder; its deliveries are those of the folder."""

    home: Home
    pipeline: str
    file: str

    def fetch(self) -> list[str]:
        """Put what each new version has brought into the landing folder; gives the names of the new deliveries.

        Raises:
            LandingFolderMissing: There is no such table.
            UnreadableFile: It cannot be read: it is damaged, or another table or an older version stands in its place.
            DeliveryWaits: It cannot be read just now.
            MistakeOfUser: deltalake is not installed.
        """
        table = _opened(self.file)
        if self._is_delivered(table):
            return []
        with files.locked(self._memory.with_suffix(".lock")), _explained(self.file):
            return [] if self._is_delivered(table) else self._deliver(table)

    def gone(self) -> dict[str, int]:
        """Rows that were delivered and that a later version took away or changed, by the name of that version."""
        seen = self._remembered()
        return seen.gone if seen else {}

    @property
    def _memory(self) -> Path:
        return self.home.folder / "cut" / f"{self.pipeline}.json"

    def _remembered(self) -> _Seen | None:
        try:
            return _Seen(**json.loads(self._memory.read_text()))
        except (OSError, ValueError, TypeError):
            return None

    def _is_delivered(self, table: "DeltaTable") -> bool:
        seen, version = self._remembered(), table.version()
        if seen is None:
            return False
        there = f"Versions up to {seen.version} of it were delivered"
        if seen.table != str(table.metadata().id):
            wrong = f"{there}, and another table stands in its place now"
        elif seen.version > version:
            wrong = f"{there}, and its newest version is {version} now"
        else:
            return seen.version == version
        raise UnreadableFile(
            f"{addresses.shown(self.file)}: {wrong}. Put the table back; or, if it is meant to be so, remove "
            f"{self._memory}: all is delivered anew then, and rows that were taken in count as duplicates."
        )

    def _deliver(self, table: "DeltaTable") -> list[str]:
        self.folder.mkdir(parents=True, exist_ok=True)
        seen, new = self._remembered() or _Seen(str(table.metadata().id)), list[str]()
        operations = {int(one["version"]): str(one.get("operation")) for one in table.history()}
        wanted = [*range(seen.version + 1, table.version() + 1)]
        try:
            if any(number not in operations for number in wanted):
                raise FileNotFoundError  # its log was cleaned up
            for number in wanted:
                rows, gone = (None, 0) if operations[number] in _SAME_ROWS else _brought(self.file, number)
                seen = self._kept(replace(seen, version=number), rows, gone)
                new += [_name(number)] if rows is not None and rows.num_rows else []
        except FileNotFoundError:
            # Files of versions in between were cleaned away: what the table has now is one delivery.
            rows = _rows(table, _files(table))
            self._kept(replace(seen, version=table.version()), rows, 0)
            new.append(_name(table.version()))
        return new

    def _kept(self, seen: _Seen, rows: "pa.Table | None", gone: int) -> _Seen:
        """Publish the rows of a version, and remember that they are there."""
        name, source = _name(seen.version), self.home.settings(self.pipeline).ingestion.source
        path = self.folder / f"{name}.{source.ending}"
        if rows is not None and rows.num_rows and not path.exists():
            files.publish(path, parquet.write(rows, source))
        now = replace(seen, gone={**seen.gone, name: gone} if gone else seen.gone)
        files.publish(self._memory, json.dumps(asdict(now)).encode())
        return now


def is_table(path: Path) -> bool:
    """Whether a folder is a Delta table."""
    return (path / "_delta_log").is_dir()


def _name(version: int) -> str:
    return f"version-{version}"


def _brought(file: str, version: int) -> "tuple[pa.Table, int]":
    """The rows that a version has and the one before had not, and how many it is the other way round.

    Raises:
        FileNotFoundError: Files of it were cleaned away.
    """
    import numpy as np

    now = _opened(file, version)
    before = _opened(file, version - 1) if version else None
    there, earlier = _files(now), {} if before is None else _files(before)
    rows = _rows(now, there.keys() - earlier.keys())
    left = earlier.keys() - there.keys()
    if before is None or not left:
        return rows, 0
    try:
        lost = _rows(before, left)
    except FileNotFoundError:
        return rows, max(sum(earlier[path] for path in left) - rows.num_rows, 0)
    return rows.take(np.flatnonzero(_differing(rows, lost))), int(_differing(lost, rows).sum())


def _differing(rows: "pa.Table", others: "pa.Table") -> "NDArray[np.bool_]":
    """Which rows the others do not have; a column that only one side has makes no row another one."""
    from tasks.ingestion import cuts
    from tasks.ingestion.formats import arrow_values

    shared = [name for name in rows.column_names if name in others.column_names]
    frames = [arrow_values.values(one.select(shared), {}) for one in (rows, others)]
    return cuts.fresh(frames[0], frames[1:])


def _files(table: "DeltaTable") -> dict[str, int]:
    """How many rows each file of a version has, by its path."""
    import pyarrow as pa

    actions = pa.table(table.get_add_actions(flatten=True))
    numbers = actions.column("num_records").to_pylist() if "num_records" in actions.column_names else []
    paths = [unquote(path) for path in actions.column("path").to_pylist()]
    return dict(zip(paths, [number or 0 for number in numbers] or [0] * len(paths), strict=True))


def _rows(table: "DeltaTable", paths: Collection[str]) -> "pa.Table":
    """The rows of some files of a version, with the values of their partitions."""
    import pyarrow as pa
    import pyarrow.dataset

    whole = table.to_pyarrow_dataset()
    wanted = [one for one in whole.get_fragments() if one.path in paths]
    if len(wanted) != len(paths):
        raise UnreadableFile(f"Version {table.version()} has {len(paths) - len(wanted)} files that cannot be named.")
    part = pyarrow.dataset.FileSystemDataset(wanted, whole.schema, whole.format, whole.filesystem)
    try:
        return part.to_table()
    except pa.ArrowException as err:
        raise UnreadableFile(f"Version {table.version()} is damaged: {_said(err)}.") from err


def _opened(file: str, version: int | None = None) -> "DeltaTable":
    try:
        from deltalake import DeltaTable
    except ImportError as err:
        raise MistakeOfUser(
            "kind: delta needs deltalake, which is not installed. Install the package deltalake (extra `delta` in "
            "pyproject.toml)."
        ) from err
    is_elsewhere = "://" in file
    place = file if is_elsewhere else str(environment.data_folder() / Path(file).expanduser())
    with _explained(file):
        return DeltaTable(place, version=version, storage_options=_ELSEWHERE if is_elsewhere else None)


@contextmanager
def _explained(file: str) -> Iterator[None]:
    """What deltalake says, in our words; that a file is not there is left to whoever knows what it means."""
    from deltalake.exceptions import DeltaError, TableNotFoundError

    shown = addresses.shown(file)
    try:
        yield
    except TableNotFoundError as err:
        raise LandingFolderMissing(
            f"There is no Delta table at {shown}. Name its folder, which has _delta_log in it, as "
            "ingestion.source.file; a relative path starts from INCUMBENT_DATA."
        ) from err
    except FileNotFoundError as err:
        raise UnreadableFile(f"{shown} is damaged: a file of its newest version is gone.") from err
    except DeltaError as err:
        raise UnreadableFile(f"{shown} cannot be read: {_said(err)}.") from err
    except OSError as err:
        raise DeliveryWaits(f"{shown} cannot be read just now: {_said(err)}. The next run tries again.") from err


def _said(err: Exception) -> str:
    return _COLORS.sub("", readers.first_line(err))
