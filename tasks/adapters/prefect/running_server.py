"""The Prefect server of a running `make up`: how others on the same home find it.

Change this module when a running tree must be known by other marks. Starting and ending it is `deployments.up`'s.
"""

import json
import os
import socket
import urllib.request
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urlsplit

from tasks.adapters import files
from tasks.adapters.processes import patience
from tasks.adapters.processes.identity import has_ended, here, started
from tasks.adapters.web import access, loopback

_PROBE_SECONDS = 2.0


@dataclass(frozen=True)
class RunningServer:
    """Where a running tree answers, and which process it belongs to."""

    url: str
    """Address of Prefect's API."""
    mlflow: str
    """Address of MLflow's UI."""
    reports: str
    """Address under which the reports of the home are."""
    name: str
    """The host name by which browsers ask all of them (see `access`)."""
    pid: int
    started: str
    """When that process started; a number may have been given to another one since."""
    host: str
    place: str
    """Where that number and that moment mean something (see `identity`)."""

    @property
    def ui(self) -> str:
        """Address of Prefect's UI for a browser that was let in."""
        return access.named(self.url.removesuffix("/api"), self.name)

    def answers(self) -> bool:
        """Whether its process may live and its API is healthy.

        Of a process that cannot be judged from here its server tells: it alone answers to the name of its start.
        """
        if not self.started or has_ended(self.pid, self.started, self.host, self.place):
            return False
        return is_healthy(self.url, name=self.name)


def find(home: Path) -> RunningServer | None:
    """The server that answers for this home now; what a dead tree left behind counts for nothing."""
    try:
        server = RunningServer(**json.loads(_path(home).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
    return server if server.answers() else None


def address(home: Path) -> str | None:
    """Address of the API that answers for this home now."""
    server = find(home)
    return server.url if server else None


def announce(home: Path, url: str, mlflow: str, reports: str, name: str = "") -> None:
    """Tell others that the tree of this process answers."""
    mine = RunningServer(url, mlflow, reports, name, os.getpid(), started(os.getpid()), socket.gethostname(), here())
    files.publish(_path(home), json.dumps(asdict(mine)).encode())


def withdraw(home: Path) -> None:
    """Tell others that it answers no longer."""
    _path(home).unlink(missing_ok=True)


def is_healthy(url: str, timeout: float = _PROBE_SECONDS, name: str = "") -> bool:
    """Whether a Prefect API answers and says that it is well; on a busy machine it may take its time for that.

    Args:
        url: Address of the API.
        timeout: Seconds for which it is waited on an idle machine.
        name: The host name to which it must answer, if any.
    """
    try:
        host = {"Host": f"{name}:{urlsplit(url).port}"} if name else {}
        request = urllib.request.Request(f"{url}/health", headers=host)  # noqa: S310  it was announced by us, or named
    except ValueError:
        return False
    return loopback.answers(request, patience.stretched(timeout))


def _path(home: Path) -> Path:
    return home / "prefect" / "server.json"
