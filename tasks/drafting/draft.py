"""A draft: the settings of a pipeline as its rows suggest them, each with its reason.

The guesses are put together here, in the order in which they rest on each other; how each room's section is written
down is in `sections`, the file itself in `sheet`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from configs.errors import MistakeOfUser
from configs.ingestion import Source
from tasks.drafting import giveaways, label, newcomers, rhythm, roles, sections, survey, times
from tasks.drafting.giveaways import Leak
from tasks.drafting.guess import Ask, Guess
from tasks.drafting.label import Label
from tasks.drafting.rhythm import Rhythm
from tasks.drafting.roles import LeftOut
from tasks.drafting.sections import Parts
from tasks.drafting.survey import Column
from tasks.drafting.times import Times

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Wishes:
    """What the user says; None is guessed."""

    label: str | None = None
    time: str | None = None
    key: str | None = None


@dataclass(frozen=True)
class Draft:
    """The settings of a pipeline as its rows suggest them."""

    settings: dict[str, Any]
    """As the file has them: plain values, sections in the order of the rooms."""
    guesses: tuple[Guess, ...]
    left_out: tuple[LeftOut, ...]
    doubts: tuple[Leak, ...]
    """Features that tell much about the label, and may be known only after it."""
    rows: int
    columns: int


def draft(table: "pa.Table", source: Source, reasons: Mapping[str, str], wishes: Wishes, ask: Ask) -> Draft:
    """The settings for rows.

    Args:
        table: All rows; of CSV as text.
        source: How and where they are written; its cut is guessed if it is one file.
        reasons: Why the source is read so, by setting.
        wishes: What the user says.
        ask: Asked for what the rows do not tell.

    Raises:
        MistakeOfUser: The rows cannot be a pipeline, or what was named is not there.
    """
    if table.num_rows < 2 or table.num_columns < 2:
        size = f"{table.num_rows:,} rows and {table.num_columns:,} columns"
        raise MistakeOfUser(f"There are {size}: too few for a pipeline.")
    columns = survey.look(table, source)
    answer = label.choose(columns, wishes.label, ask)
    when = times.choose(columns, answer.column.name, wishes.time, ask)
    _require_a_time(when, source)
    beat = _beat(when, source, table.num_rows)
    features, out, doubts = _features(columns, answer, when, beat)
    event = when.event
    key, named = roles.key(columns, wishes.key, event.columns if event and not event.derived else ())
    parts = Parts(columns, answer, when, features, key, beat, copies=not key and _has_copies(table))
    taken, read = sections.ingestion(parts, source, reasons)
    training, learned = sections.training(parts)
    measured, grouped = sections.evaluation(parts)
    settings = {
        "title": sections.title(answer),
        "ingestion": taken,
        "validation": sections.validation(parts, measured),
        "training": training,
        "evaluation": measured,
    }
    guesses = (*answer.guesses, *when.guesses, *read, *named, *learned, *grouped)
    written = {name: section for name, section in settings.items() if section}
    return Draft(written, guesses, tuple(out), tuple(doubts), table.num_rows, table.num_columns)


def _require_a_time(when: Times, source: Source) -> None:
    event = when.event
    if source.kind == "sql" and event is not None and len(event.columns) > 1:
        raise MistakeOfUser(
            f"{event.name} is put together from {', '.join(event.columns)}: name one column with --time."
        )
    if event is None and source.file is None:
        raise MistakeOfUser(
            f"No column says when a row happened ({when.guesses[0].why}). Name one with --time COLUMN; or put all rows "
            "into one file, in the order in which they happened: it is then cut by that order."
        )


def _beat(when: Times, source: Source, rows: int) -> Rhythm | None:
    """How one file is cut; None where each file of a folder is a batch."""
    if source.file is None and source.kind != "sql":
        return None
    return rhythm.by_order(rows)[1] if when.event is None else rhythm.choose(when.event.there)


def _features(
    columns: Sequence[Column], answer: Label, when: Times, beat: Rhythm | None
) -> tuple[list[Column], list[LeftOut], list[Leak]]:
    """The features, the columns that are none with the reason, and those that should be looked at.

    Raises:
        MistakeOfUser: There is no feature.
    """
    label_time = when.label.columns if when.label else ()
    taken = {answer.column.name, *label_time, *(when.arrival.columns if when.arrival else ())}
    taken |= {when.event.name} if when.event else set()
    rest, out = list[Column](), list[LeftOut]()
    for column in columns:
        if column.name in taken:
            continue
        why_not = roles.left_out(column) or _why_new(column, when, beat)
        rest += [] if why_not else [column]
        out += [why_not] if why_not else []
    suspected = giveaways.suspects(rest, answer.numbers, is_yes_or_no=answer.is_yes_or_no, named=answer.column.name)
    suspected += giveaways.of_the_outcome(rest, label_time)
    certain: dict[str, str] = {}
    for leak in suspected:
        if leak.is_certain:
            certain.setdefault(leak.column, leak.why)
    out += [LeftOut(column, why) for column, why in certain.items()]
    features = [column for column in rest if column.name not in certain]
    if not features:
        raise MistakeOfUser(f"No column can be a feature: {'; '.join(f'{one.column}: {one.why}' for one in out[:8])}.")
    return features, out, [leak for leak in suspected if leak.column not in certain]


def _why_new(column: Column, when: Times, beat: Rhythm | None) -> LeftOut | None:
    """Why a column says more of when than of what: its values were never there before."""
    event = when.event
    grows = newcomers.grows(column, None if event is None else np.argsort(event.values, kind="stable"))
    if grows is not None or beat is None:
        return grows
    if event is None:
        batches = np.arange(column.rows) // beat.rows
        return newcomers.newcomer(column, batches, [f"row {place * beat.rows + 1:,}" for place in range(beat.batches)])
    moments = np.where(np.isnat(event.values), event.there.min(), event.values)
    _, batches = np.unique(rhythm.cut_into(moments, beat.cut), return_inverse=True)
    firsts = [str(moments[batches == place].min().astype("datetime64[D]")) for place in range(batches.max() + 1)]
    return newcomers.newcomer(column, batches, firsts)


def _has_copies(table: "pa.Table") -> bool:
    import pyarrow as pa

    plain = [field.name for field in table.schema if not pa.types.is_nested(field.type)]
    return bool(table.select(plain).to_pandas().duplicated().any())
