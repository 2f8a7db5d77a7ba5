"""Proves from the bytes up that what the ledger says is true (I1, I2, I4 to I10): one finding per difference.

It only reads. What is looked at is in the package `checks`, what counts as a difference in `tasks.lineage.verify`.
"""

from collections.abc import Iterator
from json import JSONDecodeError

from configs.errors import Damaged
from tasks.adapters.home import Home
from tasks.lineage.verify.checks import (
    corrected_labels,
    joined_tables,
    leaks,
    ledger_copy,
    logged_answers,
    models,
    projections,
    recount,
    refit_pair,
    triggers,
)
from tasks.lineage.verify.checks.ledger_copy import Recorded
from tasks.lineage.verify.findings import Finding


def verify(home: Home, pipeline: str) -> Iterator[Finding]:
    """Every way in which stored data, bundles, decisions and what is shown of them differ from the ledger.

    Args:
        home: What is checked.
        pipeline: Whose part of it.
    """
    recorded, counted = ledger_copy.read(home, pipeline), recount.Counted()
    damaged: set[str] = set()
    yield from recorded.unreadable
    yield from _guarded(recount.check(home, recorded, counted), recorded)
    yield from _guarded(models.check(home, recorded, damaged), recorded)
    if counted.whole and not recorded.unreadable:
        yield from recount.check_deliveries(home, recorded)
        yield from models.check_selections(home, recorded)
        yield from models.check_gates(home, recorded, damaged)
        yield from refit_pair.check(home, recorded, damaged)
        yield from corrected_labels.check(home, recorded, damaged)
    yield from _guarded(triggers.check(home, recorded), recorded)
    yield from _guarded(projections.check_mlflow(home, recorded), recorded)
    yield from _guarded(projections.check_drift(home, recorded), recorded)
    yield from _guarded(projections.check_report(home, recorded, counted), recorded)
    yield from _guarded(joined_tables.check(home, recorded), recorded)
    yield from _guarded(logged_answers.check(home, recorded), recorded)
    yield from _guarded(leaks.check(home, pipeline), recorded)


def _guarded(check: Iterator[Finding], recorded: Recorded) -> Iterator[Finding]:
    """A check that meets a row which cannot be read ends there; that row is a finding once."""
    try:
        yield from check
    except (Damaged, JSONDecodeError) as problem:
        if not recorded.unreadable:
            recorded.unreadable.append(Finding("I6", f"A record in the ledger cannot be read: {problem}"))
            yield recorded.unreadable[-1]
