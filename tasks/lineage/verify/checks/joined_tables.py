"""Other tables: their lines are as they were taken in, and rows have what these say as of their time (I6, I12)."""

from collections.abc import Iterator

from configs.errors import Damaged
from tasks.adapters.home import Home
from tasks.domain.records import Batch
from tasks.features.steps import lookups
from tasks.lineage.verify.checks.ledger_copy import Recorded
from tasks.lineage.verify.findings import Finding


def check(home: Home, recorded: Recorded) -> Iterator[Finding]:
    """Every delivery of a table that was changed, and every batch whose rows have other values than it gives them."""
    whole = True
    for one in home.ledger.tables.all(recorded.pipeline):
        try:
            lines = home.store.recheck(one.file) if one.file else ()
            if len(lines) != one.taken:
                whole = False
                yield Finding(
                    "I2", f"{one.table} {one.name}: {len(lines):,} lines are stored, {one.taken:,} were taken"
                )
        except Damaged as problem:
            whole = False
            yield Finding("I6", f"{one.table} {one.name}: {problem}")
    recipe = lookups.recipe(home.settings(recorded.pipeline))
    for batch in recorded.batches if whole else ():
        # What is looked up by other settings since then is as it was.
        if batch.tables and batch.accepted_file and batch.lookups in ("", recipe):
            yield from _check_batch(home, recorded.pipeline, batch)


def _check_batch(home: Home, pipeline: str, batch: Batch) -> Iterator[Finding]:
    try:
        rows = home.store.read(batch.accepted_file or "")
    except Damaged:  # that is told where rows are counted
        return
    for name, values in lookups.from_tables(home, pipeline, rows, until=batch.tables).items():
        if name not in rows:  # it is looked up since then
            continue
        differs = ~((rows[name] == values) | (rows[name].isna() & values.isna())).fillna(False).to_numpy(dtype=bool)
        if differs.any():
            yield Finding(
                "I6",
                f"batch {batch.name}: {int(differs.sum()):,} values of {name!r} are not those of its table",
            )
