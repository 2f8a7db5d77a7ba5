"""The list of what is in a package, each file with its digest: what is not as it was built does not answer.

The digest of a package is that of its list. Change this module when something else must be sure before a start.
"""

import hashlib
import json
from pathlib import Path

from configs.errors import Damaged

NAME = "manifest.json"
FORMAT = 1
_BYTE_CODE = "__pycache__"
_HELP = "Nothing answers. Copy the package anew, or build it again."


def written(folder: Path) -> str:
    """Write the list of a folder; gives the digest of the package."""
    files = {name: _digest(folder / name) for name in _files(folder)}
    content = json.dumps({"format": FORMAT, "files": files}, indent=1, sort_keys=True).encode() + b"\n"
    (folder / NAME).write_bytes(content)
    return hashlib.sha256(content).hexdigest()


def digest(folder: Path) -> str:
    """The digest of a package, of which no file was looked at.

    Raises:
        Damaged: There is no list.
    """
    return hashlib.sha256(_content(folder)).hexdigest()


def require(folder: Path) -> str:
    """See that a package is as it was built; gives its digest. Byte code that Python left is no part of it.

    Raises:
        Damaged: A file is missing, was changed, or was added.
    """
    content = _content(folder)
    try:
        listed = json.loads(content)
        known = listed["format"] == FORMAT
        files: dict[str, str] = dict(listed["files"])
    except (ValueError, TypeError, KeyError) as err:
        raise Damaged(f"{NAME} is not the list of a package: {err}. {_HELP}") from err
    if not known:
        raise Damaged(f"{NAME} is of another version of Incumbent. {_HELP}")
    there = _files(folder)
    for wrong, names in (("is missing", files.keys() - there), ("does not belong to it", there - files.keys())):
        if names:
            raise Damaged(f"The package is not as it was built: {min(names)} {wrong}. {_HELP}")
    changed = sorted(name for name, wanted in files.items() if _digest(folder / name) != wanted)
    if changed:
        raise Damaged(f"The package is not as it was built: {changed[0]} was changed. {_HELP}")
    return hashlib.sha256(content).hexdigest()


def _content(folder: Path) -> bytes:
    try:
        return (folder / NAME).read_bytes()
    except OSError as err:
        raise Damaged(f"{folder} is not a package: {NAME} cannot be read ({err.strerror}). {_HELP}") from err


def _files(folder: Path) -> set[str]:
    paths = (path.relative_to(folder) for path in folder.rglob("*") if not path.is_dir())
    return {path.as_posix() for path in paths if _BYTE_CODE not in path.parts and path.as_posix() != NAME}


def _digest(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as err:
        raise Damaged(f"The package cannot be read: {path.name} ({err.strerror}). {_HELP}") from err
