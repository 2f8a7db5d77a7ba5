"""A page of its own for an account: sections with sentences, a table, pictures and code, in the looks of the report.

Add here what every such page shows. What it tells is put together by who has something to tell.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup

from tasks.reporting import templates, titles
from tasks.reporting.marks import Chart


@dataclass(frozen=True)
class Figure:
    """A chart as wide as the page."""

    finding: str
    reading: str
    chart: Chart


@dataclass(frozen=True)
class Section:
    """One thing that is told, also on a terminal, which draws nothing."""

    name: str
    sentences: tuple[str, ...]
    table: tuple[tuple[str, ...], ...] = ()
    """Its first row is its head."""
    figures: int = 0
    """So many of its columns behind the first one hold figures."""
    pictures: tuple[tuple[str, str, Chart], ...] = ()
    """Name, text and drawing."""
    reading: str = ""
    """How to read them."""
    code: tuple[str, ...] = ()
    """Lines that are shown as they are."""
    figures_over_time: tuple[Figure, ...] = ()
    """Charts as wide as the page, with one column per batch."""

    @property
    def title(self) -> str:
        """Its name as a heading: only its first letter may change, as names tell upper and lower case apart."""
        return titles.capital(self.name)


def render(pipeline: str, question: str, title: str, sections: Sequence[Section], *, written: datetime) -> str:
    """Write the page as HTML; it works offline, and has no script.

    Args:
        pipeline: Its pipeline.
        question: The question that its models answer.
        title: What is told.
        sections: In order.
        written: Now, in UTC.
    """
    style = templates.text("style.css")
    return templates.get("account.html.jinja").render(
        pipeline=pipeline,
        question=question,
        title=title,
        sections=sections,
        written=titles.moment(written),
        csp=templates.policy(style),
        style=Markup(style),  # noqa: S704 - our own file
    )
