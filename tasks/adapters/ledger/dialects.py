"""What makes the two databases behave alike: one writer at a time, from the begin of its transaction to its end.

A transaction that reads and then writes sees what it has read unchanged until it commits, so numbers are given without
gaps, a fence that was checked still holds at the commit, and triggers become visible in the order of their numbers.
SQLite has such a lock; on PostgreSQL an advisory lock of the database is it. Transactions are short: it costs little.
"""

from typing import Any

from sqlalchemy import URL, Connection, Engine, event

READING = "AUTOCOMMIT"
"""Isolation level of connections that only read: each query sees what is committed, and waits for no writer."""
WAIT_SECONDS = 30
"""So long a writer waits for another one."""
STOPPED_SECONDS = 20
"""After so long PostgreSQL ends a transaction whose process is paused; the writers behind it go on."""

_LOCK = 0x1EDCE5
_NETWORK = {
    "connect_timeout": 10,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}
"""A server that is gone without a word is noticed within seconds."""


def options(url: URL) -> dict[str, Any]:
    """Options of the engine for this kind of database; what the address says itself stays."""
    if url.get_backend_name() != "postgresql":
        return {}
    network = {name: value for name, value in _NETWORK.items() if name not in url.query}
    # Prepared statements belong to one session, and a pooler between here and there hands sessions around.
    return {"isolation_level": "READ COMMITTED", "connect_args": {**network, "prepare_threshold": None}}


def prepare(engine: Engine) -> None:
    """Let each new connection and each new transaction be as the ledger needs them."""
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _configure_sqlite)
        event.listen(engine, "begin", _begin_immediate)
    if engine.dialect.name == "postgresql":
        event.listen(engine, "connect", _configure_postgresql)
        event.listen(engine, "begin", _begin_alone)


def _configure_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # SQLAlchemy's `begin` event below opens the transaction
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={WAIT_SECONDS * 1000}")
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _begin_immediate(connection: Connection) -> None:
    # A transaction that reads and then writes must hold the write lock from its start, or two of them deadlock.
    # SQLAlchemy announces a "begin" for connections that only read as well.
    if connection.get_execution_options().get("isolation_level") != READING:
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _configure_postgresql(connection: Any, _record: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"set lock_timeout = '{WAIT_SECONDS}s'")
        cursor.execute(f"set idle_in_transaction_session_timeout = '{STOPPED_SECONDS}s'")
    connection.commit()


def _begin_alone(connection: Connection) -> None:
    # The lock is the first statement: under READ COMMITTED every later one sees what the writer before has committed.
    if connection.get_execution_options().get("isolation_level") != READING:
        connection.exec_driver_sql(f"select pg_advisory_xact_lock({_LOCK})")
