"""Columns of the tables that have a row per turn, by name: a head, and what stands in a cell.

Add a column here: one entry. Tables about slices, inputs and versions are in modules of their own.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from configs.settings import PipelineSettings
from tasks.domain import wording
from tasks.domain.turns import Turn
from tasks.problems import kinds
from tasks.problems.base import Problem
from tasks.reporting import sentences
from tasks.reporting.titles import capital


@dataclass(frozen=True)
class Column:
    """One column."""

    title: str
    """Its head; `{rows}`, `{gain}` and `{level}` stand for what the pipeline calls them."""
    cell: Callable[[Turn, PipelineSettings], str]


def _rows(turn: Turn, settings: PipelineSettings) -> str:
    return wording.count(turn.champion.rows) if turn.champion else wording.MISSING


def _gain(turn: Turn, settings: PipelineSettings) -> str:
    return sentences.gain(turn.comparison) if turn.champion and turn.comparison else wording.MISSING


def _expected(turn: Turn, settings: PipelineSettings) -> str:
    return _told(turn, settings).reached(turn.champion.mean_predicted) if turn.champion else wording.MISSING


def _actual(turn: Turn, settings: PipelineSettings) -> str:
    return _told(turn, settings).reached(kinds.actual(turn.champion)) if turn.champion else wording.MISSING


def _counts(turn: Turn) -> tuple[int, int, int, int]:
    """What landed, was taken in, set aside or there before: rows, or labels where a delivery is one of these."""
    batch, labels = turn.batch, turn.batch.labels
    if labels is None or not batch.is_in:
        return batch.landed, batch.accepted, batch.quarantined, batch.duplicates
    return labels.landed, labels.taken, labels.contradicting + labels.unusable + labels.empty, labels.repeated


def _unlabelled(turn: Turn, settings: PipelineSettings) -> str:
    has_none = not turn.batch.is_in or turn.batch.labels is not None
    return wording.MISSING if has_none else wording.count(turn.batch.unlabelled)


def _delivered(turn: Turn, settings: PipelineSettings) -> str:
    problem = kinds.of_labels(turn.batch)
    return problem.level(problem.delivered(turn.batch))


def _told(turn: Turn, settings: PipelineSettings) -> Problem:
    return kinds.of_turn(turn, settings.training.kind)


FIGURES: dict[str, Column] = {
    "rows": Column("{rows}", _rows),
    "champion": Column("Champion", lambda turn, _: sentences.loss(turn.champion)),
    "retrained": Column("Retrained", lambda turn, _: sentences.value(turn.probe)),
    "never": Column("Never", lambda turn, _: sentences.value(turn.never)),
    "no_model": Column("No model", lambda turn, settings: _told(turn, settings).loss(turn.dummy_loss)),
    "gain": Column("{gain} of retraining", _gain),
    "evidence": Column("Evidence", lambda turn, _: wording.evidence(turn.evidence.value if turn.evidence else None)),
    "expected": Column("Expected", _expected),
    "actual": Column("Actual", _actual),
}
"""The numbers of each turn."""
BATCHES: dict[str, Column] = {
    "landed": Column("Landed", lambda turn, _: wording.count(_counts(turn)[0])),
    "accepted": Column("Accepted", lambda turn, _: wording.count(_counts(turn)[1])),
    "quarantined": Column("Quarantined", lambda turn, _: wording.count(_counts(turn)[2])),
    "duplicates": Column("Duplicates", lambda turn, _: wording.count(_counts(turn)[3])),
    "unlabelled": Column("No label", _unlabelled),
    "level": Column("{level}", _delivered),
}
"""What became of each delivery."""


def heads(columns: Mapping[str, Column], settings: PipelineSettings) -> dict[str, str]:
    """The heads of a table, by the names of its columns."""
    problem, words = kinds.named(settings.training.kind), settings.reporting
    names = {"rows": words.row[1].capitalize(), "gain": capital(problem.gain_title)}
    names["level"] = problem.label_column(words.outcome).capitalize()
    return {name: column.title.format(**names) for name, column in columns.items()}


def cells(columns: Mapping[str, Column], turn: Turn, settings: PipelineSettings) -> dict[str, str]:
    """One row of a table, by the names of its columns."""
    return {name: column.cell(turn, settings) for name, column in columns.items()}
