"""Bodies of the Open Inference Protocol, version 2: tensors with one value per row, as KServe and Triton clients send.

A missing value is null in `data`: the protocol has none, and NaN is not JSON. A row that breaks the contract refuses
the request, because an output of the protocol has no place for a reason.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from configs.section import ColumnType
from tasks.scoring import json_bodies
from tasks.scoring.asked import Asked, judged
from tasks.scoring.compiled.base import Answered
from tasks.scoring.fields import Fields
from tasks.scoring.refusals import Refused

DATATYPES: dict[ColumnType, str] = {
    "category": "BYTES",
    "number": "FP64",
    "integer": "INT64",
    "boolean": "BOOL",
    "timestamp": "BYTES",
}
"""The type that a column is said to have; others of its kind are taken as well."""
TAKEN: dict[str, tuple[type, ...]] = {
    "BOOL": (bool,),
    "BYTES": (str,),
    **dict.fromkeys(("FP16", "FP32", "FP64"), (float, int)),
    **dict.fromkeys(("INT8", "INT16", "INT32", "INT64", "UINT8", "UINT16", "UINT32", "UINT64"), (int,)),
}


class V2Bodies:
    """Reads and writes the bodies for one model."""

    def __init__(self, fields: Fields, output: str, classes: int = 0) -> None:
        """Args:
        fields: What a row must be.
        output: What the answers are called, such as `probability`.
        classes: How many numbers an answer has, where there are several classes; else 0.
        """
        self._fields, self._output, self._classes = fields, output, classes

    def read(self, body: bytes) -> Asked:
        """The rows of a body; raises Refused."""
        sent = json_bodies.parse(body)
        if not isinstance(sent, dict) or not isinstance(sent.get("inputs"), list):
            raise Refused(400, "The body must be an object with inputs: a list of tensors, one for each column.")
        asked = sent.get("outputs") or []
        if not isinstance(asked, list) or any(
            not isinstance(one, dict) or one.get("name") != self._output for one in asked
        ):
            raise Refused(400, f"This model has one output, {self._output!r}.")
        columns: dict[str, list[Any]] = {}
        for tensor in sent["inputs"]:
            name, data = _tensor(tensor)
            if name in columns:
                raise Refused(400, "An input is there twice: only one of them could count. Send each once.")
            columns[name] = data
        lengths = {len(data) for data in columns.values()}
        if len(lengths) != 1:
            raise Refused(400, "All inputs must have as many values: one for each row.")
        rows = [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]
        called = sent.get("id", "")
        return judged(self._fields, rows, called if isinstance(called, str) else "")

    def write(self, name: str, version: int, called: str, answers: Sequence[Answered]) -> bytes:
        """The body of an answer; a tensor is sent row after row."""
        numbers = [number for one in answers for number in (one if isinstance(one, list) else [one])]
        shape = [len(answers), self._classes] if self._classes else [len(answers)]
        output = {"name": self._output, "shape": shape, "datatype": "FP64", "data": numbers}
        head = {"model_name": name, "model_version": str(version), **({"id": called} if called else {})}
        return msgspec.json.encode({**head, "outputs": [output]})

    def metadata(self, name: str, versions: Sequence[int]) -> dict[str, Any]:
        """What the protocol says about a model."""
        inputs = [
            {"name": column, "datatype": DATATYPES[rule.type], "shape": [-1]}
            for column, rule in self._fields.rules.items()
        ]
        shape = [-1, self._classes] if self._classes else [-1]
        outputs = [{"name": self._output, "datatype": "FP64", "shape": shape}]
        called = {"name": name, "versions": [str(one) for one in versions], "platform": "incumbent"}
        return {**called, "inputs": inputs, "outputs": outputs}


def _tensor(tensor: Any) -> tuple[str, list[Any]]:
    """Name and values of an input."""
    if not isinstance(tensor, dict) or not isinstance(tensor.get("name"), str):
        raise Refused(400, "Each input must be an object with name, shape, datatype and data.")
    taken, data, shape = TAKEN.get(str(tensor.get("datatype"))), tensor.get("data"), tensor.get("shape")
    if taken is None:
        raise Refused(400, f"The datatype of each input must be one of {', '.join(TAKEN)}.")
    if not isinstance(data, list):
        raise Refused(400, "The data of each input must be a list; tensors in binary form are not taken.")
    if shape not in ([len(data)], [len(data), 1]):
        raise Refused(400, "The shape of each input must be [rows] or [rows, 1], with as many values in data.")
    flat = [one[0] if isinstance(one, list) and len(one) == 1 else one for one in data]
    if not all(one is None or type(one) in taken for one in flat):
        raise Refused(400, "The data of an input holds something else than its datatype.")
    return tensor["name"], flat
