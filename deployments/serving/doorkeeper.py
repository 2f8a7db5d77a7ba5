"""Who may ask the service: nobody's web page, and where there are keys only who has one.

On loopback it answers to its own names only; a page of another server is refused before anything is done, wherever the
service listens. Keys are kept as digests, with what each may do.
"""

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from configs.errors import Damaged
from tasks.scoring.refusals import Refused

SCOPES = ("predict", "read", "admin")
"""What a key may do: ask for predictions, see pages and figures, and both."""
_NAMES = (b"127.0.0.1", b"localhost", b"[::1]")
_OWN_DOING = (b"same-origin", b"none")
_KEY = "x-api-key"
KEYS = "serving-keys.json"
"""In the home: who may ask, once there is one."""


@dataclass(frozen=True)
class Doorkeeper:
    """Decides from the headers of a request."""

    port: int | None
    """The port on loopback at which it listens, and to whose names alone it answers; None if it listens elsewhere."""
    keys: Mapping[str, tuple[str, ...]]
    """What who has a key may do, by the sha256 of the key."""

    def require(self, scope: MutableMapping[str, Any], wanted: str) -> None:
        """Let a request pass.

        Raises:
            Refused: It comes from a page of another server, or without a key that may do this.
        """
        host = origin = key = b""
        site = b"none"
        for name, value in scope["headers"]:
            if name == b"host":
                host = b"," if host else value  # of several none counts
            elif name == b"origin":
                origin = value
            elif name == b"sec-fetch-site":
                site = value
            elif name in (b"authorization", b"x-api-key"):
                key = value
        if self.port is not None and host.rpartition(b":")[0].lower() not in _NAMES and host.lower() not in _NAMES:
            raise Refused(403, "This service answers as 127.0.0.1 and localhost only.")
        if origin and origin.partition(b"://")[2].lower() != host.lower():
            raise Refused(403, "A page of another server may not ask this one.")
        if site not in _OWN_DOING and (wanted == "predict" or scope["method"] != "GET"):
            raise Refused(403, "A page of another server may not ask this one.")
        if self.keys:
            self._require_key(key, wanted)

    def require_watcher(self, scope: MutableMapping[str, Any]) -> bool:
        """Let a request pass that asks whether the service is well; whether it may know more than yes or no.

        Raises:
            Refused: It comes from a page of another server, or with a key that may not read.
        """
        if self.keys and not any(name in (b"authorization", b"x-api-key") for name, _ in scope["headers"]):
            Doorkeeper(self.port, {}).require(scope, "read")
            return False
        self.require(scope, "read")
        return True

    def _require_key(self, sent: bytes, wanted: str) -> None:
        if not sent:
            raise Refused(401, f"Send a key: as the header {_KEY}, or as Authorization: Bearer KEY.")
        allowed = self.keys.get(hashlib.sha256(_secret(sent)).hexdigest(), ())
        if not allowed:
            raise Refused(401, "This key is none of this service.")
        if wanted not in allowed and "admin" not in allowed:
            raise Refused(403, f"This key may not do that; it needs the scope {wanted!r}.")


def _secret(sent: bytes) -> bytes:
    """The key in a header: alone, behind Bearer, or as the password of a login."""
    kind, _, rest = sent.partition(b" ")
    if kind.lower() == b"bearer":
        return rest.strip()
    if kind.lower() != b"basic":
        return sent
    try:
        return base64.b64decode(rest, validate=True).partition(b":")[2]
    except binascii.Error:
        return b""


def keys_of(home: Path) -> dict[str, tuple[str, ...]]:
    """What who has a key of a home may do; as `keys_in`."""
    return keys_in(home / KEYS)


def keys_in(path: Path) -> dict[str, tuple[str, ...]]:
    """What who has a key may do, by the sha256 of the key; empty where there are no keys.

    Raises:
        Damaged: The file cannot be understood.
    """
    if not path.exists():
        return {}
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        return {digest: tuple(str(scope) for scope in one["scopes"]) for digest, one in kept.items()}
    except (ValueError, TypeError, KeyError, AttributeError) as err:
        raise Damaged(f"{path} holds no keys of a prediction service: {err}. Restore it, or remove it.") from err
