"""Values that can be had again, kept at hand up to so many bytes: emptying a cache changes nothing but time.

What goes first is what was not asked for the longest. Add here how large a kind of value is.
"""

import sys
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import fields, is_dataclass
from typing import Any, Generic, TypeVar

V = TypeVar("V")
T = TypeVar("T")
_OBJECT = 56
"""Bytes of a short text, the usual value of a column of Python objects."""


class Cache(Generic[V]):
    """Values by key, at most so many bytes of them; the last one is kept whatever its size.

    What is kept is shared by all who ask for it: it must not be changed.
    """

    def __init__(self, limit: int) -> None:
        """Args:
        limit: In bytes.
        """
        self._limit = limit
        self._kept: OrderedDict[Hashable, tuple[V, int]] = OrderedDict()
        self._bytes = 0

    @property
    def bytes(self) -> int:
        """How much is kept."""
        return self._bytes

    def get(self, key: Hashable) -> V | None:
        """What is kept under a key; None if nothing is."""
        if key not in self._kept:
            return None
        self._kept.move_to_end(key)
        return self._kept[key][0]

    def keep(self, key: Hashable, value: V, size: int | None = None) -> None:
        """Keep a value; what was not asked for the longest makes room for it.

        Args:
            key: Under which it is asked for.
            value: What is kept.
            size: In bytes, where `bytes_of` cannot say it.
        """
        self.drop(key)
        size = bytes_of(value) if size is None else size
        self._kept[key], self._bytes = (value, size), self._bytes + size
        while self._bytes > self._limit and len(self._kept) > 1:
            self.drop(next(iter(self._kept)))

    def once(self, key: Hashable, make: Callable[[], V]) -> V:
        """What is kept under a key; made if nothing is."""
        kept = self.get(key)
        if kept is None:
            kept = make()
            self.keep(key, kept)
        return kept

    def drop(self, key: Hashable) -> None:
        """Let go of one value, if it is there."""
        _, size = self._kept.pop(key, (None, 0))
        self._bytes -= size

    def forget(self) -> None:
        """Let go of everything."""
        self._kept.clear()
        self._bytes = 0


def bytes_of(value: Any) -> int:
    """How much memory a value takes, about; frames, arrays, and what is made of them."""
    if is_dataclass(value) and not isinstance(value, type):
        return sum(bytes_of(getattr(value, field.name)) for field in fields(value))
    if isinstance(value, Mapping):
        return sum(map(bytes_of, value.values()))
    if hasattr(value, "dtypes") and hasattr(value, "columns"):
        return sum(bytes_of(column) for _, column in value.items())
    if hasattr(value, "nbytes"):
        objects = value.size if value.dtype == object else 0
        return int(value.nbytes + objects * _OBJECT)
    return sys.getsizeof(value)
