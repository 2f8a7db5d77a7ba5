"""How the program is called, as its reader would have to type it: nobody who ran `make run` has activated .venv."""

import shlex
import shutil
import sys
from pathlib import Path

_MODULE = "-m flows.run"


def command(name: str = "") -> str:
    """`.venv/bin/python -m flows.run status`: a command, to be typed in the working directory.

    Args:
        name: The command and what follows it, if anything does.
    """
    return f"{_interpreter()} {_MODULE} {name}".rstrip()


def _interpreter() -> str:
    """`python` if that is this one; else its path, from the working directory if it lies there."""
    mine, here = Path(sys.executable or "python"), Path.cwd()
    first = shutil.which("python")
    if first is not None and _is_same(Path(first), mine):
        return "python"
    return shlex.quote(str(mine.relative_to(here) if mine.is_relative_to(here) else mine))


def _is_same(one: Path, other: Path) -> bool:
    """Not only the same file: every venv links to the interpreter that it was made with."""
    return one.resolve() == other.resolve() and one.parent.resolve() == other.parent.resolve()
