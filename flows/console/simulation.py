"""The command `simulate`: a faulty batch for the loop to answer, and what to expect of it."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from configs.environment import DEFAULT_PIPELINE
from flows.console import program
from flows.console.terminal import Terminal
from tasks.adapters.home import Home
from tasks.lineage import faults
from tasks.lineage.faults import SimulatedFault
from tasks.reporting import titles

if TYPE_CHECKING:
    from tasks.lineage.steps.simulation import Written


def simulate(hands: Home, pipeline: str, name: str, column: str | None, screen: Terminal) -> int:
    """Write the batches of one fault and say what the loop should do with them; returns the exit code.

    Args:
        hands: Where everything is.
        pipeline: Its pipeline.
        name: The fault, as it was typed.
        column: The feature that is to be wrong, if one was named.
        screen: What is printed to.
    """
    fault = faults.find(name)
    hands.settings(pipeline)
    from tasks.lineage.steps import simulation

    with program.pointing_to_the_example(pipeline):
        written = simulation.simulate(hands, pipeline, fault, column)
    for one in written:
        counts = {"rows": one.rows, "base": one.base, "first": one.first.isoformat(), "changed": one.changed}
        screen.facts({"pipeline": pipeline, "batch": one.name, "path": str(one.path), "fault": fault, **counts})
    screen.show(list(_lines(hands, pipeline, fault, written)))
    return 0


def _lines(hands: Home, pipeline: str, fault: SimulatedFault, written: "Sequence[Written]") -> Iterator[str]:
    settings, folder = hands.settings(pipeline), hands.landing(pipeline)
    yield f"Written to {folder}, a damaged copy of {written[0].base}:"
    for one in written:
        rows = titles.number_of(one.rows, settings.reporting.row)
        yield f"  {one.name}: {rows} from {one.first:%Y-%m-%d} on"
    yield f"{written[0].changed}."
    yield f"Expected answer: {faults.ANSWERS[fault]}."
    if fault is SimulatedFault.CONCEPT:
        yield "It will be learned from, for good: try it in a home of its own (INCUMBENT_HOME)."
    yield f"Next: {program.command('run' if pipeline == DEFAULT_PIPELINE else f'run {pipeline}')}"
