"""Secrets: what must not be written anywhere, and where it was found (I10).

Add a pattern here for a kind of secret that is known by its form. What is secret in this environment is passed in.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import quote, quote_plus

from tasks.lineage.verify.findings import Finding

_FORMS = {
    "a password in an address": (
        ("@",),
        r"\b[a-zA-Z][a-zA-Z0-9+.\-]{1,20}://[^\s:/@\"'<>]*:(?!\*+@|x+@|%2A)[^\s:/@\"'<>]{2,}@[\w\[]",
    ),
    "a token in an address": (
        ("token=", "password=", "key="),
        r"(?i)\b[a-z][a-z0-9+.\-]{1,20}://[^\s\"'<>]*[?&](?:access_token|token|password|api_?key)=(?!\*)[^&\s\"'<>#]{6,}",
    ),
    "a private key": (("PRIVATE KEY",), r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----"),
    "an access key of AWS": (("AKIA", "ASIA"), r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    "a token of GitHub": (("gh", "github_pat_"), r"\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{50,})"),
    "a token of GitLab": (("glpat-",), r"\bglpat-[A-Za-z0-9_\-]{20}"),
    "a token of Slack": (("xox",), r"\bxox[abeoprs]-[A-Za-z0-9\-]{10,}"),
    "a webhook of Slack": (
        ("hooks.slack.com",),
        r"hooks\.slack\.com/(?:services|workflows)/T[A-Za-z0-9]{6,}/[A-Za-z0-9/]{10,}",
    ),
    "a key of Google": (("AIza",), r"\bAIza[0-9A-Za-z_\-]{35}\b"),
    "a key of Prefect": (("pnu_", "pnb_"), r"\bpn[ub]_[A-Za-z0-9]{30,}"),
    "a key of a model provider": (("sk-",), r"\bsk-(?:ant-|proj-)?[A-Za-z0-9_\-]{24,}"),
    "a token of Hugging Face": (("hf_",), r"\bhf_[A-Za-z]{30,}\b"),
    "a signed token (JWT)": (("eyJ",), r"\beyJ[A-Za-z0-9_\-]{10,}\.eyJ[A-Za-z0-9_\-]{10,}\.[A-Za-z0-9_\-]{10,}"),
    "an account key of Azure": (("AccountKey=",), r"AccountKey=[A-Za-z0-9+/]{40,}={0,2}"),
    "an authorization header": (
        ("Bearer", "Basic"),
        r"\b[aA]uthorization\W{1,4}(?:Bearer|Basic)\s+[A-Za-z0-9+/_.\-]{12,}",
    ),
}
"""Kinds of secrets: what any of them has in it, which is quick to look for, and the form of the whole."""


@dataclass(frozen=True)
class Wanted:
    """What is looked for, ready to be looked for often."""

    values: tuple[tuple[str, str], ...]
    """What it is, and how it can be written."""
    forms: tuple[tuple[str, tuple[str, ...], re.Pattern[str]], ...]


def wanted(values: Mapping[str, str]) -> Wanted:
    """What to look for: these values, plain and as in an address, and what is known by its form.

    Args:
        values: Each secret of the environment by what it is (`the password in INCUMBENT_LEDGER_URL`).
    """
    written = {
        (what, text)
        for what, value in values.items()
        for text in dict.fromkeys((value, quote(value, safe=""), quote_plus(value), _in_json(value)))
    }
    forms = tuple((what, signs, re.compile(form)) for what, (signs, form) in _FORMS.items())
    return Wanted(tuple(sorted(written)), forms)


def inside(text: str, looked_for: Wanted) -> set[str]:
    """What of it is in a text: never the value, only what it is."""
    kinds = {what for what, value in looked_for.values if value in text and _alone(value, text)}
    possible = [(what, form) for what, signs, form in looked_for.forms if any(sign in text for sign in signs)]
    return kinds | {what for what, form in possible if form.search(text)}


def told(places: Iterable[tuple[str, str]]) -> list[Finding]:
    """I10: one sentence for each kind of secret and place, with how often it is there.

    Args:
        places: What was found and where, once for each text in which it is.
    """
    counts: dict[tuple[str, str], int] = {}
    for what, where in places:
        counts[what, where] = counts.get((what, where), 0) + 1
    return [
        Finding(
            "I10", f"{what} is written in {where}{f' ({times} times)' if times > 1 else ''}. Change it, then remove it"
        )
        for (what, where), times in sorted(counts.items())
    ]


def _alone(value: str, text: str) -> bool:
    """Whether the value is there as itself and not as a part of a longer word."""
    return re.search(rf"(?<![A-Za-z0-9]){re.escape(value)}(?![A-Za-z0-9])", text) is not None


def _in_json(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"')
