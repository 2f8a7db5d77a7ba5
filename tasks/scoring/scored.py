"""Answers to the rows of a file: one line for each row, in order; a row that breaks the contract has a reason instead.

Columns: `row` (its place in the file, from 1 on), the key and the time of the row where the file has them, the answer
(`probability` or `prediction`; of several classes `class`, its `probability`, and that of each), `reason`, `version`,
`snapshot`, `scored`; and `contributions`, where they are wanted.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from tasks.scoring import contributions
from tasks.scoring.live import Live
from tasks.training import preparation
from tasks.validation import contract

ROW, REASON, VERSION, SNAPSHOT, SCORED = "row", "reason", "version", "snapshot", "scored"
CONTRIBUTIONS, CLASS = "contributions", "class"
OURS = (ROW, REASON, VERSION, SNAPSHOT, SCORED, CONTRIBUTIONS)


def answered(
    live: Live,
    rows: pd.DataFrame,
    faults: Mapping[int, list[str]],
    *,
    first: int,
    shown: list[str],
    moment: datetime,
    usual: pd.DataFrame | None = None,
) -> pa.Table:
    """The answers to a part of a file.

    Args:
        live: Who answers.
        rows: With every input as values of its type.
        faults: What cells must be that could not be read, by place.
        first: Place of the first row in the file, from 0 on.
        shown: Columns of the rows that go with the answers.
        moment: Now.
        usual: Rows whose values are usual: with them it is told which inputs add most to each answer.
    """
    wrong = {place: list(texts) for place, texts in contract.demands(rows, live.fields.rules).items()}
    for place, texts in faults.items():
        # a cell that could not be read is not missing as well
        names = {text.partition(":")[0] for text in texts}
        rest = [text for text in wrong.get(place, []) if text.partition(":")[0] not in names]
        wrong[place] = [*texts, *rest]
    sound = np.ones(len(rows), dtype=bool)
    sound[list(wrong)] = False
    answers = np.full((len(rows), len(live.classes)) if live.classes else len(rows), np.nan)
    explained = {} if usual is None else {CONTRIBUTIONS: pa.nulls(len(rows), pa.string())}
    if sound.any():
        prepared = preparation.prepare(rows[sound], live.fields.names, live.fields.rules)
        answers[sound] = live.compiled.many([prepared[name].to_numpy() for name in prepared.columns])
        if usual is not None:
            explained[CONTRIBUTIONS] = _contributions(live, prepared, usual, sound)
    reasons = pa.array([None if good else "; ".join(wrong[place]) for place, good in enumerate(sound)], pa.string())
    return pa.table(
        {
            ROW: pa.array(np.arange(first + 1, first + 1 + len(rows)), pa.int64()),
            **{name: pa.array(rows[name]) for name in shown},
            **_answers(live, answers, sound),
            **explained,
            REASON: reasons,
            VERSION: pa.array(np.full(len(rows), live.version), pa.int32()),
            SNAPSHOT: pa.array([live.model.snapshot.id] * len(rows), pa.string()),
            SCORED: pa.array([moment] * len(rows), pa.timestamp("us", "UTC")),
        }
    )


def _answers(live: Live, answers: NDArray[np.float64], sound: NDArray[np.bool_]) -> dict[str, pa.Array]:
    """The answer; of several classes the one that is named, its probability, and that of each."""
    if not live.classes:
        return {live.output: pa.array(answers, pa.float64(), mask=~sound)}
    named = np.where(sound[:, None], answers, 0.0).argmax(axis=1)
    return {
        CLASS: pa.array(np.array(live.classes, dtype=object)[named], pa.string(), mask=~sound),
        live.output: pa.array(answers.max(axis=1), pa.float64(), mask=~sound),
        **{
            name: pa.array(answers[:, place], pa.float64(), mask=~sound)
            for place, name in enumerate(of_classes(live.classes))
        },
    }


def of_classes(classes: tuple[str, ...]) -> list[str]:
    """The columns with the probability of each class."""
    return [f"probability_{name}" for name in classes]


def _contributions(live: Live, prepared: pd.DataFrame, usual: pd.DataFrame, sound: NDArray[np.bool_]) -> pa.Array:
    added = contributions.measure(live.compiled, prepared, usual, is_probability=live.is_probability)
    texts = [json.dumps(one) for one in contributions.largest(added, live.fields.names)]
    return pa.array(texts, pa.string()).take(pa.array(np.cumsum(sound) - 1, pa.int64(), mask=~sound))


def shown(live: Live, there: Any) -> list[str]:
    """The columns of a file that go with its answers: the key, and when a row happened."""
    named = [*live.settings.validation.key, live.settings.ingestion.times.event]
    taken = {*OURS, live.output, *([CLASS, *of_classes(live.classes)] if live.classes else [])}
    return [name for name in dict.fromkeys(named) if name in there and name not in taken]
