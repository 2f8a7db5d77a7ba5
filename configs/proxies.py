"""Proxies that the environment names: this machine is never asked through one, and one that cannot be used is said.

HTTP clients read these variables when they are made, and fail then, whatever they are made for. Change this module
when a client learns to use another kind of proxy. `configs.environment` calls it, before any client is made.
"""

import ipaddress
import re
from collections.abc import Mapping, MutableMapping
from importlib.util import find_spec
from urllib.parse import urlsplit

ASIDE = "INCUMBENT_PROXIES_ASIDE"
"""Names of the variables that were put aside, for this process and its children; what they held may be secret."""

_NAMES = ("ALL_PROXY", "HTTP_PROXY", "HTTPS_PROXY")
_EXCEPT = ("no_proxy", "NO_PROXY")
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_PLAIN = ("http", "https")
_SOCKS = ("socks5", "socks5h")
_NAME = r"[^\s:/\[\]@]+"
_HOST = re.compile(rf"{_NAME}(:\d{{1,5}}|/\d+)?|[a-z]+://[^\s/@]+", re.IGNORECASE)
"""An exception that clients understand: a name with or without its port, a network, an address."""


def settle(variables: MutableMapping[str, str]) -> None:
    """Except this machine, and put aside what no client could be made with.

    Args:
        variables: Of the environment; changed.
    """
    excepted = [one.strip() for name in _EXCEPT for one in variables.get(name, "").split(",")]
    kept = [one for one in map(_plain, excepted) if one]
    for name in _EXCEPT:
        variables[name] = ",".join(dict.fromkeys([*kept, *_LOOPBACK]))
    unusable = [name for name in (*_NAMES, *map(str.lower, _NAMES)) if _is_unusable(variables.get(name, ""))]
    for name in unusable:
        del variables[name]
    if unusable:
        variables[ASIDE] = ",".join(unusable)


def why_not(variables: Mapping[str, str], url: str | None = None) -> str | None:
    """Why an address cannot be asked, in a sentence; None if no proxy that was put aside is in the way.

    Args:
        variables: Of the environment.
        url: The address; None for any that is not on this machine.
    """
    aside = variables.get(ASIDE, "").split(",")
    scheme, host = _parted(url) if url else ("", "")
    wanted = [name for name in aside if name and (not url or name.lower() in ("all_proxy", f"{scheme}_proxy"))]
    if not wanted or (host and _is_excepted(host, variables.get("no_proxy", ""))):
        return None
    return (
        f"{wanted[0]} names a proxy that cannot be used from here: only http:// and https:// are, and socks5:// where "
        "Python has the package socksio. Name another one, or except the server in NO_PROXY."
    )


def _plain(excepted: str) -> str | None:
    """An exception as clients read it; None if they would fail at it."""
    bare = excepted[1:-1] if excepted.startswith("[") and excepted.endswith("]") else excepted
    try:
        return str(ipaddress.ip_address(bare))
    except ValueError:
        return excepted if _HOST.fullmatch(excepted) else None


def _is_unusable(proxy: str) -> bool:
    if not proxy:
        return False
    try:
        parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
        usable = _PLAIN if find_spec("socksio") is None else (*_PLAIN, *_SOCKS)
        return parts.scheme not in usable or not parts.hostname or parts.port == 0 or proxy != proxy.strip()
    except ValueError:
        return True


def _parted(url: str) -> tuple[str, str]:
    try:
        parts = urlsplit(url)
        return parts.scheme.lower(), (parts.hostname or "").lower()
    except ValueError:
        return "", ""


def _is_excepted(host: str, excepted: str) -> bool:
    names = [one.lstrip("*").lstrip(".").lower() for one in excepted.split(",") if one]
    return "*" in excepted.split(",") or any(host == name or host.endswith(f".{name}") for name in names if name)
