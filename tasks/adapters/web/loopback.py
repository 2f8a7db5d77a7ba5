"""Plain HTTP without Prefect's client; to this machine never by a proxy.

Use it where a server is only asked whether it is there, or in processes that must stay small.
"""

import urllib.error
import urllib.request
from http.client import HTTPException
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from http.client import HTTPResponse

_BUSY = (408, 429, 502, 503, 504)
"""Answers of a server, or of what stands before it, that has too much to do or is just starting."""
_NAMES = ("127.0.0.1", "localhost", "::1")


def is_loopback(url: str) -> bool:
    """Whether an address is of this machine."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return False
    return host in _NAMES or host.startswith("127.")


def open_url(request: "urllib.request.Request | str", seconds: float) -> "HTTPResponse":
    """Ask; what is on this machine is asked directly, whatever proxies the environment names.

    Raises:
        OSError: There is no answer, or one that says no.
        ValueError: It is not an address.
    """
    address = request if isinstance(request, str) else request.full_url
    proxies = [urllib.request.ProxyHandler({})] if is_loopback(address) else []
    return urllib.request.build_opener(*proxies).open(request, timeout=seconds)  # type: ignore[no-any-return]


def answers(request: "urllib.request.Request | str", seconds: float) -> bool:
    """Whether a server is there, and says that all is well."""
    try:
        with open_url(request, seconds) as answer:
            return bool(answer.status == 200)
    except (OSError, ValueError, HTTPException):
        return False


def passes(err: Exception) -> bool:
    """Whether a server that could not be asked may only be busy, or starting; one that refuses is not there."""
    if isinstance(err, urllib.error.HTTPError):
        return err.code in _BUSY
    reason = err.reason if isinstance(err, urllib.error.URLError) else err
    return isinstance(reason, (TimeoutError, ConnectionResetError, ConnectionAbortedError, BrokenPipeError))
