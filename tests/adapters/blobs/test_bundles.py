"""Bundles: what is loaded is what passed its gate, byte for byte, type for type, answer for answer."""

import hashlib
import io
import json
import pickle
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer

from configs.errors import BundleRefused
from configs.training import Candidate
from configs.validation import ColumnRule
from tasks.adapters.blobs import layout
from tasks.adapters.blobs.bundles import ALLOWED, TOLERANCE, BundleFiles, Bundles, differences
from tasks.adapters.blobs.local import LocalBlobs
from tasks.problems import prediction
from tasks.training import learning, preparation
from tasks.training.estimators import families
from tasks.training.estimators.boosting import HistGradientBoostingCandidate
from tasks.training.estimators.linear import LogisticRegressionCandidate
from tests import stored

COLUMNS = {"city": ColumnRule(type="category", nullable=True), "size": ColumnRule(type="number", nullable=True)}
LINEAR = LogisticRegressionCandidate(family="logistic_regression", min_frequency=2)
BOOSTED = HistGradientBoostingCandidate(
    family="hist_gradient_boosting", max_iter=10, max_leaf_nodes=15, min_samples_leaf=5
)
FAMILIES = pytest.mark.parametrize("candidate", [LINEAR, BOOSTED], ids=lambda candidate: candidate.family)


def world(rows: int = 300) -> tuple[pd.DataFrame, "np.ndarray[tuple[int], np.dtype[np.bool_]]"]:
    source = np.random.default_rng(4)
    city = source.choice(np.array(["Oslo", "Rome", None], dtype=object), rows)
    size = np.where(source.random(rows) < 0.1, np.nan, source.normal(100, 30, rows))
    frame = pd.DataFrame({"city": city, "size": size})
    return preparation.prepare(frame, ("city", "size"), COLUMNS), source.random(rows) < np.where(
        city == "Oslo", 0.8, 0.2
    )


def fitted(candidate: Candidate, seed: int = 0) -> Pipeline:
    prepared, outcomes = world()
    return learning.fit(
        families.build(candidate, ("city", "size"), COLUMNS, seed, "binary"), prepared, outcomes, threads=1
    )


def written(folder: Path, candidate: Candidate = LINEAR) -> tuple[Bundles, BundleFiles]:
    bundles, pipeline = Bundles(LocalBlobs(folder)), fitted(candidate)
    golden = learning.golden(world()[0])
    return bundles, bundles.write(pipeline, golden, prediction.predict(pipeline, golden))


def forged(bundles: Bundles, content: bytes, golden: str) -> BundleFiles:
    """Put other bytes in place as if they were what passed the gate: only types and answers can tell."""
    digest = hashlib.sha256(content).hexdigest()
    bundles.blobs.replace(layout.bundle(digest), content)
    return BundleFiles(digest, golden, len(content))


@FAMILIES
def test_a_bundle_answers_as_at_its_gate(candidate: Candidate, tmp_path: Path) -> None:
    bundles, files = written(tmp_path, candidate)

    loaded = bundles.load(files.bundle, files.golden)

    asked = world()[0]
    assert np.array_equal(prediction.predict(loaded, asked), prediction.predict(fitted(candidate), asked))


def test_files_are_named_by_their_content_and_nothing_else_is_left(tmp_path: Path) -> None:
    bundles, files = written(tmp_path / "new" / "folder")

    found = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in (bundles.blobs.folder / "bundles").iterdir()
    }

    assert found == {f"{files.bundle}.skops": files.bundle, f"{files.golden}.golden.parquet": files.golden}
    assert stored.bundle(bundles.blobs, files.bundle).stat().st_size == files.bytes


def test_the_same_training_gives_the_same_bytes_in_another_process(tmp_path: Path) -> None:
    here = [written(tmp_path / one.family, one)[1].bundle for one in (LINEAR, BOOSTED)]
    again = (
        "import sys; from pathlib import Path; import test_bundles as t;"
        "print(*(t.written(Path(sys.argv[1]) / one.family, one)[1].bundle for one in (t.LINEAR, t.BOOSTED)))"
    )

    folders = [str(Path(__file__).parent), str(Path(__file__).parents[3])]
    command = f"import sys; sys.path[:0] = {folders!r}; {again}"
    other = subprocess.run(
        [sys.executable, "-c", command, str(tmp_path / "other")], capture_output=True, text=True, check=True
    )

    assert other.stdout.split() == here


def test_a_bundle_is_loaded_once_per_process_and_checked_again_on_demand(tmp_path: Path) -> None:
    bundles, files = written(tmp_path)

    loaded = bundles.load(files.bundle, files.golden)

    assert bundles.load(files.bundle, files.golden) is loaded
    assert bundles.check(files.bundle, files.golden) is not loaded
    assert bundles.load(files.bundle, files.golden) is loaded
    checked = bundles.check(files.bundle, files.golden, keep=True)
    assert checked is not loaded
    assert bundles.load(files.bundle, files.golden) is checked


@pytest.mark.parametrize("part", ["bundle", "golden"])
def test_one_changed_byte_is_refused_by_the_digest(part: str, tmp_path: Path) -> None:
    bundles, files = written(tmp_path)
    path = (
        stored.bundle(bundles.blobs, files.bundle) if part == "bundle" else stored.golden(bundles.blobs, files.golden)
    )
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)

    with pytest.raises(BundleRefused, match=r"\(digest\) was changed after its gate.*Restore the home from a backup"):
        bundles.load(files.bundle, files.golden)


def test_a_damaged_file_is_replaced_when_the_same_model_is_written_again(tmp_path: Path) -> None:
    bundles, files = written(tmp_path)
    stored.bundle(bundles.blobs, files.bundle).write_bytes(b"torn")

    written(tmp_path)

    assert bundles.check(files.bundle, files.golden)


def test_a_file_that_is_gone_is_refused_by_name(tmp_path: Path) -> None:
    bundles, files = written(tmp_path)
    stored.golden(bundles.blobs, files.golden).unlink()

    with pytest.raises(BundleRefused, match=f"{files.golden[:12]} \\(digest\\) cannot be read"):
        bundles.load(files.bundle, files.golden)


def test_a_type_that_was_not_reviewed_is_refused_before_it_is_made(tmp_path: Path) -> None:
    bundles, files = written(tmp_path)
    foreign = Pipeline([("call", FunctionTransformer(func=subprocess.run)), *fitted(LINEAR).steps])
    smuggled = forged(bundles, skops.io.dumps(foreign), files.golden)

    with pytest.raises(BundleRefused, match=r"\(allow-list\) holds types that were not reviewed: .*subprocess\.run"):
        bundles.load(smuggled.bundle, smuggled.golden)


def test_a_function_inside_an_allowed_partial_is_refused(tmp_path: Path) -> None:
    bundles, files = written(tmp_path, BOOSTED)
    content = stored.bundle(bundles.blobs, files.bundle).read_bytes()
    with zipfile.ZipFile(io.BytesIO(content)) as old:
        members = {name: old.read(name) for name in old.namelist()}
    members["schema.json"] = members["schema.json"].replace(b'"check_array"', b'"check_X_y"')
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as new:
        for name, member in members.items():
            new.writestr(name, member)
    smuggled = forged(bundles, sink.getvalue(), files.golden)

    with pytest.raises(BundleRefused, match=r"not reviewed: .*check_X_y"):
        bundles.load(smuggled.bundle, smuggled.golden)


@pytest.mark.parametrize(
    "content",
    [b"", b"PK\x03\x04 torn", pickle.dumps({"a": 1}), json.dumps({"a": 1}).encode()],
    ids=["empty", "torn", "pickle", "json"],
)
def test_what_is_no_skops_file_is_refused_and_never_unpickled(content: bytes, tmp_path: Path) -> None:
    bundles, files = written(tmp_path)
    other = forged(bundles, content, files.golden)

    with pytest.raises(BundleRefused, match=r"\(allow-list\) is not a skops file"):
        bundles.load(other.bundle, other.golden)


def test_a_thing_that_is_no_pipeline_is_refused(tmp_path: Path) -> None:
    bundles, files = written(tmp_path)
    other = forged(bundles, skops.io.dumps(fitted(LINEAR).steps[-1][1]), files.golden)

    with pytest.raises(BundleRefused, match="holds a LogisticRegression, not a scikit-learn Pipeline"):
        bundles.load(other.bundle, other.golden)


def test_another_model_in_its_place_is_refused_by_the_golden_answers(tmp_path: Path) -> None:
    bundles, linear = written(tmp_path, LINEAR)
    _, boosted = written(tmp_path, BOOSTED)

    with pytest.raises(BundleRefused, match=r"\(golden answers\) answers \d+ of 201 golden rows differently"):
        bundles.load(boosted.bundle, linear.golden)


def test_a_model_that_cannot_be_asked_by_the_installed_libraries_is_refused(tmp_path: Path) -> None:
    bundles, files = written(tmp_path)
    unfitted = families.build(LINEAR, ("city", "size"), COLUMNS, 0, "binary")
    other = forged(bundles, skops.io.dumps(unfitted), files.golden)

    told = r"\(golden answers\) does not answer its golden rows: .*not fitted.*[^.]\. Nothing was loaded"
    with pytest.raises(BundleRefused, match=told):
        bundles.load(other.bundle, other.golden)


@pytest.mark.parametrize(("difference", "refused"), [(1e-7, True), (1e-12, False)])
def test_answers_may_differ_by_rounding_only(difference: float, refused: bool, tmp_path: Path) -> None:
    bundles, pipeline = Bundles(LocalBlobs(tmp_path)), fitted(LINEAR)
    golden = learning.golden(world()[0])
    files = bundles.write(pipeline, golden, prediction.predict(pipeline, golden) + difference)

    if refused:
        with pytest.raises(BundleRefused, match="golden answers"):
            bundles.load(files.bundle, files.golden)
    else:
        assert bundles.load(files.bundle, files.golden)


def test_a_difference_is_relative_to_what_was_expected_if_that_is_above_1() -> None:
    expected = np.array([1e5, -1e5, 1e5, 0.0, 0.5])

    off = differences(expected + np.array([1e-8, 1e-8, 1e-3, 1e-10, 1e-8]), expected)

    assert list(off <= TOLERANCE) == [True, True, False, True, False]


def test_a_model_that_could_not_be_loaded_is_not_written(tmp_path: Path) -> None:
    foreign = Pipeline([("call", FunctionTransformer(func=subprocess.run)), *fitted(LINEAR).steps])
    golden = learning.golden(world()[0])

    with pytest.raises(BundleRefused, match=r"subprocess\.run"):
        Bundles(LocalBlobs(tmp_path)).write(foreign, golden, np.zeros(len(golden)))

    assert list(tmp_path.iterdir()) == []


def test_the_allow_list_holds_nothing_that_no_family_needs() -> None:
    needed = {
        name
        for candidate in (LINEAR, BOOSTED)
        for name in skops.io.get_untrusted_types(data=skops.io.dumps(fitted(candidate)))
    }

    assert needed == set(ALLOWED)
