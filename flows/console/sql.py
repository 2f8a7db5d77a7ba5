"""The command `sql`: a question about a pipeline, answered by DuckDB; it changes nothing."""

import argparse
import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows.console.arguments import Arguments

if TYPE_CHECKING:
    from flows.console.terminal import Terminal
    from tasks.adapters.home import Home
    from tasks.adapters.queries import Answer

_ROWS, _CELL = 50, 40
_PLAN = ["explain_key", "explain_value"]
"""Columns of what EXPLAIN says, which is a drawing."""


def _seconds(text: str) -> float:
    """A time that is more than none and less than a day."""
    seconds = float(text)
    if not 0 < seconds <= 86_400:
        raise ValueError(text)
    return seconds


_seconds.__name__ = "number of seconds"  # what argparse calls it

ARGUMENTS: Arguments = {
    "query": {
        "help": "over data('v7'), data('2013-03'), quarantine('2013-03'), delivered('2013-03'), and the tables "
        "batches, turns, versions, snapshots, scores, promotions, predictions"
    },
    "--out": {"metavar": "FILE", "help": "write all rows there: .csv, .parquet, .json or .jsonl"},
    "--seconds": {"type": _seconds, "default": 60.0, "metavar": "S", "help": "how long it may take (default: 60)"},
}


def command(hands: "Home", chosen: argparse.Namespace, screen: "Terminal") -> int:
    """Show the first rows, or all of them as JSON, or write all of them into a file."""
    from tasks.adapters import exports
    from tasks.lineage.steps import querying

    hands.settings(chosen.pipeline)
    path = None if chosen.out is None else Path(chosen.out)
    if path is not None:
        exports.require(path, hands.folder)
    with querying.ask(hands, chosen.pipeline, chosen.query, seconds=chosen.seconds) as answer:
        if path is not None:
            rows = exports.write(path, answer.schema, answer.batches)
            screen.facts({"pipeline": chosen.pipeline, "path": str(path), "rows": rows})
            screen.show([f"{_counted(rows)} written to {path}"])
        elif chosen.json:
            for row in exports.objects(answer.batches):
                screen.facts(row)
        else:
            screen.show(_table(answer))
    return 0


def _table(answer: "Answer") -> list[str]:
    """The first rows side by side, and that there are more."""
    from flows.console import lines
    from tasks.adapters import exports

    rows = list(itertools.islice(_cells(answer), _ROWS + 1))
    if answer.schema.names == _PLAN:
        return [line for _, plan in rows for line in plan.splitlines()]
    shown = [[_text(exports.plain(cell)) for cell in row] for row in rows[:_ROWS]]
    more = [f"more than {_ROWS} rows: --out FILE or --json gives all"] if len(rows) > _ROWS else [_counted(len(rows))]
    return [*lines.table([answer.schema.names, *shown], right=len(answer.schema)), *more]


def _cells(answer: "Answer") -> Iterator[tuple[Any, ...]]:
    for batch in answer.batches:
        yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)


def _text(value: object) -> str:
    from flows.console import lines
    from tasks.domain import wording

    if value is None:
        return wording.MISSING
    text = lines.clean(value if isinstance(value, str) else json.dumps(value))
    return text if len(text) <= _CELL else f"{text[: _CELL - 3]}..."


def _counted(rows: int) -> str:
    from tasks.reporting import titles

    return titles.number_of(rows, ("row", "rows"))
