"""Scale: how large a label may be, and the unit in which squares of large numbers stay finite. Small, without numpy."""

import math

LARGEST_LABEL = 1e38
"""Size below which a label can be learned and measured: trees sum gradients, differences of two labels, in 32 bits
(up to 3.4e38). The squares of squared errors, by which evidence and intervals are taken, end far beyond."""


def unit(largest: float) -> float:
    """A power of two as large as the largest of some numbers: in this unit their squares are neither 0 nor infinite.

    Dividing by it and multiplying by it changes no digit.
    """
    return math.ldexp(1.0, math.frexp(largest)[1] - 1) if 0 < largest < math.inf else 1.0
