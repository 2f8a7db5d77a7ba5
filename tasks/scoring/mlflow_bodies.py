"""Bodies of `/invocations` as MLflow's clients send them, and the answer as they read it.

The four forms of MLflow's scoring protocol: `dataframe_split`, `dataframe_records`, `instances`, and CSV. Beside
`predictions` an answer names the version that gave them, and for each row that broke the contract what was wrong.
MLflow's own client writes NaN where a value is missing, so that is taken here.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from configs.section import ColumnType
from tasks.scoring import asked, json_bodies
from tasks.scoring.asked import Asked
from tasks.scoring.fields import Fields, Wrong
from tasks.scoring.quick_rows import QuickRows
from tasks.scoring.refusals import Refused

RECORDS = ("dataframe_records", "instances")
FORMS = ("dataframe_split", *RECORDS)
_FORMS = "Send one of dataframe_split, dataframe_records and instances, or CSV as text/csv."


class MlflowBodies:
    """Reads and writes the bodies for one model."""

    def __init__(self, fields: Fields, read_cell: Mapping[ColumnType, Any]) -> None:
        """Args:
        fields: What a row must be.
        read_cell: Makes a value of a cell of CSV, by the type of its column.
        """
        self._fields, self._cells = fields, read_cell
        self._quick = QuickRows(fields, RECORDS)

    def read(self, body: bytes) -> Asked:
        """The rows of a body of JSON; raises Refused."""
        quick = self._quick.read(body)
        if quick is not None:
            return quick
        sent = json_bodies.parse(body, missing_as_nan=True)
        if not isinstance(sent, dict):
            raise Refused(400, f"The body is no object. {_FORMS}")
        forms = [name for name in FORMS if name in sent]
        unknown = [name for name in sent if name not in FORMS and name != "params"]
        if len(forms) != 1 or unknown:
            raise Refused(400, f"The body must have one of these names, and no other. {_FORMS}")
        if sent.get("params"):
            raise Refused(400, "This model takes no params.")
        form = sent[forms[0]]
        rows = _split(form) if forms[0] == "dataframe_split" else _records(form, forms[0], self._fields.names)
        return asked.judged(self._fields, rows)

    def read_csv(self, body: bytes) -> Asked:
        """The rows of a body of CSV, the first line the names; an empty cell is missing; raises Refused."""
        try:
            lines = [
                line for line in csv.reader(io.StringIO(body.decode("utf-8-sig"), newline=""), strict=True) if line
            ]
        except UnicodeDecodeError as err:
            raise Refused(400, f"The body is not text in UTF-8: byte {err.start:,} belongs to no character.") from None
        except csv.Error as err:
            raise Refused(400, f"The body is not CSV: {err}.") from None
        if not lines:
            raise Refused(400, "The body is empty. Its first line names the columns.")
        columns, *cells = lines
        return self._table(
            columns, [[self._cell(name, text) for name, text in zip(columns, line, strict=False)] for line in cells]
        )

    def _table(self, columns: Sequence[str], cells: Sequence[Sequence[Any]]) -> Asked:
        return asked.judged(self._fields, _split({"columns": columns, "data": cells}))

    def _cell(self, name: str, text: str) -> Any:
        rule = self._fields.rules.get(name)
        if not text:
            return None
        return self._cells[rule.type](text) if rule is not None else text


def write(predictions: Sequence[Any], model: Mapping[str, Any], wrong: Mapping[int, Wrong]) -> bytes:
    """The body of an answer; the prediction of a row that broke the contract is null."""
    answer: dict[str, Any] = {"predictions": predictions, "model": model}
    if wrong:
        answer["errors"] = asked.listed(wrong)
    return msgspec.json.encode(answer)


def _split(form: Any) -> list[dict[str, Any]]:
    if not isinstance(form, dict) or not {"columns", "data"} <= form.keys() <= {"columns", "data", "index"}:
        raise Refused(400, "dataframe_split must be an object with columns and data: their names, and a list per row.")
    columns, data = form["columns"], form["data"]
    if not isinstance(columns, list) or not all(isinstance(name, str) for name in columns):
        raise Refused(400, "The columns of dataframe_split must be a list of names.")
    if len({*columns}) < len(columns):
        raise Refused(400, "A column is named twice: only one of its values could count. Send each name once.")
    if not isinstance(data, list) or not all(isinstance(row, list) and len(row) == len(columns) for row in data):
        raise Refused(400, f"The data of each row must be a list of {len(columns):,} values, one for each column.")
    return [dict(zip(columns, row, strict=True)) for row in data]


def _records(form: Any, name: str, inputs: Sequence[str]) -> list[dict[str, Any]]:
    if not isinstance(form, list):
        raise Refused(400, f"{name} must be a list of rows.")
    if name == "instances" and form and all(isinstance(row, list) and len(row) == len(inputs) for row in form):
        return [dict(zip(inputs, row, strict=True)) for row in form]
    if not all(isinstance(row, dict) for row in form):
        raise Refused(400, f"Each row of {name} must be an object: the values by the names of their columns.")
    return form


def cell_readers() -> "dict[ColumnType, Any]":
    """How the cells of CSV become values: what is no such value stays text, and is refused by its field."""
    return {"category": str, "integer": _number, "number": _number, "boolean": _truth, "timestamp": str}


def _number(text: str) -> Any:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _truth(text: str) -> Any:
    return {"true": True, "false": False}.get(text.lower(), text)
