"""Answers for tests of the prediction log, written as the service writes them."""

import json
import threading
from collections.abc import Sequence
from typing import Any

from tasks.adapters.home import Home
from tasks.adapters.journal import Journal
from tasks.scoring.steps import answers_at_rest

AT = 1_700_000_000_000_000
"""When the first of them was given, in microseconds."""


def record(first: int, values: Sequence[float], pipeline: str = "shop", *, at: int = AT, **more: Any) -> bytes:
    """A record with a row for each value; its key is its number."""
    rows = [[value, {"price": value}, [f"k{first + place}", "a"]] for place, value in enumerate(values)]
    about = {"first": first, "at": at + first, "us": 7, "pipeline": pipeline, "version": 2, "model": "m", "rows": rows}
    return json.dumps({**about, **more}).encode()


def append(journal: Journal, pipeline: str = "shop", size: int = 1, *, at: int = AT, **more: Any) -> int:
    """Append a record, and wait until it is on the disk; gives its number."""
    written = threading.Event()

    def write(first: int) -> bytes:
        return record(first, [float(first + place) for place in range(size)], pipeline, at=at, **more)

    first = journal.append(size, write, lambda is_there: written.set())
    assert written.wait(30) and first is not None
    return first


def close_segment(journal: Journal) -> None:
    """Let the segment be followed by another, as it is when it is full."""
    journal._accounted = journal._next
    journal._follow()


def ids(home: Home, pipeline: str = "shop") -> list[str]:
    """Names of the answers that can be seen."""
    return sorted(answers_at_rest.table(home, pipeline)["id"].to_pylist())
