"""What rows would change in a pipeline file that there is: columns that came or went, other types, wider ranges.

Only what is certain from the rows is said; what the file says on purpose (features, candidates, a cut) is not argued
with.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from configs.settings import PipelineSettings
from configs.validation import ColumnRule
from tasks.drafting import ranges, sheet
from tasks.drafting.survey import Column

_TYPES = {"time": "timestamp", "empty": "category"}


@dataclass(frozen=True)
class Change:
    """One line that would be another one."""

    setting: str
    what: str
    """A sentence without a full stop."""
    line: str
    """What could stand there instead; empty if that is for a person to say."""


def changes(settings: PipelineSettings, columns: Sequence[Column], features: Collection[str]) -> list[Change]:
    """What is not in the rows as the contract says, column by column in its order, then what is new.

    Args:
        settings: Of the pipeline.
        columns: What stands in the rows.
        features: Columns that a draft from these rows would learn from.
    """
    there = {column.name: column for column in columns}
    changed = list[Change]()
    for name, rule in settings.validation.columns.items():
        if name in settings.ingestion.derive:
            continue
        column = there.get(name)
        if column is None and name in settings.late_columns:
            continue  # it comes later, is looked up, or may be left out
        if column is None:
            changed.append(Change(f"validation.columns.{name}", f"the rows have no column {name!r}", ""))
        else:
            changed += _of_column(column, rule)
    described = {
        *settings.validation.columns,
        *(name for one in settings.ingestion.derive.values() for name in one.columns),
    }
    for column in (column for column in columns if column.name in features and column.name not in described):
        line = f"{sheet.scalar(column.name)}: {sheet.flow(ranges.rule(column))}"
        changed.append(Change("training.features", f"{column.name} is in the rows and not in the contract", line))
    return changed


def _of_column(column: Column, rule: ColumnRule) -> Iterator[Change]:
    where = f"validation.columns.{column.name}"
    kind = _TYPES.get(column.kind, column.kind)
    if not _is_read_as(column, rule.type):
        shown = f", such as {column.value(0)!r}" if column.common else ""
        yield Change(where, f"it holds {kind} values{shown}, and is a {rule.type} in the contract", "")
        return
    wider = rule.model_dump(exclude_defaults=True)
    reasons = list[str]()
    if column.missing and not rule.nullable:
        reasons.append(f"it is missing in {column.missing:,} rows")
        wider["nullable"] = True
    if column.numbers is not None and column.levels:
        low, high = float(np.nanmin(column.numbers)), float(np.nanmax(column.numbers))
        reach = ranges.reach(low, high, whole=rule.type == "integer")
        if rule.min is not None and low < rule.min:
            reasons.append(f"its least value is {low:g}")
            wider["min"] = reach["min"]
        if rule.max is not None and high > rule.max:
            reasons.append(f"its largest value is {high:g}")
            wider["max"] = reach["max"]
    strange = [value for value, _ in column.common if rule.values is not None and value not in rule.values]
    if strange:
        reasons.append(f"it has {', '.join(map(repr, strange[:4]))}")
        wider["values"] = [*(rule.values or ()), *strange]
    if reasons:
        yield Change(where, "; ".join(reasons), f"{sheet.scalar(column.name)}: {sheet.flow(wider)}")


def _is_read_as(column: Column, wanted: str) -> bool:
    """Whether every value of a column can be read as the contract wants it."""
    kind = _TYPES.get(column.kind, column.kind)
    return wanted in (kind, "category") or column.kind == "empty" or (wanted == "number" and kind == "integer")
