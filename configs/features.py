"""Room 3 of the settings: features that are made of columns of the contract, the same at fit, check and answering."""

import re
from typing import TYPE_CHECKING, Annotated, Union

from pydantic import AfterValidator, Discriminator, Field, Tag, model_validator

from configs import plugs
from configs.feature_steps import Made, OwnStep, StepSettings
from configs.joined import Past, Table
from configs.section import Section


def _name(given: str) -> str:
    if re.fullmatch(r"[a-z][a-z0-9_]{0,59}", given) is None or given == "labels":
        raise ValueError(
            "the name of a table has small letters, digits and '_', begins with a letter, and is not 'labels'"
        )
    return given


Name = Annotated[str, AfterValidator(_name)]


def _shape(given: object) -> str:
    return "use" if isinstance(given, OwnStep) or (isinstance(given, dict) and "use" in given) else "step"


if TYPE_CHECKING:
    Step = StepSettings | OwnStep
else:
    _BuiltIn = Annotated[
        Union[tuple(plugs.built_in(path).Settings for path in plugs.STEPS.values())],  # noqa: UP007
        Field(discriminator="step"),
    ]
    Step = Annotated[Annotated[_BuiltIn, Tag("step")] | Annotated[OwnStep, Tag("use")], Discriminator(_shape)]


class FeaturesSettings(Section):
    """Room 3: what models learn from beside the columns of the contract."""

    steps: Annotated[tuple[Step, ...], Field(max_length=200)] = ()
    """Steps, one after the other; each takes columns of the contract or what a step before it makes. All that they make
    is learned from, beside training.features."""
    tables: Annotated[dict[Name, Table], Field(max_length=50)] = {}  # noqa: RUF012
    """Other tables, by a name of your choice; each fills columns of the contract when a row is taken in or asked about.
    """
    past: Annotated[tuple[Past, ...], Field(max_length=100)] = ()
    """Columns of the contract that are filled from earlier rows of the same key."""
    timeout: Annotated[int, Field(ge=1, le=86_400)] = 60
    """Seconds that a step of your own may take for the rows of one batch. A turn that meets one which takes longer
    ends, and its batch waits."""

    @property
    def outputs(self) -> dict[str, Made]:
        """All columns that steps make, by name, with their types."""
        return {name: kind for step in self.steps for name, kind in step.outputs.items()}

    @property
    def named(self) -> dict[str, Step]:
        """The steps by what they are called; of several that are called alike, the later ones have a number."""
        named: dict[str, Step] = {}
        for step in self.steps:
            alike = sum(one.called == step.called for one in named.values())
            named[f"{step.called} ({alike + 1})" if alike else step.called] = step
        return named

    @property
    def joined(self) -> tuple[str, ...]:
        """Columns of the contract that no delivery has: they are looked up."""
        filled = [name for table in self.tables.values() for name in table.columns]
        return (*filled, *(one.column for one in self.past))

    @property
    def asked_for(self) -> tuple[str, ...]:
        """Columns by which it is looked up: keys."""
        keys = [name for table in self.tables.values() for name in table.key.values()]
        return tuple(dict.fromkeys([*keys, *(name for one in self.past for name in one.key)]))

    @model_validator(mode="after")
    def _one_lookup_fills_a_column(self) -> "FeaturesSettings":
        twice = next((name for name in self.joined if self.joined.count(name) > 1), None)
        if twice is not None:
            raise ValueError(f"the column {twice!r} is filled twice, by tables or past; name another one")
        return self

    @model_validator(mode="after")
    def _one_step_makes_a_column(self) -> "FeaturesSettings":
        names = [name for step in self.steps for name in step.outputs]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise ValueError(f"steps: two steps make a column {twice!r}; name one of them in another way")
        return self
