"""Columns of whole numbers that may get others (`validation.changes.widened: adopt`): they count as numbers.

Add here which columns keep their type all the same: those by which a row is told apart from others.
"""

from collections.abc import Iterator, Mapping
from typing import Any


def settled(values: dict[str, Any]) -> dict[str, Any]:
    """The plain values of a pipeline file with the types that its columns then have; what is not valid stays."""
    contract = _held(values.get("validation"))
    columns = _held(contract.get("columns"))
    if _held(contract.get("changes")).get("widened") != "adopt":
        return values
    kept = {*_names(values)}
    widened = {
        name: {**rule, "type": "number"}
        for name, rule in columns.items()
        if isinstance(rule, Mapping) and rule.get("type") == "integer" and name not in kept
    }
    return {**values, "validation": {**contract, "columns": {**columns, **widened}}} if widened else values


def _names(values: Mapping[str, Any]) -> Iterator[str]:
    """Label, keys, the cluster, slices by value, and what is looked up by or taken as it is."""
    room, features = _held(values.get("ingestion")), _held(values.get("features"))
    yield from _texts([_held(values.get("training")).get("label")])
    yield from _texts(_held(values.get("validation")).get("key"))
    yield from _texts(_held(room.get("labels")).get("key"))
    evaluation = _held(values.get("evaluation"))
    yield from _texts([_held(evaluation.get("cluster")).get("column")])
    slices = [_held(one) for one in _listed(evaluation.get("slices"))]
    yield from _texts([one.get("column") for one in slices if not one.get("edges")])
    for table in _held(features.get("tables")).values():
        yield from _texts([*_held(_held(table).get("key")).values()])
    for past in map(_held, _listed(features.get("past"))):
        yield from _texts(past.get("key"))
        yield from _texts([past.get("column"), past.get("of")] if past.get("take") == "last" else [])


def _held(given: object) -> Mapping[str, Any]:
    return given if isinstance(given, Mapping) else {}


def _listed(given: object) -> list[Any]:
    return [*given] if isinstance(given, list | tuple) else []


def _texts(given: object) -> list[str]:
    return [name for name in _listed(given) if isinstance(name, str)]
