"""Looks up for rows what no delivery has: values of other tables as of a time, and what the past of their key says.

The same for a batch that is taken in, for one that is looked at ahead, and for a file that is scored.
"""

import hashlib
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from configs.errors import BrokenContract
from configs.joined import Past
from configs.settings import PipelineSettings
from tasks.adapters.home import Home
from tasks.features.steps import table_deliveries

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray


def delivered(home: Home, pipeline: str, rows: "pd.DataFrame", batch: str) -> "pd.DataFrame":
    """The rows of a delivery with the columns that are looked up for them.

    Args:
        home: Settings, tables and the rows of before.
        pipeline: Its pipeline.
        rows: As they came.
        batch: The digest of the delivery, which is no past of itself.

    Raises:
        BrokenContract: It brings values of its own for such a column.
    """
    joined = home.settings(pipeline).features.joined
    brought = [name for name in joined if name in rows and rows[name].notna().any()]
    if brought:
        raise BrokenContract(
            f"Column {brought[0]!r} is looked up (features), and the rows bring values for it. Leave it out of the "
            "delivery, or out of features."
        )
    return _looked_up(home, pipeline, rows, joined, batch)


def asked(home: Home, pipeline: str, rows: "pd.DataFrame") -> "pd.DataFrame":
    """Rows about which a model is asked, with what is looked up where they do not bring it; by default as of now."""
    settings = home.settings(pipeline)
    joined = [name for name in settings.features.joined if name not in rows]
    event = settings.ingestion.times.event
    if joined and event not in rows:
        looked = _looked_up(home, pipeline, rows.assign(**{event: home.clock()}), joined, "")
        return looked.drop(columns=event)
    return _looked_up(home, pipeline, rows, joined, "")


def _looked_up(home: Home, pipeline: str, rows: "pd.DataFrame", joined: "Sequence[str]", batch: str) -> "pd.DataFrame":
    settings = home.settings(pipeline)
    if not joined or rows.empty:
        return rows
    filled = from_tables(home, pipeline, rows)
    if settings.features.past:
        before = _before(home, pipeline, rows, settings, batch)
        filled |= {past.column: _past(past, rows, before, settings) for past in settings.features.past}
    return rows.assign(**{name: filled[name] for name in joined})


def recipe(settings: PipelineSettings) -> str:
    """A hash of the settings by which values are looked up, wherever tables come from; empty where none are."""
    features, times = settings.features, settings.ingestion.times
    if not features.joined:
        return ""
    tables = {name: table.model_dump(mode="json", exclude={"source"}) for name, table in features.tables.items()}
    past = [one.model_dump(mode="json") for one in features.past]
    asked = [tables, past, times.event, times.arrival, times.label if past else None]
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:16]


def from_tables(
    home: Home, pipeline: str, rows: "pd.DataFrame", until: int | None = None
) -> "dict[str, pd.Series[Any]]":
    """What other tables say of rows, by column; up to the delivery of a number, if one is named."""
    from tasks.features import lines as rules

    settings, filled = home.settings(pipeline), dict[str, "pd.Series[Any]"]()
    types = {name: rule.type for name, rule in settings.validation.columns.items()}
    times = settings.ingestion.times
    for name, table in settings.features.tables.items():
        there = table_deliveries.lines(home, pipeline, name, until)
        filled |= rules.values(rules.Rows(rows, types, times.event, times.arrival), there, table)
    return filled


def _before(home: Home, pipeline: str, rows: "pd.DataFrame", settings: PipelineSettings, batch: str) -> "pd.DataFrame":
    """The accepted rows of the pipeline and these, each once, with what the past is asked for."""
    import pandas as pd

    times, key = settings.ingestion.times, settings.validation.key
    named = [times.event, times.arrival, times.label, settings.training.label, *key]
    for past in settings.features.past:
        named += [*past.key, past.of]
    columns = [name for name in dict.fromkeys(named) if name]
    accepted = [one for one in home.ledger.batches.accepted(pipeline) if one.id != batch and one.accepted_file]
    parts = [home.store.read(one.accepted_file or "") for one in accepted]
    frames = [part[[name for name in columns if name in part]] for part in (*parts, rows)]
    whole = pd.concat(frames, ignore_index=True) if len(frames) > 1 else frames[0]
    # A row that takes the place of an accepted one would see itself in that one.
    kept: Literal["first", "last"] = "last" if settings.validation.corrections == "replace" else "first"
    return whole.drop_duplicates(list(key) if key else None, keep=kept, ignore_index=True)


def _past(past: Past, rows: "pd.DataFrame", before: "pd.DataFrame", settings: PipelineSettings) -> "pd.Series[Any]":
    import numpy as np
    import pandas as pd

    from tasks.features import pasts
    from tasks.features.lines import micros
    from tasks.ingestion.columns import HELD

    columns = settings.validation.columns
    held = HELD[columns[past.column].type]
    if any(name not in before for name in (*past.key, *([past.of] if past.of else []))):
        return pd.Series(None, index=rows.index, dtype=held)
    asked, there = pasts.numbered([(rows[name].to_numpy(), before[name].to_numpy()) for name in past.key])
    known = _known(past, before, settings)
    values = _values(before, past)
    sound, now = (known > np.iinfo(np.int64).min) & (there >= 0), micros(rows[settings.ingestion.times.event])
    taken = pasts.take(past.take, past.reach, (asked, now), (there[sound], known[sound], values[sound]))
    return pd.Series(taken, index=rows.index).astype(held)


def _values(before: "pd.DataFrame", past: Past) -> "NDArray[Any]":
    import numpy as np

    if past.of is None:
        return np.zeros(len(before))
    if past.take == "last":
        return np.asarray(before[past.of], dtype=object)
    return np.asarray(before[past.of].to_numpy(dtype=np.float64, na_value=np.nan))


def _known(past: Past, before: "pd.DataFrame", settings: PipelineSettings) -> "NDArray[np.int64]":
    """When each row of the past was known: it had happened and arrived; if its label is asked for, that was known."""
    import numpy as np

    from tasks.features.lines import micros

    times = settings.ingestion.times
    late = times.label if past.of in (settings.training.label, times.label) else None
    parts = [micros(before[name]) for name in (times.event, times.arrival, late) if name]
    never = np.iinfo(np.int64).min
    missing = np.any([part == never for part in parts], axis=0)
    return np.where(missing, never, np.max(parts, axis=0))
