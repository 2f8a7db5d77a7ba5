"""Decision tables: what each kind of problem is judged by, and when its level is off. To be read aloud beside
`tasks/problems`."""

import pytest

from configs.monitoring import HealthSettings
from configs.promotion import FirstChampion, PromotionSettings
from tasks.domain.observations import HealthState
from tasks.domain.records import BundleFacts, Comparison, Metric, Score
from tasks.monitoring import health
from tasks.problems import kinds
from tasks.promotion.guards import listed
from tasks.promotion.guards.base import Case
from tests.reporting.worlds import settings

WELL, WATCH, UNWELL = HealthState.WELL, HealthState.WATCH, HealthState.UNWELL

#   kind             what decides          what no model answers   floor       guard of the level
JUDGED_BY = [
    ("binary", "log loss", "share", "roc_auc", "calibration"),
    ("decisions 120:-15:0:0", "regret", "share", "roc_auc", "calibration"),
    ("regression", "RMSE", "mean", "r2", "bias"),
    ("median", "MAE", "median", "d2", "coverage"),
    ("count", "Poisson deviance", "mean", "d2", "bias"),
    ("quantile 0.9", "pinball loss", "90\u202f% quantile", "d2", "coverage"),
]

#   share asked for   share of labels below   at a gate   health, if chance does not explain it
LEVELS = [
    (0.5, 0.50, "passes", WELL),
    (0.5, 0.45, "passes", WELL),
    (0.5, 0.56, "passes", WATCH),
    (0.5, 0.34, "objects", WATCH),
    (0.5, 0.20, "objects", UNWELL),
    (0.9, 0.90, "passes", WELL),
    (0.9, 0.87, "passes", WELL),
    (0.9, 0.86, "passes", WATCH),
    (0.9, 0.94, "passes", WATCH),
    (0.9, 0.79, "objects", WATCH),
    (0.9, 0.70, "objects", UNWELL),
    (0.99, 0.988, "passes", WELL),
    (0.99, 0.985, "passes", WATCH),
    (0.99, 0.97, "objects", UNWELL),
]


@pytest.mark.parametrize(("name", "title", "constant", "floor", "guard"), JUDGED_BY)
def test_each_kind_is_judged_by_its_own_loss_and_level(name, title, constant, floor, guard):
    problem = kinds.named(name)

    assert (problem.title, problem.constant_title, problem.level_guard) == (title, constant, guard)
    assert problem.floor(FirstChampion()).metric == floor
    assert floor in problem.needed


@pytest.mark.parametrize(("asked", "below", "gate", "state"), LEVELS)
def test_a_level_is_off_by_what_its_share_allows(asked, below, gate, state):
    score, pair = scored(asked, below), Comparison(600, 1.0, 0.5, 1.5, (), (), (), (), (), 0.0, f"pinball_loss_{asked}")
    facts = BundleFacts(1.2, 12.0)

    guards = listed.ask(Case(None, score, pair, 9.0, facts, PromotionSettings()))
    found = health.judge(score, None, None, HealthSettings(), settings().reporting)

    coverage = next(guard for guard in guards if guard.name == "coverage")
    assert coverage.objects == (gate == "objects")
    assert found.state is state


def scored(asked, below):
    """A quantile of which so many labels lie below, and hardly by chance."""
    off = round(asked - below, 6)
    loss = Metric(f"pinball_loss_{asked}", 2.0, 1.9, 2.1, False)
    others = (("d2", 0.4), ("coverage", below), ("coverage_error", abs(off)))
    metrics = (loss, *(Metric(name, value, value, value, name == "d2") for name, value in others))
    offset = Metric("offset", off, off - 0.001, off + 0.001, False)
    return Score("v6", "2013-06", 600, 0, asked, metrics, (), (), mean_actual=below, offset=offset)
