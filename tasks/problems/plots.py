"""Plots of a judged model for MLflow: ROC, precision-recall, calibration, importance; small PNG files.

Add a plot here when it belongs to one model and one batch; the kind of problem says which are drawn. Charts of the
report are drawn by `tasks.reporting`.
Only the object API of matplotlib is used: no pyplot, no global state.
"""

import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from tasks.domain.records import CalibrationBin
from tasks.problems.outcomes import Outcomes

_INK, _LINE, _FAINT = "#1f2933", "#1d5fbf", "#9aa5b1"
_POINTS, _DOTS = 401, 3000
_MOST_BARS, _MOST_CELLS = 20, 12

Floats = NDArray[np.float64]


def both_curves(folder: Path, outcomes: Outcomes, answers: NDArray[np.floating]) -> list[Path]:
    """ROC and precision over recall; both outcomes must be there.

    Drawn here and not by scikit-learn's Display classes, which import pyplot.
    """
    from sklearn import metrics

    false_share, true_share, _ = metrics.roc_curve(outcomes, answers)
    figure, axes = _empty("ROC", "false positive rate", "true positive rate")
    axes.plot([0, 1], [0, 1], color=_FAINT, linestyle="--", linewidth=1)
    axes.plot(*_thinned(false_share, true_share), color=_LINE, linewidth=2)
    area = f"area {metrics.auc(false_share, true_share):.3f}"
    axes.text(0.97, 0.05, area, ha="right", color=_INK, transform=axes.transAxes)
    roc = _saved(figure, folder / "roc.png")

    precision, recall, _ = metrics.precision_recall_curve(outcomes, answers, drop_intermediate=True)
    figure, axes = _empty("Precision and recall", "recall", "precision")
    axes.axhline(float(outcomes.mean()), color=_FAINT, linestyle="--", linewidth=1)
    axes.plot(*_thinned(recall[:-1], precision[:-1]), color=_LINE, linewidth=2)
    share = f"positive {float(outcomes.mean()):.1%}"
    axes.text(0.97, 0.92, share, ha="right", color=_INK, transform=axes.transAxes)
    return [roc, _saved(figure, folder / "precision_recall.png")]


def _thinned(*curve: Floats) -> list[Floats]:
    """At most some hundred points of a curve, evenly spread, with both ends."""
    shown = np.unique(np.linspace(0, len(curve[0]) - 1, min(_POINTS, len(curve[0]))).astype(int))
    return [side[shown] for side in curve]


def calibration(folder: Path, bins: Sequence[CalibrationBin]) -> Path:
    """Calibration of shares."""
    figure, axes = _empty("Calibration", "predicted share", "actual share")
    top = max(max(group.predicted, group.actual) for group in bins) * 1.08 or 1.0
    axes.plot([0, top], [0, top], color=_FAINT, linestyle="--", linewidth=1)
    axes.plot([g.predicted for g in bins], [g.actual for g in bins], color=_LINE, linewidth=1, marker="o", markersize=5)
    axes.set_xlim(0, top)
    axes.set_ylim(0, top)
    return _saved(figure, folder / "calibration.png")


def answers(folder: Path, outcomes: Outcomes, answers: NDArray[np.floating]) -> Path:
    """Label over answer of at most some thousand rows, evenly spread."""
    figure, axes = _empty("Answers and labels", "answer", "label")
    shown = np.unique(np.linspace(0, len(answers) - 1, min(_DOTS, len(answers))).astype(int))
    ends = [float(end) for side in (answers, outcomes) for end in (side.min(), side.max())]
    axes.plot([min(ends), max(ends)], [min(ends), max(ends)], color=_FAINT, linestyle="--", linewidth=1)
    axes.scatter(answers[shown], outcomes[shown], s=6, alpha=0.35, color=_LINE, linewidths=0)
    _free(axes)
    return _saved(figure, folder / "answers.png")


def confusion(folder: Path, outcomes: Outcomes, named: NDArray[np.intp], classes: Sequence[str]) -> Path:
    """Of the rows of each class, the share that was put in each."""
    size = len(classes)
    counts = np.bincount(outcomes.astype(np.intp) * size + named, minlength=size * size).reshape(size, size)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    names = [name[:20] for name in classes]
    figure, axes = _empty("Of each class, what it was named", "named", "class", left=_room_for(names))
    _free(axes)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    for (row, column), share in np.ndenumerate(shares) if size <= _MOST_CELLS else ():
        ink = "white" if share > 0.6 else _INK
        axes.text(column, row, f"{share:.0%}", ha="center", va="center", color=ink, fontsize=8)
    axes.set_xticks(range(size), names, fontsize=8, rotation=30 if size > 4 else 0, parse_math=False)
    axes.set_yticks(range(size), names, fontsize=8, parse_math=False)
    return _saved(figure, folder / "confusion.png")


def errors(folder: Path, outcomes: Outcomes, answers: NDArray[np.floating]) -> Path:
    """How many rows have which error."""
    figure, axes = _empty("Errors", "answer minus label", "rows")
    axes.hist(answers - outcomes, bins=40, color=_LINE)
    axes.axvline(0, color=_FAINT, linestyle="--", linewidth=1)
    _free(axes)
    return _saved(figure, folder / "errors.png")


def groups(folder: Path, bins: Sequence[CalibrationBin], label: str = "mean label") -> Path:
    """Calibration of a number: ten groups of rows by answer."""
    figure, axes = _empty("Ten groups by answer", "mean answer", label)
    ends = [end for group in bins for end in (group.predicted, group.actual)]
    axes.plot([min(ends), max(ends)], [min(ends), max(ends)], color=_FAINT, linestyle="--", linewidth=1)
    axes.plot([g.predicted for g in bins], [g.actual for g in bins], color=_LINE, linewidth=1, marker="o", markersize=5)
    _free(axes)
    return _saved(figure, folder / "calibration.png")


def _free(axes: Axes) -> None:
    """Ends by what is drawn, not 0 to 1."""
    axes.set_xlim(auto=True)
    axes.set_ylim(auto=True)
    axes.autoscale_view()


def importance(folder: Path, importance: Sequence[tuple[str, float]], loss: str) -> Path:
    """What shuffling each of the inputs that matter most costs, largest first."""
    importance = importance[:_MOST_BARS]
    names = [name[:40] for name, _ in importance]
    figure, axes = _empty("Permutation importance", f"rise in {loss} when shuffled", "", left=_room_for(names))
    _free(axes)
    axes.barh(range(len(importance)), [value for _, value in importance], color=_LINE, height=0.7)
    axes.set_yticks(range(len(importance)), names, fontsize=8, parse_math=False)
    axes.invert_yaxis()
    return _saved(figure, folder / "importance.png")


def _room_for(names: Sequence[str]) -> float:
    """Share of the width that the longest name takes at 8 points."""
    return min(0.05 + 0.0135 * max(map(len, names)), 0.6)


def _empty(title: str, across: str, up: str, left: float = 0.13) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(5, 4), dpi=96)
    axes = figure.add_axes((left, 0.14, 0.96 - left, 0.76))
    axes.set_title(title, loc="left", color=_INK, fontsize=11)
    axes.set_xlabel(across, color=_INK)
    axes.set_ylabel(up, color=_INK)
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1.02)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    return figure, axes


def _saved(figure: Figure, path: Path) -> Path:
    FigureCanvasAgg(figure)
    with warnings.catch_warnings():
        # A name in a script that the font does not have is drawn as boxes.
        warnings.filterwarnings("ignore", message="Glyph .* missing from", category=UserWarning)
        figure.savefig(path, format="png")
    return path
