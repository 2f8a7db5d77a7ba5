"""The command `simulate`: a faulty batch for the loop to answer, and what to expect of it."""

import argparse
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from flows.console import program
from flows.console.arguments import Arguments
from tasks.lineage import faults
from tasks.lineage.faults import SimulatedFault

if TYPE_CHECKING:
    from flows.console.terminal import Terminal
    from tasks.adapters.home import Home
    from tasks.lineage.steps.simulation import Written

ARGUMENTS: Arguments = {
    "fault": {"help": f"faults to simulate: {', '.join(SimulatedFault)}"},
    "--column": {"help": "the feature to damage (default: the first that suits)"},
}


def command(hands: "Home", chosen: argparse.Namespace, screen: "Terminal") -> int:
    """Write the batches of one fault, and say what the loop should do with them."""
    pipeline, fault = chosen.pipeline, faults.find(chosen.fault)
    hands.settings(pipeline)
    from tasks.lineage.steps import simulation

    with program.pointing_to_the_example(pipeline):
        written = simulation.simulate(hands, pipeline, fault, chosen.column)
    for one in written:
        counts = {"rows": one.rows, "base": one.base, "first": one.first.isoformat(), "changed": one.changed}
        screen.facts({"pipeline": pipeline, "batch": one.name, "path": str(one.path), "fault": fault, **counts})
    screen.show(list(_lines(hands, pipeline, fault, written)))
    return 0


def _lines(hands: "Home", pipeline: str, fault: SimulatedFault, written: "Sequence[Written]") -> Iterator[str]:
    from tasks.reporting import titles

    settings, folder = hands.settings(pipeline), hands.landing(pipeline)
    yield f"Written to {folder}, a damaged copy of {written[0].base}:"
    for one in written:
        rows = titles.number_of(one.rows, settings.reporting.row)
        yield f"  {one.name}: {rows} from {one.first:%Y-%m-%d} on"
    yield f"{written[0].changed}."
    yield f"Expected answer: {faults.ANSWERS[fault]}."
    if fault is SimulatedFault.CONCEPT:
        yield "It will be learned from, for good: try it in a home of its own (INCUMBENT_HOME)."
    yield f"Next: {program.command(program.named('run', pipeline))}"
