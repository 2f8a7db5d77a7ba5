"""A version that is ready to answer, as far as whoever is asked needs to know it: in the house, and in a package.

Add here what an answer, a page or the prediction log says of a version. Imports neither tables nor all settings.
"""

from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

import msgspec

from configs.scoring import ScoringSettings
from tasks.scoring.compiled.base import Chosen, Compiled
from tasks.scoring.fields import Fields


@dataclass(frozen=True, eq=False)
class Ready:
    """A version that answers."""

    pipeline: str
    version: int
    model_id: str
    snapshot_id: str
    since: datetime | None
    """When it went live; None if it is not, but was asked for by its number."""
    title: str
    """The question that it answers."""
    key: tuple[str, ...]
    """Columns that together name a row."""
    scoring: ScoringSettings
    is_probability: bool
    """Whether it answers with probabilities: of a yes, or of each class; else with a number."""
    fields: Fields
    chosen: Chosen
    example: dict[str, Any]
    """A row that may be asked about: of each input what is usual among its golden rows."""
    classes: tuple[str, ...] = field(default=(), kw_only=True)
    """Of which it gives the probabilities, where there are several; none of a yes or no, and of a number."""

    @property
    def compiled(self) -> Compiled:
        """What answers."""
        return self.chosen.compiled

    @property
    def most_rows(self) -> int:
        """Most rows of one request."""
        return self.scoring.most_rows

    @property
    def output(self) -> str:
        """What its answers are called."""
        return "probability" if self.is_probability else "prediction"

    @cached_property
    def columns(self) -> msgspec.Raw:
        """The names of its inputs, and those of the columns that together name a row, as JSON."""
        return msgspec.Raw(msgspec.json.encode([self.fields.names, self.key]))

    @cached_property
    def named(self) -> dict[str, Any]:
        """What each answer says of the model that gave it."""
        of_classes = {"classes": self.classes} if self.classes else {}
        return {"pipeline": self.pipeline, "version": self.version, "snapshot": self.snapshot_id, **of_classes}
