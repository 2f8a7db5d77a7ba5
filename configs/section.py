"""What all sections of a pipeline file have in common. The sections themselves are in `settings.py`."""

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """Base of all settings: frozen, unknown keys refused, attribute docstrings become help texts."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, use_attribute_docstrings=True)
