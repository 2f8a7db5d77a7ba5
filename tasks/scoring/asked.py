"""What a request asks: its rows, each as values in the order of a model's inputs, or what is wrong with it."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from tasks.scoring.compiled.base import Value
from tasks.scoring.fields import Fields, Wrong


class Asked(NamedTuple):
    """The rows of a request."""

    size: int
    """How many there are."""
    rows: Sequence[Sequence[Value]]
    """Those that keep the contract, in the order in which they were sent."""
    wrong: Mapping[int, Wrong]
    """Of the others, by their place, what their fields must be."""
    others: Sequence[Mapping[str, Any]]
    """What else of the contract was sent with each row, such as its key."""
    id: str = ""
    """By which whoever asks calls the request."""
    body: bytes | None = None
    """The body itself, where it is one list of objects under one name, with nothing but what the contract has."""


def judged(fields: Fields, sent: Sequence[Mapping[str, Any]], called: str = "") -> Asked:
    """The rows of a request by the contract."""
    read = [fields.row(row) for row in sent]
    rows = [row for row in read if not isinstance(row, dict)]
    wrong = {place: row for place, row in enumerate(read) if isinstance(row, dict)}
    others = [{name: value for name, value in row.items() if name in fields.others} for row in sent]
    return Asked(len(read), rows, wrong, others, called)


def listed(wrong: Mapping[int, Wrong]) -> list[dict[str, object]]:
    """The same for an answer: `[{"row": 0, "fields": {"hour": "at most 23"}}]`."""
    return [
        {"row": place, "fields": {name: f"must be {text}" for name, text in of.items()}} for place, of in wrong.items()
    ]
