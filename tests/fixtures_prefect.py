"""A real Prefect API for tests, started as seldom as possible.

A test that needs Prefect asks for `prefect_api`, which all tests of its module share. A test that starts processes of
its own puts the finished database into their home with `prefect_home`, which saves each of them the migrations.
"""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tasks.adapters import local_api, local_api_database


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
