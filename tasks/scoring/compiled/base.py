"""What answers in place of a fitted Pipeline: one row of plain Python values, or columns of many.

A compiler is a class in a file of its own beside this one, with its line in `configs.plugs`. It asks the fitted
encoders what becomes of a value, so that no preprocessing is written a second time; `compiler` checks what it made.
What answers is another module than what compiles: it needs numpy only, and leaves the house as tables.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, Self

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

Value = float | str | None
"""A number, a text, or nothing."""
Answered = float | list[float]
"""The answer for one row: the probability of a yes, or a number; of several classes the probability of each."""
Columns = Sequence[NDArray[np.float64] | NDArray[np.object_] | Sequence[Value]]
"""Columns in the order of a model's inputs: prepared ones, numbers or text objects, missing is NaN; or plain values."""


class CannotCompile(Exception):
    """A Pipeline is not of the kind that a compiler knows; the Pipeline answers by itself then."""


class Compiled(ABC):
    """What answers as a fitted Pipeline does."""

    title: ClassVar[str]
    """What it is, for people."""

    @abstractmethod
    def one(self, values: Sequence[Value]) -> Answered:
        """The answer for one row, its values in the order of the inputs.

        What is missing is None, never NaN.
        """

    @abstractmethod
    def many(self, columns: Columns) -> NDArray[np.float64]:
        """The answers for prepared rows, shape (rows,); of several classes (rows, classes)."""


class Tables(Compiled):
    """What answers by numbers alone, and can leave the house as such."""

    @abstractmethod
    def tables(self) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
        """All that it is: arrays by name, and plain values of JSON."""

    @classmethod
    @abstractmethod
    def of_tables(cls, arrays: Mapping[str, NDArray[Any]], plain: Mapping[str, Any]) -> Self:
        """The same again.

        Args:
            arrays: As `tables` gave them.
            plain: As `tables` gave them.
        """


class Compiler(Protocol):
    """Makes something quicker of the fitted Pipelines of one kind."""

    @staticmethod
    def of(pipeline: "Pipeline") -> Compiled:
        """Compile a fitted Pipeline.

        Raises:
            CannotCompile: It is of another kind.
        """


@dataclass(frozen=True)
class Chosen:
    """What answers for a model."""

    compiled: Compiled
    problem: str = ""
    """Why it is the Pipeline itself; empty if it is not."""
