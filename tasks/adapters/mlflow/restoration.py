"""Brings back the files that MLflow hands out of a model, in their places, from what the ledger holds.

The run and its ids stay. What is drawn or described anew may have other bytes than before, where libraries or settings
are others by now: then the ledger gets the new digests.
"""

import tempfile
from collections.abc import Callable
from pathlib import Path

from tasks.adapters import failpoints
from tasks.adapters.mlflow import artifacts, packaging, run_files, tracking
from tasks.adapters.mlflow.tracking import TrackingStore
from tasks.adapters.mlflow.training_run import TrainingRun
from tasks.domain.logged_files import Logged


def restore(
    store: TrackingStore,
    training: TrainingRun,
    run: str,
    kept: Logged | None,
    aside: Path,
    keep: Callable[[Logged], None],
) -> None:
    """Let the folders of a run and of its model hold what was logged; what is in order is not touched.

    Args:
        store: Where MLflow keeps what it shows.
        training: What the run shows.
        run: Its id in MLflow.
        kept: What the ledger says of its files; None if an earlier version has logged them.
        aside: Where to put what does not belong there.
        keep: Commits what MLflow hands out then.
    """
    client = tracking.open_client(store)
    described = client.get_run(run)
    logged = client.get_logged_model(kept.logged_model if kept else tracking.model_of(client, run) or "")
    folders = [artifacts.folder_of(str(one)) for one in (described.info.artifact_uri, logged.artifact_location)]
    held: dict[str, str] = {}
    with tempfile.TemporaryDirectory(prefix="incumbent-") as folder:
        staged = Path(folder)
        run_files.write(training, staged / "run")
        packaging.pack(tracking.packaged(training, run, logged), staged / "model")
        for part, place in zip((artifacts.RUN, artifacts.MODEL), folders, strict=True):
            assert place is not None
            digests = dict(kept.files) if kept else {}
            logged_here = {path.removeprefix(part): digest for path, digest in digests.items() if path.startswith(part)}
            if part == artifacts.RUN and training.settings_changed:
                _leave_settings(staged / part, place, logged_here, kept is None)
            restored = artifacts.restore(staged / part, place, logged_here, aside / run / part, training.pipeline)
            held |= {f"{part}{path}": digest for path, digest in restored.items()}
            failpoints.reach("mlflow-files-restored")
    keep(tracking.logged_files(described, logged, held))


def _leave_settings(staged: Path, place: Path, logged: dict[str, str], is_earlier: bool) -> None:
    """The pipeline file of the fit cannot be written again: the one that is there stays, unless it was changed."""
    there = artifacts.look(place, "").get(run_files.PIPELINE)
    if there is None or there.digest is None:
        return
    if is_earlier or logged.get(run_files.PIPELINE) == there.digest:
        logged[run_files.PIPELINE] = there.digest
        (staged / run_files.LATER).unlink()
