"""Keys of rows as people write them, found among those of the prediction log.

Add here in which form a value of a key may be sent and still be the same.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from configs.errors import MistakeOfUser


def read(pipeline: str, key: Sequence[str], words: Sequence[str]) -> dict[str, str]:
    """Columns and values of `NAME=VALUE`.

    Args:
        pipeline: Whose key it is.
        key: Its columns.
        words: What was written.

    Raises:
        MistakeOfUser: It is something else, or no column of the key.
    """
    if not key:
        raise MistakeOfUser(f"{pipeline} has no validation.key, by which its rows could be found in the log.")
    wanted = dict[str, str]()
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not value:
            raise MistakeOfUser(f"--key {word!r}: write it as NAME=VALUE, such as {key[0]}=….")
        if name not in key:
            raise MistakeOfUser(f"--key {word!r}: {name!r} is no column of the key of {pipeline}: {', '.join(key)}.")
        if wanted.setdefault(name, value) != value:
            raise MistakeOfUser(f"--key {word!r}: {name} has another value already. Forget one key after the other.")
    return wanted


def matches(text: str | None, key: Sequence[str], wanted: Mapping[str, str]) -> bool:
    """Whether the key of a row, as JSON, has the wanted values."""
    values = msgspec.json.decode(text) if text else []
    if len(values) != len(key):
        return False
    return all(_is(dict(zip(key, values, strict=True))[name], value) for name, value in wanted.items())


def _is(value: Any, wanted: str) -> bool:
    if value is None:
        return False
    if isinstance(value, bool):
        return wanted.lower() == str(value).lower()
    if isinstance(value, int | float):
        return _number(wanted) == value
    return bool(value == wanted) or (_moment(value) is not None and _moment(value) == _moment(wanted))


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _moment(text: str) -> datetime | None:
    """A time of day, in UTC where it names no zone."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
