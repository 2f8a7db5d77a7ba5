"""A page to explore rows with: those behind a name, or those of a file that no pipeline has taken in.

Add here what can be profiled. What the page shows is in `tasks.adapters.table_report`.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from configs.errors import BadInput, IncumbentError, MistakeOfUser
from configs.ingestion import Source
from tasks.adapters import files
from tasks.adapters.home import Home
from tasks.domain.records import Batch, BatchStatus
from tasks.ingestion import digits
from tasks.ingestion.formats import decoding
from tasks.lineage.steps import named_rows
from tasks.lineage.steps.named_rows import Named
from tasks.reporting.steps import report_file

_KINDS = {".parquet": "parquet", ".csv": "csv", ".gz": "csv", ".zip": "csv"}


@dataclass(frozen=True)
class Profile:
    """A page that was written."""

    title: str
    path: Path
    rows: int
    columns: int
    linked: bool
    """Whether the report of the pipeline leads to it."""


def profile(home: Home, pipeline: str, name: str, out: Path | None = None) -> Profile:
    """Write the page of a version, batch, snapshot or file; one that is there is replaced.

    Of a batch all rows that came are shown if none of them is in.

    Args:
        home: Ledger and store.
        pipeline: Its pipeline.
        name: What `named_rows.find` knows, or the path of a file.
        out: Where to; without it beside the report.

    Raises:
        MistakeOfUser: The name stands for nothing, the file cannot be read, or skrub is not installed.
        Damaged: Rows are gone, or are not as they were written.
    """
    from tasks.adapters import table_report

    what = _look_up(home, pipeline, name)
    shown = what.rows.drop(columns=[one for one in what.rows.columns if digits.is_ours(one)])
    notes = () if what.batch is None else tuple(_notes(what.batch))
    page = table_report.render(shown, what.title, notes, home.settings(pipeline).training.seed)
    files.publish(out or what.path, page.encode())
    linked = out is None and what.batch is not None and _link(home, pipeline)
    return Profile(what.title, out or what.path, len(shown), len(shown.columns), linked)


@dataclass(frozen=True)
class _Subject:
    title: str
    path: Path
    rows: pd.DataFrame
    batch: Batch | None = None


def _look_up(home: Home, pipeline: str, name: str) -> _Subject:
    file = Path(name)
    try:
        named = named_rows.find(home, pipeline, name)
    except MistakeOfUser:
        if not _is_file(file):
            raise
        rows, digest = _of_file(file, home.settings(pipeline).ingestion.source), _digest(str(file.absolute()))
        return _Subject(f"{pipeline}: {file.name}", _beside(home, pipeline, f"file-{digest}"), rows)
    is_in = named.batch is None or named.batch.status is BatchStatus.ACCEPTED
    rows = named_rows.frame(home, pipeline, named, delivered=not is_in)
    return _Subject(f"{pipeline}: {named.title}", _place(home, pipeline, named), rows, named.batch)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # no name that a file can have
        return False


def _place(home: Home, pipeline: str, named: Named) -> Path:
    if named.batch is not None:
        return report_file.profile(home, pipeline, named.batch)
    return _beside(home, pipeline, named.slug)


def _beside(home: Home, pipeline: str, what: str) -> Path:
    return home.report(pipeline).with_name(f"{pipeline}-profile-{what}.html")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()[:12]


def _notes(batch: Batch) -> Iterator[str]:
    if batch.status is not BatchStatus.ACCEPTED:
        yield f"All rows as they came: this batch is {batch.status}. {batch.reason or ''}".strip()


def _of_file(path: Path, usual: Source) -> pd.DataFrame:
    """The rows of a file; a column of a CSV that holds nothing but numbers is one of numbers.

    Args:
        path: The file.
        usual: How the files of the pipeline are written; a CSV is read so as well.
    """
    kind = _KINDS.get(path.suffix.lower())
    if kind is None:
        raise MistakeOfUser(f"{path} is neither parquet nor CSV, by its ending.")
    source = usual.model_copy(update={"open_end": True}) if usual.kind == "csv" else Source(kind="csv", open_end=True)
    try:
        rows = decoding.rows(path.read_bytes(), source if kind == "csv" else Source(), {})
    except OSError as err:
        raise MistakeOfUser(f"{path} cannot be read: {err.strerror}.") from err
    except BadInput as err:
        raise MistakeOfUser(f"{path} cannot be read: {err}") from err
    return rows if kind == "parquet" else rows.apply(_numbers)


def _numbers(cells: "pd.Series[str]") -> "pd.Series[object]":
    texts = cells.mask(cells == "")
    numbers = pd.to_numeric(texts, errors="coerce")
    return texts if (numbers.isna() & texts.notna()).any() else numbers


def _link(home: Home, pipeline: str) -> bool:
    """Let the report lead to the page; if somebody is at work, the next turn does."""
    try:
        with home.ledger.lease.held(pipeline, None):
            report_file.write(home, pipeline)
    except IncumbentError:
        return False
    return True
