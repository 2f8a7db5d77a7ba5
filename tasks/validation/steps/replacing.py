"""Corrections of rows: one of a later delivery takes the place of an accepted one with its key, which is set aside.

What was there is never changed: the batch without that row is a file of its own, and snapshots name the file that they
selected from.
"""

from dataclasses import replace
from typing import TYPE_CHECKING

from tasks.adapters import failpoints
from tasks.adapters.home import Home
from tasks.domain import late_labels, wording
from tasks.domain.records import Batch, RuleFinding
from tasks.domain.turns import TurnRef
from tasks.validation.steps import earlier

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_RULE, _DEMAND = "replaced", "the newest of its key (a later delivery has another one)"
_EXAMPLES = 3


def take_places(home: Home, turn: TurnRef, batch: Batch) -> Batch:
    """Set aside the rows of batches before a turn whose place rows of its batch take; gives its batch as it then is.

    Done a second time in a turn, it changes nothing.
    """
    contract = home.settings(turn.pipeline).validation
    if contract.corrections != "replace" or batch.accepted_file is None:
        return batch
    import numpy as np

    turns = home.ledger.turns.last(turn.pipeline)
    own = earlier.keys(home.store, batch.accepted_file, contract.key)
    for one in home.ledger.batches.accepted(turn.pipeline):
        is_before = one.id != batch.id and turns.get(one.id, 0) < turn.number
        file = one.accepted_file or ""
        if is_before and np.isin(own, earlier.keys(home.store, file, contract.key)).any():
            _set_aside(home, turn, one, own)
    return _noted(home, turn, batch)


def _set_aside(home: Home, turn: TurnRef, batch: Batch, newer: "NDArray[np.uint64]") -> None:
    import numpy as np
    import pandas as pd

    from tasks.ingestion import columns
    from tasks.validation import batches

    settings = home.settings(turn.pipeline)
    key, rows = settings.validation.key, home.store.read(batch.accepted_file or "")
    gone = np.isin(batches.keys(rows, key), newer)
    column, number = ", ".join(key), int(gone.sum())
    named = rows.loc[gone, list(key)].head(_EXAMPLES)
    examples = tuple(" ".join(columns.example(value) for value in row) for row in named.itertuples(index=False))
    before = next(
        (one for one in batch.findings if one.rule == _RULE), RuleFinding(column, _RULE, _DEMAND, 0, examples)
    )
    findings = (
        *(one for one in batch.findings if one.rule != _RULE),
        replace(before, rows=before.rows + number),
    )
    moved = rows[gone].assign(**{columns.REASONS: f"{column}: {_DEMAND}", batches.ASIDE: "quarantined"})
    aside = [home.store.read(batch.aside_file)] if batch.aside_file else []
    kept, all_aside = rows[~gone].reset_index(drop=True), pd.concat([*aside, moved], ignore_index=True)
    counted = batches.accept(
        batch.id, batch.name, batches.SortedOut(kept, all_aside, findings), settings, landed=batch.landed
    )
    now = replace(
        batch,
        accepted=counted.accepted,
        quarantined=counted.quarantined,
        unlabelled=counted.unlabelled,
        positives=counted.positives,
        label_mean=counted.label_mean,
        label_values=counted.label_values,
        missing=counted.missing,
        first_event=counted.first_event,
        last_event=counted.last_event,
        findings=findings,
        there=min(batch.there, counted.accepted),
        superseded=late_labels.superseded(batch, turn.number, replaced=number),
    )
    now = replace(now, accepted_file=home.store.write(kept), aside_file=home.store.write(all_aside))
    failpoints.reach("rows-replaced")
    home.ledger.batches.relabel(turn.pipeline, now)
    failpoints.reach("replacing-committed")


def _noted(home: Home, turn: TurnRef, batch: Batch) -> Batch:
    """The batch with a note of how many rows it has replaced."""
    every = home.ledger.batches.all(turn.pipeline)
    number = sum(one.replaced for other in every for one in other.superseded if one.until == turn.number)
    rows = "1 row takes" if number == 1 else f"{wording.count(number)} rows take"
    note = f"{rows} the place of what was accepted before"
    if not number or note in batch.notes:
        return batch
    noted = replace(batch, notes=(*batch.notes, note))
    home.ledger.batches.relabel(turn.pipeline, noted)
    failpoints.reach("replacing-committed")
    return noted
