"""Damage that was warned of, and damage that goes on: what follows from batches before.

What follows from one batch alone is decided in `door`.
"""

from dataclasses import replace

from tasks.adapters.home import Home
from tasks.domain import pools, wording
from tasks.domain.decisions import Decision
from tasks.domain.pools import Pool
from tasks.domain.records import Batch
from tasks.domain.turns import TurnRef
from tasks.ingestion.steps import landed
from tasks.validation.steps import door
from tasks.validation.triage import treatment

_REMARKABLE = 3
"""Batches in a row from which it is said that they are."""


def open_causes(home: Home, pipeline: str, pool: Pool) -> tuple[str, ...]:
    """What speaks against rows that are judged on, and nobody has settled."""
    settled = {one.batch for one in home.ledger.admissions.all(pipeline)}
    return tuple(treatment.open_causes(one for one in pools.parts(pool) if one.id not in settled))


def go_on(home: Home, turn: TurnRef, held: Batch) -> Batch:
    """A held batch, with how many in a row show the same; all of them taken in where the settings say that it may.

    Args:
        home: Ledger, store and landing folder.
        turn: Of which pipeline, about which batch.
        held: The batch as it is held.
    """
    settings = home.settings(turn.pipeline)
    last = home.ledger.turns.last(turn.pipeline)
    batches = {one.id: one for one in home.ledger.batches.all(turn.pipeline)}
    order = sorted((number, batch) for batch, number in last.items() if number < turn.number and batch in batches)
    alike = treatment.in_a_row(held, [batches[batch] for _, batch in order])
    number, most = len(alike) + 1, settings.validation.triage.persist
    if most is None or number < most:
        if number < _REMARKABLE:
            return held
        in_a_row = f"It is the last of {wording.number_word(number)} in a row like it: admit all, or say why not."
        return replace(held, reason=f"{held.reason} {in_a_row}")
    reason = f"{wording.number_word(number)} batches in a row show the same (validation.triage.persist)"
    for one in alike:
        home.ledger.admissions.record(turn.pipeline, one, "the settings", reason)
    taken = door.check(home, turn, landed.of(home).rows(turn, settings), Decision.ADMIT)
    return replace(taken, notes=(*taken.notes, f"{reason}: {held.reason}"))
