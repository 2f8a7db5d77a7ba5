"""The examples of docs/experiments.md, as they stand there, one after the other."""

import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from configs.environment import CHECKOUT
from tasks.adapters import home as homes
from tasks.adapters.home import Home
from tasks.experiments import plans
from tests import homes as copies
from tests.command_line import CommandLine

PAGE = (CHECKOUT / "docs" / "experiments.md").read_text(encoding="utf-8")
COMMANDS = [line.split() for block in re.findall(r"```bash\n(.*?)```", PAGE, re.S) for line in block.splitlines()]
(SNIPPET,) = re.findall(r"```python\n(.*?)```", PAGE, re.S)


@pytest.fixture
def folder(lived_home: Path, tmp_path: Path) -> Path:
    return copies.copy(lived_home, tmp_path / "home", "prefect", "landing")


@pytest.mark.long
def test_every_command_works_as_it_stands_there(
    folder: Path, served_run: CommandLine, lived_pipelines: Path, tmp_path: Path
) -> None:
    own = Path(shutil.copytree(lived_pipelines, tmp_path / "pipelines"))

    variables = {"INCUMBENT_PIPELINES": str(own)}
    ran = {" ".join(words[3:]): served_run(folder, *words[3:], **variables) for words in COMMANDS}

    assert [words[:3] for words in COMMANDS] == [["python", "-m", "flows.run"]] * len(COMMANDS)
    backtests = [one for line, one in ran.items() if line.startswith("backtest")]
    others = [one for one in ran.values() if one not in backtests]
    assert [(one.returncode, one.stderr) for one in others] == [(0, "")] * (len(COMMANDS) - 2)
    assert all(one.returncode == 2 and "has judged 1 batches" in one.stderr for one in backtests), "two months only"
    shown = [one.stdout for one in others]
    assert "false_promotion_every-50" in shown[1]
    assert "3 experiments were tried" in shown[3]
    assert "max_iter: 40," in (own / "flights.yaml").read_text(encoding="utf-8")


def test_a_notebook_has_the_rows_and_the_model_of_a_version(folder: Path) -> None:
    names: dict[str, Any] = {}

    with homes.use(Home(folder)) as home:
        exec(SNIPPET, names)
        version = home.ledger.models.versions("flights")[1]

    assert (len(names["inputs"]), names["labels"].name) == (version.snapshot.rows, "late")
    assert names["labels"].sum() == version.snapshot.positives
    loss = -np.log(np.where(names["labels"], names["shares"], 1 - names["shares"])).mean()
    assert version.trained_loss is not None
    assert loss == pytest.approx(version.trained_loss, rel=0.1)
    assert {"late", "carrier", "learned_at"} <= {*names["month"].columns}


def test_the_page_names_each_setting_that_cannot_be_tried() -> None:
    table = PAGE.partition("| what can be tried")[2].partition("\n\n")[0]

    sections = {path[0] for path in plans._REFUSED if path[0] not in ("title", "training", "evaluation")}

    assert {name for name in sections if f"`{name}" not in table} == set()
