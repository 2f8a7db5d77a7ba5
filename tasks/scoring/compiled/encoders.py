"""What becomes of each input in the matrix on which the last step of a Pipeline works: the fitted encoders are asked.

Add here what several compilers ask of encoders.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn._loss.link import IdentityLink, LogLink
from sklearn.base import is_classifier
from sklearn.compose import ColumnTransformer

from tasks.problems.edge import EDGE
from tasks.scoring.compiled import links
from tasks.scoring.compiled.base import CannotCompile

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class Encoders:
    """The steps before the model, as a function from prepared rows to numbers."""

    names: tuple[str, ...]
    """Inputs of the Pipeline, in order."""
    texts: dict[str, tuple[str, ...]]
    """Of each input that is text, the texts that the encoders know."""
    encode: Callable[[pd.DataFrame], Matrix]

    def rows(self, name: str, values: Sequence[Any]) -> Matrix:
        """The encoded rows in which one input has these values, and everything else is missing."""
        held = {
            one: pd.Series(list(values) if one == name else [np.nan] * len(values), dtype=self._dtype(one))
            for one in self.names
        }
        return self.encode(pd.DataFrame(held))

    def unseen(self, name: str) -> str:
        """A text that the encoders do not know."""
        texts = {*self.texts[name]}
        return next(text for text in ("\x00" * length for length in range(1, len(texts) + 2)) if text not in texts)

    def nothing(self) -> Matrix:
        """The encoded row in which everything is missing, shape (1, columns)."""
        return self.rows(self.names[0], [math.nan])

    def _dtype(self, name: str) -> type:
        return object if name in self.texts else np.float64


def of(pipeline: "Pipeline", last: Callable[[Any], Any] | None = None) -> Encoders:
    """The encoders of a Pipeline of two steps, `encode` and `model`.

    Args:
        pipeline: A fitted one.
        last: What the model itself does to the encoded rows before it works on them.

    Raises:
        CannotCompile: It has other steps.
    """
    if [name for name, _ in pipeline.steps] != ["encode", "model"]:
        raise CannotCompile("it has other steps than encoding and a model")
    encoder = pipeline.named_steps["encode"]
    if not isinstance(encoder, ColumnTransformer):
        raise CannotCompile("its inputs are encoded in another way")
    names = tuple(str(name) for name in pipeline.feature_names_in_)

    def encode(rows: pd.DataFrame) -> Matrix:
        encoded = encoder.transform(rows)
        dense = encoded.toarray() if hasattr(encoded, "toarray") else encoded
        return np.asarray(dense if last is None else last(dense), dtype=np.float64)

    return Encoders(names, _texts(encoder), encode)


def _texts(encoder: Any) -> dict[str, tuple[str, ...]]:
    parts = {name: (part, columns) for name, part, columns in encoder.transformers_}
    if "categories" not in parts:
        return {}
    part, columns = parts["categories"]
    levels = zip(columns, part[0].categories_, strict=True)
    return {str(name): tuple(str(level) for level in of if isinstance(level, str)) for name, of in levels}


def link(model: Any) -> links.Link:
    """How the sum of a fitted model becomes its answer; raises CannotCompile where that is in a way of its own."""
    if is_classifier(model):
        return links.Logistic(EDGE)
    loss = getattr(model, "_loss", None)  # boosting has one, Ridge has not
    if loss is None or isinstance(loss.link, IdentityLink):
        return links.Identity()
    if isinstance(loss.link, LogLink):
        return links.Exponential()
    raise CannotCompile("its loss has a link of its own")
