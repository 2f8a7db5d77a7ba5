"""What waits for a pipeline: deliveries without a finished turn, turns that were cut off, pages that are not current.

It imports nothing heavy: the command line asks it before anything is started.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from configs import label_source
from configs.errors import BadInput, BlobUnavailable, DeliveryWaits, IncumbentError, LandingFolderMissing
from tasks.adapters import files
from tasks.adapters.blobs import layout
from tasks.adapters.home import Home
from tasks.domain.decisions import Admission
from tasks.domain.turns import TurnState
from tasks.ingestion.formats import decoding
from tasks.ingestion.sources import base, digests, source_kinds
from tasks.ingestion.sources.base import Delivery, Listing, Mark, Place

if TYPE_CHECKING:
    import pandas as pd

T = TypeVar("T")
SETTLED_SECONDS = 2.0
"""So long a file must have been left alone before it is announced."""


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
    problem: IncumbentError | None = None
    """Why one file as a source could not be cut just now, or a delivery not be read; the rest goes on all the same."""
    unreadable: frozenset[str] = frozenset()
    """Names of what cannot be read just now: which batches these are cannot be told."""
    again: frozenset[str] = frozenset()
    """Digests of deliveries that have another turn: they were admitted, or could not be read in the one they had."""

    @property
    def nothing(self) -> bool:
        """Whether there is nothing to do at all."""
        return not (self.deliveries or self.duplicates or self.unshown or self.page)


def changed(home: Home, pipeline: str) -> str | None:
    """The mark of the source if it is not the one that was remembered, without reading any delivery.

    None as well while something in it has changed just now: it may still be written.
    """
    fetch(home, pipeline)
    marks, path = [_of_source(name, _mark, home) for name in sources(home, pipeline)], _memory(home, pipeline)
    # a copy may carry a time that is yet to come
    settled = all(abs(home.clock().timestamp() - mark.changed) >= SETTLED_SECONDS for mark in marks)
    text = " ".join(mark.text for mark in marks).strip()
    return None if not settled or (path.exists() and path.read_text() == text) else text


def fetch(home: Home, pipeline: str) -> IncumbentError | None:
    """Let a source deliver what is new; gives what stood in the way, if something was delivered before.

    Raises:
        LandingFolderMissing: There is no such source, and nothing was delivered of it before.
        UnreadableFile: It cannot be cut, and nothing was delivered of it before.
        DeliveryWaits: It cannot be read just now, and nothing was delivered of it before.
    """
    problems = [_of_source(name, _fetch, home) for name in sources(home, pipeline)]
    return next((problem for problem in problems if problem is not None), None)


def sources(home: Home, pipeline: str) -> list[str]:
    """What the sources of a pipeline are called: that of its labels, if they come later, and that of its rows.

    Labels are taken in first: what they complete is judged before newer rows come.
    """
    labels = [label_source.named(pipeline)] if home.settings(pipeline).ingestion.labels is not None else []
    return [*labels, pipeline]


def source_of(pipeline: str, delivery: Delivery) -> str:
    """What the source of a delivery is called."""
    return label_source.named(pipeline) if delivery.of_labels else pipeline


def _fetch(home: Home, name: str) -> IncumbentError | None:
    try:
        source_kinds.of(home, name).fetch()
    except (BadInput, LandingFolderMissing, DeliveryWaits) as problem:
        if not home.landing(name).is_dir():
            raise
        return _in_words(name, problem)
    return None


def _mark(home: Home, name: str) -> Mark:
    return source_kinds.of(home, name).mark()


def _look(home: Home, name: str) -> Listing:
    listing = source_kinds.of(home, name).look()
    if label_source.owner(name) is None:
        return listing
    return replace(listing, deliveries=[replace(one, of_labels=True) for one in listing.deliveries])


def _of_source(name: str, ask: Callable[[Home, str], T], home: Home) -> T:
    """What a source says; what is wrong with one of labels is said of its own settings."""
    try:
        return ask(home, name)
    except (BadInput, LandingFolderMissing, DeliveryWaits) as problem:
        raise _in_words(name, problem) from problem


def _in_words(name: str, problem: BadInput | LandingFolderMissing | DeliveryWaits) -> IncumbentError:
    if label_source.owner(name) is None:
        return problem
    return type(problem)(label_source.in_words(str(problem)))


def remember(home: Home, pipeline: str, mark: str) -> None:
    """Everything in the source has been recorded as it was when it had this mark."""
    files.publish(_memory(home, pipeline), mark.encode())


def forget(home: Home, pipeline: str) -> None:
    """The next look is to read the source, whatever its mark, and all that is in it."""
    _memory(home, pipeline).unlink(missing_ok=True)
    for name in sources(home, pipeline):
        digests.place(home.folder, name).unlink(missing_ok=True)


def _memory(home: Home, pipeline: str) -> Path:
    return home.folder / "polled" / pipeline


def place(home: Home, pipeline: str, delivery: Delivery) -> Place:
    """Where the bytes of a delivery are."""
    return home.blobs if delivery.kept else source_kinds.of(home, source_of(pipeline, delivery))


def content(home: Home, pipeline: str, delivery: Delivery) -> bytes:
    """The bytes of a delivery; raises as `base.read` does."""
    try:
        return base.read(place(home, pipeline, delivery), delivery)
    except DeliveryWaits as problem:
        if problem.changed:
            forget(home, pipeline)  # it is not what it was taken for
        raise


def read(home: Home, pipeline: str, delivery: Delivery) -> "pd.DataFrame":
    """The rows of a delivery; raises as `base.read` and `decoding.decode` do."""
    found, settings = content(home, pipeline, delivery), home.settings(source_of(pipeline, delivery))
    late = settings.late_columns
    return decoding.decode(found, settings.ingestion, settings.validation, delivery.odd, late)


def count_rows(home: Home, pipeline: str, deliveries: Sequence[Delivery]) -> int:
    """Rows that wait; a file whose rows cannot be counted is one that has to be looked at, and counts as enough."""
    counted = [_count(home, pipeline, delivery) for delivery in deliveries]
    return sys.maxsize if None in counted else sum(rows or 0 for rows in counted)


def _count(home: Home, pipeline: str, delivery: Delivery) -> int | None:
    try:
        with place(home, pipeline, delivery).open(delivery.address) as file:
            source = home.settings(source_of(pipeline, delivery)).ingestion.source
            return None if delivery.odd else decoding.count(file, source)
    except (OSError, BlobUnavailable):
        return None


def look(home: Home, pipeline: str) -> Waiting:
    """List what waits.

    Raises:
        LandingFolderMissing: There is no landing folder.
        UnreadableFile: One file as a source cannot be cut, and nothing was delivered of it before.
    """
    problem = fetch(home, pipeline)
    listings = [_of_source(name, _look, home) for name in sources(home, pipeline)]
    deliveries = [delivery for listing in listings for delivery in listing.deliveries]
    unreadable = {name: why for listing in listings for name, why in listing.unreadable.items()}
    rows = home.ledger.turns.all(pipeline)
    turns = {row["batch"]: row for row in rows}  # the last one of each batch
    done = {batch for batch, row in turns.items() if row["state"] == TurnState.DONE}
    known, admitted = home.ledger.batches.deliveries(pipeline), home.ledger.admissions.open(pipeline)
    unread = {batch for batch in done if turns[batch]["unread"] and batch not in known}
    kept = _admitted(home, admitted, deliveries)
    first = {**{delivery.digest: delivery for delivery in reversed(deliveries)}, **kept}
    again = (unread | admitted.keys()) & done & first.keys()
    cut_off = [
        first.get(batch) or _gone(deliveries, batch, row["batch_name"])
        for batch, row in turns.items()
        if batch not in done
    ]
    fresh = [d for d in deliveries if first[d.digest] is d and (d.digest not in turns or d.digest in again)]
    fresh += [delivery for batch, delivery in kept.items() if batch in again and delivery not in fresh]
    new = {id(delivery) for delivery in (*cut_off, *fresh)}
    given_up = {(batch, row["batch_name"]) for batch, row in turns.items() if batch in done and batch not in known}
    copies = [
        d
        for d in deliveries
        if id(d) not in new and d.name not in known.get(d.digest, ()) and (d.digest, d.name) not in given_up
    ]
    shown = home.ledger.turns.projected(pipeline, "mlflow")
    page = home.ledger.turns.projected(pipeline, "page")
    numbers = [row["number"] for row in rows if row["state"] == TurnState.DONE]
    # A rollback that was cut off before MLflow showed it is shown with the last turn.
    owed = {max(numbers)} if numbers and home.ledger.promotions.untold(pipeline) else set()
    return Waiting(
        deliveries=(*cut_off, *fresh),
        duplicates=tuple(copies),
        unshown=tuple(number for number in numbers if number not in shown or number in owed),
        page=bool(numbers) and max(numbers) not in page,
        problem=problem or _problem(unreadable),
        unreadable=frozenset(unreadable),
        again=frozenset(again),
    )


def _admitted(home: Home, admitted: Mapping[str, Admission], deliveries: Sequence[Delivery]) -> dict[str, Delivery]:
    """The delivery of each admitted batch: as it lies in the landing folder, else as it was kept."""
    there = {(delivery.digest, delivery.name): delivery for delivery in deliveries}
    found = {}
    for batch, admission in admitted.items():
        name, kept = admission.refusal.name, layout.refused(batch)
        if (batch, name) in there:
            found[batch] = there[batch, name]
        elif home.blobs.has(kept):
            found[batch] = Delivery(name, kept, batch, kept=True, of_labels=admission.refusal.labels is not None)
    return found


def _gone(deliveries: Sequence[Delivery], batch: str, name: str) -> Delivery:
    """A delivery whose turn was cut off, and which is not there any more; another one may have its name by now."""
    address = next((delivery.address for delivery in deliveries if delivery.name == name), name)
    return Delivery(name, address, batch)


def _problem(unreadable: Mapping[str, str]) -> DeliveryWaits | None:
    if not unreadable:
        return None
    told = "; ".join(f"{name}: {why}" for name, why in list(unreadable.items())[:5])
    more = f"; and {len(unreadable) - 5} more" if len(unreadable) > 5 else ""
    return DeliveryWaits(f"Cannot be read just now, and waits: {told}{more}. The next run tries again.")
