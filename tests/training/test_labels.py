"""Labels of every kind, from the delivery to a judged model: text and numbers are learned as the yes or no they stand
for.

The pipeline is `shop`; its label `sold` is written down in another way, or `takings`, a number, is asked for.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tasks.adapters.home import Home
from tasks.domain.pools import Pool
from tasks.domain.records import Batch, Comparison, Model, Score
from tasks.evaluation import scores
from tasks.problems import kinds
from tasks.promotion.guards import listed
from tasks.promotion.guards.base import Case
from tasks.training import windows
from tasks.training.steps import fitting, handles
from tests import shop

LABEL = "    sold: {type: boolean, nullable: true}\n"
WRITTEN: dict[str, tuple[str, str, Callable[[pd.Series], pd.Series]]] = {
    "text": (
        "{type: category, nullable: true, values: [SOLD, LEFT]}",
        "positive: SOLD",
        lambda sold: sold.map({True: "SOLD", False: "LEFT"}).astype("str"),
    ),
    "number": ("{type: integer, nullable: true}", "positive: 1", lambda sold: sold.astype("Int64")),
    "the opposite": ("{type: boolean, nullable: true}", "positive: false", lambda sold: ~sold),
}


def pipeline(rule: str, training: str) -> str:
    """The pipeline file with another label."""
    return shop.YAML.replace(LABEL, f"    sold: {rule}\n").replace("  label: sold\n", f"  label: sold\n  {training}\n")


def judge(
    home: Home, frames: list[pd.DataFrame], family: str = "hist_gradient_boosting"
) -> tuple[list[Batch], Model, Score, Comparison]:
    """Learn from the older batch, and judge on the newer one against no model."""
    batches = [shop.take_in(home, f"week {n}", frame) for n, frame in enumerate(frames, start=1)]
    settings, batch = home.settings("shop"), batches[-1]
    plan = windows.before(Pool((batch,), batch.first_event), batches, settings.training.window)
    assert plan is not None
    order = fitting.order(home, settings, handles.rows(home).select(plan, settings), family)
    model = fitting.fit(home, order, settings)
    rows, answers = (
        handles.rows(home).judged(batch, None, settings),
        handles.rows(home).answers(model, batch, None, settings),
    )
    parts, problem = (rows.clusters, rows.slices, settings.evaluation), settings.training.kind
    dummy = scores.constant(model.base_rate, len(answers))
    score = scores.score(model.id, batch.id, rows.outcomes, answers, *parts, problem)
    return batches, model, score, scores.compare(rows.outcomes, dummy, answers, *parts, 0.05, problem)


@pytest.mark.parametrize("written", WRITTEN)
def test_a_label_in_other_words_teaches_the_same_model(
    written: str, shop_home: Home, open_home: Callable[[Path], Home], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    weeks = [shop.week(1), shop.week(3)]
    rule, training, write = WRITTEN[written]
    plain_batches, plain, plain_score, _ = judge(shop_home, weeks)
    shop.write_pipeline(tmp_path / "others", text=pipeline(rule, training))
    monkeypatch.setenv("INCUMBENT_PIPELINES", str(tmp_path / "others"))

    batches, model, score, _ = judge(
        open_home(tmp_path / "other"), [week.assign(sold=write(week["sold"])) for week in weeks]
    )

    assert model.id != plain.id
    assert [batch.unlabelled for batch in batches] == [batch.unlabelled for batch in plain_batches]
    assert [batch.positives for batch in batches] == [batch.positives for batch in plain_batches]
    assert (model.bundle, model.golden, model.base_rate) == (plain.bundle, plain.golden, plain.base_rate)
    assert (score.metrics, score.slices) == (plain_score.metrics, plain_score.slices)


TAKINGS = """    sold: {type: boolean, nullable: true}
    takings: {type: number, nullable: true}
"""
REGRESSION = (
    shop.YAML.replace(LABEL, TAKINGS)
    .replace("  label: sold\n", "  label: takings\n  problem: regression\n")
    .replace("{family: logistic_regression,", "{family: linear_regression,")
)


def with_takings(week: pd.DataFrame) -> pd.DataFrame:
    """Takings follow shop and items; the rows whose label is not known yet have none."""
    noise = np.random.default_rng(len(week)).normal(0, 3, len(week))
    takings = 20.0 * (week["shop"] == "a") + 2.0 * week["items"].astype("float64") + noise
    return week.assign(takings=takings.mask(week["sold"].isna()))


@pytest.mark.parametrize("family", ["hist_gradient_boosting", "linear_regression"])
def test_a_number_is_learned_packed_loaded_and_judged(
    family: str, open_home: Callable[[Path], Home], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.write_pipeline(tmp_path / "pipelines", text=REGRESSION)
    monkeypatch.setenv("INCUMBENT_PIPELINES", str(tmp_path / "pipelines"))
    home = open_home(tmp_path / "home")
    weeks = [with_takings(shop.week(number)) for number in (1, 3)]

    batches, model, score, pair = judge(home, weeks, family)
    facts = fitting.inspect(home, model, home.settings("shop"))

    labelled = weeks[0]["takings"].dropna()
    assert (batches[0].positives, batches[0].label_mean) == (0, pytest.approx(labelled.mean()))
    assert model.base_rate == model.snapshot.label_mean == pytest.approx(labelled.mean())
    assert facts.problem is None
    assert {metric.name: metric.value for metric in score.metrics}["r2"] > 0.5  # type: ignore[operator]
    guards = listed.ask(Case(None, score, pair, 1e9, facts, home.settings("shop").promotion))
    assert [guard.name for guard in guards if guard.objects] == []


OTHERS = {
    "median": "problem: median",
    "count": "problem: count",
    "quantile": "problem: quantile\n  quantile: 0.9",
}


@pytest.mark.parametrize("name", OTHERS)
def test_a_number_of_another_kind_is_learned_packed_loaded_and_judged(
    name: str, open_home: Callable[[Path], Home], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = REGRESSION.replace("problem: regression", OTHERS[name]).replace(
        "takings: {type: number,", "takings: {type: integer, min: 0,"
    )
    text = text if name == "count" else text.replace("    - {family: linear_regression, min_frequency: 5}\n", "")
    shop.write_pipeline(tmp_path / "pipelines", text=text)
    monkeypatch.setenv("INCUMBENT_PIPELINES", str(tmp_path / "pipelines"))
    home = open_home(tmp_path / "home")
    weeks = [with_takings(shop.week(number)) for number in (1, 3)]
    weeks = [week.assign(takings=week["takings"].clip(lower=0).round().astype("Int64")) for week in weeks]

    _, model, score, pair = judge(home, weeks, "linear_regression" if name == "count" else "hist_gradient_boosting")
    facts = fitting.inspect(home, model, home.settings("shop"))

    problem, labelled = kinds.named(home.settings("shop").training.kind), weeks[0]["takings"].dropna().astype(float)
    assert model.snapshot.label_mean == pytest.approx(labelled.mean())
    assert model.base_rate == problem.constant(labelled.to_numpy())
    assert facts.problem is None
    assert {metric.name: metric.value for metric in score.metrics}["d2"] > 0.3  # type: ignore[operator]
    assert pair.metric == score.loss.name == problem.metric
    guards = listed.ask(Case(None, score, pair, 1e9, facts, home.settings("shop").promotion))
    assert [guard.name for guard in guards if guard.objects] == []
