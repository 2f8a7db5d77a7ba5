"""A version of a home that is ready to answer, with its model and all settings of its pipeline."""

from dataclasses import dataclass

from configs.settings import PipelineSettings
from tasks.domain.records import Model
from tasks.scoring.ready import Ready


@dataclass(frozen=True, eq=False)
class Live(Ready):
    """A version that answers, of which everything is at hand."""

    model: Model
    settings: PipelineSettings
