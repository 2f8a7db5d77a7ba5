"""Blobs in memory: a fake that passes the contract of the real ones."""

import hashlib
import io
from collections.abc import Iterator
from typing import BinaryIO

from configs.errors import BlobUnavailable


class MemoryBlobs:
    """Bytes by key, as long as the process lives."""

    def __init__(self) -> None:
        self.contents: dict[str, bytes] = {}

    def where(self, key: str) -> str:
        return f"memory:{key}"

    def put(self, key: str, content: bytes) -> bool:
        return key not in self.contents and self.contents.setdefault(key, content) is content

    def replace(self, key: str, content: bytes) -> None:
        self.contents[key] = content

    def get(self, key: str) -> bytes:
        if key not in self.contents:
            raise BlobUnavailable(self.where(key), "it is gone", is_gone=True)
        return self.contents[key]

    def open(self, key: str) -> BinaryIO:
        return io.BytesIO(self.get(key))

    def has(self, key: str) -> bool:
        return key in self.contents

    def digest(self, key: str) -> str | None:
        return hashlib.sha256(self.contents[key]).hexdigest() if key in self.contents else None

    def keys(self, folder: str) -> Iterator[str]:
        yield from [key for key in self.contents if key.startswith(f"{folder}/")]

    def remove(self, key: str) -> None:
        self.contents.pop(key, None)

    def clear(self, folder: str) -> None:
        for key in self.keys(folder):
            self.remove(key)
