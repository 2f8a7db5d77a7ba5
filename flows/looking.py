"""The command `status`: one pipeline, or all of them one under the other.

Add here what is asked of the state of pipelines and changes nothing. How it is written is in `lines.py`.
"""

import argparse

from configs import environment, inventory, loader
from configs.errors import IncumbentError
from flows import commands, lines
from flows.terminal import Terminal
from tasks.adapters import cutting, notifications, pages, running_server
from tasks.adapters.home import Home


def status(hands: Home, chosen: argparse.Namespace, screen: Terminal) -> int:
    """The pipeline that is named, or all: those of the folder, and the examples that have run here.

    One that is broken is named, and the others are shown; returns the exit code of the first that is not 0.
    """
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


def _broken(name: str, problem: IncumbentError, screen: Terminal) -> int:
    screen.facts({"pipeline": name, "error": str(problem)})
    print(environment.without_secrets(f"{name}: {problem}"), file=screen.err)
    return problem.exit_code


def _one(hands: Home, chosen: argparse.Namespace, screen: Terminal) -> int:
    settings, waiting = hands.settings(chosen.pipeline), commands.look(hands, chosen.pipeline)
    told = pages.read_history(hands, chosen.pipeline)
    names = [delivery.name for delivery in waiting.deliveries]
    asked = hands.ledger.inbox.open(chosen.pipeline)
    owed = [alert for _, alert in notifications.owed(hands, chosen.pipeline)]
    if chosen.json:
        live = told.promotions[-1].version if told.promotions else None
        turns = [lines.turn_object(chosen.pipeline, turn, settings.training.problem) for turn in told.turns[-5:]]
        inbox_now = [{"kind": one.kind, "evidence": one.evidence} for one in asked]
        facts = {"pipeline": chosen.pipeline, "champion": live, "waits": names, "triggers": inbox_now}
        facts["gone"] = cutting.gone(hands, chosen.pipeline)
        facts["held"] = sorted(hands.ledger.promotions.held(chosen.pipeline))
        screen.facts({**facts, "alerts": [one.text for one in owed], "turns": turns})
    else:
        screen.show(lines.status(told, settings, names, width=screen.width))
        holder, server = hands.ledger.lease.holder(chosen.pipeline), running_server.find(hands.folder)
        worker = holder.who if holder is not None and holder.lives else None
        screen.show(lines.at_work(asked, owed, worker, server.ui if server else None))
        commands.tell_gone(hands, chosen.pipeline, screen)
    commands.require_source(waiting)
    return 0
