"""What is kept of a request that was refused, or failed: why, and its body where inputs are kept as they are.

Where it is kept belongs to `tasks.adapters.ring`; who asks for it again, to `steps.replaying`.
"""

import base64
from typing import Any

from configs.scoring import PredictionLogSettings
from tasks.scoring.ready import Ready
from tasks.scoring.refusals import Refused

LARGEST = 100_000
"""Bytes of a body that is kept."""
PREFIX = "r"
"""With which names of such requests begin."""


def record(ready: Ready, refused: Refused, body: bytes, *, at: int, form: str, is_csv: bool) -> dict[str, Any]:
    """A request as values of JSON.

    Args:
        ready: Who was asked.
        refused: What was said.
        body: What was sent; empty where it was not read.
        at: When, in microseconds since 1970.
        form: `invocations` or `infer`.
        is_csv: Whether it is CSV.
    """
    is_kept = keeps_bodies(ready.scoring.log) and 0 < len(body) <= LARGEST
    return {
        "at": at,
        "pipeline": ready.pipeline,
        "version": ready.version,
        "status": refused.status,
        "text": refused.text,
        "fields": refused.fields,
        "form": form,
        "csv": is_csv,
        "bytes": len(body),
        "body": base64.b64encode(body).decode() if is_kept else None,
    }


def keeps_bodies(log: PredictionLogSettings) -> bool:
    """Whether bodies may be kept: of one that was refused nobody can tell which part is which column."""
    return log.inputs == "values" and not log.columns


def name(place: int, number: int) -> str:
    """By which a request is called."""
    return f"{PREFIX}{place}-{number}"
