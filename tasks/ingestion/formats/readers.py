"""What readers raise about bytes that are in memory: said in words, it is a batch that is refused.

Bytes are had first, and whole (`entries`): an OSError there is the machine's, and the delivery waits. Everything that
is raised later, when they are read as a format, is about what they are, an OSError too. Add an exception here when a
reader raises another one about damaged bytes.
"""

import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from configs.errors import UnreadableFile

ABOUT_BYTES: tuple[type[Exception], ...] = (
    *(OSError, EOFError, ValueError, LookupError, ArithmeticError, MemoryError, BufferError),
    *(RuntimeError, zlib.error, struct.error),  # RuntimeError: what is too deep, or not supported, too
)
"""Of the standard library; the readers of parquet and of archives have some of their own."""


@contextmanager
def refusing(wrong: str, *more: type[Exception]) -> Iterator[None]:
    """Turn whatever a reader raises about bytes into a refusal.

    Args:
        wrong: What is to be said before the words of the reader, such as `The file is damaged`.
        more: Exceptions that this reader has of its own.

    Raises:
        UnreadableFile: The reader raised one of them.
    """
    try:
        yield
    except (*ABOUT_BYTES, *more) as err:
        raise UnreadableFile(f"{wrong}: {first_line(err)}.") from err


def first_line(err: Exception) -> str:
    """What an error says, in one line without a point at its end."""
    lines = (line.strip() for line in str(err).splitlines())
    return next(filter(None, lines), type(err).__name__).rstrip(". ")
