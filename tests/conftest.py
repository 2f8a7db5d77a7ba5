"""What all tests share: a quiet process, small cuts of the real flights, homes that start quickly, the command line."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from configs import environment

environment.settle()

import pandas as pd  # noqa: E402  third parties see the settled environment
import pytest  # noqa: E402

from tasks.adapters import example, tracking  # noqa: E402
from tasks.adapters import home as homes  # noqa: E402
from tasks.adapters.home import Home  # noqa: E402
from tests.fixtures_prefect import prefect_api, prefect_home, prefect_template  # noqa: E402

__all__ = ["prefect_api", "prefect_home", "prefect_template"]

CUT = 4
"""Every fourth flight: enough for a champion, small enough to be quick."""

CommandLine = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def year(request: pytest.FixtureRequest) -> Path:
    """Folder with the twelve months of the example, as `prepare` writes them; made in the first session only."""
    assert request.config.cache is not None
    folder = Path(request.config.cache.mkdir("flights"))
    example.prepare_flights(folder)
    return folder


@pytest.fixture(scope="session")
def months(year: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Gives one month of the flights, every fourth row, by its name: `months("2013-01")`."""
    folder = tmp_path_factory.mktemp("cut")

    def cut(name: str) -> Path:
        path = folder / f"{name}.parquet"
        if not path.exists():
            rows = pd.read_parquet(year / path.name).iloc[::CUT]
            rows.to_parquet(path, index=False)
        return path

    return cut


@pytest.fixture(scope="session")
def mlflow_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty MLflow database."""
    folder = tmp_path_factory.mktemp("mlflow")
    tracking.ensure_store(folder)
    return folder


@pytest.fixture
def new_home(
    tmp_path: Path, prefect_home: Callable[[Path], Path], mlflow_template: Path
) -> Callable[..., Path]:
    """Makes a home whose databases are there and empty, with some deliveries: `new_home("a", january, february)`."""

    def make(name: str = "home", *deliveries: Path) -> Path:
        folder = prefect_home(tmp_path / name)
        (folder / "mlflow" / "artifacts").mkdir(parents=True)
        shutil.copyfile(mlflow_template / "mlflow.db", folder / "mlflow" / "mlflow.db")
        landing = folder / "landing" / "flights"
        landing.mkdir(parents=True)
        for delivery in deliveries:
            shutil.copyfile(delivery, landing / delivery.name)
        return folder

    return make


@pytest.fixture
def open_home() -> Iterator[Callable[[Path], Home]]:
    """Opens a home in this process, to look into it; closed at the end of the test."""
    opened: list[Home] = []

    def look(folder: Path) -> Home:
        opened.append(Home(folder))
        return opened[-1]

    yield look
    for one in opened:
        one.close()


@pytest.fixture
def current_home(new_home: Callable[..., Path]) -> Iterator[Home]:
    """An empty home that is the current one of this process."""
    with homes.use(Home(new_home())) as home:
        yield home


@pytest.fixture
def flows_run() -> CommandLine:
    """Runs `python -m flows.run` in a process of its own: `flows_run(home, "status", "--json")`."""

    def run(home: Path, *arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "INCUMBENT_"))}
        return subprocess.run(
            [sys.executable, "-m", "flows.run", *arguments],
            cwd=environment.CHECKOUT,
            env={**inherited, "INCUMBENT_HOME": str(home), **variables},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    return run
