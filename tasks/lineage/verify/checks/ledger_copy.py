"""Everything that the ledger says of one pipeline, read once for all checks; a row that cannot be read is a finding.

Add a field here when a check needs another table.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from json import JSONDecodeError
from typing import Any, TypeVar

from configs.errors import Damaged
from tasks.adapters.home import Home
from tasks.domain import late_labels
from tasks.domain.decisions import Admission
from tasks.domain.logged_files import Logged
from tasks.domain.pools import Pool
from tasks.domain.records import Batch, Comparison, Model, Score, Snapshot
from tasks.domain.turns import Evidence, Outcome, Promotion, Refit, Trigger, TurnState, Verdict
from tasks.lineage.verify.findings import Finding

T = TypeVar("T")


@dataclass(frozen=True)
class Recorded:
    """The tables of one pipeline as values."""

    pipeline: str
    batches: list[Batch]
    turns: Sequence[Mapping[Any, Any]]
    snapshots: list[Snapshot]
    models: list[Model]
    versions: dict[int, Model]
    scores: dict[tuple[str, str], Score]
    comparisons: dict[str, Comparison]
    evidence: dict[str, Evidence]
    verdicts: dict[int, tuple[str, Verdict]]
    logged: dict[str, Logged]
    """What MLflow was given, by model."""
    promotions: list[Promotion]
    triggers: list[Trigger]
    admissions: list[Admission] = field(default_factory=list)
    refit: Refit | None = None
    """Of the first champion."""
    unreadable: list[Finding] = field(default_factory=list)
    """Rows that are no values any more. What they were about cannot be checked."""
    unread: frozenset[str] = frozenset()
    """Which of the fields above are empty for that reason."""

    @property
    def done(self) -> list[Mapping[Any, Any]]:
        """Turns that have ended."""
        return [turn for turn in self.turns if turn["state"] == TurnState.DONE]

    @property
    def outcomes(self) -> dict[int, Outcome | None]:
        """How each turn ended; None for one that goes on."""
        ended = {turn["number"] for turn in self.done}
        outcomes = {turn["number"]: turn["outcome"] for turn in self.turns}
        values = {outcome.value: outcome for outcome in Outcome}
        return {number: values.get(value) if number in ended else None for number, value in outcomes.items()}

    @property
    def batch_of(self) -> dict[int, Batch]:
        """The batch of each turn that has taken one in."""
        batches, last = {batch.id: batch for batch in self.batches}, {one["batch"]: one["number"] for one in self.turns}
        taken = {number: batches[batch] for batch, number in last.items() if batch in batches}
        return taken | {one.turn: one.refusal for one in self.admissions if one.turn is not None}

    @property
    def pools(self) -> dict[int, Pool]:
        """What each turn has judged, or waits to judge: its batch, alone or with others that were too short."""
        batches = {batch.id: batch for batch in self.batches}
        batch_of = {turn["number"]: turn["batch"] for turn in self.turns}
        ids = {turn["number"]: ((turn["decision"] or {}).get("pool") or [turn["batch"]]) for turn in self.turns}
        return {
            number: Pool(tuple(late_labels.at(batches[one], number) for one in members), None, turn=batch_of[number])
            for number, members in ids.items()
            if set(members) <= batches.keys()
        }

    def was_shown(self, model: str, batch: Batch | None) -> bool:
        """Whether a model has a run in MLflow when its turn is shown: it was judged there, or is a refit of who was."""
        is_refit = self.refit is not None and self.refit.model == model
        return batch is not None and (is_refit or (model, batch.id) in self.scores)

    def champion_of(self, turn: int) -> Model | None:
        """What the challenger of a turn was compared with; None for a first champion, which is compared with none."""
        batch = self.batch_of.get(turn)
        evidence = self.evidence.get(batch.id) if batch else None
        if evidence is not None:
            return self.model(evidence.champion)
        if turn not in self.verdicts or self.verdicts[turn][1].first:
            return None
        version = next(row["champion_version"] for row in self.turns if row["number"] == turn)
        return self.versions.get(version) if version is not None else None

    def live_before(self, turn: int) -> int | None:
        """The version that was live when a turn began."""
        return next((promotion.version for promotion in reversed(self.promotions) if promotion.place < turn), None)

    def model(self, identity: str) -> Model | None:
        """A model by its id."""
        return next((model for model in self.models if model.id == identity), None)


def read(home: Home, pipeline: str) -> Recorded:
    """Read all tables of a pipeline."""
    ledger, wrong, unread = home.ledger, [], set[str]()
    outcomes = {outcome.value for outcome in Outcome}

    def ask(invariant: str, field: str, question: Callable[[str], T], nothing: T) -> T:
        try:
            return question(pipeline)
        except Damaged as problem:
            wrong.append(Finding(invariant, str(problem)))
        except JSONDecodeError as problem:
            text = f"A record in the ledger is no JSON any more: {problem}. Restore the ledger from a backup."
            wrong.append(Finding(invariant, text))
        unread.add(field)
        return nothing

    turns: Sequence[Mapping[Any, Any]] = ledger.turns.all(pipeline)
    for turn in turns:
        if turn["outcome"] is not None and turn["outcome"] not in outcomes:
            wrong.append(Finding("I6", f"turn {turn['number']} ended as {turn['outcome']!r}, which is no outcome"))

    return Recorded(
        pipeline=pipeline,
        batches=ask("I2", "batches", ledger.batches.all, []),
        turns=turns,
        snapshots=ask("I6", "snapshots", ledger.models.snapshots, []),
        models=ask("I6", "models", ledger.models.all, []),
        versions=ask("I6", "versions", ledger.models.versions, {}),
        scores=ask("I6", "scores", ledger.models.scores, {}),
        comparisons=ask("I1", "comparisons", ledger.models.comparisons, {}),
        evidence=ask("I1", "evidence", ledger.promotions.evidence, {}),
        verdicts=ask("I1", "verdicts", ledger.promotions.verdicts, {}),
        logged=ask("I6", "logged", ledger.logged.all, {}),
        promotions=ask("I5", "promotions", ledger.promotions.all, []),
        triggers=ask("I4", "triggers", ledger.inbox.all, []),
        admissions=ask("I2", "admissions", ledger.admissions.all, []),
        refit=ask("I1", "refit", ledger.refits.get, None),
        unreadable=list(dict.fromkeys(wrong)),
        unread=frozenset(unread),
    )
