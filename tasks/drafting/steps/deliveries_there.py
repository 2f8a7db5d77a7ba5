"""All deliveries of a source, as a turn would read them; one that is cut is cut in a place of its own.

So nothing lands, and what was remembered of looks before stays as it is.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from tasks.adapters.home import Home
from tasks.ingestion.sources import base, source_kinds


def of(home: Home, name: str) -> Iterator[tuple[str, bytes, str | None]]:
    """Name, bytes, and what it is if it is no file, of each delivery of a source.

    Raises:
        LandingFolderMissing: There is no such source.
        UnreadableFile: It cannot be cut into batches.
        DeliveryWaits: It cannot be read just now.
    """
    source = home.settings(name).ingestion.source
    with tempfile.TemporaryDirectory(prefix="incumbent-") as scratch:
        place = Home(Path(scratch)) if source.origin is not None and source.folder is None else home
        opened = source_kinds.of(place, name, afresh=True)
        if place is not home:
            opened.fetch()
        for delivery in opened.look().deliveries:
            yield delivery.name, base.read(opened, delivery), delivery.odd
