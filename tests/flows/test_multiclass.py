"""Five classes, lived for six months: learned, judged, watched, told, answered, reproduced and gone back from."""

import json
import warnings
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest

from configs.errors import InvalidSettings
from tasks.adapters.home import Home
from tasks.scoring.answering import Answerer
from tasks.scoring.steps import live_models
from tests import drinks, homes
from tests.command_line import CommandLine
from tests.drinks import CLASSES, PIPELINE


@pytest.fixture(scope="module")
def pipelines(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pipelines")
    drinks.write(folder)
    return folder


@pytest.fixture(scope="module")
def lived(furnished_home: Callable[..., Path], served_run: CommandLine, pipelines: Path) -> Path:
    """Three months as always; in the fourth one all orders are milk, in the fifth and sixth tea is coffee."""
    home = furnished_home("drinks")
    for number in range(1, 4):
        drinks.deliver(home, number, drinks.month(number))
    drinks.deliver(home, 4, drinks.month(4).assign(drink="milk"))
    for number in (5, 6):
        drinks.deliver(home, number, drinks.month(number, changed=True))
    ran = served_run(home, "run", PIPELINE, "--json", INCUMBENT_PIPELINES=str(pipelines))
    assert ran.returncode == 3, ran.stdout + ran.stderr
    return home


@pytest.fixture
def folder(lived: Path, tmp_path: Path, pipelines: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the home for one test."""
    monkeypatch.setenv("INCUMBENT_PIPELINES", str(pipelines))
    return homes.copy(lived, tmp_path / "home")


@pytest.fixture
def home(folder: Path) -> Iterator[Home]:
    with closing(Home(folder)) as opened:
        yield opened


def test_a_month_of_one_class_is_held_and_a_changed_world_is_learned(home: Home) -> None:
    batches = {one.name: one for one in home.ledger.batches.all(PIPELINE)}
    made = home.ledger.promotions.all(PIPELINE)

    assert batches["2024-04"].status == "held"
    assert "all 500 labels are milk" in str(batches["2024-04"].reason)
    assert sum(count for _, count in batches["2024-01"].classes) == 500
    assert len(made) >= 2
    last = home.ledger.models.get(PIPELINE, made[-1].model)
    assert last is not None
    assert [name for name, _ in last.snapshot.classes] == [*CLASSES]


def test_the_report_tells_of_classes_and_not_of_yes_and_no(folder: Path) -> None:
    page = (folder / "reports" / f"{PIPELINE}.html").read_text(encoding="utf-8")

    for text in ("named rightly", "of orders rightly; it did of", "Largest class", "AUC, each class against the rest"):
        assert text in page, text
    for text in ("positives", "were positive", "RMSE"):
        assert text not in page, text


def test_a_file_is_answered_with_a_class_and_all_probabilities(
    folder: Path, tmp_path: Path, served_run: CommandLine, pipelines: Path
) -> None:
    rows, out = drinks.month(7, 50).drop(columns="drink"), tmp_path / "out.csv"
    rows.loc[3, "thirst"] = 99.0
    rows.to_csv(tmp_path / "rows.csv", index=False)

    ran = served_run(
        folder, "score", PIPELINE, "--in", str(tmp_path / "rows.csv"), "--out", str(out), "--explain",
        INCUMBENT_PIPELINES=str(pipelines),
    )  # fmt: skip

    assert ran.returncode == 0, ran.stderr
    found = pd.read_csv(out)
    each = found[[f"probability_{name}" for name in CLASSES]]
    sound = found["reason"].isna()
    assert (sound.sum(), sound[3]) == (49, False)
    assert np.allclose(each[sound].sum(axis=1), 1, atol=1e-5)
    assert np.array_equal(np.array(CLASSES)[each[sound].to_numpy().argmax(axis=1)], found["class"][sound])
    assert np.array_equal(each[sound].max(axis=1), found["probability"][sound])
    assert json.loads(found["contributions"][0])


def test_requests_are_answered_in_both_protocols_as_mlflow_does(home: Home, folder: Path) -> None:
    live = live_models.ready(home, PIPELINE)
    answerer, row = Answerer(live), {"thirst": 1.0, "warmth": 0.2, "place": "x"}

    answer = json.loads(answerer.invocations(json.dumps({"dataframe_records": [row, row]}).encode()).body)
    tensors = [
        {"name": name, "shape": [1], "datatype": "BYTES" if name == "place" else "FP64", "data": [value]}
        for name, value in row.items()
    ]
    inferred = json.loads(answerer.infer(json.dumps({"inputs": tensors}).encode()).body)["outputs"][0]

    assert answer["model"]["classes"] == [*CLASSES]
    assert inferred["shape"] == [1, 5]
    assert inferred["data"] == answer["predictions"][0]
    mlflow.set_tracking_uri(f"sqlite:///{folder}/mlflow/mlflow.db")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*Any type hint is inferred as AnyType", category=UserWarning)
        loaded = mlflow.pyfunc.load_model(f"models:/{PIPELINE}@champion")
    assert np.allclose(loaded.predict(pd.DataFrame([row])), [inferred["data"]], atol=1e-12)
    assert loaded.metadata.signature.outputs.inputs[0].shape == (-1, 5)


def test_a_version_whose_classes_are_gone_from_the_settings_says_so(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drinks.write(
        tmp_path / "others", drinks.YAML.replace("tea, coffee, milk, water, juice", "tea, coffee, milk, water")
    )
    monkeypatch.setenv("INCUMBENT_PIPELINES", str(tmp_path / "others"))

    with pytest.raises(InvalidSettings, match=r"it tells 'tea', .* apart, and training\.classes lists"):
        live_models.ready(home, PIPELINE)


@pytest.mark.long
def test_it_is_verified_reproduced_and_gone_back_from(folder: Path, served_run: CommandLine, pipelines: Path) -> None:
    for arguments, text in (
        (("verify", PIPELINE, "--retrain"), "nothing found to differ"),
        (("reproduce", PIPELINE, "2"), "the same to the last byte"),
        (("rollback", PIPELINE, "--reason", "a test"), "is live"),
        (("verify", PIPELINE), "nothing found to differ"),
    ):
        ran = served_run(folder, *arguments, INCUMBENT_PIPELINES=str(pipelines))
        assert (ran.returncode, text in ran.stdout) == (0, True), ran.stdout + ran.stderr
