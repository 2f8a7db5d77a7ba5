"""Labels that were taken in: which values accepted batches have, as their records say.

Records from before there was such a list have none: it is read from their rows once, and written into the record.
"""

from collections.abc import Sequence
from dataclasses import replace

from tasks.adapters.home import Home
from tasks.domain.records import Batch


def learned(home: Home, pipeline: str, accepted: Sequence[Batch]) -> set[str] | None:
    """All values that the label of accepted batches has; None if none of them has a label."""
    from tasks.validation import batches, labels

    settings = home.settings(pipeline)
    if not labels.has_values(settings):
        return None
    label, values = settings.training.label, set[str]()
    for batch in accepted:
        if batch.label == label:
            values.update(batch.label_values)
            continue
        rows = home.store.read(batch.accepted_file or "", keep=False)
        if label in rows.columns:  # else the column came later
            read = replace(batch, **batches.values(rows[label], settings))
            home.ledger.batches.learn(pipeline, read)
            values.update(read.label_values)
    return values or None
