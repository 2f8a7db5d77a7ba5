"""From a file that is dropped, or a word from outside, to a verdict: a real server, a real worker, real processes."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import CommandLine
from tests.deployments import working
from tests.deployments.working import Tree

Months = Callable[[str], Path]


@pytest.fixture(scope="module")
def tree(furnished_home: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tree]:
    """One for all tests of this module, each of which gives it a month of its own."""
    pipelines = working.write_pipeline(tmp_path_factory.mktemp("turns") / "pipelines")
    with working.work(furnished_home("turns"), pipelines) as running:
        yield running


def test_a_file_that_is_dropped_leads_to_a_verdict_and_names_tell_the_story(tree: Tree, months: Months) -> None:
    before = datetime.now(UTC)

    tree.drop(months("2013-01"))
    turn = tree.wait_for_turn("2013-01")
    (run,) = tree.wait_for_runs("continuous-training", before, 1)

    (inner,) = tree.runs("turn", before)
    print(turn, run, inner, tree.artifacts(run), tree.artifacts(inner), tree.ask("select * from triggers"))
    print([(r["name"], r["state"]["message"]) for r in tree.runs("poll")])
    assert 0
