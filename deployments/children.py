"""What `make up` runs: Prefect's server, the worker, MLflow's UI; how each is called and what it finds around it.

Change a setting in `server.toml`; change this module when a child is started in another way.
"""

import os
import socket
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from configs import environment
from configs.environment import CHECKOUT
from deployments import mlflow_ui
from deployments.listening import address
from deployments.tree import Child
from tasks.adapters.prefect import local_api_database
from tasks.adapters.web import access

SETTINGS = CHECKOUT / "deployments" / "server.toml"
PREFECT_PORT, MLFLOW_PORT = 4200, 5000
"""Where they listen if nobody else does."""


def server(home: Path, listener: socket.socket, name: str = "", others: Sequence[str] = ()) -> Child:
    """Prefect's server with its UI, scheduler and triggers, on the database of the home.

    Args:
        home: Folder of everything local.
        listener: Where it answers.
        name: The host name by which browsers ask; without one none is let in.
        others: Addresses of the other servers, to which its pages point.
    """
    folder, number, nobody = home / "prefect", listener.fileno(), os.open(os.devnull, os.O_WRONLY)
    own, port = address(listener), listener.getsockname()[1]
    variables = {
        **local_api_database.own_environment(folder),
        **_settings(),
        **environment.as_seen(name, others),
        "PREFECT_SERVER_DATABASE_CONNECTION_URL": f"sqlite+aiosqlite:///{folder / 'prefect.db'}",
        "PREFECT_SERVER_API_HOST": "127.0.0.1",
        "PREFECT_SERVER_API_PORT": str(port),
        "PREFECT_SERVER_UI_API_URL": f"{own}/api",
        "PREFECT_SERVER_API_AUTH_STRING": access.auth(home),
        "PREFECT_SERVER_CORS_ALLOWED_ORIGINS": f"{own},http://localhost:{port}",
    }
    command = [sys.executable, "-m", local_api_database.SERVER, "stay", str(home), str(number), str(nobody)]
    return Child("Prefect's server", command, variables, folder / "up-server.log", (number, nobody))


def worker(home: Path, url: str, ready: int) -> Child:
    """The worker, which first brings the server up to date with configs/.

    Args:
        home: Folder of everything local.
        url: Address of Prefect's API.
        ready: File to which it writes what it changed, and when it is ready.
    """
    folder = home / "prefect"
    variables = {**local_api_database.own_environment(folder), **_settings(), "PREFECT_API_URL": url}
    variables["PREFECT_API_AUTH_STRING"] = access.auth(home)
    command = [sys.executable, "-m", "deployments.served", str(home), url, str(ready)]
    return Child("The worker", command, variables, folder / "up-worker.log", (ready,))


def ui_of_mlflow(home: Path, listener: socket.socket, name: str) -> Child:
    """MLflow's UI on the store of the home; browsers ask it by the name."""
    number = listener.fileno()
    variables = {
        **local_api_database.own_environment(home / "prefect"),
        **mlflow_ui.variables(home, name),
        **environment.as_seen(name),
    }
    command = [sys.executable, "-m", "deployments.mlflow_ui", str(home), str(number)]
    return Child("MLflow's UI", command, variables, home / "mlflow" / "ui.log", (number,))


def _settings() -> dict[str, str]:
    """Our settings of Prefect, as variables: [worker] query_seconds is PREFECT_WORKER_QUERY_SECONDS."""
    return dict(_flat("PREFECT", tomllib.loads(SETTINGS.read_text(encoding="utf-8"))))


def _flat(above: str, values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for key, value in values.items():
        name = f"{above}_{key.upper()}"
        if isinstance(value, dict):
            yield from _flat(name, value)
        else:
            yield name, str(value).lower() if isinstance(value, bool) else str(value)
