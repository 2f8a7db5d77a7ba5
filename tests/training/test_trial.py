"""Steps of a user, tried in time: what takes too long is left, and steps behind those that learn are tried as well."""

import threading
import time
from pathlib import Path

import pytest

from configs import loader
from configs.errors import InvalidSettings
from tasks.features.own_step import StepFailed
from tasks.features.trying import Beyond
from tasks.training import preparation
from tasks.training.steps import trial
from tests.features import stepped
from tests.features.stepped import PIPELINE

BEHIND = """\
features:
  steps:
    - {step: target_mean, of: [shop]}
    - {step: text, of: [note], columns: 2}
    - {use: basket, of: [shop_target, note_0], gives: {size: {}}}
"""


def examined(folder: Path, steps: str, code: str, rows: int = 336) -> list[Beyond]:
    stepped.write(folder, stepped.YAML.replace(stepped.STEPS, steps), code)
    settings = loader.load(PIPELINE)
    prepared = preparation.prepare(stepped.week(1).head(rows), settings.inputs, settings.validation.columns)
    return trial.examine(prepared, settings, PIPELINE)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("INCUMBENT_PIPELINES", str(tmp_path))
    return tmp_path


def test_what_takes_too_long_is_asked_to_end() -> None:
    def forever() -> None:
        while True:
            time.sleep(0.01)

    with pytest.raises(
        StepFailed, match=r"it took longer than 0\.2 seconds, features\.timeout \(.*test_trial\.py, line \d+\)"
    ):
        trial.within(0.2, forever, __file__, "it")

    (thread,) = [one for one in threading.enumerate() if one.name == "feature step"] or [threading.current_thread()]
    if thread is not threading.current_thread():
        thread.join(30)
        assert not thread.is_alive()


def test_a_step_behind_those_that_learn_is_tried(folder: Path) -> None:
    code = "def basket(rows):\n    return rows['shop_target'] + 'x'\n"

    with pytest.raises(InvalidSettings, match=r"the feature step basket raised .* line 2\)\. Nothing was changed"):
        examined(folder, BEHIND, code)


def test_one_that_is_right_passes(folder: Path) -> None:
    code = "def basket(rows):\n    return rows['shop_target'] * rows['note_0']\n"

    assert examined(folder, BEHIND, code) == []


def test_without_rows_nothing_is_asked(folder: Path) -> None:
    assert examined(folder, BEHIND, "def basket(rows):\n    raise ValueError\n", rows=0) == []


@pytest.mark.parametrize("rows", [1, 2, 5])
def test_few_rows_are_enough(rows: int, folder: Path) -> None:
    assert examined(folder, stepped.STEPS, stepped.CODE, rows) == []
