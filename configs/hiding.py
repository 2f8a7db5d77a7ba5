"""The last net: no log and no traceback of this process shows a secret of its environment, whoever wrote it.

Only `configs.environment.settle` casts it, and only where there is something to hide. It is no leave to log secrets:
whoever writes a text of a library somewhere uses `environment.masked`.
"""

import logging
import sys
import traceback
from collections.abc import Callable, Iterable
from types import TracebackType

from configs import addresses

_values: set[str] = set()


def hide(values: Iterable[str]) -> None:
    """Keep these values, however they are written, out of every log record and the traceback of a crash."""
    is_first = not _values
    _values.update(values)
    if is_first:
        logging.setLogRecordFactory(_Factory(logging.getLogRecordFactory()))
        sys.excepthook = _print_masked


class _Factory:
    """Makes records as the one before did, without secrets."""

    def __init__(self, before: Callable[..., logging.LogRecord]) -> None:
        self._before = before

    def __call__(self, *arguments: object, **more: object) -> logging.LogRecord:
        record = self._before(*arguments, **more)
        try:
            text = record.getMessage()
        except (TypeError, ValueError, KeyError):
            return record  # the handler says what is wrong with it
        masked = addresses.masked(text, _values)
        if masked != text:
            record.msg, record.args = masked, ()
        if record.exc_info and record.exc_info[0] is not None:
            told = "".join(traceback.format_exception(*record.exc_info)).rstrip()
            masked = addresses.masked(told, _values)
            record.exc_text = masked if masked != told else None
        return record


def _print_masked(kind: type[BaseException], error: BaseException, where: TracebackType | None) -> None:
    told = "".join(traceback.format_exception(kind, error, where))
    print(addresses.masked(told, _values), end="", file=sys.stderr)
