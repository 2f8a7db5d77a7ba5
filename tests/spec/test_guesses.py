"""Decision tables: what is guessed about rows that nobody has described. To be read aloud."""

import datetime as dt

import numpy as np
import pyarrow as pa
import pytest

from configs.errors import MistakeOfUser
from tasks.drafting import dialect, label, rhythm, roles, sheet, survey, times
from tasks.drafting.guess import most_likely

#   cells of a CSV column                                         type         missing   taken for a missing value
CELLS = [
    (["1", "2", "-3"], "integer", 0, ""),
    (["1", "2.5", "-3e2"], "number", 0, ""),
    (["1", "2,5", "3,75"], "category", 0, ""),
    (["1,0", "2,5", "3,75"], "number", 0, ""),
    (["1", "", "3"], "integer", 1, ""),
    (["1", "NA", "3"], "integer", 1, "NA"),
    (["1", "N/A", "NULL"], "integer", 2, "N/A, NULL"),
    (["1.5", "-", "2", "2", "2", "2"], "number", 1, "-"),
    (["007", "012", "100"], "category", 0, ""),
    (["true", "False", "TRUE"], "boolean", 0, ""),
    (["yes", "no", "no"], "category", 0, ""),
    (["red", "None", "blue"], "category", 0, ""),
    (["red", "?", "NaN"], "category", 2, "?, NaN"),
    (["", "NULL", "NA"], "empty", 3, "NULL, NA"),
    (["2025-01-31", "2025-02-01"], "time", 0, ""),
    (["2025-01-31", ""], "category", 1, ""),
    (["2025-01-31", "2025-02-01", "None"], "time", 1, "None"),
    ([f"2025-01-{day}" for day in range(10, 30)] * 3 + ["Total"], "time", 1, "Total"),
    ([f"2025-01-{day}" for day in range(10, 30)] * 3 + ["2025-02-99"], "category", 0, ""),
    ([f"2025-01-{day}" for day in range(10, 30)] + ["Total", "Sum"], "category", 0, ""),
    (["31.01.2025", "01.02.2025"], "time", 0, ""),
    (["1/31/2025 2:30 PM", "2/1/2025 9:05 AM"], "time", 0, ""),
    (["Jan-2025", "Feb-2025"], "time", 0, ""),
    (["31.02.2025", "01.02.2025"], "category", 0, ""),
    (["12.5", "13.5"], "number", 0, ""),
]


@pytest.mark.parametrize(("cells", "kind", "missing", "tokens"), CELLS)
def test_a_column_is_of_the_type_that_reads_all_its_cells(
    cells: list[str], kind: str, missing: int, tokens: str
) -> None:
    (column,) = survey.look(pa.table({"x": cells}))

    assert (column.kind, column.missing, ", ".join(column.tokens)) == (kind, missing, tokens)


#   name          whole numbers                        read as
FIGURES = [
    ("created_at", [1400269500, 1362683700], "%s"),
    ("amount", [1400269500, 1362683700], None),
    ("ts", [1400269500123, 1362683700456], "%s%f"),
    ("date", [20250131, 20250201], "%Y%m%d"),
    ("when", [20240103, 20240104], "%Y%m%d"),
    ("date", [20250131, 20250199], None),
    ("month", [202501, 202502], "%Y%m"),
    ("month", [1, 2], None),
    ("day", [20, 21], None),
]


@pytest.mark.parametrize(("name", "numbers", "form"), FIGURES)
def test_figures_are_a_time_only_where_the_name_says_so(name: str, numbers: list[int], form: str | None) -> None:
    for values in (numbers, [str(number) for number in numbers]):
        (column,) = survey.look(pa.table({name: values}))
        assert (column.form.form if column.form else None) == form


#   days as they are written                     read as     or as
RIVALS = [
    (["01/02/2025", "01/03/2025", "01/04/2025"], "%m/%d/%Y", "%d/%m/%Y"),
    (["01/02/2025", "02/02/2025", "03/02/2025"], "%d/%m/%Y", "%m/%d/%Y"),
    (["30/01/2025", "01/02/2025"], "%d/%m/%Y", None),
]


@pytest.mark.parametrize(("texts", "form", "rival"), RIVALS)
def test_of_two_ways_to_read_a_day_that_with_the_smaller_gaps_is_taken(
    texts: list[str], form: str, rival: str | None
) -> None:
    (column,) = survey.look(pa.table({"day": texts}))

    assert column.form is not None
    assert (column.form.form, column.form.rival) == (form, rival)


#   text                                      written in   taken for
ENCODINGS = [
    ("größe;straße\n1;Süd\n", "latin-1", "cp1252"),
    ("preis €;café\n1;“so”\n", "cp1252", "cp1252"),
    ("imię;miasto\nŁukasz;Kraków\nZofia;Gdańsk\n", "cp1250", "cp1250"),
    ("имя;город\nИван;Москва\n" * 20, "cp1251", "cp1251"),
    ("größe\n1\n", "utf-8", "utf-8"),
    ("größe\n1\n", "utf-16", "utf-16"),
]


@pytest.mark.parametrize(("text", "written", "taken"), ENCODINGS)
def test_letters_of_a_file_tell_its_encoding(text: str, written: str, taken: str) -> None:
    assert dialect.read(text.encode(written)).source.encoding == taken


#   column     in a sentence
NAMES = [("amount", "amount"), ("", "''"), (" amount ", "' amount '"), ("a\tb", "'a\\tb'")]


@pytest.mark.parametrize(("column", "sentence"), NAMES)
def test_a_name_that_is_not_seen_stands_in_quotes(column: str, sentence: str) -> None:
    assert sheet.shown(column) == sentence


#   values of the label, with rows        as the user says it        problem       counts as yes                   why
LABELS = [
    ({"0": 90, "1": 10}, None, "binary", "1", "the word for yes"),
    ({"No": 90, "Yes": 10}, None, "binary", "Yes", "the word for yes"),
    ({"stays": 30, "goes": 70}, None, "binary", "stays", "the rarer of the two"),
    ({"good": 30, "poor": 70}, None, "binary", "poor", "the other one means no"),
    ({"true": 40, "false": 60}, None, "binary", "", ""),
    ({"3": 50, "7": 50, "9": 1}, None, "regression", "", "3 different numbers; if they are classes, say which is a yes: --label y=VALUE"),
    ({"1": 90, "2": 10}, None, "binary", "2", "the rarer of the two"),
    ({"0.0": 90, "1.0": 10}, None, "binary", "1.0", "the word for yes"),
    ({"-1": 10, "1": 90}, None, "binary", "1", "the word for yes"),
    ({"Fully Paid": 80, "Charged Off": 15, "Late: Charged Off": 5}, "y=Charged Off", "binary", "Charged Off, Late: Charged Off", "as you said, with 1 more that have it as a part"),
    ({"Fully Paid": 80, "Charged Off": 15, "Late": 5}, "y", "binary", "Charged Off, Late", "what is usually watched for, of 3 values"),
    ({"red": 80, "green": 15, "blue": 5}, "y", "multiclass", "", "3 values, of which none means yes; of one as the yes: --label y=VALUE"),
    ({"yes": 80, "perhaps": 15, "never": 5}, "y", "binary", "never", "the rarest value; say --label COLUMN=VALUE for another, of 3 values"),
    ({"red": 80, "green": 15, "blue": 5}, "y=RED,green", "binary", "red, green", "as you said"),
    ({"red": 80, "green": 20}, "y=pink", "'y' has no value 'pink'. There are: red, green.", "", ""),
    ({"red": 80, "green": 20}, "y=red,green", "All values of 'y' would count as yes (red, green); name fewer.", "", ""),
    ({"red": 100}, "y", "'y' cannot be predicted: it has only 'red'.", "", ""),
    ({"red": 80, "green": 20}, "z", "There is no column 'z' to predict. There are: x, y.", "", ""),
]  # fmt: skip


@pytest.mark.parametrize(("values", "wanted", "problem", "positives", "why"), LABELS)
def test_the_label_and_what_counts_as_yes(
    values: dict[str, int], wanted: str | None, problem: str, positives: str, why: str
) -> None:
    cells = [value for value, many in values.items() for _ in range(many)]
    columns = survey.look(pa.table({"x": [f"{place}.5" for place in range(len(cells))], "y": cells}))

    if " " in problem:
        with pytest.raises(MistakeOfUser) as wrong:
            label.choose(columns, wanted, most_likely)
        assert str(wrong.value) == problem
    else:
        chosen = label.choose(columns, wanted or "y", most_likely)
        assert (chosen.problem, ", ".join(chosen.positives)) == (problem, positives)
        assert [one.why for one in chosen.guesses[1:]] == ([why] if why else [])


#   columns with times                                                         event           arrival       label
TIMES = [
    ({"created_at": 0, "closed_at": 5}, "created_at", None, "closed_at"),
    ({"order_date": 0, "loaded_at": 30, "paid_on": 10}, "order_date", "loaded_at", "paid_on"),
    ({"birth_date": -9000, "visit_date": 0}, "visit_date", None, None),
    ({"day": 0}, "day", None, None),
    ({"issue_d": 0, "earliest_credit": -3000, "last_payment": 900}, "issue_d", None, "last_payment"),
    ({}, None, None, None),
]


@pytest.mark.parametrize(("columns", "event", "arrival", "known"), TIMES)
def test_which_time_is_which(
    columns: dict[str, int], event: str | None, arrival: str | None, known: str | None
) -> None:
    days = np.arange(200)
    start = dt.date(2025, 1, 1)
    rows = {name: [str(start + dt.timedelta(days=int(day + late))) for day in days] for name, late in columns.items()}
    looked = survey.look(pa.table({**rows, "y": ["0", "1"] * 100}))

    chosen = times.choose(looked, "y", None, most_likely)

    roles_of = (chosen.event, chosen.arrival, chosen.label)
    assert tuple(one.name if one else None for one in roles_of) == (event, arrival, known)


@pytest.mark.parametrize(("lacking", "event"), [(0, "day"), (2, "day"), (3, None)])
def test_a_few_rows_may_lack_the_time_by_which_all_are_told_apart(lacking: int, event: str | None) -> None:
    start = dt.date(2025, 1, 1)
    days = [None if day < lacking else str(start + dt.timedelta(days=day)) for day in range(200)]
    looked = survey.look(pa.table({"day": days, "y": ["0", "1"] * 100}))

    chosen = times.choose(looked, "y", None, most_likely)

    assert (chosen.event.name if chosen.event else None) == event
    assert f"missing in {lacking}" in chosen.guesses[0].why or not lacking


#   rows a day   days    days between two rows' days   cut into                batches   enough to judge each by itself
RHYTHMS = [
    (2000, 60, 1, "month", 3, True),
    (2000, 400, 1, "month", 14, True),
    (40, 400, 1, "month", 14, True),
    (10, 1400, 1, "quarter", 16, True),
    (2, 3000, 1, "year", 9, True),
    (3000, 60, 30, "year", 5, True),
    (500, 10, 1, "week", 2, False),
    (1, 90, 1, "month", 3, False),
]


@pytest.mark.parametrize(("a_day", "days", "step", "word", "batches", "enough"), RHYTHMS)
def test_the_shortest_window_with_enough_rows_and_days(
    a_day: int, days: int, step: int, word: str, batches: int, enough: bool
) -> None:
    moments = np.repeat(np.datetime64("2021-01-01", "us") + np.arange(days) * np.timedelta64(step, "D"), a_day)

    chosen = rhythm.choose(moments)

    assert (chosen.word, chosen.batches, chosen.is_enough) == (word, batches, enough)


#   rows       rows a batch   batches   rows a cluster
ORDERS = [
    (300, 30, 10, 2),
    (7_043, 720, 10, 60),
    (45_312, 1_536, 30, 128),
    (1_000_000, 35_100, 29, 2_700),
]


@pytest.mark.parametrize(("rows", "size", "batches", "block"), ORDERS)
def test_without_times_rows_are_cut_by_their_order(rows: int, size: int, batches: int, block: int) -> None:
    derived, beat = rhythm.by_order(rows)

    assert (beat.rows, beat.batches, derived.rows_per_day) == (size, batches, block)
    assert size == block * (beat.cut.days or 0)


def test_of_a_key_that_rows_share_it_is_said_how_many_do() -> None:
    columns = survey.look(pa.table({"id": ["1", "2", "2", ""], "y": ["0", "1", "0", "1"]}))

    _, (said,) = roles.key(columns, "id", ())

    assert (said.is_doubtful, said.why) == (
        True,
        "as you said, but 3 rows do not have one of their own and would be set aside",
    )


_LUCK = np.random.default_rng(7)
_WORDS = np.array(["fast", "slow", "broken", "again", "never", "please", "thanks"])

#   column                 values                                                 why it is no feature
LEFT_OUT = [
    ("plan", ["a", "b"] * 200, None),
    ("plan", ["a"] * 400, "it is 'a' in every row"),
    ("plan", [""] * 400, "it has no values"),
    ("plan", ["a", *[""] * 399], "it is missing in 99.8% of the rows"),
    ("customer", [f"c{n}" for n in range(400)], "it names the row: each has its own value"),
    ("row_id", [str(n * 7) for n in range(400)], "it names the row: each has its own value"),
    ("row_id", [str(n * 7) for n in range(399)] + ["0"], "it names the row: nearly each has its own value"),
    ("", ["a", "b"] * 200, "no setting can name it: its name is empty, too long, or has signs that are not seen"),
    ("a\tb", ["a", "b"] * 200, "no setting can name it: its name is empty, too long, or has signs that are not seen"),
    ("amount", [str(n * 7 % 401) for n in range(400)], None),
    ("note", [" ".join(_LUCK.choice(_WORDS, 8)) for _ in range(400)], "it is free text (400 different ones)"),
    ("shop_id", [str(n % 100) for n in range(400)], "it names things: 100 different values"),
    ("shop", [f"s{n % 100}" for n in range(400)], None),
    (
        "amount",
        [f"{n + 1},000.50" for n in range(400)],
        "it has numbers written as '1,000.50', which are not read; write them as 1234.5",
    ),
    (
        "amount",
        [f"$ {n}" for n in range(400)],
        "it has numbers written as '$ 0', which are not read; write them as 1234.5",
    ),
    (
        "amount",
        [f" {n}.5" for n in range(400)],
        "it has numbers written as ' 0.5', which are not read; write them as 1234.5",
    ),
    ("discount", [f"{n % 5}0%" for n in range(400)], None),
    ("zip", [f"0{n % 40 + 1000}" for n in range(400)], None),
    (
        "order_date",
        [str(45_294 + n % 200) for n in range(400)],
        "it seems to count days as a spreadsheet does (45294 is 2024-01-03), which is not read; write the date",
    ),
    ("price", [str(45_294 + n % 200) for n in range(400)], None),
    ("at", [f"2025-01-{n % 28 + 1:02}" for n in range(400)], "it is a time"),
]


@pytest.mark.parametrize(("name", "values", "why"), LEFT_OUT)
def test_what_is_no_feature(name: str, values: list[str], why: str | None) -> None:
    (column,) = survey.look(pa.table({name: values}))

    found = roles.left_out(column)

    assert (found.why if found else None) == why
