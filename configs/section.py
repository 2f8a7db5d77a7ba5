"""What all sections of a pipeline file have in common. The sections themselves are in `settings.py`."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Number = Annotated[float, Field(allow_inf_nan=False)]
Column = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
Many = Annotated[int, Field(ge=1, le=1_000_000_000)]
"""More than there ever is, and still a number that every library takes."""
Days = Annotated[int, Field(ge=1, le=36_525)]
"""Up to a hundred years."""

Problem = Literal["binary", "regression"]
ColumnType = Literal["integer", "number", "category", "boolean", "timestamp"]


class Section(BaseModel):
    """Base of all settings: frozen, unknown keys refused, attribute docstrings become help texts."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, use_attribute_docstrings=True)
