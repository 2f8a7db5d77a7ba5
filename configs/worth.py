"""What decisions are worth: a value for each outcome of a yes or no, and the share from which on a yes pays."""

import re
from typing import Annotated, Self

from pydantic import Field, model_validator

from configs.section import Column, Number, Section, Share


class Outcomes(Section):
    """What each outcome of a decision brings, or costs; what is left out brings nothing."""

    true_positive: Number = 0.0
    """A yes was said, and came."""
    false_positive: Number = 0.0
    """A yes was said, and did not come."""
    true_negative: Number = 0.0
    """A no was said, and a no came."""
    false_negative: Number = 0.0
    """A no was said, and a yes came."""

    @property
    def regrets(self) -> tuple[float, float, float]:
        """What is lost by a yes that was missed, by a yes that was false, and the share from which on a yes pays."""
        implied = self.implied
        assert implied is not None, "settings let no others through"
        return self.true_positive - self.false_negative, self.true_negative - self.false_positive, implied

    @property
    def text(self) -> str:
        """The four values in one word: `120.0:-15.0:0.0:0.0`."""
        return ":".join(map(str, (self.true_positive, self.false_positive, self.true_negative, self.false_negative)))

    @classmethod
    def read(cls, text: str) -> Self:
        """The values of such a word."""
        names = ("true_positive", "false_positive", "true_negative", "false_negative")
        return cls(**dict(zip(names, map(float, text.split(":")), strict=True)))

    @property
    def implied(self) -> float | None:
        """The share from which on a yes brings more than a no; None if what is right brings less than what is wrong."""
        of_yes, of_no = self.true_positive - self.false_negative, self.true_negative - self.false_positive
        return of_no / (of_yes + of_no) if of_yes >= 0 and of_no >= 0 and of_yes + of_no > 0 else None


class Worth(Section):
    """What the decisions of a model are worth, per row."""

    value: Outcomes
    """A number for each outcome, such as `{true_positive: 120, false_positive: -15}`."""
    amount: Column | None = None
    """Column that these are multiplied with, row by row, such as the size of a loan; without it each row counts 1."""
    threshold: Share | None = None
    """A yes is said from this share on; without it from the one that the values imply."""
    title: Annotated[str, Field(max_length=60)] = "value"
    """As people call it."""

    @model_validator(mode="after")
    def _yes_pays_from_somewhere(self) -> Self:
        if self.threshold is None and self.value.implied is None:
            raise ValueError(
                "no threshold follows from these values: what is right must bring more than what is wrong, for a yes "
                "and for a no; or say it as 'threshold: 0.5'"
            )
        if not re.search(r"\w", self.title):
            raise ValueError(f"title must have a letter (got {self.title!r})")
        return self

    @property
    def said_from(self) -> float:
        """The share from which on a yes is said."""
        threshold = self.value.implied if self.threshold is None else self.threshold
        assert threshold is not None, "one of the two is there"
        return threshold

    @property
    def name(self) -> str:
        """Its name in records, which is no name of a metric of ours."""
        name = re.sub(r"\W+", "_", self.title.lower()).strip("_")
        return name if name == "value" else f"value_{name}"

    @property
    def shown(self) -> str:
        """Its title with the share from which on a yes is said."""
        return f"{self.title} (yes from {self.said_from:.3g})"
