"""The command `experiment`: what a pipeline has taken in is replayed under other settings; nothing live is touched."""

import argparse
from typing import TYPE_CHECKING

from configs.environment import DEFAULT_PIPELINE
from flows.console import experiments, program
from flows.console.arguments import Arguments, pipeline

if TYPE_CHECKING:
    from flows.console.terminal import Terminal
    from tasks.adapters.home import Home

ARGUMENTS: Arguments = {
    "pipeline": pipeline(),
    "name": {"nargs": "?", "default": "", "metavar": "NAME", "help": "of the experiment (default: by what it changes)"},
    "--set": {
        "action": "append",
        "default": [],
        "metavar": "KEY=VALUE",
        "dest": "changes",
        "help": "a setting that differs, such as training.candidates.0.max_iter=300; as often as it takes",
    },
    "--from": {
        "default": "",
        "metavar": "VERSION_OR_BATCH",
        "dest": "start",
        "help": "replay from this batch on, or from when this version went live (default: all)",
    },
    "--list": {"action": "store_true", "help": "how all experiments of the pipeline stand; the same as `experiments`"},
}


def command(hands: "Home", chosen: argparse.Namespace, screen: "Terminal") -> int:
    """Say what it will cost, replay, and show how it stands beside what was live."""
    if chosen.list:
        return experiments.command(hands, chosen, screen)
    from tasks.adapters.prefect import events
    from tasks.experiments import experiment_account, plans
    from tasks.experiments.steps import comparing, planning

    name = chosen.pipeline if chosen.pipeline is not None else DEFAULT_PIPELINE
    plan, settings = planning.plan(hands, name, chosen.name, chosen.changes, chosen.start)
    cost = planning.cost(hands, plan, settings)
    screen.show([plans.foretold(plan, cost)])
    if cost.left:
        from flows.console import connection

        with connection.connected(hands, name, screen, stage=False):
            from flows.experiment import experiment

            about = {"pipeline": name, "name": plan.name, "start": plan.start}
            events.value_of(experiment(list(plan.changes), **about, return_state=True))
    screen.close()
    standing = comparing.standing(hands, plan)
    screen.facts(experiment_account.as_object(standing))
    experiments.show(screen, [experiment_account.alone(standing, hands.settings(name))])
    experiments.show_page(hands, name, screen)
    screen.show([f"Next: {program.command('experiments')} {name}, {program.command('adopt')} {name} {plan.name}"])
    return 0
