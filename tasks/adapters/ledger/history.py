"""Reads the whole story of a pipeline back from the ledger, for report, terminal and `status`."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import Any

from tasks.adapters.ledger import codec
from tasks.adapters.ledger.book import Ledger
from tasks.domain import first_champion, pools
from tasks.domain.decisions import Decision
from tasks.domain.observations import Health
from tasks.domain.records import Batch, Model, Score
from tasks.domain.turns import History, Outcome, Refit, RetrainingDecision, StepTime, Trigger, Turn, TurnState
from tasks.problems import kinds

_SHOWN = ("mlflow", "drift_report", "importance")


def read(ledger: Ledger, pipeline: str, numbers: Collection[int] | None = None, **about: Any) -> History:
    """Everything the ledger knows about one pipeline, or about some of its turns.

    Args:
        ledger: Where it is written.
        pipeline: Which one.
        numbers: Of the turns that are asked for, whose cost does not grow with the others; of models and gates only
            those come that these turns tell of, and no duplicates. None: all there is.
        about: Further fields of `History` (hashes, versions of libraries).
    """
    found = _Found(ledger, pipeline, numbers)
    by_number = {turn.number: turn for turn in found.turns()}
    refit, gates = found.refit, [(made.version, made.turn) for made in found.promotions]
    gates += [(one, refit.turn) for one in (refit.version, refit.judged)] if refit else []
    scores = [(version, by_number[turn].probe) for version, turn in gates if turn in by_number]
    return History(
        pipeline=pipeline,
        turns=tuple(turn for number, turn in by_number.items() if numbers is None or number in numbers),
        promotions=tuple(found.promotions),
        models=tuple(sorted(found.numbered(), key=lambda one: one[0])),
        gates=tuple((version, score) for version, score in scores if score is not None),
        duplicates=ledger.batches.duplicates(pipeline) if numbers is None else (),
        holds=tuple(ledger.promotions.holds(pipeline)),
        admissions=tuple(found.admissions),
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


class _Found:
    """What the tables have about some turns of one pipeline, each table read once."""

    def __init__(self, ledger: Ledger, pipeline: str, numbers: Collection[int] | None) -> None:
        # What a row names was committed before it: read after it, it is there, whoever writes meanwhile.
        self.rows = ledger.turns.all(pipeline, numbers)
        self.promotions, self.refit = ledger.promotions.all(pipeline), ledger.refits.get(pipeline)
        self.live = {p.version: p.model for p in self.promotions}
        self.admissions = ledger.admissions.all(pipeline)
        if numbers is not None:
            self.rows += ledger.turns.all(pipeline, self._gates() - {*numbers})
            numbers = [row["number"] for row in self.rows]
        self.verdicts = ledger.promotions.verdicts(pipeline, numbers)
        self.shown = {kind: ledger.turns.projected(pipeline, kind, numbers) for kind in _SHOWN}
        self.triggers: dict[int | None, list[Trigger]] = {}
        for trigger in ledger.inbox.all(pipeline, numbers):
            self.triggers.setdefault(trigger.turn, []).append(trigger)
        self._read_batches(ledger, pipeline, only=numbers is not None)
        self._read_models(ledger, pipeline, only=numbers is not None)

    def _gates(self) -> set[int]:
        """Turns in which the champions of the turns that are asked for had won."""
        live, refit = {row["champion_version"] for row in self.rows}, {self.refit.turn} if self.refit else set()
        return refit | {p.turn for p in self.promotions if p.version in live and p.turn is not None}

    def _read_batches(self, ledger: Ledger, pipeline: str, *, only: bool) -> None:
        pooled = [(row["decision"] or {}).get("pool") or () for row in self.rows]
        ids = {row["batch"] for row in self.rows}.union(*pooled) if only else None
        judged = None if ids is None else ids.union(pools.identity(pool) for pool in pooled if pool)
        self.batches = {batch.id: batch for batch in ledger.batches.all(pipeline, ids)}
        self.last = ledger.turns.last(pipeline, ids)
        self.scores = ledger.models.scores(pipeline, judged)
        self.drifts = ledger.models.drifts(pipeline, ids)
        self.comparisons = ledger.models.comparisons(pipeline, ids)
        self.evidence = ledger.promotions.evidence(pipeline, ids)

    def _read_models(self, ledger: Ledger, pipeline: str, *, only: bool) -> None:
        ids = {challenger for challenger, _ in self.verdicts.values()}
        ids |= {self.live.get(row["champion_version"], "") for row in self.rows}
        ids |= {self.refit.model, self.refit.judged_model} if self.refit else set()
        rows = ledger.models.beside(pipeline, ids if only else None)
        self.models = {model.id: model for _, model in rows}
        self.versions = {model.id: version for version, model in rows if version is not None}
        self.siblings: dict[str, list[Model]] = {}
        for model in self.models.values():
            self.siblings.setdefault(model.snapshot.id, []).append(model)

    def numbered(self) -> list[tuple[int, Model]]:
        """Registered models with their versions."""
        return [(version, self.models[model]) for model, version in self.versions.items()]

    def turns(self) -> list[Turn]:
        """In order; a turn whose batch has not passed the contract has nothing to tell."""
        rows = [(row, self.batch(row)) for row in self.rows]
        return [self.turn(row, batch) for row, batch in rows if batch is not None]

    def batch(self, row: Any) -> Batch | None:
        """What the turn found: of a batch that was admitted later, how it had stood."""
        number, batch = row["number"], row["batch"]
        later = (one for one in self.admissions if one.decision is not Decision.KEEP_OUT)
        refused = next((one.refusal for one in later if one.turn == number), None)
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
            triggers=tuple(self.triggers.get(number, ())),
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
            steps=_steps(row),
            by=row["by"],
        )

    def _refit(self, turn: int) -> Refit | None:
        """That of the first champion, as it stood after the turn that made it or checked it; None for other turns."""
        if self.refit is None or turn == self.refit.turn:
            return self.refit and replace(self.refit, check=None)
        return self.refit if self.refit.check and self.refit.check.turn == turn else None

    def _candidates(self, probe: Model | None, batch: str) -> tuple[tuple[str, float], ...]:
        if probe is None:
            return ()
        siblings = self.siblings[probe.snapshot.id]
        judged = [(model.family, self.scores.get((model.id, batch))) for model in siblings]
        losses = [(family, score.loss.value) for family, score in judged if score is not None]
        return tuple((family, loss) for family, loss in losses if loss is not None)


def _dummy_loss(model: Model | None, score: Score | None) -> float | None:
    if model is None or score is None:
        return None
    return kinds.dummy_loss(model, score)


def _steps(row: Any) -> tuple[StepTime, ...]:
    """Each step lasts until the next one begins, the last one until the turn is closed."""
    begun = [(name, datetime.fromisoformat(at)) for name, at in row["steps"] or ()]
    ends = [*(at for _, at in begun[1:]), codec.moment(row["finished"])]
    return tuple(
        StepTime(name, at, None if end is None else (end - at).total_seconds())
        for (name, at), end in zip(begun, ends, strict=False)
    )
