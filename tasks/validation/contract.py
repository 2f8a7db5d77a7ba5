"""The contract: rows that break a rule are set aside with reasons, broken batches are refused.

Add a rule here when the YAML can ask for it: its check in `_checks`, its words in `demands`. Values are never changed.
The form of a batch is judged in `columns`, against the batches before it in `triage`; whether the world has moved is
asked in `monitoring`, of rows that passed.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from configs.errors import BrokenContract
from configs.validation import ColumnRule, ValidationSettings
from tasks.domain import wording
from tasks.domain.records import RuleFinding
from tasks.ingestion import columns, digits
from tasks.problems import scale
from tasks.validation.demands import EXACT, LARGEST, demand

if TYPE_CHECKING:
    import pandera.pandas as pa

_EXAMPLES = 3
_OF_KEY = {"key": "one row for each", "taken": "new (a row with this key and other content was accepted before)"}

Rule = Callable[["pd.Series[Any]"], NDArray[np.bool_]]
"""Which values of a column keep a rule, shape (rows,); whether one may be missing is not asked here."""
Broken = Mapping[tuple[str, str], NDArray[np.int64]]
"""Positions of the rows that break a rule, by column and rule; the key has no column."""


@dataclass(frozen=True)
class Checked:
    """Rows that keep the contract and rows that do not; together they are all rows, unchanged and in order."""

    accepted: pd.DataFrame
    quarantined: pd.DataFrame
    """With the column `_reasons`."""
    findings: tuple[RuleFinding, ...]
    """What each broken rule kept out; a row that breaks two rules counts in both."""


def check(
    frame: pd.DataFrame,
    settings: ValidationSettings,
    label: str,
    taken: NDArray[np.bool_] | None = None,
    ahead: tuple[str, NDArray[np.bool_]] | None = None,
) -> Checked:
    """Let the contract judge new rows.

    Args:
        frame: Rows without exact duplicates.
        settings: The contract.
        label: Column to predict; it is called so in the text of a refusal.
        taken: Which rows have the key of a row that was accepted before, shape (rows,).
        ahead: Column of label times, and which of its rows have a label that cannot be known yet, shape (rows,).

    Raises:
        BrokenContract: The batch as a whole cannot be taken in; the text says why.
    """
    columns.require(frame, settings, label)
    if frame.empty:
        raise BrokenContract("There are no rows.")
    rows = frame.reset_index(drop=True)
    broken = dict(_broken(rows, settings, label))
    if taken is not None and taken.any():
        broken["", "taken"] = np.flatnonzero(taken)
    if ahead is not None and ahead[1].any():
        broken[ahead[0], "ahead"] = np.flatnonzero(ahead[1])
    bad = np.zeros(len(rows), dtype=bool)
    for places in broken.values():
        bad[places] = True
    findings = tuple(_finding(rows, settings, label, *rule, places) for rule, places in broken.items())
    _require_enough(bad, findings, settings.max_quarantined)
    reasons = pd.Series(_reasons(bad, findings, broken), dtype="str")
    quarantined = rows[bad].reset_index(drop=True).assign(**{columns.REASONS: reasons})
    return Checked(rows[~bad].reset_index(drop=True), quarantined, findings)


def demands(rows: pd.DataFrame, rules: Mapping[str, ColumnRule]) -> dict[int, list[str]]:
    """What the values of rows must be that break some of the rules: `hour: at most 23`.

    Args:
        rows: With these columns, each of its type.
        rules: Of columns that are not the label.

    Returns:
        Of each row that breaks one, by its place from 0 on.
    """
    wanted: dict[int, list[str]] = {}
    for (name, broken), bad in _broken_by_values(rows, rules, None).items():
        for place in np.flatnonzero(bad):
            wanted.setdefault(int(place), []).append(f"{name}: {demand(rules[name], broken)}")
    return wanted


def schema(settings: ValidationSettings, label: str | None = None) -> "pa.DataFrameSchema":
    """The contract as a pandera schema: the same rules, for a notebook or a test of one's own; it never converts.

    `check` asks the rules without it: pandera needs half a second to be imported, and its verdict is the same.

    Args:
        settings: The contract.
        label: Column to predict, which has a bound of its own.
    """
    import pandera.pandas as pa

    return pa.DataFrameSchema(
        {
            name: pa.Column(
                None,
                [pa.Check(_as_series(keeps), name=broken) for broken, keeps in _rules(rule, _largest(name, label))],
                nullable=rule.nullable,
            )
            for name, rule in settings.columns.items()
        },
        unique=list(settings.key) or None,
        report_duplicates="all",
    )


# ── the rules ─────────────────────────────────────────────────────────────────────────────────────────────────────
def _rules(rule: ColumnRule, largest: float) -> Iterator[tuple[str, Rule]]:
    """The rules for the values of a column, each by its name; what is missing keeps them all."""
    if rule.type in ("integer", "number"):
        yield "finite", _is_below(largest)
    if rule.type == "integer":
        yield "whole", _is_whole
        yield "exact", _is_below(EXACT)
    if rule.min is not None:
        yield "min", _at_least(rule.min)
    if rule.max is not None:
        yield "max", _at_most(rule.max)
    if rule.values is not None:
        yield "values", _one_of(rule.values)


def _largest(name: str, label: str | None) -> float:
    return scale.LARGEST_LABEL if name == label else LARGEST


def _is_below(largest: float) -> Rule:
    """Of decimal numbers; those that are stored as whole ones are.

    The largest numbers that there are mark what is missing; they measure nothing, and have no finite square. From 2^53
    on a float may not be the whole number that somebody wrote: 2^53 + 1 becomes 2^53.
    """

    def is_below(values: "pd.Series[Any]") -> NDArray[np.bool_]:
        numbers = _floats(values)
        return np.ones(len(values), dtype=bool) if numbers is None else ~(np.abs(numbers) >= largest)

    return is_below


def _is_whole(values: "pd.Series[Any]") -> NDArray[np.bool_]:
    numbers = _floats(values)
    return np.ones(len(values), dtype=bool) if numbers is None else np.isnan(numbers) | (np.floor(numbers) == numbers)


def _floats(values: "pd.Series[Any]") -> NDArray[np.float64] | None:
    """The values of a column of decimal numbers; None of any other column."""
    is_decimal = pd.api.types.is_float_dtype(values.dtype)
    return values.to_numpy(dtype=np.float64, na_value=np.nan) if is_decimal else None


def _at_least(bound: float) -> Rule:
    """Whole numbers are compared with a whole bound: as floats, those above 2^53 would be rounded."""
    return lambda values: ~_true(values < (math.ceil(bound) if _are_integers(values) else bound))


def _at_most(bound: float) -> Rule:
    return lambda values: ~_true(values > (math.floor(bound) if _are_integers(values) else bound))


def _one_of(allowed: tuple[str, ...]) -> Rule:
    return lambda values: _true(values.isin(allowed) | values.isna())


def _are_integers(values: "pd.Series[Any]") -> bool:
    return bool(pd.api.types.is_integer_dtype(values.dtype))


def _true(answers: "pd.Series[Any]") -> NDArray[np.bool_]:
    """Answers with 'unknown' (a missing value) as no."""
    sure: NDArray[np.bool_] = answers.to_numpy(dtype=bool, na_value=False)
    return sure


def _as_series(keeps: Rule) -> "Callable[[pd.Series[Any]], pd.Series[bool]]":
    """The rule as pandera asks it."""
    return lambda values: pd.Series(keeps(values), index=values.index)


# ── from failures to findings ─────────────────────────────────────────────────────────────────────────────────────
def _broken(rows: pd.DataFrame, settings: ValidationSettings, label: str) -> Broken:
    """Which rows break which rule, in the order of the contract; the key comes last."""
    broken = _broken_by_values(rows, settings.columns, label)
    if settings.key:
        broken["", "key"] = rows.duplicated(digits.beside(rows, settings.key), keep=False).to_numpy()
    return {rule: np.flatnonzero(bad) for rule, bad in broken.items() if bad.any()}


def _broken_by_values(
    rows: pd.DataFrame, rules: Mapping[str, ColumnRule], label: str | None
) -> dict[tuple[str, str], NDArray[np.bool_]]:
    broken: dict[tuple[str, str], NDArray[np.bool_]] = {}
    for name, rule in rules.items():
        column = rows[name]
        if not rule.nullable:
            broken[name, "missing"] = column.isna().to_numpy()
        broken |= {(name, named): ~keeps(column) for named, keeps in _rules(rule, _largest(name, label))}
        if rule.type == "timestamp":
            broken[name, "calendar"] = columns.beyond_calendar(column)
    return broken


def _finding(
    rows: pd.DataFrame,
    settings: ValidationSettings,
    label: str,
    column: str,
    rule: str,
    places: NDArray[np.int64],
) -> RuleFinding:
    if rule in _OF_KEY:
        names = list(settings.key)
        shown = rows.loc[places, names].drop_duplicates().head(_EXAMPLES)
        examples = [" ".join(columns.example(value) for value in row) for row in shown.itertuples(index=False)]
        return RuleFinding(", ".join(names), rule, _OF_KEY[rule], len(places), tuple(examples))
    values = rows.loc[places, column].drop_duplicates().head(_EXAMPLES)
    examples = [] if rule == "missing" else [columns.example(value) for value in values]
    return RuleFinding(
        column, rule, demand(settings.columns[column], rule, _largest(column, label)), len(places), tuple(examples)
    )


def _require_enough(bad: NDArray[np.bool_], findings: tuple[RuleFinding, ...], most: float) -> None:
    quarantined, rows = int(bad.sum()), len(bad)
    if quarantined / rows <= most and quarantined < rows:
        return
    allowed = f"at most {wording.count(math.floor(most * rows + 1e-9))} ({wording.number(100 * most)}\u202f%) may"
    raise BrokenContract(
        f"{wording.count(quarantined)} of {wording.count(rows)} rows break the contract"
        f"{'' if quarantined / rows <= most else f', {allowed}'}: {'; '.join(_worst(findings))}."
    )


def _worst(findings: tuple[RuleFinding, ...]) -> Iterator[str]:
    """The rules that keep out most, worst first."""
    for finding in sorted(findings, key=lambda finding: -finding.rows)[:_EXAMPLES]:
        shown = f", e.g. {finding.examples[0]}" if finding.examples else ""
        plural = "" if finding.rows == 1 else "s"
        yield f"{finding.column!r} must be {finding.message} ({wording.count(finding.rows)} row{plural}{shown})"


def _reasons(bad: NDArray[np.bool_], findings: tuple[RuleFinding, ...], broken: Broken) -> list[str]:
    """For each bad row all its reasons."""
    reasons: list[list[str]] = [[] for _ in range(int(bad.sum()))]
    place_of = np.cumsum(bad) - 1
    for finding, places in zip(findings, broken.values(), strict=True):
        for place in place_of[places]:
            reasons[place].append(f"{finding.column}: {finding.message}")
    return ["; ".join(of_row) for of_row in reasons]
