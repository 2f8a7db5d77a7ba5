"""A refused batch that a person lets in for a second look: which one it is, and whether its bytes are still there."""

from configs.errors import MistakeOfUser
from tasks.adapters import lookup
from tasks.adapters.blobs import layout
from tasks.adapters.home import Home
from tasks.domain.records import Batch, BatchStatus
from tasks.ingestion.sources import source_kinds


def find(home: Home, pipeline: str, wanted: str) -> Batch:
    """The refused batch of this name or digest, as it was refused.

    Raises:
        MistakeOfUser: There is no such batch, it was not refused, or its bytes are not there any more.
    """
    found = lookup.batch(home, pipeline, wanted.strip())
    if found.status is not BatchStatus.REFUSED:
        raise MistakeOfUser(
            f"Batch {found.name} of {pipeline} was accepted: {found.accepted:,} of its {found.landed:,} rows are in. "
            "There is nothing to admit; its quarantined rows stay set aside."
        )
    if not _is_there(home, pipeline, found):
        raise MistakeOfUser(
            f"Batch {found.name} of {pipeline} cannot be admitted: its bytes were not kept, and no file in "
            f"{home.landing(pipeline)} has them. Put the file back there as it was, and try again."
        )
    return found


def _is_there(home: Home, pipeline: str, batch: Batch) -> bool:
    if home.blobs.digest(layout.refused(batch.id)) == batch.id:
        return True
    source, folder = source_kinds.of(home, pipeline), home.landing(pipeline)
    return folder.is_dir() and any(one.digest == batch.id for one in source.look().deliveries)
