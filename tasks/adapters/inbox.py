"""What waits for a pipeline: deliveries without a finished turn, turns that were cut off, pages that are not current.

It imports nothing heavy: the command line asks it before anything is started.
"""

from dataclasses import dataclass

from tasks.adapters import sources
from tasks.adapters.home import Home
from tasks.adapters.sources import Delivery
from tasks.core.turns import TurnState


@dataclass(frozen=True)
class Waiting:
    """What a run has to do, in order."""

    deliveries: tuple[Delivery, ...] = ()
    """Deliveries whose turn is not done; turns that were cut off come first."""
    duplicates: tuple[Delivery, ...] = ()
    """Deliveries whose content is known, to be counted."""
    unshown: tuple[int, ...] = ()
    """Turns that are done but not shown in MLflow and the report."""
    page: bool = False
    """Whether the report is older than the last turn."""

    @property
    def nothing(self) -> bool:
        """Whether there is nothing to do at all."""
        return not (self.deliveries or self.duplicates or self.unshown or self.page)


def look(home: Home, pipeline: str) -> Waiting:
    """List what waits.

    Raises:
        LandingFolderMissing: There is no landing folder.
    """
    source = home.settings(pipeline).ingestion.source
    deliveries = sources.list_deliveries(source, home.landing(pipeline))
    turns = {row["batch"]: row for row in home.ledger.turns.all(pipeline)}
    done = {batch for batch, row in turns.items() if row["state"] == TurnState.DONE}
    known = home.ledger.batches.deliveries(pipeline)
    first = {delivery.digest: delivery for delivery in reversed(deliveries)}
    cut_off = [
        first.get(batch) or Delivery(row["batch_name"], home.landing(pipeline) / row["batch_name"], batch, 0)
        for batch, row in turns.items()
        if batch not in done
    ]
    fresh = [d for d in deliveries if first[d.digest] is d and d.digest not in turns]
    new = {id(delivery) for delivery in (*cut_off, *fresh)}
    copies = [d for d in deliveries if id(d) not in new and d.name not in known.get(d.digest, ())]
    shown = home.ledger.turns.projected(pipeline, "mlflow")
    page = home.ledger.turns.projected(pipeline, "page")
    numbers = [row["number"] for batch, row in turns.items() if batch in done]
    return Waiting(
        deliveries=(*cut_off, *fresh),
        duplicates=tuple(copies),
        unshown=tuple(number for number in numbers if number not in shown),
        page=bool(numbers) and max(numbers) not in page,
    )
