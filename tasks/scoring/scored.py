"""Answers to the rows of a file: one line for each row, in order; a row that breaks the contract has a reason instead.

Columns: `row` (its place in the file, from 1 on), the key and the time of the row where the file has them, the answer
(`probability` or `prediction`), `reason`, `version`, `snapshot`, `scored`; with `explained` the largest contributions.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from tasks.scoring.live import Live
from tasks.training import preparation
from tasks.validation import contract

ROW, REASON, VERSION, SNAPSHOT, SCORED = "row", "reason", "version", "snapshot", "scored"
OURS = (ROW, REASON, VERSION, SNAPSHOT, SCORED)


def answered(
    live: Live, rows: pd.DataFrame, faults: Mapping[int, list[str]], *, first: int, shown: list[str], moment: datetime
) -> pa.Table:
    """The answers to a part of a file.

    Args:
        live: Who answers.
        rows: With every input as values of its type.
        faults: What cells must be that could not be read, by place.
        first: Place of the first row in the file, from 0 on.
        shown: Columns of the rows that go with the answers.
        moment: Now.
    """
    wrong = {place: list(texts) for place, texts in contract.demands(rows, live.fields.rules).items()}
    for place, texts in faults.items():
        # a cell that could not be read is not missing as well
        names = {text.partition(":")[0] for text in texts}
        rest = [text for text in wrong.get(place, []) if text.partition(":")[0] not in names]
        wrong[place] = [*texts, *rest]
    sound = np.ones(len(rows), dtype=bool)
    sound[list(wrong)] = False
    answers = np.full(len(rows), np.nan)
    if sound.any():
        prepared = preparation.prepare(rows[sound], live.fields.names, live.fields.rules)
        answers[sound] = live.compiled.many([prepared[name].to_numpy() for name in prepared.columns])
    reasons = pa.array([None if good else "; ".join(wrong[place]) for place, good in enumerate(sound)], pa.string())
    return pa.table(
        {
            ROW: pa.array(np.arange(first + 1, first + 1 + len(rows)), pa.int64()),
            **{name: pa.array(rows[name]) for name in shown},
            live.output: pa.array(answers, pa.float64(), mask=~sound),
            REASON: reasons,
            VERSION: pa.array(np.full(len(rows), live.version), pa.int32()),
            SNAPSHOT: pa.array([live.model.snapshot.id] * len(rows), pa.string()),
            SCORED: pa.array([moment] * len(rows), pa.timestamp("us", "UTC")),
        }
    )


def shown(live: Live, there: Any) -> list[str]:
    """The columns of a file that go with its answers: the key, and when a row happened."""
    named = [*live.settings.validation.key, live.settings.ingestion.times.event]
    return [name for name in dict.fromkeys(named) if name in there and name not in (*OURS, live.output)]
