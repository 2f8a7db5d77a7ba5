"""Plain HTTP without Prefect's client; to this machine never by a proxy.

Use it where a server is only asked whether it is there, or in processes that must stay small.
"""

import urllib.request
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from http.client import HTTPResponse

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
