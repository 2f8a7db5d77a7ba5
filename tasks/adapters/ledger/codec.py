"""Values of `tasks.domain.records` to JSON and back, unchanged."""

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
