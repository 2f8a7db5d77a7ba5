"""A real Prefect API for tests, started as seldom as possible.

A test that needs Prefect asks for `prefect_api`: all tests of a process share one. A test that starts processes of
its own lets them use one API with `served_run`, and has them forked from a warm one; or, where each is to start its own
(`flows_run`), puts the finished database into their home with `prefect_home`, which saves each of them the migrations.
"""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tasks.adapters.prefect import local_api, local_api_database
from tasks.adapters.prefect.local_api import Api
from tests import warm
from tests.command_line import CommandLine


@pytest.fixture(scope="session")
def prefect_template(request: pytest.FixtureRequest) -> Path:
    """An empty database of the installed version; made in the first session only and kept in pytest's cache."""
    assert request.config.cache is not None
    return local_api_database.ensure_database(Path(request.config.cache.mkdir("prefect-template")))


@pytest.fixture(scope="session")
def prefect_home(prefect_template: Path) -> Callable[[Path], Path]:
    """Gives a home its database, and the home back."""

    def furnish(home: Path) -> Path:
        (home / "prefect").mkdir(parents=True, exist_ok=True)
        shutil.copyfile(prefect_template, home / "prefect" / "prefect.db")
        return home

    return furnish


@pytest.fixture(scope="session")
def shared_api(tmp_path_factory: pytest.TempPathFactory, prefect_home: Callable[[Path], Path]) -> Iterator[Api]:
    """One local API for all tests of a process."""
    api = local_api.start(prefect_home(tmp_path_factory.mktemp("api")))
    try:
        api.wait()
        yield api
    finally:
        api.stop()


@pytest.fixture(scope="module")
def prefect_api(shared_api: Api) -> Iterator[Path]:
    """Prefect in this process talks to that API, as long as the tests of one module run; the API's home."""
    assert shared_api.log is not None
    with local_api.connected(replace(shared_api, process=None)):
        yield shared_api.log.parent.parent


@pytest.fixture(scope="session")
def served_run(shared_api: Api) -> Iterator[CommandLine]:
    """Runs commands as `flows_run` does, from one warm process and on that API: `served_run(home, "poll")`."""
    named = {"PREFECT_API_URL": shared_api.url, "PREFECT_API_AUTH_STRING": shared_api.auth or ""}
    with warm.command_line() as run:
        yield lambda home, *arguments, **variables: run(home, *arguments, **named, **variables)
