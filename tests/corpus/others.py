"""Pipelines with settings of their own: rows without a key and a label of words, clocks of a zone, dates whose parts
touch, a label that is a number, and one that is a count."""

import pandas as pd
import pyarrow as pa

from tests.corpus.world import ROWS, YAML, Case, Expected, accepted, changed, file, refused, sorted_out, with_column

ANSWERS, CLOCKS, DATES, AMOUNTS, COUNTS = "answers", "clocks", "dates", "amounts", "counts"
_SHEET = """
title: Will it be sold?
ingestion:
  source: {kind: csv%s}
%s  times: {event: at}
validation:
  columns:
    at: {type: timestamp}
    shop: {type: category}
    sold: {type: boolean}
training:
  label: sold
  features: [shop]
  candidates: [{family: logistic_regression, min_frequency: 5}]
"""
SETTINGS = {
    ANSWERS: YAML.replace("  key: [at, shop]\n", "")
    .replace("sold: {type: boolean,", "sold: {type: category,")
    .replace("label: sold", "label: sold\n  positive: ['yes', 'Yes, at once']\n  negative: ['no']"),
    CLOCKS: _SHEET % (", timezone: Europe/Berlin", ""),
    DATES: _SHEET % ("", "  derive: {at: {text: '{day} {clock}', format: '%m%d%Y %H%M'}}\n"),
    AMOUNTS: YAML.replace("sold: {type: boolean,", "sold: {type: number,")
    .replace("label: sold", "problem: regression\n  label: sold")
    .replace("logistic_regression, min_frequency: 5", "linear_regression"),
    COUNTS: YAML.replace("sold: {type: boolean,", "sold: {type: integer, min: 0,")
    .replace("label: sold", "problem: count\n  label: sold")
    .replace("logistic_regression, min_frequency: 5", "linear_regression"),
}


_NAMED = "If they are right, name those that mean yes in training.positive, and the others in training.negative."
_WIDE = "Numbers that touch are written in full width, 01 and not 1; or put a sign between the columns of the text."


def _new(values: str) -> Expected:
    """Refused for values of the label that nobody has declared."""
    known = "known are 'Yes, at once', 'no', 'yes'"
    return refused(f"Column 'sold' (the label) has values that are not declared: {values}; {known}. {_NAMED}", ROWS)


def _near(value: str) -> Expected:
    """Refused for a value that looks like a yes."""
    return refused(
        f"Column 'sold' (the label) has values that look like a yes, but are none: {value!r} (1). {_NAMED}", ROWS
    )


def _no_clock(time: str, why: str) -> Expected:
    return refused(f"Column 'at' must be a time with its time zone, but '{time}' in row 1 {why}.", 2)


def _no_date(text: str) -> Expected:
    told = f"'{text}' in row 1 is no time of the form '%m%d%Y %H%M'"
    return refused(f"Column 'at' cannot be derived: {told}. {_WIDE}", 1)


# ── a label of words, and no key ──────────────────────────────────────────────────────────────────────────────────
def _answers(rows: pd.DataFrame, *values: str | None) -> pd.DataFrame:
    """The rows with a label of words; the values in its first places."""
    words = ["yes" if sold else "no" for sold in rows["sold"]]
    return rows.assign(sold=pd.Series([*values, *words[len(values) :]], dtype="str"))


def _with_ids(rows: pd.DataFrame) -> pa.Table:
    """The same row again and again, but for an id in a record: large ones that differ by one, and one that is missing."""
    same = _answers(rows.iloc[[0] * ROWS].reset_index(drop=True))
    return with_column(same, "x", [{"id": None}, *({"id": 2**60 + n} for n in range(ROWS - 1))])


_OF_ANSWERS = [
    changed("answers", _answers, accepted()),
    changed("several answers that mean yes", lambda rows: _answers(rows, "Yes, at once"), accepted()),
    changed("missing answers", lambda rows: _answers(rows, None, None), accepted()),
    changed("yes in capitals", lambda rows: _answers(rows, "Yes"), _near("Yes")),
    changed("yes with a blank", lambda rows: _answers(rows, "yes "), _near("yes ")),
    changed("1 and 2 for yes and no", lambda rows: _answers(rows, *["1", "2"] * 20), _new("'1' (20), '2' (20)")),
    changed("an answer of nothing", lambda rows: _answers(rows, ""), _new("'' (1)")),
    changed("a third answer", lambda rows: _answers(rows, "perhaps", "later"), _new("'later' (1), 'perhaps' (1)")),
    changed("whole numbers for answers", lambda rows: rows.assign(sold=[0, 1] * 20), refused("Column 'sold' must be text, but holds whole numbers (e.g. '0').", ROWS)),
    changed("an equal row without a key", lambda rows: pd.concat([_answers(rows), _answers(rows).head(1)]), sorted_out(0, "", 1, ROWS + 1)),
    changed("every row twice without a key", lambda rows: pd.concat([_answers(rows)] * 2), sorted_out(0, "", ROWS, 2 * ROWS)),
    changed("equal but for a large id in a record", _with_ids, accepted()),
]  # fmt: skip


# ── clocks, and dates whose parts touch ───────────────────────────────────────────────────────────────────────────
def _sheet(name: str, header: str, *rows: str, expected: Expected) -> Case:
    """A CSV with these rows, and as many more as are needed; each file has a shop of its own."""
    lines = [header, *(f"{row},{name},{str(number % 2 == 0).lower()}" for number, row in enumerate(rows)), ""]
    return file(name, lambda _: "\n".join(lines).encode(), expected, ".csv")


def _clock(name: str, expected: Expected, *times: str) -> Case:
    return _sheet(name, "at,shop,sold", *times, expected=expected)


def _date(name: str, expected: Expected, *dates: str) -> Case:
    return _sheet(name, "day,clock,shop,sold", *dates, expected=expected)


_OF_CLOCKS = [
    _clock("clocks of the zone", accepted(2), "2013-01-31T23:59:00", "2013-07-31 23:59"),
    _clock("days of the zone", accepted(2), "2013-01-31", "2013-02-01"),
    _clock("a zone beside the clock", accepted(2), "2013-01-31T23:59:00Z", "2013-02-01T00:59:00+01:00"),
    _clock("finer than microseconds", accepted(1), "2025-06-01 00:00:12.123456789"),
    _clock("an hour that is shown twice", _no_clock("2013-10-27T02:30:00", "is there twice in Europe/Berlin, where the clocks were set back; see ingestion.source.repeated_hour"), "2013-10-27T02:30:00", "2013-10-28T02:30:00"),
    _clock("an hour that is never shown", _no_clock("2013-03-31T02:30:00", "does not exist in Europe/Berlin, where the clocks were set forward"), "2013-03-31T02:30:00", "2013-04-01T02:30:00"),
]  # fmt: skip
_OF_DATES = [
    _date("whole parts", accepted(2), "01152024,0130", "11052024,1300"),
    _date("a month of one figure", _no_date("1152024 1300"), "1152024,1300"),
    _date("an hour of one figure", _no_date("01152024 130"), "01152024,130"),
    _date("figures for seconds", _no_date("01152024 130000"), "01152024,130000"),
    _date("a year of two figures", _no_date("011524 1300"), "011524,1300"),
    _date("a thirteenth month", _no_date("13052024 1300"), "13052024,1300"),
    _date("hour 24", _no_date("01152024 2400"), "01152024,2400"),
]


# ── a label that is a number ──────────────────────────────────────────────────────────────────────────────────────
def _amounts(rows: pd.DataFrame, *values: float | None) -> pa.Table:
    """The rows with amounts for a label; the values in its first places."""
    return with_column(rows, "sold", [*values, *(float(n) for n in range(ROWS - len(values)))], pa.float64())


_OF_AMOUNTS = [
    changed("amounts", _amounts, accepted()),
    changed("missing amounts", lambda rows: _amounts(rows, None, None), accepted()),
    changed("just below the bound of labels", lambda rows: _amounts(rows, 9.9e37, -9.9e37), accepted()),
    *(changed(f"an amount of {size}", lambda rows, size=size: _amounts(rows, size), sorted_out(1, "sold: a finite number below 1e38 (1)"))
      for size in (1e38, -1e77, 1e100, 1.7e308, float("inf"))),
]  # fmt: skip


def _counts(rows: pd.DataFrame, *values: float | None) -> pa.Table:
    """The rows with counts for a label, as they may be written; the values in its first places."""
    return with_column(rows, "sold", [*values, *(float(n) for n in range(ROWS - len(values)))], pa.float64())


_OF_COUNTS = [
    changed("counts", _counts, accepted()),
    changed("missing counts", lambda rows: _counts(rows, None, None), accepted()),
    changed("counts below zero", lambda rows: _counts(rows, -1.0, -3.0), sorted_out(2, "sold: at least 0 (2)")),
    changed("half a count", lambda rows: _counts(rows, 0.5), sorted_out(1, "sold: a whole number (1)")),
]

TABLES = {ANSWERS: _OF_ANSWERS, CLOCKS: _OF_CLOCKS, DATES: _OF_DATES, AMOUNTS: _OF_AMOUNTS, COUNTS: _OF_COUNTS}
