"""Every command in the README works. `make run` and `make test` are executed by `.ci/run` itself."""

import contextlib
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
import tomllib
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from configs.environment import CHECKOUT
from deployments import children, rest
from flows import run
from tasks.adapters import home as homes
from tasks.adapters.home import Home
from tests.command_line import CommandLine
from tests.corpus import configurations, looks, questions, table
from tests.deployments.conftest import own_variables
from tests.fixtures_server import prefect_server, wait_until
from tests.lineage.damages import DAMAGES
from tests.orders import orders

__all__ = ["prefect_server"]

BY_CI = {"make run", "make test"}
SERVE = ".venv/bin/python -m deployments.serving flights"
PACKAGE = ".venv/bin/python -m deployments.package flights"
KEYS = "python -m deployments.serving.keys add NAME"
BY_OTHERS = {"make up", "make deploy", "make corpus", "make decisions", "make test-long", SERVE, KEYS, PACKAGE}
"""Started and looked at in tests/deployments/, tests/corpus/ and tests/benchmarks/; the last one is all tests."""


README = (CHECKOUT / "README.md").read_text()
CHECK, RESET, OWN = "make check", "make reset", ".venv/bin/python -m flows.run <name>"
SIMULATE, FORCE = ".venv/bin/python -m flows.run simulate unit", ".venv/bin/python -m flows.run --force"
RUN = "python -m flows.run"
GOING_BACK = (
    "explain",
    "compare",
    "diff",
    "why",
    "sql",
    "profile",
    "reproduce",
    "env",
    "rollback",
    "history --at",
    "release",
    "score",
)
"""They need versions: they are run one after the other on a home that has two, which have other numbers there."""
NUMBERS = {"v5": "v2", "v8": "v3"}
ROWS = "var/landing/flights/2013-12.parquet"
ADDRESS = "http://127.0.0.1:4200/api"
VARIABLES = f'PREFECT_API_URL={ADDRESS} PREFECT_API_AUTH_STRING="$(cat var/prefect/secret)"'
EMIT = ".venv/bin/prefect event emit incumbent.data.arrived --resource-id incumbent.pipeline.flights"
MLFLOW = ".venv/bin/mlflow ui --backend-store-uri sqlite:///var/mlflow/mlflow.db"
YOURS = [
    f".venv/bin/{RUN} {words}"
    for words in ("init churn --data churn.csv --label churned", "validate churn", "run churn")
]
"""They need rows that nobody has described: they are run one after the other in a folder that has some."""
IN_SENTENCES = {CHECK, RESET, OWN, MLFLOW, SIMULATE, FORCE, RUN}
"""Commands within sentences; each has a test of its own."""


def _commands() -> Iterator[str]:
    blocks = re.findall(r"```bash\n(.*?)```", README, flags=re.DOTALL)
    for line in "".join(blocks).splitlines():
        command = line.split("  #")[0].strip()
        if command:
            yield command


COMMANDS = list(_commands())


@pytest.fixture(scope="module")
def used_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home that all commands share: what they say depends on what is there, that they work does not."""
    folder = tmp_path_factory.mktemp("readme")
    (folder / "landing" / "flights").mkdir(parents=True)
    return folder


def test_the_two_commands_of_a_newcomer_are_run_by_ci() -> None:
    script = (CHECKOUT / ".ci" / "run").read_text()

    lines = {line.split(" |")[0].strip() for line in script.splitlines()}

    assert set(COMMANDS) >= BY_CI
    assert lines >= BY_CI | {CHECK}


def _needs_versions(command: str) -> bool:
    return command.startswith(tuple(f".venv/bin/{RUN} {name}" for name in GOING_BACK))


@pytest.mark.parametrize(
    "command", [one for one in COMMANDS if one not in {*BY_CI, *BY_OTHERS, *YOURS} and not _needs_versions(one)]
)
def test_a_command_of_the_readme_works(command: str, used_home: Path) -> None:
    words = [sys.executable if word == ".venv/bin/python" else word for word in shlex.split(command)]

    ran = subprocess.run(
        words,
        cwd=CHECKOUT,
        env={**os.environ, "INCUMBENT_HOME": str(used_home)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout


def test_going_back_and_knowing_work_as_they_stand_there(
    two_champions: Path,
    months: Callable[[str], Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    home, said = shutil.copytree(two_champions, tmp_path / "home"), {}
    monkeypatch.setenv("INCUMBENT_HOME", str(home))

    for command in filter(_needs_versions, COMMANDS):
        there = {**NUMBERS, ROWS: str(months("2013-12"))}
        words = [there.get(word, word) for word in shlex.split(command)[3:]]
        with homes.use(Home(home)):
            code = run.main(words)
        said[words[0]] = (code, *capsys.readouterr())

    assert list(said) == [name.split()[0] for name in GOING_BACK]
    assert all((code, err) == (0, "") and out for code, out, err in said.values()), said


def test_rows_of_ones_own_become_a_pipeline_that_judges(flows_run: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "pipelines").mkdir()
    rows = orders().rename(columns={"returned": "churned"})
    rows.to_csv(tmp_path / "churn.csv", index=False, sep=";")
    variables = {"INCUMBENT_PIPELINES": str(tmp_path / "pipelines"), "INCUMBENT_DATA": str(tmp_path)}

    assert [command for command in COMMANDS if command in YOURS] == YOURS
    ran = [flows_run(tmp_path / "home", *command.split()[3:], **variables) for command in YOURS]

    assert [(one.returncode, one.stderr) for one in ran] == [(0, "")] * len(YOURS)
    assert "the settings are valid" in ran[1].stdout
    assert "first champion" in ran[2].stdout and "evidence" in ran[2].stdout


def test_every_command_within_a_sentence_has_a_test_here() -> None:
    sentences = re.sub(r"```.*?```", "", README, flags=re.DOTALL)

    found = set(re.findall(r"`((?:\.venv/bin/|python |make )[^`]+)`", sentences))

    assert found - set(COMMANDS) - BY_CI - BY_OTHERS <= IN_SENTENCES
    assert found >= IN_SENTENCES


@pytest.mark.parametrize(("answer", "said", "stays"), [("no", "kept", True), ("yes", "removed", False)])
def test_the_home_is_removed_after_asking(answer: str, said: str, stays: bool, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()

    ran = subprocess.run(
        RESET.split(),
        cwd=CHECKOUT,
        # Within `make test` it would be a part of that make, and say so.
        env={k: v for k, v in os.environ.items() if not k.startswith("MAKE")} | {"INCUMBENT_HOME": str(home)},
        input=f"{answer}\n",
        capture_output=True,
        text=True,
        check=False,
    )

    assert (ran.returncode, ran.stderr) == (0, "")
    assert str(home) in ran.stdout and ran.stdout.rstrip().endswith(said)
    assert home.exists() == stays


def test_a_fault_can_be_written_and_a_run_can_be_forced(
    flows_run: CommandLine, tmp_path: Path, months: Callable[[str], Path]
) -> None:
    folder = tmp_path / "landing" / "flights"
    folder.mkdir(parents=True)
    shutil.copy(months("2013-01"), folder)

    written = flows_run(tmp_path, *SIMULATE.split()[3:])
    for month in folder.iterdir():
        month.unlink()
    forced = flows_run(tmp_path, *FORCE.split()[3:])

    assert (written.returncode, written.stderr) == (0, "")
    assert (forced.returncode, forced.stderr) == (0, "")
    assert forced.stdout.startswith("flights: nothing waits")


def test_the_event_of_the_readme_is_the_one_that_automations_listen_to() -> None:
    (written,) = re.findall(r"`([^`]*prefect event emit [^`]+)`", README)
    snippet = "".join(re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL))
    definition = (CHECKOUT / "deployments" / "prefect.yaml").read_text()

    *_, name, _, resource = written.split()

    assert written == f"{VARIABLES} {EMIT}"
    assert f"http://127.0.0.1:{children.PREFECT_PORT}/api" == ADDRESS
    assert f'emit_event("{name}", {{"prefect.resource.id": "{resource}"}})' in snippet
    assert name in definition and f"prefect.resource.id: {resource}" in definition


@pytest.mark.long
@pytest.mark.parametrize("way", ["shell", "python"])
def test_the_event_reaches_a_server_as_it_is_typed(way: str, prefect_server: str, tmp_path: Path) -> None:
    (tmp_path / ".venv").symlink_to(Path(sys.executable).parent.parent)
    (tmp_path / "var" / "prefect").mkdir(parents=True)
    (tmp_path / "var" / "prefect" / "secret").write_text(os.environ["PREFECT_API_AUTH_STRING"])
    (tmp_path / "snippet.py").write_text("".join(re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)))
    name, resource = EMIT.split()[3], EMIT.split()[5]
    wanted = {"filter": {"event": {"name": [name]}, "resource": {"id": [resource]}}}
    before = len(rest.call(prefect_server, "POST", "/events/filter", wanted)["events"])

    typed = f"{VARIABLES.replace(ADDRESS, prefect_server)} {EMIT if way == 'shell' else '.venv/bin/python snippet.py'}"
    emitted = subprocess.run(
        typed, shell=True, cwd=tmp_path, env=own_variables(tmp_path, PREFECT_HOME=str(tmp_path)), capture_output=True,
        text=True, timeout=120, check=False,
    )  # fmt: skip

    assert emitted.returncode == 0, emitted.stderr
    wait_until(lambda: len(rest.call(prefect_server, "POST", "/events/filter", wanted)["events"]) == before + 1)


def test_the_figures_of_the_readme_are_those_of_the_tables() -> None:
    pattern = r"(\d+) files, (\d+) settings and (\d+) command lines.*?(\d+) seeded violations"
    (told,) = re.findall(pattern, README, flags=re.DOTALL)

    files = sum(len(cases) for cases in (*table.TABLES.values(), *looks.TABLES.values()))

    assert tuple(map(int, told)) == (files, len(configurations.CASES), len(questions.CASES), len(DAMAGES))


def test_the_versions_of_python_in_the_readme_are_those_of_the_project() -> None:
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]

    ((oldest, newest),) = re.findall(r"Python 3\.(\d+) to 3\.(\d+)", README)

    assert project["requires-python"] == f">=3.{oldest},<3.{int(newest) + 1}"


def test_a_copy_of_the_example_is_a_pipeline_of_its_own(flows_run: CommandLine, tmp_path: Path) -> None:
    example = (CHECKOUT / "configs" / "pipelines" / "flights.yaml").read_text()
    (tmp_path / "mine.yaml").write_text(example)
    (tmp_path / "landing" / "mine").mkdir(parents=True)

    ran = flows_run(tmp_path, *OWN.replace("<name>", "mine").split()[3:], INCUMBENT_PIPELINES=str(tmp_path))

    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.startswith("mine: nothing waits")


@pytest.mark.long
@pytest.mark.parametrize(
    ("module", "words"),
    [(("tests.corpus",), "configurations"), (("tests.benchmarks.decisions", "--quick"), "| figure | target |")],
)
def test_the_tables_are_printed(module: tuple[str, ...], words: str) -> None:
    command = [sys.executable, "-m", *module]

    ran = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, timeout=600, check=False)

    assert (ran.returncode, words in ran.stdout) == (0, True), ran.stdout[-500:] + ran.stderr[-500:]


@pytest.mark.long
def test_the_pages_of_mlflow_open(mlflow_template: Path, tmp_path: Path) -> None:
    shutil.copytree(mlflow_template, tmp_path / "mlflow")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = MLFLOW.replace(".venv/bin", str(Path(sys.executable).parent)).replace("///var", f"///{tmp_path}")
    server = subprocess.Popen(
        [*command.split(), "--port", str(port), "--workers", "1"], cwd=tmp_path, start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        page = _fetched(f"http://127.0.0.1:{port}/", server)
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(timeout=30)

    assert "<title>MLflow</title>" in page


def _fetched(address: str, server: "subprocess.Popen[bytes]") -> str:
    """The page as soon as it is there."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and server.poll() is None:
        with contextlib.suppress(OSError), urllib.request.urlopen(address, timeout=10) as answer:
            return str(answer.read().decode())
        time.sleep(0.2)
    raise AssertionError(f"{address} did not answer")


def test_the_readme_names_no_command_that_is_not_there(flows_run: CommandLine, new_home: Callable[..., Path]) -> None:
    helped = flows_run(new_home(), "--help").stdout

    named = {match for command in COMMANDS for match in re.findall(r"flows\.run (\w+)", command)}

    assert named
    assert all(re.search(rf"^\s+{name}\s", helped, flags=re.MULTILINE) for name in named)
