"""How the program is called, as its reader would have to type it: nobody who ran `make run` has activated .venv."""

import shlex
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from configs.environment import DEFAULT_PIPELINE
from configs.errors import LandingFolderMissing

_MODULE = "-m flows.run"


def command(name: str = "") -> str:
    """`.venv/bin/python -m flows.run status`: a command, to be typed in the working directory.

    Args:
        name: The command and what follows it, if anything does.
    """
    return f"{_interpreter()} {_MODULE} {name}".rstrip()


def named(name: str, pipeline: str) -> str:
    """A command and its pipeline, which need not be named if it is the example."""
    return name if pipeline == DEFAULT_PIPELINE else f"{name} {pipeline}"


def path(named: Path | str) -> str:
    """A path as the user would write it here."""
    here = Path.cwd()
    return str(Path(named).relative_to(here)) if Path(named).is_relative_to(here) else str(named)


def prefect() -> str:
    """Prefect's own program of the same environment, likewise."""
    return _typed(Path(sys.executable).with_name("prefect"))


@contextmanager
def pointing_to_the_example(pipeline: str) -> Iterator[None]:
    """Where the landing folder of the example is missing, say which command makes it.

    Raises:
        LandingFolderMissing: The folder is missing.
    """
    try:
        yield
    except LandingFolderMissing as problem:
        if pipeline != DEFAULT_PIPELINE:
            raise
        raise LandingFolderMissing(f"{problem} The example data: {command('prepare')}.") from problem


def _interpreter() -> str:
    """`python` if that is this one; else its path, from the working directory if it lies there."""
    mine, first = Path(sys.executable or "python"), shutil.which("python")
    return "python" if first is not None and _is_same(Path(first), mine) else _typed(mine)


def _typed(mine: Path) -> str:
    here = Path.cwd()
    return shlex.quote(str(mine.relative_to(here) if mine.is_relative_to(here) else mine))


def _is_same(one: Path, other: Path) -> bool:
    """Not only the same file: every venv links to the interpreter that it was made with."""
    return one.resolve() == other.resolve() and one.parent.resolve() == other.parent.resolve()
