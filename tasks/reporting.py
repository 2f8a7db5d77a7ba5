"""Door of reporting: the page, and what a run shows in Prefect's UI."""

from uuid import UUID

from prefect import task

from tasks.adapters import events, home, pages
from tasks.core.reporting import summaries
from tasks.core.turns import TurnRef


@task(task_run_name="write-report-{pipeline}", tags=["reporting"])
def write_report(pipeline: str) -> str:
    """Write the page of a pipeline from the ledger; returns its path."""
    path = pages.write(home.current(), pipeline)
    events.link(f"{pipeline}-report", path.as_uri(), f"Report of {pipeline}")
    return str(path)


@task(task_run_name="show-verdict-{turn.name}", tags=["reporting"])
def show_verdict(turn: TurnRef) -> None:
    """Show in Prefect's UI what the turn found and decided."""
    hands = home.current()
    told = pages.read_history(hands, turn.pipeline)
    ended = next(one for one in told.turns if one.number == turn.number)
    settings = hands.settings(turn.pipeline)
    events.markdown(f"{turn.pipeline}-turn", summaries.markdown(told, ended, settings), ended.reasons[0])
    events.table(f"{turn.pipeline}-verdict", summaries.verdict_rows(ended), "The verdict and what it rests on")


def start_progress(pipeline: str, turns: int) -> UUID | None:
    """Show that a long work begins; nothing for a single turn."""
    return events.progress(f"{pipeline}-catch-up", 0.0, f"{turns} turns") if turns > 1 else None


def advance_progress(shown: UUID | None, done: int, turns: int) -> None:
    """Show how many of the turns are done."""
    if shown is not None:
        events.advance(shown, done / turns)
