"""Where this code comes from: commit, lock file, versions of the libraries."""

import hashlib
import subprocess
from functools import cache
from importlib.metadata import version

from configs.environment import CHECKOUT

LIBRARIES = ("prefect", "mlflow", "pandera", "evidently", "scikit-learn", "pandas", "numpy", "pyarrow", "skops")


@cache
def code_version() -> str:
    """The commit, with `+changes` if the tree is not clean; `unknown` outside a checkout."""
    commit = _git("rev-parse", "--show-prefix", "--short=12", "HEAD")
    if not commit or "\n" in commit:  # no repository, or somebody else's in one of whose folders this code lies
        return "unknown"
    return f"{commit}+changes" if _git("status", "--porcelain") else commit


@cache
def lock_hash() -> str:
    """sha256 of requirements.lock, `unknown` if it is not there."""
    lock = CHECKOUT / "requirements.lock"
    return hashlib.sha256(lock.read_bytes()).hexdigest() if lock.exists() else "unknown"


@cache
def libraries() -> tuple[tuple[str, str], ...]:
    """Names and versions of the libraries that matter for a model."""
    return tuple((name, version(name)) for name in LIBRARIES)


def _git(*arguments: str) -> str:
    try:
        ran = subprocess.run(["git", *arguments], cwd=CHECKOUT, capture_output=True, text=True, check=True, timeout=20)
    except (OSError, subprocess.SubprocessError):
        return ""
    return ran.stdout.strip()
