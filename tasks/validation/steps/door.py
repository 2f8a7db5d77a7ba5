"""The door: contract, labels and triage, one after the other; what comes in, what is held, what stays aside."""

from dataclasses import replace
from typing import TYPE_CHECKING

from tasks.adapters.home import Home
from tasks.domain import late_labels
from tasks.domain.decisions import Decision
from tasks.domain.records import Batch, BatchStatus
from tasks.domain.turns import TurnRef
from tasks.features.steps import lookups, table_deliveries
from tasks.ingestion import intake
from tasks.validation import batches, column_news
from tasks.validation import labels as answers
from tasks.validation.steps import earlier, label_values
from tasks.validation.triage import examine as triage
from tasks.validation.triage import treatment

if TYPE_CHECKING:
    import pandas as pd


def enter(home: Home, turn: TurnRef, rows: "pd.DataFrame") -> Batch:
    """The record of a delivery; what no delivery has is looked up for its rows first.

    Raises:
        BrokenContract: It cannot be taken in as a whole.
    """
    notes = [one.note for one in table_deliveries.take_in(home, turn.pipeline) if one.note]
    batch = check(home, turn, lookups.delivered(home, turn.pipeline, rows, turn.batch))
    newest, recipe = table_deliveries.newest(home, turn.pipeline), lookups.recipe(home.settings(turn.pipeline))
    return replace(batch, tables=newest, lookups=recipe, notes=(*batch.notes, *notes))


def check(home: Home, turn: TurnRef, frame: "pd.DataFrame", decided: Decision | None = None) -> Batch:
    """The record of a delivery, its rows in the store if they are accepted.

    Args:
        home: Ledger and store.
        turn: Of which pipeline, about which batch.
        frame: The rows of the delivery.
        decided: What is to be done with damage; without it what a person has decided about the batch, if one has.

    Raises:
        BrokenContract: The batch as a whole cannot be taken in.
    """
    settings, accepted = home.settings(turn.pipeline), home.ledger.batches.accepted(turn.pipeline)
    taken_in = [late_labels.as_taken_in(batch) for batch in accepted]
    now = {
        then.accepted_file or "": one.accepted_file or ""
        for then, one in zip(taken_in, accepted, strict=True)
        if any(before.replaced for before in one.superseded)
    }
    rows = batches.sort_out(frame, earlier.rows(home.store, frame, settings, taken_in, now), settings, home.clock())
    answers.require_known(rows.accepted, label_values.learned(home, turn.pipeline, accepted), settings)
    near = triage.neighbours(rows.accepted, taken_in, settings.ingestion.times.event)
    past = [home.store.read(batch.accepted_file or "") for batch in near]
    news = column_news.notes(rows.accepted, past, settings)
    limits, decided = settings.validation.triage, decided or decision(home, turn)
    signs = [one for one in triage.examine(rows.accepted, past, settings) if treatment.heard([one.suspect], limits)]
    suspects = tuple(one.suspect for one in signs)
    if decided is None and (holding := treatment.holding(suspects, limits)):
        others = [one for one in suspects if one not in holding]
        held = intake.hold(turn.batch, turn.name, len(frame), triage.reason(holding), [*holding, *others])
        return replace(held, notes=news)
    if decided is Decision.SOUND_ROWS:
        damaged = [one for one in signs if one.suspect.kind != "few_rows"]
        rows = batches.without(rows, [one.suspect for one in damaged], [one.rows for one in damaged])
    batch = batches.accept(turn.batch, turn.name, rows, settings, landed=len(frame))
    batch = replace(batch, suspects=suspects, notes=(*batch.notes, *news))
    return home.store.put_away(batch, rows.accepted, rows.aside)


def decision(home: Home, turn: TurnRef) -> Decision | None:
    """What a person has decided about this batch, which was held; None if nobody has."""
    admission = home.ledger.admissions.open(turn.pipeline).get(turn.batch)
    return admission.decision if admission is not None and admission.refusal.status is BatchStatus.HELD else None
