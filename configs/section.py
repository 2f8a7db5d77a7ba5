"""What all sections of a pipeline file have in common. The sections themselves are in `settings.py`."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Number = Annotated[float, Field(allow_inf_nan=False)]
Column = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
Many = Annotated[int, Field(ge=1, le=1_000_000_000)]
"""More than there ever is, and still a number that every library takes."""
Days = Annotated[int, Field(ge=1, le=36_525)]
"""Up to a hundred years."""

ColumnType = Literal["integer", "number", "category", "boolean", "timestamp"]


LATER = "later"
"""Marks a setting that earlier versions did not have: `name: Annotated[Days | None, LATER] = None`.

At its default it says nothing that was not so before, so it is no part of an identity (`Section.identity`)."""


def _in_days(given: Any) -> Any:
    """`90 days` and `12 weeks` as days; what is no such text is left to the type."""
    found = re.fullmatch(r"(\d{1,5}) (day|week)s?", given) if isinstance(given, str) else None
    if isinstance(given, str) and found is None:
        raise ValueError("write a length as in '90 days' or '12 weeks', or as a number of days")
    return given if found is None else int(found[1]) * {"day": 1, "week": 7}[found[2]]


Length = Annotated[
    int,
    Field(ge=1, le=36_525, json_schema_extra={"type": ["integer", "string"], "pattern": "^\\d{1,5} (day|week)s?$"}),
    BeforeValidator(_in_days),
]
"""Days, or text such as `90 days`."""


class Section(BaseModel):
    """Base of all settings: frozen, unknown keys refused, attribute docstrings become help texts."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, use_attribute_docstrings=True)

    def identity(self) -> dict[str, Any]:
        """The settings as plain JSON values, to be hashed: those marked `LATER` are left out at their default.

        So a release that adds a setting changes no hash, and one that changes a default does: that is a new decision.
        """
        values = self.model_dump(mode="json")
        return {name: _identity(getattr(self, name), values[name]) for name in values if not self._is_new(name)}

    def _is_new(self, name: str) -> bool:
        field = type(self).model_fields[name]
        usual = field.get_default(call_default_factory=True, validated_data={})
        return LATER in field.metadata and getattr(self, name) == usual


def _identity(value: object, plain: Any) -> Any:
    """`plain`, with every section in it as its own identity."""
    if isinstance(value, Section):
        return value.identity()
    if isinstance(value, Mapping):
        return {name: _identity(value[name], plain[name]) for name in value}
    if isinstance(value, tuple):
        return [_identity(part, shown) for part, shown in zip(value, plain, strict=True)]
    return plain
