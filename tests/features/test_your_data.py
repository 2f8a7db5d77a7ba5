"""The examples of docs/your-data.md about features of your own: settings and code as they stand there, learned from."""

import re
from pathlib import Path

import pytest

from configs import environment, loader, plugs
from tasks.training import preparation
from tasks.training.learned_rows import Window
from tasks.training.steps import pipelines, trial
from tests.features import stepped
from tests.features.stepped import PIPELINE

_TEXT = (environment.CHECKOUT / "docs" / "your-data.md").read_text(encoding="utf-8")
PAGE = _TEXT.partition("## Features of your own\n")[2].partition("\n## ")[0]
(STEPS,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
(CODE,) = re.findall(r"```py\n(.*?)```", PAGE, re.DOTALL)


def test_the_example_is_learned_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stepped.write(tmp_path, stepped.YAML.replace(stepped.STEPS, STEPS), CODE)
    monkeypatch.setenv("INCUMBENT_PIPELINES", str(tmp_path))
    settings, rows = loader.load(PIPELINE), stepped.week(1)
    rows = rows[rows["sold"].notna()]
    prepared = preparation.prepare(rows, settings.inputs, settings.validation.columns)
    window = Window(prepared, preparation.labels(rows, settings.training))

    signs = trial.examine(prepared, settings, PIPELINE)
    fitted = pipelines.learn(settings.training.candidates[0], window, settings, pipelines.recipe(window, settings))

    assert signs == []
    assert fitted.predict_proba(prepared).shape == (len(rows), 2)
    assert len(settings.learned) == 3 + 2 + 2 + 1 + 16 + 1 + 2


def test_every_kind_of_step_is_on_the_page() -> None:
    assert [kind for kind in plugs.STEPS if f"`{kind}`" not in PAGE] == []
