"""What opens the servers of a home: its secret, the links that let a browser in once, and the browser's cookie.

The secret is a random one per home, or the user's own in PREFECT_SERVER_API_AUTH_STRING. It stands in one file that
only its owner reads, and in the environment of our own processes; in no address, command line, log or page.

A browser sends a cookie to every port of a host, also to those of other users of this machine, who could use it
themselves. So each start of the servers has a random name of its own, which only the browser is told: names that end
in .localhost lead Chromium and Firefox to this machine without asking anybody, and the cookie goes to that name alone.
It is signed for the name, so one that somebody gets by taking our ports later is worth nothing at the next start.
Change this module when somebody has to be let in by other means; what is asked of whom is `login`'s.
"""

import base64
import hashlib
import hmac
import os
import secrets
import shlex
import time
from contextlib import suppress
from pathlib import Path

from configs import environment
from configs.errors import UnusableHome

LINK_SECONDS = 86_400.0
"""So long a link works if nobody uses it."""
COOKIE_SECONDS = 30 * 86_400
"""So long a browser that was let in need not be let in again, unless the servers are started anew."""
PATH = "/enter/"
"""Of the links."""
COOKIE = "incumbent"
"""Name of the cookie."""

_OWNER_ONLY = 0o600
_USER = "incumbent"
_WHAT = "the secret of this home's servers"


def secret_file(home: Path) -> Path:
    """The file with the secret of a home, as Prefect wants it: user:password."""
    return home / "prefect" / "secret"


def auth(home: Path) -> str:
    """What the server of a home asks for: what the user set, or else the secret of the home, made at the first call.

    Raises:
        UnusableHome: The file can neither be read nor written.
    """
    return environment.server_auth() or _secret(home)


def auth_of(home: Path, url: str | None, own: str | None) -> str | None:
    """What a client of the API at an address must give; None leaves it to the settings of Prefect.

    Args:
        home: The home.
        url: The address that the user named, if any.
        own: Address of the server that runs on the home, if any.
    """
    if url is not None and environment.client_auth():
        return environment.client_auth()
    named = (url or own or "").rstrip("/").replace("//localhost:", "//127.0.0.1:")
    return auth(home) if own is not None and named == own else None


def shown(home: Path) -> str:
    """How a shell command gives the secret of a home without anybody seeing it: PREFECT_API_AUTH_STRING=..."""
    if environment.server_auth():
        return 'PREFECT_API_AUTH_STRING="$PREFECT_SERVER_API_AUTH_STRING"'
    path, here = secret_file(home), Path.cwd()
    near = path.relative_to(here) if path.is_relative_to(here) else path
    return f'PREFECT_API_AUTH_STRING="$(cat {shlex.quote(str(near))})"'


def kept(home: Path) -> dict[str, str]:
    """The secret of a home in the ways in which it can be written, each by what it is; empty if none was made yet.

    Raises:
        OSError: The file is there and cannot be read.
    """
    try:
        text = secret_file(home).read_text(encoding="ascii", errors="replace").strip()
    except FileNotFoundError:
        return {}
    word = text.partition(":")[2]
    return {_WHAT: word, f"a header with {_WHAT}": basic(text).partition(" ")[2]} if word else {}


def basic(auth: str) -> str:
    """The value of the header by which a program gives a secret."""
    return f"Basic {base64.b64encode(auth.encode()).decode()}"


# ── links ─────────────────────────────────────────────────────────────────────────────────────────────────────────
def new_name() -> str:
    """A host name for one start of the servers; whoever knows it can be sent the cookie."""
    return f"incumbent-{secrets.token_hex(12)}.localhost"


def named(address: str, name: str) -> str:
    """An address of ours as a browser has to open it."""
    return address.replace("//127.0.0.1:", f"//{name}:") if name else address


def link(home: Path, server: str) -> str:
    """A new address that lets one browser in, once.

    Whoever can write into the home can make one: no server is asked, and a server that is begun again still knows it.

    Args:
        home: The home.
        server: Address of its Prefect server for browsers, without /api.
    """
    word = secrets.token_urlsafe(24)
    path = _link_file(home, word)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        for old in path.parent.iterdir():
            if _age(old) > LINK_SECONDS:
                old.unlink(missing_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, _OWNER_ONLY))
    except OSError as err:
        raise UnusableHome(f"{path.parent} cannot be written: {err.strerror}. Set INCUMBENT_HOME.") from err
    return f"{server}{PATH}{word}"


def redeem(home: Path, word: str) -> bool:
    """Use up a link; says whether it was good. Of two at once one gets in."""
    path = _link_file(home, word)
    fresh = _age(path) <= LINK_SECONDS
    try:
        path.unlink()
    except OSError:
        return False
    return fresh


def _link_file(home: Path, word: str) -> Path:
    return home / "prefect" / "links" / hashlib.sha256(word.encode()).hexdigest()


def _age(path: Path) -> float:
    try:
        return abs(time.time() - path.stat().st_mtime)
    except OSError:
        return float("inf")


# ── cookies ───────────────────────────────────────────────────────────────────────────────────────────────────────
def cookie_key(home: Path) -> bytes:
    """What cookies are signed with: the secret of the home, also where the user has set another one.

    A short one of the user's could be guessed from what it has signed.
    """
    return _secret(home).encode()


def cookie(key: bytes, name: str) -> str:
    """The value for a browser that was let in: until when, signed for this start; the secret cannot be got from it."""
    until = str(int(time.time()) + COOKIE_SECONDS)
    return f"{until}.{_signed(key, name, until)}"


def is_good_cookie(key: bytes, name: str, value: str) -> bool:
    """Whether a server of this start gave it, and it is not too old."""
    until, _, signature = value.partition(".")
    if not until.isascii() or not until.isdigit():
        return False
    return hmac.compare_digest(signature.encode(), _signed(key, name, until).encode()) and time.time() < int(until)


def _signed(key: bytes, name: str, until: str) -> str:
    return hmac.new(key, f"browser at {name} until {until}".encode(), hashlib.sha256).hexdigest()


# ── the secret of the home ────────────────────────────────────────────────────────────────────────────────────────
def _secret(home: Path) -> str:
    path = secret_file(home)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            _make(path)
        if path.stat().st_mode & 0o077:
            path.chmod(_OWNER_ONLY)
        text = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeError) as err:
        why = getattr(err, "strerror", None) or "it is not text"
        raise UnusableHome(f"{path}, which holds the secret of Prefect's server, cannot be used: {why}.") from err
    if not text.startswith(f"{_USER}:") or len(text) < 2 * len(_USER):
        raise UnusableHome(f"{path} does not hold the secret of Prefect's server. Remove it, and a new one is made.")
    return text


def _make(path: Path) -> None:
    """Put a new secret there whole; of several processes one does."""
    draft = path.with_name(f".secret.{secrets.token_hex(8)}")
    try:
        with os.fdopen(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, _OWNER_ONLY), "w") as file:
            file.write(f"{_USER}:{secrets.token_hex(32)}\n")
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink(missing_ok=True)
