"""The files of pipelines as files: which there are, how they are called, and their bytes.

Change this module when pipeline files lie elsewhere or have other names. What stands in them is `loader`'s.
"""

import re
import stat
from collections.abc import Iterator
from pathlib import Path

from configs.environment import CHECKOUT
from configs.errors import MistakeOfUser, NotYaml

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")
RULE = "A name has only letters, digits, '-' and '_', at most 100."


def names(folder: Path) -> list[str]:
    """Names of the pipelines in a folder, in alphabetical order, whatever their files are worth."""
    return sorted(path.stem for path in listed(folder) if _is_named(path) and _is_file(path))


def twins(folder: Path, name: str) -> list[str]:
    """Names of other pipelines in a folder that differ from a name by upper and lower case alone."""
    return [other for other in names(folder) if other != name and other.lower() == name.lower()]


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
    if not _is_file(path):
        raise _not_a_file(path)
    try:
        return path.read_bytes()
    except OSError as err:
        raise NotYaml(f"{shown(path)} cannot be read: {err.strerror}. Nothing was changed.") from err


def unusable(folder: Path) -> Iterator[tuple[str, NotYaml]]:
    """What was meant to be a pipeline file and is none, by its name, with what keeps it from being one."""
    for path in sorted(listed(folder)):
        where = f"{shown(path)} is not used"
        if path.name.startswith("."):
            continue
        if _is_named(path):
            if not _is_file(path):
                yield path.name, _not_a_file(path)
        elif path.suffix == ".yml":
            yield path.name, NotYaml(f"{where}: a pipeline file ends with .yaml. Rename it.")
        elif path.suffix == ".yaml":
            yield path.name, NotYaml(f"{where}. {RULE} Rename it.")


def shown(path: Path) -> str:
    """A path as people know it: from the checkout, if it lies there."""
    return str(path.relative_to(CHECKOUT)) if path.is_relative_to(CHECKOUT) else str(path)


def _is_named(path: Path) -> bool:
    return path.suffix == ".yaml" and NAME.fullmatch(path.stem) is not None


def _is_file(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except OSError:
        return False


def _not_a_file(path: Path) -> NotYaml:
    return NotYaml(f"{shown(path)} is not a file that can be read; a pipeline is a YAML file. Nothing was changed.")
