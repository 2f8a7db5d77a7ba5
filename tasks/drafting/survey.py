"""What stands in a column: its type, how much is missing, how many values there are, how far they reach.

Add here what can be seen in one column alone. Text is looked at as the contract would read it, so that what is guessed
here is what is read there. What a column is for is guessed in `roles`.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from configs.ingestion import Source
from tasks.drafting import oddities, time_forms

if TYPE_CHECKING:
    import pyarrow as pa

Kind = Literal["integer", "number", "boolean", "category", "time", "empty"]
NOTHING = ("NULL", "null", "NA", "N/A", "n/a", "NaN", "nan", "#N/A", "<NA>", "None", "?")
"""Cells that mean a missing value wherever they stand."""
_ONLY_BESIDE_NUMBERS = ("-", "--", ".", "none", "NONE", "missing", "Missing", "unknown", "Unknown", "n.a.", "\\N")
_INTEGER = r"^[+-]?(0|[1-9][0-9]{0,17})$"
_POINT = r"^[+-]?((0|[1-9][0-9]*)(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?$"
_COMMA = r"^[+-]?(0|[1-9][0-9]*),[0-9]+$"
_TRUTH = r"^(?i:true|false)$"
_FORMS: tuple[tuple[Kind, str], ...] = (
    ("boolean", _TRUTH),
    ("integer", _INTEGER),
    ("number", _POINT),
    ("number", _COMMA),
)
"""Types and how their values are written, from the narrow one to the wide one."""
_USUAL = Source(kind="csv", delimiter=";")
_MOST_TOKENS = 3
_RARE = 0.02
_SHOWN = 40


@dataclass(frozen=True)
class Column:
    """What stands in one column of a table."""

    name: str
    kind: Kind
    rows: int
    missing: int
    """Cells that have no value."""
    levels: int
    """Different values."""
    common: tuple[tuple[str, int], ...]
    """The values that come most often, as text, with how often; at most 40."""
    codes: NDArray[np.int64]
    """Of each row, which of the different values it has; −1 where it has none. Shape (rows,)."""
    numbers: NDArray[np.float64] | None = None
    """Of each row its number, NaN where there is none; of a column of numbers only. Shape (rows,)."""
    moments: "NDArray[np.datetime64] | None" = None
    """Of each row its time in UTC, NaT where there is none; of a column of times only. Shape (rows,)."""
    form: time_forms.TimeForm | None = None
    """How its times are written."""
    tokens: tuple[str, ...] = ()
    """Cells that are taken for missing ones."""
    points: tuple[int, int] = (0, 0)
    """How many cells are numbers with a decimal point, and with a decimal comma."""
    length: float = 0.0
    """Letters of a value on average; of text only."""
    blanks: float = 0.0
    """Blanks in a value on average; of text only."""
    notes: tuple[str, ...] = field(default=())
    """What a person should know of it."""

    @property
    def share_missing(self) -> float:
        """Share of the rows without a value."""
        return self.missing / self.rows if self.rows else 0.0

    @property
    def is_unique(self) -> bool:
        """Whether no value is missing and none comes twice."""
        return not self.missing and self.levels == self.rows and self.rows > 0

    def value(self, code: int) -> str:
        """A value as text, for a sentence."""
        return self.common[code][0]


def look(table: "pa.Table", source: Source = _USUAL) -> list[Column]:
    """All columns of a table.

    Args:
        table: The rows.
        source: How they are written. In CSV any value is text, with a decimal comma only where no comma parts the
            cells; in parquet and Arrow text is text, also where it looks like a time.
    """
    import pyarrow as pa

    surveyed = list[Column]()
    forms = () if source.kind != "csv" else _FORMS[:-1] if source.delimiter == "," else _FORMS
    are_times = source.kind not in ("parquet", "arrow")
    for name, values in zip(table.column_names, table.columns, strict=True):
        is_text = pa.types.is_string(values.type) or pa.types.is_large_string(values.type)
        surveyed.append(_text(name, values, forms, are_times=are_times) if is_text else _typed(name, values))
    return surveyed


# ── text ──────────────────────────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True)
class _Levels:
    """The different values of a column, most frequent first."""

    texts: "pa.Array"
    counts: NDArray[np.int64]
    codes: NDArray[np.int64]

    def share(self, pattern: str, but: NDArray[np.bool_]) -> tuple[float, NDArray[np.bool_]]:
        """Share of the cells that are of a form, without some; and which of the values are."""
        import pyarrow.compute as pc

        fits = pc.match_substring_regex(self.texts, pattern).to_numpy(zero_copy_only=False).astype(bool)
        whole = int(self.counts[~but].sum())
        return (float(self.counts[fits & ~but].sum()) / whole if whole else 0.0), fits


def _levels(values: Any) -> _Levels:
    import pyarrow as pa
    import pyarrow.compute as pc

    encoded = pc.dictionary_encode(values).combine_chunks()
    encoded = encoded.chunk(0) if isinstance(encoded, pa.ChunkedArray) and encoded.num_chunks else encoded
    if isinstance(encoded, pa.ChunkedArray):
        return _Levels(pa.array([], pa.string()), np.zeros(0, np.int64), np.zeros(0, np.int64))
    raw = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    counts = np.bincount(raw[raw >= 0], minlength=len(encoded.dictionary))
    order = np.argsort(-counts, kind="stable")
    places = np.empty(len(order) + 1, dtype=np.int64)
    places[order], places[-1] = np.arange(len(order)), -1
    return _Levels(encoded.dictionary.take(pa.array(order)).cast(pa.string()), counts[order], places[raw])


def _text(name: str, values: Any, forms: Sequence[tuple[Kind, str]], *, are_times: bool) -> Column:
    import pyarrow.compute as pc

    levels = _levels(values)
    blank = pc.match_substring_regex(levels.texts, r"^\s*$").to_numpy(zero_copy_only=False).astype(bool)
    texts = levels.texts.to_pylist()
    nothing = blank | np.array([text in NOTHING for text in texts], dtype=bool)
    kind: Kind = "category"
    absent = np.zeros(len(texts), dtype=bool)
    if forms:
        kind, absent = _kind(levels, texts, nothing, forms)
    else:
        nothing = absent
    there = [text for text, is_absent in zip(texts, nothing, strict=True) if not is_absent]
    is_open = kind in ("category", "integer")
    time = time_forms.recognise(name, there, are_read=are_times) if is_open else None
    if time is None and kind == "category" and forms:
        nothing = nothing | _no_times(levels, texts, nothing)
        there = [text for text, is_absent in zip(texts, nothing, strict=True) if not is_absent]
        time = time_forms.recognise(name, there, are_read=are_times)
    if time is not None:
        kind, absent = "time", nothing
    points = tuple(
        int(levels.counts[levels.share(number, absent)[1] & ~absent].sum()) for number in (r"^[^,]*\.[0-9]", _COMMA)
    )
    return _column(name, kind, levels, texts, absent, time, (points[0], points[1]))


def _kind(
    levels: _Levels, texts: list[str], nothing: NDArray[np.bool_], forms: Sequence[tuple[Kind, str]]
) -> tuple[Kind, NDArray[np.bool_]]:
    """The type of a column, and which of its values mean a missing one."""
    if nothing.all():
        return "empty", nothing
    for kind, form in forms:
        share, fits = levels.share(form, nothing)
        if share == 1:
            return kind, nothing
        strange = ~fits & ~nothing
        odd = (
            [text for text, is_odd in zip(texts, strange, strict=True) if is_odd]
            if strange.sum() <= _MOST_TOKENS
            else []
        )
        usual = all(text in _ONLY_BESIDE_NUMBERS for text in odd)
        if (
            kind != "boolean"
            and odd
            and ((usual and share > 0.5) or (share > 1 - _RARE and not any(map(_is_numeric, odd))))
        ):
            return kind, nothing | strange
    # Among words "None" is one like any other.
    return "category", nothing & np.array([text != "None" for text in texts], dtype=bool)


def _no_times(levels: _Levels, texts: list[str], nothing: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which of the values are the few words among times that are none, such as `Total` in the last row."""
    words = np.array([not _is_numeric(text) for text in texts], dtype=bool) & ~nothing
    is_rare = levels.counts[words].sum() <= _RARE * levels.counts[~nothing].sum()
    return words if words.sum() <= _MOST_TOKENS and is_rare else np.zeros(len(texts), dtype=bool)


def _is_numeric(text: str) -> bool:
    return re.search("[0-9]", text) is not None


def _column(
    name: str,
    kind: Kind,
    levels: _Levels,
    texts: list[str],
    absent: NDArray[np.bool_],
    time: "tuple[time_forms.TimeForm, time_forms.Moments] | None",
    points: tuple[int, int],
) -> Column:
    """The values that are there, numbered anew without those that are missing."""
    renumbered = np.cumsum(~absent) - 1
    renumbered = np.append(np.where(absent, -1, renumbered), -1)
    codes = renumbered[levels.codes]
    there = [text for text, is_absent in zip(texts, absent, strict=True) if not is_absent]
    counts = levels.counts[~absent]
    weights = counts / max(counts.sum(), 1)
    numbers = _numbers(there, kind, points)
    return Column(
        name=name,
        kind=kind,
        rows=len(codes),
        missing=int((codes < 0).sum()),
        levels=len(there),
        common=tuple(zip(there[:_SHOWN], map(int, counts[:_SHOWN]), strict=True)),
        codes=codes,
        numbers=None if numbers is None else np.append(numbers, np.nan)[codes],
        moments=None if time is None else np.append(time[1], np.datetime64("NaT", "us"))[codes],
        form=None if time is None else time[0],
        tokens=tuple(text for text, is_absent in zip(texts, absent, strict=True) if is_absent and text != ""),
        points=points,
        length=float(np.dot(weights, [len(text) for text in there])) if there else 0.0,
        blanks=float(np.dot(weights, [text.count(" ") for text in there])) if there else 0.0,
        notes=oddities.of_text(there, counts) if kind == "category" else oddities.of_numbers(name, numbers),
    )


def _numbers(texts: Sequence[str], kind: Kind, points: tuple[int, int]) -> NDArray[np.float64] | None:
    if kind not in ("integer", "number"):
        return None
    comma = kind == "number" and points[1] > points[0]
    return np.array([text.replace(",", ".") for text in texts] if comma else texts, dtype=np.float64)


# ── values ────────────────────────────────────────────────────────────────────────────────────────────────────────
def _typed(name: str, values: Any) -> Column:
    """A column that has a type of its own."""
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = values.type
    if pa.types.is_dictionary(kind):
        return _text(name, values.cast(pa.string()), (), are_times=False)
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        form = time_forms.TimeForm(
            is_date=pa.types.is_date(kind), is_naive=getattr(kind, "tz", None) is None, is_typed=True
        )
        plain = pc.cast(values, pa.timestamp("us", tz=getattr(kind, "tz", None)), safe=False)
        moments = plain.to_numpy().astype("datetime64[us]")
        return _of_values(name, "time", values, moments=moments, form=form)
    if pa.types.is_boolean(kind):
        return _of_values(name, "boolean", values)
    if pa.types.is_integer(kind) or pa.types.is_floating(kind):
        numbers = pc.cast(values, pa.float64(), safe=False).to_numpy()
        numbers = np.where(np.isfinite(numbers), numbers, np.nan)
        counted = time_forms.recognise_numbers(name, numbers)
        if counted is not None:
            return _of_values(name, "time", values, moments=counted.of_numbers(numbers), form=counted)
        whole: Kind = "integer" if pa.types.is_integer(kind) else "number"
        notes = oddities.of_numbers(name, numbers)
        return _of_values(name, whole, values, numbers=numbers, notes=notes)
    if pa.types.is_null(kind):
        return _of_values(name, "empty", values)
    note = f"its type {kind} is none that the contract knows"
    return Column(name, "empty", len(values), 0, 0, (), np.full(len(values), -1), notes=(note,))


def _of_values(name: str, kind: Kind, values: Any, **more: Any) -> Column:
    import pyarrow as pa

    levels = _levels(values.cast(pa.string()) if kind == "boolean" else values)
    numbers = more.get("numbers")
    codes = levels.codes if numbers is None else np.where(np.isnan(numbers), -1, levels.codes)
    texts = levels.texts[:_SHOWN].to_pylist()
    return Column(
        name, kind, len(codes), int((codes < 0).sum()), len(levels.counts),
        tuple(zip(texts, map(int, levels.counts[:_SHOWN]), strict=True)), codes, **more,
    )  # fmt: skip
