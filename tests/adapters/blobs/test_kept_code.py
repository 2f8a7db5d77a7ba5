"""Code of a user goes with a model, is what its name says, and needs other code as it was."""

import io
import json
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import skops.io
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer

from configs import importing
from configs.errors import BundleRefused
from tasks.adapters.blobs import bundles, kept_code, skops_files

TRUSTED = frozenset({"configs.pipelines.shop.*"})
CODE = "def doubled(values):\n    return values * 2\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of pipelines, on Python's path; what was imported from there is forgotten."""
    monkeypatch.setenv("INCUMBENT_PIPELINES", str(tmp_path))
    monkeypatch.syspath_prepend(str(tmp_path))
    before = {*sys.modules}
    yield tmp_path
    for name in {*sys.modules} - before:
        if name.startswith((importing.BESIDE, kept_code.PREFIX, "helping")):
            del sys.modules[name]


def packed(folder: Path, code: str = CODE) -> bytes:
    """A model that holds a function of the file beside a pipeline file."""
    (folder / "shop.py").write_text(code)
    doubled = importing.module("configs.pipelines.shop").doubled
    return bundles._canonical(skops.io.dumps(Pipeline([("model", FunctionTransformer(doubled))])))


def doubled(model: bytes) -> list[float]:
    loaded = skops_files.rebuilt(model, "It", TRUSTED, "Help.")
    return [*loaded.transform(np.array([1.0, 2.0]))]


def changed(model: bytes, part: str, content: bytes) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(model)) as old, zipfile.ZipFile(sink, "w") as new:
        for name in old.namelist():
            new.writestr(name, content if name.startswith(part) else old.read(name))
    return sink.getvalue()


def test_a_model_is_loaded_by_the_code_that_it_keeps(folder: Path) -> None:
    model = packed(folder)
    (folder / "shop.py").write_text(CODE.replace("2", "3"))
    importing.module("configs.pipelines.shop")

    assert doubled(model) == [2.0, 4.0]


def test_the_same_code_gives_the_same_bytes(folder: Path) -> None:
    assert packed(folder) == packed(folder)
    assert packed(folder) != packed(folder, CODE + "\n")


def test_without_the_file_it_is_loaded_as_well(folder: Path) -> None:
    model = packed(folder)
    (folder / "shop.py").unlink()

    assert doubled(model) == [2.0, 4.0]


def test_nothing_is_run_that_nobody_trusts(folder: Path) -> None:
    model = packed(folder)
    before = {*sys.modules}

    with pytest.raises(BundleRefused, match=r"not reviewed: configs\.pipelines\.shop\.doubled\. Nothing was loaded"):
        skops_files.rebuilt(model, "It", frozenset(), "Help.")

    assert not any(name.startswith(kept_code.PREFIX) for name in {*sys.modules} - before)


def test_code_that_is_not_what_its_name_says_is_refused(folder: Path) -> None:
    other = changed(packed(folder), "own/", CODE.replace("2", "4").encode())

    with pytest.raises(BundleRefused, match="that is not what its name says"):
        doubled(other)


def test_other_code_that_it_needs_must_be_as_it_was(folder: Path) -> None:
    (folder / "helping.py").write_text("FACTOR = 2\n")
    model = packed(folder, "from helping import FACTOR\n\n\ndef doubled(values):\n    return values * FACTOR\n")
    assert doubled(model) == [2.0, 4.0]

    (folder / "helping.py").write_text("FACTOR = 3\n")
    importing._read.cache_clear()
    for name in [one for one in sys.modules if one.startswith((kept_code.PREFIX, "helping"))]:
        del sys.modules[name]

    with pytest.raises(BundleRefused, match=r"It \(own code\) needs helping as it was at the fit, sha256 "):
        doubled(model)


def test_code_that_does_not_run_is_told_with_its_line(folder: Path) -> None:
    code = "import os\n\nif 'OWN_CODE_FAILS' in os.environ:\n    raise ValueError('not here')\n\n\n" + CODE
    model = packed(folder, code)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OWN_CODE_FAILS", "1")

        with pytest.raises(
            BundleRefused, match=r"It \(own code\) cannot be run: ValueError: not here \(shop\.py, line 4\)"
        ):
            doubled(model)

    assert doubled(model) == [2.0, 4.0], "a failure is not remembered"


def test_a_list_of_what_is_kept_stands_in_the_file(folder: Path) -> None:
    with zipfile.ZipFile(io.BytesIO(packed(folder))) as archive:
        (name,), (about,) = zip(*json.loads(archive.read(kept_code.LIST)).items(), strict=True)

    assert about == {"module": "configs.pipelines.shop", "file": "shop.py", "needs": {}}
    assert [*kept_code.modules(packed(folder))] == [name]
