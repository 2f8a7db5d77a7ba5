"""Adopts an experiment: its changes go into the pipeline file, of which everything else stays as it was typed."""

import difflib
from dataclasses import dataclass
from pathlib import Path

from configs import loader
from configs.errors import MistakeOfUser
from tasks.adapters import files
from tasks.adapters.home import Home
from tasks.experiments.plans import Plan
from tasks.experiments.standings import Standing
from tasks.experiments.steps import comparing, shelf


@dataclass(frozen=True)
class Adoption:
    """What the file would be."""

    plan: Plan
    standing: Standing
    path: Path
    before: str
    after: str

    @property
    def diff(self) -> list[str]:
        """What changes in the file, as a unified diff."""
        lines = difflib.unified_diff(
            self.before.splitlines(), self.after.splitlines(), self.path.name, self.path.name, n=1, lineterm=""
        )
        return list(lines)


def prepare(live: Home, pipeline: str, name: str) -> Adoption:
    """What adopting an experiment would make of the pipeline file, which is read again and valid; nothing is written.

    Raises:
        MistakeOfUser: There is no such experiment, or it changes nothing that stands in the file.
        InvalidSettings: What comes of it is not valid, or is no longer what the experiment has tried.
    """
    live.settings(pipeline)
    plan = shelf.find(live, pipeline, name)
    changes = [loader.override(text) for text in plan.changes]
    path, before, after = loader.changed_text(pipeline, changes)
    if before == after:
        raise MistakeOfUser(f"{path.name} says already what {name} has tried. There is nothing to adopt.")
    return Adoption(plan, comparing.standing(live, plan), path, before, after)


def is_as_tried(adoption: Adoption) -> bool:
    """Whether the settings would be those of the experiment to the last one: the file may have changed since."""
    changes = [loader.override(text) for text in adoption.plan.changes]
    settings = loader.load_changed(adoption.plan.pipeline, changes)
    return loader.settings_hash(settings) == adoption.plan.settings


def write(adoption: Adoption) -> None:
    """Put the changed file in the place of the old one, in one step.

    Raises:
        MistakeOfUser: Somebody has changed the file meanwhile.
        UnusableHome: It cannot be written.
    """
    if adoption.path.read_text(encoding="utf-8-sig") != adoption.before:
        raise MistakeOfUser(f"{adoption.path.name} was changed meanwhile. Nothing was written; adopt again.")
    mode = adoption.path.stat().st_mode
    with files.staged(adoption.path) as draft:
        draft.write_text(adoption.after, encoding="utf-8")
        draft.chmod(mode & 0o777)
