"""Where the blobs of a home are, and the note of their format: an older version leaves alone what a newer one wrote.

Add the keys of a kind of blob here. Raise `FORMAT` with a change after which the code before it would misread what is
stored. The ledger has its own number.
"""

from configs.errors import BlobUnavailable, Damaged, UnusableHome
from tasks.adapters import failpoints
from tasks.domain.ports import Blobs

FORMAT = 1
"""The format that this code reads and writes."""
_NOTE = "store/FORMAT"


def rows(digest: str) -> str:
    """Rows, accepted or set aside."""
    return f"store/{digest[:2]}/{digest}.parquet"


def refused(digest: str) -> str:
    """A refused delivery, byte for byte."""
    return f"store/refused/{digest}"


def scratch(pipeline: str, digest: str | None = None) -> str:
    """What a pipeline reads and has not taken in yet: one delivery, or the folder of all of them."""
    return f"store/scratch/{pipeline}" + (f"/{digest}" if digest else "")


def predictions(digest: str) -> str:
    """Answers of the prediction log."""
    return f"store/predictions/{digest}.parquet"


def derived(digest: str, name: str) -> str:
    """Numbers that follow from the rows of a file."""
    return f"store/derived/{digest}-{name}"


def bundle(digest: str) -> str:
    """A model."""
    return f"bundles/{digest}.skops"


def golden(digest: str) -> str:
    """The golden batch of a model."""
    return f"bundles/{digest}.golden.parquet"


def lock(digest: str) -> str:
    """The lock file of the libraries that models were fitted with."""
    return f"bundles/{digest}.lock"


def published(blobs: Blobs) -> str | None:
    """One of the keys that are there only after a turn has been opened; None if no turn ever was."""
    models = (key for key in blobs.keys("bundles") if key.endswith(".skops"))
    return next(models, None) or next((key for key in blobs.keys("store") if key.endswith(".parquet")), None)


def require(blobs: Blobs) -> None:
    """Make sure that a store can be read here; one without a note is of the first format.

    Raises:
        UnusableHome: It was written by a newer version.
        Damaged: The note says something else than a number.
    """
    place = blobs.where(_NOTE)
    try:
        number = blobs.get(_NOTE).decode(errors="replace").strip()
    except BlobUnavailable as err:
        if err.is_gone:
            return
        raise UnusableHome(f"{place} cannot be read: {err.why}. Give this user access to it.") from err
    if not (number.isascii() and number.isdigit()):
        raise Damaged(f"{place} says {number[:40]!r} in place of a number. Restore it from a backup.")
    if int(number) > FORMAT:
        raise UnusableHome(
            f"The store at {blobs.where('store')} has format {number}, this version of Incumbent knows {FORMAT}. "
            "It was written by a newer version: use that one, or another INCUMBENT_HOME."
        )


def put(blobs: Blobs, key: str, content: bytes) -> None:
    """Put bytes into the store unless they are there; the note of the format comes before the first of them."""
    if blobs.put(_NOTE, f"{FORMAT}\n".encode()):
        failpoints.reach("format-noted")
    blobs.put(key, content)
