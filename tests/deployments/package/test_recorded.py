"""What was built is in ledger and MLflow, and whoever goes back to a version is told which package it has."""

import json
import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from deployments.package import __main__ as command
from deployments.packaged import manifest
from flows import run
from tasks.adapters.home import Home
from tasks.adapters.mlflow import registry
from tasks.adapters.mlflow.tracking import open_client
from tasks.lineage.steps import showing


@pytest.fixture
def home(two_champions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    folder = Path(shutil.copytree(two_champions, tmp_path / "home"))
    monkeypatch.setenv("INCUMBENT_HOME", str(folder))
    with closing(Home(folder)) as opened:
        yield opened


def tagged(home: Home, version: int) -> str | None:
    shown = registry.number(home.tracking, "flights", version)
    assert shown is not None
    return shown.tags.get(registry.PACKAGE_TAG)


def test_the_digest_is_in_ledger_and_mlflow_and_a_rollback_names_it(home: Home, capsys) -> None:
    assert command.main(["flights", "--version", "v2"]) == 0
    folder = home.folder / "packages" / "flights-v2"
    digest = manifest.require(folder)
    built = home.ledger.packages.of("flights", 2)
    assert built is not None and (built.digest, built.folder) == (digest, str(folder))
    assert (tagged(home, 2), tagged(home, 3)) == (digest, None)
    assert home.ledger.packages.of("flights", 3) is None
    capsys.readouterr()

    assert run.main(["rollback", "flights", "--reason", "complaints", "--by", "anna"]) == 0
    said = capsys.readouterr().out
    assert f"  The package of v2 was built into {folder} (digest {digest[:12]})." in said.splitlines()
    assert run.main(["rollback", "flights", "--reason", "complaints", "--to", "v2", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["package"] == digest
    assert run.main(["release", "flights", "v3"]) == 0
    capsys.readouterr()
    assert run.main(["rollback", "flights", "--reason", "complaints", "--to", "v3", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["package"] is None


def test_a_version_that_is_shown_anew_bears_it_as_well(home: Home) -> None:
    assert command.main(["flights", "--version", "3"]) == 0
    shown = registry.number(home.tracking, "flights", 3)
    assert shown is not None
    open_client(home.tracking).delete_model_version_tag("flights", shown.version, registry.PACKAGE_TAG)
    assert tagged(home, 3) is None

    showing.show_again(home, "flights", 2)

    assert tagged(home, 3) == manifest.digest(home.folder / "packages" / "flights-v3")
