"""The report: does it leave out what the bytes say (I9)?

Its numbers are compared, not its words: those may be said otherwise by another version of Incumbent.
"""

import html
import re
from collections import Counter

from tasks.lineage.verify.findings import Finding, shown_wrongly

_BATCHES, _LEFT_OUT = r'<section id="data">.*?<tbody>(.*?)</tbody>', r"<footer>(.*?)</footer>"
_ASIDE = re.compile(r"<li>(?!<b>).*?</li>", re.DOTALL)
"""What is told without a count."""
_TAG = re.compile(r"<svg.*?</svg>|<[^>]*>", re.DOTALL)
_NUMBER = re.compile(r"\d[\d,.]*")


def says_the_same(page: str, batches: str, left_out: str) -> list[Finding]:
    """I9: the numbers of rows on a page, and of those that are left out, are what was counted.

    Args:
        page: The report as it is.
        batches: What was counted in the bytes of each batch, as the report would say it.
        left_out: What is left out, likewise.
    """
    findings = []
    for what, pattern, true in (("rows per batch", _BATCHES, batches), ("what is left out", _LEFT_OUT, left_out)):
        part = re.search(pattern, page, re.DOTALL)
        there = Counter(_NUMBER.findall(html.unescape(_TAG.sub(" ", _ASIDE.sub(" ", part.group(1))))) if part else ())
        counted = Counter(_NUMBER.findall(true))
        if there != counted:
            differing = [
                ", ".join(sorted((one - other).elements())[:5]) or "nothing"
                for one, other in ((there, counted), (counted, there))
            ]
            text = (
                f"the report says {differing[0]} where the bytes say {differing[1]}; `verify --repair` writes it anew"
            )
            findings.append(shown_wrongly("I9", f"{what}: {text}"))
    return findings
