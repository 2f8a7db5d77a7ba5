"""A real Prefect API for tests, started as seldom as possible.

A test that needs Prefect asks for `prefect_api`, which all tests of its module share. A test that starts processes of
its own lets them use one API with `served_run`, and has them forked from a warm one; or, where each is to start its own
(`flows_run`), puts the finished database into their home with `prefect_home`, which saves each of them the migrations.
"""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tasks.adapters.prefect import local_api, local_api_database
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


@pytest.fixture(scope="module")
def prefect_api(tmp_path_factory: pytest.TempPathFactory, prefect_home: Callable[[Path], Path]) -> Iterator[Path]:
    """A local API that the tests of one module share; its home."""
    home = prefect_home(tmp_path_factory.mktemp("prefect"))
    with local_api.serve(home):
        yield home


@pytest.fixture(scope="session")
def served_run(tmp_path_factory: pytest.TempPathFactory, prefect_home: Callable[[Path], Path]) -> Iterator[CommandLine]:
    """Runs commands as `flows_run` does, from one warm process and on one API for all: `served_run(home, "poll")`."""
    api = local_api.start(prefect_home(tmp_path_factory.mktemp("api")))
    try:
        with warm.command_line() as run:
            named = {"PREFECT_API_URL": api.wait(), "PREFECT_API_AUTH_STRING": api.auth or ""}
            yield lambda home, *arguments, **variables: run(home, *arguments, **named, **variables)
    finally:
        api.stop()
