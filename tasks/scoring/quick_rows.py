"""Rows of the usual form, read and checked in one go by msgspec; all else is left to the strict way.

What is taken here the strict way takes too, as the same values: this one only saves time. It takes rows of which each
name is there once: the number of names in the body is that of the values that were read.
"""

import math
from collections.abc import Sequence
from typing import Annotated, Any, Literal, Union

import msgspec
from msgspec import UNSET, Meta, UnsetType

from configs.validation import ColumnRule
from tasks.scoring.asked import Asked
from tasks.scoring.fields import Fields
from tasks.validation import demands

_NAME_ENDS = b'":'


class QuickRows:
    """Reads bodies such as `{"dataframe_records": [{"a": 1}]}`."""

    def __init__(self, fields: Fields, envelopes: Sequence[str]) -> None:
        """Args:
        fields: What a row must be.
        envelopes: Under which names rows may stand.
        """
        names, others = fields.names, sorted(fields.others)
        self._is_able = all(rule.type in _TYPES for rule in fields.rules.values())
        if not self._is_able:
            return
        columns = [(f"f{place}", _type(rule), UNSET) for place, rule in enumerate(fields.rules.values())]
        columns += [(f"o{place}", Any, UNSET) for place in range(len(others))]
        own = dict(zip((column[0] for column in columns), (*names, *others), strict=True))
        row = msgspec.defstruct(
            "Row", columns, rename=own, kw_only=True, gc=False, forbid_unknown_fields=fields.refuses_unknown
        )
        held = [(f"e{place}", list[row] | UnsetType, UNSET) for place in range(len(envelopes))]  # type: ignore[valid-type]
        called = {f"e{place}": name for place, name in enumerate(envelopes)}
        body = msgspec.defstruct("Body", held, rename=called, kw_only=True, forbid_unknown_fields=True)
        self._decoder: Any = msgspec.json.Decoder(body)
        self._inputs, self._others = len(names), others

    def read(self, body: bytes) -> Asked | None:
        """The rows of a body; None where that is for the strict way to say."""
        if not self._is_able:
            return None
        try:
            sent = self._decoder.decode(body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return None
        lists = [rows for rows in msgspec.structs.astuple(sent) if rows is not UNSET]
        if len(lists) != 1:
            return None
        cells = [msgspec.structs.astuple(row) for row in lists[0]]
        absent = sum(row.count(UNSET) for row in cells)
        if body.count(_NAME_ENDS) != len(cells) * (self._inputs + len(self._others)) - absent + 1:
            return None
        rows = [row[: self._inputs] for row in cells] if self._others else cells
        if absent and any(UNSET in row for row in rows):
            return None
        is_bare = absent == len(cells) * len(self._others)
        others = [{}] * len(rows) if is_bare else [self._rest(row) for row in cells]
        return Asked(len(rows), rows, {}, others, body=body)

    def _rest(self, row: tuple[Any, ...]) -> dict[str, Any]:
        named = zip(self._others, row[self._inputs :], strict=True)
        return {name: value for name, value in named if value is not UNSET}


def _type(rule: ColumnRule) -> Any:
    """What msgspec lets in: never more than the contract does."""
    kind = _TYPES[rule.type](rule)
    return Union[kind, None, UnsetType] if rule.nullable else Union[kind, UnsetType]  # noqa: UP007 - no | here


def _number(rule: ColumnRule) -> Any:
    least, most = math.nextafter(-demands.LARGEST, 0), math.nextafter(demands.LARGEST, 0)
    low = least if rule.min is None else max(rule.min, least)
    high = most if rule.max is None else min(rule.max, most)
    return Annotated[float, Meta(ge=low, le=high)]


def _whole(rule: ColumnRule) -> Any:
    least, most = 1 - demands.EXACT, demands.EXACT - 1
    low = least if rule.min is None else max(math.ceil(rule.min), least)
    high = most if rule.max is None else min(math.floor(rule.max), most)
    return Annotated[int, Meta(ge=low, le=high)]


_TYPES: dict[str, Any] = {
    "category": lambda rule: str if rule.values is None else Literal[rule.values],
    "boolean": lambda rule: bool,
    "integer": _whole,
    "number": _number,
}
