"""What sources cost: rows of a PostgreSQL into deliveries against its drivers alone, and a prefix with nothing new.

    python -m tests.benchmarks.sources [--rows 1000000] [--objects 10000] [--rounds 3]

The server of PostgreSQL is a real one, that of objects answers lists which it has made before: what is measured is ours.
Where adbc_driver_postgresql is installed it is measured as well. Nothing here is asserted in a test: figures depend on
the machine and on who else works on it.
"""

import argparse
import io
import json
import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from configs import environment
from tests import fixtures_postgres

COLUMNS = [
    ("at", "timestamptz", "timestamptz '2013-01-01' + n * interval '30 s'"),
    ("number", "bigint", "n"),
    *((f"whole_{place}", "integer", "(random() * 1000)::int") for place in range(5)),
    *((f"decimal_{place}", "double precision", "random()") for place in range(8)),
    *((f"text_{place}", "text", "'shop ' || (random() * 50)::int") for place in range(4)),
    ("sold", "boolean", "random() < 0.5"),
]
PIPELINE = """
title: Sold?
ingestion:
  source: {kind: %s}
  times: {event: at}
validation:
  columns:
    at: {type: timestamp}
    sold: {type: boolean}
    whole_0: {type: integer}
training: {label: sold, features: [whole_0], candidates: [{family: logistic_regression}]}
"""
TABLE = "sql, address: '${BENCH_ADDRESS}', table: sales, watermark: at, cut: {months: 1}"
PREFIX = "json_lines, folder: 's3://bucket/daily'"
QUERY = "select * from sales order by at"
PAGE = 1000


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--objects", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--part", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.part:
        print(json.dumps(PARTS[chosen.part]()))
        return
    print("| | median | at best | peak memory |\n|---|---|---|---|")
    with table(chosen.rows):
        names = ["deliveries", "copy", "cursor", *(["adbc"] if find_spec("adbc_driver_postgresql") else [])]
        compare(names, chosen.rounds)
    with prefix(chosen.objects):
        compare(["objects"], chosen.rounds)


def compare(names: list[str], rounds: int) -> None:
    """Measure parts in turn, each in a process of its own."""
    found: dict[str, list[dict[str, float]]] = {name: [] for name in names}
    for _ in range(rounds):
        for name in names:
            command = (sys.executable, "-m", "tests.benchmarks.sources", "--part", name)
            found[name].append(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))
    for name, measured in found.items():
        seconds = [one["seconds"] for one in measured]
        memory = max(one["megabytes"] for one in measured)
        print(f"| {name} | {statistics.median(seconds):.2f} s | {min(seconds):.2f} s | {memory:,.0f} MB |")


def timed(work: Callable[[], object]) -> dict[str, float]:
    """How long a piece of work takes, and the most memory of this process."""
    begun = time.perf_counter()
    work()
    seconds = time.perf_counter() - begun
    return {"seconds": seconds, "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


@contextmanager
def home(kind: str) -> Iterator[Path]:
    """A home with one pipeline."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "pipelines").mkdir()
        (Path(folder) / "pipelines" / "sales.yaml").write_text(PIPELINE % kind)
        environment.work_in(Path(folder), Path(folder) / "pipelines")
        yield Path(folder)


# ── rows ──────────────────────────────────────────────────────────────────────────────────────────────────────────
@contextmanager
def table(rows: int) -> Iterator[None]:
    """A PostgreSQL with a table of 20 columns; its address is in the environment."""
    cluster = fixtures_postgres.make_cluster()
    try:
        cluster.start()
        name = cluster.new_database()
        columns = ", ".join(f"{column} {kind}" for column, kind, _ in COLUMNS)
        cluster.execute(f"create table sales ({columns})", name)
        values = ", ".join(value for _, _, value in COLUMNS)
        cluster.execute(f"insert into sales select {values} from generate_series(0, {rows - 1}) n", name)
        cluster.execute("create index on sales(at)", name)
        cluster.execute("analyze sales", name)
        os.environ["BENCH_ADDRESS"] = cluster.url(name)
        yield
    finally:
        fixtures_postgres.destroy(cluster)


def deliveries() -> dict[str, float]:
    """Ours: from the server to files in the landing folder."""
    from tasks.adapters.home import Home
    from tasks.ingestion.sources import source_kinds, sql_windows  # noqa: F401  what is imported is not measured

    with home(TABLE) as folder:
        source = source_kinds.of(Home(folder), "sales")
        return timed(source.fetch)


def copied() -> dict[str, float]:
    """psycopg alone: COPY as CSV, read by Arrow whole."""
    import psycopg
    import pyarrow.csv as csv

    def work() -> None:
        asked = f"copy ({QUERY}) to stdout (format csv)".encode()
        with psycopg.connect(os.environ["BENCH_ADDRESS"]) as connection, connection.cursor().copy(asked) as copy:
            content = b"".join(copy)
        options = csv.ReadOptions(column_names=[column for column, _, _ in COLUMNS])
        csv.read_csv(io.BytesIO(content), read_options=options)

    return timed(work)


def by_cursor() -> dict[str, float]:
    """psycopg alone: a cursor on the server, its rows as Arrow."""
    import psycopg
    import pyarrow as pa

    names = [column for column, _, _ in COLUMNS]

    def work() -> None:
        with (
            psycopg.connect(os.environ["BENCH_ADDRESS"]) as connection,
            connection.cursor("rows", binary=True) as cursor,
        ):
            cursor.execute(QUERY)
            parts = []
            while rows := cursor.fetchmany(50_000):
                parts.append(pa.table([pa.array(column) for column in zip(*rows, strict=True)], names))
            pa.concat_tables(parts)

    return timed(work)


def by_adbc() -> dict[str, float]:
    """ADBC's driver alone."""
    from adbc_driver_postgresql import dbapi

    def work() -> None:
        with dbapi.connect(os.environ["BENCH_ADDRESS"]) as connection, connection.cursor() as cursor:
            cursor.execute(QUERY)
            cursor.fetch_arrow_table()

    return timed(work)


# ── objects ───────────────────────────────────────────────────────────────────────────────────────────────────────
@contextmanager
def prefix(objects: int) -> Iterator[None]:
    """A server of objects; its address is in the environment."""
    serving = f"from tests.benchmarks import sources; sources.serve({objects})"
    with subprocess.Popen((sys.executable, "-c", serving), stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        port = int(server.stdout.readline())
        given = {"AWS_ACCESS_KEY_ID": "reader", "AWS_SECRET_ACCESS_KEY": "none", "AWS_REGION": "us-east-1"}
        os.environ |= {**given, "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}"}
        yield
        server.kill()


def nothing_new() -> dict[str, float]:
    """A look at a prefix in which all is known."""
    from tasks.adapters.home import Home
    from tasks.ingestion.sources import source_kinds

    with home(PREFIX) as folder:
        hands = Home(folder, clock=lambda: datetime(2030, 1, 1, tzinfo=UTC))
        source_kinds.of(hands, "sales").look()
        source = source_kinds.of(hands, "sales")
        return timed(source.look)


def serve(objects: int) -> None:
    """Answer lists and objects until the end; prints the port."""
    names = [f"daily/{number:06}.jsonl" for number in range(objects)]
    pages = [_page(names, begin) for begin in range(0, objects, PAGE)]

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            asked = parse_qs(urlsplit(self.path).query)
            page = int(asked.get("continuation-token", ["0"])[0])
            body = pages[page] if "list-type" in asked else self.path.encode()
            number = re.search(r"(\d+)\.jsonl", self.path)
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("ETag", f'"{number[1] if number else ""}"')
            self.send_header("Last-Modified", "Mon, 01 Jan 2024 00:00:00 GMT")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing is said."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        print(server.server_port, flush=True)
        server.serve_forever()


def _page(names: list[str], begin: int) -> bytes:
    held = "".join(
        f"<Contents><Key>{name}</Key><LastModified>2024-01-01T00:00:00.000Z</LastModified>"
        f'<ETag>"{begin + place:06}"</ETag><Size>30</Size></Contents>'
        for place, name in enumerate(names[begin : begin + PAGE])
    )
    is_last = begin + PAGE >= len(names)
    more = "" if is_last else f"<NextContinuationToken>{begin // PAGE + 1}</NextContinuationToken>"
    return (
        '<?xml version="1.0" encoding="UTF-8"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
        f"<IsTruncated>{str(not is_last).lower()}</IsTruncated>{more}{held}</ListBucketResult>"
    ).encode()


PARTS: dict[str, Callable[[], dict[str, float]]] = {
    "deliveries": deliveries,
    "copy": copied,
    "cursor": by_cursor,
    "adbc": by_adbc,
    "objects": nothing_new,
}

if __name__ == "__main__":
    main()
