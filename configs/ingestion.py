"""Room 1 of the settings: where batches come from, and the times of their rows."""

from typing import Annotated, Literal

from pydantic import Field

from configs.section import Column, Section

Folder = Annotated[str, Field(min_length=1, pattern=r"^[^\x00-\x1f]*$")]


class Source(Section):
    """Where batches come from."""

    kind: Literal["parquet"] = "parquet"
    """Format of the files in the landing folder; each file is one batch."""
    folder: Folder | None = None
    """Landing folder; by default landing/<pipeline> in the home. A relative path starts from the home."""


class Times(Section):
    """The three times of each row. Without `arrival` a row is known when it happens, without `label` its label too."""

    event: Column
    """Column that says when it happened."""
    arrival: Column | None = None
    """Column that says when we learned of it."""
    label: Column | None = None
    """Column that says when its label was known."""


class IngestionSettings(Section):
    """Room 1: what is taken in."""

    source: Source = Source()
    times: Times
