"""Columns that a delivery has and those before it had not, or the other way round: said in the turn.

Whether they are let in is decided before, by `validation.changes`; here is only what a person should hear.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from configs.settings import PipelineSettings


def notes(now: pd.DataFrame, before: Sequence[pd.DataFrame], settings: PipelineSettings) -> tuple[str, ...]:
    """What is new and what is gone, in words; nothing where there is no batch before.

    Args:
        now: The rows of a delivery.
        before: Rows of accepted batches next to it in time.
        settings: With the contract.
    """
    if not before or now.empty:
        return ()
    rules, had = settings.validation.columns, {str(name) for frame in before for name in frame.columns}
    new = [str(name) for name in now.columns if name not in had and name not in rules]
    gone = [name for name in sorted(had) if name not in now.columns]
    empty = [name for name in settings.droppable if now[name].isna().all() and _had_values(name, before)]
    return (
        *_sentence(new, "is new, and the contract does not have it", "are new, and the contract does not have them"),
        *_sentence([*empty, *gone], "is not in it any more", "are not in it any more"),
        *_sentence(
            _widened(now, before, settings), "has numbers that are not whole", "have numbers that are not whole"
        ),
    )


def _widened(now: pd.DataFrame, before: Sequence[pd.DataFrame], settings: PipelineSettings) -> list[str]:
    """Columns that had whole numbers only, where others are let in."""
    if settings.validation.changes.widened == "refuse":
        return []
    delivered = {
        name: rule for name, rule in settings.validation.columns.items() if name not in settings.features.joined
    }
    others = [name for name, rule in delivered.items() if rule.type == "number" and not _are_whole(now, name)]
    return [name for name in others if all(_are_whole(frame, name) for frame in before)]


def _are_whole(frame: pd.DataFrame, name: str) -> bool:
    values = frame[name].dropna().to_numpy(dtype=np.float64) if name in frame else np.zeros(0)
    return bool((np.floor(values) == values).all())


def _had_values(name: str, before: Sequence[pd.DataFrame]) -> bool:
    return any(name in frame and bool(frame[name].notna().any()) for frame in before)


def _sentence(names: Sequence[str], one: str, several: str) -> tuple[str, ...]:
    if not names:
        return ()
    listed = ", ".join(map(repr, names[:5]))
    more = f" and {len(names) - 5:,} more" if len(names) > 5 else ""
    return (f"{listed}{more} {one if len(names) == 1 else several}",)
