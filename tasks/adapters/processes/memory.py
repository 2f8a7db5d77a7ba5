"""Memory that was freed goes back to the system, where the C library can do that.

A laptop runs three processes of ours beside each other. GNU's allocator gives every thread an arena of its own and
keeps in it what was freed, and a large table that is freed stays with the process that had it.
"""

import ctypes
import gc
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_ARENA_MAX = -8
"""Number of the setting in `mallopt(3)`. With a threshold set as well, every large table would be a system call."""
_ARENAS = 2


def share() -> None:
    """Have threads share their arenas, from now on and in every process that is forked from this one."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(_ARENA_MAX, _ARENAS)


@contextmanager
def importing() -> Iterator[None]:
    """While libraries are imported no garbage is looked for, and what they consist of is never looked at again."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def give_back() -> None:
    """Return now what was freed."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
