"""Every pipeline that there is: those whose file can be used, and those whose file is broken, with what is wrong.

Add here what is asked of all pipeline files at once: one that is broken stops itself and no other. Reading one file is
`loader`'s.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from configs import environment, loader, pipeline_files
from configs.errors import IncumbentError, NotYaml
from configs.settings import PipelineSettings


@dataclass(frozen=True)
class Inventory:
    """What stands in the folder of the pipeline files."""

    usable: Mapping[str, PipelineSettings]
    """Settings by name, in alphabetical order."""
    broken: Mapping[str, IncumbentError]
    """What is wrong with each other one, by its name."""

    @property
    def sentences(self) -> tuple[str, ...]:
        """What is wrong with each broken one, to be told while the others go on."""
        return tuple(f"{name} is left out: {problem}" for name, problem in self.broken.items())

    @property
    def exit_code(self) -> int:
        """That of the first broken file; 0 without any."""
        return next((problem.exit_code for problem in self.broken.values()), 0)


def take() -> Inventory:
    """Read every pipeline file; what is wrong with one is kept, and said of that one alone."""
    usable: dict[str, PipelineSettings] = {}
    broken: dict[str, IncumbentError] = dict(unusable_names())
    for name in loader.known():
        try:
            usable[name] = loader.load(name)
        except IncumbentError as problem:
            broken[name] = problem
    return Inventory(usable, broken)


def unusable_names() -> Iterator[tuple[str, NotYaml]]:
    """What lies there and was meant to be a pipeline file, as in `pipeline_files.unusable`."""
    return pipeline_files.unusable(environment.read().pipelines)
