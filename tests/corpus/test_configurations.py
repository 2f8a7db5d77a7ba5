"""The corpus of bad pipeline files: each has exactly its exit code and its lines, and nothing is made in the home."""

from collections import Counter
from pathlib import Path

import pytest

from flows import run
from tasks.adapters import home as homes
from tasks.adapters.home import Home
from tests.corpus import configurations
from tests.corpus.configurations import Configuration

FEWEST = 40


def test_there_are_as_many_as_were_promised_and_each_is_told_by_its_name() -> None:
    names = Counter(case.name for case in configurations.CASES)

    assert len(names) >= FEWEST
    assert max(names.values()) == 1


@pytest.mark.parametrize("case", configurations.CASES, ids=lambda case: case.name)
def test_a_bad_configuration_is_answered_with_exactly_these_lines(
    case: Configuration, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, said = use(case, tmp_path, monkeypatch, capsys)

    assert said == configurations.said(case, tmp_path)
    assert code == case.code
    assert not (tmp_path / "home").exists()


def use(
    case: Configuration, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> tuple[int, list[str]]:
    """Ask for the status of a pipeline with this file; the exit code, and what was said."""
    (folder / "mine.yaml").write_bytes(case.content)
    if case.beside is not None:
        (folder / "mine.py").write_text(case.beside, encoding="utf-8")
    monkeypatch.setenv("INCUMBENT_PIPELINES", str(folder))
    monkeypatch.setenv("INCUMBENT_HOME", str(folder / "home"))
    with homes.use(Home(folder / "home")):
        code = run.main(["status", "mine"])
    told = capsys.readouterr()
    assert told.out == ""
    return code, told.err.splitlines()
