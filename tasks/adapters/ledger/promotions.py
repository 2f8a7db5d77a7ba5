"""What was decided: evidence, verdicts and the one linear history of who was live."""

from typing import Any

from sqlalchemy import RowMapping, func, select

from tasks.adapters.ledger import codec
from tasks.adapters.ledger.connection import Access, insert_once, replace
from tasks.adapters.ledger.schema import evidence, promotions, turns, verdicts
from tasks.core.turns import Evidence, Promotion, Verdict


class Promotions:
    """Decisions about challengers, and the champions that followed."""

    def __init__(self, access: Access) -> None:
        """Args:
        access: The ledger's connections.
        """
        self._access = access

    def champion(self, pipeline: str) -> Promotion | None:
        """The promotion that made the present champion, or None before the first."""
        query = select(promotions).where(promotions.c.pipeline == pipeline)
        row = self._access.first(query.order_by(promotions.c.sequence.desc()))
        return None if row is None else _promotion(row)

    def all(self, pipeline: str) -> list[Promotion]:
        """Every promotion, first to last."""
        query = select(promotions).where(promotions.c.pipeline == pipeline).order_by(promotions.c.sequence)
        return [_promotion(row) for row in self._access.rows(query)]

    def before(self, pipeline: str, turn: int) -> list[Promotion]:
        """The promotions of earlier turns: what was live when this one began, also if it was cut off since."""
        return [made for made in self.all(pipeline) if made.turn < turn]

    def promote(self, pipeline: str, version: int, model: str, turn: int, *, by: str, reason: str) -> Promotion:
        """Make a version the champion; the same turn promotes once.

        Args:
            pipeline: Its pipeline.
            version: Number in the registry.
            model: Id of the model.
            turn: The turn that decided it.
            by: Who decided: `evidence rule`, `first champion policy` or a person.
            reason: The main reason of the verdict.
        """
        with self._access.writing(pipeline) as connection:
            here = promotions.c.pipeline == pipeline
            if connection.execute(select(promotions.c.sequence).where(here, promotions.c.turn == turn)).first() is None:
                last = connection.execute(select(func.max(promotions.c.sequence)).where(here)).scalar() or 0
                live = select(promotions.c.version).where(here, promotions.c.sequence == last)
                values: dict[str, Any] = {"version": version, "model": model, "turn": turn, "by": by, "reason": reason}
                values |= {"previous": connection.execute(live).scalar(), "at": self._access.now()}
                values |= {"sequence": last + 1, "fence": self._access.fences.get(pipeline, 0)}
                connection.execute(promotions.insert().values(pipeline=pipeline, **values))
            made = select(promotions).where(here, promotions.c.turn == turn)
            return _promotion(connection.execute(made).mappings().one())

    def gate(self, pipeline: str, model: str) -> str | None:
        """The batch on which a model became champion."""
        query = select(turns.c.batch).join(
            promotions, (promotions.c.pipeline == turns.c.pipeline) & (promotions.c.turn == turns.c.number)
        )
        same = (promotions.c.pipeline == pipeline) & (promotions.c.model == model)
        row = self._access.first(query.where(same).order_by(promotions.c.sequence))
        return None if row is None else str(row["batch"])

    def record_evidence(self, pipeline: str, turn: int, settings_hash: str, state: Evidence) -> None:
        """Commit the state of the sequential test after one batch; as long as its turn has no verdict it may change."""
        values = {
            "turn": turn,
            "champion": state.champion,
            "probe": state.probe,
            "settings_hash": settings_hash,
            "value": state.value,
            "record": codec.dump(state),
        }
        with self._access.writing(pipeline) as connection:
            replace(connection, evidence, {"pipeline": pipeline, "batch": state.batch}, values)

    def last_evidence(self, pipeline: str, before: int, settings_hash: str) -> Evidence | None:
        """The evidence of the last judged turn before this one; None if the settings have changed since."""
        query = select(evidence).where(evidence.c.pipeline == pipeline, evidence.c.turn < before)
        row = self._access.first(query.order_by(evidence.c.turn.desc()))
        changed = row is None or row["settings_hash"] != settings_hash
        return None if row is None or changed else codec.load(Evidence, row["record"])

    def evidence(self, pipeline: str) -> dict[str, Evidence]:
        """Evidence by batch."""
        rows = self._access.rows(select(evidence).where(evidence.c.pipeline == pipeline))
        return {row["batch"]: codec.load(Evidence, row["record"]) for row in rows}

    def record_verdict(self, pipeline: str, turn: int, champion: str | None, challenger: str, verdict: Verdict) -> None:
        """Commit what is to be done with a challenger, and why."""
        values = {"kind": verdict.kind, "champion": champion, "challenger": challenger}
        values |= {"record": codec.dump(verdict), "at": self._access.now()}
        with self._access.writing(pipeline) as connection:
            insert_once(connection, verdicts, {"pipeline": pipeline, "turn": turn}, values)

    def verdicts(self, pipeline: str) -> dict[int, tuple[str, Verdict]]:
        """Challenger and verdict by turn."""
        rows = self._access.rows(select(verdicts).where(verdicts.c.pipeline == pipeline))
        return {row["turn"]: (row["challenger"], codec.load(Verdict, row["record"])) for row in rows}

    def torn(self, pipeline: str) -> list[int]:
        """Turns whose verdict has another kind than its record."""
        rows = self._access.rows(select(verdicts).where(verdicts.c.pipeline == pipeline).order_by(verdicts.c.turn))
        return [row["turn"] for row in rows if row["kind"] != codec.load(Verdict, row["record"]).kind]


def _promotion(row: RowMapping) -> Promotion:
    names = Promotion.__dataclass_fields__
    return codec.load(Promotion, {name: row[name] for name in names})
