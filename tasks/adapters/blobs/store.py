"""The store of accepted and set-aside rows: content-addressed parquet files with page checksums.

A file's name is the sha256 of its bytes; the ledger says which files there are. Nothing is overwritten, nothing is
found by listing a folder. What the rows mean belongs to the rooms.
"""

import hashlib
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from configs.errors import BrokenContract, Damaged
from tasks.adapters import failpoints, files
from tasks.adapters.blobs import frames, layout
from tasks.adapters.cache import Cache
from tasks.domain.records import Batch

_KEPT_BYTES = 512 * 2**20


class Store:
    """Rows by the digest of the file that holds them.

    Frames that were read or written by this process are kept, up to so many bytes: within a turn the same month is
    needed for drift, training and scoring. They must not be changed by who gets them.
    """

    def __init__(self, folder: Path, kept_bytes: int = _KEPT_BYTES) -> None:
        """Args:
        folder: Where the files are; made when the first one is written.
        kept_bytes: How many bytes of frames are kept.
        """
        self.folder = folder
        self._frames: Cache[pd.DataFrame] = Cache(kept_bytes)

    def path(self, digest: str) -> Path:
        """Where the file with this digest is."""
        return self.folder / digest[:2] / f"{digest}.parquet"

    def write(self, frame: pd.DataFrame) -> str:
        """Store rows and return the digest of their file; the same rows give the same file.

        Raises:
            BrokenContract: A column beyond the contract holds what cannot be stored.
        """
        content = _as_parquet(frame)
        digest = hashlib.sha256(content).hexdigest()
        if not self.path(digest).exists():
            layout.note(self.folder)
            files.publish(self.path(digest), content)
        self._frames.keep(digest, frame)
        return digest

    def read(self, digest: str, *, keep: bool = True) -> pd.DataFrame:
        """The rows of one file, with every byte checked: the checksums of its pages say nothing of its footer.

        Args:
            digest: Of the file.
            keep: Whether the frame will be wanted again.

        Raises:
            Damaged: The file is gone, or its bytes are not those that were written.
        """
        kept = self._frames.get(digest)
        if kept is not None:
            return kept
        try:
            content = self.path(digest).read_bytes()
            if hashlib.sha256(content).hexdigest() != digest:
                raise Damaged(f"{self.path(digest)} is damaged: it has changed. Restore it from a backup.")
            frame = frames.stored(pq.read_table(pa.BufferReader(content), page_checksum_verification=True))
        except FileNotFoundError as err:
            raise Damaged(f"The store has lost {self.path(digest)}. Restore it from a backup.") from err
        except (OSError, pa.ArrowException) as err:
            raise Damaged(f"{self.path(digest)} is damaged: {err}. Restore it from a backup.") from err
        if keep:
            self._frames.keep(digest, frame)
        return frame

    def recheck(self, digest: str) -> pd.DataFrame:
        """The rows of one file, read again from bytes whose digest was checked.

        Raises:
            Damaged: The file is gone, or its bytes are not those that were written.
        """
        self._frames.drop(digest)
        return self.read(digest)

    def check_original(self, digest: str) -> None:
        """Check that refused bytes are still as they came.

        Raises:
            Damaged: They are gone, others, or cannot be read.
        """
        path = self.original(digest)
        try:
            is_same = files.digest(path) == digest
        except FileNotFoundError:
            is_same = False
        except OSError as err:
            raise Damaged(f"{path} cannot be read: {err.strerror}. Restore it from a backup.") from err
        if not is_same:
            raise Damaged(f"{path} is gone or has changed. Restore it from a backup.")

    def forget(self) -> None:
        """Let go of the frames that were kept."""
        self._frames.forget()

    def put_away(self, batch: Batch, accepted: pd.DataFrame, aside: pd.DataFrame) -> Batch:
        """Publish the rows of a batch; returns its record with the digests of the files."""
        kept = self.write(accepted) if len(accepted) else None
        failpoints.reach("accepted-published")
        return replace(batch, accepted_file=kept, aside_file=self.write(aside) if len(aside) else None)

    def keep_original(self, content: bytes) -> str:
        """Keep a refused delivery byte for byte; returns its digest."""
        digest = hashlib.sha256(content).hexdigest()
        if not self.original(digest).exists():
            layout.note(self.folder)
            files.publish(self.original(digest), content)
        return digest

    def original(self, digest: str) -> Path:
        """Where refused bytes are kept."""
        return layout.original(self.folder, digest)


def _as_parquet(frame: pd.DataFrame) -> bytes:
    sink = pa.BufferOutputStream()
    try:
        pq.write_table(frames.as_table(frame), sink, compression="zstd", write_page_checksum=True)
    except pa.ArrowException as err:
        text = "; ".join(str(part) for part in err.args)
        raise BrokenContract(f"A column that is not in the contract cannot be stored: {text}.") from err
    return bytes(sink.getvalue().to_pybytes())
