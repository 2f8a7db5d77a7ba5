"""A cache is as large as it may be, in bytes, and emptying it changes nothing but time."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from tasks.adapters import cache
from tasks.adapters.cache import Cache

KILO = np.zeros(1000, dtype=np.int8)


@dataclass(frozen=True)
class Pair:
    rows: pd.DataFrame
    named: dict[str, np.ndarray]


def test_what_was_not_asked_for_the_longest_makes_room() -> None:
    kept: Cache[np.ndarray] = Cache(3000)
    for key in "abc":
        kept.keep(key, KILO.copy())
    kept.get("a")

    kept.keep("d", KILO.copy())

    assert [kept.get(key) is not None for key in "abcd"] == [True, False, True, True]
    assert kept.bytes == 3000


def test_the_last_value_is_kept_whatever_its_size() -> None:
    kept: Cache[np.ndarray] = Cache(1500)
    kept.keep("small", KILO)

    kept.keep("large", np.zeros(9000, dtype=np.int8))

    assert kept.get("small") is None
    assert kept.bytes == 9000


def test_a_value_in_the_place_of_another_is_counted_once() -> None:
    kept: Cache[np.ndarray] = Cache(3000)
    kept.keep("a", KILO)

    kept.keep("a", np.zeros(500, dtype=np.int8))

    assert kept.bytes == 500


@pytest.mark.parametrize("empty", [lambda kept: kept.forget(), lambda kept: kept.drop("a")], ids=["all", "one"])
def test_what_is_gone_is_made_again(empty) -> None:
    made: list[int] = []
    kept: Cache[int] = Cache(3000)

    def make() -> int:
        made.append(1)
        return len(made)

    assert (kept.once("a", make), kept.once("a", make)) == (1, 1)
    empty(kept)

    assert kept.bytes == 0
    assert kept.once("a", make) == 2


def test_what_is_not_there_can_be_dropped() -> None:
    kept: Cache[int] = Cache(10)

    kept.drop("a")

    assert (kept.bytes, kept.get("a")) == (0, None)


def test_values_count_with_all_that_is_in_them() -> None:
    rows = pd.DataFrame({"number": np.zeros(100), "word": pd.Series(["abc"] * 100, dtype=object)})

    assert cache.bytes_of(rows) == 100 * 8 + 100 * (8 + 56)
    assert cache.bytes_of(Pair(rows, {"a": KILO})) == cache.bytes_of(rows) + 1000
    assert cache.bytes_of(pd.DataFrame({"text": pd.Series(["x" * 50] * 100, dtype="str")})) >= 5000
