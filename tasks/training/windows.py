"""Windows: which batches a turn learns from, and up to which moment; rows from that moment on are judged.

Add here what decides about the selection; the rows themselves are picked by `selection.select`. `status` loads this, so
numpy is loaded where it is used.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from configs.candidates import Window
from tasks.domain.pools import Pool
from tasks.domain.records import Batch

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_CALENDAR = datetime.min.replace(tzinfo=UTC)
"""A window that begins before it is everything."""
_TAIL = 20
"""One row in so many, at either end, says nothing about where the bulk of a batch lies."""


@dataclass(frozen=True)
class Plan:
    """What is selected for one turn."""

    batches: tuple[Batch, ...]
    """Batches to learn from, in event order."""
    start: datetime | None
    cutoff: datetime
    """Everything learned was known before it."""
    ignores_arrival: bool = False
    """Whether rows may have arrived after the cut-off: within one delivery all arrive together."""
    ignores_labels: bool = False
    """Whether their labels may have become known after it: all of them are there when this is asked."""


@dataclass(frozen=True)
class Opening:
    """From which moment on the rows of a batch are judged: evidence is taken in event order only."""

    moment: datetime | None
    """Its first event that is not before the end of what was judged."""
    older: int = 0
    """Its labelled rows from before that moment. They are kept and learned from, and not judged."""
    late: bool = False
    """Whether too few rows are left to judge anybody on."""

    @property
    def watched_from(self) -> datetime | None:
        """From when on the live model is watched: on the judged rows, and of a late batch on all of them."""
        return None if self.late else self.moment


def before(pool: Pool, accepted: Sequence[Batch], window: Window) -> Plan | None:
    """Everything of the window that was known before the first judged row; None if no other batch has older rows."""
    cutoff, judged = pool.moment, {batch.id for batch in pool.batches}
    if cutoff is None:
        return None
    start = _start(window, cutoff)
    older = [b for b in accepted if b.id not in judged and b.first_event is not None and b.first_event < cutoff]
    inside = [b for b in older if start is None or (b.last_event is not None and b.last_event >= start)]
    return Plan(tuple(inside), start, cutoff) if inside else None


def within(pool: Pool, cutoff: datetime, window: Window) -> Plan:
    """All that there is before the first champion, split in time: the older part is learned from, the rest is judged.

    All of it has arrived when this is asked, so arrival times say nothing; labels must have been known.
    """
    start, first = _start(window, cutoff), pool.first_event
    cuts = len(pool.batches) > 1 and start is not None and (first is None or start > first)
    return Plan(pool.batches, start if cuts else None, cutoff, ignores_arrival=True)


def whole(pool: Pool, end: datetime, window: Window) -> Plan:
    """All that a first champion won on, up to the end of it: from there on the next batch is judged."""
    return replace(within(pool, end + timedelta(microseconds=1), window), ignores_labels=True)


def split_moment(events: "NDArray[Any]", clusters: "NDArray[Any]", share: float) -> datetime | None:
    """The first event of the clusters that are judged, when the first model learns from the older `share` of them.

    Args:
        events: Event times as `datetime64` in UTC, one per row.
        clusters: Cluster of each row.
        share: Share of the clusters to learn from, oldest first.

    Returns:
        None if there are fewer than two clusters, or all rows are of one moment. Where the older part would be empty,
        because many rows are of the first moment, it is all of those.
    """
    import numpy as np

    order = np.argsort(events, kind="stable")
    names, first = np.unique(clusters[order], return_index=True)
    if len(names) < 2 or events[order][0] == events[order][-1]:
        return None
    begins = np.sort(first)
    learned = min(max(1, math.floor(share * len(names))), len(names) - 1)
    in_order = events[order]
    moment = in_order[begins[learned]]
    return _moment(moment if moment > in_order[0] else in_order[in_order > in_order[0]][0])


def clusters_before(events: "NDArray[Any]", clusters: "NDArray[Any]", cutoff: datetime) -> int:
    """In how many clusters there are rows from before the cut-off."""
    return len(set(clusters[events < _as_event(cutoff)]))


def end_of(events: "NDArray[Any]") -> datetime | None:
    """The last of the events (`datetime64` in UTC, none missing), strays aside; None if there are none.

    A stray lies as far behind the bulk (all but a twentieth at either end) as this is long, or farther: so a few rows
    with a wrong date do not keep all later batches from being judged.
    """
    if not len(events):
        return None
    in_order = events[events.argsort(kind="stable")]
    aside = len(in_order) // _TAIL
    first, last = in_order[aside], in_order[len(in_order) - 1 - aside]
    return _moment(in_order[in_order <= last + (last - first)][-1])


def begin(events: "NDArray[Any]", *ends: datetime | None) -> datetime | None:
    """The first of the events that is not before any of these ends; None if there is none."""
    latest = max((end for end in ends if end is not None), default=None)
    later = events if latest is None else events[events >= _as_event(latest)]
    return _moment(later.min()) if len(later) else None


def pooled(batch: Batch | None, begins: Mapping[Batch, datetime | None]) -> Pool | None:
    """A batch and those that wait, in event order, from the first row that is to be judged; None if it waits alone.

    Args:
        batch: The one of this turn, which is always among them; None between turns.
        begins: Where judging begins in each; None where nothing is to be judged.
    """
    moments = {one: moment for one, moment in begins.items() if moment is not None}
    if not set(moments) - {batch}:
        return None
    last = max(moments.values())
    together = sorted({*moments, *([] if batch is None else [batch])}, key=lambda one: (moments.get(one, last), one.id))
    return Pool(tuple(together), min(moments.values()))


def first_from(events: "NDArray[Any]", end: datetime) -> datetime:
    """The first of the events that is not before `end`, where judging goes on; `end` if there is none."""
    later = events[events >= _as_event(end)]
    return _moment(later.min()) if len(later) else end


def _start(window: Window, cutoff: datetime) -> datetime | None:
    return cutoff - window.length if window.length and cutoff - _CALENDAR > window.length else None


def _as_event(moment: datetime) -> "np.datetime64":
    import numpy as np

    return np.datetime64(moment.replace(tzinfo=None), "us")


def _moment(event: "np.datetime64") -> datetime:
    at: datetime = event.astype("datetime64[us]").item()
    return at.replace(tzinfo=UTC)
