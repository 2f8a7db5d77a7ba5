"""What is known about batches, models and scores: the frozen values that the ledger keeps; turns are in `turns`.

Add a record here when it is stored in the ledger and read by more than one room. Behaviour belongs to the rooms.
Every value is plain (numbers, strings, tuples, times), so that it survives JSON unchanged. Times are UTC.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AliasChoices, Field

from tasks.domain.class_records import ClassScore
from tasks.domain.label_records import LateLabels, Superseded
from tasks.domain.limited import Limited
from tasks.domain.weak_spots import WeakSpot

ALONE = "each row by itself"
"""In place of the names of clusters where there are none."""
BATCH = "batch:"
"""How the key of a trigger begins that is about one delivery; its digest follows."""
MISSING = "(missing)"
"""Label of missing values in a histogram."""
RARE = "(rare values)"
"""Label of the levels that are too rare to be looked at one by one."""


def _formerly(name: str, old: str) -> Any:
    """A field that had another name in records of earlier versions."""
    return Field(validation_alias=AliasChoices(name, old))


# ── ingestion and validation ──────────────────────────────────────────────────────────────────────────────────────
class BatchStatus(StrEnum):
    """What became of a batch."""

    ACCEPTED = "accepted"
    HELD = "held"
    """Stored, neither learned from nor judged, until a person admits it or keeps it out."""
    REFUSED = "refused"


@dataclass(frozen=True)
class RuleFinding:
    """What one rule of the contract kept out, or found wrong with a batch as a whole."""

    column: str
    rule: str
    """Short name of the rule: `max`, `min`, `missing`, `values`, `type`, `key`, `finite`, ..."""
    message: str
    """For people: what must be, and why if the contract says so; e.g. `at most 45 years (another aircraft)`."""
    rows: int
    examples: tuple[str, ...] = ()
    """A few offending values as text, at most three."""


@dataclass(frozen=True)
class Suspect:
    """What speaks against the rows of a batch, or a part of them: damage on the way, rather than a changed world."""

    column: str
    kind: str
    """A kind of damage that triage knows."""
    text: str
    """For people: `'fee': 44 % of rows lie below 5.51, none of 12,000 before did`."""
    rows: int = 0
    """Rows that show it."""
    where: str = ""
    """The part of the batch it is in, such as `device = C`; empty where it is all over it."""
    certain: bool = True
    """Whether the rows alone show it; else a changed world may look like that, and the models have to be asked."""
    swings: float = 0.0
    """By how many times its own swing from batch to batch the column lies outside of all before it."""


@dataclass(frozen=True)
class Batch:
    """One delivery of a source, after the contract: `landed = accepted + held + quarantined + duplicates`."""

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
    """Accepted, labelled rows whose label is positive; 0 where the label is a number."""
    missing: tuple[tuple[str, int], ...] = ()
    """Accepted rows in which a column is missing although the contract allows it, per column; zero counts left out."""
    first_event: datetime | None = None
    last_event: datetime | None = None
    accepted_file: str | None = None
    """Digest of the parquet file of accepted rows in the store."""
    aside_file: str | None = None
    """Digest of the file of rows set aside (see the columns `_aside` and `_reasons`), or of the refused bytes."""
    findings: tuple[RuleFinding, ...] = ()
    reason: str | None = None
    """Why it was refused or is held, in a sentence."""
    label_mean: float | None = None
    """Mean label of the accepted, labelled rows where it is a number; else None."""
    notes: tuple[str, ...] = ()
    """What was left out of values that came in, each with the number of its rows."""
    label: str | None = None
    """Column of which these are the values; None where it is not a yes or no in words or whole numbers."""
    label_values: tuple[str, ...] = ()
    """The different labels of the accepted rows, as text; later batches may have no others."""
    held: int = 0
    """Rows that wait for a decision: all of a batch that is held, none of any other."""
    suspects: tuple[Suspect, ...] = ()
    """What speaks against its rows, the strongest first: why it is held, or what was only said of an accepted one."""
    labels: LateLabels | None = None
    """Of a delivery of labels what became of them; it has no rows of its own. None: it is one of rows."""
    awaits: bool = False
    """Whether labels of its rows are still to come: until then it is neither judged nor learned from."""
    there: int = 0
    """Of a batch that awaits labels, how many of its rows have theirs."""
    superseded: tuple[Superseded, ...] = ()
    """How its rows stood before labels came to them, the oldest first."""
    classes: tuple[tuple[str, int], ...] = ()
    """Accepted, labelled rows of each class that the settings list; none where they list none."""
    tables: int = 0
    """Number of the last delivery of another table that its rows could be joined with."""
    lookups: str = ""
    """Hash of the settings by which values were looked up for its rows; empty where none were."""

    @property
    def has_labels(self) -> bool:
        """Whether any accepted row has a label that may be used."""
        return self.accepted > self.unlabelled and not self.awaits

    @property
    def is_in(self) -> bool:
        """Whether its rows were taken in; else it is held or refused, as it came."""
        return self.status is BatchStatus.ACCEPTED


# ── training ──────────────────────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True)
class EarlyLabels:
    """Labels that were known soon are not like those that took longer."""

    days: float
    """What came within so many days is early."""
    rows: int
    share: float
    """Positive among the early ones; of a number, its mean."""
    later_rows: int
    later_share: float
    unknown: int
    """Rows whose label was not known yet."""


@dataclass(frozen=True)
class Snapshot:
    """An exact selection of the dataset: rows of these batches with event in [start, cutoff), known before the end."""

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
    ignores_labels: bool = False
    """Whether their labels may have become known after it; so where a first champion is refitted on all there is."""
    label_mean: float | None = None
    """Mean label of its rows where it is a number; else None."""
    classes: tuple[tuple[str, int], ...] = ()
    """Its rows of each class that the settings list; none where they list none."""
    early: EarlyLabels | None = None
    """How early labels differ from later ones; None where they do not, or it does not matter."""


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
    """Share of positives (or mean label) in its training data: what the dummy predicts."""
    bundle: str
    """sha256 of the skops file."""
    bundle_bytes: int
    golden: str
    """sha256 of its golden batch (rows and answers)."""
    fit_seconds: float
    recipe: int = 1
    """How its rows became a model (`identities`)."""
    lock_kept: bool = False
    """Whether the lock file of this hash was kept beside the bundle; not so in earlier versions."""
    trained_loss: float | None = None
    """Its mean loss on a sample of the rows that it was fitted on, to be put beside that on rows unseen."""


@dataclass(frozen=True)
class BundleFacts:
    """What was seen when the packaged challenger was loaded as serving would load it."""

    megabytes: float
    latency_ms: float
    """Time to answer one row."""
    problem: str | None = None
    """Why it does not load or does not answer its golden batch; None if it does."""


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
    title: str = ""
    """As people call it, if it is not one of the metrics that are built in."""
    amount: bool = False
    """Whether its value is an amount in the unit of the label, if it is not one of those."""


@dataclass(frozen=True)
class SliceScore:
    """How a model did on one slice."""

    column: str
    label: str
    """`UA`, `0 to 7`, or `other` for the pool of slices with too few rows."""
    rows: int
    clusters: int
    positives: int
    loss: Annotated[Metric, _formerly("loss", "log_loss")]
    """The loss that decides: the log loss, or the squared error of a number."""
    sufficient: bool
    mean_actual: float | None = None
    """Mean label where it is a number; else None."""


@dataclass(frozen=True)
class CalibrationBin:
    """One of ten groups of rows, equal in size, ordered by prediction."""

    rows: int
    predicted: float
    actual: float
    """Share of positives, or mean label."""


@dataclass(frozen=True)
class Score:
    """How one model did on one batch (labelled rows only). The clusters are the unit of all intervals."""

    model: str
    batch: str
    rows: int
    positives: int
    mean_predicted: float
    metrics: tuple[Metric, ...]
    """The first one is always the proper loss that decides: `log_loss`, or `squared_error` of a number."""
    slices: tuple[SliceScore, ...]
    calibration: tuple[CalibrationBin, ...]
    mean_actual: float | None = None
    """Mean label where it is a number; of several classes the share of rows whose class was named; else None."""
    variance: float | None = None
    """Mean squared distance of such labels from their mean; else None."""
    offset: Metric | None = None
    """How far the mean answer lies above the mean label, with its interval; None where that was not measured."""
    classes: tuple[ClassScore, ...] = ()
    """Of each class, where there are several."""
    excess: Metric | None = None
    """Loss less that of no model on the same rows, paired, with its interval; None where that was not measured."""

    @property
    def loss(self) -> Metric:
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
    """Share of rows whose decision at 0.5 differs; of a number, mean change of the answer in standard deviations."""
    metric: Annotated[str, _formerly("metric", "measure")] = "log_loss"
    """Name of the loss."""
    righted: float = 0.0
    """Share of rows whose decision at 0.5 turns right, less the share whose decision turns wrong; of a number, share of
    rows whose answer comes nearer to it, less the share whose answer goes farther."""
    opened: tuple[WeakSpot, ...] = ()
    limited: tuple[Limited, ...] = ()
    """What the limits of metrics look at."""

    @property
    def independent(self) -> bool:
        """Whether nothing tells which rows share their luck: the interval takes each by itself, sums are over all."""
        return self.clusters == (ALONE,)
