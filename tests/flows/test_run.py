"""The command line itself: what a line means, what `--help` promises, and how little is loaded to say so."""

import argparse
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from configs import errors
from configs.environment import CHECKOUT
from configs.errors import IncumbentError
from flows import run
from flows.console import commands, execution, parsing, program
from flows.console.commands import COMMANDS
from tests.command_line import CommandLine

HEAVY = ("prefect", "mlflow", "evidently", "sklearn", "matplotlib", "pandera", "numpy", "pandas", "pyarrow")
MIGRATING = ("alembic", "sqlalchemy.dialects.postgresql")
"""What bringing an old ledger up to date needs, and no other start."""


def helped(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    with pytest.raises(SystemExit) as end:
        run.main([*arguments, "--help"])
    assert end.value.code == 0
    return capsys.readouterr().out


def exit_codes(text: str) -> dict[int, str]:
    table = text.split("exit codes:\n")[1]
    return {int(code): title for code, title in re.findall(r"^ +(\d+)  (.+)$", table, flags=re.MULTILINE)}


def kinds(kind: type[IncumbentError]) -> list[type[IncumbentError]]:
    return [kind, *(below for child in kind.__subclasses__() for below in kinds(child))]


@pytest.fixture
def empty_home(tmp_path: Path) -> Path:
    """A home with an empty landing folder."""
    (tmp_path / "landing" / "flights").mkdir(parents=True)
    return tmp_path


# ── what a line means ─────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("line", "command", "pipeline", "quiet", "as_json"),
    [
        ("", "run", "flights", False, False),
        ("nyc", "run", "nyc", False, False),
        ("run", "run", "flights", False, False),
        ("run nyc", "run", "nyc", False, False),
        ("--quiet", "run", "flights", True, False),
        ("nyc --json", "run", "nyc", False, True),
        ("--json nyc", "run", "nyc", False, True),
        ("status", "status", "flights", False, False),
        ("status nyc --json", "status", "nyc", False, True),
        ("--json status", "status", "flights", False, True),
        ("nyc status", "status", "nyc", False, False),
        ("--quiet nyc verify --json", "verify", "nyc", True, True),
    ],
)
def test_a_line_means_one_command_and_one_pipeline(
    line: str, command: str, pipeline: str, quiet: bool, as_json: bool
) -> None:
    chosen = parsing.read(line.split())

    named = pipeline if pipeline in line.split() else None
    told = {"command": command, "pipeline": pipeline, "named": named, "quiet": quiet, "json": as_json}
    told["adopt"] = False
    own = {
        "run": {"force": False, "all": False, "all_examples": False},
        "status": {"all": False},
        "verify": {"repair": False, "retrain": False},
    }
    assert vars(chosen) == told | own.get(command, {})


def test_what_was_given_is_not_changed() -> None:
    given = ["--json", "status"]

    parsing.command_first(given)

    assert given == ["--json", "status"]


def test_every_command_that_is_named_is_there() -> None:
    folder = Path(commands.__file__).parent

    there = {
        path.stem.replace("_", "-") for path in folder.glob("*.py") if "ARGUMENTS: Arguments =" in path.read_text()
    }

    assert there == {*COMMANDS}
    assert all(callable(commands.load(name).command) for name in COMMANDS)


@pytest.mark.parametrize(
    ("line", "pipeline", "words"),
    [
        ("release v7 flights", "flights", ["v7"]),
        ("release flights v7", "flights", ["v7"]),
        ("release 7", "flights", ["7"]),
        ("release bike_sharing 7", "bike_sharing", ["7"]),
        ("release flihgts v7", "flihgts", ["v7"]),
        ("release v7 flihgts", "flihgts", ["v7"]),
        ("release v7 v8", "v8", ["v7"]),
        ("reproduce flights v7", "flights", ["v7"]),
        ("reproduce v7", "flights", ["v7"]),
        ("explain flights v7", "flights", ["v7"]),
        ("explain flights 2013-04", "flights", ["2013-04"]),
        ("explain flights flights", "flights", ["flights"]),
        ("explain 2013-04 flihgts", "flihgts", ["2013-04"]),
        ("compare v4 v7", "flights", ["v4", "v7"]),
        ("compare v4 v7 flights", "flights", ["v4", "v7"]),
        ("compare flights v4 v7", "flights", ["v4", "v7"]),
        ("compare v7 flights v4", "flights", ["v7", "v4"]),
        ("simulate flights unit", "flights", ["unit"]),
    ],
)
def test_a_pipeline_may_stand_before_or_behind_what_else_a_command_is_about(
    line: str, pipeline: str, words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen: list[argparse.Namespace] = []
    monkeypatch.setattr(execution, "execute", chosen.append)

    run.main(line.split())

    fields = {"compare": ("one", "other"), "explain": ("what",), "simulate": ("fault",)}
    found = [getattr(chosen[0], field) for field in fields.get(line.split()[0], ("version",))]
    assert (chosen[0].pipeline, found) == (pipeline, words)


def test_the_help_says_where_a_pipeline_stands(capsys: pytest.CaptureFixture[str]) -> None:
    text = " ".join(helped(capsys, "release").split())

    assert "version [pipeline]" in text
    assert "(default: flights); may stand first, too" in text
    assert "may stand first" not in helped(capsys, "status")


# ── what help promises ────────────────────────────────────────────────────────────────────────────────────────────
def test_help_lists_every_command_with_its_meaning(capsys: pytest.CaptureFixture[str]) -> None:
    text = re.sub(r"\s+", " ", helped(capsys))

    assert all(f" {name} {meaning} " in text for name, meaning in COMMANDS.items())
    assert f"usage: {program.command()} [COMMAND] [PIPELINE]" in text


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_of_its_own(capsys: pytest.CaptureFixture[str], command: str) -> None:
    text = helped(capsys, command)

    assert re.sub(r"\s+", " ", text).startswith(f"usage: {program.command(command)} [-h]")
    assert "--quiet" in text and "--json" in text
    assert exit_codes(text) == exit_codes(helped(capsys))


def test_help_lists_the_exit_codes_that_errors_have(capsys: pytest.CaptureFixture[str]) -> None:
    told = exit_codes(helped(capsys))

    ours = {kind.exit_code: kind.title for kind in kinds(IncumbentError)}
    outside = {0: "done, or nothing to do", 130: "stopped by Ctrl-C", 143: "stopped by SIGTERM"}
    assert told == {**ours, **outside}
    assert list(told) == sorted(told)


def test_the_tree_of_errors_is_drawn_as_it_is() -> None:
    drawn = dict(re.findall(r"([A-Z]\w+) +(\d+)  ", errors.__doc__ or ""))

    assert {name: int(code) for name, code in drawn.items()} == {
        kind.__name__: kind.exit_code for kind in kinds(IncumbentError)
    }


def test_classes_of_errors_with_one_code_have_one_title() -> None:
    titles: dict[int, set[str]] = {}

    for kind in kinds(IncumbentError):
        titles.setdefault(kind.exit_code, set()).add(kind.title)

    assert all(len(names) == 1 for names in titles.values()), titles


# ── how little is loaded ──────────────────────────────────────────────────────────────────────────────────────────
def loaded_of(modules: tuple[str, ...], home: Path, command: str) -> subprocess.CompletedProcess[str]:
    """Runs a command in a process of its own, which ends with the names of those modules that it loaded."""
    code = (
        "import sys; from flows import run\n"
        "try: code = run.main([sys.argv[1]])\n"
        "except SystemExit as end: code = end.code\n"
        f"sys.exit(' '.join({{*{modules}}} & set(sys.modules)) or code)"
    )
    return subprocess.run(
        [sys.executable, "-c", code, command],
        cwd=CHECKOUT,
        env={**os.environ, "INCUMBENT_HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("command", ["--help", "run", "ingest", "monitor", "train", "status", "history"])
def test_what_can_be_said_without_prefect_is_said_without_it(empty_home: Path, command: str) -> None:
    ran = loaded_of(HEAVY, empty_home, command)

    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout


def test_what_migrates_a_ledger_is_loaded_neither_to_make_one_nor_to_open_it(empty_home: Path) -> None:
    made = loaded_of((*MIGRATING, "sqlalchemy"), empty_home, "status").stderr.split()
    opened = loaded_of((*MIGRATING, "sqlalchemy"), empty_home, "status").stderr.split()

    assert made == opened == ["sqlalchemy"]


# ── where it is printed ───────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("status | head -1", (0, "flights  o Nothing has come in yet\n", "")),
        ("status --json | head -c 10", (0, '{"pipeline', "")),
        ("status >&-", (0, "", "")),
        ("status <&- >&- 2>&-", (0, "", "")),
        (
            "status > /dev/full",
            (0, "", "What is printed cannot be written (No space left on device); the work goes on.\n"),
        ),
    ],
)
def test_output_that_nobody_takes_is_no_reason_to_stop(
    empty_home: Path, line: str, expected: tuple[int, str, str]
) -> None:
    program = f"set -o pipefail; {shlex.quote(sys.executable)} -m flows.run {line}"

    ran = subprocess.run(
        ["bash", "-c", program],
        cwd=CHECKOUT,
        env={**os.environ, "INCUMBENT_HOME": str(empty_home)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (ran.returncode, ran.stdout, ran.stderr) == expected


def test_a_message_can_be_read_in_any_encoding(flows_run: CommandLine, empty_home: Path) -> None:
    said = flows_run(empty_home, "café", PYTHONIOENCODING="ascii", LC_ALL="C")

    assert said.returncode == 4
    assert said.stderr.startswith(r"Unknown pipeline 'caf\xe9'.")
