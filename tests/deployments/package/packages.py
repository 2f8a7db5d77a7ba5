"""Packages as they are run by somebody who has nothing else: started, asked over HTTP, ended."""

import json
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from deployments.package import texts
from deployments.packaged import model_files
from tasks.scoring import fields

ALONE = """
import runpy, sys
sys.path.append(sys.argv[1])
for name in sys.argv[2].split(","):
    try:
        __import__(name)
    except ModuleNotFoundError:
        continue
    sys.exit(f"{name} can be imported")
sys.argv = sys.argv[3:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""
"""Runs a package where nothing can be imported but Python's own and one folder."""


HOUSE = "prefect,mlflow,evidently,sqlalchemy,alembic,pyarrow"
TABLES = f"{HOUSE},pandas,sklearn,scipy,skops"
"""What the package of a compiled model does without."""


@dataclass(frozen=True)
class Running:
    """A package that answers."""

    process: "subprocess.Popen[str]"
    port: int

    def ask(self, path: str, body: Any = None) -> tuple[int, dict[str, str], Any]:
        """Status, headers, and the body, read if it is JSON."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}", data, {"Content-Type": "application/json"}
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                status, headers, content = answer.status, dict(answer.headers), answer.read()
        except urllib.error.HTTPError as refused:
            status, headers, content = refused.code, dict(refused.headers), refused.read()
        is_json = headers["content-type"].startswith("application/json")
        return status, headers, json.loads(content) if is_json else content.decode()


@contextmanager
def running(command: Sequence[str], cwd: Path) -> Iterator[Running]:
    """Start a package; it ends well when it is told to."""
    process = subprocess.Popen(
        command, cwd=cwd, env={"PATH": "/usr/bin:/bin"}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )  # fmt: skip
    lines = []
    assert process.stdout is not None
    with process:
        try:
            for line in process.stdout:
                lines.append(line)
                if found := re.search(r"answers at http://127\.0\.0\.1:(\d+)", line):
                    yield Running(process, int(found[1]))
                    process.send_signal(signal.SIGTERM)
                    assert (process.wait(60), process.stdout.read()) == (0, "")
                    return
        finally:
            process.kill()
    raise AssertionError("".join(lines))


def pinned(folder: Path) -> list[str]:
    """Names in the lock of a package."""
    return re.findall(r"^([a-z0-9-]+)==", (folder / texts.LOCK).read_text(), flags=re.MULTILINE)


def only(names: Sequence[str], site: Path) -> Path:
    """A folder in which these distributions can be imported, and nothing else."""
    site.mkdir()
    for name in names:
        installed = metadata.distribution(name)
        for top in {part.parts[0] for part in installed.files or () if part.parts[0] not in ("..", "__pycache__")}:
            (site / top).symlink_to(installed.locate_file(top))
    return site


def alone(folder: Path, site: Path, *arguments: str, without: str = HOUSE) -> list[str]:
    """The command that runs a package with these packages of others and no more."""
    return [sys.executable, "-I", "-S", "-B", "-c", ALONE, str(site), without, str(folder), *arguments]


def golden_rows(folder: Path) -> tuple[list[dict[str, Any]], list[float]]:
    """The golden rows of a package as a client sends them, and what they were answered at the gate.

    The one row in which all is missing is left out: the contract does not let it in, so nobody can ask about it.
    """
    contract = json.loads((folder / model_files.FOLDER / "contract.json").read_text())
    golden = json.loads((folder / model_files.FOLDER / "golden.json").read_text())
    kinds = {name: contract["columns"][name]["type"] for name in contract["order"]}
    as_sent = {"integer": int, "boolean": bool, "number": float, "category": str, "timestamp": fields.moment}
    rows = [
        {name: None if value is None else as_sent[kinds[name]](value) for name, value in zip(kinds, row, strict=True)}
        for row in golden["rows"]
    ]
    kept = [place for place, row in enumerate(rows) if any(value is not None for value in row.values())]
    assert len(kept) >= len(rows) - 1
    return [rows[place] for place in kept], [golden["answers"][place] for place in kept]
