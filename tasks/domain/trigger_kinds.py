"""Kinds of trigger: what may ask for a look.

Add a kind here: the form in Prefect's UI offers it, and the ledger keeps it. What announces one by an event is in
`deployments/prefect.yaml`.
"""

from enum import StrEnum


class TriggerKind(StrEnum):
    """What asks for a look. The value is what the ledger keeps."""

    MANUAL = "manual", "by hand", "asked for by hand"
    SCHEDULE = "schedule", "schedule", "it was time"
    NEW_DATA = "new_data", "new data", "data was announced", "incumbent.data.arrived"
    DRIFT = "drift", "drift", "drift was announced", "incumbent.drift.detected"
    PERFORMANCE = (
        "performance",
        "performance",
        "a model that is not well was announced",
        "incumbent.performance.degraded",
    )

    words: str
    """For people: `by hand`."""
    unexplained: str
    """What is written down of a trigger that came without a word of its own."""
    event: str
    """Name of the Prefect event that announces it; empty if none does."""

    def __new__(cls, value: str, words: str, unexplained: str, event: str = "") -> "TriggerKind":
        """A member with what is told of it."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.words, member.unexplained, member.event = words, unexplained, event
        return member

    @staticmethod
    def in_words(kind: str) -> str:
        """A kind for people; one that a later version has written down stays as it is."""
        return next((known.words for known in TriggerKind if known == kind), kind)
