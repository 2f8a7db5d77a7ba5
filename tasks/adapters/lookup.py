"""What people call a turn, a batch or a version, looked up in the ledger."""

import re

from configs.errors import MistakeOfUser
from tasks.adapters.home import Home
from tasks.domain.records import Batch, Model, Snapshot

_VERSION = re.compile(r"v?(\d{1,9})", re.ASCII | re.IGNORECASE)
_LEAST_DIGITS = 6


def version(text: str) -> int:
    """`v6` or `6` as a number.

    Raises:
        MistakeOfUser: It is neither.
    """
    found = _VERSION.fullmatch(text.strip())
    if found is None:
        raise MistakeOfUser(
            f"{text!r} is no version. Versions are written as v6 or 6; `history` and the report list them."
        )
    return int(found[1])


def model(home: Home, pipeline: str, number: int) -> Model:
    """The model of a version.

    Raises:
        MistakeOfUser: There is no such version.
    """
    known = home.ledger.models.versions(pipeline)
    if number not in known:
        there = f"It has v{min(known)} to v{max(known)}" if known else "It has none yet"
        raise MistakeOfUser(
            f"Unknown version v{number} of {pipeline}. {there}; `history` and the report list those that were live."
        )
    return known[number]


def batch(home: Home, pipeline: str, wanted: str) -> Batch:
    """A batch by its name, by a name under which it came again, or by the beginning of its digest.

    Raises:
        MistakeOfUser: There is none, or there are several.
    """
    known = home.ledger.batches.all(pipeline)
    other = [digest for digest, names in home.ledger.batches.deliveries(pipeline).items() if wanted in names]
    found = [one for one in known if one.name == wanted] or [one for one in known if one.id in other]
    if not found and len(wanted) >= _LEAST_DIGITS:
        found = [one for one in known if one.id.startswith(wanted.lower())]
    if len(found) == 1:
        return found[0]
    if found:
        digests = ", ".join(one.id[:12] for one in found)
        raise MistakeOfUser(f"{len(found)} batches of {pipeline} are called {wanted!r}. Name its digest: {digests}.")
    last = ", ".join(one.name for one in known[-3:]) or "none"
    raise MistakeOfUser(f"Unknown batch {wanted!r} of {pipeline}. The last ones: {last}.")


def snapshots(home: Home, pipeline: str, wanted: str) -> list[Snapshot]:
    """The snapshots whose id begins so."""
    if len(wanted) < _LEAST_DIGITS:
        return []
    return [one for one in home.ledger.models.snapshots(pipeline) if one.id.startswith(wanted.lower())]
