"""The libraries that a model was fitted with: the text of its requirements.lock, wherever it is to be had.

Add here another place where a lock file may be. It is kept beside the bundles, once for each content.
"""

import hashlib
from dataclasses import dataclass
from enum import StrEnum

from configs.errors import BlobUnavailable, Damaged, MistakeOfUser
from tasks.adapters import provenance
from tasks.adapters.blobs import layout
from tasks.adapters.home import Home
from tasks.domain.records import Model


class Place(StrEnum):
    """Where a lock file was."""

    KEPT = "kept"
    """Beside the bundles."""
    HERE = "here"
    """It is the one of this checkout."""
    HISTORY = "history"
    """In the commit that the model was fitted with."""


@dataclass(frozen=True)
class Lock:
    """A lock file."""

    digest: str
    text: str
    place: Place
    is_of_now: bool
    """Whether this code has the same one."""


def of(home: Home, model: Model) -> Lock | None:
    """The lock file of a model, which has the digest that was recorded at the fit; None if it is nowhere."""
    digest, is_of_now = model.lock_hash, model.lock_hash == provenance.lock_hash()
    kept = _kept(home, digest)
    if kept is not None:
        return Lock(digest, kept, Place.KEPT, is_of_now)
    text = provenance.lock(model.code_version, digest)
    return None if text is None else Lock(digest, text, Place.HERE if is_of_now else Place.HISTORY, is_of_now)


def require(home: Home, model: Model, name: str) -> Lock:
    """The same, where there must be one.

    Args:
        home: Bundles.
        model: Whose it is.
        name: What people call the model, `v7`.

    Raises:
        Damaged: It was kept, and is gone or has changed.
        MistakeOfUser: It was never kept.
    """
    there = of(home, model)
    if there is not None:
        return there
    if model.lock_hash == provenance.UNKNOWN:
        raise MistakeOfUser(f"{name} was fitted where there was no requirements.lock: its libraries were not recorded.")
    place = home.blobs.where(layout.lock(model.lock_hash))
    if model.lock_kept:
        raise Damaged(f"The lock file of {name}, {place}, is gone or has changed. Restore it from a backup.")
    raise MistakeOfUser(
        f"The lock file of {name} ({model.lock_hash[:12]}) was not kept, as {name} is of an earlier version, and git "
        f"does not have it here. Look for the requirements.lock of code {model.code_version}."
    )


def _kept(home: Home, digest: str) -> str | None:
    try:
        content = home.blobs.get(layout.lock(digest))
    except BlobUnavailable:
        return None
    return content.decode(errors="replace") if hashlib.sha256(content).hexdigest() == digest else None
