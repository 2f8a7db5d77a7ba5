"""The entry of the registry works as such: in a notebook far from this project, behind MLflow's server, and in Spark."""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from deployments import listening
from tasks.adapters.home import Home
from tasks.problems import prediction
from tasks.training import preparation
from tests import homes
from tests.fixtures_server import wait_until

CHAMPION = "models:/flights@champion"
NOTEBOOK = """
import importlib.util, json, sys
import mlflow, pandas as pd
assert not any(importlib.util.find_spec(name) for name in ("tasks", "configs", "flows"))
rows = pd.read_parquet(sys.argv[1])
answers = mlflow.pyfunc.load_model("models:/flights@champion").predict(rows)
json.dump(answers.tolist(), open(sys.argv[2], "w"))
"""
SPARK = """
import json, sys
import mlflow, pandas as pd
from pyspark.sql import SparkSession
rows = pd.read_parquet(sys.argv[1])
names = sys.argv[3].split(",")
session = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").config(
    "spark.driver.host", "127.0.0.1").config("spark.driver.bindAddress", "127.0.0.1").getOrCreate()
session.sparkContext.setLogLevel("ERROR")
asked = mlflow.pyfunc.spark_udf(session, "models:/flights@champion", result_type="array<double>", env_manager="local")
frame = session.read.parquet(sys.argv[1])
answers = frame.select(asked(*names).alias("answer")).collect()
json.dump([row.answer for row in answers], open(sys.argv[2], "w"))
session.stop()
"""


@pytest.fixture(scope="module")
def lived_copy(lived_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of a home with its own files: whoever opens a home owns it, and all others copy that one."""
    return homes.copy(lived_home, tmp_path_factory.mktemp("registered") / "home")


@pytest.fixture(scope="module")
def rows(months: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Flights as they were delivered."""
    path = tmp_path_factory.mktemp("asked") / "flights.parquet"
    pd.read_parquet(months("2013-01")).head(400).to_parquet(path, index=False)
    return path


def at_the_gate(home: Path, rows: Path) -> Any:
    """The answers of the live model's Pipeline, as the gate asks it: one probability per row."""
    with closing(Home(home)) as opened:
        settings, live = opened.settings("flights"), opened.ledger.promotions.champion("flights")
        assert live is not None
        model = opened.ledger.models.versions("flights")[live.version]
        fitted = opened.bundles.load(model.bundle, model.golden)
        names = preparation.inputs(fitted)
        return prediction.predict(
            fitted, preparation.prepare(pd.read_parquet(rows), names, settings.validation.columns)
        )


def far_away(home: Path, **more: str) -> dict[str, str]:
    """The environment of somebody who knows where MLflow's database is, and nothing else of ours."""
    kept = {name: os.environ[name] for name in ("JAVA_HOME", "HOME") if name in os.environ}
    kept["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"  # an environment that is activated
    uri = f"sqlite:///{home / 'mlflow' / 'mlflow.db'}"
    return {**kept, "MLFLOW_TRACKING_URI": uri, "MLFLOW_DISABLE_TELEMETRY": "true", "OMP_NUM_THREADS": "1", **more}


def ran(code: str, home: Path, folder: Path, *arguments: str) -> Any:
    """What a program has written that runs in a folder of its own."""
    folder.mkdir()
    out = folder / "answers.json"
    command = [sys.executable, "-c", code, arguments[0], str(out), *arguments[1:]]
    done = subprocess.run(
        command, cwd=folder, env=far_away(home), capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stderr
    return np.array(json.loads(out.read_text()))


def test_a_notebook_without_this_project_gets_the_answers_of_the_gate(
    lived_copy: Path, rows: Path, tmp_path: Path
) -> None:
    answers = ran(NOTEBOOK, lived_copy, tmp_path / "empty", str(rows))

    assert np.abs(answers[:, 1] - at_the_gate(lived_copy, rows)).max() <= 1e-9


@pytest.mark.long
def test_mlflows_own_server_gives_the_same(lived_copy: Path, rows: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with listening.on(0) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "mlflow", "models", "serve", "--env-manager", "local", "-m", CHAMPION]
    with subprocess.Popen(
        [*command, "-h", "127.0.0.1", "-p", str(port), "-w", "1"],
        cwd=tmp_path / "empty",
        env=far_away(lived_copy),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as server:
        try:
            wait_until(lambda: _answers(f"http://127.0.0.1:{port}/ping"), 120)
            body = (
                b'{"dataframe_split": %s}'
                % pd.read_parquet(rows).to_json(orient="split", index=False, date_format="iso").encode()
            )
            told = _answers(f"http://127.0.0.1:{port}/invocations", body)
        finally:
            os.killpg(server.pid, 15)
    answers = np.array(json.loads(told)["predictions"])

    assert np.abs(answers[:, 1] - at_the_gate(lived_copy, rows)).max() <= 1e-9


def _answers(address: str, body: bytes | None = None) -> bytes:
    """What a server says; nothing while there is none."""
    try:
        with urllib.request.urlopen(
            urllib.request.Request(address, body, {"Content-Type": "application/json"}), timeout=60
        ) as answer:
            content: bytes = answer.read()
            return content or b"{}"
    except urllib.error.HTTPError:
        raise
    except OSError:
        return b""


@pytest.mark.long
@pytest.mark.skipif(importlib.util.find_spec("pyspark") is None, reason="PySpark is not installed (the extra `spark`)")
@pytest.mark.skipif(shutil.which("java") is None, reason="there is no Java")
def test_spark_gives_the_same(lived_copy: Path, rows: Path, tmp_path: Path) -> None:
    with closing(Home(lived_copy)) as home:
        names = [*home.settings("flights").training.features]

    answers = ran(SPARK, lived_copy, tmp_path / "empty", str(rows), ",".join(names))

    assert np.abs(answers[:, 1] - at_the_gate(lived_copy, rows)).max() <= 1e-9
