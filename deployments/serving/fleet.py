"""The processes of the prediction service: started at one socket, watched, begun again, and ended when all is answered.

`python -m deployments.serving` and `make up` both start it.
"""

import socket
import sys
from collections.abc import Sequence
from pathlib import Path

from deployments.tree import Child
from tasks.adapters.prefect import local_api_database
from tasks.adapters.web import loopback

PORT = 8000


def process(home: Path, listener: socket.socket, place: int, pipelines: Sequence[str]) -> Child:
    """One process of the service."""
    number = listener.fileno()
    command = [sys.executable, "-m", "deployments.serving.worker", str(number), str(place), *pipelines]
    variables = local_api_database.own_environment(home / "prefect")
    log = home / "serving" / f"process-{place}.log"
    return Child(f"Process {place} of the prediction service", command, variables, log, (number,))


def answers(listener: socket.socket) -> bool:
    """Whether one of them answers."""
    return loopback.answers(f"{address(listener)}/ping", 1.0)


def address(listener: socket.socket) -> str:
    """`http://127.0.0.1:8000`."""
    host, port = listener.getsockname()[:2]
    return f"http://{'127.0.0.1' if host == '0.0.0.0' else host}:{port}"  # noqa: S104 - compared, not bound
