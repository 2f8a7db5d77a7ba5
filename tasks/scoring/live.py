"""A version that is ready to answer: what it takes, what computes its answers, and what is told of it."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from configs.settings import PipelineSettings
from tasks.domain.records import Model
from tasks.problems import kinds
from tasks.scoring.compiled.base import Compiled
from tasks.scoring.compiled.compiler import Chosen
from tasks.scoring.fields import Fields


@dataclass(frozen=True, eq=False)
class Live:
    """A version that answers."""

    pipeline: str
    version: int
    model: Model
    since: datetime | None
    """When it went live; None if it is not, but was asked for by its number."""
    settings: PipelineSettings
    fields: Fields
    chosen: Chosen
    example: dict[str, Any]
    """A row that may be asked about: of each input what is usual among its golden rows."""

    @property
    def compiled(self) -> Compiled:
        """What answers."""
        return self.chosen.compiled

    @property
    def most_rows(self) -> int:
        """Most rows of one request."""
        return self.settings.scoring.most_rows

    @property
    def is_probability(self) -> bool:
        """Whether it answers with the probability of a yes; else with a number."""
        return kinds.named(self.settings.training.problem).learner == "classifier"

    @property
    def output(self) -> str:
        """What its answers are called."""
        return "probability" if self.is_probability else "prediction"

    @cached_property
    def named(self) -> dict[str, Any]:
        """What each answer says of the model that gave it."""
        return {"pipeline": self.pipeline, "version": self.version, "snapshot": self.model.snapshot.id}
