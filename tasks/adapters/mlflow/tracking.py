"""MLflow tracking: every training run of the ledger, shown as an MLflow run with its data, figures, plots and model.

MLflow is a projection. What it shows is written after the ledger has committed it, by its own process, from plain
values; it can be written again at any time. Versions and aliases belong to `registry`, the folder of a logged model to
`packaging`, the files of a run to `run_files`. Nothing decides by what MLflow says. Only functions import mlflow: the
values are made without it.
"""

import logging
import os
import re
import sqlite3
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from configs.errors import IncumbentError
from tasks.adapters import failpoints, files
from tasks.adapters.mlflow import artifacts as handed_out
from tasks.adapters.mlflow import packaging, run_facts, run_files
from tasks.adapters.mlflow.training_run import TrainingRun
from tasks.domain.logged_files import Logged
from tasks.problems import kinds

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Experiment, LoggedModel, Run

MODEL_TAG = run_facts.MODEL_TAG
_DATABASE = "mlflow.db"
_METRICS_AT_ONCE, _PARAMS_AT_ONCE = 1000, 100


@dataclass(frozen=True)
class TrackingStore:
    """Where MLflow keeps what it shows."""

    uri: str
    """Tracking and registry URI, as for `mlflow ui --backend-store-uri`."""
    artifacts: str
    """Folder (or URI) of artifacts, one subfolder per pipeline."""


def ensure_store(folder: Path) -> TrackingStore:
    """MLflow's SQLite database (WAL) and artifact folder, created once: under a lock, in one atomic step.

    A database that is there is neither opened nor changed; this costs a millisecond.
    """
    database, artifacts = folder / _DATABASE, folder / "artifacts"
    if not database.exists():
        with files.locked(folder / ".mlflow.lock"):
            if not database.exists():
                artifacts.mkdir(parents=True, exist_ok=True)
                _create(database, artifacts)
    return TrackingStore(_address(database), artifacts_of(folder))


def artifacts_of(folder: Path) -> str:
    """Where the artifacts of a store are, as MLflow is told."""
    artifacts = folder / "artifacts"
    return artifacts.as_uri() if _is_special(artifacts) else str(artifacts)


def log_training(store: TrackingStore, training: TrainingRun, keep: Callable[[Logged], None] | None = None) -> str:
    """Write one training to MLflow and return the id of its run; a finished run of the same model is returned as it is.

    What a killed process left half written is closed as KILLED, its logged model as FAILED, and written anew.

    Args:
        store: Where MLflow keeps what it shows.
        training: What is shown.
        keep: Commits what MLflow was given, before the run is finished.
    """
    client = open_client(store)
    experiment = _experiment(client, store, training)
    for run in runs_of(client, experiment, training.model.id):
        if run.info.status == "FINISHED":
            return str(run.info.run_id)
        if run.info.status == "RUNNING":
            close_half_finished(client, run)
    with tempfile.TemporaryDirectory(prefix="incumbent-") as folder:
        return _write(client, experiment, training, Path(folder), keep)


def open_client(store: TrackingStore) -> "MlflowClient":
    """A client of this store; no global state of mlflow is changed but the level of its logs."""
    from mlflow import MlflowClient

    _quieten()
    return MlflowClient(tracking_uri=store.uri, registry_uri=store.uri)


def runs_of(client: "MlflowClient", experiment: str, model: str) -> list["Run"]:
    """All runs that were written for one model, latest first."""
    return list(client.search_runs([experiment], filter_string=f"tags.`{MODEL_TAG}` = '{model}'"))


def finished(client: "MlflowClient", pipeline: str) -> list["Run"]:
    """Every finished run of a pipeline."""
    experiment = client.get_experiment_by_name(pipeline)
    found: list[Run] = []
    token: str | None = None
    while experiment is not None:
        wanted = "attributes.status = 'FINISHED'"
        page = client.search_runs([experiment.experiment_id], wanted, max_results=1000, page_token=token)
        found += page
        token = page.token
        if not token:
            break
    return found


def holds(store: TrackingStore, folder: Path) -> bool:
    """Whether a folder is one in which this store keeps artifacts."""
    root = handed_out.folder_of(store.artifacts)
    return root is not None and Path(os.path.normpath(folder)).is_relative_to(root)


def model_of(client: "MlflowClient", run: str) -> str | None:
    """MLflow's id of the model that a run has logged, if it has."""
    outputs = client.get_run(run).outputs
    return outputs.model_outputs[0].model_id if outputs and outputs.model_outputs else None


def _create(database: Path, artifacts: Path) -> None:
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    _quieten()
    with files.staged(database) as temporary:
        SqlAlchemyStore(_address(temporary), str(artifacts)).engine.dispose()  # type: ignore[no-untyped-call]
        connection = sqlite3.connect(temporary)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.close()
        for ending in ("-wal", "-shm"):  # left by one that was deleted; SQLite would take them for changes of this one
            Path(f"{database}{ending}").unlink(missing_ok=True)


def _address(database: Path) -> str:
    """MLflow takes text only, in which a `?` would begin the options: such a path is written as a URI of SQLite.

    With the name of the driver, or MLflow would take the URI for a path, and make its folders.
    """
    if _is_special(database):
        return f"sqlite+pysqlite:///file:{quote(str(database))}?uri=true"
    return f"sqlite:///{database}"


def _is_special(path: Path) -> bool:
    return bool(set("?#%") & set(str(path)))


def _quieten() -> None:
    # After the import: mlflow sets the level of its log when it is imported. What fails in its database it logs with a
    # traceback, and raises: whoever asked says it in words.
    for name, level in {
        "mlflow": logging.WARNING,
        "alembic": logging.WARNING,
        "mlflow.store.db": logging.CRITICAL,
    }.items():
        logging.getLogger(name).setLevel(level)


def _experiment(client: "MlflowClient", store: TrackingStore, training: TrainingRun) -> str:
    found = client.get_experiment_by_name(training.pipeline)
    if found is not None:
        if found.lifecycle_stage == "deleted":
            client.restore_experiment(found.experiment_id)
        _keep_in_home(store, found)
        return str(found.experiment_id)
    tags = {"mlflow.note.content": training.title, "mlflow.experimentKind": "custom_model_development"}
    location = f"{store.artifacts}/{training.pipeline}"
    return str(client.create_experiment(training.pipeline, artifact_location=location, tags=tags))


def _keep_in_home(store: TrackingStore, experiment: "Experiment") -> None:
    """A home that was moved or copied writes into itself; MLflow has no call for it, and knows folders by full path."""
    folder = handed_out.folder_of(experiment.artifact_location)
    if folder is None or holds(store, folder):
        return
    from sqlalchemy import create_engine, text

    engine = create_engine(store.uri)
    with engine.begin() as connection:
        change = text("update experiments set artifact_location = :place where experiment_id = :number")
        connection.execute(
            change, {"place": f"{store.artifacts}/{experiment.name}", "number": experiment.experiment_id}
        )
    engine.dispose()


def close_half_finished(client: "MlflowClient", run: "Run") -> None:
    """Close a run that a killed process was writing, and the model in it: both are written anew."""
    experiment, wanted = run.info.experiment_id, f"source_run_id = '{run.info.run_id}'"
    for logged in client.search_logged_models([experiment], filter_string=wanted):
        client.finalize_logged_model(logged.model_id, "FAILED")
    client.set_terminated(run.info.run_id, status="KILLED")


def _write(
    client: "MlflowClient",
    experiment: str,
    training: TrainingRun,
    folder: Path,
    keep: Callable[[Logged], None] | None,
) -> str:
    from mlflow.entities import LoggedModelOutput, Param
    from mlflow.entities import Metric as Point

    model, at = training.model, _milliseconds(training.finished)
    name = f"{training.batch.name} {model.family}{' refit' if training.refit_of else ''}"
    kind = kinds.of(training.score).learner
    run = client.create_run(experiment, _milliseconds(training.started), run_facts.tags(training), name)
    run_id = str(run.info.run_id)
    failpoints.reach("mlflow-run-begun")
    logged = client.create_logged_model(
        experiment, name=_model_name(training), source_run_id=run_id, model_type=kind,
        tags={MODEL_TAG: model.id}, params=dict(model.parameters),
    )  # fmt: skip
    failpoints.reach("mlflow-model-begun")
    client.log_outputs(run_id, [LoggedModelOutput(logged.model_id, step=training.turn)])
    client.log_inputs(run_id, run_facts.datasets(training))
    judged_on = training.batch.id[: run_facts.DIGEST_LENGTH]
    points = [
        Point(key, value, at, training.turn, logged.model_id, f"{training.pipeline} {training.batch.name}", judged_on)
        for key, value in dict(run_facts.metrics(training)).items()
    ]
    params = [Param(*pair) for pair in run_facts.params(training)]
    client.log_batch(run_id, points[:_METRICS_AT_ONCE], params[:_PARAMS_AT_ONCE])
    for start in range(_METRICS_AT_ONCE, len(points), _METRICS_AT_ONCE):
        client.log_batch(run_id, points[start : start + _METRICS_AT_ONCE])
    run_files.write(training, folder / "run")
    client.log_artifacts(run_id, str(folder / "run"))
    failpoints.reach("mlflow-run-described")
    packaging.pack(packaged(training, run_id, logged), folder / "model")
    _require_open(client, run_id)
    client.log_model_artifacts(logged.model_id, str(folder / "model"))
    if keep is not None:
        keep(logged_files(run, logged, handed_out.digests(folder)))
        failpoints.reach("mlflow-files-kept")
    client.finalize_logged_model(logged.model_id, "READY")
    failpoints.reach("mlflow-model-ready")
    client.set_terminated(run_id, status="FINISHED", end_time=at)
    return run_id


def packaged(training: TrainingRun, run: str, logged: "LoggedModel") -> packaging.Packaged:
    """What the folder of a logged model is made from."""
    return packaging.Packaged(
        logged.model_id, run, logged.artifact_location, training.bundle, training.trusted_types, training.features,
        training.finished, kinds.of(training.score).probabilities(training.model.snapshot),
    )  # fmt: skip


def logged_files(run: "Run", model: "LoggedModel", digests: dict[str, str]) -> Logged:
    """What MLflow has been given of a model, for the ledger."""
    place = str(run.info.artifact_uri)
    return Logged(str(run.info.run_id), place, model.model_id, model.artifact_location, tuple(sorted(digests.items())))


def _require_open(client: "MlflowClient", run: str) -> None:
    """A run that somebody has closed is written anew by them; to finish it now would make two of one model."""
    status = client.get_run(run).info.status
    if status != "RUNNING":
        raise IncumbentError(f"The MLflow run {run} was closed as {status} by somebody else. Show the turn again.")


def _model_name(training: TrainingRun) -> str:
    refit = "-refit" if training.refit_of else ""
    return re.sub(r"[^\w\- ]", "_", f"{training.pipeline}-{training.batch.name}-{training.model.family}{refit}")[:200]


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
