"""A package answers as at its gate where there is nothing of the house; one that is not as it was built does not."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from configs.errors import Damaged, MistakeOfUser
from deployments.package import __main__ as command
from deployments.package import building, pins, texts
from deployments.packaged import manifest, model_files
from deployments.packaged.__main__ import main as started
from tasks.adapters import journal_segments, provenance
from tasks.adapters.home import Home
from tasks.domain import packages as packages_of
from tests import homes, shop
from tests.deployments.package import packages

HEAVY = {
    "prefect",
    "mlflow",
    "evidently",
    "sqlalchemy",
    "pandas",
    "scikit-learn",
    "scipy",
    "pyarrow",
    "pydantic-settings",
}


@pytest.fixture(scope="module")
def home(shop_versions_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    folder = tmp_path_factory.mktemp("packages")
    shop.write_pipeline(folder / "pipelines")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("INCUMBENT_PIPELINES", str(folder / "pipelines"))
        patch.setenv("INCUMBENT_HOME", str(folder / "home"))
        with closing(Home(homes.copied(shop_versions_template, folder / "home"))) as opened:
            assert opened.ledger
            yield opened


@pytest.fixture(scope="module")
def trees(home: Home) -> Path:
    """The package of a version of boosted trees."""
    return building.build(home, "shop", 1, None).folder


@pytest.fixture
def copy(trees: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(trees, tmp_path / "copy"))


def test_it_answers_its_golden_rows_where_nothing_of_the_house_can_be_imported(trees: Path, tmp_path: Path) -> None:
    rows, wanted = packages.golden_rows(trees)
    site = packages.only(packages.pinned(trees), tmp_path / "site")

    with packages.running(
        packages.alone(trees, site, "--port", "0", "--log", str(tmp_path / "log"), without=packages.TABLES), tmp_path
    ) as shop:
        status, headers, answer = shop.ask("/invocations", {"dataframe_records": rows})
        tensors = [{"name": "shop", "shape": [1], "datatype": "BYTES", "data": ["a"]}]
        tensors += [{"name": name, "shape": [1], "datatype": "FP64", "data": [None]} for name in ("items", "price")]
        by_v2 = shop.ask("/v2/models/shop/infer", {"inputs": tensors})
        wrong = shop.ask("/invocations", {"instances": [{"shop": 3}]})
        pages = {path: shop.ask(path)[0] for path in ("/", "/shop", "/metrics", "/openapi.json", "/version", "/v2")}
        ready = shop.ask("/v2/health/ready")

    assert (status, headers["x-incumbent-version"], headers["x-incumbent-id"]) == (200, "1", "0-0")
    assert [pair[1] for pair in answer["predictions"]] == pytest.approx(wanted, abs=1e-9)
    assert by_v2[0] == 200 and wrong[0] == 400
    assert {*pages.values()} == {200}
    assert ready[2] == {"ready": True, "versions": {"shop": 1}}
    kept = [record for _, record in journal_segments.read(tmp_path / "log")]
    assert sum(len(record["rows"]) for record in kept if "rows" in record) == len(rows) + 1


def test_its_lock_is_cut_from_ours_and_holds_nothing_else(trees: Path) -> None:
    names, lock = packages.pinned(trees), (trees / texts.LOCK).read_text()
    ours = pins._entries((provenance.lock_file() or b"").decode())

    assert {"numpy", "msgspec", "uvicorn", "uvloop", "httptools", "prometheus-client"} < {*names}
    assert not HEAVY & {*names}
    assert lock == "".join(f"{ours[name][1]}\n" for name in names)
    assert "://" not in lock and all(f"{name}==" in lock for name in names)
    assert all("--hash=sha256:" in ours[name][1] for name in names)
    assert not [path for path in trees.rglob("*.py") if path.relative_to(trees).parts[0] == "flows"]


def test_the_same_version_is_the_same_bytes_wherever_it_is_built(home: Home, trees: Path, tmp_path: Path) -> None:
    again = building.build(home, "shop", 1, tmp_path / "again")

    assert manifest.require(trees) == again.digest == manifest.require(again.folder)
    assert building.build(home, "shop", None, tmp_path / "again").live.version == 2
    assert manifest.require(tmp_path / "again") != again.digest


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (lambda folder: (folder / "tasks/scoring/fields.py").write_text("1"), "tasks/scoring/fields.py was changed"),
        (lambda folder: (folder / "model/tables.npz").unlink(), "model/tables.npz is missing"),
        (lambda folder: (folder / "numpy.py").write_text("1"), "numpy.py does not belong to it"),
        (lambda folder: (folder / "manifest.json").write_text("{"), "manifest.json is not the list of a package"),
        (lambda folder: (folder / "manifest.json").unlink(), "is not a package: manifest.json cannot be read"),
    ],
)
def test_one_that_is_not_as_it_was_built_does_not_answer(copy, damage, sentence, capsys):
    damage(copy)

    assert started(["--check"], copy) == Damaged.exit_code
    assert sentence in capsys.readouterr().err


def test_one_that_answers_otherwise_than_at_its_gate_does_not_answer(copy, capsys):
    path = copy / model_files.FOLDER / "golden.json"
    golden = json.loads(path.read_text())
    path.write_text(json.dumps({**golden, "answers": [answer + 1e-6 for answer in golden["answers"]]}))
    manifest.written(copy)

    assert started(["--check"], copy) == Damaged.exit_code
    assert re.search(
        r"v1 of shop answers its golden rows differently than at its gate, by up to 1e-06", capsys.readouterr().err
    )


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ["--host", "0.0.0.0"],
            "--host 0.0.0.0: beyond this machine the service needs keys. Give --keys FILE; or --open",
        ),
        (["--port", "70000"], "--port 70000: name a number from 0"),
        (["--keys", "nothing.json"], "--keys nothing.json: there is no such file."),
    ],
)
def test_a_mistake_is_said_before_anything_is_started(trees, arguments, sentence, capsys):
    assert started(arguments, trees) == MistakeOfUser.exit_code
    assert capsys.readouterr().err.startswith(sentence)


def test_without_what_it_needs_it_says_what_to_install(trees: Path, tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-I", "-S", "-B", str(trees)], cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert ran.returncode == 1
    assert re.fullmatch(
        r"This package needs \w+: pip install --no-deps --require-hashes -r requirements\.lock\n", ran.stderr
    )


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["nobody"], 4, "Unknown pipeline 'nobody'"),
        (["shop", "--version", "x"], 2, "'x' is no version."),
        (["shop", "--version", "9"], 2, "v9"),
        (["shop", "--out", "TAKEN"], 2, "--out TAKEN: something else is there."),
    ],
)
def test_a_mistake_of_who_builds_is_a_sentence(home, tmp_path, capsys, arguments, code, sentence):
    (tmp_path / "mine.txt").write_text("mine")
    told = [str(tmp_path) if one == "TAKEN" else one for one in arguments]

    assert command.main(told) == code
    assert sentence.replace("TAKEN", str(tmp_path)) in capsys.readouterr().err
    assert (tmp_path / "mine.txt").exists()


def test_the_command_says_where_it_is_and_a_rollback_names_it(home: Home, tmp_path: Path, capsys) -> None:
    before = packages_of.sentence("shop", 2, home.ledger.packages.of("shop", 2))

    assert command.main(["shop", "--out", str(tmp_path / "it")]) == 0

    said, digest = capsys.readouterr().out, manifest.digest(tmp_path / "it")
    assert said.startswith(f"shop v2 is packaged: {tmp_path / 'it'}\n  digest   {digest} (in ledger and MLflow)\n")
    assert "by a sum over inputs" in said
    assert before == "v2 has no package: `python -m deployments.package shop --version 2` builds one."
    built = home.ledger.packages.of("shop", 2)
    assert built is not None and (built.digest, built.folder) == (digest, str(tmp_path / "it"))
    assert packages_of.sentence("shop", 2, built).startswith(f"The package of v2 was built into {tmp_path / 'it'} (")
