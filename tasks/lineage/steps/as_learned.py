"""A version in the hand: the rows that it learned from as its model got them, and that model."""

from typing import TYPE_CHECKING

from tasks.adapters import lookup
from tasks.adapters.home import Home
from tasks.training.steps import handles, kept_settings

if TYPE_CHECKING:
    import pandas as pd
    from sklearn.pipeline import Pipeline


def rows(home: Home, pipeline: str, version: str) -> "tuple[pd.DataFrame, pd.Series]":
    """Inputs and labels of a version, one row each, under the settings with which it was fitted.

    Raises:
        MistakeOfUser: There is no such version.
        Damaged: Rows are gone, or are not as they were written.
    """
    import pandas as pd

    model = lookup.model(home, pipeline, lookup.version(version))
    settings = kept_settings.of(home, pipeline, model) or home.settings(pipeline)
    window = handles.rows(home).window(model.snapshot, settings)
    return window.prepared.copy(), pd.Series(window.outcomes, name=settings.training.label)


def model(home: Home, pipeline: str, version: str) -> "Pipeline":
    """The fitted Pipeline of a version, checked as before it goes live.

    Raises:
        MistakeOfUser: There is no such version.
        BundleRefused: It would not answer as it did at its gate.
    """
    recorded = lookup.model(home, pipeline, lookup.version(version))
    return home.bundles.check(recorded.bundle, recorded.golden)
