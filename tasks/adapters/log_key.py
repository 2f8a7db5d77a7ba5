"""The key of the digests in the prediction log of a home: without it nobody finds out a value by trying all."""

import os
import secrets
from pathlib import Path

_NAME = "key"


def of(folder: Path) -> bytes:
    """The key, made when it is first needed.

    Args:
        folder: Of the journals.
    """
    path = folder / _NAME
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f"{path.name}.{os.getpid()}")
        draft.write_bytes(secrets.token_bytes(32))
        draft.chmod(0o600)
        try:
            os.link(draft, path)  # of several processes one is first
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_bytes()
