"""The command `verify`: what differs from the ledger, what of it can be repaired, and whether models can be made again.

It needs no Prefect. What is looked at belongs to `tasks.lineage.verify`.
"""

import argparse
from collections.abc import Iterator
from typing import TYPE_CHECKING

from configs.errors import Damaged
from flows.console import program
from flows.console.arguments import Arguments

if TYPE_CHECKING:
    from flows.console.terminal import Terminal
    from tasks.adapters.home import Home
    from tasks.lineage.verify.findings import Finding

ARGUMENTS: Arguments = {
    "--retrain": {"action": "store_true", "help": "also make every model again, and compare what both answer"},
    "--repair": {"action": "store_true", "help": "first restore what is only shown: MLflow, drift pages, report"},
}


def command(hands: "Home", chosen: argparse.Namespace, screen: "Terminal") -> int:
    """Compare everything with the ledger, after repairing what can be repaired if asked to; returns the exit code."""
    from tasks.lineage.steps import verification

    pipeline = chosen.pipeline
    hands.settings(pipeline)
    if chosen.repair:
        _repair(hands, pipeline, screen)
    findings = list(verification.verify(hands, pipeline))
    for finding in findings:
        screen.facts({"pipeline": pipeline, "invariant": finding.invariant, "finding": finding.text})
    if not chosen.json:
        screen.alarm([f"{finding.invariant}  {finding.text}" for finding in findings])
    again = list(_retrain(hands, pipeline, chosen, screen)) if chosen.retrain else []
    counted = {"batches": len(hands.ledger.batches.all(pipeline)), "models": len(hands.ledger.models.all(pipeline))}
    screen.facts({"pipeline": pipeline, **counted, "findings": len(findings) + len(again)})
    if not chosen.json:
        offered = not chosen.repair and any(finding.repairable for finding in findings)
        screen.show(list(_summary(pipeline, counted, len(findings) + len(again), offered=offered)))
    return Damaged.exit_code if findings or again else 0


def _repair(hands: "Home", pipeline: str, screen: "Terminal") -> None:
    from tasks.lineage.steps import repair

    with hands.ledger.lease.held(pipeline):
        done = repair.repair(hands, pipeline)
    screen.facts({"pipeline": pipeline, "restored": done.restored, "lost": done.lost})
    screen.show([f"restored: {text}." for text in done.restored] or [f"{pipeline}: nothing was to be repaired."])
    screen.show([f"cannot be restored: {text}." for text in done.lost])


def _retrain(hands: "Home", pipeline: str, chosen: argparse.Namespace, screen: "Terminal") -> "Iterator[Finding]":
    """Make every model again, one line each; gives those that answer otherwise."""
    from tasks.lineage.steps import retraining

    for again in retraining.retrain(hands, pipeline):
        facts = {"model": again.model, "version": again.version, "retrained": again.outcome, "told": again.text}
        screen.facts({"pipeline": pipeline, **facts})
        finding = again.finding
        if finding is not None:
            screen.facts({"pipeline": pipeline, "invariant": finding.invariant, "finding": finding.text})
            yield finding
        if not chosen.json:
            (screen.alarm if finding else screen.show)([f"{'I12  ' if finding else ''}{again.text}"])


def _summary(pipeline: str, counted: dict[str, int], findings: int, *, offered: bool) -> Iterator[str]:
    looked = f"{counted['batches']} batches and {counted['models']} models recomputed from their bytes"
    yield f"{pipeline}: {looked}; {findings or 'nothing'} found to differ from the ledger."
    if offered:
        repair = program.command(f"verify {pipeline} --repair")
        yield f"What is only shown wrongly (MLflow, drift pages, the report) can be restored: {repair}"
