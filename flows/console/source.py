"""What commands say of a pipeline's source: what waits in it, what was counted twice, what it has lost.

Add here what more than one command asks of a source. How it is looked at belongs to `tasks.ingestion`.
"""

from flows.console import lines, program
from flows.console.terminal import Terminal
from tasks.adapters.home import Home
from tasks.ingestion.sources import source_kinds
from tasks.ingestion.steps import arrivals
from tasks.ingestion.steps.arrivals import Waiting


def look(hands: Home, pipeline: str) -> Waiting:
    """What waits for a pipeline."""
    with program.pointing_to_the_example(pipeline):
        return arrivals.look(hands, pipeline)


def require(waiting: Waiting) -> None:
    """Raise what kept a source from delivering; asked when all that waits all the same has been done or told."""
    if waiting.problem is not None:
        raise waiting.problem


def tell_gone(hands: Home, pipeline: str, screen: Terminal) -> None:
    """Warn as long as a source that is cut into batches has lost rows."""
    for name in arrivals.sources(hands, pipeline):
        origin, gone = hands.settings(name).ingestion.source.origin, source_kinds.of(hands, name).gone()
        if origin is not None and gone:
            screen.facts({"pipeline": pipeline, "source": origin, "gone": gone})
            screen.show([f"{pipeline}: {lines.gone_line(origin, gone)}"])


def tell_duplicates(hands: Home, pipeline: str, waiting: Waiting, screen: Terminal) -> None:
    """One line for each delivery of known content that waited and has been counted since."""
    counted = hands.ledger.batches.deliveries(pipeline)
    for copy in waiting.duplicates:
        if copy.name in counted.get(copy.digest, ()):
            screen.facts({"pipeline": pipeline, "batch": copy.name, "status": "duplicate"})
            screen.show([lines.duplicate_line(copy.name)])


def folder(hands: Home, pipeline: str) -> str:
    """The landing folder, as the user would write it here; or the address of a prefix."""
    if hands.settings(pipeline).ingestion.source.is_elsewhere:
        return source_kinds.of(hands, pipeline).where
    return program.path(hands.landing(pipeline))
