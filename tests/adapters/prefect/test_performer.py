"""Who runs the flows of a process."""

import getpass
import socket

import pytest

from tasks.adapters.prefect import performer


def test_a_person_at_a_terminal_is_named_with_the_host(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PREFECT__WORKER_NAME", raising=False)

    assert performer.here() == f"{getpass.getuser()} at {socket.gethostname()}"


def test_a_worker_is_named_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFECT__WORKER_NAME", "incumbent")

    assert performer.here().endswith(", worker incumbent")


def test_a_user_without_a_name_is_told_by_number(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown() -> str:
        raise KeyError("getpwuid(): uid not found: 4711")

    monkeypatch.setattr(getpass, "getuser", unknown)
    monkeypatch.setattr("os.getuid", lambda: 4711)

    assert performer.here().startswith("user 4711 at ")
