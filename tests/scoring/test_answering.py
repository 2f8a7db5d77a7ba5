"""Decision table: bodies, and the status and sentence that each is answered with."""

import json
from typing import Any

import pytest

from tasks.adapters.home import Home
from tasks.scoring.answering import Answerer
from tasks.scoring.refusals import Refused
from tasks.scoring.steps import live_models

ROW = {"shop": "a", "items": 2, "price": 9.5}
NO_FORM = (
    "The body must have one of these names, and no other. "
    "Send one of dataframe_split, dataframe_records and instances, or CSV as text/csv."
)


@pytest.fixture
def answerer(shop_versions: Home) -> Answerer:
    return Answerer(live_models.ready(shop_versions, "shop"))


def body(value: Any) -> bytes:
    return json.dumps(value).encode()


def of(**inputs: Any) -> dict[str, Any]:
    tensors = [
        {"name": name, "shape": [len(data)], "datatype": kind, "data": data} for name, (kind, data) in inputs.items()
    ]
    return {"inputs": tensors}


TENSORS = {"shop": ("BYTES", ["a"]), "items": ("INT64", [2]), "price": ("FP64", [9.5])}

#   body                                                             status  sentence
INVOCATIONS: list[tuple[bytes, int, str]] = [
    (b"", 400, "The body is empty. Send JSON, as /openapi.json says."),
    (b"  \n", 400, "The body is empty. Send JSON, as /openapi.json says."),
    (b"{", 400, "The body is not JSON in UTF-8: Expecting property name enclosed in double quotes, at character 1."),
    (b'{"instances": [{"shop": "a"', 400, "The body is not JSON in UTF-8: Expecting ',' delimiter, at character 27."),
    (b'{"instances": []} x', 400, "The body is not JSON in UTF-8: Extra data, at character 18."),
    (b"\xff\xfe{", 400, "The body is not JSON in UTF-8: byte 0 belongs to no character."),
    (b"[" * 100_000, 400, "The body is nested too deep. Rows are objects of plain values."),
    (b'{"instances": [{"price": NaN}]}', 400, "No row keeps the contract."),
    (b'{"instances": [{"price": -Infinity}]}', 400, "Infinity is not JSON, and no number of the contract."),
    (b'{"instances": [{"price": 1e400}]}', 400, "A number is beyond the largest that a float can hold, about 1.8e308."),
    (b'{"instances": [{"price": ' + b"9" * 5_000 + b"}]}", 400, "The body has a number with thousands of figures."),
    (
        b'{"instances": [{"price": 1, "price": 2}]}',
        400,
        "An object has one name twice: only one of its values could count. Send each name once.",
    ),
    (b"[]", 400, "The body is no object. Send one of dataframe_split, dataframe_records and instances, or CSV as text/csv."),
    (b"{}", 400, NO_FORM),
    (body({"rows": [ROW]}), 400, NO_FORM),
    (body({"instances": [ROW], "dataframe_records": [ROW]}), 400, NO_FORM),
    (body({"instances": [ROW], "params": {"a": 1}}), 400, "This model takes no params."),
    (body({"instances": []}), 400, "There are no rows."),
    (body({"instances": ROW}), 400, "instances must be a list of rows."),
    (body({"dataframe_records": [[1, 2]]}), 400, "Each row of dataframe_records must be an object: the values by the names of their columns."),
    (body({"dataframe_split": [ROW]}), 400, "dataframe_split must be an object with columns and data: their names, and a list per row."),
    (body({"dataframe_split": {"columns": ["shop", "shop"], "data": [["a", "b"]]}}), 400, "A column is named twice: only one of its values could count. Send each name once."),
    (body({"dataframe_split": {"columns": ["shop"], "data": [["a", 1]]}}), 400, "The data of each row must be a list of 1 values, one for each column."),
    (body({"dataframe_split": {"columns": [1], "data": [["a"]]}}), 400, "The columns of dataframe_split must be a list of names."),
    (body({"instances": [{**ROW, "items": -1}]}), 400, "No row keeps the contract."),
    (body({"instances": [{f"c{place}": 1 for place in range(10_000)}]}), 400, "No row keeps the contract."),
    (body({"instances": [ROW] * 10_001}), 413, "A request may have 10,000 rows; this one has 10,001."),
]  # fmt: skip

INFER: list[tuple[Any, str]] = [
    ([], "The body must be an object with inputs: a list of tensors, one for each column."),
    ({"inputs": []}, "All inputs must have as many values: one for each row."),
    ({"inputs": [1]}, "Each input must be an object with name, shape, datatype and data."),
    ({**of(**TENSORS), "outputs": [{"name": "other"}]}, "This model has one output, 'probability'."),
    (of(**TENSORS, gift=("COMPLEX", [1])), "The datatype of each input must be one of BOOL, BYTES, FP16, FP32, FP64, "
     "INT8, INT16, INT32, INT64, UINT8, UINT16, UINT32, UINT64."),
    (of(**{**TENSORS, "items": ("INT64", [2, 3])}), "All inputs must have as many values: one for each row."),
    (of(**{**TENSORS, "items": ("INT64", [2.5])}), "The data of an input holds something else than its datatype."),
    (of(**{**TENSORS, "items": ("INT64", [-2])}), "One row breaks the contract."),
    ({"inputs": [{"name": "shop", "shape": [2], "datatype": "BYTES", "data": ["a"]}]},
     "The shape of each input must be [rows] or [rows, 1], with as many values in data."),
    ({"inputs": [{"name": "shop", "shape": [1], "datatype": "BYTES", "data": "a"}]},
     "The data of each input must be a list; tensors in binary form are not taken."),
    ({"inputs": [*of(**TENSORS)["inputs"], *of(**TENSORS)["inputs"]]},
     "An input is there twice: only one of them could count. Send each once."),
]  # fmt: skip

CSV: list[tuple[bytes, str]] = [
    (b"", "The body is empty. Its first line names the columns."),
    (b"shop,items,price\n", "There are no rows."),
    (b"shop,items,price\na,1\n", "The data of each row must be a list of 3 values, one for each column."),
    (b"\xff", "The body is not text in UTF-8: byte 0 belongs to no character."),
    (b'shop,items\n"a,1\n', "The body is not CSV: unexpected end of data."),
]


@pytest.mark.parametrize(("sent", "status", "sentence"), INVOCATIONS)
def test_what_is_no_request_of_mlflow_is_refused_in_words(answerer, sent, status, sentence):
    with pytest.raises(Refused) as refused:
        answerer.invocations(sent)

    assert (refused.value.status, refused.value.text) == (status, sentence)


@pytest.mark.parametrize(("sent", "sentence"), INFER)
def test_so_is_what_is_none_of_the_open_protocol(answerer, sent, sentence):
    with pytest.raises(Refused) as refused:
        answerer.infer(body(sent))

    assert (refused.value.status, refused.value.text) == (400, sentence)


def test_nan_is_missing_where_mlflows_client_writes_it_so_and_nowhere_else(answerer):
    sent = b'{"dataframe_split": {"columns": ["shop", "items", "price"], "data": [["a", NaN, 9.5]]}}'
    tensors = body(of(**{**TENSORS, "items": ("FP64", [float("nan")])}))

    answer = json.loads(answerer.invocations(sent).body)

    assert answer["predictions"][0][1] == answerer.live.compiled.one(["a", None, 9.5])
    with pytest.raises(Refused, match="Send null where a value is missing"):
        answerer.infer(tensors)


@pytest.mark.parametrize(("sent", "sentence"), CSV)
def test_so_is_what_is_no_csv(answerer, sent, sentence):
    with pytest.raises(Refused) as refused:
        answerer.invocations(sent, is_csv=True)

    assert (refused.value.status, refused.value.text) == (400, sentence)


def test_every_form_of_the_same_rows_has_the_same_answers_and_names_the_version(answerer):
    rows = [ROW, {"shop": "z", "items": None, "price": 3.0}]
    split = {"columns": [*ROW], "data": [list(row.values()) for row in rows], "index": [0, 1]}
    csv = b"price,shop,items\r\n9.5,a,2\r\n3.0,z,\r\n"
    tensors = of(shop=("BYTES", ["a", "z"]), items=("INT64", [2, None]), price=("FP64", [9.5, 3]))

    answers = [json.loads(answerer.invocations(body({name: rows})).body) for name in ("dataframe_records", "instances")]
    answers += [json.loads(answerer.invocations(body({"dataframe_split": split})).body)]
    answers += [json.loads(answerer.invocations(csv, is_csv=True).body)]
    inferred = json.loads(answerer.infer(body({**tensors, "id": "mine"})).body)

    assert all(answer == answers[0] for answer in answers)
    assert answers[0]["model"] == {"pipeline": "shop", "version": 2, "snapshot": answerer.live.snapshot_id}
    assert [pair[1] for pair in answers[0]["predictions"]] == inferred["outputs"][0]["data"]
    assert all(sum(pair) == pytest.approx(1) for pair in answers[0]["predictions"])
    assert (inferred["id"], inferred["model_name"], inferred["model_version"]) == ("mine", "shop", "2")


def test_a_row_that_breaks_the_contract_has_no_answer_and_a_reason_and_the_others_are_answered(answerer):
    sent = [ROW, {**ROW, "items": -3, "price": "dear"}, ROW]

    answer = json.loads(answerer.invocations(body({"instances": sent})).body)

    assert answer["predictions"][1] is None and answer["predictions"][0] == answer["predictions"][2]
    assert answer["errors"] == [{"row": 1, "fields": {"items": "must be at least 0", "price": "must be a number"}}]
    assert "dear" not in json.dumps(answer)
