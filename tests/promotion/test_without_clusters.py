"""Where nothing tells which rows share their luck: intervals take each row by itself, and no model is promoted."""

import math

import numpy as np
import pandas as pd
import pytest

from configs.evaluation import Cluster, EvaluationSettings
from configs.ingestion import Times
from configs.promotion import PromotionSettings
from tasks.domain.records import ALONE, Comparison
from tasks.domain.turns import Guard, VerdictKind
from tasks.evaluation import scores
from tasks.promotion import gate
from tasks.training import groups

NONE = EvaluationSettings(cluster=Cluster(independent=True))
ROWS = 400


def compared(settings: EvaluationSettings, base: float = 0.5, better: float = 0.2) -> Comparison:
    """A model that knows something against one that does not, on rows of one day."""
    frame = pd.DataFrame({"at": pd.DatetimeIndex(["2017-02-01"] * ROWS, tz="UTC")})
    y = np.arange(ROWS) % 2
    units = groups.clusters(frame, Times(event="at"), settings.cluster)
    answers = np.clip(base + better * (2 * y - 1), 0.01, 0.99)
    return scores.compare(y, np.full(ROWS, base), answers, units, {}, settings, 0.05, "binary")


def test_each_row_is_its_own_in_the_interval_and_the_sums_are_over_all():
    found, by_day = compared(NONE), compared(EvaluationSettings())

    assert found.clusters == (ALONE,)
    assert (found.cluster_rows, found.rows) == ((ROWS,), ROWS)
    assert found.gain == pytest.approx((found.base_loss[0] - found.challenger_loss[0]) / ROWS)
    assert found.gain == by_day.gain
    assert found.low > 0 > by_day.low
    assert (found.independent, by_day.independent) == (True, False)


def test_a_challenger_is_never_promoted_however_much_better_it_is():
    verdict = gate.judge(None, compared(NONE), (), PromotionSettings())

    assert verdict.kind is VerdictKind.KEEP_SHADOWING
    assert "nothing tells which rows share their luck (evaluation.cluster: none)" in verdict.reasons[0]


def test_what_a_guard_objects_to_is_told_as_well():
    guard = Guard("churn", True, "90 % of decisions change")

    verdict = gate.judge(None, compared(NONE), (guard,), PromotionSettings())

    assert verdict.kind is VerdictKind.KEEP_SHADOWING
    assert verdict.reasons[1] == "guard 'churn' objects: 90 % of decisions change"


def test_losses_that_are_not_finite_are_rejected():
    verdict = gate.judge(None, compared(NONE, better=math.nan), (), PromotionSettings())

    assert verdict.kind is VerdictKind.REJECT


def test_the_first_model_says_that_rows_were_taken_as_independent():
    pair = compared(NONE)
    y = np.arange(ROWS) % 2
    score = scores.score("m", "b", y, 0.5 + 0.2 * (2 * y - 1), np.arange(ROWS).astype(str), {}, NONE, "binary")

    verdict = gate.judge_first(score, pair, (), PromotionSettings())

    assert verdict.kind is VerdictKind.PROMOTE
    assert verdict.reasons[-1] == "each row taken as independent"
