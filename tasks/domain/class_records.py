"""What the ledger keeps of the classes of a label, where the settings list several.

Add here what is kept of one class. How classes are judged and told belongs to `problems.multiclass`.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class ClassScore:
    """How a model did on the rows of one class, where there are several."""

    name: str
    rows: int
    named: int
    """Rows that were put in it."""
    right: int
    """Rows of it that were put in it."""
    expected: float
    """Mean probability that it was given."""
