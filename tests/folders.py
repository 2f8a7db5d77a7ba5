"""What is in a landing folder, for tests that have no home."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from configs.ingestion import DerivedTime, IngestionSettings, Source, Times
from configs.validation import ValidationSettings
from tasks.ingestion.formats import decoding
from tasks.ingestion.sources import base
from tasks.ingestion.sources.base import Delivery
from tasks.ingestion.sources.landing_folder import LandingFolder


def of(folder: Path) -> LandingFolder:
    return LandingFolder(folder, "parquet")


def listed(folder: Path) -> list[Delivery]:
    return of(folder).look().deliveries


def content(folder: Path, delivery: Delivery) -> bytes:
    return base.read(of(folder), delivery)


def rows(
    folder: Path,
    delivery: Delivery,
    contract: ValidationSettings,
    source: Source | None = None,
    derive: Mapping[str, DerivedTime] | None = None,
) -> pd.DataFrame:
    room = IngestionSettings(source=source or Source(), derive=dict(derive or {}), times=Times(event="at"))
    return decoding.decode(content(folder, delivery), room, contract, delivery.odd)


def count(folder: Path, delivery: Delivery, source: Source | None = None) -> int | None:
    """None also where it cannot be opened."""
    try:
        with of(folder).open(delivery.address) as file:
            return None if delivery.odd else decoding.count(file, source or Source())
    except OSError:
        return None
