"""Object storage by one layer, obstore: S3, Google Cloud Storage and Azure alike. What its errors mean is said here.

Each entry of its lists has an etag, which neither pyarrow nor a time of a second's precision gives, and 10,000 entries
cost a tenth of a second. Credentials come from where its store is used to find them, such as `AWS_ACCESS_KEY_ID`.
"""

import errno
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from configs import addresses, environment
from configs.errors import DeliveryWaits, LandingFolderMissing, MistakeOfUser

if TYPE_CHECKING:
    from obstore.store import ObjectStore

_RETRIES: Any = {"max_retries": 2, "retry_timeout": timedelta(seconds=20)}
_CLIENT: Any = {"connect_timeout": "5s", "timeout": "120s", "allow_http": True}
_PAGE = 1000


@dataclass(frozen=True)
class Entry:
    """An object, as it was listed."""

    path: str
    """Its name behind the prefix."""
    tag: str
    """Another one when it was written anew: its etag, or where there is none its size and time."""
    size: int
    changed: float
    """When it was written, in seconds since 1970."""


class Objects:
    """The objects behind an address."""

    def __init__(self, address: str) -> None:
        """Args:
        address: Such as s3://bucket/prefix.

        Raises:
            MistakeOfUser: obstore is not installed, or the environment does not say enough.
        """
        self.where = addresses.shown(address)
        try:
            import obstore
        except ImportError as err:
            raise MistakeOfUser(
                f"{self.where} needs obstore, which is not installed. Install the package obstore (extra `objects` in "
                "pyproject.toml)."
            ) from err
        try:
            from obstore.store import from_url

            options: Any = {"retry_config": _RETRIES, "client_options": _CLIENT}
            self._store: ObjectStore = from_url(address, **options)
        except (obstore.exceptions.BaseError, ValueError) as err:
            raise MistakeOfUser(
                f"{self.where} cannot be opened: {_told(err)}. Say it in the environment, see docs/your-data.md."
            ) from err

    def all(self) -> list[Entry]:
        """All objects, in no order.

        Raises:
            LandingFolderMissing: There is no such bucket, or this user may not list it.
            DeliveryWaits: It cannot be reached just now.
        """
        import obstore

        try:
            return [_entry(one) for page in obstore.list(self._store, chunk_size=_PAGE) for one in page]
        except (obstore.exceptions.BaseError, OSError) as err:
            raise self._unlisted(err) from err

    def one(self, path: str) -> Entry:
        """One object.

        Raises:
            OSError: It is gone, or cannot be read just now.
        """
        import obstore

        with _as_file():
            return _entry(obstore.head(self._store, path))

    def parts(self, entry: Entry) -> Generator[bytes]:
        """The bytes of an object, as it was listed; raises as `one` does."""
        import obstore

        with _as_file():
            found = obstore.get(self._store, entry.path)
            if _entry(found.meta).tag != entry.tag:
                raise OSError(errno.ESTALE, "it changed while it was read")
            for part in found.stream(min_chunk_size=8 * 2**20):
                yield bytes(part)

    def get(self, path: str) -> bytes:
        """All bytes of an object; raises as `one` does."""
        import obstore

        with _as_file():
            return bytes(obstore.get(self._store, path).bytes())

    @contextmanager
    def open(self, path: str) -> Iterator[BinaryIO]:
        """An object of which only what is asked for is fetched; raises as `one` does."""
        import obstore

        with _as_file():
            yield cast("BinaryIO", _Readable(obstore.open_reader(self._store, path)))

    def _unlisted(self, err: Exception) -> LandingFolderMissing | DeliveryWaits:
        import obstore

        is_closed = isinstance(err, obstore.exceptions.PermissionDeniedError | obstore.exceptions.UnauthenticatedError)
        if is_closed or "NoSuchBucket" in str(err) or isinstance(err, FileNotFoundError):
            return LandingFolderMissing(
                f"{self.where} cannot be listed: {_told(err)}. Give this user access to it, or name another one as "
                "ingestion.source.folder."
            )
        return DeliveryWaits(f"{self.where} cannot be listed just now: {_told(err)}. The next run tries again.")


class _Readable:
    """What reads an object, with what Python asks of a file."""

    def __init__(self, reader: Any) -> None:
        self._reader = reader
        self.closed = False

    def read(self, size: int = -1) -> bytes:
        return bytes(self._reader.read() if size < 0 else self._reader.read(size))

    def seek(self, place: int, whence: int = 0) -> int:
        return int(self._reader.seek(place, whence))

    def tell(self) -> int:
        return int(self._reader.tell())

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def writable(self) -> bool:
        return False

    def close(self) -> None:
        self.closed = True

    def flush(self) -> None:
        """Nothing is written."""


def _entry(about: Any) -> Entry:
    changed = about["last_modified"]
    tag = about["e_tag"] or f"{about['size']} {changed.isoformat()}"
    return Entry(about["path"], tag, about["size"], changed.timestamp())


@contextmanager
def _as_file() -> Iterator[None]:
    """Say as a file does that an object cannot be read just now."""
    import obstore

    try:
        yield
    except FileNotFoundError as err:
        raise FileNotFoundError(errno.ENOENT, "it is not there") from err
    except obstore.exceptions.BaseError as err:
        raise OSError(errno.EIO, _told(err)) from err


def _told(err: Exception) -> str:
    """What a store says, in one line without the addresses that it asked."""
    first = str(err).partition("\n")[0].rpartition(" - ")[2]
    for word in ("<Message>", "<Code>"):
        if word in str(err):
            first = str(err).partition(word)[2].partition("<")[0]
            break
    return environment.masked(first.strip().rstrip(". "))
