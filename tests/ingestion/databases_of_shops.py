"""A shop whose sales stand in a table of a database: SQLite, DuckDB, or PostgreSQL, each of them real."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import psycopg
import pytest

from tasks.adapters.home import Home
from tasks.ingestion.sources import source_kinds
from tests import shop
from tests.fixtures_postgres import PASSWORD, Cluster

KINDS = ("sqlite", "duckdb", "postgresql")
NOW = datetime(2013, 1, 5, 12, tzinfo=UTC)
YAML = """
title: Will it be sold?
ingestion:
  source: {kind: sql, address: '%s', %s, watermark: at, cut: {days: 1}, overlap_days: 2}
  times: {event: at}
validation:
  key: [number]
  columns:
    number: {type: integer}
    at: {type: timestamp}
    shop: {type: category, nullable: true}
    price: {type: number, nullable: true}
    sold: {type: boolean}
training: {label: sold, features: [shop, price], candidates: [{family: logistic_regression}]}
"""
TABLE = 'create table sales (number integer, "at" %s, shop %s, price %s, sold %s, note %s)'
TYPES = {
    "sqlite": ("text", "text", "real", "integer", "text"),
    "duckdb": ("timestamptz", "varchar", "decimal(9, 2)", "boolean", "varchar"),
    "postgresql": ("timestamptz", "text", "numeric(9, 2)", "boolean", "text"),
}
ROWS = (
    (1, "2013-01-01T04:00:00Z", "a", 1.5, 1, "x"),
    (2, "2013-01-01T05:00:00Z", "b", 2, 0, ""),
    (3, "2013-01-02T00:00:00Z", None, None, 1, None),
    (4, "2013-01-03T23:59:59.999999Z", 'ä,"b"\nc', 4.25, 0, "y"),
    (5, "2013-01-05T11:00:00Z", "a", 5, 1, "open"),
)
Row = tuple[object, ...]


@dataclass
class Shop:
    """A home, its clock, and the database that it reads."""

    kind: str
    home: Home
    execute: Callable[..., None]
    """Runs a statement, with values for its question marks."""
    now: list[datetime] = field(default_factory=lambda: [NOW])

    def insert(self, *rows: Row) -> None:
        for row in rows:
            values = (*row[:4], bool(row[4]) if self.kind != "sqlite" else row[4], row[5])
            self.execute("insert into sales values (?, ?, ?, ?, ?, ?)", *values)

    def fetch(self) -> list[str]:
        return source_kinds.of(self.home, "sales").fetch()

    def gone(self) -> dict[str, int]:
        return source_kinds.of(self.home, "sales").gone()

    def numbers(self) -> dict[str, list[int]]:
        """Which rows were delivered, by delivery."""
        import pyarrow.parquet as pq

        folder = self.home.landing("sales")
        return {path.stem: pq.read_table(path)["number"].to_pylist() for path in sorted(folder.glob("*.parquet"))}


def make(kind: str, folder: Path, patch: pytest.MonkeyPatch, cluster: Cluster | None, *, query: str = "") -> Shop:
    """A shop with an empty table."""
    patch.setenv("INCUMBENT_PIPELINES", str(folder / "pipelines"))
    patch.setenv("INCUMBENT_DATA", str(folder))
    address, execute = _database(kind, folder, patch, cluster)
    asked = f'query: "{query}"' if query else "table: sales"
    shop.write_pipeline(folder / "pipelines", "sales", YAML % (address, asked))
    now = [NOW]
    made = Shop(kind, Home(folder / "home", clock=lambda: now[0]), execute, now)
    made.execute(TABLE % TYPES[kind])
    return made


def _database(
    kind: str, folder: Path, patch: pytest.MonkeyPatch, cluster: Cluster | None
) -> tuple[str, Callable[..., None]]:
    if kind == "postgresql":
        assert cluster is not None
        patch.setenv("SHOP_WORD", PASSWORD)
        url = cluster.url(cluster.new_database())

        def in_postgres(statement: str, *values: object) -> None:
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute(statement.replace("?", "%s").encode(), values or None)

        return url.replace(PASSWORD, "${SHOP_WORD}"), in_postgres
    if kind == "duckdb":

        def in_duckdb(statement: str, *values: object) -> None:
            with duckdb.connect(folder / "shop.duckdb") as connection:
                connection.execute(statement, values or None)

        return "duckdb:///shop.duckdb", in_duckdb

    def in_sqlite(statement: str, *values: object) -> None:
        with closing(sqlite3.connect(folder / "shop.db", isolation_level=None)) as connection:
            connection.execute(statement, values)

    return "sqlite:///shop.db", in_sqlite
