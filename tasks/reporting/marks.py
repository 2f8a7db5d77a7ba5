"""What a picture is made of, before it is SVG: marks with attributes, and the scales that place them.

Add here what every chart needs. A chart of its own belongs to `charts.py` (turns side by side) or `pictures.py`.
One SVG serves every width: across, positions are percentages of the plot; down, they are pixels. Lines and areas,
which cannot be given in percent, go into an inner SVG whose width is 1,000 units stretched over the plot.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

_SIZES = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e4, "k"))
"""From where on a tick is told in thousands and so on."""
_UNITS = {"T": 1e12, "G": 1e9, "M": 1e6, "k": 1e3}
WIDE = 1000.0
"""Units across the stretched inner SVG."""

Attribute = str | float
Point = tuple[float, float]


@dataclass(frozen=True)
class Mark:
    """One SVG element."""

    tag: str
    attributes: tuple[tuple[str, str], ...]
    text: str = ""
    title: str = ""
    """Shown when the pointer rests on it."""


@dataclass(frozen=True)
class Chart:
    """A picture: what lies under, the stretched shapes, what lies over. `label` says it all in words."""

    height: float
    label: str
    under: tuple[Mark, ...] = ()
    shapes: tuple[Mark, ...] = ()
    over: tuple[Mark, ...] = ()
    width: float | None = None
    """None: as wide as the place where it is put, and the shapes are stretched."""
    css: str = ""

    @property
    def wide(self) -> float:
        """Units across the stretched shapes."""
        return WIDE


@dataclass(frozen=True)
class Scale:
    """Values to pixels from the top."""

    low: float
    high: float
    top: float
    bottom: float

    def __call__(self, value: float) -> float:
        """Where a value lies; values outside are drawn at the border."""
        span = (self.high - self.low) or 1.0
        share = (min(max(value, self.low), self.high) - self.low) / span
        return self.bottom - share * (self.bottom - self.top)


def mark(tag: str, css: str = "", text: str = "", title: str = "", **attributes: Attribute) -> Mark:
    """A mark; in names of attributes `_` stands for `-`, numbers are written short."""
    pairs = [("class", css)] if css else []
    pairs += [(name.rstrip("_").replace("_", "-"), written(value)) for name, value in attributes.items()]
    return Mark(tag, tuple(pairs), text, title)


def written(value: Attribute) -> str:
    """A coordinate as text, with two decimals at most."""
    if isinstance(value, str):
        return value
    return f"{value:.2f}".rstrip("0").rstrip(".") or "0"


def percent(share: float) -> str:
    """A share of the width as an SVG length."""
    return f"{written(100 * share)}%"


def path(points: Iterable[Point], close: bool = False) -> str:
    """The `d` of a polyline."""
    steps = [f"{written(x)} {written(y)}" for x, y in points]
    return f"M{'L'.join(steps)}{'Z' if close else ''}" if steps else ""


def runs(values: Sequence[float | None], skip: Sequence[bool]) -> list[list[int]]:
    """Indices of values that a line joins: it breaks where a value is missing, but crosses what is to be skipped."""
    found: list[list[int]] = [[]]
    for index, value in enumerate(values):
        if value is not None:
            found[-1].append(index)
        elif not skip[index] and found[-1]:
            found.append([])
    return [run for run in found if run]


def ticks(low: float, high: float, count: int = 4) -> list[float]:
    """Round values between two bounds, about as many as wished."""
    step = _round_step((high - low) / max(count, 1))
    first, last = ceil(low / step - 1e-9), floor(high / step + 1e-9)
    return [n * step for n in range(first, last + 1)]


def decimals(values: Sequence[float]) -> int:
    """How many decimals tell the ticks of an axis apart."""
    if len(values) < 2:
        return 2
    step = values[1] - values[0]
    return max(0, -floor(log10(step) + 1e-9)) + (0 if _is_round(step) or step >= 10 else 1)


def brief(value: float, places: int, signed: bool = False) -> str:
    """A tick with so many decimals; from ten thousand on in thousands, millions and so on: `0.50`, `12.5k`, `+3M`."""
    letter = next((letter for size, letter in _SIZES if abs(value) >= size), "")
    sign = "+" if signed else ""
    text = f"{value / _UNITS[letter]:{sign}.4g}{letter}" if letter else f"{value:{sign},.{places}f}"
    return text.replace("-", "−")


def apart(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Positions near the wanted ones, in the same order, at least a gap apart."""
    order = sorted(range(len(wanted)), key=lambda n: wanted[n])
    placed = [0.0] * len(wanted)
    at = low - gap
    for n in order:
        at = max(wanted[n], at + gap)
        placed[n] = at
    at = high + gap
    for n in reversed(order):
        at = min(placed[n], at - gap)
        placed[n] = at
    return placed


def _round_step(rough: float) -> float:
    if rough <= 0:
        return 1.0
    power: float = 10.0 ** floor(log10(rough))
    return next(power * n for n in (1, 2, 2.5, 5, 10) if power * n >= rough * 0.999)


def _is_round(step: float) -> bool:
    power: float = 10.0 ** floor(log10(step) + 1e-9)
    return abs(step / power - round(step / power)) < 1e-6
