"""The store of accepted and set-aside rows: content-addressed parquet files with page checksums.

A file's name is the sha256 of its bytes; the ledger says which files there are. Nothing is overwritten, nothing is
found by listing a folder. What the rows mean belongs to the rooms.
"""

import hashlib
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from configs.errors import BlobUnavailable, BrokenContract, Damaged
from tasks.adapters import failpoints
from tasks.adapters.blobs import frames, layout
from tasks.adapters.cache import Cache
from tasks.domain.ports import Blobs
from tasks.domain.records import Batch

_KEPT_BYTES = 512 * 2**20
_NUMBERS = np.dtype("<u8")
_SHA256 = 32
"""Bytes before the numbers that say whether they are as they were written."""


class Store:
    """Rows by the digest of the file that holds them.

    Frames that were read or written by this process are kept, up to so many bytes: within a turn the same month is
    needed for drift, training and scoring. They must not be changed by who gets them.
    """

    def __init__(self, blobs: Blobs, kept_bytes: int = _KEPT_BYTES) -> None:
        """Args:
        blobs: Where the files are.
        kept_bytes: How many bytes of frames are kept.
        """
        self.blobs = blobs
        self._frames: Cache[pd.DataFrame] = Cache(kept_bytes)

    def write(self, frame: pd.DataFrame) -> str:
        """Store rows and return the digest of their file; the same rows give the same file.

        Raises:
            BrokenContract: A column beyond the contract holds what cannot be stored.
        """
        content = _as_parquet(frame)
        digest = hashlib.sha256(content).hexdigest()
        layout.put(self.blobs, layout.rows(digest), content)
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
        key = layout.rows(digest)
        content = self.blobs.get(key)
        if hashlib.sha256(content).hexdigest() != digest:
            raise Damaged(f"{self.blobs.where(key)} is damaged: it has changed. Restore it from a backup.")
        try:
            frame = frames.stored(pq.read_table(pa.BufferReader(content), page_checksum_verification=True))
        except (OSError, pa.ArrowException) as err:
            raise Damaged(f"{self.blobs.where(key)} is damaged: {err}. Restore it from a backup.") from err
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

    def derived(
        self, digest: str, name: str, derive: Callable[[pd.DataFrame], NDArray[np.uint64]]
    ) -> NDArray[np.uint64]:
        """Numbers that follow from the rows of one file; they are kept beside it, so that it is read for them once.

        Args:
            digest: Of the file.
            name: Of the numbers; what is derived in another way gets another name.
            derive: Is asked if they are not there yet, or damaged.

        Raises:
            Damaged: The rows are needed, and are gone or have changed.
        """
        key = layout.derived(digest, name)
        try:
            content = self.blobs.get(key)
        except BlobUnavailable:
            content = b""
        if hashlib.sha256(content[_SHA256:]).digest() == content[:_SHA256]:
            return np.frombuffer(content[_SHA256:], dtype=_NUMBERS)
        numbers = derive(self.read(digest, keep=False)).astype(_NUMBERS)
        self.blobs.replace(key, hashlib.sha256(numbers.tobytes()).digest() + numbers.tobytes())
        return numbers

    def check_original(self, digest: str) -> None:
        """Check that refused bytes are still as they came.

        Raises:
            Damaged: They are gone, others, or cannot be read.
        """
        key = layout.refused(digest)
        if self.blobs.digest(key) != digest:
            raise Damaged(f"{self.blobs.where(key)} is gone or has changed. Restore it from a backup.")

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
        layout.put(self.blobs, layout.refused(digest), content)
        return digest


def _as_parquet(frame: pd.DataFrame) -> bytes:
    sink = pa.BufferOutputStream()
    try:
        pq.write_table(frames.as_table(frame), sink, compression="zstd", write_page_checksum=True)
    except pa.ArrowException as err:
        text = "; ".join(str(part) for part in err.args)
        raise BrokenContract(f"A column that is not in the contract cannot be stored: {text}.") from err
    return bytes(sink.getvalue().to_pybytes())
