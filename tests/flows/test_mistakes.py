"""Mistakes of the user: one paragraph that says what is wrong and what to do, an exit code, and nothing is changed."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from configs.environment import CHECKOUT
from flows import run
from flows.console import program
from tasks.adapters import home as homes
from tasks.adapters.home import Home
from tests.command_line import CommandLine

FLIGHTS = (CHECKOUT / "configs" / "pipelines" / "flights.yaml").read_text(encoding="utf-8")
HINT = "Nothing was changed. Every setting with its meaning: configs/pipeline.schema.json"
FLOWS = ("run", "ingest", "monitor", "train")
LOOKS = ("status", "history", "verify")


@dataclass(frozen=True)
class Said:
    """What a command left behind."""

    code: int
    out: str
    err: str
    files: list[str]
    """Everything in the home."""


Say = Callable[..., Said]


@pytest.fixture
def say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Say:
    """Runs a command in this process, in a home that is not there yet: `say("status", "nyc")`."""

    def command(*arguments: str) -> Said:
        folder = tmp_path / "home"
        monkeypatch.setenv("INCUMBENT_HOME", str(folder))
        try:
            with homes.use(Home(folder)):
                code = run.main(arguments)
        except SystemExit as end:
            code = int(end.code or 0)
        told = capsys.readouterr()
        return Said(code, told.out, told.err, sorted(str(path.relative_to(folder)) for path in folder.rglob("*")))

    return command


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str | bytes], Path]:
    """Makes a folder of pipelines in which flights.yaml has this text."""

    def put(text: str | bytes) -> Path:
        path = tmp_path / "pipelines" / "flights.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        monkeypatch.setenv("INCUMBENT_PIPELINES", str(path.parent))
        return path

    return put


# ── which pipeline ────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("command", [*FLOWS, *LOOKS])
def test_every_command_refuses_an_unknown_pipeline_before_anything_starts(say: Say, command: str) -> None:
    said = say(command, "nyc")

    known = "flights, bike_sharing, elec2, hotel_bookings, online_shoppers"
    assert said == Said(4, "", f"Unknown pipeline 'nyc'. Known: {known}. Add configs/pipelines/nyc.yaml.\n", [])


@pytest.mark.parametrize(
    ("word", "advice"),
    [
        ("deploy", "'deploy' is neither a command nor a pipeline. Commands: init, validate, run, ingest, "),
        ("flight", "did you mean 'flights'? Known: flights, bike_sharing, elec2,"),
        ("../flights", "A name has only letters, digits, '-' and '_', at most 100."),
        ("x" * 260, "(260 characters)'. Known: flights,"),
        ("", "Unknown pipeline ''."),
    ],
)
def test_a_word_that_is_neither_command_nor_pipeline_is_told_what_there_is(say: Say, word: str, advice: str) -> None:
    said = say(word)

    assert (said.code, said.out, said.files) == (4, "", [])
    assert advice in said.err


@pytest.mark.parametrize(
    ("line", "beginning"),
    [
        (("statsu",), "Unknown command 'statsu'; did you mean 'status'?"),
        (("STATUS",), "Unknown command 'STATUS'; did you mean 'status'?"),
        (("help",), "Unknown command 'help'; did you mean '--help'?"),
        (("statsu", "flights"), "Unknown command 'statsu'; did you mean 'status'?"),
        (("flights", "statsu"), "Unknown command 'statsu'; did you mean 'status'?"),
        (("rolback", "flights", "--to", "v4"), "Unknown command 'rolback'; did you mean 'rollback'?"),
        (("explian", "flights", "v4", "--json"), "Unknown command 'explian'; did you mean 'explain'?"),
        (("retrain", "flights"), "Unknown command 'retrain'; did you mean 'train'?"),
        (("deploy", "flights"), "Unknown command 'deploy'. Commands: init, validate, run, ingest, "),
        (("statsu", "--help"), "Unknown command 'statsu'; did you mean 'status'?"),
    ],
)
def test_an_unknown_command_is_named_with_the_nearest_one(say: Say, line: tuple[str, ...], beginning: str) -> None:
    said = say(*line)

    assert (said.code, said.out, said.files) == (2, "", [])
    assert said.err.startswith(beginning) and said.err.count("\n") == 1
    assert "pipeline" not in said.err


def test_a_pipeline_cannot_have_the_name_of_a_command(say: Say) -> None:
    said = say("run", "status")

    assert said.code == 4
    assert said.err.startswith("'status' is the name of a command, so no pipeline can be called so.")


def test_example_data_is_there_for_the_example_only(say: Say) -> None:
    said = say("prepare", "nyc")

    assert (said.code, said.files) == (2, [])
    assert said.err.startswith("There is example data for the pipeline 'flights' only, not for 'nyc'.")


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        (("--verbose",), "--verbose"),
        (("status", "flights", "shop"), "shop"),
        (("flights", "shop"), "shop"),
        (("--json=yes",), "explicit argument 'yes'"),
    ],
)
def test_a_wrong_command_line_is_answered_with_the_right_one(say: Say, line: tuple[str, ...], wrong: str) -> None:
    said = say(*line)

    assert (said.code, said.out, said.files) == (2, "", [])
    assert said.err.startswith(f"usage: {program.command()} ")
    assert wrong in said.err.splitlines()[-1]


# ── its file ──────────────────────────────────────────────────────────────────────────────────────────────────────
def test_every_wrong_setting_is_named_at_once(say: Say, write: Callable[[str], Path]) -> None:
    mistyped = FLIGHTS.replace("false_promotion_every", "false_promotion_evry")
    path = write(mistyped.replace("seed: 20130101", "seed: often").replace("share: 0.5", "share: 1.7"))

    said = say()

    assert said.err.splitlines() == [
        f"{path} is not valid:",
        "  training.seed: must be a whole number (got 'often')",
        "  monitoring.drift.share: must be at most 1 (got 1.7)",
        "  promotion.false_promotion_evry: no such setting; did you mean 'false_promotion_every'?",
        HINT,
    ]
    assert (said.code, said.out, said.files) == (5, "", [])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "the file is empty; it must have sections"),
        ("- a\n- b\n", 'the file holds only ["a", "b"]'),
        (
            FLIGHTS.replace("kind: parquet", "kind: xml"),
            "ingestion.source.kind: must be 'parquet', 'csv', 'json_lines', 'arrow', 'excel', 'delta' or 'sql' (got 'xml')",
        ),
        (FLIGHTS.replace("kind: parquet", "folder: ''"), "ingestion.source.folder: must have at least 1 character"),
        (FLIGHTS.replace("kind: parquet", r'folder: "a\0b"'), "folder: must not have control characters"),
        (FLIGHTS.replace("event: scheduled_departure", "event: carrier"), "column 'carrier' must be of type timestamp"),
    ],
)
def test_settings_that_cannot_be_are_refused(say: Say, write: Callable[[str], Path], text: str, words: str) -> None:
    write(text)

    said = say("status")

    assert (said.code, said.out, said.files) == (5, "", [])
    assert words in said.err and said.err.endswith(f"{HINT}\n")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: [1, 2\nb: 3", "is not plain YAML: line 2: while parsing a flow sequence"),
        ("a:\n\tb: 1", r"is not plain YAML: line 2: while scanning for the next token found character '\t'"),
        ("title: !!python/object/apply:os.system [id]", "!!python/object/apply:os.system asks for an object"),
        (FLIGHTS + "\ntraining: {}\n", "the key 'training' stands there twice"),
        (b"\xff\xfe\x00", "is not a text file in UTF-8"),
    ],
)
def test_a_file_that_is_not_plain_yaml_is_refused(
    say: Say, write: Callable[[str | bytes], Path], text: str | bytes, words: str
) -> None:
    path = write(text)

    said = say()

    assert (said.code, said.out, said.files) == (6, "", [])
    assert said.err.startswith(f"{path} is not ") and words in said.err
    assert said.err.count("\n") == 1


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (Path.mkdir, "is not a file that can be read; a pipeline is a YAML file."),
        (lambda path: path.symlink_to("nowhere"), "is not a file that can be read; a pipeline is a YAML file."),
    ],
)
def test_a_pipeline_that_is_no_file_is_named_as_what_it_is(
    say: Say, write: Callable[[str], Path], make: Callable[[Path], None], words: str
) -> None:
    path = write("")
    path.unlink()
    make(path)

    said = say()

    assert (said.code, said.out, said.files) == (6, "", [])
    assert said.err == f"{path} {words} Nothing was changed.\n"


# ── its landing folder ────────────────────────────────────────────────────────────────────────────────────────────
def test_status_tells_a_newcomer_how_to_begin(say: Say, tmp_path: Path) -> None:
    said = say("status")

    assert (said.code, said.err, said.files) == (0, "", [])
    assert said.out == (
        f"flights: nothing is there yet. The example's data: {program.command('prepare')}. "
        f"Put parquet files into {tmp_path}/home/landing/flights, then type {program.command('run')} flights.\n"
    )


def test_status_of_an_untouched_pipeline_for_machines(say: Say) -> None:
    said = say("status", "flights", "--json")

    assert (said.code, said.err) == (0, "")
    assert json.loads(said.out) == {"pipeline": "flights", "champion": None, "waits": [], "turns": []}


def test_status_of_a_folder_that_somebody_named_and_is_missing_is_a_mistake(
    say: Say, write: Callable[[str], Path]
) -> None:
    write(FLIGHTS.replace("kind: parquet", "folder: inbox"))

    said = say("status")

    assert (said.code, said.out) == (7, "")
    assert "inbox does not exist" in said.err


def test_a_store_without_a_ledger_is_no_beginning(say: Say, tmp_path: Path) -> None:
    (tmp_path / "home" / "store" / "aa").mkdir(parents=True)
    (tmp_path / "home" / "store" / "aa" / "x.parquet").write_bytes(b"")

    said = say("status")

    assert said.code != 0
    assert "nothing is there yet" not in said.out


@pytest.mark.parametrize("command", ["run", "ingest"])
def test_a_newcomer_without_landing_folder_is_told_how_to_get_one(say: Say, tmp_path: Path, command: str) -> None:
    said = say(command)

    assert said.err == (
        f"The landing folder {tmp_path}/home/landing/flights does not exist. Make it and put parquet files there, or "
        f"name another one as ingestion.source.folder. The example data: {program.command('prepare')}.\n"
    )
    assert (said.code, said.out, said.files) == (7, "", [])


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path: path.write_text("x"), "is not a folder. Move away the file that stands in its place"),
        (lambda path: path.symlink_to(path), "cannot be listed (Too many levels of symbolic links)."),
    ],
)
def test_a_landing_folder_that_is_none_is_named(
    say: Say, tmp_path: Path, make: Callable[[Path], object], words: str
) -> None:
    landing = tmp_path / "home" / "landing" / "flights"
    landing.parent.mkdir(parents=True)
    make(landing)

    said = say()

    assert said.code == 7
    assert said.err.startswith(f"The landing folder {landing} {words}")
    assert said.files == ["landing", "landing/flights"]


@pytest.mark.parametrize(
    ("folder", "shown"),
    [
        ("inbox", "{home}/inbox does not exist"),
        ("/no/such", "/no/such does not"),
        ("~nobody-here/x", "~nobody-here/x is"),
    ],
)
def test_another_landing_folder_is_looked_for_where_the_file_says(
    say: Say, write: Callable[[str], Path], tmp_path: Path, folder: str, shown: str
) -> None:
    write(FLIGHTS.replace("kind: parquet", f"folder: {folder}"))

    said = say()

    assert said.code == 7
    assert said.err.startswith(f"The landing folder {shown.format(home=tmp_path / 'home')}")


def test_an_empty_landing_folder_is_nothing_to_do(say: Say, tmp_path: Path) -> None:
    landing = tmp_path / "home" / "landing" / "flights"
    landing.mkdir(parents=True)
    (landing / "2013-01.parquet.tmp").write_bytes(b"half")

    said = say()

    assert (said.code, said.err) == (0, "")
    assert said.out == f"flights: nothing waits in {landing}. No batch has come in yet.\n"


# ── home and servers; a process of its own each ───────────────────────────────────────────────────────────────────
def test_a_file_in_place_of_the_home_is_named(flows_run: CommandLine, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.write_text("x")

    said = flows_run(home)

    assert (said.returncode, said.stdout) == (8, "")
    assert said.stderr == (f"INCUMBENT_HOME is {home}, which is not a folder. Name one that is, or one to be made.\n")
    assert home.read_text() == "x"


def test_a_home_of_nobody_is_named(flows_run: CommandLine) -> None:
    said = flows_run(Path("~nobody-here/x"), "status")

    assert (said.returncode, said.stdout) == (8, "")
    assert said.stderr == "INCUMBENT_HOME is ~nobody-here/x, but there is no such user. Name a folder.\n"


@pytest.mark.parametrize("variable", ["INCUMBENT_HOME", "INCUMBENT_PIPELINES", "INCUMBENT_DATA"])
def test_a_folder_whose_name_is_too_long_is_named(variable: str, flows_run: CommandLine, tmp_path: Path) -> None:
    said = flows_run(tmp_path, "status", "elec2", **{variable: f"/{'x' * 5000}"})

    assert (said.returncode, said.stdout) == (8, "")
    assert re.fullmatch(rf"{variable} cannot be a folder: File name too long \(/x+…\)\.\n", said.stderr)


def test_a_home_that_cannot_be_written_is_named(flows_run: CommandLine) -> None:
    said = flows_run(Path("/proc/incumbent"), "history")

    assert (said.returncode, said.stdout) == (8, "")
    assert said.stderr.startswith("/proc/incumbent cannot be written: ")
    assert said.stderr.count("\n") == 1


def test_a_named_server_that_does_not_answer_is_named_and_the_batch_still_waits(
    flows_run: CommandLine, tmp_path: Path
) -> None:
    landing = tmp_path / "landing" / "flights"
    landing.mkdir(parents=True)
    (landing / "2013-01.parquet").write_bytes(b"x")

    said = flows_run(tmp_path, PREFECT_API_URL="http://127.0.0.1:9/api")
    status = flows_run(tmp_path, "status")

    assert said.returncode == 10
    assert said.stderr.startswith(
        "The Prefect server that PREFECT_API_URL names, http://127.0.0.1:9/api, gave no answer"
    )
    assert said.stderr.endswith("Start that server, or unset PREFECT_API_URL to use a local one.\n")
    assert said.stderr.count("\n") == 1
    assert "waits: 2013-01" in status.stdout
