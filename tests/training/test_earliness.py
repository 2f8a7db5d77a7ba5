"""Early labels: those that come soon are noticed where they are not like the rest."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from configs.ingestion import Times
from tasks.domain.records import EarlyLabels
from tasks.problems import kinds
from tasks.training import earliness, selection

DAY = pd.Timedelta(days=1)
CUTOFF = datetime(2020, 1, 1, tzinfo=UTC)
TIMES = Times(event="at", label="known")


def loans(early_bad: float, late_bad: float, rows: int = 400) -> tuple[np.ndarray, np.ndarray]:
    """Half of the labels take 100 days, half 900; so many of each are bad."""
    delays = np.where(np.arange(rows) % 2, 900.0, 100.0)
    place = np.arange(rows) // 2 / (rows / 2)
    return delays, place < np.where(delays < 500, early_bad, late_bad)


#   bad among early and later labels   known   waited for (days)   noticed?
CASES = [
    (0.40, 0.14, 400, [300.0] * 50, True),
    (0.14, 0.40, 400, [300.0] * 50, True),
    (0.40, 0.38, 400, [300.0] * 50, False),
    (0.40, 0.40, 400, [300.0] * 50, False),
    (0.40, 0.14, 90, [300.0] * 50, False),
    (0.40, 0.14, 400, [10.0] * 50, False),
    (0.40, 0.14, 400, [1000.0] * 50, False),
]


@pytest.mark.parametrize(("early", "late", "rows", "waited", "noticed"), CASES)
def test_a_difference_between_early_and_later_labels_is_noticed(early, late, rows, waited, noticed):
    found = earliness.find(*loans(early, late, rows), np.array(waited))

    assert (found is not None) == noticed


@pytest.mark.parametrize(("waited", "known", "matters"), [(0, 0, False), (4, 96, False), (5, 95, True), (9, 0, True)])
def test_it_matters_only_where_many_labels_are_not_known_yet(waited, known, matters):
    assert earliness.matters(waited, known) == matters


def test_the_note_says_how_they_differ_and_what_to_do():
    found = EarlyLabels(350.4, 800, 0.4, 1200, 0.14, 2150)

    assert earliness.note(found, kinds.named("binary")) == (
        "labels that are known within 350 days are 40\u202f% positive, later ones 14\u202f%; "
        "2,150 are not known yet: set training.mature_after"
    )


#   age of a row at the cut-off, days until its label was known, is it labelled?   learned from with 90 days, without
AGES = [
    (90, 1, True, True, True),
    (89, 1, True, False, True),
    (200, 1, True, True, True),
    (200, 200, True, False, False),
    (200, 1, False, False, False),
    (10, 1, True, False, True),
    (10, 1, False, False, False),
]


@pytest.mark.parametrize(("age", "took", "labelled", "mature", "usual"), AGES)
def test_a_row_counts_when_its_label_had_time_to_come(age, took, labelled, mature, usual):
    at = pd.Timestamp(CUTOFF) - age * DAY
    frame = pd.DataFrame(
        {"at": [at], "known": [at + took * DAY], "bad": pd.array([True if labelled else pd.NA], "boolean")}
    )
    asked = {"times": TIMES, "label": "bad", "start": None, "cutoff": CUTOFF}

    with_age = selection.select(frame, **asked, maturity=timedelta(days=90))
    without = selection.select(frame, **asked)

    assert (len(with_age.frame), len(without.frame)) == (int(mature), int(usual))
    for found in (with_age, without):
        assert len(found.frame) + found.excluded_unlabelled + found.excluded_unknown == 1
