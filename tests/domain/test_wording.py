"""How numbers are written for people."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.domain import wording

SPACE = "\u202f"

WRITTEN = [
    (wording.count, 28123, "28,123"),
    (wording.count, -4, "−4"),
    (wording.count, None, "–"),
    (wording.number, 200.0, "200"),
    (wording.number, 0.15, "0.15"),
    (wording.number, 1_000_000.0, "1,000,000"),
    (wording.number_word, 0, "zero"),
    (wording.number_word, 2, "two"),
    (wording.number_word, 12, "twelve"),
    (wording.number_word, 1300, "1,300"),
    (wording.loss, 0.59, "0.590"),
    (wording.loss, None, "–"),
    (wording.loss, math.nan, "–"),
    (wording.gain, 0.0244, "+0.0244"),
    (wording.gain, -0.008, "−0.0080"),
    (wording.gain, -0.00001, "0.0000"),
    (wording.gain, math.inf, "–"),
    (wording.difference, -0.0381, "0.0381"),
    (wording.difference, None, "–"),
    (wording.share, 0.26, f"26{SPACE}%"),
    (wording.share, 0.033, f"3.3{SPACE}%"),
    (wording.share, 0.0047, f"0.47{SPACE}%"),
    (wording.share, 0.0999, f"10{SPACE}%"),
    (wording.share, 0.00999999, f"1.0{SPACE}%"),
    (wording.share, 0.00001, f"under 0.01{SPACE}%"),
    (wording.share, 0.0, f"0{SPACE}%"),
    (wording.share, 1.0, f"100{SPACE}%"),
    (wording.share, -0.25, f"−25{SPACE}%"),
    (wording.share, None, "–"),
    (wording.evidence, 0.1749, "0.17"),
    (wording.evidence, 0.9999, "0.99"),
    (wording.evidence, 1.0, "1.0"),
    (wording.evidence, 3.19, "3.1"),
    (wording.evidence, 49.9, "49"),
    (wording.evidence, 199.99, "199"),
    (wording.evidence, 1516.3, "1,516"),
    (wording.evidence, 10_000.5, "10,000"),
    (wording.evidence, 1e300, "over 10,000"),
    (wording.evidence, math.inf, "over 10,000"),
    (wording.evidence, 1e-9, "under 0.01"),
    (wording.evidence, math.nan, "–"),
    (wording.p_value, 0.0002, "< 0.001"),
    (wording.p_value, 0.0123, "0.012"),
    (wording.p_value, 0.34, "0.34"),
    (wording.p_value, None, "–"),
]


@pytest.mark.parametrize(("write", "value", "text"), WRITTEN)
def test_a_number_is_written_in_the_format_of_its_kind(write, value, text):
    assert write(value) == text


def test_an_interval_takes_the_word_to_and_the_format_of_its_quantity():
    assert wording.interval(0.5512, 0.6261) == "0.551 to 0.626"
    assert wording.interval(-0.0012, 0.003, wording.gain) == "−0.0012 to +0.0030"
    assert wording.interval(None, 0.6) == "–"


@given(st.floats(min_value=0.01, max_value=10_000))
def test_evidence_is_never_written_as_more_than_it_is(value):
    written = float(wording.evidence(value).replace(",", ""))

    assert written <= value
    assert written >= value - max(1.0 if value >= 10 else 0.1 if value >= 1 else 0.01, 0)
