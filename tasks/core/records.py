"""What is known about batches, models, scores and turns: the frozen values that the ledger keeps.

Add a record here when it is stored in the ledger and read by more than one room. Behaviour belongs to the rooms.
Every value is plain (numbers, strings, tuples, times), so that it survives JSON unchanged. Times are UTC.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


# ── ingestion and validation ──────────────────────────────────────────────────────────────────────────────────────
class BatchStatus(StrEnum):
    """What became of a batch."""

    ACCEPTED = "accepted"
    REFUSED = "refused"


@dataclass(frozen=True)
class RuleFinding:
    """What one rule of the contract kept out, or found wrong with a batch as a whole."""

    column: str
    rule: str
    """Short name of the rule: `max`, `min`, `missing`, `values`, `type`, `key`, `finite`, ..."""
    message: str
    """For people: what must be, and why if the contract says so; e.g. `at most 45 years (registration matched to another aircraft)`."""
    rows: int
    examples: tuple[str, ...] = ()
    """A few offending values as text, at most three."""


@dataclass(frozen=True)
class Batch:
    """One delivery of a source, after the door: `landed = accepted + quarantined + duplicates`."""

    id: str
    """sha256 of the delivered bytes."""
    name: str
    """File name without its ending, e.g. `2013-02`."""
    status: BatchStatus
    landed: int
    accepted: int
    quarantined: int
    duplicates: int
    unlabelled: int
    """Accepted rows without a label: kept, counted, not trained on."""
    positives: int
    """Accepted, labelled rows whose label is true."""
    missing: tuple[tuple[str, int], ...] = ()
    """Accepted rows in which a column is missing although the contract allows it, per column; zero counts left out."""
    first_event: datetime | None = None
    last_event: datetime | None = None
    accepted_file: str | None = None
    """Digest of the parquet file of accepted rows in the store."""
    aside_file: str | None = None
    """Digest of the file of rows set aside (column `_aside` says quarantined or duplicate, `_reasons` why), or of the refused bytes."""
    findings: tuple[RuleFinding, ...] = ()
    reason: str | None = None
    """Why it was refused, one sentence."""

    @property
    def has_labels(self) -> bool:
        """Whether any accepted row has a label."""
        return self.accepted > self.unlabelled


# ── training ──────────────────────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True)
class Snapshot:
    """An exact selection of the dataset: these batches, rows with event time in [start, cutoff) and known before the cut-off."""

    id: str
    """Hash of what it selects."""
    batches: tuple[str, ...]
    """Digests of the accepted files, in event order."""
    start: datetime | None
    """First event time that may be selected; None means everything."""
    cutoff: datetime
    """Nothing that happened, arrived or was labelled at or after this moment is selected."""
    rows: int
    positives: int
    excluded_unlabelled: int
    excluded_unknown: int
    """Rows whose label or arrival was not known at the cut-off."""
    first_event: datetime | None = None
    last_event: datetime | None = None
    ignores_arrival: bool = False
    """Whether rows may have arrived after the cut-off; so within the first batch, which is split."""


@dataclass(frozen=True)
class Model:
    """A fitted model and where it comes from."""

    id: str
    """Hash of snapshot, candidate, settings, seed and the code that builds models."""
    family: str
    snapshot: Snapshot
    settings_hash: str
    seed: int
    code_version: str
    """Git commit, with `+changes` if the tree was not clean; `unknown` outside a checkout."""
    lock_hash: str
    parameters: tuple[tuple[str, str], ...]
    base_rate: float
    """Share of positives in its training data: what the dummy predicts."""
    bundle: str
    """sha256 of the skops file."""
    bundle_bytes: int
    golden: str
    """sha256 of its golden batch (rows and answers)."""
    fit_seconds: float


# ── evaluation ────────────────────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True)
class Metric:
    """A measured value with its interval; direction included."""

    name: str
    value: float | None
    """None where it is not defined (e.g. AUC on one class)."""
    low: float | None
    high: float | None
    greater_is_better: bool


@dataclass(frozen=True)
class SliceScore:
    """How a model did on one slice."""

    column: str
    label: str
    """`UA`, `0 to 7`, or `other` for the pool of slices with too few rows."""
    rows: int
    clusters: int
    positives: int
    log_loss: Metric
    sufficient: bool


@dataclass(frozen=True)
class CalibrationBin:
    """One of ten groups of rows, equal in size, ordered by prediction."""

    rows: int
    predicted: float
    actual: float


@dataclass(frozen=True)
class Score:
    """How one model did on one batch (labelled rows only). The clusters are the unit of all intervals."""

    model: str
    batch: str
    rows: int
    positives: int
    mean_predicted: float
    metrics: tuple[Metric, ...]
    """The first one is always `log_loss`."""
    slices: tuple[SliceScore, ...]
    calibration: tuple[CalibrationBin, ...]

    @property
    def log_loss(self) -> Metric:
        """The proper loss that decides."""
        return self.metrics[0]


@dataclass(frozen=True)
class SliceGain:
    """Loss of the champion minus loss of the challenger on one slice; `worse` if significantly negative (Holm)."""

    column: str
    label: str
    gain: float
    low: float
    high: float
    p_value: float
    """One-sided: that the challenger is not worse."""
    worse: bool
    sufficient: bool


@dataclass(frozen=True)
class Comparison:
    """Champion (or dummy) and challenger on the same rows; gain = loss of the first − loss of the second, per row."""

    rows: int
    gain: float
    low: float
    high: float
    clusters: tuple[str, ...]
    cluster_rows: tuple[int, ...]
    base_loss: tuple[float, ...]
    """Summed loss of the champion per cluster."""
    challenger_loss: tuple[float, ...]
    slices: tuple[SliceGain, ...]
    churn: float
    """Share of rows whose decision at 0.5 differs."""


# ── monitoring ────────────────────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True)
class ColumnDrift:
    """How far one input is from the data that the live model was trained on."""

    column: str
    kind: str
    """`number` or `category`."""
    effect: float
    """KS distance (numbers) or total variation distance (categories), 0 to 1; missing counts as a value."""
    p_value: float
    moved: bool
    text: str
    """In plain words, with the cut or level where they differ most: `89 % above 43.9, was 70 %`."""
    missing_was: float
    missing_now: float
    histogram: tuple[tuple[str, float, float], ...] = ()
    """Bin (or level) label, share in the reference, share now."""


@dataclass(frozen=True)
class Drift:
    """Have the inputs moved since the live model was trained?"""

    batch: str
    reference: str
    """Id of the snapshot that it is compared with."""
    columns: tuple[ColumnDrift, ...]
    drifted: bool
    """Whether the share of moved columns reaches the setting."""
    reasons: tuple[str, ...]

    @property
    def moved(self) -> tuple[ColumnDrift, ...]:
        """The columns that moved, largest effect first."""
        return tuple(sorted((c for c in self.columns if c.moved), key=lambda c: -c.effect))


class HealthState(StrEnum):
    """Is the live model well?"""

    WELL = "well"
    WATCH = "watch"
    UNWELL = "not_well"
    NOT_JUDGED = "not_judged"


@dataclass(frozen=True)
class Health:
    """State of the live model on one batch, with the reasons."""

    state: HealthState
    reasons: tuple[str, ...]


# ── promotion ─────────────────────────────────────────────────────────────────────────────────────────────────────
class VerdictKind(StrEnum):
    """Outcome of a comparison."""

    PROMOTE = "promote"
    REJECT = "reject"
    KEEP_SHADOWING = "keep_shadowing"


@dataclass(frozen=True)
class Evidence:
    """The state of the sequential test for one champion after one batch (DESIGN §4)."""

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


@dataclass(frozen=True)
class Promotion:
    """One change of the live model; the list of them is one linear history."""

    sequence: int
    version: int
    model: str
    previous: int | None
    turn: int
    fence: int
    at: datetime
    by: str
    reason: str


# ── coordination ──────────────────────────────────────────────────────────────────────────────────────────────────
class TurnState(StrEnum):
    """How far a turn is; each state is a place from which it goes on after a kill."""

    OPEN = "open"
    INGESTED = "ingested"
    MONITORED = "monitored"
    JUDGED = "judged"
    DONE = "done"


class Outcome(StrEnum):
    """How a turn ended."""

    FIRST_CHAMPION = "first_champion"
    PROMOTE = "promote"
    REJECT = "reject"
    KEEP_SHADOWING = "keep_shadowing"
    REFUSED = "refused"
    NOT_JUDGED = "not_judged"


@dataclass(frozen=True)
class RetrainingDecision:
    """Whether a probe is trained in this turn, and why."""

    retrain: bool
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class TurnRef:
    """What tasks hand each other: which turn of which pipeline, about which batch."""

    pipeline: str
    number: int
    batch: str
    """Digest of the delivered bytes."""
    name: str
    """Name of the delivery."""


@dataclass(frozen=True)
class Trigger:
    """A recorded reason to look again."""

    id: int
    kind: str
    """manual, schedule, new_data, drift or performance."""
    evidence: str
    """What was seen, one sentence."""
    at: datetime
    turn: int | None
    """The turn that covers it."""


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
    """Permutation importance of the model judged last on this batch (rise in log loss), largest first."""
    probe_model: Model | None = None
    probe_version: int | None = None
    probe: Score | None = None
    """The probe on this batch."""
    candidates: tuple[tuple[str, float], ...] = ()
    """Log loss of every family on this batch."""
    never: Score | None = None
    """The first champion on this batch: what would be without retraining."""
    dummy_loss: float | None = None
    """Log loss of a constant: the share of positives in the training data of the probe."""
    comparison: Comparison | None = None
    """Champion (first turn: dummy) against probe."""
    evidence: Evidence | None = None
    verdict: Verdict | None = None
    drift_report: str | None = None
    """File name of the Evidently page beside the report."""
    mlflow_run: str | None = None
    prefect_run: str | None = None


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
