"""What the service takes and gives, as OpenAPI 3.1: made from the contracts of the pipelines."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from configs.section import ColumnType
from configs.validation import ColumnRule
from tasks.scoring import v2_bodies
from tasks.scoring.fields import Fields

if TYPE_CHECKING:
    from deployments.serving.standing import Standing

_TYPES: dict[ColumnType, str] = {
    "integer": "integer",
    "number": "number",
    "category": "string",
    "boolean": "boolean",
    "timestamp": "string",
}
_ERROR = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {"type": "string", "description": "What is wrong, and what to do."},
        "errors": {"$ref": "#/components/schemas/RowErrors"},
    },
}
_ROW_ERRORS = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["row", "fields"],
        "properties": {
            "row": {"type": "integer", "minimum": 0},
            "fields": {"type": "object", "additionalProperties": {"type": "string"}},
        },
    },
}
_STATUSES = {
    "400": "The body is not understood, or no row keeps the contract.",
    "401": "A key is needed, or it is none of this service.",
    "403": "The key may not do that, or a page of another server asks.",
    "413": "The body is too large, or has too many rows.",
    "503": "Too many requests at once, or the service is about to end.",
}


def document(followed: "Mapping[str, Standing]") -> dict[str, Any]:
    """The document for the pipelines that are served."""
    paths: dict[str, Any] = {}
    schemas: dict[str, Any] = {"Error": _ERROR, "RowErrors": _ROW_ERRORS}
    for name, one in followed.items():
        if one.live is None:
            continue
        live = one.live.version
        schemas[f"Row.{name}"] = _row(live.fields)
        invocations = _invocations(name, live.is_probability)
        paths[f"/{name}/invocations"] = invocations
        if len(followed) == 1:
            paths["/invocations"] = {"post": {**invocations["post"], "operationId": "invocations"}}
        paths[f"/v2/models/{name}/infer"] = _infer(name, live.output)
    for path, text in (("/ping", "Whether it is there."), ("/v2/health/ready", "Whether every pipeline answers.")):
        paths[path] = {"get": {"summary": text, "responses": {"200": {"description": "It is."}}}}
    paths["/v2/health/ready"]["get"]["responses"]["503"] = {"description": "It is not."}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Incumbent", "version": "1", "description": "The live models answer."},
        "paths": paths,
        "components": {"schemas": schemas},
    }


def _row(fields: Fields) -> dict[str, Any]:
    row: dict[str, Any] = {
        "type": "object",
        "properties": {name: _column(rule) for name, rule in fields.rules.items()},
        "required": [name for name, rule in fields.rules.items() if not rule.nullable or name in fields.looked_up],
    }
    return {**row, "additionalProperties": False} if fields.refuses_unknown else row


def _column(rule: ColumnRule) -> dict[str, Any]:
    kind = _TYPES[rule.type]
    about: dict[str, Any] = {"type": [kind, "null"] if rule.nullable else kind}
    if rule.type == "timestamp":
        about["format"] = "date-time"
    if rule.min is not None:
        about["minimum"] = rule.min
    if rule.max is not None:
        about["maximum"] = rule.max
    if rule.values is not None:
        about["enum"] = [*rule.values, *([None] if rule.nullable else [])]
    unit = f"in {rule.unit}" if rule.unit else ""
    words = ", ".join(part for part in (unit, rule.reason or "") if part)
    return {**about, "description": words} if words else about


def _invocations(name: str, is_probability: bool) -> dict[str, Any]:
    rows = {"type": "array", "minItems": 1, "items": {"$ref": f"#/components/schemas/Row.{name}"}}
    split = {
        "type": "object",
        "required": ["columns", "data"],
        "properties": {
            "columns": {"type": "array", "items": {"type": "string"}},
            "data": {"type": "array", "minItems": 1, "items": {"type": "array"}},
        },
    }
    forms = [_object({"dataframe_records": rows}), _object({"instances": rows}), _object({"dataframe_split": split})]
    of_row: dict[str, Any] = {"type": "array", "items": {"type": "number"}} if is_probability else {"type": "number"}
    answer = {
        "type": "object",
        "required": ["predictions", "model"],
        "properties": {
            "predictions": {"type": "array", "items": {"anyOf": [of_row, {"type": "null"}]}},
            "model": {"type": "object"},
            "errors": {"$ref": "#/components/schemas/RowErrors"},
        },
    }
    body = {"application/json": {"schema": {"oneOf": forms}}, "text/csv": {"schema": {"type": "string"}}}
    summary = f"Answers of the live model of {name}, as MLflow's clients ask."
    return _post(f"invocations_{name}", summary, body, answer)


def _infer(name: str, output: str) -> dict[str, Any]:
    tensor = {
        "type": "object",
        "required": ["name", "shape", "datatype", "data"],
        "properties": {
            "name": {"type": "string"},
            "shape": {"type": "array", "items": {"type": "integer"}},
            "datatype": {"enum": sorted({*v2_bodies.TAKEN})},
            "data": {"type": "array"},
        },
    }
    body = {"type": "object", "required": ["inputs"], "properties": {"inputs": {"type": "array", "items": tensor}}}
    answer = {
        "type": "object",
        "required": ["model_name", "model_version", "outputs"],
        "properties": {"outputs": {"type": "array", "items": {"type": "object"}}},
    }
    summary = f"{output.capitalize()} of each row, by the Open Inference Protocol."
    return _post(f"infer_{name}", summary, {"application/json": {"schema": body}}, answer)


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "required": [*properties], "properties": properties, "additionalProperties": False}


def _post(operation: str, summary: str, body: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
    refusals = {
        status: {
            "description": text,
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
        }
        for status, text in _STATUSES.items()
    }
    well = {"description": "The answers.", "content": {"application/json": {"schema": answer}}}
    return {
        "post": {
            "operationId": operation,
            "summary": summary,
            "requestBody": {"required": True, "content": body},
            "responses": {"200": well, **refusals},
        }
    }
