"""Secrets are planted in every kind of address that is read; after real commands they are nowhere to be found."""

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from configs.environment import CHECKOUT
from tasks.adapters.prefect import local_api
from tests.faults import worlds
from tests.fixtures_postgres import PASSWORD, Cluster, Ledgers

WORD = "plant3dWord"
Command = Callable[..., "subprocess.CompletedProcess[str]"]
PLANTED = {
    "MLFLOW_TRACKING_URI": f"http://me:{WORD}Mlflow@127.0.0.1:9/",
    "MLFLOW_REGISTRY_URI": f"http://me:{WORD}Registry@127.0.0.1:9/?token={WORD}Option",
    "MLFLOW_TRACKING_PASSWORD": f"{WORD}Tracking",
    "HTTP_PROXY": f"http://me:{WORD}Proxy@127.0.0.1:9",
    "HTTPS_PROXY": f"http://{WORD}User@127.0.0.1:9",
    "INCUMBENT_ALERT_BLOCK": f"https://hooks.slack.com/services/T0/B0/{WORD}Hook",
    "PREFECT_API_KEY": f"pnu_{WORD}Key",
    "PGPASSFILE": f"/no/such/{WORD[:6]}",
    "SHOP_DB_URL": f"mysql://me:{WORD}Shop@127.0.0.1/shop",
}


@pytest.fixture
def home(new_home: Callable[..., Path], months: Callable[[str], Path]) -> Path:
    return new_home("home", months(worlds.FIRST))


@pytest.fixture
def command(home: Path, tmp_path: Path) -> Command:
    """Runs a module on the home, with all that is planted."""
    pipelines = tmp_path / "pipelines"
    pipelines.mkdir()
    (pipelines / "flights.yaml").write_text(worlds.settings())

    def run(*arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "INCUMBENT_"))}
        given = {**kept, **PLANTED, "INCUMBENT_HOME": str(home), "INCUMBENT_PIPELINES": str(pipelines), **variables}
        return subprocess.run(
            [sys.executable, "-m", *arguments],
            cwd=CHECKOUT, env=given, capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip

    return run


def free_port() -> int:
    """A port at which nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def places(home: Path, *words: str) -> Iterator[str]:
    """Every file of a home, of whatever kind, in which one of the words is."""
    for path in (path for path in home.rglob("*") if path.is_file()):
        content = path.read_bytes()
        yield from (f"{word} in {path.relative_to(home)}" for word in words if word.encode() in content)


def test_a_run_leaves_no_secret_anywhere(home: Path, command: Command, postgres_ledgers: Ledgers) -> None:
    ledger = f"{postgres_ledgers.take()}?application_name={WORD}App"

    ran = command("flows.run", "--json", INCUMBENT_LEDGER_URL=ledger)
    asked = [command("flows.run", name, INCUMBENT_LEDGER_URL=ledger) for name in ("status", "history", "verify")]

    assert [one.returncode for one in (ran, *asked)] == [0, 0, 0, 0], ran.stderr + asked[-1].stdout
    told = "".join(one.stdout + one.stderr for one in (ran, *asked))
    assert WORD not in told and PASSWORD not in told
    assert list(places(home, WORD, PASSWORD)) == []


def test_a_server_that_asks_for_a_login_gets_it_from_the_address(
    home: Path, command: Command, tmp_path: Path, prefect_home: Callable[[Path], Path]
) -> None:
    theirs = prefect_home(tmp_path / "theirs")
    api = local_api.start(theirs)
    with local_api.connected(api) as url:
        assert api.auth is not None
        address = url.replace("//", f"//{api.auth}@")
        told = command("flows.run", "ingest", PREFECT_API_URL=address, PREFECT_API_KEY="")

    assert told.returncode == 0, told.stderr
    word = api.auth.partition(":")[2]
    assert word not in told.stdout + told.stderr
    assert [*places(home, word, WORD), *places(theirs, word, WORD)] == []


SERVERS = {
    "login": "http://me:{word}@127.0.0.1:{port}/api",
    "token as user": "http://{word}@127.0.0.1:{port}/api",
    "option": "http://127.0.0.1:{port}/api?token={word}",
    "fragment": "http://127.0.0.1:{port}/api#{word}",
    "not written as it should be": "http://me:a/{word}@127.0.0.1:{port}/api",
    "no address": "me:{word}@127.0.0.1",
    "another scheme": "ftp://me:{word}@127.0.0.1:{port}/api",
    "no port": "http://me:{word}@127.0.0.1:port/api",
}


def some(kinds: dict[str, str], *always: str) -> list[Any]:
    """Some kinds for `make test`; the others, which go through the same reader, are a long sweep."""
    return [
        pytest.param(text, id=name, marks=() if name in always else pytest.mark.long) for name, text in kinds.items()
    ]


@pytest.mark.parametrize("url", some(SERVERS, "login"))
@pytest.mark.parametrize("module", ["flows.run", pytest.param("deployments.apply", marks=pytest.mark.long)])
def test_a_prefect_server_that_cannot_be_used_is_told_without_secrets(
    url: str, module: str, home: Path, command: Command
) -> None:
    told = command(module, PREFECT_API_URL=url.format(word=WORD, port=free_port()))

    assert told.returncode == 10, told.stderr
    assert "127.0.0.1" in told.stderr
    assert "Traceback" not in told.stderr
    assert WORD not in told.stdout + told.stderr
    assert list(places(home, WORD)) == []


def test_a_server_to_put_to_work_on_is_told_without_secrets(home: Path, command: Command) -> None:
    """One of the kinds; all of them, by the same reader of addresses, are a long sweep."""
    told = command("deployments.apply", PREFECT_API_URL=SERVERS["option"].format(word=WORD, port=free_port()))

    assert (told.returncode, "Traceback" in told.stderr) == (10, False), told.stderr
    assert WORD not in told.stdout + told.stderr
    assert list(places(home, WORD)) == []


LEDGERS = {
    "password": "postgresql://postgres:{word}@127.0.0.1:{port}/ledger",
    "password as option": "postgresql://127.0.0.1:{port}/ledger?user=postgres&password={word}",
    "cut password": "postgresql:///ledger?password=x&{word}=y",
    "unknown option": "postgresql://me:{word}@127.0.0.1:{port}/ledger?nosuch={word}",
    "value that cannot be": "postgresql://me:{word}@127.0.0.1:{port}/ledger?connect_timeout={word}",
    "mode that cannot be": "postgresql://me:{word}@127.0.0.1:{port}/ledger?sslmode={word}",
    "parameter": "postgresql://postgres:s3cret-word@127.0.0.1:{port}/ledger?options=-c%20{word}%3D1",
    "another kind": "mysql://me:{word}@127.0.0.1:{port}/ledger",
    "a sign too many": "postgresql://me:a@{word}@127.0.0.1:{port}/ledger",
    "socket": "postgresql://me:{word}@/ledger?host=/no/such",
}


@pytest.mark.parametrize("url", some(LEDGERS, "password", "parameter"))
def test_a_ledger_that_cannot_be_used_is_told_without_secrets(
    url: str, home: Path, command: Command, postgres: Cluster
) -> None:
    told = command("flows.run", "status", INCUMBENT_LEDGER_URL=url.format(word=WORD, port=postgres.port))

    assert told.returncode in (8, 10), told.stderr
    assert len(told.stderr.splitlines()) == 1
    assert WORD not in told.stdout + told.stderr
    assert list(places(home, WORD)) == []


DATA = {
    "folder": "ingestion: {{source: {{folder: 's3://key:{word}@bucket/in'}}}}",
    "file": "ingestion: {{source: {{file: 'https://me:{word}@host/a.csv', kind: csv, cut: {{days: 1}}}}}}",
    "token": "ingestion: {{source: {{file: 'https://host/a.csv?token={word}', kind: csv, cut: {{days: 1}}}}}}",
    "elsewhere": "title: {{a: 'https://me:{word}@host/a.csv'}}",
}


@pytest.mark.parametrize("text", some(DATA, "folder"))
def test_an_address_of_data_is_refused_without_its_secrets(
    text: str, home: Path, command: Command, tmp_path: Path
) -> None:
    others = tmp_path / "others"
    others.mkdir()
    (others / "flights.yaml").write_text(text.format(word=WORD))

    told = command("flows.run", INCUMBENT_PIPELINES=str(others))

    assert told.returncode == 5, told.stderr
    assert WORD not in told.stdout + told.stderr
    assert list(places(home, WORD)) == []
