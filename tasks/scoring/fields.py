"""What a row must be to be answered: each input of a model by the rule that the contract has for its column.

It is the contract of `validation`, asked of one value of JSON in place of a column. What is wrong is named by its
column and by what the contract demands; the value itself is never said again. Add here what a value may be.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from configs.validation import ColumnRule
from tasks.scoring.compiled.base import Value
from tasks.validation import demands

_EPOCH, _MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
Wrong = dict[str, str]
"""What each field must be that is wrong, by its name."""


@dataclass(frozen=True)
class Fields:
    """The inputs of a model, each with its rule."""

    rules: Mapping[str, ColumnRule]
    """By the name of the input, in the order in which the model takes them."""
    others: frozenset[str] = frozenset()
    """Columns of the contract that are not asked for, and may be sent all the same."""
    refuses_unknown: bool = False
    """Whether a column that the contract does not have makes a row wrong."""
    looked_up: frozenset[str] = frozenset()
    """Inputs that are looked up for rows that are taken in, and have to be sent here, if only as missing."""
    _readers: tuple[tuple[str, Callable[[Any], Value]], ...] = field(init=False)
    _times: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        """Make ready what reads each field."""
        readers = tuple((name, _reader(rule)) for name, rule in self.rules.items())
        object.__setattr__(self, "_readers", readers)
        times = frozenset(name for name, rule in self.rules.items() if rule.type == "timestamp")
        object.__setattr__(self, "_times", times)

    @property
    def names(self) -> tuple[str, ...]:
        """The inputs, in order."""
        return tuple(self.rules)

    def row(self, sent: Mapping[str, Any]) -> list[Value] | Wrong:
        """The values of a row in the order of the inputs, or what is wrong with it."""
        values, wrong = list[Value](), Wrong()
        for name, read in self._readers:
            try:
                if name in self.looked_up and name not in sent:
                    raise _Unfit("sent, or null: it is looked up for rows that are taken in, and not for requests")
                values.append(read(sent.get(name)))
            except _Unfit as unfit:
                wrong[name] = str(unfit)
        if self.refuses_unknown:
            unknown = [name for name in sent if name not in self.rules and name not in self.others]
            wrong |= dict.fromkeys(unknown, "no column of the contract")
        return wrong or values

    def shown(self, values: Sequence[Value]) -> Sequence[Value]:
        """The values of a row as the prediction log keeps them: a time is text there."""
        if not self._times:
            return values
        return [
            moment(value) if name in self._times and isinstance(value, float) else value
            for name, value in zip(self.rules, values, strict=True)
        ]

    def logged(self, inputs: Mapping[str, Any]) -> list[Value]:
        """The values of a row that the prediction log has, as the model takes them; raises KeyError."""
        return [
            microseconds(inputs[name]) if name in self._times and isinstance(inputs[name], str) else inputs[name]
            for name in self.rules
        ]


class _Unfit(Exception):
    """A value that breaks its rule; the text is what it must be."""


def _reader(rule: ColumnRule) -> Callable[[Any], Value]:
    """What makes the value of a model of what was sent, or raises `_Unfit`."""
    read = _READERS[rule.type](rule)

    def value(sent: Any) -> Value:
        if sent is not None:
            return read(sent)
        if rule.nullable:
            return None
        raise _Unfit(demands.demand(rule, "missing"))

    return value


def _text(rule: ColumnRule) -> Callable[[Any], Value]:
    allowed = None if rule.values is None else frozenset(rule.values)

    def read(sent: Any) -> Value:
        if not isinstance(sent, str):
            raise _Unfit("text")
        if allowed is not None and sent not in allowed:
            raise _Unfit(demands.demand(rule, "values"))
        return sent

    return read


def _truth(rule: ColumnRule) -> Callable[[Any], Value]:
    def read(sent: Any) -> Value:
        if sent is True:
            return 1.0
        if sent is False:
            return 0.0
        raise _Unfit("true or false")

    return read


def _number(rule: ColumnRule) -> Callable[[Any], Value]:
    low, high = (math.inf if bound is None else bound for bound in (rule.min, rule.max))
    low = -low if rule.min is None else low
    is_whole = rule.type == "integer"

    def read(sent: Any) -> Value:
        kind = type(sent)
        if kind is not float and kind is not int:
            raise _Unfit("a whole number" if is_whole else "a number")
        if not -demands.LARGEST < sent < demands.LARGEST:
            raise _Unfit(demands.demand(rule, "finite"))
        if is_whole and (sent != math.floor(sent) or (kind is float and abs(sent) >= demands.EXACT)):
            raise _Unfit(demands.demand(rule, "whole" if sent != math.floor(sent) else "exact"))
        if sent < low:
            raise _Unfit(demands.demand(rule, "min"))
        if sent > high:
            raise _Unfit(demands.demand(rule, "max"))
        return float(sent)

    return read


def _time(rule: ColumnRule) -> Callable[[Any], Value]:
    def read(sent: Any) -> Value:
        try:
            return microseconds(sent if isinstance(sent, str) else "")
        except ValueError:
            raise _Unfit("a time with its zone, such as 2025-06-01T12:30:00Z") from None

    return read


def microseconds(text: str) -> float:
    """Since 1970, as `training.preparation` holds a time; raises ValueError if it is not one that names its zone."""
    time = datetime.fromisoformat(text)
    if time.tzinfo is None:
        raise ValueError("it names no zone")
    return float((time - _EPOCH) // _MICROSECOND)


def moment(since: float) -> str:
    """A time in UTC as text, of microseconds since 1970."""
    time = _EPOCH.replace(tzinfo=None) + timedelta(microseconds=since)
    return f"{time.isoformat(timespec='microseconds')}Z"


_READERS: Mapping[str, Callable[[ColumnRule], Callable[[Any], Value]]] = {
    "category": _text,
    "boolean": _truth,
    "integer": _number,
    "number": _number,
    "timestamp": _time,
}
