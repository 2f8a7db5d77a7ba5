"""Scores the rows of a file by one version, part by part: what a killed run has done is not done again.

Each part is a file in the home until the last is there; then all of them become the answers, whole or not at all.
"""

import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from configs import loader
from configs.errors import BrokenContract, MistakeOfUser
from configs.section import ColumnType
from tasks.adapters import exports, failpoints, files
from tasks.adapters.home import Home
from tasks.domain.runs import Scored
from tasks.features.steps import lookups
from tasks.ingestion import columns
from tasks.scoring import contributions, scored
from tasks.scoring.live import Live
from tasks.scoring.steps import incoming, live_models
from tasks.scoring.steps.file_log import FileLog
from tasks.training import preparation

FOLDER = "scored"
"""In the home: where answers go if nobody says where."""
_PARTS = ".parts"
_ENDING = ".parquet"


def score(
    home: Home, pipeline: str, where: str, out: Path | None = None, version: int | None = None, *, explain: bool = False
) -> Scored:
    """Answer every row of a file by the live version, or another one.

    Args:
        home: Ledger and models.
        pipeline: Whose model answers.
        where: The file: a path, or an address.
        out: Where the answers go; by default into the home.
        version: The version that answers all of it.
        explain: Whether it is told which inputs add most to each answer.

    Raises:
        MistakeOfUser: There is no such file or version, or the answers cannot go there.
        BadInput: The file cannot be read, or lacks an input.
        BundleRefused: The version does not answer as at its gate.
    """
    if out is not None:
        exports.require(out, home.folder)
    live = live_models.ready(home, pipeline, version)
    scratch = home.folder / FOLDER / _PARTS
    scratch.mkdir(parents=True, exist_ok=True)
    with incoming.at_hand(where, scratch) as path:
        name = _identity(live, path, len(home.ledger.tables.all(pipeline)))
        job = scratch / (f"{name}-explained" if explain else name)
        usual = contributions.usual(home.bundles.golden(live.model.golden)[0]) if explain else None
        path_of_answers = out or home.folder / FOLDER / f"{pipeline}-{Path(where).stem}-v{live.version}{_ENDING}"
        log = FileLog(home, live, name)
        done = [_part(job, place) for place in range(_score_parts(home, live, path, job, log, usual))]
        log.commit(done)
        result = _publish(live, done, path_of_answers)
    failpoints.reach("answers-published")
    shutil.rmtree(job)
    return result


def _identity(live: Live, path: Path, tables: int) -> str:
    """The same for the same rows, version, contract and tables: only then parts that are there are the same."""
    identity = (
        f"{files.digest(path)} {live.model.id} {live.version} {loader.settings_hash(live.settings)} {incoming.ROWS}"
    )
    identity += f" {tables}" if tables else ""
    return hashlib.sha256(identity.encode()).hexdigest()[:32]


def _part(job: Path, place: int) -> Path:
    return job / f"{place:06d}{_ENDING}"


def _score_parts(home: Home, live: Live, path: Path, job: Path, log: FileLog, usual: pd.DataFrame | None) -> int:
    """Score what is not scored yet; gives the number of parts."""
    first = place = 0
    for place, part in enumerate(incoming.parts(path, _wanted(live), live.settings.ingestion.source), start=1):
        target, rows = _part(job, place - 1), _complete(live, lookups.asked(home, live.pipeline, part.rows))
        if not target.exists():
            listed = scored.shown(live, part.rows.columns)
            answers = scored.answered(
                live, rows, part.faults, first=first, shown=listed, moment=home.clock(), usual=usual
            )
            with files.staged(target) as draft:
                pq.write_table(answers, draft, compression="zstd", write_page_checksum=True)
            failpoints.reach("part-scored")
        log.add(target, rows, first)
        first += len(part.rows)
    if not first:
        raise BrokenContract("The file has no rows.")
    return place


def _wanted(live: Live) -> dict[str, ColumnType]:
    rules = live.settings.validation.columns
    named = [*live.fields.names, *live.settings.validation.key, live.settings.ingestion.times.event]
    named += live.settings.features.asked_for
    return {name: rules[name].type for name in named}


def _complete(live: Live, rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with every input; one that may be missing may be missing from the file.

    Raises:
        BrokenContract: Another input is not there, or is of another type.
    """
    rules = {name: rule for name, rule in live.fields.rules.items() if name in rows or not rule.nullable}
    columns.require(rows, live.settings.validation.model_copy(update={"columns": rules}))
    return preparation.complete(rows, live.fields.rules)


def _publish(live: Live, parts: list[Path], path: Path) -> Scored:
    schema = pq.read_schema(parts[0])
    path.parent.mkdir(parents=True, exist_ok=True)
    exports.write(path, schema, _batches(parts, schema))
    rows, answered, reasons = 0, 0, dict[str, int]()
    for part in parts:
        column = pq.read_table(part, columns=[scored.REASON])[scored.REASON]
        rows, answered = rows + len(column), answered + column.null_count
        for counted in column.drop_null().value_counts().to_pylist():
            reasons[counted["values"]] = reasons.get(counted["values"], 0) + counted["counts"]
    most = tuple(sorted(reasons.items(), key=lambda one: (-one[1], one[0])))
    return Scored(live.pipeline, live.version, str(path), rows, answered, most)


def _batches(parts: list[Path], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    for part in parts:
        with pq.ParquetFile(part, page_checksum_verification=True) as file:
            for batch in file.iter_batches():
                yield batch.cast(schema)


def require(out: str) -> Path | None:
    """A path for answers; None where nobody says one.

    Raises:
        MistakeOfUser: It is an address: answers go into files.
    """
    if "://" in out:
        raise MistakeOfUser(
            f"--out {out}: answers go into a file; name one that ends with .parquet, .csv, .json or .jsonl."
        )
    return Path(out).expanduser() if out else None
