"""Proves from the bytes up that what the ledger says is true (I1, I2, I4, I5, I6, I9, I10): one finding per difference.

It only reads. What is looked at is in the package `checks`, what counts as a difference in `tasks.lineage.verify`.
"""

from collections.abc import Iterator
from json import JSONDecodeError

from configs.errors import Damaged
from tasks.adapters.home import Home
from tasks.lineage.verify.checks import leaks, ledger_copy, models, projections, recount, refit_pair, triggers
from tasks.lineage.verify.checks.ledger_copy import Recorded
from tasks.lineage.verify.findings import Finding


def verify(home: Home, pipeline: str) -> Iterator[Finding]:
    """Every way in which stored data, bundles, decisions and what is shown of them differ from the ledger.

    Args:
        home: What is checked.
        pipeline: Whose part of it.
    """
    told, counted = ledger_copy.read(home, pipeline), recount.Counted()
    damaged: set[str] = set()
    yield from told.unreadable
    yield from _guarded(recount.check(home, told, counted), told)
    yield from _guarded(models.check(home, told, damaged), told)
    if counted.whole and not told.unreadable:
        yield from recount.check_deliveries(home, told)
        yield from models.check_selections(home, told)
        yield from models.check_gates(home, told, damaged)
        yield from refit_pair.check(home, told, damaged)
    yield from _guarded(triggers.check(home, told), told)
    yield from _guarded(projections.check_mlflow(home, told), told)
    yield from _guarded(projections.check_drift(home, told), told)
    yield from _guarded(projections.check_report(home, told, counted), told)
    yield from _guarded(leaks.check(home, pipeline), told)


def _guarded(check: Iterator[Finding], told: Recorded) -> Iterator[Finding]:
    """A check that meets a row which cannot be read ends there; that row is a finding once."""
    try:
        yield from check
    except (Damaged, JSONDecodeError) as problem:
        if not told.unreadable:
            told.unreadable.append(Finding("I6", f"A record in the ledger cannot be read: {problem}"))
            yield told.unreadable[-1]
