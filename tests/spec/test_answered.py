"""What counts as answers that are not as before, case by case."""

import numpy as np
import pytest

from configs.reporting import ReportingSettings
from tasks.monitoring import answered
from tasks.monitoring.answered import Usual, Words
from tasks.problems import kinds

YES = Words(ReportingSettings(row=("user", "users"), outcome="expert"), ("beginner", "expert"), 3)
NUMBER = Words(ReportingSettings(row=("hour", "hours"), outcome="rentals"), ("", ""), 3)
LEVELS = (0.18, 0.21, 0.2, 0.26)
SPREAD = np.linspace(0.02, 0.8, 1_000)

CASES = {
    "as before": (SPREAD * 0.65, SPREAD, LEVELS, False, False),
    "its mean within the swing of the labels beyond them": (SPREAD * 0.75, SPREAD, LEVELS, False, False),
    "its mean twice the swing beyond them": (SPREAD * 0.9, SPREAD, LEVELS, False, True),
    "the same with too few batches before": (SPREAD * 0.9, SPREAD, LEVELS[:3], False, False),
    "all in one class, both before": (SPREAD * 0.4, SPREAD, LEVELS, True, True),
    "all in one class, as before": (SPREAD * 0.5, SPREAD * 0.5, LEVELS, False, False),
    "all nearly the same": (0.2 + SPREAD * 0.05, SPREAD * 0.55, LEVELS, True, True),
    "far off by chance, of few rows": (np.array([0.05, 0.4, 0.7]), SPREAD * 0.55, LEVELS, False, False),
}


@pytest.mark.parametrize("case", CASES, ids=list(CASES))
def test_answers_have_moved(case: str) -> None:
    answers, golden, levels, collapsed, moved = CASES[case]

    found = answered.look(answers, Usual([(level,) for level in levels], golden), kinds.named("binary"), YES)

    assert (found.collapsed, found.moved) == (collapsed, moved), found.text


def test_all_in_one_class_is_said_in_the_words_of_the_label() -> None:
    found = answered.look(SPREAD * 0.4, Usual([(level,) for level in LEVELS], SPREAD), kinds.named("binary"), YES)

    assert found.text == (
        "v3 puts all 1,000 users in 'beginner'; at its fit it put 38% in the other class. v3 expects 16% expert, where "
        "18% to 26% were in the four batches before; nine of ten answers lie in 2.4% to 30%."
    ).replace("%", "\u202f%")


def test_answers_beyond_all_labels_are_counted() -> None:
    golden = np.linspace(10, 300, 500)
    usual = Usual(((140.0,), (150.0,), (148.0,), (152.0,)), golden, labels=(0.0, 310.0))

    found = answered.look(np.append(golden, [-5.0, 900.0]), usual, kinds.named("regression"), NUMBER)

    assert found.beyond == pytest.approx(2 / 502)
    assert not found.moved
    assert "of its answers lie beyond all labels that it learned from (0 to 310.0)" in found.text
