"""The command `backtest`: what another rule of promotion would have cost, from the models that there are."""

import argparse
from typing import TYPE_CHECKING

from flows.console import experiments, program
from flows.console.arguments import Arguments

if TYPE_CHECKING:
    from flows.console.terminal import Terminal
    from tasks.adapters.home import Home

ARGUMENTS: Arguments = {
    "--set": {
        "action": "append",
        "default": [],
        "metavar": "KEY=VALUE",
        "dest": "changes",
        "help": "promotion.false_promotion_every=50, or promotion.min_relative_gain; as often as it takes",
    },
    "--suggest": {"action": "store_true", "help": "try a range of thresholds, and name the one that loses least"},
}


def command(hands: "Home", chosen: argparse.Namespace, screen: "Terminal") -> int:
    """Each rule beside what was live, never and always; a page with the picture."""
    from tasks.experiments import backtest_account
    from tasks.experiments.steps import backtesting

    answer = backtesting.ask(hands, chosen.pipeline, chosen.changes, chosen.suggest)
    path = backtesting.publish(hands, answer)
    for walk in answer.walks:
        screen.facts({"pipeline": answer.pipeline, **backtest_account.as_object(answer.lots, walk)})
    experiments.show(screen, backtest_account.of(answer.lots, answer.walks, answer.settings))
    screen.show(["", f"Page: {program.path(path)}"])
    return 0
