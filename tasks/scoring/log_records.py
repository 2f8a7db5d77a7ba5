"""What is kept of an answer: one record per request, with its rows.

Add here what whoever joins labels to answers, or watches them, must know. Where it is kept belongs to the journal, how
it is read to `log_lines`.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from configs.scoring import PredictionLogSettings
from tasks.scoring.asked import Asked
from tasks.scoring.compiled.base import Answered, Value
from tasks.scoring.ready import Ready

_DIGEST_BYTES = 8
HIDDEN = "digest:"
"""How a digest begins that stands in the place of a value."""
COLUMNS, SENT, CLASSES = "columns", "sent", "classes"
"""Where a record has the names of inputs and of what makes the key, the body of its request, and the classes."""


@dataclass(frozen=True)
class Kept:
    """How records of a pipeline are made."""

    settings: PredictionLogSettings
    key: bytes
    """What digests of inputs are made with: without it nobody finds out a value by trying all."""

    @property
    def is_whole(self) -> bool:
        """Whether every value is kept as it is."""
        return self.settings.inputs == "values" and not self.settings.columns

    def write(
        self, live: Ready, asked: Asked, values: Sequence[Answered | None], *, at: int, microseconds: int, first: int
    ) -> bytes:
        """The JSON of a record. Where every value is kept, the body of the request says them; else each row does.

        Args:
            live: Who answered.
            asked: The rows.
            values: The answer to each; None where it broke the contract.
            at: When, in microseconds since 1970.
            microseconds: How long it took.
            first: Number of its first row.
        """
        about = {"first": first, "at": at, "us": microseconds, "pipeline": live.pipeline, "version": live.version}
        about |= {"model": live.model_id, **({CLASSES: live.classes} if live.classes else {})}
        if asked.body is not None and self.is_whole:
            body = msgspec.Raw(asked.body.replace(b"\n", b" "))  # a record is one line; text has no line's end as such
            return msgspec.json.encode({**about, "rows": values, COLUMNS: live.columns, SENT: body})
        names, key = live.fields.names, live.key
        sound = iter(asked.rows)
        rows = []
        for value, others in zip(values, asked.others, strict=True):
            row: Sequence[Value] = () if value is None else live.fields.shown(next(sound))
            sent = {**others, **dict(zip(names, row, strict=False))} if key else {}
            rows.append(
                [value, self._inputs(names, row) if row else None, [self.of_key(name, sent.get(name)) for name in key]]
            )
        return msgspec.json.encode({**about, "rows": rows})

    def of_key(self, name: str, value: Value) -> Any:
        """What is kept of a value of the key: it tells which row was answered, unless its own column is hidden."""
        how = self.settings.columns.get(name, "values")
        if how == "none":
            return None
        return digest(value, self.key) if how == "digest" and value is not None else value

    def _inputs(self, names: Sequence[str], row: Sequence[Value]) -> dict[str, Any] | None:
        if self.is_whole:
            return dict(zip(names, row, strict=True))
        kept = {name: self._one(name, value) for name, value in zip(names, row, strict=True)}
        return {name: value for name, value in kept.items() if value is not _NOTHING} or None

    def _one(self, name: str, value: Value) -> Any:
        how = self.settings.columns.get(name, self.settings.inputs)
        if how == "values":
            return value
        if how == "none":
            return _NOTHING
        return digest(value, self.key)


def is_hidden(value: Any) -> bool:
    """Whether it is a digest in the place of a value."""
    return isinstance(value, str) and value.startswith(HIDDEN)


def digest(value: Value, key: bytes) -> str:
    """What stands in the place of a value that is not kept: the same for the same value."""
    return HIDDEN + hashlib.blake2b(repr(value).encode(), key=key, digest_size=_DIGEST_BYTES).hexdigest()


_NOTHING = object()
