"""Values of `tasks.domain.records` to JSON and back, unchanged."""

import json
from datetime import UTC, datetime
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from configs.errors import Damaged

T = TypeVar("T")
_adapters: dict[Any, TypeAdapter[Any]] = {}


def dump(value: object) -> Any:
    """A record as plain JSON values."""
    return _adapter(type(value)).dump_python(value, mode="json")


def load(kind: type[T], data: Any) -> T:
    """The record that was dumped.

    Raises:
        Damaged: It is no such record any more.
    """
    try:
        found: T = _adapter(kind).validate_python(data)
    except ValidationError as err:
        wrong = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in err.errors()[:3])
        raise Damaged(
            f"A {kind.__name__} in the ledger was changed: {wrong}. Restore the ledger from a backup."
        ) from err
    return found


def load_text(kind: type[T], text: str) -> T:
    """The record that was dumped as this text of JSON.

    Raises:
        Damaged: It is no such record any more.
    """
    try:
        return load(kind, json.loads(text))
    except json.JSONDecodeError as err:
        raise no_json(err) from err


def no_json(problem: json.JSONDecodeError) -> Damaged:
    """What to say of a record that cannot be read at all."""
    return Damaged(f"A record in the ledger is no JSON any more: {problem}. Restore the ledger from a backup.")


def stamp(moment: datetime | None) -> str | None:
    """A time as ISO text in UTC; texts order as the times do."""
    return None if moment is None else moment.astimezone(UTC).isoformat(timespec="microseconds")


def moment(text: str | None) -> datetime | None:
    """The time that was stamped."""
    return None if text is None else datetime.fromisoformat(text)


def _adapter(kind: Any) -> TypeAdapter[Any]:
    if kind not in _adapters:
        _adapters[kind] = TypeAdapter(kind)
    return _adapters[kind]
