"""Compiles a fitted Pipeline, and lets only that answer which answers as the Pipeline does.

It is held against the answers at the gate, and against the Pipeline on rows that the gate had not: one thing missing,
a text that nobody knows, numbers far away.
"""

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from configs import plugs
from tasks.problems import prediction
from tasks.scoring.compiled import after_steps
from tasks.scoring.compiled.as_fitted import AsFitted
from tasks.scoring.compiled.base import CannotCompile, Chosen, Columns, Compiled

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

TOLERANCE = 1e-9
"""Largest difference of two answers; of a number above 1, relative to it."""
_FAR = (0.0, -1.0, 1e30, -1e30, np.nan)
_UNKNOWN = ("\x00", "", np.nan)
_ROWS = 8


def choose(pipeline: "Pipeline", golden: pd.DataFrame, expected: NDArray[np.float64]) -> Chosen:
    """The first compiler that knows a Pipeline, if what it makes answers the same; else the Pipeline.

    Args:
        pipeline: A fitted one, which has been checked.
        golden: Prepared rows of its golden batch.
        expected: What it answered to them at its gate.
    """
    why, steps = "no compiler is for it", pipeline.named_steps.get(after_steps.NAME)
    for path in plugs.COMPILERS.values():
        try:
            compiler = plugs.built_in(path)
            compiled = compiler.of(pipeline) if steps is None else after_steps.compiled(pipeline, compiler)
        except CannotCompile as known:
            why = str(known)
            continue
        off = _largest_difference(compiled, pipeline, golden, expected)
        if off <= TOLERANCE:
            return Chosen(compiled)
        why = f"{compiled.title} answered differently, by up to {off:.3g}"
        break
    return Chosen(AsFitted(pipeline, prediction.predict), why)


def columns(prepared: pd.DataFrame) -> Columns:
    """Prepared rows as compiled models take them."""
    return [prepared[name].to_numpy() for name in prepared.columns]


def _largest_difference(
    compiled: Compiled, pipeline: "Pipeline", golden: pd.DataFrame, expected: NDArray[np.float64]
) -> float:
    disturbed, answered = _answered(pipeline, _disturbed(golden))
    rows, wanted = pd.concat([golden, disturbed], ignore_index=True), np.concatenate([expected, answered])
    answers = compiled.many(columns(rows))
    few = rows.iloc[:: max(1, len(rows) // 50)]
    alone = np.array([compiled.one(_values(row)) for row in few.itertuples(index=False)])
    off = [np.abs(answers - wanted), np.abs(alone - wanted[few.index])]
    scales = [np.maximum(1.0, np.abs(wanted)), np.maximum(1.0, np.abs(wanted[few.index]))]
    most = max(float((one / scale).max()) for one, scale in zip(off, scales, strict=True))
    return most if np.isfinite(most) else np.inf


def _answered(pipeline: "Pipeline", rows: pd.DataFrame) -> tuple[pd.DataFrame, NDArray[np.float64]]:
    """Rows and their answers; none where a feature step of the user cannot take them."""
    from tasks.features.own_step import StepFailed

    try:
        return rows, prediction.predict(pipeline, rows)
    except StepFailed:
        return rows[:0], np.empty(0)


def _values(row: Any) -> list[float | str | None]:
    return [None if value != value else value if isinstance(value, str) else float(value) for value in row]


def _disturbed(golden: pd.DataFrame) -> pd.DataFrame:
    """Some of the rows again and again, each time with one input that is missing, unknown or far away."""
    some = golden.iloc[:: max(1, len(golden) // _ROWS)]
    changed = [
        some.assign(**{str(name): pd.Series([value] * len(some), index=some.index, dtype=golden[name].dtype)})
        for name in golden.columns
        for value in (_UNKNOWN if golden[name].dtype == object else _FAR)
    ]
    return pd.concat(changed, ignore_index=True)
