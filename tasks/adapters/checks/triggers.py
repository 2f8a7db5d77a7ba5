"""Triggers: each ends once, none is lost, nothing is trained twice (I4); and each turn says why it ended so (I9)."""

from collections.abc import Iterator

from tasks.adapters.checks.recorded import Recorded
from tasks.adapters.home import Home
from tasks.core.lineage import inbox
from tasks.core.lineage.findings import Finding
from tasks.core.turns import Outcome


def check(home: Home, recorded: Recorded) -> Iterator[Finding]:
    """Every trigger that ended in no way or in two, and every training that was done twice.

    Args:
        home: With the ledger.
        recorded: What the ledger says.
    """
    yield from inbox.trained_once(recorded.models)
    for turn in recorded.done:
        if not turn["reasons"]:
            yield Finding("I9", f"turn {turn['number']} ended as {turn['outcome']} without a reason")
    if any(one.invariant == "I4" for one in recorded.unreadable):
        return
    yield from inbox.triggers_end(recorded.triggers, home.ledger.audit.ends(recorded.pipeline), recorded.outcomes)
    done = {turn["number"]: turn["batch"] for turn in recorded.done if turn["outcome"] != Outcome.FAILED}
    yield from inbox.turns_were_asked_for(recorded.triggers, done)
