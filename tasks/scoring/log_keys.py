"""Keys of rows as people write them, found among those of the prediction log.

Add here in which form a value of a key may be sent and still be the same.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import msgspec

from configs.errors import MistakeOfUser
from tasks.scoring import log_records


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


def matches(text: str | None, key: Sequence[str], wanted: Mapping[str, str], secret: bytes) -> bool:
    """Whether the key of a row, as JSON, has the wanted values, or their digests by the secret of the log."""
    values = msgspec.json.decode(text) if text else []
    if len(values) != len(key):
        return False
    return all(_is(dict(zip(key, values, strict=True))[name], value, secret) for name, value in wanted.items())


def _is(value: Any, wanted: str, secret: bytes) -> bool:
    if value is None:
        return False
    if log_records.is_hidden(value):
        return any(value == log_records.digest(one, secret) for one in _readings(wanted))
    if isinstance(value, bool):
        return wanted.lower() == str(value).lower()
    if isinstance(value, int | float):
        return _number(wanted) == value
    return bool(value == wanted) or (_moment(value) is not None and _moment(value) == _moment(wanted))


def _readings(text: str) -> Iterator[str | float | bool]:
    """What a value may have been that people write so."""
    yield text
    moment = _moment(text)
    if moment is not None:
        yield f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"
    for read in (int, float):
        with suppress(ValueError):
            yield read(text)
    if text.lower() in ("true", "false"):
        yield text.lower() == "true"


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
