"""Tracking and registry: what the ledger knows is seen in a real MLflow store, once, whatever happened before."""

import os
import pickle
import signal
import sqlite3
import subprocess
import sys
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowClient
from mlflow.entities import Run

from configs.errors import IncumbentError
from configs.evaluation import EvaluationSettings
from configs.validation import ColumnRule
from tasks.adapters.blobs.bundles import Bundles
from tasks.adapters.blobs.local import LocalBlobs
from tasks.adapters.mlflow import artifacts as handed_out
from tasks.adapters.mlflow import packaging, registry, tracking
from tasks.adapters.mlflow.tracking import TrackingStore
from tasks.evaluation import scores
from tasks.problems import prediction
from tasks.training import learning, preparation
from tasks.training.estimators import families
from tasks.training.estimators.boosting import HistGradientBoostingCandidate
from tasks.training.estimators.linear import LinearRegressionCandidate
from tests import stored
from tests.adapters.mlflow.described import described, judged

ROOT = Path(__file__).parents[3]
COLUMNS = {"city": ColumnRule(type="category", nullable=True), "size": ColumnRule(type="number")}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> TrackingStore:
    """A store in a folder whose name is hard to put into an address."""
    return tracking.ensure_store(tmp_path_factory.mktemp("a home") / "50% off? #1" / "mlflow")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, pd.DataFrame]:
    """The bundle of a small model, and rows to ask it."""
    source = np.random.default_rng(4)
    frame = pd.DataFrame({"city": source.choice(["Oslo", "Rome"], 200), "size": source.normal(100, 30, 200)})
    prepared = preparation.prepare(frame, ("city", "size"), COLUMNS)
    candidate = HistGradientBoostingCandidate(
        family="hist_gradient_boosting", max_iter=5, max_leaf_nodes=15, min_samples_leaf=5
    )
    pipeline = families.build(candidate, ("city", "size"), COLUMNS, 0, "binary")
    learning.fit(pipeline, prepared, frame["size"].to_numpy() > 100, threads=1)
    bundles = Bundles(LocalBlobs(tmp_path_factory.mktemp("bundles")))
    files = bundles.write(pipeline, prepared, prediction.predict(pipeline, prepared))
    return stored.bundle(bundles.blobs, files.bundle), prepared


def client(store: TrackingStore) -> MlflowClient:
    return MlflowClient(tracking_uri=store.uri, registry_uri=store.uri)


def runs(store: TrackingStore, pipeline: str) -> list[Run]:
    experiment = client(store).get_experiment_by_name(pipeline)
    return list(client(store).search_runs([experiment.experiment_id])) if experiment else []


def artifacts(store: TrackingStore, run: str, folder: str | None = None) -> set[str]:
    return {found.path for found in client(store).list_artifacts(run, folder)}


def test_a_training_run_shows_what_was_done_and_why(store: TrackingStore, trained: tuple[Path, pd.DataFrame]) -> None:
    run_id = tracking.log_training(store, judged("shown", trained[0]))

    run = client(store).get_run(run_id)
    assert (run.info.run_name, run.info.status) == ("2024-03 hist_gradient_boosting", "FINISHED")
    assert (run.info.start_time, run.info.end_time) == (1_709_294_400_000, 1_709_298_000_000)
    assert run.data.params["max_iter"] == "5"
    told = {name.removeprefix("incumbent."): value for name, value in run.data.tags.items()}
    assert told["verdict"] == "promote"
    assert told["reasons"] == "evidence 1,516 ≥ 200; gain 0.0418"
    assert told["triggers"] == "new data: 2024-03"
    assert (told["code"], told["code_clean"], told["mlflow.source.git.commit"]) == (
        "0123abc+changes",
        "false",
        "0123abc",
    )
    assert (told["snapshot"], told["lock"], told["settings"]) == ("5" * 32, "d" * 64, "abc")


def test_metrics_come_with_intervals_and_slices_and_only_where_defined(
    store: TrackingStore, trained: tuple[Path, pd.DataFrame]
) -> None:
    run_id = tracking.log_training(store, judged("measured", trained[0]))

    measured = client(store).get_run(run_id).data.metrics
    assert [measured[f"log_loss{end}"] for end in ("", "_low", "_high")] == [0.5, 0.45, 0.55]
    assert measured["slice/city/Oslo/log_loss"] == 0.4
    assert measured["slice/city/:3c:b:3e:..:2f:Rome:3c::2f:b:3e:/log_loss"] == 0.5
    assert measured["evidence"] == 1516
    assert not {"roc_auc", "gain", "slice/city/other/log_loss"} & set(measured)


def test_the_data_is_logged_by_its_identity(store: TrackingStore, trained: tuple[Path, pd.DataFrame]) -> None:
    run_id = tracking.log_training(store, described("identified", trained[0]))

    inputs = client(store).get_run(run_id).inputs
    assert inputs is not None
    told = {found.tags[0].value: (found.dataset.name, found.dataset.digest) for found in inputs.dataset_inputs}
    assert told == {
        "training": ("identified before 2024-03-01", "5" * 32),
        "evaluation": ("identified 2024-03", "c" * 36),
    }


def test_files_of_a_run_and_plots_of_the_judged_probe_only(
    store: TrackingStore, trained: tuple[Path, pd.DataFrame]
) -> None:
    files = {"pipeline.yaml", "score.json", "slices.csv", "snapshot.json"}

    probe = tracking.log_training(store, judged("drawn", trained[0]))
    other = tracking.log_training(store, described("drawn", trained[0], model="m2"))

    assert artifacts(store, other) == files
    assert artifacts(store, probe) == files | {"plots"}
    plots = {f"plots/{name}.png" for name in ("roc", "precision_recall", "calibration", "importance")}
    assert artifacts(store, probe, "plots") == plots


def test_settings_that_were_changed_after_the_fit_are_not_shown_as_those_of_the_model(
    store: TrackingStore, trained: tuple[Path, pd.DataFrame]
) -> None:
    same = tracking.log_training(store, described("kept", trained[0]))
    other = tracking.log_training(store, described("kept", trained[0], model="m2", settings_changed=True))

    tags = [client(store).get_run(run).data.tags for run in (same, other)]
    assert [told["incumbent.settings_changed"] for told in tags] == ["false", "true"]
    assert ["pipeline-now.yaml" in told["mlflow.note.content"] for told in tags] == [False, True]
    assert "pipeline.yaml" not in artifacts(store, other)
    assert "pipeline-now.yaml" in artifacts(store, other)


@pytest.mark.filterwarnings("default")
def test_somebody_with_mlflow_alone_can_load_the_champion(
    store: TrackingStore, trained: tuple[Path, pd.DataFrame], monkeypatch: pytest.MonkeyPatch
) -> None:
    import mlflow

    bundle, rows = trained
    run_id = tracking.log_training(store, judged("loaded", bundle))
    registry.register(store, "loaded", model="m1", version=1, run_id=run_id)
    registry.set_alias(store, "loaded", "champion", 1)
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(store.uri)
    try:
        loaded = mlflow.pyfunc.load_model("models:/loaded@champion")
        answers = loaded.predict(rows)
        native = mlflow.sklearn.load_model("models:/loaded/1")
    finally:
        mlflow.set_tracking_uri(before)

    assert np.array_equal(answers, native.predict_proba(rows))
    assert np.array_equal(np.clip(answers[:, 1], 1e-6, 1 - 1e-6), prediction.predict(native, rows))
    assert [(column.name, column.required) for column in loaded.metadata.signature.inputs] == [
        ("city", False),
        ("size", True),
    ]


def test_a_model_of_a_number_is_logged_as_a_regressor_that_answers_with_numbers(
    store: TrackingStore, tmp_path: Path
) -> None:
    import mlflow

    source = np.random.default_rng(4)
    frame = pd.DataFrame({"city": source.choice(["Oslo", "Rome"], 200), "size": source.normal(100, 30, 200)})
    rows = preparation.prepare(frame, ("city", "size"), COLUMNS)
    candidate = LinearRegressionCandidate(family="linear_regression")
    pipeline = families.build(candidate, ("city", "size"), COLUMNS, 0, "regression")
    learning.fit(pipeline, rows, 3 * frame["size"].to_numpy(), threads=1)
    bundles = Bundles(LocalBlobs(tmp_path))
    files = bundles.write(pipeline, rows, prediction.predict(pipeline, rows))
    parts = {"city": frame["city"].to_numpy()}
    score = scores.score(
        "m1", "c" * 64, 3 * frame["size"], prediction.predict(pipeline, rows), np.repeat(range(20), 10).astype(str), parts,
        EvaluationSettings(min_slice_rows=20), "regression",
    )  # fmt: skip

    run_id = tracking.log_training(store, described("numbers", stored.bundle(bundles.blobs, files.bundle), score=score))

    client = tracking.open_client(store)
    run = client.get_run(run_id)
    logged = client.get_logged_model(run.outputs.model_outputs[0].model_id)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # mlflow's, about its own type hints, when it is loaded first
        loaded = mlflow.pyfunc.load_model(logged.artifact_location)
    assert np.array_equal(loaded.predict(rows), prediction.predict(pipeline, rows))
    assert logged.model_type == "regressor"
    assert {"squared_error", "rmse", "r2", "mean_label", "slice/city/Oslo/squared_error"} <= run.data.metrics.keys()
    assert not [name for name in run.data.metrics if "log_loss" in name or "positive" in name]


def test_logging_again_writes_nothing(store: TrackingStore, trained: tuple[Path, pd.DataFrame]) -> None:
    first = tracking.log_training(store, judged("twice", trained[0]))

    second = tracking.log_training(store, judged("twice", trained[0]))

    assert first == second
    assert len(runs(store, "twice")) == 1


def test_a_home_of_any_name_holds_all_that_mlflow_writes(
    store: TrackingStore, trained: tuple[Path, pd.DataFrame], tmp_path_factory: pytest.TempPathFactory
) -> None:
    run_id = tracking.log_training(store, described("housed", trained[0]))
    registry.register(store, "housed", model="m1", version=1, run_id=run_id)

    shown = registry.find(store, "housed", 1)

    (home,) = tmp_path_factory.getbasetemp().glob("a home0/50% off? #1")
    assert shown is not None
    assert shown.bundle.is_relative_to(home)
    assert shown.bundle.read_bytes() == trained[0].read_bytes()
    assert {path.name for path in home.parent.iterdir()} == {home.name}
    assert not Path("file:").exists()


def test_what_a_killed_process_left_is_closed_and_written_anew(
    store: TrackingStore, trained: tuple[Path, pd.DataFrame], tmp_path: Path
) -> None:
    described_run = judged("killed", trained[0])
    (tmp_path / "job").write_bytes(pickle.dumps((store, described_run)))  # our own values, in our own test
    child = (
        "import os, pickle, sys; from pathlib import Path; from tasks.adapters.mlflow import packaging; from tasks.adapters.mlflow import tracking;"
        "packaging.pack = lambda *_: os.kill(os.getpid(), 9);"
        "tracking.log_training(*pickle.loads(Path(sys.argv[1]).read_bytes()))"
    )
    killed = subprocess.run(
        [sys.executable, "-c", child, str(tmp_path / "job")], cwd=ROOT, check=False, env=os.environ | quiet()
    )
    assert killed.returncode == -signal.SIGKILL
    assert [run.info.status for run in runs(store, "killed")] == ["RUNNING"]

    run_id = tracking.log_training(store, described_run)

    told = {run.info.run_id: run.info.status for run in runs(store, "killed")}
    assert sorted(told.values()) == ["FINISHED", "KILLED"]
    assert told[run_id] == "FINISHED"
    models = client(store).search_logged_models([runs(store, "killed")[0].info.experiment_id])
    assert sorted((model.status.value, model.source_run_id == run_id) for model in models) == [
        ("FAILED", False),
        ("READY", True),
    ]


def test_an_experiment_that_somebody_deleted_comes_back(
    store: TrackingStore, trained: tuple[Path, pd.DataFrame]
) -> None:
    tracking.log_training(store, described("deleted", trained[0]))
    client(store).delete_experiment(runs(store, "deleted")[0].info.experiment_id)

    tracking.log_training(store, described("deleted", trained[0], model="m2"))

    assert len(runs(store, "deleted")) == 2


def test_versions_are_registered_once_and_keep_the_number_of_the_ledger(
    store: TrackingStore, trained: tuple[Path, pd.DataFrame]
) -> None:
    logged = {
        number: tracking.log_training(store, described("numbered", trained[0], model=f"m{number}")) for number in (1, 2)
    }

    numbers = [
        registry.register(store, "numbered", model=f"m{n}", version=n, run_id=logged[n], tags=(("verdict", tag),))
        for n, tag in ((1, "promote"), (2, "reject"), (1, "promote"), (2, "keep_shadowing"))
    ]

    assert numbers == [1, 2, 1, 2]
    assert registry.versions(store, "numbered") == {1: "m1", 2: "m2"}
    assert client(store).get_model_version("numbered", "2").tags["verdict"] == "keep_shadowing"


def test_a_version_moves_to_the_run_that_is_shown_now(store: TrackingStore, trained: tuple[Path, pd.DataFrame]) -> None:
    cleared = tracking.log_training(store, described("moved", trained[0]))
    registry.register(store, "moved", model="m1", version=1, run_id=cleared)
    client(store).delete_run(cleared)
    anew = tracking.log_training(store, described("moved", trained[0]))

    registry.register(store, "moved", model="m1", version=1, run_id=anew)

    (entry,) = registry.entries(store, "moved")
    model = client(store).get_logged_model(tracking.model_of(client(store), anew) or "")
    assert (entry.version, entry.model) == (1, "m1")
    assert entry.places == (str(handed_out.folder_of(model.artifact_location)),)


def test_a_version_that_somebody_else_made_does_not_shift_ours(
    store: TrackingStore, trained: tuple[Path, pd.DataFrame]
) -> None:
    run_id = tracking.log_training(store, described("shared", trained[0]))
    client(store).create_registered_model("shared")
    client(store).create_model_version("shared", source=str(trained[0].parent), run_id=run_id)

    number = registry.register(store, "shared", model="m1", version=1, run_id=run_id)
    registry.set_alias(store, "shared", "champion", 1)

    assert number == 2
    assert registry.aliases(store, "shared") == {"champion": 1}
    assert str(client(store).get_model_version_by_alias("shared", "champion").version) == "2"


def test_an_alias_moves_stays_and_is_taken_away(store: TrackingStore, trained: tuple[Path, pd.DataFrame]) -> None:
    for number in (1, 2):
        run_id = tracking.log_training(store, described("aliased", trained[0], model=f"m{number}"))
        registry.register(store, "aliased", model=f"m{number}", version=number, run_id=run_id)

    for target in (1, 2, 2):
        registry.set_alias(store, "aliased", "champion", target)
    registry.set_alias(store, "aliased", "challenger", 1)
    registry.set_alias(store, "aliased", "challenger", None)

    assert registry.aliases(store, "aliased") == {"champion": 2}


def test_an_alias_never_points_at_a_version_that_is_not_there(store: TrackingStore) -> None:
    registry.set_alias(store, "nobody", "champion", None)

    with pytest.raises(IncumbentError, match="MLflow has no version 7 of 'nobody' to call champion"):
        registry.set_alias(store, "nobody", "champion", 7)

    assert registry.aliases(store, "nobody") == {}


@pytest.mark.long
def test_a_store_is_made_once_by_two_processes_at_the_same_time(tmp_path: Path) -> None:
    child = (
        "import sys; from pathlib import Path; from tasks.adapters.mlflow import tracking;"
        "store = tracking.ensure_store(Path(sys.argv[1]));"
        "print(tracking.open_client(store).create_experiment(sys.argv[2]))"
    )

    both = [
        subprocess.Popen(
            [sys.executable, "-c", child, str(tmp_path / "mlflow"), name],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | quiet(),
        )
        for name in ("one", "two")
    ]
    told = [process.communicate(timeout=120) for process in both]

    assert sorted(out.strip() for out, _ in told) == ["1", "2"]
    assert [err for _, err in told] == ["", ""]
    left = {path.name.removesuffix("-wal").removesuffix("-shm") for path in (tmp_path / "mlflow").iterdir()}
    assert left == {"mlflow.db", "artifacts", ".mlflow.lock"}
    with sqlite3.connect(tmp_path / "mlflow" / "mlflow.db") as database:
        assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    database.close()


def test_a_description_survives_the_way_to_another_process(trained: tuple[Path, pd.DataFrame]) -> None:
    sent = described("sent", trained[0])

    received = pickle.loads(pickle.dumps(sent))

    assert received.bundle() == sent.bundle()
    assert replace(received, bundle=sent.bundle) == sent


def test_required_versions_are_those_of_the_lock_file() -> None:
    locked = (ROOT / "requirements.lock").read_text().splitlines()

    pinned = packaging.requirements()

    assert all(any(line.startswith(requirement) for line in locked) for requirement in pinned)
    assert {"scikit-learn", "skops", "numpy", "pandas"} <= {requirement.split("==")[0] for requirement in pinned}


def quiet() -> dict[str, str]:
    return {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"}
