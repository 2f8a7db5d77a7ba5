"""What people are told of once, by itself, and told again when it is over."""

from enum import StrEnum


class AlertKind(StrEnum):
    """What an alert is about. The value stands in the ledger."""

    HELD = "held"
    """A batch waits for a decision."""
    REFUSED = "refused"
    """A batch breaks the contract."""
    GIVEN_UP = "turn"
    """A turn failed as often as it may be begun."""
    UNREADABLE = "unreadable"
    """A delivery is there and cannot be read."""
    SILENT = "silent"
    """Nothing has arrived for longer than ever."""
    UNWELL = "unwell"
    """The live model is not well."""
    DRIFT = "drift"
    """The inputs have moved."""
    VETOED = "vetoed"
    """A challenger has the evidence, and a guard keeps it off."""
    OUT = "out"
    """The prediction service keeps the live version out."""
    OVER = "over"
    """What was told of before is over."""
    AUTOMATION = "event"
    """An automation of Prefect has failed."""

    def key(self, of: object) -> str:
        """What makes an alert this one and no other: the turn, the delivery or the event that it is about."""
        return f"{self.value}:{of}"


LASTING = (
    AlertKind.REFUSED,
    AlertKind.HELD,
    AlertKind.SILENT,
    AlertKind.UNWELL,
    AlertKind.VETOED,
    AlertKind.OUT,
)
"""Shown for as long as they stand, sent or not; the others only until they are sent."""
