"""Names of metrics in MLflow for what may be called anything: columns and the levels of a slice.

MLflow takes letters, digits, `_ - .`, spaces, `:` and `/`, and nothing that reads as a path. Two different texts never
get the same name, the same text always gets the same one, and a usual one stays as it is.
"""

import hashlib
import re

_USUAL = re.compile(r"[\w\-. ]")
_LONGEST = 60
_MARK = ":"


def part(text: str) -> str:
    """A text as one part of a name between slashes: `<30` is `:3c:30`, `>30` is `:3e:30`, `a:b` is `a::b`.

    What is too long keeps its beginning and gets a hash of the whole; no escaped sign reads like that.
    """
    if not text:
        return f"{_MARK}-{_MARK}"
    is_dots = not text.strip(".")
    last = len(text) - 1
    signs = [_escaped(sign, is_dots or (sign == " " and place in (0, last))) for place, sign in enumerate(text)]
    name = "".join(signs)
    if len(name) <= _LONGEST:
        return name
    begin = "".join(_escaped(sign, sign == ".") for sign in text[: _LONGEST // 6])
    return f"{begin}{_MARK}-{hashlib.sha256(text.encode()).hexdigest()[:16]}{_MARK}"


def _escaped(sign: str, always: bool) -> str:
    if sign == _MARK:
        return _MARK * 2
    return f"{_MARK}{ord(sign):x}{_MARK}" if always or not _USUAL.fullmatch(sign) else sign
