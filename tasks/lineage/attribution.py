"""How much of the difference in loss of two models one thing explains: it was undone, and the loss was measured again.

Add here what is concluded from such numbers. In what words it is told is decided in `attribution_account`.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from tasks.domain.records import Comparison

HALF = 0.5
"""Share of the difference from which on something explains it."""
ROUNDING = 1e-6
"""Share of the loss up to which two losses are the same: rows in another order give that."""
MOSTLY = 0.9
"""Share of what a part explains from which on a smaller part of it explains it in its place."""
LITTLE = 0.2
"""Share of the difference below which, with its whole interval, something does not explain it."""


class Kind(StrEnum):
    """What is undone."""

    DATA = "data"
    BATCH = "batch"
    TIME = "time"
    COLUMN = "column"
    SETTINGS = "settings"
    SETTING = "setting"
    CODE = "code"


class Answer(StrEnum):
    """What follows for the question why."""

    MOST = "most"
    """It explains at least half of the difference."""
    PART = "part"
    """It explains a smaller part of it."""
    NOT = "not"
    """It does not explain it."""
    AGAINST = "against"
    """Without it both would differ by more."""
    OPEN = "open"
    """Its interval holds too much to tell."""
    IMPOSSIBLE = "impossible"
    """It could not be undone."""


@dataclass(frozen=True)
class Share:
    """A share of the difference with its interval; more than 1 where others work against it."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Attribution:
    """One thing undone, and what came of it."""

    kind: Kind
    name: str
    answer: Answer
    text: str = ""
    """What differs, for people: `1,400 came`."""
    rows: int | None = None
    """How many rows it is about; None where it is about none."""
    loss: float | None = None
    """Mean loss of the second model without it; None if that could not be measured."""
    share: Share | None = None
    moved: bool = True
    """Of a column: whether its values differ by more than chance from those that the first version learned from."""
    why_not: str = ""
    """Why it could not be undone."""

    @property
    def explains(self) -> bool:
        """Whether it explains some of the difference."""
        return self.answer in (Answer.MOST, Answer.PART)


def differs(pair: Comparison) -> bool:
    """Whether two models differ on the rows: by more than a rounding, and the interval of the gain leaves 0 out."""
    base = math.fsum(pair.base_loss) / pair.rows if pair.rows else 0.0
    return abs(pair.gain) > ROUNDING * base and (pair.low > 0 or pair.high < 0)


def share(difference: float, undone: Comparison) -> Share:
    """Which share of a difference goes away where something is undone.

    Args:
        difference: Loss of the second model less that of the first one; not 0.
        undone: The second model, and beside it the same without the thing: the gain is what undoing it saves.
    """
    low, high = sorted((undone.low / difference, undone.high / difference))
    return Share(undone.gain / difference, low, high)


def answer(explained: Share) -> Answer:
    """What follows from a share and its interval."""
    if explained.low > 0:
        return Answer.MOST if explained.value >= HALF else Answer.PART
    if explained.high < 0:
        return Answer.AGAINST
    return Answer.NOT if max(-explained.low, explained.high) <= LITTLE else Answer.OPEN


def narrowest(tried: Sequence[Attribution], kind: Kind, of: Attribution) -> Attribution | None:
    """The smallest one of a kind that explains most of what something larger explains; None if there is none."""
    whole = of.share.value if of.share else 0.0
    mostly = [one for one in tried if one.kind is kind and one.explains and one.share]
    mostly = [one for one in mostly if one.share and one.share.value >= MOSTLY * whole]
    return min(mostly, key=lambda one: one.rows or 0, default=None)


def strongest(tried: Sequence[Attribution], *kinds: Kind) -> Attribution | None:
    """The one of these kinds that explains most; None if none explains anything."""
    explaining = [one for one in tried if one.kind in kinds and one.explains]
    return max(explaining, key=lambda one: one.share.value if one.share else 0.0, default=None)
