"""Ctrl-C and SIGTERM: how a run that is told to stop ends, without a word of Python.

A signal becomes an exception wherever the program happens to be, and libraries turn that one into others, or lose it.
So it is also noted beside them: whatever is raised after it is its consequence.
"""

import contextlib
import os
import signal
import sys
from types import TracebackType
from typing import NoReturn, Self

CODES = {signal.SIGINT: 130, signal.SIGTERM: 143}
"""Exit codes, as shells and services know them."""


class Stop:
    """Takes what a signal raises in its block, and knows the exit code then. For the main thread."""

    code = 0
    """0 if the block came to its own end."""

    def __enter__(self) -> Self:
        self._read, self._write = os.pipe()
        os.set_blocking(self._read, False)
        os.set_blocking(self._write, False)
        self._noted_before = signal.set_wakeup_fd(self._write, warn_on_full_buffer=False)
        self._terminated_before = signal.signal(signal.SIGTERM, _raise)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> bool:
        signal.signal(signal.SIGTERM, self._terminated_before)
        signal.set_wakeup_fd(self._noted_before)
        os.close(self._write)
        with os.fdopen(self._read, "rb") as notes:
            came = [number for number in notes.read() or b"" if number in CODES]
        if kind is None or not (came or issubclass(kind, KeyboardInterrupt)):
            return False
        self.code = CODES[signal.Signals(came[0])] if came else CODES[signal.SIGINT]
        return True


def leave(code: int) -> NoReturn:
    """End the process at once: all is closed and flushed, and Python would take half a second to forget its modules.

    After a signal it would also wait for threads, and sometimes repeat the signal.
    """
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)


def _raise(_signal: int, _frame: object) -> NoReturn:
    raise KeyboardInterrupt
