"""The command `history`: who was live when, and on what evidence. It needs no Prefect."""

import argparse
import re
from datetime import UTC, datetime, time
from typing import TYPE_CHECKING

from configs.errors import MistakeOfUser
from flows.console.arguments import Arguments

if TYPE_CHECKING:
    from flows.console.terminal import Terminal
    from tasks.adapters.home import Home

ARGUMENTS: Arguments = {
    "--at": {"metavar": "TIME", "help": "who was live then, such as 2026-11-21T07:38 (UTC)"},
}
_DAY = re.compile(r"\d{4}-?\d{2}-?\d{2}")


def command(hands: "Home", chosen: argparse.Namespace, screen: "Terminal") -> int:
    """All promotions and rollbacks, or with `--at` the version that was live then."""
    from flows.console import lines
    from tasks.problems import kinds
    from tasks.reporting.steps import report_file

    settings = hands.settings(chosen.pipeline)
    if chosen.at is not None:
        return _at(hands, chosen.pipeline, chosen.at, screen)
    history = report_file.read_history(hands, chosen.pipeline)
    if chosen.json:
        for promotion in history.promotions:
            screen.facts({**vars(promotion), "at": promotion.at.isoformat()})
    else:
        screen.show(lines.history_table(history, kinds.named(settings.training.kind), screen.width))
    return 0


def _at(hands: "Home", pipeline: str, text: str, screen: "Terminal") -> int:
    """Which version was live at a moment, made so by whom, and why."""
    from tasks.promotion import rollback
    from tasks.reporting import titles

    now = hands.clock()
    moment, history = _moment(text, now), hands.ledger.promotions.all(pipeline)
    if moment > now:
        raise MistakeOfUser(f"--at {text}: that is yet to come; it is {titles.moment(now)} now.")
    reign = rollback.live_at(history, moment)
    asked = f"{pipeline}, {titles.moment(moment)}"
    if reign is None:
        first = f"; the first one was live from {titles.moment(history[0].at)}" if history else ""
        screen.facts({"pipeline": pipeline, "at": moment.isoformat(), "champion": None})
        screen.show([f"{asked}: no champion yet{first}."])
        return 0
    began, ended = reign.made, reign.ended
    facts = {"pipeline": pipeline, "at": moment.isoformat(), "champion": began.version, "since": began.at.isoformat()}
    until = {"until": ended.at.isoformat() if ended else None}
    screen.facts({**facts, **until, "turn": began.turn, "by": began.by, "reason": began.reason})
    cause = f"by {began.by} in turn {began.turn}" if began.turn is not None else f"by a rollback of {began.by}"
    end = f"until {titles.moment(ended.at)}" if ended else "and it still is"
    screen.show([
        f"{asked}: v{began.version} was live.",
        f"  since {titles.moment(began.at)}, {cause}: {titles.ended(began.reason)}",
        f"  {end}{f', when v{ended.version} followed' if ended else ''}.",
    ])  # fmt: skip
    return 0


def _moment(text: str, now: datetime) -> datetime:
    """A moment as somebody types it; without a zone it is UTC. A date alone is the end of that day, or now."""
    try:
        moment = datetime.fromisoformat(text.strip())
        is_day = _DAY.fullmatch(text.strip()) is not None
    except ValueError as err:
        raise MistakeOfUser(
            f"--at {text!r} is no time. Write it as 2026-11-21, 2026-11-21T07:38 or 2026-11-21T07:38+01:00 (else UTC)."
        ) from err
    try:
        if is_day:
            return min(datetime.combine(moment, time.max, UTC), max(now, datetime.combine(moment, time.min, UTC)))
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError as err:
        raise MistakeOfUser(f"--at {text!r} is beyond the calendar, which has the years 1 to 9999.") from err
