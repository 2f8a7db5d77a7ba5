"""A server on which definitions can be put to work, pipeline files to do so, and a tree that runs."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from configs import environment
from deployments import apply, plan
from tasks.adapters.prefect import local_api
from tests.fixtures_server import prefect_server

if TYPE_CHECKING:
    from tests.deployments.test_up import Up

__all__ = ["prefect_server"]

Write = Callable[..., None]
Apply = Callable[[], list[str]]


def own_variables(home: Path, **more: str) -> dict[str, str]:
    """The environment of a process that knows no Prefect but ours."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("PREFECT_", "INCUMBENT_"))}
    auth = {"PREFECT_API_AUTH_STRING": environment.client_auth() or ""} if "PREFECT_API_URL" in more else {}
    return {**inherited, "INCUMBENT_HOME": str(home), **auth, **more}


def start(module: str, home: Path, **more: str) -> "subprocess.Popen[str]":
    """`python -m MODULE` in a process of its own, on a home."""
    return subprocess.Popen(
        [sys.executable, "-m", module],
        cwd=environment.CHECKOUT,
        env=own_variables(home, **more),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        umask=0,
    )


@pytest.fixture(scope="session")
def shared_tree(furnished_home: Callable[..., Path]) -> "Iterator[Callable[[], Up]]":
    """Gives the one `make up` of this process, and another one if it has ended; whoever has it says how it is asked."""
    from tests.deployments.test_up import unasked

    with ExitStack() as undo:
        running: list[Up] = []

        def give() -> "Up":
            if not running or running[-1].parent.poll() is not None:
                running.append(undo.enter_context(unasked(furnished_home("up"))))
            return running[-1]

        yield give


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Writes a pipeline file, a copy of the example: `write("churn", poll="0 * * * *")`."""
    folder = tmp_path / "pipelines"
    folder.mkdir()
    monkeypatch.setenv("INCUMBENT_PIPELINES", str(folder))
    example = environment.CHECKOUT / "configs" / "pipelines" / "flights.yaml"

    def write(name: str, **schedules: str | None) -> None:
        path = Path(shutil.copyfile(example, folder / f"{name}.yaml"))
        values = yaml.safe_load(path.read_text())
        values["coordination"] = {"schedules": schedules}
        path.write_text(yaml.safe_dump(values))

    return write


@pytest.fixture
def put_to_work(prefect_server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Apply]:
    """Applies what is in the folder of pipeline files, and gives the lines; at the end all is taken away again."""
    monkeypatch.setenv("INCUMBENT_HOME", str(tmp_path / "home"))
    with local_api.connected(local_api.start(tmp_path, prefect_server, environment.client_auth())):

        def put() -> list[str]:
            known = apply.known()
            wanted = plan.plan(known.usable, plan.here(), apply.pool(plan.here()))
            return list(apply.apply(tmp_path / "home", wanted, broken=known.broken))

        yield put
        list(apply.apply(tmp_path / "home", [], own_server=True))
