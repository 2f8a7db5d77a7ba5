"""A draft from the place of the rows to the file of the pipeline: read, guess, write.

What is guessed belongs to the rules of this room; what the contract says of all rows to `rehearsal`.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from configs import environment, label_source, loader, pipeline_files, table_source
from configs.errors import BadInput, DeliveryWaits, InvalidSettings, MistakeOfUser
from configs.settings import PipelineSettings
from tasks.adapters.home import Home
from tasks.drafting import changes, headless, sheet, survey
from tasks.drafting import draft as drafts
from tasks.drafting.changes import Change
from tasks.drafting.draft import Draft, Wishes
from tasks.drafting.guess import Ask, most_likely
from tasks.drafting.steps import rows_at
from tasks.ingestion import column_names
from tasks.ingestion.sources import entries

if TYPE_CHECKING:
    import pyarrow as pa

_SHOWN = 80


@dataclass(frozen=True)
class Proposal:
    """A draft that can be written."""

    name: str
    path: Path
    text: str
    lines: dict[str, int]
    """The line of each setting."""
    draft: Draft


def propose(name: str, data: str, wishes: Wishes, ask: Ask, table: str | None = None) -> Proposal:
    """A draft for the rows at a place; nothing is written.

    Args:
        name: Of the pipeline.
        data: A file, a folder of files, a pattern such as `data/*.csv`, s3://bucket/prefix, an address of a database.
        wishes: What the user says.
        ask: Asked for what the rows do not tell.
        table: Which table of a database.

    Raises:
        MistakeOfUser: The name is taken or is none, there are no such rows, or they cannot be a pipeline.
        UnreadableFile: The bytes cannot be read.
    """
    path = _free(name)
    rows, source, reasons = rows_at.read(data, table)
    if source.kind == "csv" and headless.is_a_row(rows):
        first = source.delimiter.join(rows.column_names)
        shown = first if len(first) <= _SHOWN else f"{first[: _SHOWN - 1]}…"
        raise MistakeOfUser(
            f"{data} begins with a row, and not with the names of its columns: {shown!r} has values as the rows below. "
            "Write a line with names before it."
        )
    drafted = drafts.draft(rows, source, reasons, wishes, ask)
    written, lines = sheet.text(name, drafted)
    return Proposal(name, path, written, lines, drafted)


def write(proposal: Proposal) -> None:
    """Put the file where pipelines are, and see that it is valid.

    Raises:
        MistakeOfUser: Somebody else has made a file of this name meanwhile.
        InvalidSettings: What was drafted is not valid, which is a fault of ours; no file stays.
    """
    proposal.path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with proposal.path.open("x", encoding="utf-8") as file:
            file.write(proposal.text)
    except FileExistsError as err:
        raise _taken(proposal.name, proposal.path) from err
    except OSError as err:
        raise MistakeOfUser(f"{proposal.path} cannot be written: {entries.why(err)}.") from err
    try:
        loader.load(proposal.name)
    except InvalidSettings:
        proposal.path.unlink()
        raise


def check(home: Home, name: str, data: str | None) -> list[Change]:
    """What the rows of a pipeline, or those at another place, would change in its file.

    Raises:
        UnknownPipeline: There is no file of this name.
        MistakeOfUser: There are no rows.
    """
    settings = home.settings(name)
    table = column_names.renamed(_rows(home, name, data), settings.validation.changes.renamed)
    columns = survey.look(table, settings.ingestion.source)
    changed = changes.changes(settings, columns, _features(settings, table))
    if settings.ingestion.labels is not None:
        changed += _of_another(home, label_source.named(name), "ingestion.labels")
    for one in settings.features.tables:
        changed += _of_another(home, table_source.named(name, one), f"features.tables.{one}")
    return changed


def _rows(home: Home, name: str, data: str | None = None) -> "pa.Table":
    source = home.settings(name).ingestion.source
    folder = source.folder if source.is_elsewhere else str(home.landing(name))
    return rows_at.table_of(data or source.file or folder or "", source)


def _of_another(home: Home, named: str, setting: str) -> list[Change]:
    """What the lines of a source of labels or of a table have otherwise than the contract of its rows says."""
    settings = home.settings(named)
    try:
        columns = survey.look(_rows(home, named), settings.ingestion.source)
    except (BadInput, DeliveryWaits, MistakeOfUser) as problem:
        return [Change(setting, str(problem).replace("ingestion.source.", f"{setting}.source.").rstrip("."), "")]
    changed = changes.changes(settings, columns, ())
    return [replace(one, setting=f"{setting}: {one.setting.rpartition('.')[2]}", line="") for one in changed]


def _features(settings: PipelineSettings, table: "pa.Table") -> list[str]:
    """What a draft from these rows would learn from; nothing if they cannot be a pipeline."""
    training, source = settings.training, settings.ingestion.source.model_copy(update={"file": "rows"})
    values = ",".join(map(str, training.positives))
    wishes = Wishes(f"{training.label}={values}" if values else training.label)
    try:
        drafted = drafts.draft(table, source, {}, wishes, most_likely)
    except MistakeOfUser:
        return []
    return list(drafted.settings["training"]["features"])


def _free(name: str) -> Path:
    if pipeline_files.NAME.fullmatch(name) is None:
        raise MistakeOfUser(f"{name!r} is no name for a pipeline. {pipeline_files.RULE}")
    path = environment.read().pipelines / f"{name}.yaml"
    if path.exists() or pipeline_files.twins(path.parent, name) or name in loader.examples():
        raise _taken(name, path)
    return path


def _taken(name: str, path: Path) -> MistakeOfUser:
    return MistakeOfUser(
        f"There is a pipeline {name!r} already: {pipeline_files.shown(path)}. Choose another name, or see what the "
        f"rows would change in it: init --check {name}."
    )
