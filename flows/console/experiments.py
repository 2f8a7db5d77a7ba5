"""The command `experiments`: how the experiments of a pipeline stand beside each other, and their page."""

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from flows.console import program
from flows.console.arguments import Arguments

if TYPE_CHECKING:
    from flows.console.terminal import Terminal
    from tasks.adapters.home import Home
    from tasks.reporting.account_page import Section

ARGUMENTS: Arguments = {}


def command(hands: "Home", chosen: argparse.Namespace, screen: "Terminal") -> int:
    """One line for each, corrected for how many were tried; the page is written anew."""
    from tasks.experiments import experiment_account
    from tasks.experiments.steps import comparing

    pipeline = chosen.pipeline
    settings, standings = hands.settings(pipeline), comparing.standings_of(hands, pipeline)
    for standing in standings:
        screen.facts(experiment_account.as_object(standing))
    show(screen, [experiment_account.overview(pipeline, standings, settings)])
    if standings:
        from tasks.experiments.steps import publishing

        publishing.write_page(hands, pipeline)
        show_page(hands, pipeline, screen)
    return 0


def show(screen: "Terminal", sections: "Sequence[Section]") -> None:
    """Sections as text."""
    from flows.console import account, lines

    width = screen.width or lines.WIDEST
    screen.show([line for part in sections for line in account.text(part, width)])


def show_page(hands: "Home", pipeline: str, screen: "Terminal") -> None:
    """Where the page is."""
    from tasks.experiments.steps import publishing

    screen.show(["", f"Page: {program.path(publishing.page(hands, pipeline))}"])
