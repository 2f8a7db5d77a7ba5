"""A draft from the place of the rows to the file of the pipeline: read, guess, write.

What is guessed belongs to the rules of this room; what the contract says of all rows to `rehearsal`.
"""

from dataclasses import dataclass
from pathlib import Path

from configs import environment, loader, pipeline_files
from configs.errors import MistakeOfUser
from tasks.adapters import files
from tasks.adapters.home import Home
from tasks.drafting import changes, sheet, survey
from tasks.drafting import draft as drafts
from tasks.drafting.changes import Change
from tasks.drafting.draft import Draft, Wishes
from tasks.drafting.guess import Ask
from tasks.drafting.steps import rows_at


@dataclass(frozen=True)
class Proposal:
    """A draft that can be written."""

    name: str
    path: Path
    text: str
    lines: dict[str, int]
    """The line of each setting."""
    draft: Draft


def propose(name: str, data: str, wishes: Wishes, ask: Ask) -> Proposal:
    """A draft for the rows at a place; nothing is written.

    Args:
        name: Of the pipeline.
        data: A file, a folder of files, or a pattern such as `data/*.csv`.
        wishes: What the user says.
        ask: Asked for what the rows do not tell.

    Raises:
        MistakeOfUser: The name is taken or is none, there are no such rows, or they cannot be a pipeline.
        UnreadableFile: The bytes cannot be read.
    """
    path = _free(name)
    table, source, reasons = rows_at.read(data)
    found = drafts.draft(table, source, reasons, wishes, ask)
    written, lines = sheet.text(name, found)
    return Proposal(name, path, written, lines, found)


def write(proposal: Proposal) -> None:
    """Put the file where pipelines are, and see that it is valid.

    Raises:
        MistakeOfUser: Somebody else has made a file of this name meanwhile.
        InvalidSettings: What was drafted is not valid; the file stays, to be looked at.
    """
    proposal.path.parent.mkdir(parents=True, exist_ok=True)
    if proposal.path.exists():
        raise _taken(proposal.name, proposal.path)
    files.publish(proposal.path, proposal.text.encode())
    loader.load(proposal.name)


def check(home: Home, name: str, data: str | None) -> list[Change]:
    """What the rows of a pipeline, or those at another place, would change in its file.

    Raises:
        UnknownPipeline: There is no file of this name.
        MistakeOfUser: There are no rows.
    """
    settings = home.settings(name)
    source = settings.ingestion.source
    place = data or (source.file if source.file is not None else str(home.landing(name)))
    table = rows_at.table(place, source)
    return changes.changes(settings, survey.look(table))


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
