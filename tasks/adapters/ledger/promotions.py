"""What was decided: evidence, verdicts and the one linear history of who was live."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import RowMapping, func, select

from configs.errors import Busy
from tasks.adapters.ledger import codec
from tasks.adapters.ledger.connection import Access, among, insert_once, replace
from tasks.adapters.ledger.schema import evidence, holds, projections, promotions, turns, verdicts
from tasks.adapters.ledger.troubles import patient
from tasks.domain.turns import Evidence, Hold, Promotion, Verdict


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
        return [made for made in self.all(pipeline) if made.place < turn]

    @patient
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

    @patient
    def roll_back(
        self, pipeline: str, version: int, model: str, *, live: int, hold: bool, by: str, reason: str
    ) -> Promotion:
        """Make a version that had been live the champion again: a promotion without a turn.

        Args:
            pipeline: Its pipeline.
            version: The version to go back to.
            model: Id of its model.
            live: Sequence of the promotion that is undone; it must still be the last one.
            hold: Whether automation keeps off the version that is taken off, until it is released.
            by: The person who decided.
            reason: Why, in their words.

        Raises:
            Busy: Another version has been made live meanwhile.
        """
        with self._access.writing(pipeline) as connection:
            here = promotions.c.pipeline == pipeline
            newest = select(promotions).where(here).order_by(promotions.c.sequence.desc()).limit(1)
            last = connection.execute(newest).mappings().one()
            fence = self._access.fences.get(pipeline, 0)
            if (last["sequence"], last["version"], last["turn"], last["fence"]) == (live + 1, version, None, fence):
                return _promotion(last)  # done under this lease already, and the answer was lost
            if last["sequence"] != live:
                raise Busy(
                    f"v{last['version']} was made live in {pipeline!r} just now. Nothing was changed; look again."
                )
            begun = select(func.max(turns.c.number)).where(turns.c.pipeline == pipeline)
            values: dict[str, Any] = {"version": version, "model": model, "turn": None, "by": by, "reason": reason}
            values |= {"previous": last["version"], "at": self._access.now(), "sequence": live + 1}
            values |= {"after": connection.execute(begun).scalar() or 0, "fence": fence}
            connection.execute(promotions.insert().values(pipeline=pipeline, **values))
            if hold:
                connection.execute(holds.insert().values(pipeline=pipeline, sequence=live + 1, version=last["version"]))
            made = select(promotions).where(here, promotions.c.sequence == live + 1)
            return _promotion(connection.execute(made).mappings().one())

    def untold(self, pipeline: str) -> list[Promotion]:
        """Rollbacks that MLflow and the report do not show yet."""
        query = select(projections.c.target).where(projections.c.pipeline == pipeline)
        told = {row["target"] for row in self._access.rows(query)}
        return [made for made in self.all(pipeline) if made.is_rollback and target(made) not in told]

    def holds(self, pipeline: str) -> list[Hold]:
        """Every hold, first to last; those without an end stand."""
        query = select(holds).where(holds.c.pipeline == pipeline).order_by(holds.c.sequence)
        names = Hold.__dataclass_fields__
        return [codec.load(Hold, {name: row[name] for name in names}) for row in self._access.rows(query)]

    def held(self, pipeline: str) -> dict[int, Hold]:
        """The versions that automation keeps off now, each with its last hold."""
        return {hold.version: hold for hold in self.holds(pipeline) if hold.ended is None}

    @patient
    def release(self, pipeline: str, version: int, *, by: str, reason: str) -> bool:
        """Let automation have a version again; says whether it was held."""
        with self._access.writing(pipeline) as connection:
            same = (holds.c.pipeline == pipeline) & (holds.c.version == version) & holds.c.ended.is_(None)
            values = {"ended": self._access.now(), "released_by": by, "release_reason": reason}
            return bool(connection.execute(holds.update().where(same).values(**values)).rowcount)

    def gate(self, pipeline: str, model: str) -> str | None:
        """The batch on which a model became champion."""
        query = select(turns.c.batch).join(
            promotions, (promotions.c.pipeline == turns.c.pipeline) & (promotions.c.turn == turns.c.number)
        )
        same = (promotions.c.pipeline == pipeline) & (promotions.c.model == model)
        row = self._access.first(query.where(same).order_by(promotions.c.sequence))
        return None if row is None else str(row["batch"])

    @patient
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
        """The evidence of the last judged turn before this one; None if settings or champion have changed since.

        A rollback may bring back the champion of that turn; its evidence starts anew all the same.
        """
        changed_at = max((made.place for made in self.before(pipeline, before)), default=0)
        since = (evidence.c.turn < before) & (evidence.c.turn > changed_at)
        query = select(evidence).where(evidence.c.pipeline == pipeline, since)
        row = self._access.first(query.order_by(evidence.c.turn.desc()))
        changed = row is None or row["settings_hash"] != settings_hash
        return None if row is None or changed else codec.load(Evidence, row["record"])

    def evidence(self, pipeline: str, batches: Collection[str] | None = None) -> dict[str, Evidence]:
        """Evidence by batch, all or that of some batches."""
        query = select(evidence).where(evidence.c.pipeline == pipeline, among(evidence.c.batch, batches))
        rows = self._access.rows(query.order_by(evidence.c.turn))
        return {row["batch"]: codec.load(Evidence, row["record"]) for row in rows}

    @patient
    def record_verdict(self, pipeline: str, turn: int, champion: str | None, challenger: str, verdict: Verdict) -> None:
        """Commit what is to be done with a challenger, and why."""
        values = {"kind": verdict.kind, "champion": champion, "challenger": challenger}
        values |= {"record": codec.dump(verdict), "at": self._access.now()}
        with self._access.writing(pipeline) as connection:
            insert_once(connection, verdicts, {"pipeline": pipeline, "turn": turn}, values)

    def verdicts(self, pipeline: str, numbers: Collection[int] | None = None) -> dict[int, tuple[str, Verdict]]:
        """Challenger and verdict by turn, all or those of some turns."""
        query = select(verdicts).where(verdicts.c.pipeline == pipeline, among(verdicts.c.turn, numbers))
        rows = self._access.rows(query.order_by(verdicts.c.turn))
        return {row["turn"]: (row["challenger"], codec.load(Verdict, row["record"])) for row in rows}

    def torn(self, pipeline: str) -> list[int]:
        """Turns whose verdict has another kind than its record."""
        rows = self._access.rows(select(verdicts).where(verdicts.c.pipeline == pipeline).order_by(verdicts.c.turn))
        return [row["turn"] for row in rows if row["kind"] != codec.load(Verdict, row["record"]).kind]


def target(made: Promotion) -> str:
    """Under which a rollback is noted as shown, beside what is shown of the turn before it."""
    return f"rollback {made.sequence}"


def _promotion(row: RowMapping) -> Promotion:
    names = Promotion.__dataclass_fields__
    return codec.load(Promotion, {name: row[name] for name in names})
