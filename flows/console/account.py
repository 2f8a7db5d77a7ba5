"""An account as text: the sections that `diff` and `why` show, and write as a page as well."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from flows.console import lines

if TYPE_CHECKING:
    from tasks.reporting.account_page import Section


def text(part: "Section", width: int) -> Iterator[str]:
    """A part: its sentences, its table, and what is shown as it is."""
    yield ""
    yield part.name
    for sentence in part.sentences:
        yield from lines.wrapped(sentence, width, lines.INDENT)
    *rows, last = zip(*part.table, strict=True) if part.table else ([],)
    aligned = lines.table([*zip(*rows, strict=True)], right=len(rows)) if rows else []
    for line, rest in zip(aligned, last, strict=True):
        yield from lines.beside(f"{lines.INDENT}{line}", rest, width)
    yield from (f"{lines.INDENT}{lines.clean(line)}" for line in part.code)
