"""Plots: the curves are right, every defined plot is drawn, and hostile names do no harm."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tasks.domain.class_records import ClassScore
from tasks.domain.records import CalibrationBin, Score
from tasks.problems import kinds, plots

BINS = tuple(CalibrationBin(100, share / 10, share / 9) for share in range(5))


def scored(*bins: CalibrationBin, classes: tuple[str, ...] = ()) -> Score:
    each = tuple(ClassScore(name, 10, 10, 5, 0.3) for name in classes)
    return Score("m", "b", 20, 10, 0.5, (), (), bins, classes=each)


def judged(rows: int = 3000) -> tuple[NDArray[np.bool_], NDArray[np.float32]]:
    source = np.random.default_rng(7)
    answers = source.beta(1, 3, rows).astype(np.float32)
    return source.random(rows) < answers, answers


def test_curves_of_a_large_batch_are_thinned_and_keep_both_ends() -> None:
    across, up = plots._thinned(np.linspace(0, 1, 50_000), np.linspace(0, 2, 50_000))

    assert len(across) == len(up) <= 401
    assert (across[0], across[-1], up[-1]) == (0, 1, 2)


def test_four_plots_are_drawn_as_small_pictures(tmp_path: Path) -> None:
    drawn = kinds.named("binary").draw(tmp_path, *judged(50_000), scored(*BINS), (("size", 0.05), ("city", -0.001)))

    assert [path.name for path in drawn] == ["roc.png", "precision_recall.png", "calibration.png", "importance.png"]
    assert all(path.read_bytes().startswith(b"\x89PNG") and path.stat().st_size < 60_000 for path in drawn)


def test_of_a_number_answers_and_errors_are_drawn(tmp_path: Path) -> None:
    source = np.random.default_rng(3)
    labels = source.normal(500, 100, 5000)
    groups = tuple(CalibrationBin(500, -40.0 * n, 35.0 * n) for n in range(10))

    drawn = kinds.named("regression").draw(
        tmp_path, labels, labels + source.normal(0, 20, 5000), scored(*groups), (("size", 812.5),)
    )

    assert [path.name for path in drawn] == ["answers.png", "errors.png", "calibration.png", "importance.png"]
    assert all(path.read_bytes().startswith(b"\x89PNG") and path.stat().st_size < 90_000 for path in drawn)


def test_a_single_number_is_drawn_without_a_warning(tmp_path: Path) -> None:
    drawn = kinds.named("regression").draw(
        tmp_path, np.array([5.0]), np.array([5.0]), scored(CalibrationBin(1, 5.0, 5.0)), ()
    )

    assert len(drawn) == 3


@pytest.mark.parametrize("outcome", [True, False])
def test_curves_of_one_outcome_are_left_out(outcome: bool, tmp_path: Path) -> None:
    drawn = kinds.named("binary").draw(tmp_path, np.full(20, outcome), np.linspace(0, 1, 20), scored(*BINS), ())

    assert [path.name for path in drawn] == ["calibration.png"]


def test_hostile_names_are_drawn_as_they_are(tmp_path: Path) -> None:
    names = ("$\\frac{1}{", "<b>bold</b>", "a" * 500, "", "大きさ", "line\nbreak")

    drawn = kinds.named("binary").draw(tmp_path, *judged(), scored(), tuple((name, 0.01) for name in names))

    assert drawn[-1].name == "importance.png"


def test_a_model_that_never_predicts_above_zero_has_a_calibration_plot(tmp_path: Path) -> None:
    drawn = kinds.named("binary").draw(
        tmp_path, np.full(9, False), np.zeros(9), scored(CalibrationBin(9, 0.0, 0.0)), ()
    )

    assert len(drawn) == 1


def test_of_several_classes_it_is_drawn_which_are_taken_for_which(tmp_path: Path) -> None:
    source, names = np.random.default_rng(3), ("tea", "$\\frac{1}{", "a" * 500)
    answers = source.dirichlet((1.0, 1.0, 1.0), 500)

    drawn = kinds.named("multiclass").draw(
        tmp_path, source.choice(3, 500).astype(float), answers, scored(*BINS, classes=names), (("size", 0.1),)
    )

    assert [path.name for path in drawn] == ["confusion.png", "calibration.png", "importance.png"]
    assert all(path.read_bytes().startswith(b"\x89PNG") and path.stat().st_size < 60_000 for path in drawn)
