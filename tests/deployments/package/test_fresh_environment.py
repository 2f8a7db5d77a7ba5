"""A package in an environment of its own, made from its lock alone: it answers with the network cut off."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from deployments.package import building
from tasks.adapters.home import Home
from tests import homes, shop
from tests.deployments.package import packages

CUT_OFF = """
import fcntl, json, re, signal, socket, struct, subprocess, sys, urllib.request
with socket.socket() as one:  # loopback, and nothing else
    name = struct.pack("16sH14s", b"lo", 1, b"")
    fcntl.ioctl(one, 0x8914, name)
try:
    socket.create_connection(("192.0.2.1", 80), 5)
    sys.exit("there is a network")
except OSError as err:
    assert err.errno == 101, err
asked = json.load(sys.stdin)
server = subprocess.Popen(asked["command"], stdout=subprocess.PIPE, text=True, env={})
for line in server.stdout:
    found = re.search(r"answers at (http://127\\.0\\.0\\.1:\\d+)", line)
    if found:
        break
body = json.dumps({"dataframe_records": asked["rows"]}).encode()
request = urllib.request.Request(f"{found[1]}/invocations", body, {"Content-Type": "application/json"})
print(urllib.request.urlopen(request, timeout=60).read().decode())
server.send_signal(signal.SIGTERM)
sys.exit(server.wait(60))
"""
"""Brings up loopback in a network of its own, starts a package, and asks it."""


VALID = """
import sys
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
problem = JsonStrictValidator(SchemaVersion.V1_6).validate_str(open(sys.argv[1]).read())
sys.exit(None if problem is None else repr(problem))
"""


@pytest.fixture(scope="module")
def package(shop_versions_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("fresh")
    shop.write_pipeline(folder / "pipelines")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("INCUMBENT_PIPELINES", str(folder / "pipelines"))
        with closing(Home(homes.copied(shop_versions_template, folder / "home"))) as home:
            assert home.ledger
            yield building.build(home, "shop", 1, folder / "shop-v1").folder


@pytest.fixture(scope="module")
def python(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with what the lock of the package names, as `make install` makes one."""
    folder = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    install = ["-m", "pip", "install", "--quiet", "--no-deps", "--no-compile", "--require-hashes", "-r"]
    subprocess.run([folder / "bin" / "python", *install, package / "requirements.lock"], check=True)
    return folder / "bin" / "python"


@pytest.mark.long
def test_it_answers_with_what_its_lock_names(package: Path, python: Path, tmp_path: Path) -> None:
    rows, wanted = packages.golden_rows(package)

    with packages.running([str(python), "-B", str(package), "--port", "0"], tmp_path) as answering:
        _, _, answer = answering.ask("/invocations", {"dataframe_records": rows})

    assert [pair[1] for pair in answer["predictions"]] == pytest.approx(wanted, abs=1e-9)
    checked = subprocess.run([python, "-m", "pip", "check"], capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stdout) == (0, "No broken requirements found.\n")


def _apart() -> list[str]:
    """The command that gives a process a network of its own; skips where there may be none."""
    for command in (["unshare", "--net"], ["unshare", "--map-root-user", "--net"]):
        if (
            shutil.which("unshare")
            and subprocess.run([*command, "true"], stderr=subprocess.DEVNULL, check=False).returncode == 0
        ):
            return command
    pytest.skip("this user may not make a network of its own (unshare --net)")


@pytest.mark.long
def test_it_answers_with_the_network_cut_off(package: Path, python: Path) -> None:
    rows, wanted = packages.golden_rows(package)
    asked: dict[str, Any] = {"command": [str(python), "-B", str(package), "--port", "0"], "rows": rows}

    ran = subprocess.run(
        [*_apart(), sys.executable, "-I", "-c", CUT_OFF],
        input=json.dumps(asked),
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )

    assert (ran.returncode, ran.stderr) == (0, "")
    assert [pair[1] for pair in json.loads(ran.stdout)["predictions"]] == pytest.approx(wanted, abs=1e-9)


@pytest.mark.long
def test_its_list_of_parts_keeps_the_schema_of_cyclonedx(package: Path, tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    python = tmp_path / "venv" / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", "cyclonedx-python-lib[json-validation]"], check=True)
    ran = subprocess.run([python, "-c", VALID, package / "sbom.cdx.json"], capture_output=True, text=True, check=False)

    assert (ran.returncode, ran.stderr) == (0, "")
