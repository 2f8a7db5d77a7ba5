"""What does an answer over HTTP cost? Processor time per request, beside an echo on the same server, in one run.

    python -m tests.benchmarks.serving [--home DIR] [--pipeline NAME] [--seconds 2] [--rounds 3]

DIR is a home in which a version is live (by default one is made with the flights). Both servers are one process of
uvicorn; the client is one process with keep-alive connections and takes none of their time. Prints medians.
"""

import argparse
import asyncio
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from deployments import listening
from deployments.serving import fleet
from deployments.tree import Tree
from tests.benchmarks.processes import CHECKOUT

ECHO = """
import socket, sys, uvicorn
async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    message = await receive()
    body = message["body"]
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
with socket.socket(fileno=int(sys.argv[1])) as listening:
    config = uvicorn.Config(app, log_level="warning", access_log=False, server_header=False, date_header=False, lifespan="off")
    uvicorn.Server(config).run(sockets=[listening])
"""
CASES = ((1, 1), (1, 16), (1, 64), (100, 16))
"""Rows of a request, and connections."""


@dataclass(frozen=True)
class Load:
    """What a server did in a few seconds."""

    requests: int
    seconds: float
    cpu_seconds: float
    times: list[float]

    @property
    def cost(self) -> float:
        """Microseconds of its processor for one request."""
        return 1e6 * self.cpu_seconds / self.requests

    def quantile(self, share: float) -> float:
        """Milliseconds within which this share was answered."""
        return 1e3 * sorted(self.times)[min(len(self.times) - 1, int(share * len(self.times)))]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--home", type=Path, help="a home in which a version is live; else one is made")
    parser.add_argument("--pipeline", default="flights")
    parser.add_argument("--seconds", type=float, default=2.0, help="length of one measurement")
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = chosen.home or _home(Path(folder) / "home")
        print("| rows, connections | server | requests/s | CPU µs a request | p50 ms | p99 ms | to the echo |")
        print("|---|---|---|---|---|---|---|")
        with _echo() as echo, _service(home, chosen.pipeline) as service:
            for rows, connections in CASES:
                _compare(rows, connections, echo, service, chosen)


def _compare(
    rows: int, connections: int, echo: tuple[int, int], service: tuple[int, int], chosen: argparse.Namespace
) -> None:
    body = json.dumps({"dataframe_records": [_row(service[0], chosen.pipeline)] * rows}).encode()
    path = f"/{chosen.pipeline}/invocations"
    measured: dict[str, list[Load]] = {"echo": [], "service": []}
    for _ in range(chosen.rounds):
        for name, (port, process) in (("echo", echo), ("service", service)):
            measured[name].append(asyncio.run(_load(port, process, path, body, connections, chosen.seconds)))
    costs = {name: statistics.median(load.cost for load in loads) for name, loads in measured.items()}
    for name, loads in measured.items():
        rate = statistics.median(load.requests / load.seconds for load in loads)
        half, most = (statistics.median(load.quantile(share) for load in loads) for share in (0.5, 0.99))
        ratio = costs[name] / costs["echo"]
        print(
            f"| {rows}, {connections} | {name} | {rate:,.0f} | {costs[name]:,.0f} | {half:.2f} | {most:.2f} | {ratio:.2f} |"
        )


async def _load(port: int, process: int, path: str, body: bytes, connections: int, seconds: float) -> Load:
    request = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    ).encode() + body
    times: list[float] = []
    before, began = _cpu(process), time.perf_counter()
    await asyncio.gather(*(_ask(port, request, began + seconds, times) for _ in range(connections)))
    return Load(len(times), time.perf_counter() - began, _cpu(process) - before, times)


async def _ask(port: int, request: bytes, until: float, times: list[float]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while (began := time.perf_counter()) < until:
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise AssertionError(head)
        length = re.search(rb"(?i)content-length: (\d+)", head)
        assert length is not None
        await reader.readexactly(int(length[1]))
        times.append(time.perf_counter() - began)
    writer.close()


def _row(port: int, pipeline: str) -> dict[str, object]:
    """The row with which the form begins."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/{pipeline}") as page:
        found = re.search(r'id="body">(.*?)</span>', page.read().decode())
    assert found is not None
    row: dict[str, object] = json.loads(found[1].replace("&#34;", '"'))["dataframe_records"][0]
    return row


def _cpu(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def _echo() -> Iterator[tuple[int, int]]:
    with listening.on(0) as listener:
        number = listener.fileno()
        command = [sys.executable, "-c", ECHO, str(number)]
        process = subprocess.Popen(command, pass_fds=[number])
        try:
            time.sleep(2)
            yield listener.getsockname()[1], process.pid
        finally:
            process.terminate()
            process.wait()


@contextmanager
def _service(home: Path, pipeline: str) -> Iterator[tuple[int, int]]:
    with listening.on(0) as listener, closing(Tree(print)) as tree:
        child = fleet.process(home, listener, 0, [pipeline])
        tree.start(child)
        while not fleet.answers(listener):
            time.sleep(0.2)
            tree.look()
        assert child.process is not None
        yield listener.getsockname()[1], child.process.pid


def _home(folder: Path) -> Path:
    variables = {**os.environ, "INCUMBENT_HOME": str(folder)}
    for command in ("prepare", "run"):
        run = [sys.executable, "-m", "flows.run", command]
        subprocess.run(run, cwd=CHECKOUT, env=variables, check=True, stdout=subprocess.DEVNULL)
    return folder


if __name__ == "__main__":
    main()
