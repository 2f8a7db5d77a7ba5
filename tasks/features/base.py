"""What a built-in feature step is: its settings, and what computes it inside a fitted Pipeline.

A step has a file of its own in `kinds`, and its line in `configs.plugs`. Light: settings of steps are read with each
pipeline file; what computes stands in `transforms`, and is imported when a model is built.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar

from configs.feature_steps import StepSettings
from configs.section import ColumnType

if TYPE_CHECKING:
    from tasks.features.transforms import Transform

S = TypeVar("S", bound=StepSettings)


class Step(ABC, Generic[S]):
    """A kind of step."""

    title: ClassVar[str]
    """As people call it."""
    Settings: type[S]
    """Frozen and closed; knows which columns the step makes."""

    @staticmethod
    @abstractmethod
    def build(settings: S, types: Sequence[ColumnType]) -> "Transform":
        """What computes it, not fitted; `types` are those of the columns that it takes."""
