"""Models with feature steps, fitted on odd rows: they answer, and compiled they say the same to 1e-9."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from configs import loader
from configs.errors import InvalidSettings
from configs.settings import PipelineSettings
from tasks.problems import prediction
from tasks.scoring.compiled import compiler
from tasks.training import identities, preparation
from tasks.training.learned_rows import Window
from tasks.training.steps import pipelines
from tests.features import stepped
from tests.features.stepped import PIPELINE

LEVELS = "    size = rows['items']\n    kind = ('k' + (rows['at'].astype('int64') % 997).astype(str))\n    return {'size': size, 'kind': kind}\n"
MANY = stepped.CODE[: stepped.CODE.index("    late =")] + LEVELS
NOTHING = stepped.CODE.replace('return {"size": size', 'return {"size": size * np.nan').replace(
    "pd.Series(kind,", "pd.Series(np.nan,"
)
Change = Callable[[pd.DataFrame], pd.DataFrame]


@dataclass(frozen=True)
class Learned:
    settings: PipelineSettings
    prepared: pd.DataFrame
    fitted: Any
    recipe: int


def learn(folder: Path, family: str, rows: pd.DataFrame, code: str = stepped.CODE) -> Learned:
    stepped.write(folder, code=code)
    settings = loader.load(PIPELINE)
    rows = rows[rows["sold"].notna()]
    prepared = preparation.prepare(rows, settings.inputs, settings.validation.columns)
    window = Window(prepared, preparation.labels(rows, settings.training))
    recipe = pipelines.recipe(window, settings)
    candidate = next(one for one in settings.training.candidates if one.family == family)
    return Learned(settings, prepared, pipelines.learn(candidate, window, settings, recipe), recipe)


def missing(*names: str) -> Change:
    return lambda rows: rows.assign(**{name: rows[name].mask(rows[name].notna()) for name in names})


ROWS: dict[str, tuple[str, Change]] = {
    "as they are": (stepped.CODE, lambda rows: rows),
    "no text at all": (stepped.CODE, missing("note")),
    "no shop at all": (stepped.CODE, missing("shop")),
    "no numbers at all": (stepped.CODE, missing("items", "price", "gift")),
    "one shop": (stepped.CODE, lambda rows: rows.assign(shop="a")),
    "a number divided by nothing": (stepped.CODE, lambda rows: rows.assign(items=rows["items"] * 0)),
    "a step that makes nothing": (NOTHING, lambda rows: rows),
    "a step that makes many levels": (MANY, lambda rows: rows),
}


@pytest.mark.parametrize("family", ["hist_gradient_boosting", "logistic_regression"])
@pytest.mark.parametrize("name", ROWS)
def test_odd_rows_are_learned_from_and_compiled(
    name: str, family: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INCUMBENT_PIPELINES", str(tmp_path))
    code, change = ROWS[name]
    learned = learn(tmp_path, family, change(stepped.week(1, 1_200)), code)
    other = preparation.prepare(stepped.week(2, 600), learned.settings.inputs, learned.settings.validation.columns)

    for prepared in (learned.prepared, other):
        expected = prediction.predict(learned.fitted, prepared)
        chosen = compiler.choose(learned.fitted, prepared, expected)

        many = chosen.compiled.many([prepared[column].to_numpy() for column in prepared.columns])
        one = [
            chosen.compiled.one([None if x != x else x for x in row])
            for row in prepared.iloc[:9].itertuples(index=False)
        ]
        assert np.isfinite(expected).all()
        assert chosen.compiled.title.endswith("behind feature steps"), chosen.problem
        np.testing.assert_allclose(many, expected, rtol=0, atol=1e-9)
        np.testing.assert_allclose(one, expected[:9], rtol=0, atol=1e-9)


def test_a_step_that_makes_levels_has_the_recipe_that_pools_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """How many there are is known when it is fitted, and the id of a model before."""
    monkeypatch.setenv("INCUMBENT_PIPELINES", str(tmp_path))

    assert learn(tmp_path, "hist_gradient_boosting", stepped.week(1)).recipe == identities.RARE_POOLED


def test_code_that_was_changed_while_settings_are_held_is_not_fitted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INCUMBENT_PIPELINES", str(tmp_path))
    learned = learn(tmp_path, "logistic_regression", stepped.week(1))
    stepped.write(tmp_path, code=stepped.CHANGED)

    with pytest.raises(InvalidSettings, match="The feature step basket is not as it was when the settings were read"):
        pipelines.features(learned.settings)


def test_a_step_that_fails_when_it_is_asked_is_told_with_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INCUMBENT_PIPELINES", str(tmp_path))
    code = stepped.CODE.replace("    late =", "    assert not (rows['price'] > 1000).any(), 'too dear'\n    late =")
    learned = learn(tmp_path, "hist_gradient_boosting", stepped.week(1), code)
    compiled = compiler.choose(
        learned.fitted, learned.prepared, prediction.predict(learned.fitted, learned.prepared)
    ).compiled

    with pytest.raises(
        InvalidSettings,
        match=r"These rows cannot be answered: the feature step basket raised AssertionError: too dear \(.*kiosk\.py, line 9\)\.",
    ):
        compiled.one(["a", 2.0, 5_000.0, 1.3e15, "one pear", 1.0])
