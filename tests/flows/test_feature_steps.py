"""A small shop with feature steps, lived for six weeks: all that is done with a model knows them.

After four weeks the function of the user is changed, and the run of the fifth week is killed; in the sixth the version
with the new function wins.
"""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from deployments.package import building
from tasks.adapters.home import Home
from tasks.problems import prediction
from tasks.scoring.steps import answers_at_rest, live_models
from tasks.training import preparation
from tests import homes
from tests.command_line import CommandLine
from tests.deployments.package import packages
from tests.deployments.serving import test_service as service
from tests.features import stepped
from tests.features.stepped import PIPELINE

YAML = stepped.YAML + "promotion: {false_promotion_every: 5}\n"
OLD, NEW = "v2", "v6"
Say = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def pipelines(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pipelines")


@pytest.fixture(scope="module")
def lived(furnished_home: Callable[..., Path], served_run: CommandLine, pipelines: Path) -> Path:
    home = furnished_home("kiosk")
    stepped.write(pipelines, YAML)
    for number in range(1, 5):
        stepped.deliver(home, number)
    ran = served_run(home, "run", PIPELINE, "--quiet", INCUMBENT_PIPELINES=str(pipelines))
    assert ran.returncode == 0, ran.stdout + ran.stderr
    stepped.write(pipelines, YAML, stepped.CHANGED)
    for number in (5, 6):
        stepped.deliver(home, number)
    variables = {"INCUMBENT_PIPELINES": str(pipelines)}
    ran = served_run(home, "run", PIPELINE, "--quiet", INCUMBENT_FAILPOINT="bundle-published", **variables)
    assert ran.returncode == -9, ran.stdout + ran.stderr
    ran = served_run(home, "run", PIPELINE, "--quiet", **variables)
    assert ran.returncode == 0, ran.stdout + ran.stderr
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


def answers(say: Say, tmp_path: Path, *more: str) -> "np.typing.NDArray[np.float64]":
    """What a version says to the sixth week."""
    file, out = tmp_path / "week-6.parquet", tmp_path / "out.parquet"
    stepped.week(6).to_parquet(file, index=False)
    code, told, problem = say("score", PIPELINE, "--in", str(file), "--out", str(out), *more)
    assert (code, problem) == (0, ""), told
    found: np.typing.NDArray[np.float64] = pd.read_parquet(out)["probability"].to_numpy()
    out.unlink()
    return found


def test_verify_recomputes_all_and_finds_nothing(say: Say) -> None:
    code, out, err = say("verify", PIPELINE)

    assert (code, err) == (0, "")
    assert "nothing found to differ" in out


def test_the_new_code_is_another_decision_that_begins_anew(home: Home) -> None:
    turns = {turn["batch_name"]: turn for turn in home.ledger.turns.all(PIPELINE)}
    models = home.ledger.models.versions(PIPELINE)

    assert [turns[f"week-{number}"]["outcome"] for number in (2, 6)] == ["first_champion", "promote"]
    assert len({model.settings_hash for model in models.values()}) == 2
    assert len({model.id for model in models.values()}) == len(models)


def test_each_version_is_made_again_with_the_code_that_it_has(say: Say) -> None:
    for version in (OLD, NEW):
        code, out, err = say("reproduce", PIPELINE, version)

        assert (code, err) == (0, "")
        assert f"{version} was made again and says the same" in out


def test_diff_shows_what_changed_in_the_function(say: Say) -> None:
    code, out, _ = say("diff", PIPELINE, OLD, NEW)

    assert code == 0
    assert re.search(r"basket: source (\w{16}), was (?!\1)\w{16}\.", out)
    assert '-    late = rows["at"].dt.hour >= 18\n  +    late = rows["at"].dt.hour >= 17' in out


def test_diff_tells_machines_the_same(say: Say) -> None:
    _, out, _ = say("diff", PIPELINE, OLD, NEW, "--json")

    (step,) = json.loads(out.splitlines()[0])["steps"]
    assert step["name"] == "basket"
    assert step["was"] != step["now"]
    assert [line for line in step["code"] if line[:2] in ("- ", "+ ")] == [
        '-    late = rows["at"].dt.hour >= 18',
        '+    late = rows["at"].dt.hour >= 17',
    ]


def test_explain_names_the_steps_and_what_changed_before(say: Say) -> None:
    old, new = say("explain", PIPELINE, OLD)[1], say("explain", PIPELINE, NEW)[1]

    listed = "Made by date_parts of at, ratio of price, items, text of note, target_mean of shop, basket (source"
    assert all(listed in " ".join(text.split()) for text in (old, new))
    assert "What changed" not in old
    assert '+    late = rows["at"].dt.hour >= 17' in new


def test_the_old_version_answers_by_its_own_code(say: Say, tmp_path: Path) -> None:
    before = answers(say, tmp_path, "--version", "2")

    code, out, _ = say("rollback", PIPELINE, "--reason", "complaints", "--by", "anna")

    assert (code, f"{OLD} is live again in place of {NEW}" in out) == (0, True)
    np.testing.assert_allclose(answers(say, tmp_path), before, rtol=0, atol=1e-12)
    assert np.abs(answers(say, tmp_path, "--version", "6") - before).max() > 0.01


def test_compiled_answers_are_those_of_the_pipeline(home: Home) -> None:
    """10,000 rows, a tenth of all cells missing where they may be."""
    settings, source = home.settings(PIPELINE), np.random.default_rng(3)
    rows = pd.concat([stepped.week(number, 2_000) for number in range(10, 15)], ignore_index=True)
    for name in ("items", "price", "note", "gift"):
        rows[name] = rows[name].mask(source.random(len(rows)) < 0.1)
    for version in (1, 4, 6):
        live, model = live_models.ready(home, PIPELINE, version), home.ledger.models.versions(PIPELINE)[version]
        fitted = home.bundles.load(model.bundle, model.golden)
        prepared = preparation.prepare(rows, settings.inputs, settings.validation.columns)
        expected = prediction.predict(fitted, prepared)

        many = live.compiled.many([prepared[name].to_numpy() for name in prepared.columns])
        one = [
            live.compiled.one([None if x != x else x for x in row])
            for row in prepared.iloc[:50].itertuples(index=False)
        ]

        assert "behind feature steps" in live.compiled.title
        np.testing.assert_allclose(many, expected, rtol=0, atol=1e-9)
        np.testing.assert_allclose(one, expected[:50], rtol=0, atol=1e-9)


ASK = """
import sys, mlflow, pandas as pd
assert not any("steps" in one and "site-packages" not in one for one in sys.path), sys.path
for name in ("configs", "flows", "deployments"):
    try:
        __import__(name)
    except ModuleNotFoundError:
        continue
    sys.exit(f"{name} can be imported")
mlflow.set_tracking_uri(sys.argv[1])
model = mlflow.pyfunc.load_model("models:/kiosk@champion")
rows = pd.read_parquet(sys.argv[2])
rows["answer"] = model.predict(rows)[:, 1]
rows["again"] = model.predict(rows.assign(at=rows["at"].astype("str")))[:, 1]
rows.to_parquet(sys.argv[3])
"""


@pytest.mark.long
def test_mlflow_answers_the_same_without_this_project(say: Say, folder: Path, tmp_path: Path) -> None:
    wanted, file = answers(say, tmp_path), tmp_path / "week-6.parquet"

    ran = subprocess.run(
        [sys.executable, "-P", "-c", ASK, f"sqlite:///{folder}/mlflow/mlflow.db", str(file), str(tmp_path / "said.parquet")],
        cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False, env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
    )  # fmt: skip

    assert ran.returncode == 0, ran.stderr
    said = pd.read_parquet(tmp_path / "said.parquet")
    np.testing.assert_allclose(said["answer"], wanted, rtol=0, atol=1e-9)
    np.testing.assert_allclose(said["again"], wanted, rtol=0, atol=1e-9)


ROW = {"shop": "a", "items": 2, "price": 9.5, "at": "2013-01-28T19:00:00Z", "note": "one pear", "gift": True}
CSV = "shop,items,price,at,note,gift\na,2,9.5,2013-01-28T20:00:00+01:00,one pear,true\n"
V2 = {"shop": "BYTES", "items": "INT64", "price": "FP64", "at": "BYTES", "note": "BYTES", "gift": "BOOL"}


def test_the_service_takes_times_in_every_protocol_and_logs_them_as_text(
    home: Home, folder: Path, say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    running = service.start(home, "--processes", "1", pipeline=PIPELINE)
    with running.process:
        try:
            told = [running.ask("/invocations", json.dumps({"dataframe_records": [ROW]}).encode())]
            told.append(running.ask("/invocations", CSV.encode(), Content_Type="text/csv"))
            inputs = [{"name": one, "shape": [1], "datatype": kind, "data": [ROW[one]]} for one, kind in V2.items()]
            other = running.ask(f"/v2/models/{PIPELINE}/infer", json.dumps({"inputs": inputs}).encode())[2]
            wrong = running.ask("/invocations", json.dumps({"dataframe_records": [{**ROW, "at": "soon"}]}).encode())
            openapi, page = running.ask("/openapi.json")[2], running.ask(f"/{PIPELINE}")[2]
        finally:
            running.process.terminate()

    values = [answer["predictions"][0][1] for _, _, answer in told] + [other["outputs"][0]["data"][0]]
    assert values == pytest.approx([values[0]] * 3, abs=1e-12)
    assert wrong[0] == 400
    assert wrong[2]["errors"][0]["fields"]["at"] == "must be a time with its zone, such as 2025-06-01T12:30:00Z"
    assert openapi["components"]["schemas"]["Row.kiosk"]["properties"]["at"] == {
        "type": "string",
        "format": "date-time",
    }
    assert re.search(r'<input name="at" data-type="timestamp"[^>]* value="2013-01-\d\dT\d\d:\d\d:00\.000000Z">', page)
    logged = answers_at_rest.table(home, PIPELINE).to_pylist()
    assert [json.loads(one["inputs"])["at"] for one in logged] == ["2013-01-28T19:00:00.000000Z"] * 3
    assert {one["key"] for one in logged} == {'["2013-01-28T19:00:00.000000Z","a"]'}
    for one in logged:
        assert "says the same" in say("score", PIPELINE, "--replay", one["id"])[1]
    assert say("verify", PIPELINE)[0] == 0
    code, out, _ = say("forget", PIPELINE, "--key", "at=2013-01-28T19:00:00Z", "--key", "shop=a", "--by", "anna")
    assert (code, answers_at_rest.table(home, PIPELINE).num_rows) == (0, 0), out


@pytest.mark.long
def test_a_package_answers_its_golden_rows_alone(home: Home, tmp_path: Path) -> None:
    built = building.build(home, PIPELINE, 6, None).folder
    moved = Path(shutil.copytree(built, tmp_path / "elsewhere"))
    site = packages.only(packages.pinned(moved), tmp_path / "site")
    rows, wanted = packages.golden_rows(moved)

    with packages.running(packages.alone(moved, site, "--port", "0"), tmp_path) as answering:
        status, _, answer = answering.ask("/invocations", {"dataframe_records": rows})

    assert status == 200
    assert [pair[1] for pair in answer["predictions"]] == pytest.approx(wanted, abs=1e-9)


@pytest.mark.long
def test_other_settings_of_own_code_are_tried_beside_what_is_live(
    folder: Path, served_run: CommandLine, pipelines: Path
) -> None:
    change = ("--set", "features.steps.4.settings={least: 3}")

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return served_run(folder, *arguments, "--json", INCUMBENT_PIPELINES=str(pipelines))

    tried, missing = (
        run("experiment", PIPELINE, "basket", *change),
        run("experiment", PIPELINE, "--set", "features.steps.4.use=box"),
    )

    assert tried.returncode == 0, tried.stdout + tried.stderr
    told = json.loads(tried.stdout.splitlines()[0])
    assert (told["batches"], told["left"], told["lent"]) == (6, 0, 0)
    assert told["compared"] >= 3
    assert (missing.returncode, "has no function 'box'" in missing.stderr) == (5, True)
