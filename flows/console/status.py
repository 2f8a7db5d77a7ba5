"""The command `status`: one pipeline, or all of them one under the other.

Add here what is asked of the state of pipelines and changes nothing. How it is written is in `lines.py`.
"""

import argparse
import os
from typing import TYPE_CHECKING

from configs import environment
from configs.environment import DEFAULT_PIPELINE
from configs.errors import IncumbentError, InvalidSettings
from flows.console import arguments, program
from flows.console.arguments import Arguments

if TYPE_CHECKING:
    from flows.console.terminal import Terminal
    from tasks.adapters.home import Home

ARGUMENTS: Arguments = {
    "pipeline": arguments.pipeline(usual="all"),
    "--all": {"action": "store_true", "help": "one line for each pipeline, and a page over all of them"},
}


def command(hands: "Home", chosen: argparse.Namespace, screen: "Terminal") -> int:
    """The pipeline that is named, or all: those of the folder, and the examples that have run here.

    One that is broken is named, and the others are shown; returns the exit code of the first that is not 0.
    """
    from configs import inventory, loader

    if chosen.all:
        return _overview(hands, chosen, screen)
    if chosen.named is not None:
        return _one(hands, chosen, screen)
    ran = [name for name in loader.examples() if hands.report(name).exists()]
    names, strays = [*loader.known(), *ran], dict(inventory.unusable_names())
    if len(names) < 2 and not strays:
        chosen.pipeline = names[0] if names else chosen.pipeline
        return _one(hands, chosen, screen)
    codes = []
    for place, name in enumerate(names):
        screen.show([""] if place else [])
        chosen.pipeline = name
        try:
            codes.append(_one(hands, chosen, screen))
        except IncumbentError as problem:
            codes.append(_broken(name, problem, screen))
    codes += [_broken(name, problem, screen) for name, problem in strays.items()]
    return next((code for code in codes if code), 0)


def _overview(hands: "Home", chosen: argparse.Namespace, screen: "Terminal") -> int:
    """One line each; gives the exit code of a pipeline file that cannot be read, if one cannot."""
    from dataclasses import asdict

    from flows.console import every, lines
    from tasks.reporting import overview
    from tasks.reporting.steps import overview_file

    every.require_unnamed(chosen, "--all")
    standing, now = overview_file.pipelines(hands), hands.clock()
    if chosen.json:
        for one in standing:
            moments = {name: at and at.isoformat() for name, at in (("since", one.since), ("ended", one.ended))}
            screen.facts({**asdict(one), **moments, "waits": one.waits})
    else:
        rows = [overview.row(one, now) for one in standing]
        aligned = lines.table([tuple(cell for cell in row[:-1]) for row in [overview.HEAD, *rows]], right=-1)
        last = [overview.HEAD[-1], *(row[-1] for row in rows)]
        for line, rest in zip(aligned, last, strict=True):
            screen.show(lines.beside(line, rest, screen.width))
        if hands.overview.exists():
            screen.show([f"Page: {program.path(overview_file.write(hands))}"])
    return next((InvalidSettings.exit_code for one in standing if one.problem), 0)


def _broken(name: str, problem: IncumbentError, screen: "Terminal") -> int:
    screen.facts({"pipeline": name, "error": str(problem)})
    print(environment.without_secrets(f"{name}: {problem}"), file=screen.err)
    return problem.exit_code


def _one(hands: "Home", chosen: argparse.Namespace, screen: "Terminal") -> int:
    from flows.console import lines, source
    from tasks.adapters.prefect import notifications, running_server
    from tasks.ingestion.sources import source_kinds
    from tasks.reporting.steps import report_file

    settings = hands.settings(chosen.pipeline)
    if _is_untouched(hands, chosen.pipeline):
        return _how_to_begin(hands, chosen, screen)
    waiting = source.look(hands, chosen.pipeline)
    history = report_file.read_history(hands, chosen.pipeline)
    names = [delivery.name for delivery in waiting.deliveries]
    asked = hands.ledger.inbox.open(chosen.pipeline)
    alerts = notifications.shown(hands, chosen.pipeline)
    if chosen.json:
        live = history.promotions[-1].version if history.promotions else None
        turns = [lines.turn_object(chosen.pipeline, turn, settings.training.kind) for turn in history.turns[-5:]]
        inbox_now = [{"kind": one.kind, "evidence": one.evidence} for one in asked]
        facts = {"pipeline": chosen.pipeline, "champion": live, "waits": names, "triggers": inbox_now}
        facts["gone"] = source_kinds.of(hands, chosen.pipeline).gone()
        facts["barred"] = sorted(hands.ledger.promotions.held(chosen.pipeline))
        screen.facts({**facts, "alerts": [one.text for one in alerts], "turns": turns})
    else:
        screen.show(lines.status(history, settings, names, width=screen.width))
        holder, server = hands.ledger.lease.holder(chosen.pipeline), running_server.find(hands.folder)
        worker = holder.who if holder is not None and holder.lives else None
        screen.show(lines.at_work(asked, alerts, worker, server.ui if server else None))
        source.tell_gone(hands, chosen.pipeline, screen)
    source.require(waiting)
    return 0


def _is_untouched(hands: "Home", pipeline: str) -> bool:
    """Whether nothing was ever done for it, and the folder that it would watch in the home was not even made."""
    source = hands.settings(pipeline).ingestion.source
    if source.origin is not None or source.folder is not None or os.path.lexists(hands.landing(pipeline)):
        return False
    if hands.report(pipeline).exists():
        return False
    if not hands.has_ledger:
        return not (hands.folder / "store").exists()  # to look at a home makes no ledger in it
    return not hands.ledger.turns.all(pipeline)


def _how_to_begin(hands: "Home", chosen: argparse.Namespace, screen: "Terminal") -> int:
    pipeline = chosen.pipeline
    kind = hands.settings(pipeline).ingestion.source.kind
    ways = [f"Put {kind} files into {hands.landing(pipeline)}, then type {program.command('run')} {pipeline}."]
    if pipeline == DEFAULT_PIPELINE:
        ways.insert(0, f"The example's data: {program.command('prepare')}.")
    if chosen.json:
        screen.facts({"pipeline": pipeline, "champion": None, "waits": [], "turns": []})
    else:
        screen.show([f"{pipeline}: nothing is there yet. {' '.join(ways)}"])
    return 0
