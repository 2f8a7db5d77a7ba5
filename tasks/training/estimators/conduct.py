"""How estimators of users behave: what they raise, and what they answer that is no answer, each in a sentence.

Add here what must hold of any estimator, whoever wrote it. Built-in families are not asked.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from configs import importing, plugs
from configs.errors import InvalidSettings
from configs.plugs import Imported
from configs.training import Candidate

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from sklearn.pipeline import Pipeline

_CLOSE = 1e-6
"""How far probabilities may be from adding up to 1; libraries count with 32 bits."""


@contextmanager
def watched(candidate: Candidate) -> Iterator[None]:
    """Whatever an estimator of a user raises when it is fitted or asked stops the turn, in a sentence."""
    if not isinstance(candidate, Imported):
        yield
        return
    with importing.of_user(plugs.find(candidate.use).file, lambda what: _refused(candidate, f"raised {what}")):
        yield


def require(candidate: Candidate, fitted: "Pipeline", rows: "pd.DataFrame", outcomes: Any) -> None:
    """Raise InvalidSettings if what an estimator of a user answers to some rows is no answer.

    Args:
        candidate: Which one it is; a built-in family is not asked.
        fitted: It, after its preprocessing.
        rows: Prepared rows, one with everything missing among them.
        outcomes: What it has learned from.
    """
    import numpy as np

    if not isinstance(candidate, Imported):
        return
    is_classifier = hasattr(fitted, "predict_proba")
    classes = np.unique(outcomes) if is_classifier else None
    answers: Any = fitted.predict_proba(rows) if is_classifier else fitted.predict(rows)
    wrong = _wrong(np.asarray(answers), (len(rows), len(classes)) if classes is not None else (len(rows),))
    if wrong is None and classes is not None:
        wrong = _wrong_probabilities(np.asarray(answers, dtype=np.float64), getattr(fitted, "classes_", None), classes)
    if wrong is not None:
        raise _refused(candidate, wrong)


def _wrong(answers: "np.ndarray", shape: tuple[int, ...]) -> str | None:
    import numpy as np

    if answers.shape != shape:
        return f"answers {shape[0]:,} rows in the shape {answers.shape}, and {shape} is wanted"
    if answers.dtype.kind not in "biuf":
        return f"answers with {answers.dtype} values, and numbers are wanted"
    missing = int((~np.isfinite(answers.astype(np.float64))).sum())
    return f"gives {missing:,} answers of {answers.size:,} that are no numbers" if missing else None


def _wrong_probabilities(answers: "np.ndarray", there: Any, wanted: "np.ndarray") -> str | None:
    import numpy as np

    low, high, sums = answers.min(), answers.max(), answers.sum(axis=1)
    if low < 0 or high > 1:
        return f"gives probabilities from {low:.6g} to {high:.6g}, and they lie between 0 and 1"
    if (np.abs(sums - 1) > _CLOSE).any():
        return f"gives probabilities of a row that add up to {sums[np.abs(sums - 1).argmax()]:.6g}, not to 1"
    if there is not None and [*map(float, there)] != [*map(float, wanted)]:
        return f"has its classes in the order {[*map(str, there)]}, and {[*map(str, wanted)]} is wanted"
    return None


def _refused(candidate: Imported, what: str) -> InvalidSettings:
    return InvalidSettings(
        f"training.candidates: {candidate.title or candidate.use} {what.rstrip('.')}. Nothing was changed, and the "
        "batch waits."
    )
