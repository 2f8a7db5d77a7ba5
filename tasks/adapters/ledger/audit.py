"""The ledger as it stands in its tables, for who checks it: columns against records, tokens, every text.

Add here what only `verify` asks. It reads, and it trusts nothing: a value may have been changed by hand.
"""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Table, select, true

from tasks.adapters.ledger import codec
from tasks.adapters.ledger.connection import Access
from tasks.adapters.ledger.inbox import HOME
from tasks.adapters.ledger.schema import (
    alerts,
    comparisons,
    deliveries,
    drifts,
    evidence,
    leases,
    metadata,
    refits,
    scores,
    snapshots,
    triggers,
)

_TOLD_TWICE: tuple[tuple[Table, str, tuple[tuple[str, str], ...]], ...] = (
    (snapshots, "snapshot", (("id", "id"), ("rows", "rows"))),
    (scores, "score", (("model", "model"), ("batch", "batch"), ("rows", "rows"))),
    (drifts, "drift", (("batch", "batch"), ("reference", "reference"), ("drifted", "drifted"))),
    (comparisons, "comparison", (("gain", "gain"),)),
    (evidence, "evidence", (("batch", "batch"), ("champion", "champion"), ("probe", "probe"), ("value", "value"))),
    (refits, "refit", tuple((name, name) for name in ("turn", "judged", "version", "model"))),
)
"""Tables, what a row of them is called, and which columns say what the record says too."""


class Audit:
    """Rows as they are, of one pipeline."""

    def __init__(self, access: Access) -> None:
        """Args:
        access: The ledger's connections.
        """
        self._access = access

    def torn(self, pipeline: str) -> list[str]:
        """Rows whose columns and record do not say the same: `score of model … on batch …`."""
        return [
            f"{what} of {_about(row)}"
            for table, what, pairs in _TOLD_TWICE
            for row in self._rows(table, pipeline)
            if any(row[column] != row["record"].get(field) for column, field in pairs)
        ]

    def fence(self, pipeline: str) -> int:
        """The newest fencing token that was given out; 0 if there is none."""
        return max((int(row["fence"]) for row in self._rows(leases, pipeline)), default=0)

    def ends(self, pipeline: str) -> dict[int, datetime | None]:
        """When each trigger has ended."""
        return {row["id"]: codec.moment(row["ended"]) for row in self._rows(triggers, pipeline)}

    def delivered(self, pipeline: str) -> list[tuple[str, str, int, datetime | None]]:
        """Each delivery: its name, its content, the rows that were counted, and when."""
        rows = self._rows(deliveries, pipeline)
        return [(row["name"], row["batch"], row["rows"], codec.moment(row["at"])) for row in rows]

    def decided_by(self, pipeline: str) -> dict[int, str]:
        """Hash of the settings with which the evidence of each turn was weighed."""
        return {row["turn"]: row["settings_hash"] for row in self._rows(evidence, pipeline)}

    def texts(self, pipeline: str) -> Iterator[tuple[str, str]]:
        """Everything that is written down about a pipeline or the home, row by row: the table, and all its values."""
        for table in metadata.sorted_tables:
            for row in self._rows(table, pipeline):
                yield table.name, json.dumps(dict(row), default=str, ensure_ascii=False)
        for row in self._rows(alerts, HOME):
            yield alerts.name, json.dumps(dict(row), default=str, ensure_ascii=False)

    def _rows(self, table: Table, pipeline: str) -> list[dict[str, Any]]:
        of_this = table.c.pipeline == pipeline if "pipeline" in table.c else true()
        return [dict(row) for row in self._access.rows(select(table).where(of_this))]


def _about(row: dict[str, Any]) -> str:
    names = [name for name in ("id", "model", "batch") if name in row]
    return ", ".join(f"{name} {str(row[name])[:12]}" for name in names)
