"""What a feature step is in a pipeline file: which columns it takes, and which it makes of them.

Add here what all steps have in common. A built-in step has a file of its own in `tasks.features.kinds`, and its line in
`configs.plugs`; which steps a pipeline has stands in `configs.features`.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field, field_validator, model_validator

from configs.plugs import Use
from configs.section import Column, ColumnType, Number, Section

Made = Literal["number", "category", "boolean"]
"""What a step can make."""


def _each_once(of: tuple[str, ...]) -> tuple[str, ...]:
    twice = next((name for name in of if of.count(name) > 1), None)
    if twice is not None:
        raise ValueError(f"{twice!r} stands there twice")
    return of


class StepSettings(Section, ABC):
    """Base of the built-in steps."""

    step: str
    of: Annotated[tuple[Column, ...], Field(min_length=1, max_length=100)]
    """Columns of the contract that it takes, or what a step before it makes."""

    takes: ClassVar[tuple[ColumnType, ...]]
    """Which types its columns may have."""
    averages_label: ClassVar[bool] = False
    """Whether it takes the mean of the label, which classes do not have."""

    @field_validator("of")
    @classmethod
    def _each_once(cls, of: tuple[str, ...]) -> tuple[str, ...]:
        return _each_once(of)

    @property
    def called(self) -> str:
        """As people call it: `ratio of price, items`."""
        return f"{self.step} of {', '.join(self.of)}"

    @property
    @abstractmethod
    def outputs(self) -> Mapping[str, Made]:
        """The columns that it makes, by name, with their types."""


class Output(Section):
    """One column that a step of your own makes."""

    type: Made = "number"
    """What is in it; anything may be missing."""
    min: Number | None = None
    """Least value; a batch with a row beyond it is held."""
    max: Number | None = None
    """Largest value."""

    @model_validator(mode="after")
    def _bounds_are_of_numbers(self) -> "Output":
        bounds = [one for one in (self.min, self.max) if one is not None]
        if bounds and self.type != "number":
            raise ValueError(f"min and max are for type: number only (is {self.type})")
        if len(bounds) > 1 and bounds[0] > bounds[1]:
            raise ValueError(f"min must be at most max (got {self.min:g} and {self.max:g})")
        return self


class OwnStep(Use):
    """A step of your own: a function that takes rows and gives one column, or several, for the same rows."""

    of: Annotated[tuple[Column, ...], Field(min_length=1, max_length=1_000)] | None = None
    """Columns that it takes, in this order; by default all of training.features."""
    gives: dict[Column, Output] = Field(default_factory=dict, max_length=1000)
    """The columns that it makes; by default one number with the name of the function."""

    takes: ClassVar[tuple[ColumnType, ...]] = ("integer", "number", "category", "boolean", "timestamp")

    @field_validator("of")
    @classmethod
    def _each_once(cls, of: tuple[str, ...] | None) -> tuple[str, ...] | None:
        return of and _each_once(of)

    @property
    def called(self) -> str:
        """As people call it: the name of the function, or its title."""
        return self.title or self.use.rpartition(":")[2]

    @property
    def outputs(self) -> Mapping[str, Made]:
        """The columns that it makes, by name, with their types."""
        return {name: one.type for name, one in self.made.items()}

    @property
    def function(self) -> str:
        """The name of the function."""
        return self.use.rpartition(":")[2]

    @property
    def made(self) -> Mapping[str, Output]:
        """The same with their bounds."""
        return self.gives or {self.function: Output()}

    def identity(self) -> dict[str, object]:
        """What decides what it makes; not what it is called."""
        gives = {name: one.model_dump(mode="json") for name, one in self.gives.items()}
        return {**super().identity(), "of": self.of, "gives": gives}
