"""Room 8 of the settings: how it is told."""

from pydantic import Field

from configs.section import Column, Section

_POSITIVE = "positive"


class ReportingSettings(Section):
    """Room 8: how it is told."""

    row: tuple[str, str] = ("row", "rows")
    """What a row is, singular and plural."""
    outcome: str = _POSITIVE
    """What a positive label means: '26 % of flights were *late*'; of a number, what it counts: '140 *rentals*'."""
    groups: dict[str, tuple[Column, ...]] = Field(default={})
    """Named groups of columns, such as weather, for sentences about drift."""
    notes: dict[str, str] = Field(default={})
    """What a group's movement usually means, as in `weather: the season`."""
    unlabelled: str | None = None
    """Why an accepted row may have no label."""

    @property
    def means_something(self) -> bool:
        """Whether it is said what a positive label means."""
        return self.outcome != _POSITIVE

    def quantity(self, number: str) -> str:
        """A number that is predicted, with what it counts if that is said: `140 rentals`."""
        return number if not self.means_something else f"{number} {self.outcome}"
