"""Which first lines of a CSV are taken for names, and which for a row."""

import pyarrow as pa
import pytest

from tasks.drafting import headless


@pytest.mark.parametrize(
    ("first", "rows", "is_a_row"),
    [
        ("0|2024-01-01 10:00|e|44|3.35|False", ["1|2024-01-01 11:00|a|12|9.10|True", "2|2024-01-02 11:00|e|7|1|False"], True),
        ("5.1|3.5|setosa", ["4.9|3.0|setosa", "6.2|2.2|virginica"], True),
        ("1|Braund, Mr. Owen|male|22", ["2|Cumings, Mrs. John|female|38", "3|Heikkinen, Miss|male|"], True),
        ("id|at|shop|price", ["1|2024-01-01|a|3", "2|2024-01-02|b|4"], False),
        ("country|2019|2020|2021", ["DE|1|2|3", "FR|4|5|6"], False),
        ("0|1|2|3", ["7|8|9|4", "5|1|2|8"], False),
        ("q1|q2", ["1|2", "3|4"], False),
        ("a|b", ["a|x", "b|b"], False),
        ("V1|V2|7", ["x|1|2", "y|2|3"], False),
        ("id|price", [], False),
    ],
)  # fmt: skip
def test_a_first_line(first: str, rows: list[str], is_a_row: bool) -> None:
    names = first.split("|")
    cells = [row.split("|") for row in rows]
    columns = [pa.array([row[place] for row in cells], pa.string()) for place in range(len(names))]

    assert headless.is_a_row(pa.table(columns, names=names)) is is_a_row
