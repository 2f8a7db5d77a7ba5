"""Triggers: each ends once, none is lost, nothing is trained twice (I4); and each turn says why it ended so (I9)."""

from collections.abc import Iterator

from tasks.adapters.home import Home
from tasks.domain.turns import Outcome
from tasks.lineage.verify import causes
from tasks.lineage.verify.checks.ledger_copy import Recorded
from tasks.lineage.verify.findings import Finding


def check(home: Home, recorded: Recorded) -> Iterator[Finding]:
    """Every trigger that ended in no way or in two, and every training that was done twice.

    Args:
        home: With the ledger.
        recorded: What the ledger says.
    """
    yield from causes.trained_once(recorded.models)
    for turn in recorded.done:
        if not turn["reasons"]:
            yield Finding("I9", f"turn {turn['number']} ended as {turn['outcome']} without a reason")
    if any(one.invariant == "I4" for one in recorded.unreadable):
        return
    yield from causes.triggers_end(recorded.triggers, home.ledger.audit.ends(recorded.pipeline), recorded.outcomes)
    done = {turn["number"]: turn["batch"] for turn in recorded.done if turn["outcome"] != Outcome.FAILED}
    yield from causes.turns_were_asked_for(recorded.triggers, done)
