"""How a loss is told: a log loss as it is, a squared error as its root, a gain as what the root falls by."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.problems import kinds
from tests.reporting import pieces

LOG_LOSS, SQUARED_ERROR = kinds.named("binary"), kinds.named("regression")
MILLIONS = 109_964_345_089.0
"""A gain of squared prices, as a user met it."""


@pytest.mark.parametrize(
    ("gain", "base", "signed", "size"),
    [
        (MILLIONS, 4 * MILLIONS, "+88,854", "88,854"),
        (-19.0, 81.0, "−1.000", "1.000"),
        (0.0, 81.0, "0", "0"),
        (100.0, 81.0, "+9.000", "9.000"),
        (19.0, None, "–", "–"),
        (math.nan, 81.0, "–", "–"),
    ],
)
def test_a_gain_of_squared_errors_is_told_in_the_units_of_the_label(
    gain: float, base: float | None, signed: str, size: str
) -> None:
    assert (SQUARED_ERROR.gain(gain, base), SQUARED_ERROR.difference(gain, base)) == (signed, size)


def test_a_gain_of_log_losses_is_told_as_it_is() -> None:
    assert (LOG_LOSS.gain(0.0244, None), LOG_LOSS.difference(-0.0244, 0.6)) == ("+0.0244", "0.0244")
    assert LOG_LOSS.loss(0.59) == "0.590"


@given(st.floats(1e-6, 1e12), st.floats(-1e12, 1e12))
def test_what_is_told_has_the_sign_of_the_gain(base: float, gain: float) -> None:
    told = SQUARED_ERROR.gained(gain, base)

    assert told is not None
    assert told == 0 or math.copysign(1, told) == math.copysign(1, gain)


def test_what_is_told_of_a_pair_of_log_losses_is_what_was_measured() -> None:
    pair = pieces.comparison(0.0244, 0.0129, 0.0387, 1)

    assert kinds.gains(pair) == (0.0244, 0.0129, 0.0387)
    assert (kinds.gain(pair), kinds.ends(pair)) == ("+0.0244", "+0.0129 to +0.0387")
