"""What a user expects of any model that goes live: answers to rows of their own, orderings, and what must not matter.

Add a kind of expectation here, as a setting beside `answer`; what is made of it is in the guard `cases`.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any

from pydantic import Field, model_validator

from configs.section import Column, ColumnType, Number, Section

Cell = bool | int | Number | str | None
Row = Annotated[dict[Column, Cell], Field(min_length=1, max_length=1_000)]
_FITS: dict[ColumnType, tuple[type, ...]] = {
    "integer": (int, float),
    "number": (int, float),
    "category": (str,),
    "boolean": (bool,),
    "timestamp": (str,),
}
_WORDS: dict[ColumnType, str] = {
    "integer": "a number",
    "number": "a number",
    "category": "text, in quotes if need be",
    "boolean": "true or false",
    "timestamp": "a time such as '2024-05-06T12:00:00Z'",
}


class Expectation(Section):
    """One expectation: of the answer to a row, or of how it changes with the row."""

    row: Row
    """Values by column; what is not named is missing."""
    answer: Number | None = None
    """What the answer to it is, `within` so much."""
    above: Row | None = None
    """What is changed in the row to get one whose answer is lower."""
    unmoved_by: Row | None = None
    """What can be changed in the row without its answer moving by more than `within`."""
    within: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    """Largest distance, in the unit of the answer."""
    of: str | int | None = None
    """The class whose probability is meant, where there are several."""
    title: Annotated[str, Field(max_length=120)] = ""
    """What is expected, in a few words."""

    @model_validator(mode="after")
    def _is_one_of_three(self) -> "Expectation":
        named = [name for name in ("answer", "above", "unmoved_by") if getattr(self, name) is not None]
        if len(named) != 1:
            raise ValueError(f"needs one of answer, above and unmoved_by (has {' and '.join(named) or 'none'})")
        if (named == ["above"]) is (self.within is not None):
            raise ValueError("above takes no within" if self.above else f"{named[0]} needs within, a largest distance")
        return self


def require(
    cases: Sequence[Expectation], inputs: Sequence[str], types: Mapping[str, ColumnType], classes: Sequence[str | int]
) -> None:
    """Raise ValueError if an expectation names what models are not asked for, or gives it what it is not."""
    for place, case in enumerate(cases):
        where = f"promotion.guards.cases[{place}]"
        for part, name, value in _cells(case):
            if name not in inputs:
                raise ValueError(f"{where}.{part} names {name!r}, which models are not asked for")
            if value is not None and (type(value) not in _FITS[types[name]]):
                raise ValueError(f"{where}.{part}: {name!r} must be {_WORDS[types[name]]} (got {value!r})")
        if (case.of is None) is not (not classes) or (classes and case.of not in classes):
            wanted = f"one of {', '.join(map(str, classes))}" if classes else "left out: there is one answer"
            raise ValueError(f"{where}.of must be {wanted} (got {case.of!r})")


def _cells(case: Expectation) -> Iterator[tuple[str, str, Any]]:
    for part, row in (("row", case.row), ("above", case.above), ("unmoved_by", case.unmoved_by)):
        yield from ((part, name, value) for name, value in (row or {}).items())
