"""What a limit of a metric looks at: a challenger and whom it is compared with, on all rows or on a slice."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limited:
    """A metric of both on the same rows; None where it is not defined."""

    metric: str
    """Its name in records."""
    title: str
    greater_is_better: bool
    amount: bool
    column: str
    """Of the slice; empty for all rows."""
    label: str
    base: float | None
    """Of the champion (or no model)."""
    value: float | None
    """Of the challenger, with its interval; on slices that of all of them together."""
    low: float | None
    high: float | None
    worse: float | None
    """By how much the challenger is worse, paired, with its interval; below 0 it is better."""
    worse_low: float | None
    worse_high: float | None

    @property
    def where(self) -> str:
        """` on carrier UA`; empty for all rows."""
        return f" on {self.column} {self.label}" if self.column else ""
