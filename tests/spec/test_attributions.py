"""The decision table of explanations: what follows when a thing was undone, and how much of a difference went away."""

import pytest

from tasks.domain.records import Comparison
from tasks.lineage import attribution
from tasks.lineage.attribution import Answer, Attribution, Kind, Share

# fmt: off
#   share of the difference  low    high   what follows
TABLE = [
    (1.00,                   0.90,  1.10,  Answer.MOST),
    (0.50,                   0.01,  0.99,  Answer.MOST),
    (1.80,                   1.20,  2.40,  Answer.MOST),
    (0.49,                   0.10,  0.88,  Answer.PART),
    (0.02,                   0.01,  0.03,  Answer.PART),
    (0.00,                  -0.20,  0.20,  Answer.NOT),
    (0.05,                  -0.02,  0.12,  Answer.NOT),
    (0.10,                  -0.01,  0.21,  Answer.OPEN),
    (0.90,                  -0.10,  1.90,  Answer.OPEN),
    (-0.10,                 -0.40,  0.20,  Answer.OPEN),
    (-0.30,                 -0.50, -0.10,  Answer.AGAINST),
]

#   gain    low     high    loss   do they differ
DIFFERENCES = [
    (0.02,   0.01,   0.03,   0.5,   True),
    (-0.02, -0.03,  -0.01,   0.5,   True),
    (0.02,  -0.01,   0.05,   0.5,   False),
    (0.0,    0.0,    0.0,    0.5,   False),
    (1e-9,   5e-10,  2e-9,   0.5,   False),
]
# fmt: on


def comparison(gain: float, low: float, high: float, loss: float) -> Comparison:
    return Comparison(10, gain, low, high, ("a", "b"), (5, 5), (5 * loss, 5 * loss), (0.0, 0.0), (), 0.0)


@pytest.mark.parametrize(("value", "low", "high", "expected"), TABLE)
def test_what_follows_from_a_share(value: float, low: float, high: float, expected: Answer) -> None:
    assert attribution.answer(Share(value, low, high)) is expected


@pytest.mark.parametrize(("gain", "low", "high", "loss", "expected"), DIFFERENCES)
def test_when_there_is_a_difference_to_explain(
    gain: float, low: float, high: float, loss: float, expected: bool
) -> None:
    assert attribution.differs(comparison(gain, low, high, loss)) is expected


def test_a_share_has_no_sign_whichever_of_the_two_is_better() -> None:
    worse = attribution.share(0.04, comparison(0.03, 0.02, 0.04, 0.5))
    better = attribution.share(-0.04, comparison(-0.03, -0.04, -0.02, 0.5))

    assert worse == better == Share(0.75, 0.5, 1.0)


def test_the_narrowest_part_that_explains_what_the_whole_explains() -> None:
    def tried(name: str, rows: int, value: float) -> Attribution:
        return Attribution(Kind.TIME, name, Answer.MOST, rows=rows, share=Share(value, 0.1, 1.5))

    whole = Attribution(Kind.BATCH, "whole", Answer.MOST, rows=100, share=Share(1.0, 0.8, 1.2))
    parts = [tried("half", 50, 0.98), tried("quarter", 25, 0.92), tried("day", 5, 0.6)]

    narrowest = attribution.narrowest(parts, Kind.TIME, whole)

    assert narrowest is not None and narrowest.name == "quarter"
    assert attribution.narrowest(parts[2:], Kind.TIME, whole) is None
    assert attribution.strongest([whole, *parts], Kind.TIME) == parts[0]
