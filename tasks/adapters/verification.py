"""Recomputes from the bytes what the ledger says (I1, I2 and I6), and reports each difference.

It only reads. What counts as a difference is said in `tasks.core.lineage`.
"""

from collections.abc import Iterator

from configs.errors import Damaged
from tasks.adapters import files
from tasks.adapters.home import Home
from tasks.core import batches, lineage
from tasks.core.batches import SortedOut
from tasks.core.lineage import Finding
from tasks.core.records import Batch, BatchStatus, Model
from tasks.core.turns import Promotion, TurnState

_TORN = "its row in the ledger says one thing in its columns and another in its record"


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
    ledger, recorded = home.ledger.batches, home.ledger.batches.all(pipeline)
    turns = home.ledger.turns.all(pipeline)
    done = {row["batch"]: row["number"] for row in turns if row["state"] == TurnState.DONE}
    yield from lineage.all_recorded(ledger.deliveries(pipeline), done, [batch.id for batch in recorded])
    for name in ledger.torn(pipeline):
        yield Finding("I2", f"batch {name}: {_TORN}")
    for batch in recorded:
        try:
            counted = _count(home, pipeline, batch)
        except Damaged as problem:
            yield Finding("I6", f"batch {batch.name}: {problem}")
            continue
        yield from lineage.rows_add_up(batch, counted)


def _count(home: Home, pipeline: str, batch: Batch) -> Batch | None:
    """The record as it would be made from the stored rows; a refused batch is bytes without rows."""
    if batch.status is BatchStatus.REFUSED:
        if batch.aside_file:
            home.store.check_original(batch.aside_file)
        return None
    stored = [home.store.recheck(file) for file in (batch.accepted_file, batch.aside_file) if file]
    if not stored:
        raise Damaged("It was accepted, but no file of its rows is recorded. Restore the ledger from a backup.")
    accepted = stored[0] if batch.accepted_file else stored[0].head(0)
    aside = stored[-1] if batch.aside_file else stored[0].head(0).assign(**{batches.ASIDE: ""})
    stored_rows, settings = SortedOut(accepted, aside, ()), home.settings(pipeline)
    return batches.accept(batch.id, batch.name, stored_rows, settings, landed=len(accepted) + len(aside))


def _check_models(home: Home, pipeline: str) -> Iterator[Finding]:
    accepted = [batch.accepted_file for batch in home.ledger.batches.all(pipeline) if batch.accepted_file]
    snapshots = {snapshot.id: snapshot for snapshot in home.ledger.models.snapshots(pipeline)}
    for snapshot in snapshots.values():
        yield from lineage.known_files(snapshot.batches, accepted, f"snapshot {snapshot.id[:12]}")
    for torn in home.ledger.models.torn(pipeline):
        yield Finding("I6", f"model {torn[:12]}: {_TORN}")
    for model in home.ledger.models.all(pipeline):
        if snapshots.get(model.snapshot.id) != model.snapshot:
            yield Finding("I6", f"model {model.id[:12]} names a snapshot that is not the one that is recorded")
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
    for turn in home.ledger.promotions.torn(pipeline):
        yield Finding("I1", f"verdict of turn {turn}: {_TORN}")
    for made in history:
        yield from lineage.passed_gate(made, verdicts.get(made.turn))
        if made.version not in versions or versions[made.version].id != made.model:
            yield Finding("I1", f"v{made.version} does not resolve to the model that was promoted")
    if history:
        live = history[-1]
        if live.version in versions:
            yield from _check_bundle(home, versions[live.version], "I1")
        yield from _check_alias(home, pipeline, history)
        yield from _check_copy(home, pipeline, live, versions.get(live.version))


def _check_alias(home: Home, pipeline: str, history: list[Promotion]) -> Iterator[Finding]:
    """MLflow points to the champion; a turn that has yet to be shown there may leave it at the one before."""
    from tasks.adapters import registry

    shown = home.ledger.turns.projected(pipeline, "mlflow")
    live = history[-1].version
    told = [made.version for made in history if made.turn in shown]
    there = registry.aliases(home.tracking, pipeline).get("champion")
    if there not in (live, told[-1] if told else None):
        points = "nothing" if there is None else f"v{there}"
        yield Finding("I1", f"MLflow's alias champion points to {points}, the ledger to v{live}")


def _check_copy(home: Home, pipeline: str, live: Promotion, model: Model | None) -> Iterator[Finding]:
    """What MLflow gives out as the champion is the bundle that passed its gate."""
    from tasks.adapters import registry

    copy = registry.find(home.tracking, pipeline, live.version)
    if copy is None or model is None:
        return
    if copy.model != live.model:
        yield Finding("I1", f"MLflow's v{live.version} is another model than the ledger's")
    elif not copy.bundle.is_file() or files.digest(copy.bundle) != model.bundle:
        yield Finding("I1", f"MLflow's v{live.version} is not the bundle that passed its gate ({copy.bundle})")
