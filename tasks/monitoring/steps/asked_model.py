"""A model that is at hand, to be asked about rows.

Add here what is needed to ask it; what is made of its answers belongs to those who ask.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from configs.training import TrainingSettings
from tasks.adapters.cache import Cache
from tasks.adapters.home import Home
from tasks.domain.records import Model, Snapshot

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray
    from sklearn.pipeline import Pipeline


@dataclass(frozen=True)
class AskedModel:
    """A fitted Pipeline, and the rows that were kept with it."""

    digest: str
    """Of its bundle."""
    pipeline: "Pipeline"
    golden: "pd.DataFrame"
    """Rows of its training data, as it takes them in."""
    golden_answers: "NDArray[np.float64]"
    """What it answered to them when it was fitted."""
    snapshot: Snapshot
    """What it was fitted on."""
    training: TrainingSettings
    """Those of now."""

    @cached_property
    def inputs(self) -> tuple[str, ...]:
        """The columns that it takes in, in order."""
        from tasks.training import preparation

        return preparation.inputs(self.pipeline)

    @property
    def influence(self) -> "Mapping[str, float]":
        """What part of all that moves its answers each input is; a model never changes, so that it is asked once."""
        from tasks.monitoring import influence

        return _influence.once(self.digest, lambda: influence.shares(self.golden, self.answer))

    def answer(self, prepared: "pd.DataFrame") -> "NDArray[np.float64]":
        """What it says to prepared rows, shape (rows,)."""
        from tasks.problems import prediction
        from tasks.training import preparation

        answers = prediction.predict(self.pipeline, prepared, threads=self.training.threads)
        return preparation.aligned(answers, self.snapshot, self.training)


def load(home: Home, model: Model, training: TrainingSettings) -> AskedModel:
    """The model, checked as always when it is loaded."""
    from tasks.training import preparation

    golden, answers = home.bundles.golden(model.golden)
    answers = preparation.aligned(answers, model.snapshot, training)
    return AskedModel(
        model.bundle, home.bundles.load(model.bundle, model.golden), golden, answers, model.snapshot, training
    )


_influence: "Cache[Mapping[str, float]]" = Cache(2**20)
"""Of the models that were asked in this process."""
