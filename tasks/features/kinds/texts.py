"""Text as numbers: the words in it, counted in so many columns."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from configs.feature_steps import Made, StepSettings
from configs.section import ColumnType
from tasks.features.base import Step

if TYPE_CHECKING:
    from tasks.features.transforms import Transform


class TextSettings(StepSettings):
    """The words of a text: `comment` gives `comment_0`, `comment_1`, …"""

    step: Literal["text"]
    method: Literal["hashing", "tfidf"] = "tfidf"
    """`tfidf`: the most frequent words of what is learned from, the rarer the heavier. `hashing`: each word counts in a
    column that follows from its letters; nothing is learned."""
    columns: Annotated[int, Field(ge=1, le=512)] = 32
    """How many columns are made; of `tfidf` the words that are told apart."""
    takes: ClassVar[tuple[ColumnType, ...]] = ("category",)

    @property
    def outputs(self) -> Mapping[str, Made]:
        """So many numbers for each column."""
        return {f"{name}_{place}": "number" for name in self.of for place in range(self.columns)}


class Text(Step[TextSettings]):
    """Of one or several columns of text."""

    title = "text"
    Settings = TextSettings

    @staticmethod
    def build(settings: TextSettings, types: Sequence[ColumnType]) -> "Transform":
        """Learns its words, if they are to be weighed."""
        from tasks.features.transforms import Texts

        return Texts(settings.method, settings.columns)
