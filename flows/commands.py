"""What each command does. Flows, and with them Prefect, are imported only by those that run one."""

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from configs import environment
from configs.environment import DEFAULT_PIPELINE
from configs.errors import BadInput, Damaged
from flows import announcements, lines, terminal
from flows.announcements import STEPS, Announcement, Step, TurnDone
from flows.terminal import Terminal
from tasks.adapters import home, inbox, pages
from tasks.adapters.home import Home
from tasks.core.records import Outcome


def execute(chosen: argparse.Namespace) -> int:
    """Do one command; returns the exit code.

    Args:
        chosen: The parsed command line: command, pipeline, quiet, json.
    """
    hands = home.current()
    screen = terminal.open_terminal(quiet=chosen.quiet, as_json=chosen.json, out=sys.stdout, err=sys.stderr)
    try:
        return int(_COMMANDS[chosen.command](hands, chosen, screen))
    finally:
        screen.close()
        hands.close()


def _run(hands: Home, chosen: argparse.Namespace, screen: Terminal) -> int:
    pipeline = chosen.pipeline
    settings, waiting = hands.settings(pipeline), inbox.look(hands, pipeline)
    folder = _short(hands, pipeline)
    if waiting.nothing:
        screen.show([lines.nothing_waits(pages.read_history(hands, pipeline), folder)])
        return 0
    screen.waiting(pipeline, [delivery.name for delivery in waiting.deliveries], folder)
    with _prefect(hands, pipeline, _listener(hands, pipeline, screen)):
        from flows.continuous_training import continuous_training

        done = continuous_training(pipeline)
    suffix = "" if pipeline == DEFAULT_PIPELINE else f" {pipeline}"
    screen.summary(pages.read_history(hands, pipeline), settings, _relative(done.report), suffix)
    return BadInput.exit_code if Outcome.REFUSED in done.outcomes else 0


def _ingest(hands: Home, chosen: argparse.Namespace, screen: Terminal) -> int:
    with _prefect(hands, chosen.pipeline, _listener(hands, chosen.pipeline, screen), stage=False):
        from flows.ingest import ingest

        taken = ingest(chosen.pipeline)
    told = [f"{one.name}: {one.reason or f'{one.accepted:,} accepted, {one.quarantined:,} quarantined'}" for one in taken]
    screen.show(told or [f"{chosen.pipeline}: nothing waits."])
    return BadInput.exit_code if any(one.reason for one in taken) else 0


def _monitor(hands: Home, chosen: argparse.Namespace, screen: Terminal) -> int:
    with _prefect(hands, chosen.pipeline, _listener(hands, chosen.pipeline, screen), stage=False):
        from flows.monitor import monitor

        health = monitor(chosen.pipeline)
    screen.show([f"{health.state.replace('_', ' ')}: {' '.join(health.reasons)}"])
    return 0


def _train(hands: Home, chosen: argparse.Namespace, screen: Terminal) -> int:
    with _prefect(hands, chosen.pipeline, _listener(hands, chosen.pipeline, screen), stage=False):
        from flows.train import train

        outcome = train(chosen.pipeline)
    told = pages.read_history(hands, chosen.pipeline).turns
    ended = [turn for turn in told if turn.outcome is not None]
    screen.show([f"{chosen.pipeline}: no turn waits."] if outcome is None else [lines.plain_line(ended[-1])])
    return 0


def _status(hands: Home, chosen: argparse.Namespace, screen: Terminal) -> int:
    settings, waiting = hands.settings(chosen.pipeline), inbox.look(hands, chosen.pipeline)
    told = pages.read_history(hands, chosen.pipeline)
    names = [delivery.name for delivery in waiting.deliveries]
    if chosen.json:
        live = told.promotions[-1].version if told.promotions else None
        turns = [lines.turn_object(chosen.pipeline, turn) for turn in told.turns[-5:]]
        _print_json({"pipeline": chosen.pipeline, "champion": live, "waits": names, "turns": turns})
    else:
        screen.show(lines.status(told, settings, names))
    return 0


def _history(hands: Home, chosen: argparse.Namespace, screen: Terminal) -> int:
    hands.settings(chosen.pipeline)
    told = pages.read_history(hands, chosen.pipeline)
    if chosen.json:
        for made in told.promotions:
            _print_json({**vars(made), "at": made.at.isoformat()})
    else:
        screen.show(lines.history_table(told))
    return 0


def _verify(hands: Home, chosen: argparse.Namespace, screen: Terminal) -> int:
    from tasks.adapters import verification

    hands.settings(chosen.pipeline)
    found = list(verification.verify(hands, chosen.pipeline))
    if chosen.json:
        for finding in found:
            _print_json({"pipeline": chosen.pipeline, "invariant": finding.invariant, "finding": finding.text})
    else:
        batches, models = hands.ledger.batches.all(chosen.pipeline), hands.ledger.models.all(chosen.pipeline)
        looked = f"{len(batches)} batches and {len(models)} models recomputed from their bytes"
        screen.show([f"{finding.invariant}  {finding.text}" for finding in found])
        screen.show([f"{chosen.pipeline}: {looked}; {len(found) or 'nothing'} found to differ from the ledger."])
    return Damaged.exit_code if found else 0


def _prepare(hands: Home, chosen: argparse.Namespace, screen: Terminal) -> int:
    from concurrent.futures import ThreadPoolExecutor

    from tasks.adapters import example, local_api

    folder = hands.landing(DEFAULT_PIPELINE)
    with ThreadPoolExecutor(1) as other:
        database = other.submit(local_api.ensure_database, hands.folder)
        written = example.prepare_flights(folder)
        assert hands.ledger
        assert hands.tracking
        database.result()
    screen.show([f"{DEFAULT_PIPELINE}: {len(written)} months of flights are in {_short(hands, DEFAULT_PIPELINE)}."])
    return 0


@contextmanager
def _prefect(
    hands: Home, pipeline: str, listener: Callable[[Announcement], None], *, stage: bool = True
) -> Iterator[None]:
    """Reach a Prefect API, local or named, with the helper process at hand.

    The API starts in its own process while this one imports; the helper's imports come after that, or three processes
    would share two cores.
    """
    from contextlib import ExitStack

    from tasks.adapters import backstage, local_api

    api = local_api.start(hands.folder, environment.read().prefect_api_url)
    with ExitStack() as opened:
        opened.callback(api.stop)
        from prefect import tags

        from flows import continuous_training

        assert continuous_training
        opened.enter_context(tags(pipeline))
        opened.enter_context(local_api.connected(api))
        if stage:
            opened.enter_context(backstage.open_stage(hands.folder, hands.ledger_url))
        opened.enter_context(announcements.heard_by(listener))
        yield


def _listener(hands: Home, pipeline: str, screen: Terminal) -> Callable[[Announcement], None]:
    def hear(told: Announcement) -> None:
        if isinstance(told, Step):
            screen.step(told.turn, told.batch, told.text, told.number, STEPS)
        elif isinstance(told, TurnDone):
            turns = pages.read_history(hands, pipeline).turns
            screen.turn(pipeline, next(turn for turn in turns if turn.number == told.turn))
        else:
            screen.closing(told.text)

    return hear


def _short(hands: Home, pipeline: str) -> str:
    return _relative(str(hands.landing(pipeline)))


def _relative(path: str) -> str:
    """A path as the user would write it here."""
    from pathlib import Path

    here = Path.cwd()
    return str(Path(path).relative_to(here)) if Path(path).is_relative_to(here) else path


def _print_json(value: dict[str, Any]) -> None:
    print(json.dumps(value, ensure_ascii=False))


_COMMANDS = {
    "run": _run,
    "ingest": _ingest,
    "monitor": _monitor,
    "train": _train,
    "status": _status,
    "history": _history,
    "verify": _verify,
    "prepare": _prepare,
}
