"""Answers: which values a yes/no label may have, so that none ever counts as a no only because nobody knows it.

A value is known if the settings say it, or if an accepted batch had it. Add here what tells a value that nobody knows;
what is yes and what is no is said in `outcomes`. Boolean labels, and numbers to predict, have nothing to ask.
"""

import re
import unicodedata
from collections.abc import Collection
from typing import Any

import pandas as pd

from configs.errors import BrokenContract
from configs.problems import KINDS
from configs.settings import PipelineSettings
from tasks.domain import wording
from tasks.ingestion import columns
from tasks.problems import outcomes

MOST = 1_000
"""More values than this are no yes or no, unless the settings say which there are."""
_NAMED = 5
_BETWEEN = re.compile(r"(?<=\w)[\s_.-]+(?=\w)")


def has_values(settings: PipelineSettings) -> bool:
    """Whether the label is a yes or no that is written as text or as a whole number."""
    rule = settings.validation.columns[settings.training.label]
    return KINDS[settings.training.problem].names_values and rule.type != "boolean"


def of(labels: "pd.Series[Any]") -> tuple[str, ...]:
    """The different values of a label as text, sorted; whole numbers without a decimal point."""
    return tuple(sorted({_text(value) for value in labels.dropna().unique()}))


def require_known(rows: pd.DataFrame, learned: Collection[str] | None, settings: PipelineSettings) -> None:
    """Refuse a batch whose label has values of which nobody has said what they are.

    Args:
        rows: Those that keep the contract.
        learned: Values of the accepted batches; None if none of them has a label yet.
        settings: What counts as yes and as no, and which values the contract lets in.

    Raises:
        BrokenContract: It has such values; the text names them.
    """
    if KINDS[settings.training.problem].names_classes:
        _require_classes(rows, settings)
        return
    if not has_values(settings):
        return
    numbers = rows[settings.training.label].value_counts()
    counts = {_text(value): int(number) for value, number in numbers.items() if number}
    declared = _declared(settings)
    alike = [value for value in counts if value not in declared and _is_like_a_yes(value, counts, learned, settings)]
    if alike:
        raise BrokenContract(_refusal(settings, "values that look like a yes, but are none", alike, counts))
    if _is_closed(settings):
        return
    if learned is None and not settings.training.negatives:
        _require_a_yes(counts, settings)
        return
    unknown = [value for value in counts if value not in declared.union(learned or ())]
    if unknown:
        what = "values that are not declared" if learned is None else "values that no batch before had"
        raise BrokenContract(_refusal(settings, what, unknown, counts, declared.union(learned or ())))


def _require_classes(rows: pd.DataFrame, settings: PipelineSettings) -> None:
    """Labels are of the classes that the settings list; of a closed contract others were set aside by it."""
    numbers, classes = rows[settings.training.label].value_counts(), settings.training.class_names
    counts = {_text(value): int(number) for value, number in numbers.items() if number}
    unknown = [value for value in counts if value not in classes]
    if unknown:
        named = _named(unknown, counts)
        raise BrokenContract(
            f"Column {settings.training.label!r} (the label) has values that are not among training.classes: {named}. "
            "Add those that are classes to training.classes; to set such rows aside, list the classes as values of the "
            "column in validation.columns."
        )


def _require_a_yes(counts: dict[str, int], settings: PipelineSettings) -> None:
    """The first labels: if there are several values and none of them is the yes, the settings may be wrong."""
    positives = {_text(value) for value in outcomes.positives(settings.training)}
    if len(counts) > MOST:
        raise BrokenContract(
            f"Column {settings.training.label!r} (the label) has {wording.count(len(counts))} different values: a yes "
            "or no has few. Name them in training.positive and training.negative."
        )
    if len(counts) > 1 and not positives & counts.keys():
        yes = ", ".join(map(repr, sorted(positives)))
        raise BrokenContract(_refusal(settings, f"values of which none is the positive one ({yes})", [*counts], counts))


def _declared(settings: PipelineSettings) -> set[str]:
    return {_text(value) for value in (*outcomes.positives(settings.training), *settings.training.negatives)}


def _is_closed(settings: PipelineSettings) -> bool:
    """Whether the contract itself lets in two values only, or those that it lists: others are set aside by it."""
    rule = settings.validation.columns[settings.training.label]
    return rule.values is not None or (rule.min is not None and rule.max is not None and rule.max - rule.min <= 1)


def _is_like_a_yes(
    value: str, there: Collection[str], learned: Collection[str] | None, settings: PipelineSettings
) -> bool:
    """The same word in another writing; where there are several other values, a new one that has the word in it."""
    is_open = len(there) > 2 and value not in (learned or ())
    for positive in map(_text, outcomes.positives(settings.training)):
        one, other = _plain(value), _plain(positive)
        if one == other:
            return True
        if is_open and other and re.search(rf"(?<!\w){re.escape(other)}(?!\w)", one):
            return True
    return False


def _plain(text: str) -> str:
    """A word without what writers differ in: capitals, blanks, dashes, forms of the same letter."""
    plain = unicodedata.normalize("NFKC", text).casefold().strip()
    return _BETWEEN.sub(" ", plain)


def _text(value: object) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _refusal(
    settings: PipelineSettings, what: str, values: list[str], counts: dict[str, int], usual_values: Collection[str] = ()
) -> str:
    named = _named(values, counts)
    usual = ", ".join(map(repr, sorted(map(columns.example, usual_values))[:_NAMED]))
    others = f"; known are {usual}{' and others' if len(usual_values) > _NAMED else ''}" if usual else ""
    return (
        f"Column {settings.training.label!r} (the label) has {what}: {named}{others}. If they are right, name "
        "those that mean yes in training.positive, and the others in training.negative."
    )


def _named(values: list[str], counts: dict[str, int]) -> str:
    """The most frequent of some values, with their numbers of rows."""
    worst = sorted(values, key=lambda value: (-counts[value], value))
    named = ", ".join(f"{columns.example(value)!r} ({wording.count(counts[value])})" for value in worst[:_NAMED])
    return f"{named} and {wording.count(len(worst) - _NAMED)} more" if len(worst) > _NAMED else named
