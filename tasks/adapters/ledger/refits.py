"""Refits of first champions: what stands for the version that was judged, and how both did on what was judged next."""

from dataclasses import replace
from typing import Any

from sqlalchemy import select

from tasks.adapters.ledger import codec
from tasks.adapters.ledger.connection import Access, insert_once
from tasks.adapters.ledger.schema import refits
from tasks.adapters.ledger.troubles import patient
from tasks.domain.turns import Refit, RefitCheck


class Refits:
    """One for each pipeline, as there is one first champion; none where that is from an earlier version."""

    def __init__(self, access: Access) -> None:
        """Args:
        access: The ledger's connections.
        """
        self._access = access

    def get(self, pipeline: str) -> Refit | None:
        """The refit of the first champion."""
        row = self._access.first(select(refits).where(refits.c.pipeline == pipeline).order_by(refits.c.turn))
        return None if row is None else codec.load(Refit, row["record"])

    @patient
    def record(self, pipeline: str, refit: Refit) -> None:
        """Commit a refit, whose model is committed already."""
        values = {**_columns(refit), "record": codec.dump(refit), "at": self._access.now()}
        with self._access.writing(pipeline) as connection:
            insert_once(connection, refits, {"pipeline": pipeline, "turn": refit.turn}, values)

    @patient
    def record_check(self, pipeline: str, refit: Refit, check: RefitCheck) -> Refit:
        """Commit how both did; returns the refit as it stands now."""
        checked = replace(refit, check=check)
        with self._access.writing(pipeline) as connection:
            this = (refits.c.pipeline == pipeline) & (refits.c.turn == refit.turn)
            connection.execute(refits.update().where(this).values(record=codec.dump(checked)))
        return checked


def _columns(refit: Refit) -> dict[str, Any]:
    return {"judged": refit.judged, "version": refit.version, "model": refit.model}
