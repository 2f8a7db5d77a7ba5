"""What a turn and a rollback show in Prefect's UI: their stories as markdown, and the verdict of a turn as a table."""

import re
from collections.abc import Sequence

from configs.settings import PipelineSettings
from tasks.domain import wording
from tasks.domain.turns import History, Promotion, Turn
from tasks.problems import kinds
from tasks.reporting import sentences, stories, titles

Cell = str | int | float | bool | None


def markdown(history: History, turn: Turn, settings: PipelineSettings) -> str:
    """The story of a turn; what comes from data is set as code, so that it cannot become markup."""
    told = stories.story(history, turn, settings)
    lines = [f"**{part.name}**  \n{_plain(' '.join(part.sentences))}" for part in told]
    return "\n\n".join([f"## {_plain(turn.batch.name)}: {turn.outcome or turn.state}", *lines])


def verdict_rows(turn: Turn) -> list[dict[str, Cell]]:
    """What a verdict rests on, one row each; a refused batch has its reason only."""
    rows: list[dict[str, Cell]] = [{"what": "outcome", "value": str(turn.outcome or "-"), "why": sentences.why(turn)}]
    if turn.champion is not None:
        rows.append({"what": "champion", "value": sentences.loss(turn.champion), "why": f"v{turn.champion_version}"})
    if turn.probe is not None:
        rows.append({"what": "challenger", "value": sentences.loss(turn.probe), "why": sentences.challenger(turn)})
    if turn.comparison is not None:
        pair = turn.comparison
        title = kinds.of(pair).gain_title
        rows.append({"what": title, "value": kinds.gain(pair), "why": kinds.ends(pair)})
    if turn.evidence is not None:
        needed = f"needs {wording.number(turn.evidence.needed)}"
        rows.append({"what": "evidence", "value": wording.evidence(turn.evidence.value), "why": needed})
    guards = turn.verdict.guards if turn.verdict else ()
    rows += [{"what": f"guard: {g.name}", "value": "objects" if g.objects else "passes", "why": g.text} for g in guards]
    return rows


def report_file(pipeline: str, path: str, machine: str) -> str:
    """Where the report is, for a reader whose browser may be on another machine: no link, which would be dead there."""
    fence = "`" * (max(map(len, re.findall("`+", path)), default=0) + 1)
    pad = " " if "`" in path else ""
    where = f"It is a file on {_plain(machine)}:" if machine else "It is a file:"
    return (
        f"**Report of {_plain(pipeline)}**\n\n{where}\n\n{fence}{pad}{path}{pad}{fence}\n\n"
        "`make up` on that machine shows it in a browser."
    )


def rollback(
    pipeline: str, history: Sequence[Promotion], held: Sequence[int], *, checked: str, problem: str, package: str
) -> str:
    """Who was live, who is, what was found out before, and what is barred until it is released how.

    Args:
        pipeline: Its pipeline.
        history: Every promotion, first to last.
        held: Versions that are barred.
        checked: What was found out about the version before it was made live; empty if it was live already.
        problem: What kept MLflow or the report from being told; empty if nothing did.
        package: As which folder it can leave the house, in a sentence.
    """
    made, title = history[-1], "was live already"
    parts = [("Live now", _reign(made)), ("Checked", titles.ended(checked or "Nothing, and nothing was changed"))]
    if checked:
        title, parts = f"is live in place of v{made.previous}", [("Was live", _reign(history[-2])), *parts]
    later = f"MLflow or the report could not be told: {titles.ended(problem)} The next run makes up for it."
    parts += [("Shown", later if problem else "MLflow's alias and the report say so."), ("Package", package)]
    lines = [
        f"## {_plain(pipeline)}: v{made.version} {title}",
        *(f"**{name}**  \n{_plain(text)}" for name, text in parts),
    ]
    off = [
        f"- v{version}, until `release/{pipeline}` here or `release {pipeline} v{version}` typed" for version in held
    ]
    if checked and made.previous not in held:
        off.append(f"- not v{made.previous}: this only undid the last rollback")
    return "\n\n".join([*lines, "**Barred from automation**", "\n".join(off) or "Nothing."])


def _reign(made: Promotion) -> str:
    """Who became live, since when, by whom and why."""
    return f"v{made.version}, since {titles.since(made)}, by {made.by}: {titles.ended(made.reason)}"


def _plain(text: str) -> str:
    """Text in which no character means anything to markdown."""
    return "".join(f"\\{char}" if char in "\\`*_{}[]<>#|~" else char for char in text)
