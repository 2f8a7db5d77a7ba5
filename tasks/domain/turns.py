"""What a turn finds, decides and leaves behind: the frozen values that the ledger keeps.

Add a record here when it is about the course of a turn; what it is about (batches, models, scores) is in `records`.
Behaviour belongs to the rooms. Times are UTC.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from tasks.domain.decisions import Admission
from tasks.domain.observations import Drift, Health
from tasks.domain.records import Batch, Comparison, Model, Score


# ── promotion ─────────────────────────────────────────────────────────────────────────────────────────────────────
class VerdictKind(StrEnum):
    """Outcome of a comparison."""

    PROMOTE = "promote"
    REJECT = "reject"
    KEEP_SHADOWING = "keep_shadowing"


@dataclass(frozen=True)
class Evidence:
    """The state of the sequential test for one champion after one batch; see `tasks.promotion.evidence`."""

    batch: str
    champion: str
    probe: str
    before: float
    """Evidence carried into this batch (mean of max(M, 1))."""
    sums: tuple[float, ...]
    """S_k: (1 − γ)·loss(champion) − loss(probe), summed over cluster k."""
    counts: tuple[int, ...]
    sigma: float
    """σ that was used for this batch."""
    m: tuple[float, ...]
    """M_λ after this batch, one per λ."""
    value: float
    """E: the mean of M_λ."""
    needed: float
    pool: tuple[str, ...] = ()
    """Ids of the batches that were judged together as this one; none where it was judged alone."""


@dataclass(frozen=True)
class Guard:
    """One guard: may veto, never vote."""

    name: str
    objects: bool
    text: str


@dataclass(frozen=True)
class Verdict:
    """What is to be done with a challenger, and why; the first reason is the main one."""

    kind: VerdictKind
    reasons: tuple[str, ...]
    guards: tuple[Guard, ...] = ()
    first: bool = False
    """Judged by the policy for the first champion, which has no champion to compare with."""
    judged: bool = True
    """False if something went wrong on the way: then it is a rejection, no guard was asked, and the reason says why."""


@dataclass(frozen=True)
class Promotion:
    """One change of the live model; the list of them is one linear history."""

    sequence: int
    version: int
    model: str
    previous: int | None
    turn: int | None
    """The turn that decided it; None for a rollback, which a person decides, and which needs no verdict."""
    fence: int
    at: datetime
    by: str
    reason: str
    after: int | None = None
    """Of a rollback: the last turn that had begun. Turns behind it find the version live; that one goes on without."""

    @property
    def is_rollback(self) -> bool:
        """Whether a person went back to a version that had been live."""
        return self.turn is None

    @property
    def place(self) -> int:
        """The turn behind which it holds."""
        return (self.after or 0) if self.turn is None else self.turn


@dataclass(frozen=True)
class RefitCheck:
    """A refit and the version that it stands for, on what was judged next."""

    turn: int
    comparison: Comparison
    """The refit first: a gain above 0 says that the other one loses less."""
    goes_back: bool
    """Whether the version that was judged goes live in its place."""
    reason: str
    objection: str = ""
    """What a rollback has against that version; then the refit stays."""


@dataclass(frozen=True)
class Refit:
    """The first champion, fitted again on all there was when it won."""

    turn: int
    """In which it won."""
    judged: int
    """The version that won there: it had learned from a part of the rows."""
    judged_model: str
    version: int
    model: str
    guard: Guard
    """Its own gate: the bundle answers its golden batch, and is small and quick enough."""
    check: RefitCheck | None = None


@dataclass(frozen=True)
class JudgedAgain:
    """What was judged in a turn, judged again with labels that were corrected since; what was decided stays."""

    turn: int
    """In which the corrected labels came."""
    judged: int
    """The turn that had judged."""
    labels: int
    """Labels that were corrected, of the batches that were judged in it."""
    before: float
    """The gain as it was measured then: loss of the champion, or of no model, less that of the challenger, per row."""
    after: Comparison


@dataclass(frozen=True)
class Hold:
    """A version that a rollback took off: automation keeps off it until a person releases it."""

    sequence: int
    """Of the rollback in the list of promotions."""
    version: int
    ended: datetime | None = None
    """When it was released."""
    released_by: str | None = None
    release_reason: str | None = None


# ── coordination ──────────────────────────────────────────────────────────────────────────────────────────────────
class TurnState(StrEnum):
    """How far a turn is: begun, its batch settled, ended. Where it goes on after a kill, the records say."""

    OPEN = "open"
    INGESTED = "ingested"
    DONE = "done"


class Outcome(StrEnum):
    """How a turn ended."""

    FIRST_CHAMPION = "first_champion"
    PROMOTE = "promote"
    REJECT = "reject"
    KEEP_SHADOWING = "keep_shadowing"
    REFUSED = "refused"
    HELD = "held"
    NOT_JUDGED = "not_judged"
    FAILED = "failed"
    """Given up after the bounded number of attempts."""


@dataclass(frozen=True)
class RetrainingDecision:
    """Whether a probe is trained in this turn, and why."""

    retrain: bool
    reasons: tuple[str, ...]
    older: int = 0
    """Labelled rows of the batch that are not judged, because they are from before the end of what was judged."""
    pool: tuple[str, ...] = ()
    """Ids of the batches that are judged together, this one among them; none where it is judged alone."""


@dataclass(frozen=True)
class TurnRef:
    """What tasks hand each other: which turn of which pipeline, about which batch."""

    pipeline: str
    number: int
    batch: str
    """Digest of the delivered bytes."""
    name: str
    """Name of the delivery."""


class TriggerState(StrEnum):
    """What became of a trigger; all but the first are ends."""

    OPEN = "open"
    COVERED = "covered"
    SKIPPED = "skipped"
    FAILED = "failed"


@dataclass(frozen=True)
class Trigger:
    """A recorded reason to look again."""

    id: int
    kind: str
    """A `TriggerKind`, or what a later version may know."""
    evidence: str
    """What was seen, one sentence."""
    at: datetime
    turn: int | None
    """The turn that covers it."""
    key: str = ""
    """What makes it this one: recorded once."""
    state: TriggerState = TriggerState.COVERED
    reason: str | None = None
    """Why it was skipped, or what failed."""
    force: bool = False
    """Whether it goes past cooldown, budget and minimum rows."""


@dataclass(frozen=True)
class Alert:
    """A word that people are owed."""

    key: str
    text: str


@dataclass(frozen=True)
class StepTime:
    """A step of a turn, and how long it took."""

    name: str
    began: datetime
    seconds: float | None
    """None while it goes on, or where it was cut off."""


@dataclass(frozen=True)
class Turn:
    """One pass of the loop, with all that was found and decided in it. What did not happen is None."""

    number: int
    batch: Batch
    state: TurnState
    started: datetime
    finished: datetime | None = None
    outcome: Outcome | None = None
    reasons: tuple[str, ...] = ()
    triggers: tuple[Trigger, ...] = ()
    decision: RetrainingDecision | None = None
    champion_version: int | None = None
    """Version that was live when the batch arrived."""
    champion: Score | None = None
    """The live champion on this batch."""
    drift: Drift | None = None
    health: Health | None = None
    importance: tuple[tuple[str, float], ...] = ()
    """Permutation importance of the model judged last on this batch (rise in its loss), largest first."""
    probe_model: Model | None = None
    probe_version: int | None = None
    probe: Score | None = None
    """The probe on this batch."""
    candidates: tuple[tuple[str, float], ...] = ()
    """Loss of every family on this batch: log loss, of a number the squared error."""
    never: Score | None = None
    """The first champion on this batch: what would be without retraining."""
    dummy_loss: float | None = None
    """Loss of a constant: the share of positives (of a number: the mean) in the training data of the champion; where no
    champion was scored, in that of the probe."""
    comparison: Comparison | None = None
    """Champion (first turn: dummy) against probe."""
    evidence: Evidence | None = None
    verdict: Verdict | None = None
    pool: tuple[Batch, ...] = ()
    """Batches that are judged together, this one among them; none where it is judged alone."""
    refit: Refit | None = None
    """That of the first champion, where this turn made it or checked it."""
    drift_report: str | None = None
    """File name of the Evidently page beside the report."""
    mlflow_run: str | None = None
    prefect_run: str | None = None
    steps: tuple[StepTime, ...] = ()
    """What it was busy with, in order; none in turns of earlier versions."""
    by: str | None = None
    """User, host and worker that ran it last."""


@dataclass(frozen=True)
class History:
    """Everything that the report, the terminal and `status` tell about one pipeline."""

    pipeline: str
    turns: tuple[Turn, ...]
    promotions: tuple[Promotion, ...]
    models: tuple[tuple[int, Model], ...]
    """Registered models by version."""
    gates: tuple[tuple[int, Score], ...]
    """For each promoted version, its score on the batch on which it won."""
    duplicates: tuple[tuple[str, str, int], ...] = ()
    """Deliveries whose content was known already: file name, name of the first delivery, rows."""
    settings_hash: str = ""
    lock_hash: str = ""
    libraries: tuple[tuple[str, str], ...] = ()
    holds: tuple[Hold, ...] = ()
    """Versions that rollbacks took off; those without an end are barred now."""
    admissions: tuple[Admission, ...] = ()
    """Refused batches that were let in for a second look, in order."""
    refit: Refit | None = None
    """Of the first champion."""
