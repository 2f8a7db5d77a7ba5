"""MLflow's UI on the store of a home: `python -m deployments.mlflow_ui HOME LISTENER`; only `up` starts it.

It is what `mlflow server` starts in the end, in one process in place of three.
"""

import socket
import sys
from pathlib import Path

from configs import environment
from tasks.adapters.guard import Guard
from tasks.adapters.lifeline import Lifeline


def main(arguments: list[str]) -> None:
    """Serve the UI until the parent ends."""
    Lifeline().start()
    environment.settle()
    from tasks.adapters import tracking

    tracking.ensure_store(Path(arguments[0]) / "mlflow")
    import uvicorn
    from mlflow.server.fastapi_app import app

    with socket.socket(fileno=int(arguments[1])) as listening:
        guarded = Guard(app, listening.getsockname()[1])
        uvicorn.Server(uvicorn.Config(guarded, log_level="warning", access_log=False)).run(sockets=[listening])


def variables(home: Path) -> dict[str, str]:
    """What MLflow's server finds in its environment; the names are those that `mlflow server` sets."""
    folder = home / "mlflow"
    return {
        "_MLFLOW_SERVER_FILE_STORE": f"sqlite:///{folder / 'mlflow.db'}",
        "_MLFLOW_SERVER_REGISTRY_STORE": f"sqlite:///{folder / 'mlflow.db'}",
        "_MLFLOW_SERVER_ARTIFACT_ROOT": str(folder / "artifacts"),
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    }


if __name__ == "__main__":
    main(sys.argv[1:])
