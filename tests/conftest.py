"""What all tests share: a quiet process, small cuts of the real flights, homes that start quickly, the command line."""

import gc
import os
import shutil
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

from configs import environment

environment.settle()
PREFECT = environment.CHECKOUT / ".pytest_cache" / "prefect"
PREFECT.mkdir(parents=True, exist_ok=True)
environment.keep_prefect_in(PREFECT)

import hypothesis  # noqa: E402  third parties see the settled environment
import pandas as pd  # noqa: E402
import pytest  # noqa: E402
from xdist.scheduler import LoadFileScheduling  # noqa: E402

from tasks.adapters import files  # noqa: E402
from tasks.adapters.home import Home  # noqa: E402
from tasks.adapters.mlflow import tracking  # noqa: E402
from tasks.ingestion.sources import nycflights  # noqa: E402
from tests import homes  # noqa: E402
from tests.command_line import CommandLine, run  # noqa: E402
from tests.fixtures_champions import two_champions  # noqa: E402
from tests.fixtures_postgres import postgres, postgres_ledgers  # noqa: E402
from tests.fixtures_prefect import prefect_api, prefect_home, prefect_template, served_run, shared_api  # noqa: E402
from tests.fixtures_shop import either_ledger, ledger_url, shop_home, shop_versions, shop_versions_template  # noqa: E402

__all__ = ["CommandLine", "either_ledger", "ledger_url", "postgres", "postgres_ledgers", "prefect_api", "prefect_home", "prefect_template", "served_run", "shared_api", "shop_home", "shop_versions", "shop_versions_template", "two_champions"]  # fmt: skip

hypothesis.settings.register_profile("house", deadline=None)
hypothesis.settings.load_profile("house")
"""How long an example takes says how busy the machine is."""

CUT = 4
"""Every fourth flight: enough for a champion, small enough to be quick."""

HEAVY = ("faults", "deployments", "flows")
"""What takes long begins first, so that no worker waits for another one in the end."""

TOGETHER = {
    **dict.fromkeys(["tests/deployments/test_hostile.py", "tests/deployments/test_up.py"], "make up"),
    **{f"tests/deployments/test_{name}.py": "a server" for name in ("apply", "leftovers", "process", "watcher")},
}
"""Files that one worker takes one after the other: they share what is dear to start."""


class Scheduling(LoadFileScheduling):
    """As `--dist loadfile`, but for those files."""

    def _split_scope(self, nodeid: str) -> str:
        file: str = super()._split_scope(nodeid)
        return TOGETHER.get(file, file)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Scheduling | None:
    return Scheduling(config, log) if config.getvalue("dist") == "loadfile" else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: next((n for n, part in enumerate(HEAVY) if part in item.path.parts), len(HEAVY)))


def pytest_collection_finish() -> None:
    """What was imported and collected stays until the end: no garbage is looked for in it again and again."""
    gc.collect()
    gc.freeze()


def pytest_make_parametrize_id(config: pytest.Config, val: object, argname: str) -> str | None:
    """Bytes are named by their number: those of an archive carry the second at which each worker made them."""
    return argname if isinstance(val, bytes) else None


@pytest.fixture(scope="session")
def year(request: pytest.FixtureRequest) -> Path:
    """Folder with the twelve months of the example, as `prepare` writes them; made in the first session only."""
    assert request.config.cache is not None
    folder = Path(request.config.cache.mkdir("flights"))
    nycflights.prepare_flights(folder)
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
def mlflow_template(request: pytest.FixtureRequest) -> Path:
    """An empty MLflow database of the installed version; made in the first session only, by one process."""
    assert request.config.cache is not None
    folder = Path(request.config.cache.mkdir(f"mlflow-{metadata.version('mlflow')}"))
    tracking.ensure_store(folder)
    return folder


@pytest.fixture
def new_home(tmp_path: Path, prefect_home: Callable[[Path], Path], mlflow_template: Path) -> Callable[..., Path]:
    """Makes a home whose databases are there and empty, with some deliveries: `new_home("a", january, february)`."""

    def make(name: str = "home", *deliveries: Path) -> Path:
        return _furnish(prefect_home(tmp_path / name), mlflow_template, *deliveries)

    return make


@pytest.fixture(scope="session")
def furnished_home(
    tmp_path_factory: pytest.TempPathFactory, prefect_home: Callable[[Path], Path], mlflow_template: Path
) -> Callable[..., Path]:
    """The same for homes that several tests share: `furnished_home("a", january, february)`."""

    def make(name: str, *deliveries: Path) -> Path:
        return _furnish(prefect_home(tmp_path_factory.mktemp(name) / "home"), mlflow_template, *deliveries)

    return make


@pytest.fixture(scope="session")
def lived_pipelines(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example with models of few trees: what looks at a model again costs as much as it has trees."""
    folder = tmp_path_factory.mktemp("lived-pipelines")
    text = (environment.CHECKOUT / "configs" / "pipelines" / "flights.yaml").read_text(encoding="utf-8")
    quick = text.replace("max_iter: 120,", "max_iter: 20,").replace("learning_rate: 0.04,", "learning_rate: 0.24,")
    assert quick != text
    (folder / "flights.yaml").write_text(quick, encoding="utf-8")
    return folder


@pytest.fixture(autouse=True)
def lived_settings(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever looks at the home that has lived does so with the settings with which it has lived."""
    if "lived_home" in request.fixturenames:
        monkeypatch.setenv("INCUMBENT_PIPELINES", str(request.getfixturevalue("lived_pipelines")))


@pytest.fixture(scope="session")
def lived_home(
    months: Callable[[str], Path],
    lived_pipelines: Path,
    served_run: CommandLine,
    tmp_path_factory: pytest.TempPathFactory,
    prefect_home: Callable[[Path], Path],
    mlflow_template: Path,
) -> Path:
    """A home as a run leaves it: two months, a broken file, and January under a second name. To be copied.

    The test processes of one session share it.
    """
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "lived-home"
    with files.locked(folder.with_suffix(".lock")):
        if not (folder / "reports").exists():
            _furnish(prefect_home(folder), mlflow_template, months("2013-01"), months("2013-02"))
            _live(folder, lived_pipelines, served_run)
    return folder


def _live(folder: Path, pipelines: Path, served_run: CommandLine) -> None:
    landing = folder / "landing" / "flights"
    shutil.copyfile(landing / "2013-01.parquet", landing / "again.parquet")
    (landing / "broken.parquet").write_bytes(b"PAR1 but no more")
    ran = served_run(folder, "--quiet", INCUMBENT_PIPELINES=str(pipelines))
    assert ran.returncode == 3, ran.stderr
    homes.forget_place(folder)


def _furnish(folder: Path, mlflow_template: Path, *deliveries: Path) -> Path:
    (folder / "mlflow" / "artifacts").mkdir(parents=True)
    shutil.copyfile(mlflow_template / "mlflow.db", folder / "mlflow" / "mlflow.db")
    landing = folder / "landing" / "flights"
    landing.mkdir(parents=True)
    for delivery in deliveries:
        shutil.copyfile(delivery, landing / delivery.name)
    return folder


@pytest.fixture(scope="session")
def open_to_others() -> Callable[[Path], list[str]]:
    """What others may do anything with in a folder, itself as well; of links it is their targets that count."""

    def look(folder: Path) -> list[str]:
        paths = [path for path in (folder, *folder.rglob("*")) if not path.is_symlink()]
        return [str(path) for path in paths if path.stat().st_mode & 0o077]

    return look


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


@pytest.fixture(scope="session")
def flows_run() -> CommandLine:
    """Runs `python -m flows.run` in a process of its own: `flows_run(home, "status", "--json")`."""
    return run
