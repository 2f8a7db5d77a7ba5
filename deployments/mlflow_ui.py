"""MLflow's UI on the store of a home: `python -m deployments.mlflow_ui HOME LISTENER`; only `up` starts it.

It is what `mlflow server` starts in the end, in one process in place of three. It opens at the training of models,
with telemetry off and without an assistant: that one would run commands on this machine.
"""

import json
import socket
import sys
from pathlib import Path

from configs import environment
from tasks.adapters.processes.lifeline import Lifeline
from tasks.adapters.web.door import Asked, Door
from tasks.adapters.web.guard import App, Guard, Receive, Scope, Send, answer, rewritten

RUNS = "#/experiments?workflowType=machine_learning"
"""Where the experiments of the pipelines are, with their runs."""
HEALTH = "/health"
"""Says whether it is well, to everybody on this machine."""
_SETTINGS = {
    "mlflow.settings.telemetry.enabled_v1": "false",
    "mlflow.telemetry.info.alert.dismissed_v1": "true",
    "mlflow.assistant.panelOpen_v1": "false",
    "mlflow.assistant.fab.autoOpenedOnFirstLoad_v1": "true",
}
"""What its page keeps in the browser, as names and values; what the user has changed since stays."""
_SCRIPT = f"""<script>
for (const [name, value] of Object.entries({json.dumps(_SETTINGS)}))
  if (localStorage.getItem(name) === null) localStorage.setItem(name, value);
if (!location.hash) location.replace({json.dumps(RUNS)});
</script>"""
_ASSISTANT = "/mlflow/assistant"


class Prepared:
    """MLflow's server with the settings of its page that can be made in the browser only, and without its assistant."""

    def __init__(self, app: App) -> None:
        """Args:
        app: MLflow's server.
        """
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as MLflow does, but for its first page and its assistant."""
        if scope["type"] == "http" and _ASSISTANT in scope["path"]:
            await answer(send, 404, "There is no assistant here.\n", "text/plain; charset=utf-8")
        elif scope["type"] == "http" and scope["path"] == "/" and scope["method"] == "GET":
            await rewritten(self._app, scope, receive, send, _prepare)
        else:
            await self._app(scope, receive, send)


def _prepare(page: bytes) -> bytes:
    return page.replace(b"<head>", b"<head>" + _SCRIPT.encode(), 1)


def main(arguments: list[str]) -> None:
    """Serve the UI until the parent ends."""
    Lifeline().start()
    environment.settle()
    from tasks.adapters.mlflow import tracking
    from tasks.adapters.web import access

    tracking.ensure_store(Path(arguments[0]) / "mlflow")
    import uvicorn
    from mlflow.server.fastapi_app import app

    with socket.socket(fileno=int(arguments[1])) as listening:
        home, seen = Path(arguments[0]), environment.seen()
        asked = Asked(Prepared(app), Door(home, access.auth(home), seen.name), [HEALTH])
        guarded = Guard(asked, listening.getsockname()[1], seen.name)
        uvicorn.Server(uvicorn.Config(guarded, log_level="warning", access_log=False)).run(sockets=[listening])


def variables(home: Path, name: str) -> dict[str, str]:
    """What MLflow's server finds in its environment; the names are those that `mlflow server` sets.

    Args:
        home: Folder of everything local.
        name: The host name by which browsers ask; MLflow knows those of loopback itself.
    """
    folder = home / "mlflow"
    return {
        "_MLFLOW_SERVER_FILE_STORE": f"sqlite:///{folder / 'mlflow.db'}",
        "_MLFLOW_SERVER_REGISTRY_STORE": f"sqlite:///{folder / 'mlflow.db'}",
        "_MLFLOW_SERVER_ARTIFACT_ROOT": str(folder / "artifacts"),
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "MLFLOW_SERVER_ALLOWED_HOSTS": f"localhost:*,127.0.0.1:*,{name}:*",
        "MLFLOW_SERVER_CORS_ALLOWED_ORIGINS": f"http://{name}:*",
    }


if __name__ == "__main__":
    main(sys.argv[1:])
