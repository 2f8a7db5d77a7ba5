"""Settings of scoring: who may ask the live model, and what is kept of its answers."""

from typing import Annotated, Literal

from pydantic import Field

from configs.section import Days, Section

Kept = Literal["values", "digest", "none"]
"""How much of the inputs of an answer is kept: the values, a digest of each, or nothing."""


class PredictionLogSettings(Section):
    """What is kept of each answer of the prediction service."""

    enabled: bool = True
    inputs: Kept = "values"
    """How much of the inputs is kept."""
    columns: dict[str, Kept] = Field(default={})
    """The same for one column, such as one that names a person."""
    durable: bool = False
    """Whether an answer waits until it is on the disk; without it, up to 50 milliseconds of answers can be lost with
    the machine, and are counted as a gap."""
    retention: Days | None = None
    """After so many days records are removed; None: never."""


class ScoringSettings(Section):
    """Answers of the live model: from files, and over HTTP."""

    unknown_columns: Literal["ignore", "refuse"] = "ignore"
    """What becomes of a row with a column that the contract does not have."""
    most_rows: Annotated[int, Field(ge=1, le=1_000_000)] = 10_000
    """Most rows in one request."""
    most_bytes: Annotated[int, Field(ge=1_000, le=1_000_000_000)] = 10_000_000
    """Largest body of a request."""
    log: PredictionLogSettings = PredictionLogSettings()
