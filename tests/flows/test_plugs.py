"""One of each is added from here, through a whole turn: estimator, metric, guard, kind of trigger, report column."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from numpy.typing import NDArray
from pydantic import Field
from sklearn.tree import DecisionTreeClassifier

from configs import loader
from configs.environment import CHECKOUT
from configs.errors import BundleRefused, InvalidSettings
from configs.section import Section
from tasks.adapters import home as homes
from tasks.adapters.blobs.bundles import ALLOWED, Bundles
from tasks.adapters.home import Home
from tasks.domain import turns
from tasks.domain.trigger_kinds import TriggerKind
from tasks.domain.turns import Outcome
from tasks.promotion.guards.base import Case
from tasks.reporting import turn_columns
from tasks.reporting.steps import report_file
from tasks.reporting.turn_columns import Column
from tests import one_turn, shop
from tests.one_turn import beside, catch_up, live

TREE = "sklearn.tree._tree.Tree"
TITLE = "share of yes in the tenth with the highest answers"
YAML = (
    shop.YAML[: shop.YAML.index("    - {family: hist")]
    + f"""\
    - {{use: "{__name__}:Tree", settings: {{max_depth: 2}}}}
  trusted: [{TREE}]
evaluation:
  slices: [{{column: shop}}]
  metrics: [roc_auc, {{use: "{__name__}:Tenth"}}, {{sklearn: matthews_corrcoef}}]
promotion:
  guards: {{own: [{{use: "{__name__}:Many", settings: {{least: 50}}}}]}}
"""
)


class Tree(DecisionTreeClassifier):  # type: ignore[misc]
    """An estimator: scikit-learn's own, with a title and closed settings."""

    title = "single tree"

    class Settings(Section):
        max_depth: int = Field(default=3, ge=1)
        min_samples_leaf: int = 20


class Tenth:
    """A metric: how many of the tenth with the highest answers are positive."""

    title = "hits in the top tenth"
    greater_is_better = True

    def value(self, labels: NDArray[np.float64], answers: NDArray[np.float64]) -> float:
        return float(labels[np.argsort(answers, kind="stable")[-max(1, len(answers) // 10) :]].mean())


class Many:
    """A guard: something was judged on enough rows."""

    title = "many rows"

    class Settings(Section):
        least: int

    def __init__(self, settings: Settings) -> None:
        self.least = settings.least

    def ask(self, case: Case) -> turns.Guard:
        rows = case.comparison.rows
        return turns.Guard(self.title, rows < self.least, f"{rows} rows, at least {self.least} wanted")


@pytest.fixture
def requested(monkeypatch: pytest.MonkeyPatch) -> TriggerKind:
    """A kind of trigger, as one more line of the enum makes it."""
    kind: Any = TriggerKind._new_member_(TriggerKind, "request", "request", "a customer has asked")  # type: ignore[attr-defined]
    kind._name_ = "REQUEST"
    monkeypatch.setitem(TriggerKind._member_map_, "REQUEST", kind)  # type: ignore[arg-type]
    monkeypatch.setitem(TriggerKind._value2member_map_, "request", kind)
    monkeypatch.setattr(TriggerKind, "_member_names_", [*TriggerKind._member_names_, "REQUEST"])
    return TriggerKind("request")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    """A home in which two weeks of sales wait."""
    with one_turn.home(tmp_path, monkeypatch, YAML) as opened:
        yield opened


def test_one_of_each_works_through_a_turn_and_no_other_file_knows(
    home: Home, requested: TriggerKind, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(turn_columns.BATCHES, "own", Column("Judged {rows}", lambda turn, _: f"{turn.batch.accepted}!"))

    outcome = catch_up(home, requested)

    (turn,) = report_file.read_history(home, "shop").turns
    page, probe = home.report("shop").read_text(encoding="utf-8"), turn.probe
    assert outcome is Outcome.FIRST_CHAMPION
    assert (live(home).family, dict(live(home).parameters)["max_depth"]) == ("single_tree", "2")
    assert probe is not None
    metrics = {metric.name: metric for metric in probe.metrics}
    assert 0.5 < metrics["hits_in_the_top_tenth"].value <= 1  # type: ignore[operator]
    assert -1 < metrics["sklearn_matthews_corrcoef"].value < 1  # type: ignore[operator]
    assert turn.verdict is not None
    assert turn.verdict.guards[-1].text.endswith("rows, at least 50 wanted")
    assert [trigger.kind for trigger in turn.triggers] == ["request", "new_data"]
    for words in ("single tree", "hits in the top tenth", "Request: a customer has asked", "Judged Rows", "672!"):
        assert words in page, words


def test_a_guard_of_a_user_vetoes(home: Home) -> None:
    shop.write_pipeline(home.folder.parent / "pipelines", text=YAML.replace("least: 50", "least: 5000"))

    assert catch_up(home) is Outcome.REJECT
    (turn,) = report_file.read_history(home, "shop").turns
    assert turn.verdict is not None
    assert turn.verdict.reasons[0].startswith("guard 'many rows' objects: ")


def test_a_bundle_is_loaded_only_where_its_types_are_allowed(home: Home) -> None:
    catch_up(home)
    files = live(home).bundle, live(home).golden

    with pytest.raises(BundleRefused, match=rf"not reviewed: {TREE}, {__name__}\.Tree\. Nothing was loaded"):
        Bundles(home.blobs).check(*files)
    assert home.bundles.check(*files)
    assert home.bundles.types(files[0]) == (*ALLOWED, TREE, f"{__name__}.Tree")


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        (f"  trusted: [{TREE}]\n", "", rf"single_tree cannot be kept\. .*not reviewed: {TREE}\..*training\.trusted"),
        (f"{__name__}:Tree", 'sklearn.svm:LinearSVC", title: "machine', "LinearSVC which is not for a yes or no"),
    ],
)
def test_what_cannot_be_kept_or_asked_is_refused(home: Home, old: str, new: str, why: str) -> None:
    text = YAML.replace(old, new).replace(", settings: {max_depth: 2}" if "svm" in new else "\0", "")
    shop.write_pipeline(home.folder.parent / "pipelines", text=text)

    with pytest.raises(InvalidSettings, match=why):
        catch_up(home)

    assert home.ledger.promotions.all("shop") == []


def test_an_estimator_of_scikit_learn_needs_no_code(home: Home) -> None:
    forest = 'sklearn.ensemble:ExtraTreesClassifier", title: extra trees, settings: {n_estimators: 20, max_depth: 3}'
    shop.write_pipeline(
        home.folder.parent / "pipelines", text=YAML.replace(f'{__name__}:Tree", settings: {{max_depth: 2}}', forest)
    )

    assert catch_up(home) is Outcome.FIRST_CHAMPION
    assert live(home).family == "extra_trees"


def test_the_example_of_the_readme_works(home: Home) -> None:
    readme = (CHECKOUT / "README.md").read_text(encoding="utf-8")
    (code,), (text,) = (re.findall(rf"```{kind}\n(.*?)```", readme, flags=re.DOTALL) for kind in ("py", "yaml"))
    settings, example = yaml.safe_load(shop.YAML), yaml.safe_load(text)
    for room, values in example.items():
        settings[room] = {**settings.get(room, {}), **values}

    outcome = catch_up(beside(home, json.dumps(settings), code))

    (turn,) = report_file.read_history(home, "shop").turns
    assert outcome is Outcome.FIRST_CHAMPION
    assert live(home).family == "extra_trees"
    assert turn.probe is not None
    assert turn.verdict is not None
    assert {metric.title for metric in turn.probe.metrics} > {"matthews corrcoef (scikit-learn)", TITLE}
    assert turn.verdict.guards[-1].text.endswith("% of the answers change")


CODE = """
from sklearn.linear_model import LogisticRegression

class Straight(LogisticRegression):
    title = "straight line"

    def predict_proba(self, rows):
        return super().predict_proba(rows)
"""
OWN = YAML.replace(f'"{__name__}:Tree", settings: {{max_depth: 2}}', "Straight")


def test_a_model_answers_by_its_own_code_when_the_file_has_changed(home: Home) -> None:
    before = beside(home, OWN, CODE)
    with homes.use(before):
        assert catch_up(before) is Outcome.FIRST_CHAMPION
        model, settings = live(before), before.settings("shop")
        assert before.bundles.check(model.bundle, model.golden)

    changed = beside(home, OWN, CODE.replace("(rows)\n", "(rows)[:, ::-1]\n"))
    now = changed.settings("shop")

    kept = changed.bundles.check(model.bundle, model.golden).named_steps["model"]
    assert type(kept).__module__.startswith("incumbent_own_")
    assert type(kept).__name__ == "Straight"
    assert loader.settings_hash(now) != loader.settings_hash(settings)
    assert loader.decision_hash(now) != loader.decision_hash(settings)
    assert now.training.candidates[0].identity() != settings.training.candidates[0].identity()


def test_a_live_model_is_loaded_when_its_family_has_left_the_file(home: Home) -> None:
    with homes.use(beside(home, OWN, CODE)) as before:
        catch_up(before)
        model = live(before)
    without = OWN.replace("{use: Straight}", "{family: logistic_regression}")

    gone = beside(home, without, CODE)
    gone.settings("shop")
    kept = beside(home, without.replace(f"[{TREE}]", "[configs.pipelines.shop.Straight]"), CODE)
    kept.settings("shop")

    with pytest.raises(BundleRefused, match=r"not reviewed: configs\.pipelines\.shop\.Straight"):
        gone.bundles.check(model.bundle, model.golden)
    assert kept.bundles.check(model.bundle, model.golden)
