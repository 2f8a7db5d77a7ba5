"""One pipeline file that is broken: it is named wherever pipelines are listed, and stops no other pipeline."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from configs import inventory, loader
from configs.environment import CHECKOUT
from configs.errors import IncumbentError
from deployments import apply
from flows import run
from tasks.adapters import home as homes
from tasks.adapters.home import Home

FLIGHTS = CHECKOUT / "configs" / "pipelines" / "flights.yaml"


def with_a_plug_that_raises(path: Path) -> None:
    path.write_text(FLIGHTS.read_text().replace("{family: logistic_regression", "{use: Own"))
    path.with_suffix(".py").write_text("raise ZeroDivisionError")


# name of the file, how it comes to be, exit code, what is said of it
BROKEN: list[tuple[str, Callable[[Path], object], int, str]] = [
    ("shop.yaml", lambda path: path.write_text("a: [1, 2\n"), 6, "is not plain YAML: line"),
    ("shop.yaml", lambda path: path.write_text("title: x\n"), 5, "is not valid:"),
    ("shop.yaml", lambda path: path.write_text(""), 5, "the file is empty"),
    ("shop.yaml", lambda path: path.write_bytes(b"\xff\xfe"), 6, "is not a text file in UTF-8"),
    ("shop.yaml", lambda path: path.mkdir(), 6, "is not a file that can be read; a pipeline is a YAML file"),
    ("shop.yaml", lambda path: path.symlink_to("nowhere"), 6, "is not a file that can be read"),
    ("shop.yaml", lambda path: path.symlink_to("/proc/self/mem"), 6, "cannot be read: Input/output error"),
    ("shop.yaml", os.mkfifo, 6, "is not a file that can be read; a pipeline is a YAML file"),
    ("shop.yaml", with_a_plug_that_raises, 5, "configs.pipelines.shop cannot be imported: ZeroDivisionError:"),
    ("my shop.yaml", lambda path: shutil.copyfile(FLIGHTS, path), 6, "A name has only letters, digits, '-' and '_'"),
    ("shop.yml", lambda path: shutil.copyfile(FLIGHTS, path), 6, "a pipeline file ends with .yaml. Rename it."),
]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of pipelines with two sound ones, whose landing folders are there."""
    pipelines = tmp_path / "pipelines"
    pipelines.mkdir()
    monkeypatch.setenv("INCUMBENT_PIPELINES", str(pipelines))
    monkeypatch.setenv("INCUMBENT_HOME", str(tmp_path / "home"))
    for name in ("flights", "zebra"):
        shutil.copyfile(FLIGHTS, pipelines / f"{name}.yaml")
        (tmp_path / "home" / "landing" / name).mkdir(parents=True)
    return pipelines


def said(home: Path, *arguments: str) -> int:
    with homes.use(Home(home)):
        return run.main(arguments)


@pytest.mark.parametrize(("name", "spoil", "code", "words"), BROKEN)
def test_status_shows_the_others_and_names_the_broken_one(
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    name: str,
    spoil: Callable[[Path], object],
    code: int,
    words: str,
) -> None:
    spoil(folder / name)

    ended = said(folder.parent / "home", "status")

    out, err = capsys.readouterr()
    assert ended == code
    assert "flights  o Nothing has come in yet" in out and "zebra  o Nothing has come in yet" in out
    assert words in err and name.split(".")[0] in err and "Traceback" not in err


@pytest.mark.parametrize(("name", "spoil", "code", "words"), BROKEN)
def test_what_is_put_to_work_is_all_but_the_broken_one(
    folder: Path, name: str, spoil: Callable[[Path], object], code: int, words: str
) -> None:
    spoil(folder / name)

    known = apply.known()

    assert list(known.usable) == ["flights", "zebra"]
    assert known.exit_code == code
    assert [words in sentence for sentence in known.sentences] == [True]


@pytest.mark.parametrize("command", ["status", "run", "ingest", "monitor", "history", "verify", "train"])
def test_a_command_for_one_pipeline_does_not_mind_the_others(
    folder: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    (folder / "shop.yaml").write_text("a: [1, 2\n")

    ended = said(folder.parent / "home", command, "zebra")

    assert (ended, capsys.readouterr().err) == (0, "")


def test_machines_get_one_object_per_pipeline(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "shop.yaml").write_text("")

    ended = said(folder.parent / "home", "status", "--json")

    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert ended == 5
    assert [one["pipeline"] for one in told] == ["flights", "shop", "zebra"]
    assert ["error" in one for one in told] == [False, True, False]


def test_a_landing_folder_that_is_missing_is_named_too(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "flights.yaml").write_text(FLIGHTS.read_text().replace("kind: parquet", "folder: inbox"))

    ended = said(folder.parent / "home", "status")

    out, err = capsys.readouterr()
    assert ended == 7
    assert "zebra  o Nothing has come in yet" in out
    assert err.startswith("flights: The landing folder ")


def test_of_an_untouched_pipeline_it_is_said_how_to_begin(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("flights", "zebra"):
        (folder.parent / "home" / "landing" / name).rmdir()

    ended = said(folder.parent / "home", "status")

    out, err = capsys.readouterr()
    assert (ended, err) == (0, "")
    assert "flights: nothing is there yet. The example's data:" in out
    assert "zebra: nothing is there yet. Put parquet files into" in out


@pytest.mark.parametrize("command", ["status", "run"])
def test_names_that_differ_by_case_alone_are_refused_in_words(
    folder: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    shutil.copyfile(FLIGHTS, folder / "Flights.yaml")

    codes = [said(folder.parent / "home", command, name) for name in ("flights", "Flights", "zebra")]

    out, err = capsys.readouterr()
    assert codes == [5, 5, 0]
    assert err.count("The pipelines Flights and flights differ by upper and lower case alone;") == 2
    assert "zebra" in out
    assert list(inventory.take().usable) == ["zebra"]
    assert list(inventory.take().broken) == ["Flights", "flights"]


def test_an_example_and_a_pipeline_do_not_share_a_name_either(folder: Path) -> None:
    (folder / "examples").mkdir()
    shutil.copyfile(FLIGHTS, folder / "examples" / "ZEBRA.yaml")

    with pytest.raises(IncumbentError, match="The pipelines ZEBRA and zebra differ by"):
        loader.load("zebra")
    assert loader.load("flights")


def test_without_any_usable_file_the_first_mistake_is_the_answer(folder: Path) -> None:
    for name in loader.known():
        (folder / f"{name}.yaml").write_text("")

    with pytest.raises(IncumbentError, match=r"flights\.yaml is not valid:"):
        apply.known()
    assert inventory.take().usable == {}


def test_a_broken_example_does_not_stop_the_other_examples(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("INCUMBENT_DATA", str(tmp_path))
    (folder / "examples").mkdir()
    (folder / "examples" / "aaa.yaml").write_text("")
    shutil.copyfile(FLIGHTS, folder / "examples" / "bbb.yaml")
    (tmp_path / "home" / "landing" / "bbb").mkdir()

    ended = said(tmp_path / "home", "run", "--all-examples")

    out, err = capsys.readouterr()
    assert ended == 5
    assert "bbb: nothing waits in " in out
    assert err.startswith("aaa is left out: ")
