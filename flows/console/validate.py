"""The command `validate`: a pipeline's file, its contract on all rows, and what a turn would find; nothing is kept."""

import argparse
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from configs.errors import BadInput
from flows.console import program
from flows.console.arguments import Arguments

if TYPE_CHECKING:
    from configs.settings import PipelineSettings
    from flows.console.terminal import Terminal
    from tasks.adapters.home import Home
    from tasks.drafting.steps.other_sources import Source
    from tasks.drafting.steps.rehearsal import Rehearsed

ARGUMENTS: Arguments = {
    "--data": {"metavar": "PATH", "help": "other rows than those of its source: a file, a folder, or a pattern"},
}
_MOST = 8


def command(hands: "Home", chosen: argparse.Namespace, screen: "Terminal") -> int:
    """Check; exit code 3 if a batch would be refused, or labels or a table cannot be used."""
    with program.pointing_to_the_example(chosen.pipeline):
        return rehearse(hands, chosen.pipeline, chosen.data, screen, {})


def rehearse(hands: "Home", pipeline: str, data: str | None, screen: "Terminal", facts: Mapping[str, object]) -> int:
    """Let the contract judge all rows, and say what it says; gives the exit code."""
    from tasks.drafting.steps import rehearsal

    settings = hands.settings(pipeline)
    done = rehearsal.rehearse(hands, pipeline, data)
    counts = {name: getattr(done, name) for name in ("rows", "accepted", "quarantined", "duplicates", "labelled")}
    reasons = [{"column": one.column, "demand": one.demand, "rows": one.rows} for one in done.most()]
    refused = [{"batch": name, "reason": why} for name, why in done.refused]
    whole = {**facts, **counts, "batches": len(done.deliveries), "reasons": reasons, "refused": refused}
    screen.facts({"pipeline": pipeline, **whole, **objects_of(done.others)})
    screen.show([*_lines(pipeline, settings, done), *of_others(done.others)])
    return BadInput.exit_code if done.refused or any(one.wrong for one in done.others) else 0


def objects_of(others: "Sequence[Source]") -> dict[str, object]:
    """The same for machines; nothing where there are none."""
    objects = [{"setting": one.setting, "holds": one.sentences, "wrong": one.wrong} for one in others]
    return {"others": objects} if objects else {}


def of_others(others: "Sequence[Source]") -> Iterator[str]:
    """What the sources of labels and of tables hold, and what is wrong with them."""
    for one in others:
        holds = "; ".join(one.sentences) or ("" if one.wrong else "there is nothing yet")
        yield from [f"  {one.setting}: {holds}"] if holds else []
        yield from (f"  {one.setting}: {problem}" for problem in one.wrong[:_MOST])


def _lines(pipeline: str, settings: "PipelineSettings", done: "Rehearsed") -> Iterator[str]:
    from tasks.problems import kinds

    if not done.deliveries:
        yield f"{pipeline}: the settings are valid; its source has no rows yet."
        return
    batches = "1 batch" if len(done.deliveries) == 1 else f"{len(done.deliveries):,} batches"
    yield f"{pipeline}: the settings are valid. {batches}, {done.rows:,} rows: {done.accepted:,} keep the contract."
    if done.duplicates:
        yield f"  {done.duplicates:,} are the same as a row before and would be counted as duplicates"
    if done.quarantined:
        yield f"  {done.quarantined:,} would be set aside:"
    for one in done.most()[:_MOST]:
        shown = f", such as {one.example}" if one.example else ""
        yield f"    {one.rows:>7,}  {one.column or 'key'}: {one.demand}{shown}"
    for name, why in done.refused[:_MOST]:
        yield f"  {name} would be refused: {why}"
    if done.mean is not None:
        kind = kinds.named(settings.training.kind)
        label = settings.training.label
        average = kind.on_average(done.mean, settings.training)
        yield f"  label {label}: known in {done.labelled:,} rows, {average}"
    first, last = done.deliveries[0], done.deliveries[-1]
    yield f"  batches from {first} to {last}: the first model is learned from the first of them, and judged on the next"
