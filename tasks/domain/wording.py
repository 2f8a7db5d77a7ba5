"""How numbers are written for people: one format per kind of number, for reasons, report, terminal and log alike.

Add a format here when a new kind of number is shown. Sentences belong to the rooms that know the facts. What is not
available (None, NaN) is an en dash. A minus is U+2212, and a narrow no-break space stands before %.
"""

import math
from collections.abc import Callable
from decimal import ROUND_DOWN, Decimal

MISSING = "–"
_SPACE = "\u202f"
_FIGURES, _MOST_PLACES, _MOST_FIGURES = 4, 12, 15
_WORDS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]


def count(number: int | None) -> str:
    """Whole number: `28,123`."""
    return MISSING if number is None else _minus(f"{number:,d}")


def number(value: float | None) -> str:
    """A number that somebody set, as short as possible: `200`, `0.15`, `12,000`."""
    return _minus(f"{value:,.10g}") if _is_there(value) else MISSING


def number_word(number: int) -> str:
    """Whole number in prose: a word up to twelve, then figures."""
    return _WORDS[number] if 0 <= number < len(_WORDS) else count(number)


def loss(value: float | None) -> str:
    """Loss, AUC or calibration error: `0.590`."""
    return _minus(f"{value:.3f}") if _is_there(value) else MISSING


def gain(value: float | None) -> str:
    """Paired difference with its sign: `+0.0244`; positive is better."""
    if not _is_there(value):
        return MISSING
    text = f"{value:+.4f}"
    return text[1:] if float(text) == 0 else _minus(text)


def difference(value: float | None) -> str:
    """Size of a paired difference whose direction the sentence tells: `0.0244`."""
    return f"{abs(value):.4f}" if _is_there(value) and value is not None else MISSING


def amount(value: float | None) -> str:
    """A measured number of any size, to four figures: `0.001234`, `12.34`, `3,412`, `3.752e+74`."""
    if value is None or not math.isfinite(value):
        return MISSING
    if value == 0:
        return "0"
    places = _FIGURES - 1 - math.floor(math.log10(abs(value)))
    if places > _MOST_PLACES or abs(value) >= 10**_MOST_FIGURES:
        return _minus(f"{value:.{_FIGURES if places < 0 else _FIGURES - 1}g}")
    return _minus(f"{value:,.{max(places, 0)}f}")


def signed_amount(value: float | None) -> str:
    """Paired difference of two amounts with its sign: `+132.4`; positive is better."""
    text = amount(value)
    return f"+{text}" if value is not None and math.isfinite(value) and value > 0 else text


def amount_of(value: float | None) -> str:
    """Size of a difference of two amounts whose direction the sentence tells: `132.4`."""
    return amount(None if value is None else abs(value))


def seconds(value: float) -> str:
    """How long something took: `1.2 s`."""
    return f"{value:.1f}{_SPACE}s"


def share(value: float | None) -> str:
    """Share as percent: whole from 10 %, one decimal from 1 %, two below."""
    if value is None or not math.isfinite(value):
        return MISSING
    percent = 100 * abs(value)
    if percent == 0:
        return f"0{_SPACE}%"
    if percent < 0.005:
        return f"under 0.01{_SPACE}%"
    decimals = 0 if round(percent, 1) >= 10 else 1 if round(percent, 2) >= 1 else 2
    return f"{'−' if value < 0 else ''}{percent:.{decimals}f}{_SPACE}%"


def evidence(value: float | None) -> str:
    """Evidence of the sequential test: `0.17`, `3.1`, `49`, `1,516`, `over 10,000`.

    It is rounded down, so that 199.9 never reads as the 200 that it has not reached, nor 0.999 as 1.
    """
    if value is None or math.isnan(value):
        return MISSING
    if value >= 10_001:
        return "over 10,000"
    if 0 < value < 0.01:
        return "under 0.01"
    step = Decimal("0.01") if value < 1 else Decimal("0.1") if value < 10 else Decimal(1)
    return f"{Decimal(repr(float(value))).quantize(step, rounding=ROUND_DOWN):,f}"


def p_value(value: float | None) -> str:
    """Probability of a test: `< 0.001`, `0.012`, `0.34`."""
    if value is None or math.isnan(value):
        return MISSING
    if value < 0.001:
        return "< 0.001"
    return f"{value:.3f}" if round(value, 3) < 0.1 else f"{value:.2f}"


def interval(low: float | None, high: float | None, write: Callable[[float | None], str] = loss) -> str:
    """Two ends of an interval: `0.551 to 0.626`; `write` is the format of the quantity."""
    return f"{write(low)} to {write(high)}" if _is_there(low) and _is_there(high) else MISSING


def _is_there(value: float | None) -> bool:
    return value is not None and math.isfinite(value)


def _minus(text: str) -> str:
    return text.replace("-", "−")
