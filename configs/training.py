"""Room 3 of the settings: what is learned from what."""

from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Literal, Union

from pydantic import BeforeValidator, Discriminator, Field, Tag

from configs import plugs
from configs.candidates import Window
from configs.plugs import FamilySettings, Imported
from configs.problems import ProblemName
from configs.section import LATER, Column, Length, Many, Section
from configs.worth import Outcomes

Value = str | int | bool
BALANCED = "balanced"
"""In place of a column of weights: all classes count the same."""


def _canonical(given: object) -> object:
    """One value as it is, several of them sorted: what means the same is the same setting."""
    if given is None or type(given) in (str, int, bool):
        return given
    if not isinstance(given, list | tuple) or any(type(value) not in (str, int, bool) for value in given):
        raise ValueError(f"must be a value of the label, or a list of values (got {given!r})")
    if not given:
        raise ValueError("must name a value of the label (got an empty list)")
    values = sorted(given, key=lambda value: (type(value).__name__, value))
    twice = next((value for value, after in pairwise(values) if value == after), None)
    if twice is not None:
        raise ValueError(f"{twice!r} stands there twice")
    return values[0] if len(values) == 1 else tuple(values)


Values = Annotated[Value | tuple[Value, ...] | None, BeforeValidator(_canonical)]


def _shape(given: object) -> str:
    return "use" if isinstance(given, Imported) or (isinstance(given, dict) and "use" in given) else "family"


if TYPE_CHECKING:
    Candidate = FamilySettings | Imported
else:
    _Family = Annotated[
        Union[tuple(plugs.built_in(path).Settings for path in plugs.ESTIMATORS.values())],  # noqa: UP007
        Field(discriminator="family"),
    ]
    Candidate = Annotated[Annotated[_Family, Tag("family")] | Annotated[Imported, Tag("use")], Discriminator(_shape)]


class TrainingSettings(Section):
    """Room 3: what is learned from what."""

    problem: ProblemName = "binary"
    """What is predicted: a yes or no, judged by how likely it is (`binary`) or by what its `decisions` are worth; one
    of several classes (`multiclass`); a number, by its squared error (`regression`) or its absolute error (`median`);
    how many there are of something (`count`); or what a share of the labels lies below (`quantile`)."""
    quantile: Annotated[float | None, Field(gt=0, lt=1), LATER] = None
    """Of a `quantile`: the share of labels that are to lie below the answer, such as 0.9."""
    value: Annotated[Outcomes | None, LATER] = None
    """Of `decisions`: what each outcome is worth, such as `{true_positive: 120, false_positive: -15}`."""
    label: Column
    """Column to predict: a boolean, an integer or a category of the contract; for a regression a number."""
    classes: Annotated[tuple[str | int, ...], Field(max_length=100), LATER] = ()
    """Values of the label of a `multiclass` problem, at least three, in the order in which they are told. A batch with
    another value is refused, or, where the contract lists `values` for the label, those rows are set aside."""
    positive: Values = None
    """Value of the label that counts as positive, or a list of several; a boolean's is true if nothing is said."""
    negative: Annotated[Values, LATER] = None
    """Value or values of the label that count as negative. The others are learned from the first accepted batch; one
    that no batch before had is never taken for a no: its batch is refused until the value is named."""
    features: tuple[Column, ...] = Field(min_length=1)
    """Columns of the contract that are known when a prediction is asked for."""
    window: Window = Window()
    min_rows: Many | None = None
    """Fewest labelled rows to train on, and to judge on; without it 200, and of a yes or no 20 of each answer. Batches
    with fewer are judged together with those that follow."""
    mature_after: Annotated[Length | None, LATER] = None
    """How long labels take that come early for one answer and late for the other, such as `90 days`: rows are learned
    from and judged only when they are as old as that, whatever is known of them before."""
    first_model_share: Annotated[float, Field(gt=0.1, lt=0.95)] = 0.5
    """Share of the first batch's clusters, oldest first, that the first model learns from; the others judge it."""
    candidates: tuple[Candidate, ...] = Field(min_length=1)
    """Families to train each turn, in the order of preference; the better of the last batch is the next probe."""
    trusted: Annotated[tuple[str, ...], LATER] = ()
    """Types that models of your own families may hold beside their class and what is trusted anyway, in full, such as
    `sklearn.tree._tree.Tree`. Name one when you have read what loading it does."""
    target: Annotated[Literal["log"] | None, LATER] = None
    """Of a number: the scale on which it is learned. `log` is the logarithm of 1 + the number, which must not be below
    0; answers, metrics and guards are in the unit of the label all the same."""
    weights: Annotated[Column | None, LATER] = None
    """How much each row counts when a model learns: a column of the contract with numbers from 0 on, or `balanced`, so
    that all classes count the same. What is judged counts as it is."""
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0
    threads: Annotated[int, Field(ge=1, le=64)] = 1
    """Threads of one fit; more than the cores that are free makes fits slower."""

    @property
    def kind(self) -> str:
        """What is predicted, as a record names it: `binary`; of a quantile with its share, `quantile 0.9`."""
        about = (None if self.quantile is None else str(self.quantile)) or (self.value and self.value.text)
        return f"{self.problem} {about}" if about else self.problem

    @property
    def maturity(self) -> timedelta:
        """The age at which a row is learned from and judged; none by default."""
        return timedelta(days=self.mature_after or 0)

    @property
    def weight_column(self) -> str | None:
        """The column of weights, if they are not those of balanced classes."""
        return None if self.weights == BALANCED else self.weights

    @property
    def positives(self) -> tuple[Value, ...]:
        """The values that are named as positive."""
        return _listed(self.positive)

    @property
    def class_names(self) -> tuple[str, ...]:
        """The classes as text."""
        return tuple(map(str, self.classes))

    @property
    def negatives(self) -> tuple[Value, ...]:
        """The values that are named as negative."""
        return _listed(self.negative)


def _listed(values: Value | tuple[Value, ...] | None) -> tuple[Value, ...]:
    if values is None:
        return ()
    return values if isinstance(values, tuple) else (values,)
