"""A home in which one turn is done and much is waiting, processes that work on it, and who is left of them.

What waits: a month on which the second model takes over, a file that is refused, and a copy of the first month.
"""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from configs.environment import CHECKOUT
from tests.command_line import CommandLine

Process = subprocess.Popen[str]

FIRST, SECOND, COPY, BROKEN = "2013-06", "2013-07", "2013-09", "2013-08"
"""Names of the deliveries; the model of early June is no match for one that has seen all of it."""
REFUSED = 3
"""Exit code of a run in which a batch was refused."""
BUSY = 9
"""Exit code of a run that was told that somebody else is at work."""
LONGEST = 300
"""Seconds; on a machine that is busy with other things a run takes minutes."""


@dataclass(frozen=True)
class World:
    """A home at one place (MLflow remembers where it is) that can be put back to how it was after its first turn."""

    home: Path
    before: Path
    pipelines: Path

    @property
    def log(self) -> Path:
        """What the undisturbed run came by, line by line."""
        return self.before.parent / "reached.log"

    @property
    def log_from_the_start(self) -> Path:
        """The same if all turns are made by one run."""
        return self.before.parent / "reached-from-the-start.log"

    @property
    def after(self) -> Path:
        """The home as the undisturbed run left it."""
        return self.before.parent / "after"

    def restore(self, kept: Path | None = None) -> None:
        """As after the first turn, with all the rest waiting; or as it was kept elsewhere."""
        shutil.rmtree(self.home, ignore_errors=True)
        shutil.copytree(kept or self.before, self.home)

    def restart(self) -> None:
        """As before the first turn, with everything waiting."""
        self.restore()
        for part in ("store", "bundles", "reports", "mlflow/artifacts/flights"):
            shutil.rmtree(self.home / part)
        for file in (self.home / ".home.json", *self.home.glob("ledger.db*"), *self.home.glob("mlflow/mlflow.db*")):
            file.unlink()
        shutil.copyfile(self.before.parent / "mlflow.db", self.home / "mlflow" / "mlflow.db")

    def empty(self) -> None:
        """As before anything was made but the landing folder."""
        self.restart()
        shutil.rmtree(self.home / "prefect")
        shutil.rmtree(self.home / "mlflow")

    def exhaust(self) -> None:
        """Let the second turn have been begun, and cut off, as often as it may be."""
        self.kill_at("turn-opened")
        with closing(sqlite3.connect(self.home / "ledger.db")) as ledger, ledger:
            ledger.execute("update turns set attempts = 4 where number = 2")

    def start(self, *arguments: str, **variables: str) -> Process:
        """A process of its own, in a session of its own, as from a terminal."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "INCUMBENT_"))}
        own = {"INCUMBENT_HOME": str(self.home), "INCUMBENT_PIPELINES": str(self.pipelines)}
        return subprocess.Popen(
            [sys.executable, "-m", "flows.run", *arguments],
            cwd=CHECKOUT,
            env={**kept, **own, **variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, *arguments: str, **variables: str) -> tuple[int, str, str]:
        """Exit code, output and errors of one whole process."""
        with self.start(*arguments, **variables) as process:
            try:
                out, err = process.communicate(timeout=LONGEST)
            except (subprocess.TimeoutExpired, KeyboardInterrupt):
                # It is in a session of its own: nothing else would end it.
                os.killpg(process.pid, signal.SIGKILL)
                raise
        return process.returncode, out, err

    def run_warm(self, command: CommandLine, *arguments: str, **variables: str) -> tuple[int, str, str]:
        """The same of a process that is forked from a warm one; nobody looks for those that it leaves."""
        ran = command(self.home, *arguments, INCUMBENT_PIPELINES=str(self.pipelines), **variables)
        return ran.returncode, ran.stdout, ran.stderr

    def run_when_free(self) -> tuple[int, str, str]:
        """The same, again and again while somebody else is at work."""
        deadline = time.monotonic() + LONGEST
        while (ended := self.run())[0] == BUSY and time.monotonic() < deadline:
            time.sleep(0.5)
        return ended

    def kill_at(self, failpoint: str, *arguments: str) -> None:
        """Let a process kill itself there."""
        code, _, err = self.run(*arguments, INCUMBENT_FAILPOINT=failpoint)

        assert code == -signal.SIGKILL, f"{failpoint} was not reached: {code} {err}"

    def wait_until(self, query: str) -> Any:
        """Wait until a query on the ledger finds a row with something in it; gives the first column."""
        deadline = time.monotonic() + LONGEST
        while time.monotonic() < deadline:
            with closing(sqlite3.connect(f"file:{self.home}/ledger.db?mode=ro", uri=True)) as ledger:
                row = ledger.execute(query).fetchone()
            if row is not None and row[0] is not None:
                return row[0]
            time.sleep(0.01)
        raise TimeoutError(query)

    def processes(self, part: str = "") -> dict[int, str]:
        """Number and command line of each living process of this home whose command line has `part` in it."""
        return processes(self.home, part)

    def left(self, seconds: float = 30.0) -> list[str]:
        """Command lines of processes of this home that are still there after so long; a killed run leaves none."""
        deadline = time.monotonic() + seconds
        while (found := self.processes()) and time.monotonic() < deadline:
            time.sleep(0.05)
        return list(found.values())


def processes(home: Path, part: str = "") -> dict[int, str]:
    """Number and command line of each living process of a home whose command line has `part` in it."""
    mark, found = f"INCUMBENT_HOME={home}\0".encode(), {}
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            command = (folder / "cmdline").read_text().replace("\0", " ")
            if part in command and mark in (folder / "environ").read_bytes() + b"\0":
                found[int(folder.name)] = command
    return found


def make(
    folder: Path,
    months: Callable[[str], Path],
    prefect_template: Path,
    mlflow_template: Path,
    command: CommandLine,
) -> World:
    """A world in `folder`; takes one run of a command."""
    world = furnish(folder, "flights", settings(), prefect_template, mlflow_template)
    landing = world.home / "landing" / "flights"
    shutil.copyfile(months(FIRST), landing / f"{FIRST}.parquet")
    code, out, err = world.run_warm(command)
    assert code == 0, out + err
    forget_refit(world.home / "ledger.db")
    shutil.copyfile(months(FIRST), landing / f"{COPY}.parquet")
    shutil.copyfile(months(SECOND), landing / f"{SECOND}.parquet")
    (landing / f"{BROKEN}.parquet").write_bytes(months(SECOND).read_bytes()[:10_000])
    shutil.copytree(world.home, world.before)
    return world


def furnish(folder: Path, pipeline: str, text: str, prefect_template: Path, mlflow_template: Path) -> World:
    """A world in which nothing was delivered yet, and a folder with its only pipeline."""
    world = World(folder / "home", folder / "before", folder / "pipelines")
    for part in (f"landing/{pipeline}", "prefect", "mlflow/artifacts"):
        (world.home / part).mkdir(parents=True)
    world.pipelines.mkdir()
    (world.pipelines / f"{pipeline}.yaml").write_text(text, encoding="utf-8")
    shutil.copyfile(prefect_template, world.home / "prefect" / "prefect.db")
    for copy in (world.home / "mlflow", folder):
        shutil.copyfile(mlflow_template / "mlflow.db", copy / "mlflow.db")
    return world


def forget_refit(ledger: Path) -> None:
    """Let the version that was judged be live, as after a first turn of an earlier version: a weak one, to be beaten."""
    judged = "(select id from models where version = 1)"
    with closing(sqlite3.connect(ledger)) as connection, connection:
        connection.execute(f"update promotions set version = 1, model = {judged}")
        assert connection.execute("delete from refits").rowcount == 1


def settings() -> str:
    """Those of the flights, with a weak first model, quick fits, and a second model that takes over."""
    settings = yaml.safe_load((CHECKOUT / "configs" / "pipelines" / "flights.yaml").read_text())
    settings["training"]["first_model_share"] = 0.25
    settings["training"]["candidates"][0] |= {"max_iter": 40, "min_samples_leaf": 200}
    settings["promotion"] |= {"false_promotion_every": 2, "min_relative_gain": 0.0}
    settings["monitoring"]["drift"]["share"] = 0.02  # so that there is an alarm to be cut off at
    return yaml.safe_dump(settings, sort_keys=False)
