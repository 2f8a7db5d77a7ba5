"""The records of batches: what became of a delivery, written down so that every landed row is accounted for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from configs.errors import IncumbentError
from configs.settings import PipelineSettings
from tasks.domain.records import Batch, BatchStatus, RuleFinding, Suspect
from tasks.ingestion import columns, digits, intake
from tasks.problems import kinds
from tasks.validation import contract
from tasks.validation import labels as answers

ASIDE = "_aside"
"""Column of the file of rows set aside: `quarantined` or `duplicate`."""


_AHEAD = timedelta(days=1)


@dataclass(frozen=True)
class SortedOut:
    """A delivery after the contract: every landed row is in one of the two frames."""

    accepted: pd.DataFrame
    aside: pd.DataFrame
    """Quarantined rows and exact duplicates, with the columns `_aside` and `_reasons`."""
    findings: tuple[RuleFinding, ...]


def sort_out(
    frame: pd.DataFrame, earlier: Sequence[pd.DataFrame], settings: PipelineSettings, now: datetime | None = None
) -> SortedOut:
    """Separate exact duplicates, then let the contract judge the rest.

    A row with the key of an accepted one and other content is quarantined, unless it is to take the place of that one:
    what was accepted is never changed silently.

    Args:
        frame: The delivery.
        earlier: Rows of the accepted batches that `related` names, but for those that share no key with these.
        settings: Contract and label.
        now: When they are taken in; a label that is dated more than a day later cannot be one. None: nobody asks.

    Raises:
        BrokenContract: The batch as a whole cannot be taken in.
    """
    key = [name for name in settings.validation.key if name in frame.columns]
    alike = [delivered(rows, settings) for rows in _alike(frame, earlier, key)]
    hashes = np.concatenate([intake.hash_rows(rows) for rows in alike]) if alike else None
    fresh, duplicates = intake.separate(frame, hashes, settings.features.joined)
    if fresh.empty and len(duplicates):
        # Nothing new in an otherwise good file is no fault: its rows are counted as what they are.
        return SortedOut(fresh, _set_aside(fresh.assign(_reasons=""), duplicates), ())
    is_replaced = settings.validation.corrections == "replace"
    taken = _taken(fresh, [] if is_replaced else alike, key)
    checked = contract.check(fresh, settings.validation, settings.training.label, taken, _ahead(fresh, settings, now))
    return SortedOut(checked.accepted, _set_aside(checked.quarantined, duplicates), checked.findings)


def delivered(rows: pd.DataFrame, settings: PipelineSettings) -> pd.DataFrame:
    """Rows without the columns that were looked up for them: whether two are the same is said by what was delivered."""
    joined = [name for name in settings.features.joined if name in rows]
    return rows.drop(columns=joined) if joined else rows


def without(rows: SortedOut, suspects: Sequence[Suspect], masks: Sequence[NDArray[np.bool_]]) -> SortedOut:
    """The same without the accepted rows that something speaks against: each is quarantined for the first of these.

    Args:
        rows: What the contract has sorted out.
        suspects: What speaks against them.
        masks: For each of these, which of the accepted rows show it.
    """
    findings, quarantined = list(rows.findings), [rows.aside]
    rest = np.ones(len(rows.accepted), dtype=np.bool_)
    for suspect, mask in zip(suspects, masks, strict=True):
        chosen = rows.accepted[mask & rest]
        rest &= ~mask
        if len(chosen):
            findings.append(RuleFinding(suspect.column, suspect.kind, suspect.text, len(chosen)))
            reason = f"{suspect.column}: {suspect.text}"
            quarantined.append(chosen.assign(**{columns.REASONS: reason, ASIDE: "quarantined"}))
    aside = pd.concat([part for part in quarantined if len(part)] or quarantined[:1], ignore_index=True)
    return SortedOut(rows.accepted[rest].reset_index(drop=True), aside, tuple(findings))


def accept(identity: str, name: str, rows: SortedOut, settings: PipelineSettings, landed: int) -> Batch:
    """The record of a batch that passed its contract; the store's digests are filled in by who stores the rows.

    Args:
        identity: Digest of the delivered bytes.
        name: Name of the delivery.
        rows: What became of its rows.
        settings: Label, features and times.
        landed: Rows that were read, counted before any of them was sorted out.

    Raises:
        IncumbentError: There are not as many rows as landed: one was lost, or is there twice.
    """
    accepted, aside = rows.accepted, rows.aside
    if landed != len(accepted) + len(aside):
        raise IncumbentError(
            f"{landed} rows of the batch {name} were read, but {len(accepted)} accepted and {len(aside)} set aside. "
            "This is a fault of Incumbent, not of the data. Nothing was recorded; report it with the file."
        )
    event = accepted[settings.ingestion.times.event]
    duplicates = int((aside[ASIDE] == "duplicate").sum())
    labels = of_labels(accepted, settings)
    comes_later = settings.ingestion.labels is not None
    return Batch(
        id=identity,
        name=name,
        status=BatchStatus.ACCEPTED,
        landed=landed,
        accepted=len(accepted),
        quarantined=len(aside) - duplicates,
        duplicates=duplicates,
        awaits=comes_later and labels["unlabelled"] > 0,
        there=len(accepted) - labels["unlabelled"] if comes_later else 0,
        missing=_missing(accepted, settings),
        first_event=_moment(event.min()),
        last_event=_moment(event.max()),
        findings=rows.findings,
        notes=digits.notes((accepted, aside)),
        **labels,
    )


def of_labels(accepted: pd.DataFrame, settings: PipelineSettings) -> dict[str, Any]:
    """What the record of a batch says of the labels of its accepted rows."""
    labels, problem = accepted[settings.training.label], kinds.named(settings.training.kind)
    outcomes = problem.outcomes(labels.dropna(), settings.training)
    positives, mean = problem.counts(float(outcomes.sum()), len(outcomes))
    return {
        "unlabelled": len(accepted) - len(outcomes),
        "positives": positives,
        "label_mean": mean,
        "classes": problem.classes(outcomes, settings.training),
        **values(labels, settings),
    }


def values(labels: "pd.Series[Any]", settings: PipelineSettings) -> dict[str, Any]:
    """What the record of a batch says of the values of its label; nothing where they are no words and no codes."""
    if not answers.has_values(settings):
        return {}
    return {"label": settings.training.label, "label_values": answers.of(labels)}


def related(batch: pd.DataFrame, settings: PipelineSettings, accepted: Sequence[Batch]) -> list[Batch]:
    """The accepted batches that can hold the same rows, or rows with the same key.

    These are the ones that overlap in time; all of them if the contract has a key that does not fix the time.
    """
    event, key = settings.ingestion.times.event, settings.validation.key
    if key and event not in key:
        return list(accepted)
    first, last = _moment(batch[event].min()), _moment(batch[event].max())
    if first is None or last is None:
        return []
    spans = [(b, b.first_event, b.last_event) for b in accepted]
    return [b for b, start, end in spans if start is not None and end is not None and start <= last and end >= first]


def keys(rows: pd.DataFrame, key: Sequence[str]) -> NDArray[np.uint64]:
    """A hash of the key of each row, shape (rows,); digits of a time belong to it."""
    return intake.hash_rows(rows[digits.beside(rows, key)])


def _alike(frame: pd.DataFrame, earlier: Sequence[pd.DataFrame], key: list[str]) -> list[pd.DataFrame]:
    """Of rows accepted before, those that could be the same as one of these: with a key, those that share it."""
    if not key:
        return list(earlier)
    asked = keys(frame, key)
    keyed = [rows for rows in earlier if set(key) <= set(rows.columns)]
    return [rows[np.isin(keys(rows, key), asked)] for rows in keyed]


def _taken(fresh: pd.DataFrame, alike: Sequence[pd.DataFrame], key: list[str]) -> NDArray[np.bool_]:
    """Which rows have the key of an accepted one; rows that are wholly the same are no longer among them."""
    if not key or not alike:
        return np.zeros(len(fresh), dtype=bool)
    return np.isin(keys(fresh, key), np.concatenate([keys(rows, key) for rows in alike]))


def _ahead(
    fresh: pd.DataFrame, settings: PipelineSettings, now: datetime | None
) -> tuple[str, NDArray[np.bool_]] | None:
    """Which rows have a label although it is known later only; dates without a time may lie half a day ahead."""
    column, label = settings.ingestion.times.label, settings.training.label
    if now is None or column is None or not {column, label} <= set(fresh.columns):
        return None
    if not isinstance(fresh[column].dtype, pd.DatetimeTZDtype):
        return None
    later: NDArray[np.bool_] = (fresh[column] > now + _AHEAD).to_numpy() & fresh[label].notna().to_numpy()
    return column, later


def _set_aside(quarantined: pd.DataFrame, duplicates: pd.DataFrame) -> pd.DataFrame:
    """One frame of all rows that are kept but not used, each with the kind and the reasons."""
    parts = [
        quarantined.assign(**{ASIDE: "quarantined"}),
        duplicates.assign(_reasons="the same row was delivered before", **{ASIDE: "duplicate"}),
    ]
    return pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)


def _missing(accepted: pd.DataFrame, settings: PipelineSettings) -> tuple[tuple[str, int], ...]:
    counts = accepted[list(settings.inputs)].isna().sum()
    return tuple((str(name), int(count)) for name, count in counts.items() if count)


def _moment(value: object) -> datetime | None:
    """A time of the calendar; rows beyond it are asked for their neighbours before the contract sees them."""
    if not isinstance(value, pd.Timestamp):
        return None
    within: datetime = min(max(value, columns.FIRST_MOMENT), columns.LAST_MOMENT).to_pydatetime()
    return within
