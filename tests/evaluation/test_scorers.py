"""Scorers of scikit-learn, and metrics of users, as metrics: value, direction, interval."""

import numpy as np
import pytest
from sklearn import metrics as sklearn

from configs.evaluation import EvaluationSettings
from configs.metrics import SCORERS
from configs.problems import KINDS
from tasks.domain.records import Metric, Score
from tasks.evaluation import metrics, scorers, scores
from tasks.problems import kinds

SOURCE = np.random.default_rng(4)
ANSWERS = SOURCE.uniform(0.05, 0.95, 400)
LABELS = (SOURCE.uniform(size=400) < ANSWERS).astype(float)
CLUSTERS = np.repeat([f"day {day}" for day in range(20)], 20).astype(object)
BY_HAND = {
    "average_precision": sklearn.average_precision_score(LABELS, ANSWERS),
    "neg_brier_score": sklearn.brier_score_loss(LABELS, ANSWERS),
    "f1": sklearn.f1_score(LABELS, ANSWERS >= 0.5),
    "matthews_corrcoef": sklearn.matthews_corrcoef(LABELS, ANSWERS >= 0.5),
}


def measured(*chosen: object, problem: str = "binary") -> dict[str, Metric]:
    settings = EvaluationSettings.model_validate({"metrics": chosen})
    score: Score = scores.score("m", "b", LABELS, ANSWERS, CLUSTERS, {}, settings, problem)
    return {metric.name: metric for metric in score.metrics}


@pytest.mark.parametrize("name", BY_HAND)
def test_a_scorer_gives_what_scikit_learn_gives_without_its_sign(name: str) -> None:
    metric = measured({"sklearn": name})[f"sklearn_{name.removeprefix('neg_')}"]

    assert metric.value == pytest.approx(BY_HAND[name])
    assert metric.greater_is_better is not name.startswith("neg_")
    assert metric.low is not None
    assert metric.low < BY_HAND[name] < metric.high  # type: ignore[operator]


def test_it_is_told_by_its_name_or_by_the_title_that_is_chosen() -> None:
    chosen = measured({"sklearn": "f1"}, {"sklearn": "neg_brier_score", "title": "off", "amount": True})

    told = {kinds.title(metric): kinds.write(metric)(metric.value) for metric in chosen.values()}

    assert told["f1 (scikit-learn)"] == f"{BY_HAND['f1']:.3f}"
    assert "off" in told
    assert chosen["sklearn_brier_score"].amount


@pytest.mark.parametrize(("problem", "name"), [(one, name) for one, names in SCORERS.items() for name in names])
def test_every_scorer_can_be_asked(problem: str, name: str) -> None:
    labels = LABELS + (KINDS[problem].learner == "regressor")  # a gamma deviance needs labels above 0

    value = scorers.named(name, KINDS[problem].learner)(labels, ANSWERS)

    assert np.isfinite(value)
    assert value >= 0 or not name.startswith("neg_")


def test_what_is_not_defined_is_no_number() -> None:
    assert np.isnan(scorers.named("roc_auc", "classifier")(np.ones(3), ANSWERS[:3]))


def test_the_interval_leaves_out_whole_clusters() -> None:
    """The jackknife of a mean over clusters of equal size is the interval of the mean over clusters."""
    estimate = scorers.estimate(lambda labels, answers: float(((labels - answers) ** 2).mean()))

    found = estimate(LABELS, ANSWERS, metrics.group(CLUSTERS), 0.95)

    assert found == pytest.approx(metrics.brier(LABELS, ANSWERS, metrics.group(CLUSTERS), 0.95))


def test_a_single_cluster_gives_no_interval() -> None:
    estimate = scorers.estimate(lambda labels, answers: 0.5)

    assert estimate(LABELS, ANSWERS, metrics.everything(len(LABELS)), 0.95) == (0.5, None, None)
