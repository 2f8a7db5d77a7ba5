"""A packaged model that no compiler knows: the Pipeline as it was fitted, from its skops file.

Only such packages hold this module, and need scikit-learn, skops and pandas.
"""

from collections.abc import Set
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import ThreadpoolController

from tasks.adapters.blobs import skops_files
from tasks.problems.edge import EDGE
from tasks.scoring.compiled.as_fitted import AsFitted

if TYPE_CHECKING:
    import pandas as pd
    from sklearn.pipeline import Pipeline

_HELP = "Nothing answers. Install the libraries of requirements.lock."


def read(path: Path, trusted: Set[str], is_probability: bool, has_classes: bool) -> AsFitted:
    """The model of a file.

    Args:
        path: The skops file.
        trusted: Types that it may hold beyond the reviewed ones.
        is_probability: Whether it answers with probabilities; else with a number.
        has_classes: Whether they are those of several classes; else that of a yes.

    Raises:
        BundleRefused: It holds what nobody has reviewed, or cannot be rebuilt.
    """
    pipeline = skops_files.rebuilt(path.read_bytes(), "The packaged model", trusted, _HELP)
    ThreadpoolController().limit(limits=1)  # for as long as the process lives: one row must not wake all cores
    if has_classes:
        return AsFitted(pipeline, _all_probabilities)
    return AsFitted(pipeline, _probabilities if is_probability else _numbers)


def _all_probabilities(pipeline: "Pipeline", prepared: "pd.DataFrame") -> NDArray[np.float64]:
    return np.asarray(pipeline.predict_proba(prepared).astype(np.float64).clip(EDGE, 1 - EDGE))


def _probabilities(pipeline: "Pipeline", prepared: "pd.DataFrame") -> NDArray[np.float64]:
    return np.asarray(pipeline.predict_proba(prepared)[:, 1].astype(np.float64).clip(EDGE, 1 - EDGE))


def _numbers(pipeline: "Pipeline", prepared: "pd.DataFrame") -> NDArray[np.float64]:
    return np.asarray(pipeline.predict(prepared), dtype=np.float64)
