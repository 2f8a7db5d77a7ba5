"""Addresses as they may be shown: the one place where a secret is taken out of one, and out of texts that repeat it.

Use `shown` wherever an address is printed, logged or stored, and `masked` for what a library says: it may repeat an
address, or a password alone. Add a case here when a kind of address keeps its secret elsewhere. Which values are
secret in this environment is known to `configs.environment`.
"""

import re
from collections.abc import Iterable
from urllib.parse import parse_qsl, quote, quote_plus, unquote, unquote_plus

HIDDEN = "***"
VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
"""What stands for a variable of the environment."""
_ADDRESS = re.compile(r"(?<![A-Za-z0-9+.\-])[A-Za-z][A-Za-z0-9+.\-]*://[^\s\"'<>`]*")
_PARTS = re.compile(
    r"(?P<scheme>[A-Za-z][A-Za-z0-9+.\-]*://)(?:(?P<user>[^/?#]*)@)?(?P<host>[^/?#@]*)(?P<path>[^?#]*)"
    r"(?P<query>\?[^#]*)?(?P<fragment>#.*)?",
    re.DOTALL,
)
_HOST = re.compile(r"(?:[\w.\-]+|\[[0-9A-Fa-f:.]+\])(?::\d+)?")
"""What else stands there is the beginning of a password with a / or ? in it, written as it is."""
_WEBHOOKS = re.compile(r"(?i)/(?:services|workflows|webhooks?|hooks?|hook|incoming|bot[^/]*:[^/]*)(?=/)")
"""In the path of a webhook, what follows such a word lets anybody write there."""
_OPTIONS = re.compile(
    r"(?i)\b(?P<name>password|passwd|pwd|token|access_token|api[_-]?key|secret|sig|signature|sslpassword|auth)"
    r"(?P<is>\s*=\s*)(?P<value>'[^']*'|\"[^\"]*\"|[^\s&;,'\"]+)"
)
_PLAIN_FILE = ("sqlite", "file")
_END = ".,;:!?)]}"
"""What ends a sentence is not of the address before it."""


def shown(address: str) -> str:
    """An address without its secrets: user and password, options and fragment, the tail of a webhook.

    The user of a database is no secret and helps; that of the web may be a token.
    """
    parts = _PARTS.fullmatch(address.strip())
    if parts is None:
        return _without_scheme(address.strip())
    scheme, path = parts["scheme"], parts["path"]
    hook = None if _is_file(scheme) else _WEBHOOKS.search(path)
    if hook is not None and _HOST.fullmatch(parts["host"]):
        path = f"{path[: hook.end()]}/{HIDDEN}"
    elif "@" in path + (parts["query"] or "") + (parts["fragment"] or "") and not _is_file(scheme):
        return f"{scheme}{HIDDEN}@{address.strip().rpartition('@')[2].partition('?')[0].partition('#')[0]}"
    ending = (f"?{HIDDEN}" if parts["query"] else "") + (f"#{HIDDEN}" if parts["fragment"] else "")
    return f"{scheme}{_shown_user(scheme, parts['user'])}{parts['host']}{path}{ending}"


def masked(text: str, secrets: Iterable[str] = ()) -> str:
    """A text without the secrets that may be in it.

    Args:
        text: What a library said, say.
        secrets: Values that are to be nowhere in it, however they are written.
    """
    text = _ADDRESS.sub(_shown_in_text, text)
    return without(_OPTIONS.sub(lambda found: f"{found['name']}{found['is']}{HIDDEN}", text), secrets)


def without(text: str, secrets: Iterable[str]) -> str:
    """A text without these values, however they are written."""
    for value in sorted({form for secret in secrets for form in forms(secret)}, key=len, reverse=True):
        if value in text:
            text = re.sub(rf"(?<![A-Za-z0-9]){re.escape(value)}(?![A-Za-z0-9])", HIDDEN, text)
    return text


def forms(value: str) -> set[str]:
    """How a value may be written: plain, as in an address, in JSON and by Python."""
    in_json = value.replace("\\", "\\\\").replace('"', '\\"')
    return {value, quote(value, safe=""), quote_plus(value), in_json, repr(value)[1:-1]} - {""}


def secrets(address: str) -> dict[str, str]:
    """What is secret in an address, decoded: each value by what it is; nothing if it is no address."""
    parts = _PARTS.fullmatch(address.strip())
    if parts is None or _is_file(parts["scheme"]):
        return {}
    user, separator, password = (parts["user"] or "").partition(":")
    values = {f"the option {name} of": value for name, value in parse_qsl((parts["query"] or "")[1:])}
    values = {what: value for what, value in values.items() if _OPTIONS.search(f"{what[11:-3]}={value}")}
    if separator and password != user:
        values["the password in"] = unquote(password)
    elif user and not _is_database(parts["scheme"]):
        values["the user in"] = unquote(user)
    if parts["fragment"] and len(parts["fragment"]) > 1:
        values["the fragment of"] = unquote_plus(parts["fragment"][1:])
    hook = _WEBHOOKS.search(parts["path"])
    if hook is not None:
        values["the path of"] = parts["path"][hook.end() + 1 :]
    return {what: value for what, value in values.items() if value}


def parted(address: str) -> tuple[str, str | None]:
    """An address without its user and password, and those as user:password; None if there are none."""
    parts = _PARTS.fullmatch(address.strip())
    if parts is None or not parts["user"]:
        return address, None
    user, _, password = parts["user"].partition(":")
    rest = "".join(parts[name] or "" for name in ("scheme", "host", "path", "query", "fragment"))
    return rest, f"{unquote(user)}:{unquote(password)}"


def _without_scheme(text: str) -> str:
    """Of what is no address everything may be secret that stands where a secret would: before an @, behind a ?."""
    head, question, _ = text.rpartition("@")[2].partition("?")
    return f"{HIDDEN + '@' if '@' in text else ''}{head}{'?' + HIDDEN if question else ''}"


def _shown_user(scheme: str, user: str | None) -> str:
    if not user:
        return ""
    name, separator, _ = user.partition(":")
    if _is_database(scheme):
        return f"{name}:{HIDDEN}@" if separator else f"{name}@"
    return f"{HIDDEN}@"


def _is_database(scheme: str) -> bool:
    return scheme.lower().startswith(("postgres", "mysql", "mariadb", "mssql", "oracle", "sqlite"))


def _is_file(scheme: str) -> bool:
    return scheme.lower().startswith(_PLAIN_FILE)


def _shown_in_text(found: re.Match[str]) -> str:
    address = found[0].rstrip(_END)
    return f"{shown(address)}{found[0][len(address) :]}"
