"""One page over all pipelines of a home: how each stands, what waits for people, and where its report is.

Add here what is told of a pipeline as a whole. What is told of one turn belongs to its report.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup

from tasks.domain import wording
from tasks.domain.observations import HealthState
from tasks.reporting import templates, titles

HEAD = ("pipeline", "live", "since", "health", "last turn", "waits for people")
_GLYPHS = {HealthState.WELL: "well", HealthState.WATCH: "watch", HealthState.UNWELL: "unwell"}


@dataclass(frozen=True)
class Pipeline:
    """How one pipeline stands."""

    name: str
    question: str
    """What its models answer; empty if its file cannot be read."""
    problem: str = ""
    """Why its file cannot be read."""
    live: int | None = None
    since: datetime | None = None
    health: HealthState = HealthState.NOT_JUDGED
    """Of the live version, where it was judged last."""
    batch: str = ""
    """Of the last turn that has ended."""
    outcome: str = ""
    """Of that turn, in words."""
    ended: datetime | None = None
    held: tuple[str, ...] = ()
    """Batches that wait for a decision."""
    alerts: tuple[str, ...] = ()
    """What people are owed a word about."""
    barred: tuple[int, ...] = ()
    """Versions that automation keeps off."""
    page: str = ""
    """Name of the file of its report; empty before its first turn."""

    @property
    def glyph(self) -> str:
        """The mark of its state."""
        return "unwell" if self.problem else "held" if self.held else _GLYPHS.get(self.health, "unjudged")

    @property
    def waits(self) -> tuple[str, ...]:
        """What waits for people, one sentence each."""
        held = [f"{name} is held: admit it, or keep it out" for name in self.held]
        barred = [f"v{version} is barred until it is released" for version in self.barred]
        return (*([self.problem] if self.problem else []), *held, *barred, *self.alerts)


def row(one: Pipeline, now: datetime) -> tuple[str, ...]:
    """One line of the table, as text; its columns are those of `HEAD`."""
    live = wording.MISSING if one.live is None else f"v{one.live}"
    last = f"{one.batch}: {one.outcome}, {age(one.ended, now)}" if one.batch else "none yet"
    health = titles.STATES[one.health] if one.live is not None else wording.MISSING
    return one.name, live, age(one.since, now), health, last, "; ".join(one.waits) or "nothing"


def age(then: datetime | None, now: datetime) -> str:
    """How long ago something was: `3 days ago`."""
    if then is None:
        return wording.MISSING
    minutes = max(0, int((now - then).total_seconds() // 60))
    for size, noun in ((24 * 60, "day"), (60, "hour"), (1, "minute")):
        if minutes >= size:
            return f"{titles.number_of(minutes // size, (noun, f'{noun}s'))} ago"
    return "just now"


def render(pipelines: Sequence[Pipeline], *, written: datetime) -> str:
    """Write the page as HTML; it works offline, has no script, and its links are names of files beside it.

    Args:
        pipelines: In the order in which they are shown.
        written: Now, in UTC.
    """
    style = templates.text("style.css")
    return templates.get("overview.html.jinja").render(
        pipelines=[(one, row(one, written)) for one in pipelines],
        head=HEAD,
        title=_title(pipelines),
        written=titles.moment(written),
        csp=templates.policy(style),
        style=Markup(style),  # noqa: S704 - our own file
    )


def _title(pipelines: Sequence[Pipeline]) -> str:
    """How many need somebody."""
    number = sum(bool(one.waits) or one.health is HealthState.UNWELL for one in pipelines)
    total = titles.number_of(len(pipelines), ("pipeline", "pipelines"))
    return f"{total}, {wording.count(number) if number else 'none'} in need of somebody"
