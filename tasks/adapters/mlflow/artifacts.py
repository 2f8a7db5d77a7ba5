"""Folders from which MLflow hands out files: what lies in them, and how what was logged comes back into them.

Nothing here reads what a file means: only its bytes are taken, for their digest. No link is followed.
"""

import os
import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

from tasks.adapters import files
from tasks.domain.logged_files import WHOLE, Entry

RUN, MODEL = "run/", "model/"
"""How the paths of the files of a run begin, and of those of its model, where both are told together."""
_NOTE = "registered_model_meta"
"""MLflow writes it beside a version that somebody has loaded: its name and its number."""
_LONGEST_NOTE = 1000
_PARENTS = 2
"""Folders above one that is handed out, which MLflow has made as well."""


def digests(folder: Path) -> dict[str, str]:
    """The sha256 of each file that we have put into a folder, by its path in there."""
    paths = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {path.relative_to(folder).as_posix(): files.digest(path) for path in paths}


def folder_of(place: str) -> Path | None:
    """The folder that MLflow means, None if it is not one of this machine."""
    parts = urlsplit(place)
    if parts.scheme == "file" and not parts.netloc:
        return Path(unquote(parts.path))
    return Path(place) if place.startswith("/") else None


def look(folder: Path, pipeline: str) -> dict[str, Entry]:
    """What lies in a folder, by its path in there, but for what MLflow notes beside a model that was loaded."""
    for one in (folder, *folder.parents[:_PARENTS]):
        if one.is_symlink():
            return {WHOLE: Entry(None, f"behind a link, {one.name}")}
    entries = dict(_entries(folder, folder))
    if _NOTE in entries and _is_note(folder / _NOTE, entries[_NOTE], pipeline):
        del entries[_NOTE]
    return entries


def restore(right: Path, folder: Path, kept: Mapping[str, str], aside: Path, pipeline: str) -> dict[str, str]:
    """Let a folder hold what was logged, and give the digests of what it holds then.

    A file that has the digest that is kept, or is the same as the right one, stays. All else is moved aside, and the
    right one takes its place. What is kept and can be made no more is not in the result.

    Args:
        right: Folder with the files as they would be logged now.
        folder: The folder that MLflow hands out.
        kept: The digest of each file that was logged, as far as it is known.
        aside: Where to put what does not belong there.
        pipeline: Whose folder it is.
    """
    new, held = digests(right), dict[str, str]()
    for one in (*reversed(folder.parents[:_PARENTS]), folder):
        if one.is_symlink() or (one.exists() and not one.is_dir()):
            _put_aside(one, aside / one.name)
    folder.mkdir(parents=True, exist_ok=True)
    for path, entry in look(folder, pipeline).items():
        if entry.digest is not None and entry.digest in (kept.get(path), new.get(path)):
            held[path] = entry.digest
        else:
            _put_aside(folder / path, aside / path)
    _remove_empty(folder)
    for path in new.keys() - held.keys():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        with files.staged(target) as temporary:
            shutil.copyfile(right / path, temporary)
        held[path] = new[path]
    return held


def _entries(here: Path, root: Path) -> Iterator[tuple[str, Entry]]:
    named = here.relative_to(root).as_posix()
    try:
        entries = sorted(os.scandir(here), key=lambda entry: entry.name)
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as err:
        yield named, Entry(None, f"not readable ({err.strerror})")
        return
    if not entries and here != root:
        yield named, Entry(None, "an empty folder")
    for entry in entries:
        path = Path(entry.path)
        if entry.is_symlink():
            yield path.relative_to(root).as_posix(), Entry(None, "a link")
        elif entry.is_dir(follow_symlinks=False):
            yield from _entries(path, root)
        elif entry.is_file(follow_symlinks=False):
            yield path.relative_to(root).as_posix(), _entry(path)
        else:  # to open a pipe would wait for ever
            yield path.relative_to(root).as_posix(), Entry(None, "no regular file")


def _entry(path: Path) -> Entry:
    try:
        return Entry(files.digest(path))
    except OSError as err:
        return Entry(None, f"not readable ({err.strerror})")


def _is_note(path: Path, entry: Entry, pipeline: str) -> bool:
    if entry.digest is None or path.stat().st_size > _LONGEST_NOTE:
        return False
    text = path.read_text(encoding="utf-8", errors="replace")
    return re.fullmatch(rf"model_name: '?{re.escape(pipeline)}'?\nmodel_version: '?[0-9]+'?\n", text) is not None


def _remove_empty(folder: Path) -> None:
    for one in sorted((path for path in folder.rglob("*") if path.is_dir() and not path.is_symlink()), reverse=True):
        if not any(one.iterdir()):
            one.rmdir()


def _put_aside(path: Path, target: Path) -> None:
    """Move what lies there, link or folder; two of one name get different ones."""
    target.parent.mkdir(parents=True, exist_ok=True)
    names = (target if not number else target.with_name(f"{target.name}-{number}") for number in range(1000))
    path.rename(next(one for one in names if not os.path.lexists(one)))
