"""Why two versions differ in loss, in words: the sentences and the table that terminal and page share.

Add a sentence here when something new is tried. What the numbers mean is decided in `attribution`.
"""

from collections.abc import Iterator, Sequence
from typing import Protocol

from configs.settings import PipelineSettings
from tasks.domain import wording
from tasks.domain.records import Batch, Comparison
from tasks.lineage import accounts, attribution
from tasks.lineage.attribution import Answer, Attribution, Kind, Share
from tasks.lineage.origins import Origins
from tasks.problems import kinds
from tasks.reporting import titles
from tasks.reporting.account_page import Section

_KINDS = {
    Kind.DATA: "data",
    Kind.BATCH: "rows of batch",
    Kind.TIME: "rows of",
    Kind.COLUMN: "column",
    Kind.SETTINGS: "settings",
    Kind.SETTING: "setting",
    Kind.CODE: "code",
}
_ANSWERS = {
    Answer.MOST: "explains it",
    Answer.PART: "explains a part",
    Answer.NOT: "does not explain it",
    Answer.AGAINST: "works against it",
    Answer.OPEN: "cannot be told",
    Answer.IMPOSSIBLE: "cannot be told",
}
_NAMED = 5


class Why(Protocol):
    """What is told of."""

    @property
    def versions(self) -> tuple[int, int]:
        """Both versions."""

    @property
    def batch(self) -> Batch:
        """What they were judged on."""

    @property
    def judged(self) -> Comparison:
        """The first one, and the second one as its challenger."""

    @property
    def stands_for(self) -> int | None:
        """The version that one of them is the refit of."""

    @property
    def origins(self) -> Origins | None:
        """What both are made with."""

    @property
    def tried(self) -> Sequence[Attribution]:
        """What was undone."""

    @property
    def left_out(self) -> Sequence[str]:
        """What there was no fit left for."""

    @property
    def fits(self) -> int:
        """How many models were fitted."""


def of(why: Why, settings: PipelineSettings) -> Iterator[Section]:
    """How far both differ, what explains it, what was tried, and what else differs."""
    yield Section("difference", tuple(_difference(why, settings)))
    if not attribution.differs(why.judged):
        return
    head = ("undone", kinds.of(why.judged).title, "explains", "interval", "")
    table = (head, *(_row(one, why.judged) for one in why.tried)) if why.tried else ()
    yield Section("explanation", tuple(_explanation(why, settings)), table, figures=3)
    if why.origins is not None:
        yield from accounts.of_origins(why.origins)


def _difference(why: Why, settings: PipelineSettings) -> Iterator[str]:
    pair, (one, other) = why.judged, why.versions
    problem, rows = kinds.of(pair), titles.number_of(pair.rows, settings.reporting.row)
    losses = kinds.base(pair) or 0.0, (kinds.base(pair) or 0.0) - pair.gain
    measured = f"{problem.title} {problem.loss(losses[1])} of v{other}, {problem.loss(losses[0])} of v{one}"
    percent, ends = wording.share(settings.evaluation.confidence), kinds.ends(pair)
    yield f"On {rows} of batch {why.batch.name}, which neither learned from: {measured}."
    if why.stands_for is not None:
        yield f"One of the two is the refit of v{why.stands_for}: the same family and settings on all rows."
    gain = f"{problem.gain_title} {kinds.gain(pair)} ({percent} interval {ends})"
    if abs(pair.gain) <= attribution.ROUNDING * losses[0]:
        yield "Both lose the same: there is nothing to explain."
    elif attribution.differs(pair):
        yield f"v{other} is {'better' if pair.gain > 0 else 'worse'}: {gain}."
    else:
        yield f"Whether they differ cannot be told from these rows: {gain}. So nothing was tried to explain it."


# ── what explains it ──────────────────────────────────────────────────────────────────────────────────────────────
def _explanation(why: Why, settings: PipelineSettings) -> Iterator[str]:
    yield from _explaining(why)
    yield from _innocent(why)
    yield from _open(why)
    fits = titles.number_of(why.fits, ("model was fitted", "models were fitted"))
    row = wording.share(settings.evaluation.confidence)
    yield (
        f"{titles.capital(fits)} again, each as v{why.versions[1]} with one thing as v{why.versions[0]} has it. "
        f"What goes away then is explained by it; intervals of {row} over clusters, for each by itself."
    )
    if why.left_out:
        yield f"Not tried, for want of fits (--fits): {titles.listed(list(why.left_out), _NAMED)}."


def _explaining(why: Why) -> Iterator[str]:
    """What explains most, then what of it."""
    rows = attribution.strongest(why.tried, Kind.BATCH) or attribution.strongest(why.tried, Kind.DATA)
    if rows is not None:
        of = f"The rows of batch {rows.name}" if rows.kind is Kind.BATCH else "The rows"
        verb = "explain it" if rows.answer is Answer.MOST else "explain a part of it"
        yield f"{of} {verb} ({rows.text}): as v{why.versions[0]} has them, {_goes_away(rows.share)}."
    yield from _columns([one for one in why.tried if one.kind is Kind.COLUMN])
    time = attribution.narrowest(why.tried, Kind.TIME, rows) if rows else None
    if time is not None:
        yield f"Of days it is {time.name} ({time.text}): {_goes_away(time.share)}."
    for setting in (one for one in why.tried if one.kind in (Kind.SETTING, Kind.CODE) and one.explains):
        yield f"{titles.capital(setting.text or setting.name)}: undone, {_goes_away(setting.share)}."
    if not any(one.explains for one in why.tried):
        yield "What explains it cannot be told: nothing that was tried takes a part of it away for certain."


def _columns(tried: Sequence[Attribution]) -> Iterator[str]:
    """Which column it is; of several that explain most none is called the cause."""
    column, most = attribution.strongest(tried, Kind.COLUMN), [one for one in tried if one.answer is Answer.MOST]
    if column is None:
        if tried:
            yield "No single column that was tried explains it."
        return
    text = f" ({column.text})" if column.moved else ""
    verb = "it is" if most else "most, but only a part, is explained by"
    yield f"Of single columns {verb} {column.name}{text}: without its values there, {_goes_away(column.share)}."
    others = [one.name for one in most if one is not column]
    if others:
        yield f"So it is with {titles.listed(others, _NAMED)}: which of them is the cause cannot be told."
    if not any(one.moved for one in (most or [column])):
        yield "Its values are as before, so what differs is how it goes with the others, or the label itself."


def _goes_away(share: Share | None) -> str:
    assert share is not None, "what explains something was measured"
    return f"{wording.share(share.value)} of the difference goes away ({_ends(share)})"


def _innocent(why: Why) -> Iterator[str]:
    """What does not explain it, because it is the same or because undoing it changes little."""
    tried = {one.kind for one in why.tried}
    same = [] if tried & {Kind.DATA, Kind.BATCH} else ["rows"]
    same += [] if tried & {Kind.SETTINGS, Kind.SETTING} else ["settings that reach the model"]
    same += [] if tried & {Kind.CODE} else ["what builds models"]
    if same:
        yield f"{titles.capital(titles.listed(same))}: no difference."
    parts = [one for one in why.tried if one.kind is Kind.TIME]
    if parts and all(one.answer in (Answer.NOT, Answer.AGAINST) for one in parts):
        yield "It does not lie in some of their days alone: with the rest of them it stays."
    others = (one for one in why.tried if one.kind is not Kind.TIME)
    nothing = [f"{_KINDS[one.kind]} {one.name}" for one in others if one.answer is Answer.NOT]
    if nothing:
        yield f"Undone, it changes little: {titles.listed(nothing, _NAMED)}."


def _open(why: Why) -> Iterator[str]:
    for one in why.tried:
        if one.answer is Answer.IMPOSSIBLE:
            yield f"Cannot be told: {one.name}: {titles.ended(one.why_not)}"
    unclear = [f"{_KINDS[one.kind]} {one.name}" for one in why.tried if one.answer is Answer.OPEN]
    if unclear:
        yield f"Cannot be told, as the interval is wide and holds 0: {titles.listed(unclear, _NAMED)}."


def _row(one: Attribution, pair: Comparison) -> tuple[str, ...]:
    problem = kinds.of(pair)
    loss = wording.MISSING if one.loss is None else problem.loss(one.loss)
    share = wording.MISSING if one.share is None else wording.share(one.share.value)
    ends = wording.MISSING if one.share is None else _ends(one.share)
    text = f"; {one.text}" if one.text else ""
    return f"{_KINDS[one.kind]} {one.name}", loss, share, ends, f"{_ANSWERS[one.answer]}{text}"


def _ends(share: Share) -> str:
    return f"{wording.share(share.low)} to {wording.share(share.high)}"
