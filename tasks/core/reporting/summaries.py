"""What a turn shows in Prefect's UI: its story as markdown, and its verdict as a table."""

from configs.settings import PipelineSettings
from tasks.core import measures, wording
from tasks.core.reporting import sentences, stories
from tasks.core.turns import History, Turn

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
        write = measures.of(pair).gain
        between = wording.interval(pair.low, pair.high, write)
        rows.append({"what": "gain", "value": write(pair.gain), "why": between})
    if turn.evidence is not None:
        needed = f"needs {wording.number(turn.evidence.needed)}"
        rows.append({"what": "evidence", "value": wording.evidence(turn.evidence.value), "why": needed})
    guards = turn.verdict.guards if turn.verdict else ()
    rows += [{"what": f"guard: {g.name}", "value": "objects" if g.objects else "passes", "why": g.text} for g in guards]
    return rows


def _plain(text: str) -> str:
    """Text in which no character means anything to markdown."""
    return "".join(f"\\{char}" if char in "\\`*_{}[]<>#|~" else char for char in text)
