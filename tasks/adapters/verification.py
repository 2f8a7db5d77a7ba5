"""Recomputes from the bytes what the ledger says (I1, I2 and I6), and reports each difference.

It only reads. What counts as a difference is said in `tasks.core.lineage`.
"""

from collections.abc import Iterator

from configs.errors import Damaged
from tasks.adapters.home import Home
from tasks.core import batches, lineage
from tasks.core.lineage import Counted, Finding
from tasks.core.records import Batch, BatchStatus, Model


def verify(home: Home, pipeline: str) -> Iterator[Finding]:
    """Every way in which stored data, bundles and registry differ from the ledger.

    Args:
        home: What is checked.
        pipeline: Whose part of it.
    """
    yield from _check_rows(home, pipeline)
    yield from _check_models(home, pipeline)
    yield from _check_champion(home, pipeline)


def _check_rows(home: Home, pipeline: str) -> Iterator[Finding]:
    for batch in home.ledger.batches.all(pipeline):
        try:
            counted = _count(home, pipeline, batch)
        except Damaged as problem:
            yield Finding("I6", f"batch {batch.name}: {problem}")
            continue
        yield from lineage.rows_add_up(batch, counted)


def _count(home: Home, pipeline: str, batch: Batch) -> Counted:
    if batch.status is BatchStatus.REFUSED:
        if batch.aside_file:
            home.store.check_original(batch.aside_file)
        return Counted(0, batch.quarantined, 0, 0, 0)
    accepted = home.store.recheck(batch.accepted_file) if batch.accepted_file else None
    aside = home.store.recheck(batch.aside_file) if batch.aside_file else None
    known = accepted[home.settings(pipeline).training.label].dropna() if accepted is not None else ()
    duplicates = int((aside[batches.ASIDE] == "duplicate").sum()) if aside is not None else 0
    return Counted(
        accepted=0 if accepted is None else len(accepted),
        quarantined=0 if aside is None else len(aside) - duplicates,
        duplicates=duplicates,
        unlabelled=0 if accepted is None else len(accepted) - len(known),
        positives=int(sum(known)),
    )


def _check_models(home: Home, pipeline: str) -> Iterator[Finding]:
    files = [batch.accepted_file for batch in home.ledger.batches.all(pipeline) if batch.accepted_file]
    for model in home.ledger.models.all(pipeline):
        yield from lineage.known_files(model.snapshot.batches, files, f"snapshot {model.snapshot.id[:12]}")
        yield from _check_bundle(home, model, "I6")


def _check_bundle(home: Home, model: Model, invariant: str) -> Iterator[Finding]:
    try:
        home.bundles.check(model.bundle, model.golden)
    except Damaged as problem:
        yield Finding(invariant, f"model {model.id[:12]}: {problem}")


def _check_champion(home: Home, pipeline: str) -> Iterator[Finding]:
    history, versions = home.ledger.promotions.all(pipeline), home.ledger.models.versions(pipeline)
    verdicts = home.ledger.promotions.verdicts(pipeline)
    yield from lineage.is_linear(history)
    for made in history:
        yield from lineage.passed_gate(made, verdicts.get(made.turn))
        if made.version not in versions or versions[made.version].id != made.model:
            yield Finding("I1", f"v{made.version} does not resolve to the model that was promoted")
    if history:
        live = history[-1]
        if live.version in versions:
            yield from _check_bundle(home, versions[live.version], "I1")
        yield from _check_alias(home, pipeline, live.version)


def _check_alias(home: Home, pipeline: str, version: int) -> Iterator[Finding]:
    from tasks.adapters import registry

    shown = registry.aliases(home.tracking, pipeline).get("champion")
    if shown != version:
        there = "nothing" if shown is None else f"v{shown}"
        yield Finding("I1", f"MLflow's alias champion points to {there}, the ledger to v{version}")
