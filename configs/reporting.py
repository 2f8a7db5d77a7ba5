"""Room 8 of the settings: how it is told."""

from pydantic import Field

from configs.section import Column, Section


class ReportingSettings(Section):
    """Room 8: how it is told."""

    row: tuple[str, str] = ("row", "rows")
    """What a row is, singular and plural."""
    outcome: str = "positive"
    """What a positive label means, as in '26 % of flights were *late*'."""
    groups: dict[str, tuple[Column, ...]] = Field(default={})
    """Named groups of columns, such as weather, for sentences about drift."""
    notes: dict[str, str] = Field(default={})
    """What a group's movement usually means, as in `weather: the season`."""
    unlabelled: str | None = None
    """Why an accepted row may have no label."""
