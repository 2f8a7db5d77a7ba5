"""Training: which rows a model learns from, how it is fitted and asked, and what identifies it.

Add here what turns accepted rows into a fitted scikit-learn Pipeline and a Pipeline into answers. What is to be fitted
belongs to `families`, reading rows to `rows`, measuring to `scores`, packing to `bundles`.
"""

import hashlib
import json
import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.linalg import LinAlgWarning
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from threadpoolctl import threadpool_limits

from configs.errors import IncumbentError
from configs.ingestion import Times
from configs.training import Candidate, TrainingSettings
from configs.validation import ColumnRule
from tasks.problems import outcomes, prediction
from tasks.problems.outcomes import Outcomes

RECIPE = 1
"""Raised whenever `prepare`, `fit` or `families` changes what the same rows give; part of every model's identity."""
GOLDEN_ROWS = 200
_STACKED_CELLS = 4_000_000
"""Cells of a frame that is put together to be asked at once: some tens of megabytes."""
_DAY = pd.Timedelta(days=1)
_NONE = np.empty(0)
_MISSING = {
    "integer": "Int64",
    "number": "float64",
    "category": "str",
    "boolean": "boolean",
    "timestamp": "datetime64[us, UTC]",
}
"""How a column without values is held."""


@dataclass(frozen=True)
class Selected:
    """Rows to train on, and how many of the time span were left out, each for one reason."""

    frame: pd.DataFrame
    excluded_unlabelled: int
    """Rows in the time span that have no label."""
    excluded_unknown: int
    """Rows in the time span that had not arrived, or whose label was not known, before the cut-off."""
    waited: NDArray[np.float64] = field(default_factory=lambda: _NONE)
    """How many days labels that are not known yet have been waited for; none where an age is asked for."""


def select(
    frame: pd.DataFrame,
    *,
    times: Times,
    label: str,
    start: datetime | None,
    cutoff: datetime,
    maturity: timedelta = timedelta(0),
    ignores_labels: bool = False,
) -> Selected:
    """Pick the labelled rows with event time in [start, cutoff) of which all was known before the cut-off.

    A row is counted at most once: as unknown if it had not arrived, else as unlabelled if it has no label, else as
    unknown if its label came at or after the cut-off or at a time that is missing, or if it is younger than `maturity`
    at the cut-off: labels that come early are not like the rest. A row of that age without a label stays one without.
    With `ignores_labels` a label may have come at any time that is known.
    """
    within = _before(frame[times.event], cutoff)
    if start is not None:
        within = within & ~_before(frame[times.event], start)
    arrived = within & _before(frame[times.arrival], cutoff) if times.arrival else within
    labelled = arrived & frame[label].notna().to_numpy()
    known = labelled & _told(frame[times.label], None if ignores_labels else cutoff) if times.label else labelled
    known = known & ~_after(frame[times.event], cutoff - maturity) if maturity else known
    unknown = int(within.sum() - arrived.sum() + labelled.sum() - known.sum())
    chosen = frame if known.all() else frame[known]
    late = frame[times.event][labelled & ~known] if times.label and not maturity else None
    waited = _NONE if late is None else ((pd.Timestamp(cutoff) - late) / _DAY).to_numpy(dtype=np.float64)
    return Selected(chosen, int(arrived.sum() - labelled.sum()), unknown, waited)


def delays(frame: pd.DataFrame, times: Times) -> NDArray[np.float64]:
    """How many days the label of each row took, where it is told when that was known."""
    if times.label is None:
        return _NONE
    days: NDArray[np.float64] = ((frame[times.label] - frame[times.event]) / _DAY).to_numpy(dtype=np.float64)
    return days


def labels(frame: pd.DataFrame, settings: TrainingSettings) -> Outcomes:
    """What labelled rows turned out to be, shape (rows,): booleans, or numbers; raises if one is missing."""
    told = outcomes.of(frame[settings.label], settings)
    if np.isnan(told).any():
        raise IncumbentError(
            f"A row without a label reached the training. Select labelled rows of '{settings.label}' first."
        )
    return told if settings.problem == "regression" else told.astype(bool)


def prepare(frame: pd.DataFrame, features: Sequence[str], columns: Mapping[str, ColumnRule]) -> pd.DataFrame:
    """The model's input in the order of `features`: categories as text objects, all else as float64; missing is NaN.

    Used at fit, scoring and serving alike, so that a column which arrives as integers today and as floats tomorrow
    (a missing value came in) is the same to the model. The index is that of `frame`.
    """
    prepared = {name: _prepared(frame[name], columns[name]) for name in features}
    return pd.DataFrame(prepared, index=frame.index, copy=False)


def complete(frame: pd.DataFrame, columns: Mapping[str, ColumnRule]) -> pd.DataFrame:
    """Rows with every column of the contract; one that it did not have yet when they came is missing throughout.

    A time that was not in the contract when they came was kept as it is, in its own zone.
    """
    absent = {
        name: pd.Series(None, index=frame.index, dtype=_MISSING[rule.type])
        for name, rule in columns.items()
        if name not in frame.columns
    }
    later = {
        name: column.astype(_MISSING["timestamp"])
        for name, column in frame.items()
        if isinstance(column.dtype, pd.ArrowDtype) and name in columns and columns[str(name)].type == "timestamp"
    }
    return frame.assign(**absent, **later) if absent or later else frame


def inputs(pipeline: Pipeline) -> tuple[str, ...]:
    """The columns that a fitted Pipeline was trained on, in order; the settings may have others by now."""
    return tuple(str(name) for name in pipeline.feature_names_in_)


def fit(pipeline: Pipeline, prepared: pd.DataFrame, outcomes: Outcomes, *, threads: int) -> Pipeline:
    """Fit in place and return the same Pipeline; at most `threads` threads. Raises on rows of one yes or no only."""
    positives = int(outcomes.sum()) if outcomes.dtype == np.bool_ else None
    if positives in (0, len(outcomes)):
        raise IncumbentError(
            f"A model cannot be trained on one outcome: {positives:,} of {len(outcomes):,} training rows are positive. "
            "Widen training.window, or look at the label."
        )
    with threadpool_limits(limits=threads), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # said by `notes`, and shown with the probe
        warnings.simplefilter("ignore", LinAlgWarning)  # the solver then goes on with lbfgs by itself
        pipeline.fit(_with_empty_columns_constant(prepared), outcomes)
    return pipeline


def notes(pipeline: Pipeline) -> tuple[str, ...]:
    """What a reader of the fit should know, in sentences; empty if there is nothing."""
    model = pipeline.steps[-1][1]
    if isinstance(model, LogisticRegression) and int(model.n_iter_[0]) >= model.max_iter:
        return (f"The solver stopped at its limit of {model.max_iter} steps; raise max_iter of logistic_regression.",)
    return ()


def golden(prepared: pd.DataFrame) -> pd.DataFrame:
    """Rows to keep with a bundle: up to 200, evenly spread, and one in which everything is missing."""
    spread = np.unique(np.linspace(0, len(prepared) - 1, min(GOLDEN_ROWS, len(prepared))).astype(int))
    empty = pd.DataFrame({name: pd.Series([np.nan], dtype=kind) for name, kind in prepared.dtypes.items()})
    return pd.concat([prepared.iloc[spread], empty], ignore_index=True)


def importance(
    pipeline: Pipeline, prepared: pd.DataFrame, outcomes: Outcomes, *, rows: int, seed: int, threads: int = 1
) -> tuple[tuple[str, float], ...]:
    """Rise in log loss (of a number: squared error) when one input is shuffled, largest first (Breiman 2001).

    It is measured on a sample of at most `rows`. Shuffled copies of the sample are stacked, as many as fit into
    `_STACKED_CELLS`, and asked in one call. Ties are in the order of the columns.
    """
    source = np.random.default_rng(seed)
    sample = np.sort(source.choice(len(prepared), min(rows, len(prepared)), replace=False))
    base, truth = prepared.iloc[sample].reset_index(drop=True), outcomes[sample]
    names = list(base.columns)
    shuffled = {name: base[name].to_numpy()[source.permutation(len(sample))] for name in names}
    at_once = max(1, _STACKED_CELLS // max(1, base.size))
    usual = _mean_losses(pipeline, base, truth, threads)[0]
    rises: list[float] = []
    for first in range(0, len(names), at_once):
        changed = {name: shuffled[name] for name in names[first : first + at_once]}
        rises += (_mean_losses(pipeline, _stacked(base, changed), truth, threads) - usual).tolist()
    return tuple(sorted(zip(names, rises, strict=True), key=lambda pair: -pair[1]))


def _stacked(base: pd.DataFrame, changed: Mapping[str, NDArray[Any]]) -> pd.DataFrame:
    """One copy of the rows for each changed column, one under the other; in each copy that one column is exchanged."""
    size = len(base)
    stacked = {name: np.tile(base[name].to_numpy(), len(changed)) for name in base.columns}
    for place, (name, values) in enumerate(changed.items()):
        stacked[name][place * size : (place + 1) * size] = values
    return pd.DataFrame(stacked, copy=False).astype(base.dtypes.to_dict())


def _mean_losses(pipeline: Pipeline, stacked: pd.DataFrame, truth: Outcomes, threads: int) -> NDArray[np.float64]:
    """The mean loss of each copy of the rows, shape (copies,)."""
    answers = prediction.predict(pipeline, stacked, threads=threads).reshape(-1, len(truth))
    if prediction.predicts_numbers(pipeline):
        return np.asarray(np.square(answers - truth).mean(axis=1))
    return np.asarray(-np.log(np.where(truth, answers, 1 - answers)).mean(axis=1))


def snapshot_id(
    batches: Sequence[str],
    *,
    start: datetime | None,
    cutoff: datetime,
    times: Times,
    settings: TrainingSettings,
    ignores_labels: bool = False,
) -> str:
    """Identity of a selection: a hash of all that decides which rows it has, and what they count as; 32 digits."""
    return _hash(
        {
            "batches": list(batches),
            "start": None if start is None else start.isoformat(),
            "cutoff": cutoff.isoformat(),
            "times": times.identity(),
            **({"labels": "of any time"} if ignores_labels else {}),
            **_label_of(settings),
        }
    )


def model_id(
    snapshot: str, candidate: Candidate, settings: TrainingSettings, columns: Mapping[str, ColumnRule], libraries: str
) -> str:
    """Identity of a model before it is fitted: a hash of all that decides its answers, 32 hexadecimal digits.

    Args:
        snapshot: Id of the rows that it learns from.
        candidate: Its family and parameters.
        settings: Where label, features and seed come from; other settings do not change a model.
        columns: The contract; only the types of the features matter.
        libraries: What pins the libraries, such as the hash of requirements.lock.
    """
    return _hash(
        {
            "recipe": RECIPE,
            "snapshot": snapshot,
            "candidate": candidate.identity(),
            **_label_of(settings),
            "features": [[name, columns[name].type] for name in settings.features],
            "seed": settings.seed,
            "libraries": libraries,
        }
    )


def parameters(candidate: Candidate) -> tuple[tuple[str, str], ...]:
    """The parameters of a candidate as text, for the record; its family is told apart."""
    dumped = candidate.model_dump(mode="json", exclude={"family"})
    return tuple((name, f"{value:g}" if isinstance(value, float) else str(value)) for name, value in dumped.items())


def _label_of(settings: TrainingSettings) -> dict[str, Any]:
    """What is predicted. Defaults are left out: identities from before there were others stay as they were."""
    named = {"label", "problem", "positive", "mature_after"}
    told = settings.model_dump(mode="json", include=named, exclude_defaults=True)
    return {"label": settings.label, **told}


def _told(moments: pd.Series, cutoff: datetime | None) -> NDArray[np.bool_]:
    return moments.notna().to_numpy(dtype=bool) if cutoff is None else _before(moments, cutoff)


def _before(moments: pd.Series, cutoff: datetime) -> NDArray[np.bool_]:
    earlier: NDArray[np.bool_] = moments.lt(cutoff).to_numpy(dtype=bool, na_value=False)
    return earlier


def _after(moments: pd.Series, moment: datetime) -> NDArray[np.bool_]:
    later: NDArray[np.bool_] = moments.gt(moment).to_numpy(dtype=bool, na_value=True)
    return later


def _prepared(column: pd.Series, rule: ColumnRule) -> pd.Series:
    if rule.type == "category":
        # One text object per level, not per row: a tenth of the memory.
        codes, levels = pd.factorize(column)
        texts = np.append(np.asarray(levels, dtype=object), np.nan)
        return pd.Series(texts[codes], index=column.index, name=column.name, dtype=object)
    return pd.Series(column.to_numpy(dtype=np.float64, na_value=math.nan), index=column.index, name=column.name)


def _with_empty_columns_constant(prepared: pd.DataFrame) -> pd.DataFrame:
    """A column without a single value cannot be binned or scaled; a constant one teaches nothing either, but can be."""
    empty = [name for name in prepared.columns if prepared[name].isna().all()]
    return prepared.assign(**{name: "" if prepared[name].dtype == object else 0.0 for name in empty})


def _hash(content: dict[str, Any]) -> str:
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()[:32]
