"""The Prefect server of a running `make up`: how others on the same home find it.

Change this module when a running tree must be known by other marks. Starting and ending it is `deployments.up`'s.
"""

import http.client
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from tasks.adapters import access, files, loopback, patience
from tasks.adapters.processes import started

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

    @property
    def ui(self) -> str:
        """Address of Prefect's UI for a browser that was let in."""
        return access.named(self.url.removesuffix("/api"), self.name)

    def answers(self) -> bool:
        """Whether its process lives and its API is healthy."""
        return bool(self.started) and started(self.pid) == self.started and is_healthy(self.url)


def find(home: Path) -> RunningServer | None:
    """The server that answers for this home now; what a dead tree left behind counts for nothing."""
    try:
        found = RunningServer(**json.loads(_path(home).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
    return found if found.answers() else None


def address(home: Path) -> str | None:
    """Address of the API that answers for this home now."""
    found = find(home)
    return found.url if found else None


def announce(home: Path, url: str, mlflow: str, reports: str, name: str = "") -> None:
    """Tell others that the tree of this process answers."""
    mine = RunningServer(url, mlflow, reports, name, os.getpid(), started(os.getpid()))
    files.publish(_path(home), json.dumps(asdict(mine)).encode())


def withdraw(home: Path) -> None:
    """Tell others that it answers no longer."""
    _path(home).unlink(missing_ok=True)


def is_healthy(url: str, timeout: float = _PROBE_SECONDS) -> bool:
    """Whether a Prefect API answers and says that it is well; on a busy machine it may take its time for that."""
    try:
        with loopback.open_url(f"{url}/health", patience.stretched(timeout)) as answer:
            return bool(answer.status == 200)
    except (OSError, ValueError, http.client.HTTPException):
        return False


def _path(home: Path) -> Path:
    return home / "prefect" / "server.json"
