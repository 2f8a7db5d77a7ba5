"""What is known of one column after its two samples are compared, before the columns are judged together.

Add here what numbers and levels say in the same words. Which column moved is decided in `drift`.
"""

from dataclasses import dataclass

from tasks.domain import wording

BINS = 24
"""Most bins of a histogram, missing and pooled values included."""
TELLING = 0.01
"""Change of the missing share from which the text mentions it."""

Histogram = tuple[tuple[str, float, float], ...]


@dataclass(frozen=True)
class Compared:
    """One column of two samples; the fields are those of `records.ColumnDrift`."""

    effect: float
    p_value: float
    text: str
    missing_was: float
    missing_now: float
    histogram: Histogram


NO_ROWS = Compared(0.0, 1.0, "no rows to compare", 0.0, 0.0, ())


def shares_text(was: float, now: float, where: str) -> str:
    """Two shares of rows in words; `where` follows the number, as in `89 % above 43.9, was 70 %`."""
    return f"{wording.share(now)} {where}, was {wording.share(was)}"


def rounded(label: str, was: float, now: float) -> tuple[str, float, float]:
    """One bin of a histogram; five decimals are finer than any picture."""
    return label, round(float(was), 5), round(float(now), 5)
