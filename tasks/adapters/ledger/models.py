"""Models, what they were trained on, and how they did on which batch."""

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import func, select

from tasks.adapters.ledger import codec
from tasks.adapters.ledger.connection import Access, among, differs, insert_once, replace
from tasks.adapters.ledger.schema import comparisons, drifts, models, scores, snapshots, turns
from tasks.adapters.ledger.schema import settings as recorded_settings
from tasks.adapters.ledger.troubles import patient
from tasks.domain.observations import Drift
from tasks.domain.records import Comparison, Model, Score, Snapshot


class Models:
    """Every model that was fitted, and everything that was measured."""

    def __init__(self, access: Access) -> None:
        """Args:
        access: The ledger's connections.
        """
        self._access = access

    @patient
    def record_snapshot(self, pipeline: str, snapshot: Snapshot) -> None:
        """Commit a selection of the dataset."""
        values = {"cutoff": codec.stamp(snapshot.cutoff), "rows": snapshot.rows, "record": codec.dump(snapshot)}
        with self._access.writing(pipeline) as connection:
            insert_once(connection, snapshots, {"pipeline": pipeline, "id": snapshot.id}, values)

    def snapshots(self, pipeline: str) -> list[Snapshot]:
        """Every selection that was made, oldest first."""
        query = select(snapshots).where(snapshots.c.pipeline == pipeline).order_by(snapshots.c.cutoff, snapshots.c.id)
        return [codec.load(Snapshot, row["record"]) for row in self._access.rows(query)]

    @patient
    def settings(self, pipeline: str, identity: str) -> Mapping[str, Any] | None:
        """The settings of this hash with which models were fitted; None if they were not kept."""
        same = (recorded_settings.c.pipeline == pipeline) & (recorded_settings.c.hash == identity)
        row = self._access.first(select(recorded_settings).where(same))
        found: Mapping[str, Any] | None = None if row is None else row["record"]
        return found

    @patient
    def record(self, pipeline: str, turn: int, model: Model, settings: Mapping[str, Any] | None = None) -> None:
        """Commit a model, whose bundle is published already, and all settings: with them it can be made again."""
        values = {**_columns(model), "turn": turn, "record": codec.dump(model), "at": self._access.now()}
        with self._access.writing(pipeline) as connection:
            insert_once(connection, models, {"pipeline": pipeline, "id": model.id}, values)
            if settings is not None:
                key = {"pipeline": pipeline, "hash": model.settings_hash}
                insert_once(connection, recorded_settings, key, {"record": dict(settings), "at": values["at"]})

    def torn(self, pipeline: str) -> list[str]:
        """Ids of models whose columns and record do not say the same."""
        rows = self._access.rows(select(models).where(models.c.pipeline == pipeline).order_by(models.c.at))
        found = [(row, codec.load(Model, row["record"])) for row in rows]
        return [row["id"] for row, model in found if differs(row, {"id": model.id, **_columns(model)})]

    def number(self, pipeline: str, model: str) -> int | None:
        """The version number of a model; None if it is not registered."""
        row = self._access.first(select(models.c.version).where(models.c.pipeline == pipeline, models.c.id == model))
        return None if row is None else row["version"]

    def get(self, pipeline: str, model: str) -> Model | None:
        """One model, or None if it was never committed."""
        row = self._access.first(select(models).where(models.c.pipeline == pipeline, models.c.id == model))
        return None if row is None else codec.load(Model, row["record"])

    def of_turn(self, pipeline: str, turn: int) -> list[Model]:
        """The candidates of one turn, in the order in which they were fitted."""
        query = select(models).where(models.c.pipeline == pipeline, models.c.turn == turn)
        rows = self._access.rows(query.order_by(models.c.at, models.c.id))
        return [codec.load(Model, row["record"]) for row in rows]

    def all(self, pipeline: str) -> list[Model]:
        """Every committed model, oldest first."""
        return [model for _, model in self.beside(pipeline)]

    @patient
    def register(self, pipeline: str, model: str) -> int:
        """Give a model its version number, the next one; asked again, the same."""
        with self._access.writing(pipeline) as connection:
            this = (models.c.pipeline == pipeline) & (models.c.id == model)
            version = connection.execute(select(models.c.version).where(this)).scalar()
            if version is None:
                newest = select(func.max(models.c.version)).where(models.c.pipeline == pipeline)
                version = (connection.execute(newest).scalar() or 0) + 1
                connection.execute(models.update().where(this).values(version=version))
            return int(version)

    def beside(self, pipeline: str, wanted: Collection[str] | None = None) -> list[tuple[int | None, Model]]:
        """Models and all that were fitted on the same rows, oldest first, with their version numbers; None: all."""
        here = models.c.pipeline == pipeline
        same = select(models.c.snapshot).where(here, among(models.c.id, wanted))
        query = select(models).where(here, models.c.snapshot.in_(same)).order_by(models.c.at, models.c.id)
        rows = self._access.rows(query)
        return [(row["version"], codec.load(Model, row["record"])) for row in rows]

    def version(self, pipeline: str, number: int) -> Model | None:
        """The model that has this version number, if one has."""
        row = self._access.first(select(models).where(models.c.pipeline == pipeline, models.c.version == number))
        return None if row is None else codec.load(Model, row["record"])

    def versions(self, pipeline: str) -> dict[int, Model]:
        """Registered models by version number."""
        registered = [(version, model) for version, model in self.beside(pipeline) if version is not None]
        return dict(sorted(registered, key=lambda one: one[0]))

    @patient
    def record_score(self, pipeline: str, score: Score) -> None:
        """Commit how a model did on a batch."""
        values = {"rows": score.rows, "loss": score.loss.value, "record": codec.dump(score)}
        key = {"pipeline": pipeline, "model": score.model, "batch": score.batch}
        with self._access.writing(pipeline) as connection:
            insert_once(connection, scores, key, values)

    def score(self, pipeline: str, model: str, batch: str) -> Score | None:
        """How a model did on a batch, if it was judged on it."""
        same = (scores.c.pipeline == pipeline) & (scores.c.model == model) & (scores.c.batch == batch)
        row = self._access.first(select(scores).where(same))
        return None if row is None else codec.load(Score, row["record"])

    def scores(self, pipeline: str, batches: Collection[str] | None = None) -> dict[tuple[str, str], Score]:
        """Scores by model and batch, all or those on some batches."""
        query = select(scores).where(scores.c.pipeline == pipeline, among(scores.c.batch, batches))
        rows = self._access.rows(query.order_by(scores.c.batch, scores.c.model))
        return {(row["model"], row["batch"]): codec.load(Score, row["record"]) for row in rows}

    @patient
    def record_drift(self, pipeline: str, drift: Drift) -> None:
        """Commit how far the inputs of a batch have moved."""
        values = {"reference": drift.reference, "drifted": drift.drifted, "record": codec.dump(drift)}
        with self._access.writing(pipeline) as connection:
            insert_once(connection, drifts, {"pipeline": pipeline, "batch": drift.batch}, values)

    def drifts(self, pipeline: str, batches: Collection[str] | None = None) -> dict[str, Drift]:
        """Findings of drift by batch, all or those about some batches."""
        query = select(drifts).where(drifts.c.pipeline == pipeline, among(drifts.c.batch, batches))
        rows = self._access.rows(query.order_by(drifts.c.batch))
        return {row["batch"]: codec.load(Drift, row["record"]) for row in rows}

    def drift(self, pipeline: str, batch: str) -> Drift | None:
        """What was found about the inputs of one batch."""
        row = self._access.first(select(drifts).where(drifts.c.pipeline == pipeline, drifts.c.batch == batch))
        return None if row is None else codec.load(Drift, row["record"])

    def last_losses(self, pipeline: str, before: int) -> list[tuple[str, float]]:
        """Family and loss of each candidate of the last turn before this one that was judged."""
        turn = select(func.max(models.c.turn)).where(
            models.c.pipeline == pipeline, models.c.turn < before, models.c.version.is_not(None)
        )
        query = select(models.c.family, scores.c.loss).where(
            models.c.pipeline == pipeline, models.c.turn == turn.scalar_subquery()
        )
        own = (scores.c.pipeline == models.c.pipeline) & (scores.c.model == models.c.id)
        batch = (turns.c.pipeline == models.c.pipeline) & (turns.c.number == models.c.turn)
        joined = query.join(turns, batch).join(scores, own & (scores.c.batch == turns.c.batch))
        rows = self._access.rows(joined.where(scores.c.loss.is_not(None)).order_by(models.c.at, models.c.id))
        return [(row["family"], row["loss"]) for row in rows]

    @patient
    def record_comparison(self, pipeline: str, batch: str, base: str, challenger: str, result: Comparison) -> None:
        """Commit the paired losses of champion (or dummy) and challenger; of another pair they were for nothing.

        That happens when the settings change between a turn that was cut off and its continuation.
        """
        values = {"base": base, "challenger": challenger, "gain": result.gain, "record": codec.dump(result)}
        with self._access.writing(pipeline) as connection:
            replace(connection, comparisons, {"pipeline": pipeline, "batch": batch}, values)

    def comparison(self, pipeline: str, batch: str, base: str, challenger: str) -> Comparison | None:
        """The comparison of these two on one batch, if it was made."""
        here = (comparisons.c.pipeline == pipeline) & (comparisons.c.batch == batch)
        same = here & (comparisons.c.base == base) & (comparisons.c.challenger == challenger)
        row = self._access.first(select(comparisons).where(same))
        return None if row is None else codec.load(Comparison, row["record"])

    def comparisons(self, pipeline: str, batches: Collection[str] | None = None) -> dict[str, Comparison]:
        """Comparisons by batch, all or those on some batches."""
        query = select(comparisons).where(comparisons.c.pipeline == pipeline, among(comparisons.c.batch, batches))
        rows = self._access.rows(query.order_by(comparisons.c.batch))
        return {row["batch"]: codec.load(Comparison, row["record"]) for row in rows}


def _columns(model: Model) -> dict[str, Any]:
    """What of a model is asked for by query, beside its id."""
    return {
        "family": model.family,
        "snapshot": model.snapshot.id,
        "bundle": model.bundle,
        "golden": model.golden,
    }
