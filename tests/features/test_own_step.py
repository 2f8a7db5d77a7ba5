"""A step of a user's own: what its function gets, what it may give, and which code it runs."""

import math
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tasks.features import own_step
from tasks.features.own_step import OwnStep, StepFailed

AT = 1_709_208_000_000_000.0
TAKES = [("price", "number"), ("items", "integer"), ("gift", "boolean"), ("shop", "category"), ("at", "timestamp")]
ROWS = [
    np.array([1.5, math.nan]), np.array([3.0, math.nan]), np.array([1.0, math.nan]),
    np.array(["a", math.nan], dtype=object), np.array([AT, math.nan]),
]  # fmt: skip


def step(body: str, *gives: tuple[str, str], **settings: Any) -> OwnStep:
    code = f"import numpy as np\nimport pandas as pd\n\n\ndef own(rows, **more):\n    {body}\n"
    module = "configs.pipelines.some"
    return OwnStep(f"{module}:own", "some.py", {module: code}, settings, TAKES, gives or [("own", "number")])


def test_rows_have_the_types_that_are_promised() -> None:
    rows = step("").rows(ROWS)

    assert rows.dtypes.astype(str).to_dict() == {
        "price": "float64",
        "items": "float64",
        "gift": "float64",
        "shop": "object",
        "at": "datetime64[us, UTC]",
    }
    assert rows["at"].iloc[0] == pd.Timestamp("2024-02-29T12:00Z")
    assert rows.iloc[1].isna().all()


def test_text_that_is_missing_in_all_rows_is_still_text() -> None:
    nothing = [*ROWS[:3], np.array([math.nan]), *ROWS[4:]]
    one = [column[:1] for column in nothing]

    assert step("return rows['shop'].str.len()").make(one)[0].tolist() == pytest.approx([math.nan], nan_ok=True)


@pytest.mark.parametrize(
    "given",
    [
        "rows['price'] * 2", "(rows['price'] * 2).to_numpy()", "(rows['price'] * 2).tolist()", "tuple(rows['price'] * 2)",
        "pd.array(rows['price'] * 2)", "pd.Index(rows['price'] * 2)", "pd.DataFrame({'own': rows['price'] * 2})",
        "{'own': rows['price'] * 2}", "[3, None]", "pd.array([3, None], dtype='Int64')", "[np.float32(3), pd.NA]",
    ],
)  # fmt: skip
def test_a_column_may_be_given_in_any_usual_form(given: str) -> None:
    (column,) = step(f"return {given}").make(ROWS)

    assert column.dtype == np.float64
    assert column.tolist() == pytest.approx([3, math.nan], nan_ok=True)


@pytest.mark.parametrize("given", ["[True, None]", "pd.array([True, None], dtype='boolean')", "[np.True_, np.nan]"])
def test_truths_are_ones_and_zeros(given: str) -> None:
    (column,) = step(f"return {given}", ("own", "boolean")).make(ROWS)

    assert column.tolist() == pytest.approx([1, math.nan], nan_ok=True)


@pytest.mark.parametrize(
    "given", ["rows['shop']", "pd.Categorical(['a', None])", "pd.array(['a', None], dtype='string')"]
)
def test_text_is_objects_with_nan(given: str) -> None:
    (column,) = step(f"return {given}", ("own", "category")).make(ROWS)

    assert column.dtype == object
    assert column[0] == "a"
    assert math.isnan(column[1])


def test_several_columns_come_in_the_order_in_which_they_were_declared() -> None:
    made = step("return {'b': rows['price'], 'a': rows['items']}", ("a", "number"), ("b", "number")).make(ROWS)

    assert [column[0] for column in made] == [3, 1.5]


def test_settings_are_arguments() -> None:
    assert step("return rows['price'] * more['much']", much=4).make(ROWS)[0][0] == 6


def test_a_model_that_is_asked_takes_infinity_for_missing() -> None:
    assert math.isnan(step("return rows['price'] / 0").make(ROWS)[0][0])


def test_what_a_step_prints_is_not_in_the_way(capsys: pytest.CaptureFixture[str]) -> None:
    step("print('hello'); return rows['price']").make(ROWS)

    assert capsys.readouterr() == ("", "hello\n")


def test_the_code_that_runs_is_the_one_that_was_kept() -> None:
    one, other = step("return rows['price'] * 2"), step("return rows['price'] * 3")

    assert [each.make(ROWS)[0][0] for each in (one, other, one)] == [3, 4.5, 3]


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An installed package of two modules."""
    folder = tmp_path / "kioskry"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "words.py").write_text("much = 2\n")
    (folder / "steps.py").write_text(
        "from kioskry.words import much\n\n\ndef own(rows):\n    print('x')\n    return rows['price'] * much\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(own_step, "_functions", {})
    yield folder
    for name in [name for name in sys.modules if name.partition(".")[0] == "kioskry"]:
        del sys.modules[name]


def of_package(folder: Path) -> OwnStep:
    names = {"kioskry.steps": "steps.py", "kioskry.words": "words.py"}
    texts = {name: (folder / file).read_text() for name, file in names.items()}
    return OwnStep("kioskry.steps:own", "steps.py", texts, {}, TAKES, [("own", "number")])


def test_code_of_several_modules_runs_where_it_is_installed(package: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert of_package(package).make(ROWS)[0][0] == 3
    assert capsys.readouterr() == ("", "x\n")


def test_a_module_that_was_changed_is_named_and_refused(package: Path) -> None:
    kept = of_package(package)
    (package / "words.py").write_text("much = 3\n")

    with pytest.raises(
        StepFailed, match=r"needs kioskry\.words as it was when the model was fitted, sha256 \w{12}; it is \w{12} now"
    ):
        kept.make(ROWS)


def test_a_package_that_is_gone_is_named(package: Path) -> None:
    kept = of_package(package)
    for file in package.iterdir():
        if file.is_file():
            file.unlink()

    with pytest.raises(StepFailed, match=r"ModuleNotFoundError: No module named 'kioskry"):
        kept.make(ROWS)
