"""Estimators of a user that do what they must not: each is told in its own sentence, with the line where there is one."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from configs import importing
from configs.errors import InvalidSettings
from configs.plugs import Imported
from tasks.training import learning, preparation
from tasks.training.estimators import conduct, families
from tests.training.test_imported import COLUMNS, FRAME, TRUTH

HEAD = """\
import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin


class Own(ClassifierMixin, BaseEstimator):
    def fit(self, rows, labels):
        self.classes_ = np.unique(labels)
        return self

    def predict(self, rows):
        return np.zeros(len(rows))

    def predict_proba(self, rows):
"""
NUMBERS = HEAD.replace("ClassifierMixin, B", "RegressorMixin, B").replace("    def predict_proba(self, rows):\n", "")
NUMBERS = NUMBERS.replace("        return np.zeros(len(rows))\n", "")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("INCUMBENT_PIPELINES", str(tmp_path))
    return tmp_path


def learned(folder: Path, code: str, problem: str = "binary", use: str = "Own", **settings: Any) -> None:
    """What `pipelines.fitted` does with a candidate of the file beside the pipeline file."""
    (folder / "mine.py").write_text(code, encoding="utf-8")
    importing.module("configs.pipelines.mine")
    candidate = Imported(use=f"configs.pipelines.mine:{use}", settings=settings, title="my own")
    outcomes = TRUTH if problem == "binary" else FRAME["size"].to_numpy()
    prepared = preparation.prepare(FRAME, tuple(COLUMNS), COLUMNS)
    pipeline = families.build(candidate, tuple(COLUMNS), COLUMNS, 0, problem)
    with conduct.watched(candidate):
        fitted = learning.fit(pipeline, prepared, outcomes, threads=1)
        conduct.require(candidate, fitted, learning.golden(prepared), outcomes)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("return np.full((len(rows), 2), 0.5)[:-1]", "answers 201 rows in the shape (200, 2), and (201, 2) is wanted"),
        ("return np.full(len(rows), 0.5)", "answers 201 rows in the shape (201,), and (201, 2) is wanted"),
        ("return np.full((len(rows), 3), 1 / 3)", "answers 201 rows in the shape (201, 3), and (201, 2) is wanted"),
        ("return np.full((len(rows), 2), np.nan)", "gives 402 answers of 402 that are no numbers"),
        ("return np.full((len(rows), 2), 'a')", "answers with <U1 values, and numbers are wanted"),
        ("return np.tile([-0.2, 1.2], (len(rows), 1))", "gives probabilities from -0.2 to 1.2, and they lie between 0 and 1"),
        ("return np.tile([0.5, 0.9], (len(rows), 1))", "gives probabilities of a row that add up to 1.4, not to 1"),
        ("self.classes_ = self.classes_[::-1]; return np.full((len(rows), 2), 0.5)",
         "has its classes in the order ['True', 'False'], and ['False', 'True'] is wanted"),
        ("raise ValueError('not\\ntoday')", "raised ValueError: not today ({file}, line 14)"),
        ("return rows['size']", "raised IndexError: only integers, slices (`:`), ellipsis (`...`), numpy.newaxis (`None`) "
         "and integer or boolean arrays are valid indices ({file}, line 14)"),
        ("raise SystemExit(3)", "raised SystemExit: 3 ({file}, line 14)"),
        ("import torch_that_is_not_there", "raised ModuleNotFoundError: No module named 'torch_that_is_not_there' ({file}, line 14)"),
    ],
)  # fmt: skip
def test_what_is_no_probability_is_told(folder: Path, body: str, said: str) -> None:
    with pytest.raises(InvalidSettings) as refused:
        learned(folder, f"{HEAD}        {body}\n")

    line = said.replace("{file}", str(folder / "mine.py"))
    assert str(refused.value) == f"training.candidates: my own {line}. Nothing was changed, and the batch waits."


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("return np.zeros((len(rows), 1))", "answers 201 rows in the shape (201, 1), and (201,) is wanted"),
        ("return np.where(np.arange(len(rows)) % 2, 1.0, np.inf)", "gives 101 answers of 201 that are no numbers"),
    ],
)
def test_what_is_no_number_is_told(folder: Path, body: str, said: str) -> None:
    with pytest.raises(InvalidSettings, match=said.replace("(", r"\(").replace(")", r"\)")):
        learned(folder, f"{NUMBERS}        {body}\n", "regression")


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("def build(columns):\n    return columns['x']\n", "cannot be built: KeyError: 'x' ({file}, line 2)."),
        ("def build(columns):\n    return None\n",
         "gives NoneType; return an estimator of scikit-learn's kind, or a Pipeline, that is not fitted ({file}, line 1)."),
        ("def build(columns):\n    from sklearn.svm import LinearSVC\n    return LinearSVC()\n",
         "builds a LinearSVC which is not for a yes or no: that needs classifiers, after a step 'encode'."),
    ],
)  # fmt: skip
def test_what_is_no_estimator_is_told(folder: Path, code: str, said: str) -> None:
    with pytest.raises(InvalidSettings) as refused:
        learned(folder, code, use="build")

    wanted = said.replace("{file}", str(folder / "mine.py"))
    assert str(refused.value) == f"training.candidates: configs.pipelines.mine:build {wanted}"


def test_an_estimator_that_behaves_is_let_be(folder: Path) -> None:
    learned(folder, f"{HEAD}        return np.full((len(rows), 2), 0.5)\n")


def test_a_bad_parameter_of_a_library_is_told_without_a_line() -> None:
    candidate = Imported(use="sklearn.tree:DecisionTreeClassifier", settings={"max_depth": -1}, title="tree")
    prepared = preparation.prepare(FRAME, tuple(COLUMNS), COLUMNS)
    pipeline = families.build(candidate, tuple(COLUMNS), COLUMNS, 0, "binary")

    with (
        pytest.raises(InvalidSettings, match=r"tree raised InvalidParameterError: The 'max_depth' parameter .*-1 inst"),
        conduct.watched(candidate),
    ):
        learning.fit(pipeline, prepared, TRUTH, threads=1)


@pytest.mark.parametrize("count", [1, 50])
def test_rows_count_as_their_weights_say(count: int) -> None:
    frame = pd.DataFrame({"size": [0.0, 0.0], "city": ["Oslo", "Oslo"]})
    prepared = preparation.prepare(frame, tuple(COLUMNS), COLUMNS)
    candidate = Imported(use="sklearn.tree:DecisionTreeClassifier", title="tree")
    pipeline = families.build(candidate, tuple(COLUMNS), COLUMNS, 0, "binary")

    fitted = learning.fit(pipeline, prepared, np.array([False, True]), threads=1, weights=np.array([1.0, float(count)]))

    assert fitted.predict_proba(prepared)[0, 1] == pytest.approx(count / (count + 1))


def test_an_estimator_that_takes_no_weights_is_told() -> None:
    candidate = Imported(use="sklearn.neighbors:KNeighborsClassifier", title="near")
    pipeline = families.build(candidate, tuple(COLUMNS), COLUMNS, 0, "binary")

    with pytest.raises(InvalidSettings, match=r"training\.weights: a KNeighborsClassifier takes no weights of rows"):
        learning.fit(
            pipeline, preparation.prepare(FRAME, tuple(COLUMNS), COLUMNS), TRUTH, threads=1, weights=np.ones(len(FRAME))
        )
