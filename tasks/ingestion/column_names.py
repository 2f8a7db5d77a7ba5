"""Names of columns that look like others: invisible signs, blanks at the ends, letters that are written in two ways.

Add here what makes two names look alike. Which columns there must be is asked in `columns`.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from configs.errors import BrokenContract

if TYPE_CHECKING:
    import pyarrow as pa

_IGNORED = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\uffa0\ufe00-\ufe0f\U000e0100-\U000e01ef]"
)
"""Signs that are drawn as nothing, although they count as letters, marks or symbols."""
_DELIMITERS = re.compile(r"[,;\t|]")


def like(wanted: str, there: Iterable[str]) -> str:
    """What to add where a name is missing and another one looks like it: `; the file has '…', with …`; else nothing."""
    for name in there:
        parts = list(filter(None, (part.strip(" \"'") for part in _DELIMITERS.split(name))))
        if len(parts) > 1 and wanted in parts:
            return f"; the file has {_shown(name)}: is another sign than ingestion.source.delimiter between its cells?"
    for name in there:
        if name != wanted and _visible(name) == _visible(wanted):
            return f"; the file has {_shown(name)}, {_difference(wanted, name)}"
    return ""


def renamed(table: "pa.Table", names: Mapping[str, str]) -> "pa.Table":
    """A table whose columns have the names of the contract, where sources call them by another one by now.

    Raises:
        BrokenContract: It has a column under both names.
    """
    there = set(table.column_names)
    twice = next((name for name, ours in names.items() if {name, ours} <= there), None)
    if twice is not None:
        raise BrokenContract(
            f"Column {names[twice]!r} is there under two names, also as {twice!r} (validation.changes.renamed): only "
            "one of them could count."
        )
    return table.rename_columns([names.get(name, name) for name in table.column_names])


def _visible(name: str) -> str:
    """A name as people see it, upper and lower case aside."""
    plain = unicodedata.normalize("NFKC", "".join(sign for sign in name if not _is_invisible(sign)))
    return " ".join(plain.split()).casefold()


def _is_invisible(sign: str) -> bool:
    return unicodedata.category(sign) in ("Cf", "Cc", "Cn", "Co") or _IGNORED.fullmatch(sign) is not None


def _difference(wanted: str, name: str) -> str:
    """How a name differs from the one that is wanted, though it looks the same."""
    for one, where in ((name, "in it"), (wanted, "missing in it that validation.columns has")):
        odd = [sign for sign in dict.fromkeys(one) if _is_invisible(sign) or (sign.isspace() and sign != " ")]
        if odd:
            return f"with {', '.join(map(_told, odd))} {where}"
    if name.strip() != name:
        return "with a blank before or behind it"
    if wanted.strip() != wanted:
        return "without the blank before or behind it that validation.columns has"
    if name.casefold() == wanted.casefold():
        return "in other upper and lower case"
    return "written with other signs that look the same"


def _told(sign: str) -> str:
    """`the invisible sign U+200B (ZERO WIDTH SPACE)`"""
    named = unicodedata.name(sign, "")
    kind = "blank" if sign.isspace() else "invisible sign"
    return f"the {kind} U+{ord(sign):04X}{f' ({named})' if named else ''}"


def _shown(name: str) -> str:
    text = name if len(name) <= 40 else f"{name[:39]}…"
    return repr(text)
