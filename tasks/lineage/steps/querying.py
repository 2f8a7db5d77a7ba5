"""Questions in SQL about one pipeline: looks up what a query names, and lets DuckDB answer it.

Add here what happens between a query and its answer. What there is to ask about is in `relations`, what a query may do
in `tasks.adapters.queries`, where an answer goes in `exports`.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from tasks.adapters import queries
from tasks.adapters.home import Home
from tasks.adapters.queries import Answer
from tasks.lineage.steps import relations

SECONDS = 60.0
"""How long a query may take if nothing is said."""
THERE = (*(f"{name}('…')" for name in relations.FUNCTIONS), *relations.TABLES)
"""What there is, as it is written in a query."""


@contextmanager
def ask(home: Home, pipeline: str, text: str, *, seconds: float = SECONDS) -> Iterator[Answer]:
    """Answer a query; its rows come while the block runs.

    Args:
        home: Ledger and store.
        pipeline: About which it is.
        text: The query; it reads `data('v7')` and the like, and the tables of the ledger.
        seconds: How long it may take.

    Raises:
        MistakeOfUser: It is no query, does more than read, cannot be answered, or takes too long.
        Damaged: Rows that it names are gone, or are not as they were written.
    """
    names = queries.names(text, relations.FUNCTIONS)
    named = relations.TABLES if names.is_list else names.tables.intersection(relations.TABLES)
    tables = {name: relations.table(home, pipeline, name) for name in named}
    calls = {call: relations.FUNCTIONS[call[0]](home, pipeline, call[1]) for call in sorted(names.calls)}
    with queries.answer(text, tables, calls, seconds=seconds, known=THERE) as answer:
        yield answer
