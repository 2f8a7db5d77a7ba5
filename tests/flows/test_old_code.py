"""The code that a model keeps fails for new rows, as what is beside the pipeline file did: each is told in words."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from configs.errors import InvalidSettings
from tasks.adapters.home import Home
from tests.command_line import CommandLine
from tests.features import stepped
from tests.features.stepped import PIPELINE

STRICT = stepped.CODE.replace("    late =", "    assert not (rows['items'] > 100).any(), 'too many'\n    late =")


@pytest.fixture(scope="module")
def pipelines(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pipelines")


@pytest.mark.long
def test_a_model_that_cannot_take_the_rows_stops_the_turn_in_words(
    furnished_home: Callable[..., Path], served_run: CommandLine, pipelines: Path
) -> None:
    home, variables = furnished_home("old-code"), {"INCUMBENT_PIPELINES": str(pipelines)}
    stepped.write(pipelines, stepped.YAML.replace(", max: 1000}", "}"), STRICT)
    for number in (1, 2):
        stepped.deliver(home, number)
    assert served_run(home, "run", PIPELINE, "--quiet", **variables).returncode == 0
    week = stepped.week(3)
    week.loc[3, "items"] = 500
    stepped.deliver(home, 3, week)

    first = served_run(home, "run", PIPELINE, "--quiet", **variables)
    (pipelines / f"{PIPELINE}.py").write_text(stepped.CODE)
    second = served_run(home, "run", PIPELINE, "--quiet", **variables)
    stepped.deliver(home, 3)
    third = served_run(home, "run", PIPELINE, "--quiet", **variables)

    failed = f"the feature step basket raised AssertionError: too many ({pipelines / PIPELINE}.py, line 9)"
    assert (first.returncode, second.returncode) == (InvalidSettings.exit_code, InvalidSettings.exit_code)
    assert first.stderr.splitlines()[-1] == f"Pipeline {PIPELINE}: {failed}. Nothing was changed, and the batch waits."
    assert f"a model fails for these rows, by the code that it was fitted with: {failed}." in second.stderr
    assert "Traceback" not in second.stderr + second.stdout
    assert third.returncode == 0, third.stdout + third.stderr
    with closing(Home(home)) as opened:
        assert [one.name for one in opened.ledger.batches.all(PIPELINE)] == ["week-1", "week-2", "week-3"]
