"""What is looked up for each row as of a time: other tables, and the past of its own key."""

from datetime import timedelta
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from configs.ingestion import Source
from configs.section import Column, Length, Section

Take = Literal["count", "mean", "sum", "min", "max", "last", "days_since"]
"""What is taken of the past: how many rows there were, mean, sum, least, largest or last value, days since the last."""


class Table(Section):
    """Another table, of which each row gets the newest line that was known when the row happened."""

    source: Source
    """Where its files come from, as in ingestion.source."""
    key: Annotated[dict[Column, Column], Field(min_length=1, max_length=10)]
    """Which of its columns must equal which column of a row: {station: origin}."""
    time: Column
    """Its column that says from when on a line holds."""
    known: Column | None = None
    """Its column that says when a line was known; without it, it was known when it began to hold."""
    columns: Annotated[dict[Column, Column], Field(min_length=1, max_length=200)]
    """Columns of the contract that it fills, each from which of its own: {wind: wind_speed}."""
    at_most: Length | None = None
    """How old a line may be; an older one counts as none."""

    @property
    def times(self) -> tuple[str, ...]:
        """Its columns that hold times."""
        return (self.time, self.known) if self.known else (self.time,)

    @property
    def names_of_lines(self) -> list[str]:
        """Its columns that tell lines apart: key and times."""
        return list(dict.fromkeys([*self.key, *self.times]))

    @property
    def age(self) -> timedelta | None:
        """How old a line may be."""
        return None if self.at_most is None else timedelta(days=self.at_most)


class Past(Section):
    """What the earlier rows of the same key say: those that were known before the row happened."""

    column: Column
    """The column of the contract that it fills."""
    key: Annotated[tuple[Column, ...], Field(min_length=1, max_length=10)]
    """Columns whose values are the same, such as [customer]."""
    take: Take
    """What is taken of them."""
    of: Column | None = None
    """Of which column; none for count and days_since. The label counts from when it was known."""
    over: Length
    """How far back: rows count that became known in this time before the row."""

    @property
    def reach(self) -> timedelta:
        """How far back."""
        return timedelta(days=self.over)

    @model_validator(mode="after")
    def _of_something(self) -> Self:
        needs = self.take not in ("count", "days_since")
        if needs and self.of is None:
            raise ValueError(f"of is missing: name the column whose {self.take} is taken")
        if not needs and self.of is not None:
            raise ValueError(f"of is not for take: {self.take}, which asks whether there were rows")
        return self
