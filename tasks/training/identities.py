"""Identities of snapshots and models: hashes of all that decides which rows there are, and what a model answers.

Add here what makes a selection or a model another one. A later default must leave old identities as they are.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from configs.ingestion import Times
from configs.plugs import Imported
from configs.training import Candidate, TrainingSettings
from configs.validation import ColumnRule

RECIPE = 1
"""Raised when `preparation`, `learning` or `families` changes what rows give; part of each model's identity."""
RARE_POOLED = 2
"""The recipe where a category has more levels than are told apart: the encoder keeps the most frequent ones only."""


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
    snapshot: str,
    candidate: Candidate,
    settings: TrainingSettings,
    columns: Mapping[str, ColumnRule],
    libraries: str,
    steps: Sequence[Mapping[str, Any]] = (),
    recipe: int = RECIPE,
) -> str:
    """Identity of a model before it is fitted: a hash of all that decides its answers, 32 hexadecimal digits.

    Args:
        snapshot: Id of the rows that it learns from.
        candidate: Its family and parameters.
        settings: Where label, features and seed come from; other settings do not change a model.
        columns: The contract; only the types of the features matter.
        libraries: What pins the libraries, such as the hash of requirements.lock.
        steps: The feature steps, each with all that decides what it makes.
        recipe: How rows become a model.
    """
    return _hash(
        {
            **({"steps": [dict(step) for step in steps]} if steps else {}),
            "recipe": recipe,
            "snapshot": snapshot,
            "candidate": candidate.identity(),
            **_label_of(settings),
            "features": [[name, columns[name].type] for name in settings.features],
            **{name: value for name in ("target", "weights") if (value := getattr(settings, name)) is not None},
            "seed": settings.seed,
            "libraries": libraries,
        }
    )


def parameters(candidate: Candidate) -> tuple[tuple[str, str], ...]:
    """The parameters of a candidate as text, for the record; its family is told apart."""
    own = candidate.settings if isinstance(candidate, Imported) else None
    left = {"family", "title", "window"}
    dumped = candidate.model_dump(mode="json", exclude=left) if own is None else dict(own)
    dumped |= {} if candidate.window is None else {"window": f"{candidate.window.days or 'all'} days"}
    return tuple((name, f"{value:g}" if isinstance(value, float) else str(value)) for name, value in dumped.items())


def _label_of(settings: TrainingSettings) -> dict[str, Any]:
    """What is predicted. Defaults are left out: identities from before there were others stay as they were."""
    named = {"label", "problem", "quantile", "value", "positive", "classes", "mature_after"}
    told = settings.model_dump(mode="json", include=named, exclude_defaults=True)
    return {"label": settings.label, **told}


def _hash(content: dict[str, Any]) -> str:
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()[:32]
