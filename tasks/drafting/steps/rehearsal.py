"""A dry run: all rows of a pipeline through its contract, and what a turn would find. Nothing is kept.

What is read is read as a turn reads it, each delivery for itself. Damage that only a comparison with other batches
shows (triage) is not looked for.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from configs.errors import BadInput
from configs.settings import PipelineSettings
from tasks.adapters.home import Home
from tasks.drafting.steps import deliveries_there, other_sources, rows_at
from tasks.ingestion import columns
from tasks.ingestion.formats import decoding
from tasks.problems import kinds
from tasks.validation import batches

if TYPE_CHECKING:
    import pandas as pd

_KEPT_ROWS = 2_000_000
"""So many rows are kept to see whether a key comes again in another batch."""


@dataclass(frozen=True)
class Reason:
    """What one rule sets aside."""

    column: str
    """Empty for the key."""
    demand: str
    rows: int
    example: str


@dataclass
class Rehearsed:
    """What the contract says of all rows."""

    deliveries: list[str] = field(default_factory=list)
    """Names of the batches, in their order."""
    rows: int = 0
    accepted: int = 0
    quarantined: int = 0
    duplicates: int = 0
    labelled: int = 0
    answers: float = 0.0
    """Sum of the outcomes of the labelled rows: of a yes or no, how many are yes."""
    refused: list[tuple[str, str]] = field(default_factory=list)
    """Names of batches that would be refused, and why."""
    reasons: dict[tuple[str, str], Reason] = field(default_factory=dict)
    others: list[other_sources.Source] = field(default_factory=list)
    """The sources of late labels and of other tables."""

    @property
    def mean(self) -> float | None:
        """Mean outcome of the labelled rows; None if there are none."""
        return self.answers / self.labelled if self.labelled else None

    def most(self) -> list[Reason]:
        """Why rows are set aside, most rows first."""
        return sorted(self.reasons.values(), key=lambda one: -one.rows)


def rehearse(home: Home, pipeline: str, data: str | None = None) -> Rehearsed:
    """Let the contract of a pipeline judge all rows of its source, or those at another place.

    Raises:
        LandingFolderMissing: There is no such source.
        UnreadableFile: It cannot be cut into batches.
        MistakeOfUser: There is nothing at the other place.
    """
    settings, there = home.settings(pipeline), other_sources.tables(home, pipeline)
    counts, earlier = Rehearsed(), list["pd.DataFrame"]()
    for name, content, odd in _elsewhere(data) if data is not None else deliveries_there.of(home, pipeline):
        counts.deliveries.append(name)
        try:
            frame = decoding.decode(content, settings.ingestion, settings.validation, odd, settings.late_columns)
            counts.rows += len(frame)
            frame = other_sources.filled(frame, settings, there)
            kept = batches.sort_out(frame, earlier, settings, home.clock())
        except BadInput as problem:
            counts.refused.append((name, str(problem)))
            continue
        _count(counts, kept, settings)
        if settings.validation.corrections == "replace":
            earlier = [_still(rows, kept.accepted, settings.validation.key) for rows in earlier]
        if (settings.validation.key or there or settings.ingestion.labels) and counts.rows <= _KEPT_ROWS:
            earlier.append(kept.accepted)
    other_sources.match(settings, there, earlier)
    late = other_sources.labels(home, pipeline, earlier)
    counts.others += [*([late] if late else []), *there.values()]
    return counts


def _count(counts: Rehearsed, rows: batches.SortedOut, settings: PipelineSettings) -> None:
    label = rows.accepted[settings.training.label].dropna()
    outcomes = kinds.named(settings.training.kind).outcomes(label, settings.training)
    duplicates = int((rows.aside[batches.ASIDE] == "duplicate").sum())
    counts.accepted += len(rows.accepted)
    counts.duplicates += duplicates
    counts.quarantined += len(rows.aside) - duplicates
    counts.labelled += len(outcomes)
    counts.answers += float(outcomes.sum())
    for one in rows.findings:
        before = counts.reasons.get((one.column, one.rule))
        example = before.example if before else columns.example(next(iter(one.examples), ""))
        counts.reasons[one.column, one.rule] = Reason(
            one.column, one.message, one.rows + (before.rows if before else 0), example
        )


def _still(rows: "pd.DataFrame", newer: "pd.DataFrame", key: Sequence[str]) -> "pd.DataFrame":
    """The rows of which no newer one has taken the place."""
    import numpy as np

    return rows[~np.isin(batches.keys(rows, key), batches.keys(newer, key))]


def _elsewhere(data: str) -> Iterator[tuple[str, bytes, str | None]]:
    place = rows_at.files(data)
    for name in place.names:
        yield name.rpartition("/")[2], place.get(name), None
