"""Intake: in which order deliveries are taken in, and which of their rows are new.

Add here what can be said about rows before anybody judges them. Reading files belongs to sources and formats, rules to
`validation`. What needs pandas imports it late: to see that nothing waits must be quick.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from configs import label_source
from tasks.domain.label_records import LateLabels
from tasks.domain.records import Batch, BatchStatus, RuleFinding, Suspect

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray


def order(names: Sequence[str]) -> list[str]:
    """Names in the order in which people read them: `batch-2` before `batch-10`, `2013-09` before `2013-10`."""
    return sorted(names, key=lambda name: (_natural(name), name))


def refuse(
    identity: str,
    name: str,
    rows: int,
    reason: str,
    findings: Sequence[RuleFinding] = (),
    *,
    of_labels: bool = False,
) -> Batch:
    """The record of a batch that is set aside whole; of labels that come later than their rows, if it is one.

    Formats speak of the settings of rows: where labels have the same, theirs are named.
    """
    return Batch(
        id=identity,
        name=name,
        status=BatchStatus.REFUSED,
        landed=rows,
        accepted=0,
        quarantined=rows,
        duplicates=0,
        unlabelled=0,
        positives=0,
        findings=tuple(findings),
        reason=label_source.in_words(reason) if of_labels else reason,
        labels=LateLabels() if of_labels else None,
    )


def hold(identity: str, name: str, rows: int, reason: str, suspects: Sequence[Suspect]) -> Batch:
    """The record of a batch whose rows wait for a decision, as they came."""
    refused = refuse(identity, name, rows, reason)
    return replace(refused, status=BatchStatus.HELD, quarantined=0, held=rows, suspects=tuple(suspects))


def separate(
    frame: "pd.DataFrame", known: "NDArray[np.uint64] | None", joined: Sequence[str] = ()
) -> "tuple[pd.DataFrame, pd.DataFrame]":
    """Tell new rows from exact duplicates.

    Two rows are the same if all their columns are; of equal rows in one delivery the first is new.

    Args:
        frame: The delivery.
        known: Hashes (`hash_rows`) of rows that were taken in before.
        joined: Columns that were looked up: they are not compared.

    Returns:
        New rows and duplicates, each in the order of the delivery; together they are all its rows.
    """
    import numpy as np
    import pandas as pd

    there = [name for name in joined if name in frame.columns]
    hashes = hash_rows(frame.drop(columns=there) if there else frame)
    repeated = pd.Series(hashes).duplicated().to_numpy()
    if known is not None and len(known):
        repeated = repeated | np.isin(hashes, known)
    return frame[~repeated].reset_index(drop=True), frame[repeated].reset_index(drop=True)


def hash_rows(frame: "pd.DataFrame") -> "NDArray[np.uint64]":
    """A 64-bit hash of every row, over all columns and their names, shape (rows,).

    Equal values have equal hashes however a file stores them: 5 and 5.0, plain and dictionary text, a missing number
    and a missing text, times in any zone and unit. Neither the order of the columns nor the index matters. That two
    different ones among a million rows share a hash has a chance of 3 in 100 million.
    """
    from tasks.ingestion import hashing

    return hashing.rows(frame)


def _natural(name: str) -> list[tuple[int, str]]:
    parts = re.split(r"([0-9]+)", name)
    return [(int(part), "") if place % 2 else (0, part) for place, part in enumerate(parts)]
