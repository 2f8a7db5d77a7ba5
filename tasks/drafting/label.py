"""The label: which column is predicted, whether it is a yes or no or a number, and what counts as yes.

Add a rule here by which an answer can be told from its values. Columns that give it away belong to `giveaways`.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from configs.errors import MistakeOfUser
from configs.problems import KINDS
from configs.section import ColumnType
from tasks.drafting.guess import Ask, Guess, nearest
from tasks.drafting.survey import Column

_NAMED = re.compile(
    r"(^|_)(label|target|class|outcome|churn|y|default|fraud|result|response|converted|clicked)(_|$|\d)|^is_",
    re.IGNORECASE,
)
YES = (
    "1",
    "true",
    "yes",
    "y",
    "t",
    "1.0",
    "positive",
    "pos",
    "up",
    "churn",
    "churned",
    "bad",
    "fraud",
    "default",
    "failed",
    "late",
)
_NO = ("0", "false", "no", "n", "f", "0.0", "negative", "neg", "down", "good", "ok", "paid", "none")
_BAD = re.compile(r"charged.?off|default|fraud|cancel|churn|late|fail|bad|reject|lost|return", re.IGNORECASE)
_YES_OR_NO = next(name for name, kind in KINDS.items() if kind.names_values)
_CLASSES = next(name for name, kind in KINDS.items() if kind.names_classes)
_NUMBER = next(name for name, kind in KINDS.items() if kind.learner == "regressor")
_RARER = "the rarer of the two"
_FEW = 20
"""Up to so many different values text can be a label, and a whole number is looked at as one that could be classes."""


@dataclass(frozen=True)
class Label:
    """What is predicted."""

    column: Column
    problem: str
    """What the settings call it."""
    type: ColumnType
    positives: tuple[str, ...]
    """Values that count as yes, as they stand in the rows; of a yes or no only."""
    negatives: tuple[str, ...]
    """All others."""
    guesses: tuple[Guess, ...]

    @property
    def is_yes_or_no(self) -> bool:
        """Whether it is one."""
        return self.problem == _YES_OR_NO

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes, the most frequent first; none of a yes or no, and of a number."""
        return tuple(value for value, _ in self.column.common) if self.problem == _CLASSES else ()

    @property
    def numbers(self) -> "NDArray[np.float64]":
        """Of each row 1 for yes and 0 for no, its number, or the place of its class; NaN where it is not known.

        Shape (rows,).
        """
        column = self.column
        if self.classes:
            return np.where(column.codes < 0, np.nan, column.codes.astype(np.float64))
        if not self.is_yes_or_no:
            assert column.numbers is not None
            return column.numbers
        positives = self.positives or tuple(value for value, _ in column.common if value.lower() == "true")
        is_yes = np.array([float(value in positives) for value, _ in column.common] or [0.0])
        return np.where(column.codes < 0, np.nan, is_yes[np.clip(column.codes, 0, len(is_yes) - 1)])

    def written(self, values: Sequence[str]) -> list[str | int]:
        """Values as the settings have them."""
        return [int(float(value.replace(",", "."))) if self.type == "integer" else value for value in values]


def choose(columns: Sequence[Column], wanted: str | None, ask: Ask) -> Label:
    """The label.

    Args:
        columns: All columns of the rows.
        wanted: `COLUMN` or `COLUMN=VALUE,VALUE`, as the user says it; None to guess.
        ask: Asked for what the rows do not tell.

    Raises:
        MistakeOfUser: There is no such column or value, or it cannot be predicted.
    """
    names = {column.name: column for column in columns}
    named, _, values = (wanted or "").partition("=")
    if wanted is not None and wanted in names:
        named, values = wanted, ""
    if wanted is None:
        usual, why = _likely(columns)
        named = ask("Which column is to be predicted?", [one.name for one in columns if _can_be(one)], usual)
        guess = Guess("training.label", named, why if named == usual else "as you said", is_doubtful=named == usual)
    else:
        guess = Guess("training.label", named, "as you said")
    if named not in names:
        hint = nearest(named, list(names))
        raise MistakeOfUser(f"There is no column {named!r} to predict{hint}. There are: {_listed(list(names))}.")
    column = names[named]
    wanted_values = tuple(filter(None, (value.strip() for value in values.split(","))))
    if column.notes and column.kind in ("category", "empty"):
        raise MistakeOfUser(f"{named!r} cannot be predicted: {column.notes[0]}.")
    _require_several(column)
    if wanted_values or _is_yes_or_no(column):
        return _yes_or_no(column, wanted_values, guess, ask)
    if column.kind in ("integer", "number"):
        could_be_classes = column.kind == "integer" and column.levels <= _FEW
        many = f"{column.levels:,} different numbers"
        many += f"; if they are classes, say which is a yes: --label {named}=VALUE" if could_be_classes else ""
        return Label(
            column,
            _NUMBER,
            "integer" if column.kind == "integer" else "number",
            (),
            (),
            (guess, Guess("training.problem", _NUMBER, many, is_doubtful=could_be_classes)),
        )
    if column.kind == "category" and column.levels <= _FEW:
        has_a_yes = any(_BAD.search(value) or value.casefold() in YES for value, _ in column.common)
        return _yes_or_no(column, (), guess, ask) if has_a_yes else _classes(column, guess)
    raise MistakeOfUser(
        f"{named!r} cannot be predicted: it has {column.levels:,} different values ({_examples(column)}). A label is a "
        f"number, or has values of which some count as yes: --label '{named}=VALUE'."
    )


def _likely(columns: Sequence[Column]) -> tuple[str, str]:
    able = [column for column in columns if _can_be(column)]
    if not able:
        raise MistakeOfUser(
            "No column can be predicted: none is a number, or has a few values. Name one with --label COLUMN."
        )
    named = [column for column in able if _NAMED.search(column.name) and _is_yes_or_no(column)]
    if named:
        return named[-1].name, "its name and its two values"
    return (able[-1].name, "the last column that can be predicted")


def _can_be(column: Column) -> bool:
    return column.kind in ("integer", "number", "boolean") or (column.kind == "category" and 1 < column.levels <= _FEW)


def _is_yes_or_no(column: Column) -> bool:
    return column.kind == "boolean" or column.levels == 2


def _require_several(column: Column) -> None:
    if column.kind == "time":
        raise MistakeOfUser(f"{column.name!r} cannot be predicted: it is a time. A label is a yes or no, or a number.")
    if column.levels < 2:
        there = f"only {column.value(0)!r}" if column.levels else "no value at all"
        raise MistakeOfUser(f"{column.name!r} cannot be predicted: it has {there}.")


def _classes(column: Column, guess: Guess) -> Label:
    several = f"{column.levels} values, of which none means yes; of one as the yes: --label {column.name}=VALUE"
    classes = Guess("training.problem", _CLASSES, several, is_doubtful=True)
    return Label(column, _CLASSES, "category", (), (), (guess, classes))


def _yes_or_no(column: Column, wanted: tuple[str, ...], guess: Guess, ask: Ask) -> Label:
    values = [value for value, _ in column.common]
    if column.kind == "boolean" and not wanted:
        return Label(column, _YES_OR_NO, "boolean", (), (), (guess,))
    positives, why = _wanted(column, values, wanted) if wanted else _guessed(column, values, ask)
    negatives = tuple(value for value in values if value not in positives)
    if not negatives:
        raise MistakeOfUser(
            f"All values of {column.name!r} would count as yes ({_listed(list(positives))}); name fewer."
        )
    is_doubtful = not wanted and (column.levels > 2 or why == _RARER)
    shown = Guess("training.positive", _listed(list(positives)), why, is_doubtful=is_doubtful)
    kind: ColumnType = "category"
    if column.kind == "boolean":
        kind = "boolean"
    elif column.kind == "integer" or _are_whole(column, values):
        kind = "integer"
    elif column.kind == "number":
        raise MistakeOfUser(
            f"{column.name!r} has numbers with decimals ({_examples(column)}); such values cannot count as yes."
        )
    return Label(column, _YES_OR_NO, kind, positives, negatives, (guess, shown))


def _are_whole(column: Column, values: Sequence[str]) -> bool:
    return (
        column.kind == "number"
        and column.form is None
        and all(float(value.replace(",", ".")).is_integer() for value in values)
    )


def _wanted(column: Column, values: Sequence[str], wanted: Sequence[str]) -> tuple[tuple[str, ...], str]:
    """The values that were named, and those that have such a one as a part: `Charged Off` and its variants."""
    by_fold = {value.casefold(): value for value in values}
    chosen: dict[str, None] = {}
    for one in wanted:
        exact = one if one in values else by_fold.get(one.casefold())
        variants = (
            [value for value in values if one.casefold() in value.casefold()] if column.kind == "category" else []
        )
        if exact is None and not variants:
            raise MistakeOfUser(f"{column.name!r} has no value {one!r}. There are: {_listed(values)}.")
        chosen |= dict.fromkeys([*([exact] if exact else []), *(variants if column.levels > 2 else [])])
    more = len(chosen) - len(wanted)
    return tuple(chosen), "as you said" + (f", with {more} more that have it as a part" if more > 0 else "")


def _guessed(column: Column, values: Sequence[str], ask: Ask) -> tuple[tuple[str, ...], str]:
    if len(values) == 2:
        rarest_first = sorted(values, key=lambda value: dict(column.common)[value])
        ranked = sorted(rarest_first, key=_rank)
        yes, no = _rank(ranked[0]) == 0, _rank(ranked[1]) == 2
        if yes and not no and column.numbers is not None and max(column.numbers[~np.isnan(column.numbers)]) > 1:
            return (rarest_first[0],), _RARER  # 1 beside 2 counts classes
        return (ranked[0],), "the word for yes" if yes else "the other one means no" if no else _RARER
    bad = [value for value in values if _BAD.search(value)]
    usual = bad if bad and len(bad) < len(values) else [values[-1]]
    why = "what is usually watched for" if bad else "the rarest value; say --label COLUMN=VALUE for another"
    chosen = ask(f"Which values of {column.name} count as yes? (parted by commas)", values, ", ".join(usual))
    if chosen == ", ".join(usual):
        return tuple(usual), f"{why}, of {len(values)} values"
    picked, _ = _wanted(column, values, [part.strip() for part in chosen.split(",")])
    return picked, "as you said"


def _rank(value: str) -> int:
    folded = value.casefold()
    return 0 if folded in YES else 2 if folded in _NO else 1


def _examples(column: Column) -> str:
    return _listed([value for value, _ in column.common[:4]])


def _listed(names: Sequence[str], most: int = 12) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
