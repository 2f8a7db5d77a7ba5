"""The command `verify`: what differs from the ledger, what of it can be repaired, and whether models can be made again.

It needs no Prefect. What is looked at belongs to `tasks.lineage.verify`.
"""

import argparse
from collections.abc import Iterator

from configs.errors import Damaged
from flows.console import program
from flows.console.terminal import Terminal
from tasks.adapters.home import Home
from tasks.lineage.verify.findings import Finding


def verify(hands: Home, chosen: argparse.Namespace, screen: Terminal) -> int:
    """Compare everything with the ledger, after repairing what can be repaired if asked to; returns the exit code."""
    from tasks.lineage.steps import verification

    pipeline = chosen.pipeline
    hands.settings(pipeline)
    if chosen.repair:
        _repair(hands, pipeline, screen)
    found = list(verification.verify(hands, pipeline))
    for finding in found:
        screen.facts({"pipeline": pipeline, "invariant": finding.invariant, "finding": finding.text})
    if not chosen.json:
        screen.alarm([f"{finding.invariant}  {finding.text}" for finding in found])
    again = list(_retrain(hands, pipeline, chosen, screen)) if chosen.retrain else []
    counted = {"batches": len(hands.ledger.batches.all(pipeline)), "models": len(hands.ledger.models.all(pipeline))}
    screen.facts({"pipeline": pipeline, **counted, "findings": len(found) + len(again)})
    if not chosen.json:
        offered = not chosen.repair and any(finding.repairable for finding in found)
        screen.show(list(_summary(pipeline, counted, len(found) + len(again), offered=offered)))
    return Damaged.exit_code if found or again else 0


def _repair(hands: Home, pipeline: str, screen: Terminal) -> None:
    from tasks.lineage.steps import repair

    with hands.ledger.lease.held(pipeline):
        done = repair.repair(hands, pipeline)
    screen.facts({"pipeline": pipeline, "restored": done.restored, "lost": done.lost})
    screen.show([f"restored: {text}." for text in done.restored] or [f"{pipeline}: nothing was to be repaired."])
    screen.show([f"cannot be restored: {text}." for text in done.lost])


def _retrain(hands: Home, pipeline: str, chosen: argparse.Namespace, screen: Terminal) -> Iterator[Finding]:
    """Make every model again, one line each; gives those that answer otherwise."""
    from tasks.lineage.steps import retraining

    for made in retraining.retrain(hands, pipeline):
        facts = {"model": made.model, "version": made.version, "retrained": made.outcome, "told": made.text}
        screen.facts({"pipeline": pipeline, **facts})
        finding = made.finding
        if finding is not None:
            screen.facts({"pipeline": pipeline, "invariant": finding.invariant, "finding": finding.text})
            yield finding
        if not chosen.json:
            (screen.alarm if finding else screen.show)([f"{'I12  ' if finding else ''}{made.text}"])


def _summary(pipeline: str, counted: dict[str, int], found: int, *, offered: bool) -> Iterator[str]:
    looked = f"{counted['batches']} batches and {counted['models']} models recomputed from their bytes"
    yield f"{pipeline}: {looked}; {found or 'nothing'} found to differ from the ledger."
    if offered:
        repair = program.command(f"verify {pipeline} --repair")
        yield f"What is only shown wrongly (MLflow, drift pages, the report) can be restored: {repair}"
