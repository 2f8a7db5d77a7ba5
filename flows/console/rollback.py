"""What `rollback`, `release` and `history --at` do. They need no Prefect: going back works when nothing else does."""

import argparse
import re
from datetime import UTC, datetime, time

from configs.errors import MistakeOfUser
from flows.console import program
from flows.console.lines import clean
from flows.console.terminal import Terminal
from tasks.adapters import lookup
from tasks.adapters.home import Home
from tasks.adapters.processes import identity
from tasks.lineage.steps import live_version
from tasks.promotion import rollback as rules
from tasks.promotion.steps import return_to
from tasks.reporting import titles

_DAY = re.compile(r"\d{4}-?\d{2}-?\d{2}")


def rollback(hands: Home, chosen: argparse.Namespace, screen: Terminal) -> int:
    """Make an earlier version live: checked first, then one row in the ledger, then MLflow's alias and the report."""
    pipeline, by = chosen.pipeline, chosen.by or identity.user()
    hands.settings(pipeline)
    rules.require_words(chosen.reason, by)
    way = return_to.find_way(hands, pipeline, None if chosen.to is None else lookup.version(chosen.to))
    checked = ""
    with hands.ledger.lease.held(pipeline):
        if not way.done:
            checked = return_to.require_old_answers(hands, way)
            return_to.make_live(hands, way, by, chosen.reason)
            screen.show([f"{pipeline}: v{way.version} is live again in place of v{way.live.version}; {checked}."])
        else:
            screen.show([f"{pipeline}: v{way.version} is live already, since {titles.since(way.live)}."])
        problem = live_version.show(hands, pipeline)
    held = sorted(hands.ledger.promotions.held(pipeline))
    live = hands.ledger.promotions.all(pipeline)[-1]
    told = {"pipeline": pipeline, "champion": live.version, "previous": live.previous, "changed": not way.done}
    screen.facts({**told, "at": live.at.isoformat(), "by": live.by, "reason": live.reason, "checked": checked,
                  "held": held, "shown": not problem, "problem": problem})  # fmt: skip
    undone = [] if way.hold or way.done else [f"  v{way.live.version} is not held off: this undoes the last rollback."]
    screen.show([_shown(problem), *undone, *held_lines(pipeline, held)])
    return 0


def release(hands: Home, chosen: argparse.Namespace, screen: Terminal) -> int:
    """Let automation have a version again that a rollback took off; who is live does not change."""
    pipeline, version, by = chosen.pipeline, lookup.version(chosen.version), chosen.by or identity.user()
    hands.settings(pipeline)
    rules.require_words(chosen.reason, by)
    was_held = return_to.release(hands, pipeline, version, by, chosen.reason)
    problem = live_version.show_release(hands, pipeline) if was_held else ""
    held = sorted(hands.ledger.promotions.held(pipeline))
    screen.facts({"pipeline": pipeline, "version": version, "released": was_held, "held": held, "problem": problem})
    told = "is released: automation may have it again" if was_held else "was not held off"
    late = [f"  The report could not be told ({problem}); the next turn makes up for it."] if problem else []
    screen.show([f"{pipeline}: v{version} {told}.", *late, *held_lines(pipeline, held)])
    return 0


def history_at(hands: Home, chosen: argparse.Namespace, screen: Terminal) -> int:
    """Which version was live at a moment, made so by whom, and why."""
    pipeline, now = chosen.pipeline, hands.clock()
    moment, history = _moment(chosen.at, now), hands.ledger.promotions.all(pipeline)
    if moment > now:
        raise MistakeOfUser(f"--at {chosen.at}: that is yet to come; it is {titles.moment(now)} now.")
    reign = rules.live_at(history, moment)
    asked = f"{pipeline}, {titles.moment(moment)}"
    if reign is None:
        first = f"; the first one was live from {titles.moment(history[0].at)}" if history else ""
        screen.facts({"pipeline": pipeline, "at": moment.isoformat(), "champion": None})
        screen.show([f"{asked}: no champion yet{first}."])
        return 0
    made, ended = reign.made, reign.ended
    facts = {"pipeline": pipeline, "at": moment.isoformat(), "champion": made.version, "since": made.at.isoformat()}
    until = {"until": ended.at.isoformat() if ended else None}
    screen.facts({**facts, **until, "turn": made.turn, "by": made.by, "reason": made.reason})
    cause = f"by {made.by} in turn {made.turn}" if made.turn is not None else f"by a rollback of {made.by}"
    end = f"until {titles.moment(ended.at)}" if ended else "and it still is"
    screen.show([
        f"{asked}: v{made.version} was live.",
        f"  since {titles.moment(made.at)}, {cause}: {titles.ended(made.reason)}",
        f"  {end}{f', when v{ended.version} followed' if ended else ''}.",
    ])  # fmt: skip
    return 0


def held_lines(pipeline: str, held: list[int]) -> list[str]:
    """For each version that is held off, how it is released."""
    return [
        f"  v{version} is held off: automation does not make it live again until "
        f"`{program.command(f'release {clean(pipeline)} {version}')}`"
        for version in held
    ]


def _shown(problem: str) -> str:
    if problem:
        return f"  MLflow or the report could not be told ({problem}); the next run makes up for it."
    return "  MLflow's alias `champion` and the report say so."


def _moment(text: str, now: datetime) -> datetime:
    """A moment as somebody types it; without a zone it is UTC. A date alone is the end of that day, or now."""
    try:
        found = datetime.fromisoformat(text.strip())
        is_day = _DAY.fullmatch(text.strip()) is not None
    except ValueError as err:
        raise MistakeOfUser(
            f"--at {text!r} is no time. Write it as 2026-11-21, 2026-11-21T07:38 or 2026-11-21T07:38+01:00 (else UTC)."
        ) from err
    try:
        if is_day:
            return min(datetime.combine(found, time.max, UTC), max(now, datetime.combine(found, time.min, UTC)))
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except OverflowError as err:
        raise MistakeOfUser(f"--at {text!r} is beyond the calendar, which has the years 1 to 9999.") from err
