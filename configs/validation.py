"""Room 2 of the settings: the contract and the triage."""

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from configs.section import LATER, Column, ColumnType, Number, Section, Share

RESERVED = ("_reasons", "_aside")
"""Columns of rows that are set aside: why, and as what."""


def _require_once(names: tuple[str, ...]) -> tuple[str, ...]:
    twice = next((name for place, name in enumerate(names) if name in names[:place]), None)
    if twice is not None:
        raise ValueError(f"{twice!r} stands there twice")
    return names


def _require_free(columns: "dict[str, ColumnRule]") -> "dict[str, ColumnRule]":
    ours = next((name for name in RESERVED if name in columns), None)
    if ours is not None:
        raise ValueError(f"{ours!r} is a name that Incumbent needs itself")
    return columns


class ColumnRule(Section):
    """What the contract demands of one column."""

    type: ColumnType
    nullable: bool = False
    """Whether a missing value is allowed."""
    min: Number | None = None
    """Smallest allowed value."""
    max: Number | None = None
    """Largest allowed value."""
    values: Annotated[tuple[str, ...], Field(min_length=1), AfterValidator(_require_once)] | None = None
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


Answer = Literal["hold", "warn", "off"]
"""What follows from damage: the batch is held; it is taken in and told of, and nothing is promoted on it; nothing."""
DamageKind = Literal[
    "missing",
    "constant",
    "unit",
    "unseen",
    "one_class",
    "new_values",
    "far_out",
    "rounded",
    "piled_up",
    "off_the_clock",
    "silent",
    "few_rows",
    "beyond",
    "moved",
    "exchanged",
    "out_of_line",
    "untied",
    "decides_alone",
    "moved_rows",
    "tied_to_nothing",
]
"""The kinds of damage that are told apart; the last eight are held only where the live model suffers by them."""
_STRICTNESS: dict[Answer, int] = {"off": 0, "warn": 1, "hold": 2}


def _or_one_answer(schema: dict[str, Any]) -> None:
    """`triage: warn` is short for `triage: {answer: warn}`."""
    whole = dict(schema)
    schema.clear()
    schema["description"] = whole["description"]
    schema["anyOf"] = [{"enum": list(_STRICTNESS)}, whole]


class TriageSettings(Section):
    """When a batch whose rows keep the contract is held: its values do not fit those before."""

    model_config = ConfigDict(json_schema_extra=_or_one_answer)

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
    share: Annotated[float, Field(gt=0, le=1), LATER] = 0.05
    """Smallest share of the rows that counts as damaged, beyond what it is in any batch before."""
    answer: Annotated[Answer, LATER] = "hold"
    """What follows from damage, unless `columns` or `kinds` say otherwise."""
    columns: Annotated[dict[Column, Answer], LATER] = Field(default={})
    """The same for one column."""
    kinds: Annotated[dict[DamageKind, Answer], LATER] = Field(default={})
    """The same for one kind of damage; where column and kind are named, the milder answer counts."""
    persist: Annotated[Annotated[int, Field(ge=2, le=100)] | None, LATER] = None
    """So many batches in a row that show the same are taken in, all of them: the world has changed. None: a person says
    so."""

    @model_validator(mode="before")
    @classmethod
    def _one_answer_for_all(cls, given: object) -> object:
        return {"answer": given} if isinstance(given, str) else given

    def answer_to(self, kind: str, column: str) -> Answer:
        """What follows from a kind of damage in a column."""
        named = {str(one): answer for one, answer in self.kinds.items()}
        said = [answer for answer in (named.get(kind), self.columns.get(column)) if answer is not None]
        return min(said, key=_STRICTNESS.__getitem__) if said else self.answer


class ChangesSettings(Section):
    """What follows where the columns of a delivery are others than those of the contract. It is said in the turn."""

    new: Literal["adopt", "ignore", "refuse"] = "adopt"
    """A column that the contract does not have: `adopt` keeps it with the rows, so that it is there with its past when
    the contract gets it; `ignore` does not keep it; `refuse` refuses the batch."""
    dropped: Literal["adopt", "refuse"] = "refuse"
    """A column of the contract that is not there: `adopt` takes the rows in, with nothing in it, if the contract lets
    its values be missing; then triage does not hold the batch for it."""
    widened: Annotated[Literal["adopt", "refuse"], LATER] = "refuse"
    """A column of whole numbers that gets others: `adopt` takes them in, and the column counts as one of numbers,
    unless rows are told apart by it (label, keys, cluster, slices by value); `refuse` sets such rows aside, as breaking
    the contract, and refuses the batch where there are many."""
    renamed: dict[Column, Column] = {}  # noqa: RUF012
    """Columns that sources call by another name by now, each with its name in the contract: {colour: color}. The old
    name is read as before."""


class ValidationSettings(Section):
    """Room 2: the contract. Rows that break it go to quarantine; a batch that breaks it as a whole is refused."""

    columns: Annotated[dict[Column, ColumnRule], Field(min_length=2), AfterValidator(_require_free)]
    """Every column that a batch must have. Other columns are kept but not used."""
    key: Annotated[tuple[Column, ...], AfterValidator(_require_once)] = ()
    """Columns that together name a row; two different rows with one key are both quarantined."""
    corrections: Annotated[Literal["quarantine", "replace"], LATER] = "quarantine"
    """What becomes of a row with the key of an accepted one and other content: it is quarantined; or it takes the place
    of that one, which is set aside from then on. Snapshots that had the one before keep it."""
    max_quarantined: Share = 0.05
    """Largest tolerable share of quarantined rows; above it the batch is refused."""
    triage: TriageSettings = TriageSettings()
    changes: Annotated[ChangesSettings, LATER] = ChangesSettings()

    @model_validator(mode="after")
    def _renamed_are_columns(self) -> Self:
        for name, ours in self.changes.renamed.items():
            if ours not in self.columns:
                raise ValueError(f"changes.renamed: {ours!r} is no column of the contract")
            if name in self.columns:
                raise ValueError(f"changes.renamed: {name!r} is a column of the contract itself")
        return self

    @model_validator(mode="after")
    def _rows_that_are_replaced_have_names(self) -> Self:
        if self.corrections == "replace" and not self.key:
            raise ValueError("corrections: replace needs key, by which it is known which row is meant")
        return self

    @model_validator(mode="after")
    def _triage_names_columns(self) -> Self:
        unknown = next((name for name in self.triage.columns if name not in self.columns), None)
        if unknown is not None:
            raise ValueError(f"triage.columns names {unknown!r}, which is no column of the contract")
        return self
