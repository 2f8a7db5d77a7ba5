"""A real Prefect server for tests: scheduler, triggers and work pools, started once for all tests of a process.

A test that works on it puts its own names there, or takes away what it put there: others work on the same server.
"""

import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from deployments import children, listening
from tasks.adapters.prefect import running_server
from tasks.adapters.web import access

_SECONDS = 120.0


@pytest.fixture(scope="session")
def prefect_server(tmp_path_factory: pytest.TempPathFactory, prefect_home: Callable[[Path], Path]) -> Iterator[str]:
    """Address of the API of a server with all services, as `make up` starts it, but for the UI."""
    home = prefect_home(tmp_path_factory.mktemp("server"))
    with running(home) as url, asking(home):
        yield url


@contextmanager
def asking(home: Path) -> Iterator[str]:
    """What this process asks of a Prefect server, it asks with the secret of a home; gives the secret."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PREFECT_API_AUTH_STRING", access.auth(home))
        yield access.auth(home)


@contextmanager
def running(home: Path, port: int = 0) -> Iterator[str]:
    """A server on the database of a home while the block runs; gives the address of its API."""
    with listening.on(port) as listener:
        child, url = children.server(home, listener), f"{listening.address(listener)}/api"
        with child.log.open("ab") as log:
            process = subprocess.Popen(
                child.command,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                pass_fds=child.handed,
                cwd=child.log.parent,
                env={**child.environment, "PREFECT_SERVER_UI_ENABLED": "false"},
                process_group=0,
            )
        try:
            wait_until(lambda: running_server.is_healthy(url))
            yield url
        finally:
            assert process.stdin is not None
            process.stdin.close()
            try:
                process.wait(20)
            finally:
                process.kill()


def wait_until(is_so: Callable[[], object], seconds: float = _SECONDS) -> None:
    """Wait until something is so; it is a failure if it takes too long."""
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.05)
