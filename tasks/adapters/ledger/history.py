"""Reads the whole story of a pipeline back from the ledger, for report, terminal and `status`."""

from dataclasses import replace
from typing import Any

from tasks.adapters.ledger import codec
from tasks.adapters.ledger.book import Ledger
from tasks.domain import first_champion, pools
from tasks.domain.records import Batch, Model, Score
from tasks.domain.turns import Health, History, Outcome, Refit, RetrainingDecision, Turn, TurnState
from tasks.problems import kinds


def read(ledger: Ledger, pipeline: str, **about: Any) -> History:
    """Everything the ledger knows about one pipeline.

    Args:
        ledger: Where it is written.
        pipeline: Which one.
        about: Further fields of `History` (hashes, versions of libraries).
    """
    promotions = ledger.promotions.all(pipeline)
    versions = ledger.models.versions(pipeline)
    turns = _turns(ledger, pipeline, {model.id: version for version, model in versions.items()})
    by_number, refit = {turn.number: turn for turn in turns}, ledger.refits.get(pipeline)
    gates = [(p.version, by_number[p.turn].probe) for p in promotions if p.turn in by_number]
    gates += (
        [(one, by_number[refit.turn].probe) for one in (refit.version, refit.judged)]
        if refit and refit.turn in by_number
        else []
    )
    return History(
        pipeline=pipeline,
        turns=turns,
        promotions=tuple(promotions),
        models=tuple(versions.items()),
        gates=tuple((version, score) for version, score in gates if score is not None),
        duplicates=ledger.batches.duplicates(pipeline),
        holds=tuple(ledger.promotions.holds(pipeline)),
        admissions=tuple(ledger.admissions.all(pipeline)),
        refit=refit,
        **about,
    )


def at_gate(ledger: Ledger, pipeline: str, model: str) -> Score | None:
    """How a champion did on the batch on which it won; of a refit, how the version did for which it stands."""
    stands = first_champion.gate_of(ledger.refits.get(pipeline), model)
    if stands is None:
        return ledger.models.score(pipeline, model, ledger.promotions.gate(pipeline, model) or "")
    turn, judged = stands
    return ledger.models.score(pipeline, judged, ledger.turns.get(pipeline, turn)["batch"])


def _turns(ledger: Ledger, pipeline: str, versions: dict[str, int]) -> tuple[Turn, ...]:
    found = _Found(ledger, pipeline, versions)
    # A turn whose batch has not passed the contract has nothing to tell.
    rows = [(row, found.batch(row)) for row in ledger.turns.all(pipeline)]
    return tuple(found.turn(row, batch) for row, batch in rows if batch is not None)


class _Found:
    """Every table of one pipeline, read once."""

    def __init__(self, ledger: Ledger, pipeline: str, versions: dict[str, int]) -> None:
        self.versions = versions
        self.batches = {batch.id: batch for batch in ledger.batches.all(pipeline)}
        self.admissions = ledger.admissions.all(pipeline)
        self.last = {row["batch"]: row["number"] for row in ledger.turns.all(pipeline)}
        self.models = {model.id: model for model in ledger.models.all(pipeline)}
        self.scores = ledger.models.scores(pipeline)
        self.drifts = ledger.models.drifts(pipeline)
        self.comparisons = ledger.models.comparisons(pipeline)
        self.evidence = ledger.promotions.evidence(pipeline)
        self.verdicts = ledger.promotions.verdicts(pipeline)
        self.triggers = ledger.inbox.all(pipeline)
        self.promotions = ledger.promotions.all(pipeline)
        self.live = {p.version: p.model for p in self.promotions}
        self.refit = ledger.refits.get(pipeline)
        self.shown = {kind: ledger.turns.projected(pipeline, kind) for kind in ("mlflow", "drift_report", "importance")}

    def batch(self, row: Any) -> Batch | None:
        """What the turn found: of a batch that was admitted later, how it was refused."""
        number, batch = row["number"], row["batch"]
        refused = next((one.refusal for one in self.admissions if one.turn == number), None)
        waits = any(one.batch == batch and one.ended is None for one in self.admissions)
        return refused or (self.batches.get(batch) if number == self.last[batch] and not waits else None)

    def turn(self, row: Any, taken: Batch) -> Turn:
        number, batch = row["number"], row["batch"] if row["number"] == self.last[row["batch"]] else ""
        challenger, verdict = self.verdicts.get(number, ("", None))
        model, probe = self.models.get(challenger), self.scores.get((challenger, batch))
        champion = self.live.get(row["champion_version"], "")
        first = first_champion.at(self.promotions, self.refit, number) or ""
        decision = None if row["decision"] is None else codec.load(RetrainingDecision, row["decision"])
        judged = pools.identity(decision.pool) if decision and decision.pool and verdict else batch
        on_it, never = (self.scores.get((one, judged)) or self.scores.get((one, batch)) for one in (champion, first))
        return Turn(
            number=number,
            batch=taken,
            state=TurnState(row["state"]),
            started=codec.moment(row["started"]),  # type: ignore[arg-type]  # never null
            finished=codec.moment(row["finished"]),
            outcome=None if row["outcome"] is None else Outcome(row["outcome"]),
            reasons=tuple(row["reasons"]),
            triggers=tuple(trigger for trigger in self.triggers if trigger.turn == number),
            decision=decision,
            champion_version=row["champion_version"],
            champion=on_it,
            drift=self.drifts.get(batch),
            health=None if row["health"] is None else codec.load(Health, row["health"]),
            importance=tuple((name, value) for name, value in self.shown["importance"].get(number, ())),
            probe_model=model,
            probe_version=self.versions.get(challenger),
            probe=probe,
            candidates=self._candidates(model, batch),
            never=never,
            dummy_loss=_dummy_loss(self.models.get(champion), on_it) if on_it else _dummy_loss(model, probe),
            comparison=self.comparisons.get(batch),
            evidence=self.evidence.get(batch),
            verdict=verdict,
            pool=tuple(self.batches[one] for one in (decision.pool if decision else ()) if one in self.batches),
            refit=self._refit(number),
            drift_report=self.shown["drift_report"].get(number),
            mlflow_run=self.shown["mlflow"].get(number),
            prefect_run=row["prefect_run"],
        )

    def _refit(self, turn: int) -> Refit | None:
        """That of the first champion, as it stood after the turn that made it or checked it; None for other turns."""
        if self.refit is None or turn == self.refit.turn:
            return self.refit and replace(self.refit, check=None)
        return self.refit if self.refit.check and self.refit.check.turn == turn else None

    def _candidates(self, probe: Model | None, batch: str) -> tuple[tuple[str, float], ...]:
        if probe is None:
            return ()
        siblings = [model for model in self.models.values() if model.snapshot.id == probe.snapshot.id]
        judged = [(model.family, self.scores.get((model.id, batch))) for model in siblings]
        losses = [(family, score.loss.value) for family, score in judged if score is not None]
        return tuple((family, loss) for family, loss in losses if loss is not None)


def _dummy_loss(model: Model | None, score: Score | None) -> float | None:
    if model is None or score is None:
        return None
    return kinds.constant_loss(model.base_rate, score)
