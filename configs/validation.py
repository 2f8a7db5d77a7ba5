"""Room 2 of the settings: the contract and the triage."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from configs.section import Column, ColumnType, Number, Section, Share


class ColumnRule(Section):
    """What the contract demands of one column."""

    type: ColumnType
    nullable: bool = False
    """Whether a missing value is allowed."""
    min: Number | None = None
    """Smallest allowed value."""
    max: Number | None = None
    """Largest allowed value."""
    values: tuple[str, ...] | None = None
    """The only allowed values of a category."""
    unit: str | None = None
    """Unit, for messages and the report."""
    reason: str | None = None
    """Why the rule is there; shown beside what it kept out."""

    @model_validator(mode="after")
    def _rules_fit_the_type(self) -> Self:
        if (self.min is not None or self.max is not None) and self.type not in ("integer", "number"):
            raise ValueError(f"min and max are for integers and numbers, not for a {self.type}")
        if self.values is not None and self.type != "category":
            raise ValueError(f"values are for categories, not for a {self.type}")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"min ({self.min:g}) is above max ({self.max:g})")
        return self


class TriageSettings(Section):
    """When a batch whose rows keep the contract is refused whole: its values do not fit those before."""

    enabled: bool = True
    """Whether a batch is compared with the accepted ones next to it in time. Off when a change is meant."""
    min_rows: Annotated[int, Field(ge=20)] = 200
    """Smaller batches are not compared."""
    scale: Annotated[float, Field(ge=1.05, allow_inf_nan=False)] = 1.25
    """Smallest factor on every value of a column that counts as a change of unit."""
    missing_rise: Annotated[float, Field(gt=0, le=1)] = 0.5
    """Rise of the share of missing values that counts; a column that goes missing wholly always does."""
    unseen_share: Annotated[float, Field(gt=0, le=1)] = 0.1
    """Share of rows with values never seen before that counts as renamed, beyond what is usual for the column."""


class ValidationSettings(Section):
    """Room 2: the contract. Rows that break it go to quarantine; a batch that breaks it as a whole is refused."""

    columns: dict[Column, ColumnRule] = Field(min_length=2)
    """Every column that a batch must have. Other columns are kept but not used."""
    key: tuple[Column, ...] = ()
    """Columns that together name a row; two different rows with one key are both quarantined."""
    max_quarantined: Share = 0.05
    """Largest tolerable share of quarantined rows; above it the batch is refused."""
    triage: TriageSettings = TriageSettings()
