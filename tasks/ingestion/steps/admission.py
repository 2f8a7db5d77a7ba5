"""A batch that is refused or held, and what a person decides about it: which one it is, and whether it can be had."""

from dataclasses import replace

from configs import label_source
from configs.errors import LandingFolderMissing, MistakeOfUser
from tasks.adapters import lookup
from tasks.adapters.blobs import layout
from tasks.adapters.home import Home
from tasks.domain.decisions import Decision
from tasks.domain.records import Batch, BatchStatus
from tasks.ingestion.sources import source_kinds


def find(home: Home, pipeline: str, wanted: str, decision: Decision = Decision.ADMIT) -> Batch:
    """The batch of this name or digest that a decision is about, as it stands.

    Raises:
        MistakeOfUser: There is no such batch, the decision does not fit it, or its bytes are not there any more.
    """
    batch = lookup.batch(home, pipeline, wanted.strip())
    if batch.is_in:
        rows = f"{batch.accepted:,} of its {batch.landed:,} rows"
        if batch.labels is not None:
            rows = f"{batch.labels.taken:,} of its {batch.labels.landed:,} labels"
        raise MistakeOfUser(
            f"Batch {batch.name} of {pipeline} was accepted: {rows} are in. "
            "There is nothing to decide; its quarantined rows stay set aside."
        )
    if decision is not Decision.ADMIT and batch.status is not BatchStatus.HELD:
        raise MistakeOfUser(
            f"Batch {batch.name} of {pipeline} is refused, not held: it is out, and stays out until it is admitted."
        )
    if decision is not Decision.KEEP_OUT and not _is_there(home, pipeline, batch):
        where = source_kinds.of(home, _source(pipeline, batch)).where
        raise MistakeOfUser(
            f"Batch {batch.name} of {pipeline} cannot be admitted: its bytes were not kept, and no file in {where} has "
            "them. Put the file back there as it was, and try again."
        )
    return batch


def keep_out(home: Home, pipeline: str, held: Batch, by: str, reason: str) -> Batch:
    """Refuse a batch that was held; returns it as it is now."""
    why = f"kept out by {by}: {reason.rstrip('.')}. It was held: {held.reason}"
    refused = replace(held, status=BatchStatus.REFUSED, held=0, quarantined=held.landed, reason=why)
    home.ledger.batches.keep_out(pipeline, held, refused, by, reason)
    return refused


def _source(pipeline: str, batch: Batch) -> str:
    return pipeline if batch.labels is None else label_source.named(pipeline)


def _is_there(home: Home, pipeline: str, batch: Batch) -> bool:
    if home.blobs.digest(layout.refused(batch.id)) == batch.id:
        return True
    try:
        return any(one.digest == batch.id for one in source_kinds.of(home, _source(pipeline, batch)).look().deliveries)
    except LandingFolderMissing:
        return False
