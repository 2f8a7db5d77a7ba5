"""All that the triage asks of a batch, in one place: what speaks against its rows, the strongest first.

What is usual is learned from the accepted batches that are nearest in time. With fewer of them than show how far a
column swings by itself, only what needs no swing is judged.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from configs.settings import PipelineSettings
from tasks.domain import wording
from tasks.domain.records import Batch, Suspect
from tasks.validation.triage import clocks, parts, places, silence, whole
from tasks.validation.triage.parts import Compared, Sign
from tasks.validation.triage.swings import Rows

_MOST_BATCHES, _PAST_ROWS = 12, 100_000
"""Batches that the past is made of; fewer where these have so many rows."""
_ENOUGH = 4
"""Batches before that show how far a column swings by itself."""
_MOST_ROWS = 5_000
"""Rows of each batch before that are looked at."""
_FEW = 0.1
"""Part of the rows of the smallest batch before from which a batch is remarkably small."""
_NAMED = 3


def examine(now: pd.DataFrame, before: Sequence[pd.DataFrame], settings: PipelineSettings) -> tuple[Sign, ...]:
    """What speaks against the rows of a batch: at most one finding a column, the certain ones first.

    Args:
        now: The rows that keep the contract.
        before: Rows of the accepted batches next to it in time.
        settings: Features, label, event time and limits.

    Returns:
        Findings; empty where there are too few rows on either side. The rows of each are in the order of `now`.
    """
    limits, event = settings.validation.triage, settings.ingestion.times.event
    few = _few_rows(now, before, event) if limits.enabled else ()
    if not limits.enabled or min(len(now), sum(map(len, before))) < limits.min_rows:
        return few
    signs = {one.suspect.column: one for one in [*_whole(now, before, settings), *few]}
    order = np.argsort(now[event].to_numpy(dtype="datetime64[us]"), kind="stable")
    ordered = now.iloc[order].reset_index(drop=True)
    past = [frame.sort_values(event, kind="stable") for frame in before if len(frame) >= limits.min_rows / 2]
    features = [name for name in settings.compared if all(name in frame for frame in past)]
    features = [name for name in features if name not in settings.droppable or now[name].notna().any()]
    if len(past) >= _ENOUGH:
        for one in _parts(ordered, past, features, settings):
            if one.suspect.column not in signs or not one.rows.all():
                signs[one.suspect.column] = _placed(one, ordered, event, features, order)
    return tuple(sorted(signs.values(), key=lambda one: (not one.suspect.certain, -one.swings)))


def _few_rows(now: pd.DataFrame, before: Sequence[pd.DataFrame], event: str) -> tuple[Sign, ...]:
    """A tenth of the rows that each batch before had: told, for it may be that little happened."""
    sizes = [len(frame) for frame in before]
    if len(sizes) < _ENOUGH or len(now) > _FEW * min(sizes):
        return ()
    usual = f"{wording.count(min(sizes))} to {wording.count(max(sizes))}"
    text = f"{wording.count(len(now))} rows, {usual} in each of {wording.number_word(len(sizes))} batches before"
    return (Sign(Suspect(event, "few_rows", text, len(now), certain=False), np.ones(len(now), dtype=np.bool_), 0.0),)


def neighbours(rows: pd.DataFrame, accepted: Sequence[Batch], event: str) -> list[Batch]:
    """The accepted batches to compare with: the nearest in time, at least four."""
    if rows.empty:
        return []
    start = rows[event].min()
    timed = [(abs(batch.first_event - start), batch) for batch in accepted if batch.first_event is not None]
    near = [batch for _, batch in sorted(timed, key=lambda pair: pair[0])]
    rows_before = np.cumsum([0, *(batch.accepted for batch in near)])
    enough = int(np.searchsorted(rows_before, _PAST_ROWS))
    return near[: min(_MOST_BATCHES, max(_ENOUGH, enough))]


def reason(faults: Sequence[Suspect]) -> str:
    """Why a batch with these suspects is held, in one sentence."""
    faults = [fault for fault in faults if fault.certain] or faults
    text = "; ".join(fault.text.removesuffix("?") for fault in faults[:_NAMED])
    rest = [fault.column for fault in faults[_NAMED:]]
    if rest:
        return f"{text}; and {wording.number_word(len(rest))} more: {', '.join(rest)}."
    return text + ("?" if faults[-1].text.endswith("?") else ".")


def _parts(
    now: pd.DataFrame, before: Sequence[pd.DataFrame], features: Sequence[str], settings: PipelineSettings
) -> list[Sign]:
    event, share, label = settings.ingestion.times.event, settings.validation.triage.share, settings.training.label
    thinned = [_thinned(frame) for frame in before]
    signs = clocks.look(now, thinned, features, event, share)
    signs += silence.look(now, before, features, share)
    named = {one.suspect.column for one in signs}
    for name in (*features, label):
        if name not in named and all(name in frame for frame in thinned):
            column = Compared(name, now[name], tuple(frame[name] for frame in thinned), share)
            if name != label or column.is_numeric:
                sign = parts.look(column, parts.OF_LABELS) if name == label else parts.look(column)
                signs += [sign] if sign else []
    return signs


def _placed(sign: Sign, ordered: pd.DataFrame, event: str, features: Sequence[str], order: NDArray[np.intp]) -> Sign:
    """The same with where its rows are, and these in the order in which they were delivered."""
    rows: Rows = np.zeros(len(order), dtype=np.bool_)
    rows[order] = sign.rows
    groups = [name for name in features if name != sign.suspect.column]
    where = sign.suspect.where or places.of(sign.rows, ordered, event, groups)
    text = sign.suspect.text if not where or where in sign.suspect.text else f"{sign.suspect.text}; {where}"
    return replace(sign, suspect=replace(sign.suspect, where=where, text=text), rows=rows)


def _whole(now: pd.DataFrame, before: Sequence[pd.DataFrame], settings: PipelineSettings) -> list[Sign]:
    everything: Rows = np.ones(len(now), dtype=np.bool_)
    return [Sign(one, everything, float("inf")) for one in whole.examine(now, before, settings)]


def _thinned(frame: pd.DataFrame) -> pd.DataFrame:
    """Of many rows every second, third, ... one."""
    return frame.iloc[:: max(1, -(-len(frame) // _MOST_ROWS))]
