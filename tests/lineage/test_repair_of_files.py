"""What MLflow hands out comes back file by file; what does not belong there is put aside, never lost."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import mlflow
import numpy as np
import pytest

from configs import loader
from tasks.adapters.home import Home
from tasks.adapters.mlflow import registry, tracking
from tasks.lineage.steps import repair, verification
from tasks.lineage.steps.repair import Repaired
from tests import homes
from tests.lineage import damages
from tests.lineage.damages import DAMAGES

IN_PLACE = {
    "champion": ("a pickle beside MLflow's champion", "the code that loads MLflow's challenger", "a plot in MLflow"),
    "challenger": (
        "MLflow's copy of the champion", "byte code beside the code that loads", "the snapshot in MLflow is gone",
    ),
    "links": (
        "a file of MLflow's champion is a link", "the folder of MLflow's challenger is a link",
        "the slices in MLflow are a folder",
    ),
    "strangers": ("a note that MLflow never writes", "a page laid into a run", "a pipe in a run"),
    "exchanged": ("the folders of two versions exchanged",),
    "earlier": ("files of an earlier version",),
}  # fmt: skip
"""Here the runs and the versions in MLflow stay the ones that they were; what stands together is done together."""
ANEW = (
    "MLflow's champion is handed out elsewhere", "MLflow's champion has another source", "a second champion in MLflow",
    "the logged model is somewhere else",
)  # fmt: skip


@pytest.fixture
def home(lived_home: Path, tmp_path: Path) -> Iterator[Home]:
    opened = Home(homes.copy(lived_home, tmp_path / "home", "prefect"))
    yield opened
    opened.close()


def restore(home: Home) -> Repaired:
    with home.ledger.lease.held("flights"):
        return repair.repair(home, "flights")


def findings(home: Home) -> list[str]:
    return [f"{found.invariant} {found.text}" for found in verification.verify(home, "flights")]


def numbers(home: Home) -> dict[int, int]:
    """MLflow's own number of each version."""
    return {one.version: one.number for one in registry.entries(home.tracking, "flights")}


def content(folder: Path, named: Path = Path("nowhere")) -> dict[str, bytes]:
    """Every file; MLmodel names its own place, which was another one when the home was not copied yet."""
    found = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    return {name: text.replace(str(named).encode(), b"home") for name, text in found.items()}


def aside(home: Home) -> list[str]:
    """What was put aside, by its name."""
    return sorted(path.name for path in (home.folder / "mlflow" / "aside").rglob("*") if not path.is_dir())


@pytest.mark.parametrize(
    "names",
    [
        pytest.param(names, id=group, marks=() if group == "strangers" else pytest.mark.long)
        for group, names in IN_PLACE.items()
    ],
)
def test_files_come_back_where_they_were(names: tuple[str, ...], home: Home, lived_home: Path) -> None:
    runs, before = home.ledger.turns.projected("flights", "mlflow"), numbers(home)
    folders = [damages.logged_folder(home, 1), damages.logged_folder(home, 2), damages.run_folder(home, 2)]
    right = [content(folder, lived_home) for folder in folders]
    for name in names:
        DAMAGES[name].do(home)
    broken = findings(home)

    done = restore(home)

    assert broken != []
    assert findings(home) == []
    assert done.restored and done.lost == ()
    assert (home.ledger.turns.projected("flights", "mlflow"), numbers(home)) == (runs, before)
    found = [content(folder, lived_home) for folder in folders]
    assert [{n: t.replace(str(home.folder).encode(), b"home") for n, t in one.items()} for one in found] == right
    assert restore(home) == Repaired((), ())


@pytest.mark.parametrize("name", [ANEW[0], *(pytest.param(name, marks=pytest.mark.long) for name in ANEW[1:])])
def test_what_is_handed_out_elsewhere_is_registered_anew(name: str, home: Home) -> None:
    DAMAGES[name].do(home)

    done = restore(home)

    assert findings(home) == []
    assert done.restored and done.lost == ()
    assert registry.aliases(home.tracking, "flights") == {"champion": 2, "challenger": 3}
    assert restore(home) == Repaired((), ())


@pytest.mark.parametrize(
    ("do", "left"),
    [
        (damages.lay_a_pickle_beside_the_champion, ["MLmodel", "model.pkl"]),
        *(
            pytest.param(do, left, marks=pytest.mark.long)
            for do, left in (
                (lambda home: damages.flip(damages.logged_folder(home, 1) / "model.skops"), ["model.skops"]),
                (lambda home: damages.link_to_the_same_bytes(damages.logged_folder(home, 1) / "MLmodel"), ["MLmodel"]),
                (lambda home: (damages.run_folder(home, 2) / "notes.txt").write_text("mine"), ["notes.txt"]),
                (lambda home: (damages.logged_folder(home, 1) / "MLmodel").unlink(), []),
            )
        ),
    ],
)
def test_what_does_not_belong_there_is_put_aside(do: Callable[[Home], object], left: list[str], home: Home) -> None:
    do(home)

    done = restore(home)

    assert aside(home) == left
    assert any("put aside in" in text for text in done.restored) == bool(left)


def test_two_files_of_one_name_are_both_kept(home: Home) -> None:
    for text in ("one", "two"):
        (damages.run_folder(home, 2) / "notes.txt").write_text(text)
        restore(home)

    assert aside(home) == ["notes.txt", "notes.txt-1"]


def test_nothing_is_loaded_while_it_is_verified_or_repaired(home: Home) -> None:
    damages.lay_a_pickle_beside_the_champion(home)

    found = findings(home)
    restore(home)

    assert len(found) == 1, "the trap ends the process of whoever loads it"


@pytest.mark.filterwarnings("default")
def test_to_load_the_champion_is_no_damage(home: Home) -> None:
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(home.tracking.uri)
    try:
        loaded = mlflow.pyfunc.load_model("models:/flights@champion")
    finally:
        mlflow.set_tracking_uri(before)
    rows = home.store.read(damages.batch(home, "2013-02").accepted_file or "")

    answers = loaded.predict(rows)

    assert np.isfinite(answers).all() and answers.shape == (len(rows), 2)
    assert (damages.logged_folder(home, 2) / "registered_model_meta").is_file()
    assert findings(home) == []
    assert restore(home) == Repaired((), ())


def test_a_home_that_was_copied_does_not_write_into_the_other(lived_home: Path, tmp_path: Path) -> None:
    first = Home(homes.copy(lived_home, tmp_path / "first", "prefect"))
    damages.flip(damages.logged_folder(first, 1) / "model.skops")
    first.close()
    before = content(tmp_path / "first")
    second = Home(shutil.copytree(tmp_path / "first", tmp_path / "second"))

    done = restore(second)

    assert done.restored
    assert findings(second) == []
    assert content(tmp_path / "first" / "mlflow" / "artifacts") == {
        path.removeprefix("mlflow/artifacts/"): text
        for path, text in before.items()
        if path.startswith("mlflow/artifacts/")
    }
    second.close()


def test_settings_that_were_changed_since_are_told_as_lost(
    home: Home, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (damages.run_folder(home, 1) / "pipeline.yaml").unlink()
    (tmp_path / "pipelines").mkdir()
    text = loader.source_text("flights").replace("seed: 20130101", "seed: 7")
    (tmp_path / "pipelines" / "flights.yaml").write_text(text, encoding="utf-8")
    monkeypatch.setenv("INCUMBENT_PIPELINES", str(tmp_path / "pipelines"))

    done = restore(home)

    assert done.lost == ("run/pipeline.yaml of v1 in MLflow: what it was made from is others by now",)
    assert "pipeline-now.yaml" in content(damages.run_folder(home, 1))


def test_a_run_of_an_earlier_version_says_what_the_ledger_says(home: Home) -> None:
    damages.sql(home, "delete from logged_files")
    path = damages.run_folder(home, 2) / "score.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"rows": 1}))

    found = findings(home)

    assert len(found) == 2
    assert "MLflow's run of v3: score.json was changed" in found[0]
    assert "`verify --repair` logs them anew" in found[1]


def test_the_ledger_knows_the_digests_before_the_run_is_finished(home: Home) -> None:
    client, known = tracking.open_client(home.tracking), home.ledger.logged.all("flights")

    assert known.keys() == {model.id for model in home.ledger.models.all("flights")}
    assert all(client.get_run(one.run).info.status == "FINISHED" for one in known.values())
    names = {path for one in known.values() for path, _ in one.files}
    assert {"model/MLmodel", "model/loader.zip", "model/model.skops", "run/snapshot.json", "run/plots/roc.png"} <= names
