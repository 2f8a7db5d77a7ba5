"""What the command says about bad files: a line for each, the exit code of a refusal, never a traceback or a hang."""

import json
import subprocess
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.command_line import CommandLine
from tests.corpus import names, table
from tests.corpus.world import PIPELINE, SHEETS, Case

Ingest = Callable[[str, Sequence[Case]], "subprocess.CompletedProcess[str]"]


@pytest.fixture
def ingest(tmp_path: Path, prefect_home: Callable[[Path], Path], flows_run: CommandLine) -> Ingest:
    """Drops files into a landing folder and runs `ingest`; once more with no files."""
    home, pipelines = prefect_home(tmp_path / "home"), table.write_pipelines(tmp_path / "pipelines")

    def run(pipeline: str, cases: Sequence[Case] = ()) -> "subprocess.CompletedProcess[str]":
        if cases:
            table.put(cases, home / "landing" / pipeline)
        return flows_run(home, "ingest", pipeline, "--json", INCUMBENT_PIPELINES=str(pipelines))

    return run


@pytest.mark.long
def test_pipes_links_and_odd_names_neither_stop_the_command_nor_get_lost(ingest: Ingest) -> None:
    said, again = ingest(PIPELINE, names.CASES), ingest(PIPELINE, ())

    assert (said.returncode, _told(said)) == (3, _wanted(names.CASES))
    assert "Traceback" not in said.stderr
    assert (again.returncode, again.stdout) == (0, "")


@pytest.mark.long
@pytest.mark.parametrize("pipeline", [PIPELINE, SHEETS])
def test_the_whole_corpus_ends_by_itself_with_a_line_for_each_file(ingest: Ingest, pipeline: str) -> None:
    said = ingest(pipeline, table.TABLES[pipeline])

    assert (said.returncode, _told(said)) == (3, _wanted(table.TABLES[pipeline]))
    assert "Traceback" not in said.stderr


def _told(said: "subprocess.CompletedProcess[str]") -> "Counter[tuple[str, str]]":
    lines = [json.loads(line) for line in said.stdout.splitlines()]
    return Counter((line["batch"], line["status"]) for line in lines)


def _wanted(cases: Sequence[Case]) -> "Counter[tuple[str, str]]":
    return Counter((name, expected.status) for name, expected in table.wanted(cases))
