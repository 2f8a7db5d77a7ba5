"""What is wrong with a plug is named with its key in the pipeline file, and with its own file and line."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from sklearn.metrics import get_scorer_names

from configs import inventory, loader, plugs
from configs.environment import CHECKOUT
from configs.errors import InvalidSettings
from configs.metrics import SCORERS
from configs.settings import PipelineSettings
from tests import shop

YAML = (
    shop.YAML.replace("{family: logistic_regression, min_frequency: 5}", "{use: Forest, settings: {trees: 5}}")
    + "  metrics: [log_loss, {sklearn: matthews_corrcoef}, {use: Tenth}]\n"
    + "promotion: {guards: {own: [{use: FewRows}]}}\n"
)
CODE = """\
from pydantic import Field
from configs.section import Section

class Forest:
    title = "forest"

    class Settings(Section):
        trees: int = Field(default=3, ge=1)
        depths: tuple[int, ...] = (2, 3)

    def fit(self, rows, labels): ...
    def predict(self, rows): ...

class Tenth:
    title = "hits in the top tenth"
    greater_is_better = True
    def value(self, labels, answers): ...

class FewRows:
    title = "few rows"
    def ask(self, case): ...
"""
FOREST, TENTH, FEW = 4, 14, 19
"""Lines of the classes."""
MARK = "training.candidates[1]", "evaluation.metrics[2]", "promotion.guards.own[0]"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("INCUMBENT_PIPELINES", str(tmp_path))
    return tmp_path


def load(folder: Path, yaml: str = YAML, code: str | None = CODE) -> PipelineSettings:
    shop.write_pipeline(folder, text=yaml)
    if code is not None:
        (folder / "shop.py").write_text(code, encoding="utf-8")
    return loader.load("shop")


def test_what_plugs_say_of_themselves_is_filled_in(folder: Path) -> None:
    settings = load(folder)

    (_, forest), (own,) = settings.training.candidates, settings.promotion.guards.own
    assert isinstance(forest, plugs.Imported)
    assert (forest.use, forest.family, forest.settings) == (
        "configs.pipelines.shop:Forest",
        "forest",
        {"trees": 5, "depths": [2, 3]},
    )
    assert plugs.parameters(forest).depths == (2, 3)  # type: ignore[union-attr]
    assert (own.name, own.source) == ("few_rows", forest.source)
    assert PipelineSettings.model_validate_json(json.dumps(settings.canonical())) == settings


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("settings: {trees: 5}", "with: {trees: 5}"),
        ("use: Forest", "use: configs.pipelines.shop.Forest"),
        ("use: Forest", 'use: "configs.pipelines.shop:Forest"'),
    ],
)
def test_what_is_spelled_in_two_ways_is_one_setting(folder: Path, old: str, new: str) -> None:
    assert load(folder, YAML.replace(old, new)) == load(folder)


BUILD = CODE + "\n\ndef build(columns, depth, leaves=3): ...\n"


def test_a_function_may_build_a_model(folder: Path) -> None:
    settings = load(folder, YAML.replace("use: Forest, settings: {trees: 5}", "use: build, with: {depth: 2}"), BUILD)

    built = settings.training.candidates[1]
    assert isinstance(built, plugs.Imported)
    assert (built.use, built.name, built.settings) == ("configs.pipelines.shop:build", "build", {"depth": 2})


@pytest.mark.parametrize(
    ("parameters", "why"),
    [("", "settings.depth: is missing"), (", with: {depth: 2, deep: 1}", "settings.deep: no such setting; did you mean 'depth'?")],
)  # fmt: skip
def test_a_function_gets_what_it_takes(folder: Path, parameters: str, why: str) -> None:
    with pytest.raises(InvalidSettings, match=re.escape(f"training.candidates[1].{why}")):
        load(folder, YAML.replace("use: Forest, settings: {trees: 5}", f"use: build{parameters}"), BUILD)


def test_several_of_one_family_are_told_apart_by_what_differs(folder: Path) -> None:
    candidates = """
    - {family: hist_gradient_boosting, max_iter: 10}
    - {family: hist_gradient_boosting, max_iter: 10, window: {days: 30}}
    - {family: hist_gradient_boosting, max_iter: 40}
    - {use: lightgbm.LGBMClassifier, with: {n_estimators: 9}}
    - {use: lightgbm.LGBMClassifier, with: {n_estimators: 9, num_leaves: 5}}
    - {use: lightgbm.LGBMClassifier, with: {n_estimators: 9}, window: {days: 60}}
    - {use: sklearn.ensemble.ExtraTreesClassifier}
"""
    begin, end = YAML.index("    - {family: hist"), YAML.index("evaluation:")

    settings = load(folder, YAML[:begin].rstrip() + candidates + YAML[end:])

    assert [one.name for one in settings.training.candidates] == [
        "hist_gradient_boosting",
        "hist_gradient_boosting_30_days",
        "hist_gradient_boosting_max_iter_40",
        "lightgbm",
        "lightgbm_num_leaves_5",
        "lightgbm_60_days",
        "extra_trees",
    ]
    assert PipelineSettings.model_validate_json(json.dumps(settings.canonical())) == settings


def test_the_same_candidate_twice_is_refused(folder: Path) -> None:
    both = "{family: hist_gradient_boosting, max_iter: 10, min_samples_leaf: 5}"

    with pytest.raises(InvalidSettings, match="hist_gradient_boosting is named twice"):
        load(folder, YAML.replace(f"    - {both}\n", f"    - {both}\n    - {both}\n"))


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [("", "", True), ("{use: FewRows}", "{use: FewRows, title: rows}", True), ("trees: 5", "trees: 6", False)],
)
def test_what_a_plug_is_called_changes_no_decision(folder: Path, old: str, new: str, same: bool) -> None:
    before, after = load(folder), load(folder, YAML.replace(old, new) if old else YAML)

    assert (loader.decision_hash(before) == loader.decision_hash(after)) is same


def test_other_code_is_another_setting(folder: Path) -> None:
    before, after = load(folder), load(folder, code=CODE + "\n# another line\n")

    assert loader.settings_hash(before) != loader.settings_hash(after)


def test_types_that_may_be_loaded_change_no_decision(folder: Path) -> None:
    before, after = load(folder), load(folder, YAML.replace("  seed: 5\n", "  seed: 5\n  trusted: [a.B]\n"))

    assert loader.decision_hash(before) == loader.decision_hash(after)
    assert loader.settings_hash(before) != loader.settings_hash(after)


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("use: Forest", "use: Forst", "[0].use: configs.pipelines.shop has no class or function 'Forst' (FILE); did you mean 'Forest'? (got 'Forst')"),
        ("use: Forest", 'use: "nowhere.at:All"', "[0].use: there is no module 'nowhere' (got 'nowhere.at:All')"),
        ("use: Forest", 'use: "configs.pipelines.other:All"', "[0].use: there is no FOLDER/other.py (got 'configs.pipelines.other:All')"),
        ("use: Forest", "use: a b", "[0].use: must be 'package.module.Thing', or the name of a class or function in the Python file beside this one (got 'a b')"),
        ("use: Forest", "use: Tenth", f"[0].use: configs.pipelines.shop:Tenth is not an estimator, which has build, or fit and predict (FILE, line {TENTH})"),
        ("settings: {trees: 5}", "settings: {trees: 5}, with: {trees: 6}", "[0].with: is another word for settings; write one of them"),
        ("trees: 5", "trees: 0", f"[0].settings.trees: must be at least 1 (got 0) (FILE, line {FOREST})"),
        ("trees: 5", "tres: 5", f"[0].settings.tres: no such setting; did you mean 'trees'? (FILE, line {FOREST})"),
        ("use: Tenth", "use: FewRows", f"[1].use: configs.pipelines.shop:FewRows is not a metric, which has value and greater_is_better (FILE, line {FEW})"),
        ("use: Tenth", "use: Tenth, settings: {a: 1}", f"[1].settings.a: no such setting; there are none (FILE, line {TENTH})"),
        ("use: Tenth", "use: Tenth, title: AUC", f"[1].use: the title 'AUC' of configs.pipelines.shop:Tenth (FILE, line {TENTH}) is taken; write another one as 'title:' beside 'use:'"),
        ("{use: FewRows}", "{use: FewRows, source: mine}", "[2].source: no such setting; it is filled in when the file is read"),
        ("{use: FewRows}", "{use: FewRows, title: churn}", f"[2].use: the title 'churn' of configs.pipelines.shop:FewRows (FILE, line {FEW}) is taken; write another one as 'title:' beside 'use:'"),
        ("[{use: FewRows}]", "[{use: FewRows}, {use: FewRows}]", f"[3].use: the title 'few rows' of configs.pipelines.shop:FewRows (FILE, line {FEW}) is taken; write another one as 'title:' beside 'use:'"),
        ("{use: FewRows}", "{use: FewRows, titel: x}", "[2].titel: no such setting; did you mean 'title'?"),
        ("{use: FewRows}", "FewRows", "[2]: must have settings of the form 'name: value' (got 'FewRows')"),
        ("sklearn: matthews_corrcoef", "sklearn: r2", "evaluation.metrics: r2 is not for a yes or no; there are accuracy, average_precision,"),
        ("  seed: 5\n", "  seed: 5\n  trusted: [configs.pipelines.other.All]\n", "training.trusted: there is no FOLDER/other.py (got 'configs.pipelines.other.All')"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_the_pipeline_file_is_named(folder: Path, old: str, new: str, line: str) -> None:
    assert old in YAML
    keys = {f"[{place}]": key for place, key in enumerate((*MARK, "promotion.guards.own[1]"))}
    key = keys.get(line[:3], line[:3])

    with pytest.raises(InvalidSettings) as refused:
        load(folder, YAML.replace(old, new))

    wanted = (key + line[3:]).replace("FILE", str(folder / "shop.py")).replace("FOLDER", str(folder))
    first, told, *_ = str(refused.value).splitlines()
    assert (first, refused.value.exit_code) == (f"{folder / 'shop.yaml'} is not valid:", 5)
    assert told.startswith(f"  {wanted}")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("import Field", "import Feld", "ImportError: cannot import name 'Feld' from 'pydantic' "),
        ("from pydantic import Field", "import pydntic", "ModuleNotFoundError: No module named 'pydntic' (FILE, line 1)"),
        ("class Tenth:", "1 / 0", "ZeroDivisionError: division by zero (FILE, line 14)"),
        ("class Tenth:", "raise SystemExit('no')", "SystemExit: no (FILE, line 14)"),
        ("class Tenth:", "class Tenth", "SyntaxError: expected ':' (FILE, line 14)"),
        ('    title = "few rows"\n', "", "configs.pipelines.shop:FewRows has no title (FILE, line 19); give it one"),
        ("def value(", "def __init__(self, least): ...\n    def value(", "settings.least: is missing (FILE, line 14)"),
        ("Settings(Section)", "Settings", "the Settings of Forest are not a configs.section.Section (FILE, line 4)"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_the_code_is_named_with_its_line(folder: Path, old: str, new: str, told: str) -> None:
    code = CODE.replace(old, new)
    code = (
        code
        if new.startswith(("class", " ", "import", "Settings", "def")) or not new
        else code[: code.index(new) + len(new)]
    )

    with pytest.raises(InvalidSettings) as refused:
        load(folder, code=code)

    assert refused.value.exit_code == 5
    assert told.replace("FILE", str(folder / "shop.py")) in str(refused.value)
    assert str(refused.value).startswith(f"{folder / 'shop.yaml'} is not valid:\n  ")


def test_a_plug_that_raises_stops_its_own_pipeline_alone(folder: Path) -> None:
    shop.write_pipeline(folder, "sound")
    with pytest.raises(InvalidSettings):
        load(folder, code="raise ValueError('not today')")

    found = inventory.take()

    assert [*found.usable] == ["sound"]
    assert found.exit_code == 5
    assert f"not today ({folder / 'shop.py'}, line 1)" in found.sentences[0]


def test_code_that_anybody_can_change_is_not_run(folder: Path) -> None:
    load(folder)
    (folder / "shop.py").chmod(0o666)

    with pytest.raises(InvalidSettings, match=r"any user of this machine can change .*/shop\.py"):
        load(folder, code=None)


def test_code_beside_a_file_leaves_nothing_there(folder: Path) -> None:
    load(folder)

    assert sorted(path.name for path in folder.iterdir()) == ["shop.py", "shop.yaml"]


@pytest.mark.parametrize("names", [plugs.ESTIMATORS, plugs.GUARDS])
def test_what_is_built_in_is_there_and_has_a_title(names: dict[str, str]) -> None:
    assert all(plugs.built_in(path).title for path in names.values())


def test_scorers_are_those_of_scikit_learn() -> None:
    for names in SCORERS.values():
        assert len({*names}) == len(names)
        assert {*names} <= {*get_scorer_names()}


def test_settings_are_read_without_heavy_libraries() -> None:
    heavy = ("sklearn", "scipy", "numpy", "pandas", "mlflow", "prefect", "sqlalchemy")
    code = f"import sys; from configs import loader; loader.load('flights'); print([m for m in {heavy} if m in sys.modules])"

    ran = subprocess.run([sys.executable, "-c", code], cwd=CHECKOUT, capture_output=True, text=True, check=True)

    assert ran.stdout == "[]\n"
