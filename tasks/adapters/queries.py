"""Queries in SQL by DuckDB over Arrow tables that it is given, and over nothing else: no file, no network, no setting.

DuckDB itself parses a query; the names of tables are read from the tree that it gives, never from the text. Add here
what keeps a query from doing anything but reading. Which tables there are is decided by who asks.
"""

import hashlib
import itertools
import json
import threading
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING, Any

from configs.errors import MistakeOfUser

if TYPE_CHECKING:
    import pyarrow as pa
    from duckdb import DuckDBPyConnection

MEMORY = "1GB"
_LOCKED = {
    "enable_external_access": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "python_enable_replacements": "false",
    "temp_directory": "",
    "memory_limit": MEMORY,
}
"""No file, no extension, no variable of this program; what does not fit into memory is not written elsewhere."""
_BATCH = 10_000
_ALLOWED = ("SELECT", "EXPLAIN")
_EXAMPLE = "\"select * from data('v7')\""
_READS = "A query only reads: SELECT, WITH, DESCRIBE, SUMMARIZE, SHOW TABLES and EXPLAIN are allowed"


@dataclass(frozen=True)
class Names:
    """What a query reads, by name."""

    tables: frozenset[str]
    """Plain names, in lower case; those of its own WITH are among them."""
    calls: frozenset[tuple[str, str]]
    """Functions of ours and the text that each is given: `("data", "v7")`."""
    is_list: bool = False
    """Whether it asks which tables there are."""


@dataclass(frozen=True)
class Answer:
    """Rows as they come; they are counted by who takes them."""

    schema: "pa.Schema"
    batches: "Iterator[pa.RecordBatch]"


def names(text: str, functions: Collection[str]) -> Names:
    """What a query reads.

    Args:
        text: The query.
        functions: Functions of ours, each of which takes one name.

    Raises:
        MistakeOfUser: It is no query, several, or one that does more than read; or DuckDB is not installed.
    """
    duckdb = _duckdb()
    with _explained(duckdb, ()):
        text.encode()  # what a terminal hands over may be no text
        statements = duckdb.extract_statements(text)
    if len(statements) != 1:
        raise MistakeOfUser(f"Give one query, such as {_EXAMPLE} (got {len(statements) or 'none'}).")
    kind = statements[0].type.name
    if kind not in _ALLOWED:
        raise MistakeOfUser(f"{_READS} (got {kind}).")
    tree = _tree(duckdb, text if kind == "SELECT" else _explained_query(duckdb, text))
    nodes = list(_nodes(tree))
    tables = [node["qualified_name"]["path"] for node in nodes if node.get("type") == "BASE_TABLE"]
    called = [node["function"] for node in nodes if node.get("type") == "TABLE_FUNCTION"]
    return Names(
        tables=frozenset(path[-1].lower() for path in tables),
        calls=frozenset(_call(one) for one in called if one["function_name"].lower() in functions),
        is_list=any(node.get("show_type") == "SHOW_SPECIAL" for node in nodes),
    )


@contextmanager
def answer(
    text: str,
    tables: "Mapping[str, pa.Table]",
    calls: "Mapping[tuple[str, str], pa.Table]",
    *,
    seconds: float,
    known: Iterable[str] = (),
) -> Iterator[Answer]:
    """Ask a query whose names were looked up; the rows come while the block runs, and are not kept.

    Args:
        text: The query.
        tables: What is behind each plain name.
        calls: What is behind each call of a function of ours.
        seconds: How long it may take.
        known: What there is, for messages.

    Raises:
        MistakeOfUser: It cannot be answered, takes too long, or more memory than it may have.
    """
    duckdb = _duckdb()
    connection = duckdb.connect(":memory:", config=_LOCKED)
    late = threading.Event()

    def stop() -> None:
        late.set()
        connection.interrupt()

    timer = threading.Timer(seconds, stop)
    timer.daemon = True
    try:
        _give(connection, tables, calls)
        timer.start()
        with _explained(duckdb, known, late, seconds):
            reader = connection.sql(text).to_arrow_reader(_BATCH)
        yield Answer(reader.schema, _batches(duckdb, reader, late, seconds))
    finally:
        timer.cancel()
        connection.close()


def _duckdb() -> ModuleType:
    try:
        import duckdb
    except ImportError as err:
        raise MistakeOfUser(
            "Queries need DuckDB, which is not installed. Install the package duckdb (extra `sql` in pyproject.toml)."
        ) from err
    module: ModuleType = duckdb
    return module


def _give(
    connection: "DuckDBPyConnection",
    tables: "Mapping[str, pa.Table]",
    calls: "Mapping[tuple[str, str], pa.Table]",
) -> None:
    """Let the connection have the tables, and nothing else from then on."""
    for name, table in tables.items():
        connection.register(name, table)
    for (function, given), table in calls.items():
        connection.register(f"{function}_{hashlib.sha256(given.encode()).hexdigest()}", table)
    for function in sorted({function for function, _ in calls}):
        # The name of a function is one of ours, never text of a user.
        connection.execute(f"create macro {function}(name) as table from query_table('{function}_' || sha256(name))")
    connection.execute("set lock_configuration=true")


def _batches(
    duckdb: ModuleType, reader: "pa.RecordBatchReader", late: threading.Event, seconds: float
) -> "Iterator[pa.RecordBatch]":
    while True:
        with _explained(duckdb, (), late, seconds):
            batch = next(reader, None)
        if batch is None:
            return
        yield batch


def _tree(duckdb: ModuleType, text: str) -> Any:
    """The tree of a query, as DuckDB's own parser sees it."""
    with duckdb.connect(":memory:", config=_LOCKED) as connection, _explained(duckdb, ()):
        (written,) = connection.execute("select json_serialize_sql(?)", [text]).fetchone()
    try:
        tree = json.loads(written)
    except RecursionError as err:
        raise MistakeOfUser("The query is nested too deeply.") from err
    if tree["error"]:
        raise MistakeOfUser(f"{_READS}: {tree['error_message']}")
    return tree


def _explained_query(duckdb: ModuleType, text: str) -> str:
    """What an EXPLAIN explains."""
    tokens = [place for place, kind in duckdb.tokenize(text) if kind != duckdb.token_type.comment]
    words = [text.encode()[start:end].decode() for start, end in itertools.pairwise([*tokens, None])]
    is_analyzed = len(words) > 1 and words[1].split()[:1] != [] and words[1].split()[0].lower() == "analyze"
    return "".join(words[2 if is_analyzed else 1 :])


def _nodes(tree: Any) -> Iterator[dict[str, Any]]:
    """Every object in a tree; one after the other, so that depth does no harm."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            yield node
            waiting += node.values()
        elif isinstance(node, list):
            waiting += node


def _call(function: Mapping[str, Any]) -> tuple[str, str]:
    """A function of ours with the name that it is given."""
    name = function["function_name"].lower()
    literals = [one["expression"].get("literal") for one in function["arguments"]]
    if len(literals) != 1 or literals[0] is None or literals[0].get("kind") != "STRING":
        raise MistakeOfUser(f"{name}() takes one name in quotes, as in {name}('v7').")
    return name, literals[0]["text"]


@contextmanager
def _explained(
    duckdb: ModuleType, known: Iterable[str], late: threading.Event | None = None, seconds: float = 0
) -> Iterator[None]:
    """What DuckDB has against a query as one sentence; rows that are on their way raise OSError."""
    try:
        yield
    except (duckdb.Error, OSError, UnicodeError) as err:
        if late is not None and late.is_set():
            raise MistakeOfUser(
                f"The query was stopped after {seconds:g} seconds. Give it more with --seconds, or less to do."
            ) from err
        text = next(iter(str(err).splitlines()), "")
        if isinstance(err, duckdb.OutOfMemoryException):
            text = f"it needs more than {MEMORY} of memory; take fewer rows or columns, or aggregate first"
        there = f" There are: {', '.join(known)}." if known and isinstance(err, duckdb.CatalogException) else ""
        raise MistakeOfUser(f"The query cannot be answered: {text.rstrip('.!')}.{there}") from err
