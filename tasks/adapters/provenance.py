"""Where this code comes from: commit, lock file, versions of the libraries."""

import hashlib
import re
import subprocess
from functools import cache
from importlib.metadata import version
from pathlib import Path

from configs.environment import CHECKOUT

UNKNOWN = "unknown"
"""In place of a commit outside a checkout, and of a digest where there is no requirements.lock."""
_COMMIT = re.compile(r"([0-9a-f]{7,40})(\+changes)?", re.ASCII)
LIBRARIES = ("prefect", "mlflow", "pandera", "evidently", "scikit-learn", "pandas", "numpy", "pyarrow", "skops")


@cache
def code_version() -> str:
    """The commit, with `+changes` if the tree is not clean; `unknown` outside a checkout."""
    commit = _git("rev-parse", "--show-prefix", "--short=12", "HEAD")
    if not commit or "\n" in commit:  # no repository, or somebody else's in one of whose folders this code lies
        return UNKNOWN
    return f"{commit}+changes" if _git("status", "--porcelain") else commit


@cache
def lock_hash() -> str:
    """sha256 of requirements.lock, `unknown` if it is not there."""
    content = lock_file()
    return UNKNOWN if content is None else hashlib.sha256(content).hexdigest()


def lock_file() -> bytes | None:
    """The content of requirements.lock; None if it is not there."""
    path = CHECKOUT / "requirements.lock"
    return path.read_bytes() if path.exists() else None


@cache
def libraries() -> tuple[tuple[str, str], ...]:
    """Names and versions of the libraries that matter for a model."""
    return tuple((name, version(name)) for name in LIBRARIES)


def commits(was: str, now: str) -> tuple[str, ...] | None:
    """Commits that the second version has and the first one has not, the latest first; None where git cannot tell.

    Args:
        was: A `code_version`.
        now: Another one.
    """
    ends = _commit(was), _commit(now)
    return None if None in ends else tuple(_git("log", "--format=%h %s", f"{ends[0]}..{ends[1]}").splitlines())


def changes(was: str, now: str, path: Path) -> tuple[str, ...]:
    """What two versions of a file of this checkout differ in, as lines of a diff; nothing where git cannot tell."""
    ends = _commit(was), _commit(now)
    if None in ends or not path.is_relative_to(CHECKOUT):
        return ()
    place = str(path.relative_to(CHECKOUT))
    return tuple(_git("diff", "--no-color", "--no-ext-diff", f"{ends[0]}..{ends[1]}", "--", place).splitlines())


def lock(code: str, digest: str) -> str | None:
    """The text of requirements.lock of this digest: as it is here, else as it was in that version; None if neither."""
    here = lock_file()
    if digest == lock_hash() and here is not None:
        return here.decode(errors="replace")
    commit = _commit(code)
    text = _run("show", f"{commit}:requirements.lock") if commit else ""
    return text if hashlib.sha256(text.encode()).hexdigest() == digest else None


def _commit(code: str) -> str | None:
    """The commit of a `code_version`, if git has it here: what the ledger says is not handed on unread."""
    shape = _COMMIT.fullmatch(code)
    there = shape and code_version() != UNKNOWN and _git("cat-file", "-t", shape[1]) == "commit"
    return shape[1] if shape and there else None


def _git(*arguments: str) -> str:
    return _run(*arguments).strip()


def _run(*arguments: str) -> str:
    try:
        ran = subprocess.run(["git", *arguments], cwd=CHECKOUT, capture_output=True, check=True, timeout=20)
    except (OSError, subprocess.SubprocessError):
        return ""
    return ran.stdout.decode(errors="replace")
