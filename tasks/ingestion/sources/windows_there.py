"""What of a source that is cut into windows was delivered already, by the names in the landing folder."""

import re
from pathlib import Path
from typing import TypeAlias

from configs.ingestion import Cut, Source

UNDATED = "undated"
"""Name of the delivery of rows that are in no window; the contract says what becomes of them."""
Delivered: TypeAlias = dict[str, dict[int, Path]]
"""The deliveries of each window, by its name and by their numbers."""


def deliveries(folder: Path, source: Source, cut: Cut) -> Delivered:
    """What was delivered of each window, by its number: 1 is the window as it was first, the rest came later."""
    form = r"\d{4,}-\d\d" if cut.months else r"\d{4,}-\d\d-\d\d"
    found: Delivered = {}
    for path in sorted(folder.glob(f"*.{source.ending}")):
        name = re.fullmatch(rf"({form}|{UNDATED})(?:-(\d+))?", path.stem)
        if name is not None:
            found.setdefault(name[1], {})[int(name[2] or 1)] = path
    return found


def named(window: str, number: int) -> str:
    """What a delivery of a window is called."""
    return window if number == 1 else f"{window}-{number}"
