"""The files of pipelines as files: which there are, how they are called, and their bytes.

Change this module when pipeline files lie elsewhere or have other names. What stands in them is `loader`'s.
"""

import re
import stat
from pathlib import Path

from configs.environment import CHECKOUT
from configs.errors import MistakeOfUser, NotYaml

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")
RULE = "A name has only letters, digits, '-' and '_', at most 100."


def names(folder: Path) -> list[str]:
    """Names of the pipelines in a folder, in alphabetical order, whatever their files are worth."""
    return sorted(path.stem for path in listed(folder) if path.suffix == ".yaml" and NAME.fullmatch(path.stem))


def listed(folder: Path) -> list[Path]:
    """What stands in a folder of pipeline files; nothing if there is none.

    Raises:
        MistakeOfUser: The folder cannot be listed.
    """
    try:
        return list(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as err:
        raise MistakeOfUser(f"The folder of the pipeline files, {folder}, cannot be listed: {err.strerror}.") from err


def content(path: Path) -> bytes:
    """The bytes of a pipeline file. What is no file, such as a pipe, is not opened: it could keep us waiting.

    Raises:
        NotYaml: It is no file, or cannot be read.
    """
    try:
        if stat.S_ISREG(path.stat().st_mode):
            return path.read_bytes()
    except OSError as err:
        raise NotYaml(f"{shown(path)} cannot be read: {err.strerror}. Nothing was changed.") from err
    raise NotYaml(f"{shown(path)} is not a file; a pipeline is a YAML file. Nothing was changed.")


def shown(path: Path) -> str:
    """A path as people know it: from the checkout, if it lies there."""
    return str(path.relative_to(CHECKOUT)) if path.is_relative_to(CHECKOUT) else str(path)
