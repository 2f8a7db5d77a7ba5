"""The replay: probes for every batch, the rules that decide whether one of them takes over, and what each rule costs.

Models are fitted, compared and judged by the project's own code; here are only the order of events and the rivals. A
rule sees a batch when its labels are known, or the horizon has passed; its decision holds for rows that happen later.
Which probes there are does not depend on who is live, so all rules are replayed on the same ones.
"""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from configs.ingestion import Times
from configs.promotion import PromotionSettings
from configs.training import Candidate
from tasks.domain import pools
from tasks.domain.records import BundleFacts, Comparison, Score
from tasks.domain.turns import Evidence, VerdictKind
from tasks.evaluation import scores
from tasks.problems import binary, losses, prediction
from tasks.promotion import evidence, gate
from tasks.promotion.guards import base, listed
from tasks.training import groups, learning, preparation, selection
from tasks.training.estimators import families
from tasks.training.estimators.boosting import HistGradientBoostingCandidate
from tasks.training.estimators.linear import LogisticRegressionCandidate
from tests.benchmarks.decisions_streams import EVENT, KNOWN, LABEL, Stream
from tests.sizes import size

Floats = NDArray[np.float64]

FIRST = 10
"""Batches of the first model. With a window of as many for all, on shuffled days all models are equally good, so that
every promotion is a false one; with all there is, as by default, later models know more and may rightly be promoted."""
HORIZON = timedelta(days=14)
"""A label that is not known this long after the end of its batch is not waited for; the row is not judged."""
SEED = 20130101
CANDIDATES: tuple[Candidate, ...] = (
    HistGradientBoostingCandidate(family="hist_gradient_boosting"),
    LogisticRegressionCandidate(family="logistic_regression"),
)
"""Defaults of the project, for every stream; so are the settings of the promotion."""
PROMOTION = PromotionSettings()
TIMES = Times(event=EVENT, label=KNOWN)
_PACKED = BundleFacts(megabytes=0.0, latency_ms=0.0)
"""Nothing is packed here, so the guard of the bundle has nothing to object to."""


# ── batches and probes ────────────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True)
class Batch:
    """One delivery, and what may be judged of it."""

    number: int
    start: int
    end: int
    cutoff: datetime
    """When it began: its probe learns from what was known before."""
    decided: np.datetime64
    """When the labels are known, or the horizon has passed."""
    events: NDArray[np.datetime64]
    outcomes: NDArray[np.bool_]
    """Of all rows, as they turned out in the end."""
    judged: NDArray[np.bool_]
    """Rows whose label is known when it is decided."""


@dataclass(frozen=True)
class Probe:
    """A model that was fitted on the window before a batch; it may be asked about that batch and all later ones."""

    number: int
    family: str
    base_rate: float
    pipeline: Pipeline = field(repr=False)


Kept = tuple[dict[int, Probe], dict[tuple[int, int], Floats]]
"""Probes by their batch; and what was asked, by probe and batch."""


class Fitted:
    """A stream, its batches and the probe of each; what a model says about a batch is asked once."""

    def __init__(self, stream: Stream, kept: Kept | None = None, *, window: int | None = None) -> None:
        """Fit, unless that was done before, on so many batches before each; on all of them without a number."""
        self.stream, self._window = stream, window
        self.batches = batches(stream)
        self._prepared = preparation.prepare(stream.frame, tuple(stream.columns), stream.columns)
        self.probes, self._told = kept or ({}, {})
        if kept is None:
            self._fit()

    @property
    def kept(self) -> Kept:
        """What need not be done again."""
        return self.probes, self._told

    @property
    def decided(self) -> list[Batch]:
        """The batches that are decided about: those after the first one that the first model has not seen."""
        return self.batches[FIRST + 1 :]

    def answers(self, probe: Probe, batch: Batch) -> Floats:
        """What a model says about all rows of a batch."""
        key = probe.number, batch.number
        if key not in self._told:
            self._told[key] = prediction.predict(probe.pipeline, self._prepared[batch.start : batch.end])
        return self._told[key]

    def _fit(self) -> None:
        """The probe of every batch after the first ten; the one of the eleventh is the first model."""
        names = [candidate.family for candidate in CANDIDATES]
        losses = list[tuple[str, float]]()
        for batch in self.batches[FIRST:]:
            family = evidence.nominate(names, losses)
            models, base_rate = self._candidates(batch)
            own = {
                name: prediction.predict(one, self._prepared[batch.start : batch.end]) for name, one in models.items()
            }
            losses = [(name, _loss(batch, answers)) for name, answers in own.items()]
            self.probes[batch.number] = Probe(batch.number, family, base_rate, models[family])
            self._told[batch.number, batch.number] = own[family]

    def _candidates(self, batch: Batch) -> tuple[dict[str, Pipeline], float]:
        """Every family, fitted on the window before a batch; and the share of positives in it."""
        oldest, columns = self.batches[max(0, batch.number - self._window) if self._window else 0], self.stream.columns
        window = self.stream.frame.iloc[oldest.start : batch.start]
        rows = selection.select(window, times=TIMES, label=LABEL, start=oldest.cutoff, cutoff=batch.cutoff).frame
        outcomes, prepared = rows[LABEL].to_numpy(dtype=bool), self._prepared.loc[rows.index]
        sized = [families.sized(one, len(rows), "binary") for one in CANDIDATES]
        built = {one.family: families.build(one, tuple(columns), columns, SEED, "binary") for one in sized}
        fitted = {name: learning.fit(model, prepared, outcomes, threads=1) for name, model in built.items()}
        return fitted, float(outcomes.mean())


def batches(stream: Stream) -> list[Batch]:
    """All deliveries of a stream, in event order; a later one is never decided before an earlier one."""
    borders, found, latest = _sufficient(stream), list[Batch](), np.datetime64("NaT", "us")
    for number, (start, end) in enumerate(itertools.pairwise(borders)):
        rows = stream.frame.iloc[start:end]
        known, events = _moments(rows[KNOWN]), _moments(rows[EVENT])
        ended = events.max()
        latest = np.fmax(latest, np.clip(known.max(), ended, ended + np.timedelta64(HORIZON)))
        outcomes = rows[LABEL].to_numpy(dtype=bool)
        cutoff = rows[EVENT].iloc[0].to_pydatetime()
        found.append(Batch(number, start, end, cutoff, latest, events, outcomes, known <= latest))
    return found


def _sufficient(stream: Stream) -> list[int]:
    """Where what is judged at once begins: deliveries that are too short are judged together with those that follow."""
    start, *ends = stream.borders.tolist()
    found, days = [start], groups.clusters(stream.frame, TIMES, stream.evaluation.cluster)
    for end in ends:
        outcomes = stream.frame[LABEL].iloc[found[-1] : end]
        learned = size(len(outcomes), int(outcomes.sum()), len(set(days[found[-1] : end])))
        found += [] if pools.missing(learned, None) else [end]
    return found


# ── rules ─────────────────────────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True)
class Case:
    """What a rule is asked: champion and probe on a batch that neither has seen."""

    number: int
    """Of the decision, from 1."""
    fitted: Fitted
    batch: Batch
    champion: Probe
    probe: Probe

    def loss(self, model: Probe) -> float:
        """Mean log loss of a model on the batch."""
        return _loss(self.batch, self.fitted.answers(model, self.batch))

    def answers(self, model: Probe) -> Floats:
        """What a model says about the judged rows."""
        return self.fitted.answers(model, self.batch)[self.batch.judged]

    @property
    def outcomes(self) -> NDArray[np.bool_]:
        """Labels of the judged rows."""
        return self.batch.outcomes[self.batch.judged]

    @cached_property
    def rows(self) -> pd.DataFrame:
        """The rows that are judged."""
        return self.fitted.stream.frame.iloc[self.batch.start : self.batch.end][self.batch.judged]

    @cached_property
    def clusters(self) -> NDArray[Any]:
        """Day of each row."""
        return groups.clusters(self.rows, TIMES, self.fitted.stream.evaluation.cluster)

    @cached_property
    def slices(self) -> dict[str, NDArray[Any]]:
        """Slice of each row, per column."""
        return groups.slice_labels(self.rows, self.fitted.stream.slices, self.fitted.stream.columns)

    def score(self, model: Probe) -> Score:
        """All metrics of a model."""
        about = str(model.number), str(self.batch.number), self.outcomes, self.answers(model)
        return scores.score(*about, self.clusters, self.slices, self.fitted.stream.evaluation, "binary")

    def compare(self) -> Comparison:
        """Champion and probe on the same rows."""
        pair, settings = (self.answers(self.champion), self.answers(self.probe)), self.fitted.stream.evaluation
        level = PROMOTION.guards.slice_level
        return scores.compare(self.outcomes, *pair, self.clusters, self.slices, settings, level, "binary")


Rule = Callable[[Case], bool]
"""Whether the probe takes over. One that remembers something is made anew for every replay."""


class Ours:
    """The rule of the project: the evidence, and the guards that may veto."""

    def __init__(self) -> None:
        self._evidence: Evidence | None = None
        self.vetoes: list[tuple[int, str]] = []
        """Decisions in which there was evidence enough, and the guards that objected."""

    def __call__(self, case: Case) -> bool:
        """Judge as a turn does."""
        comparison, probe = case.compare(), case.score(case.probe)
        dummy = binary.constant_loss(case.probe.base_rate, positives=probe.positives, rows=probe.rows)
        guards = listed.ask(base.Case(case.score(case.champion), probe, comparison, dummy, _PACKED, PROMOTION))
        names = {"batch": str(case.batch.number), "champion": str(case.champion.number)}
        self._evidence = evidence.advance(
            self._evidence, comparison, **names, probe=str(case.probe.number), settings=PROMOTION
        )
        verdict = gate.judge(self._evidence, comparison, guards, PROMOTION)
        objecting = [guard.name for guard in guards if guard.objects]
        if objecting and self._evidence.value >= self._evidence.needed:
            self.vetoes.append((case.batch.number, ", ".join(objecting)))
        return verdict.kind is VerdictKind.PROMOTE


class LossUp:
    """Retrain when the loss is 10 % above that on the batch on which the model won; of the first one, on its first."""

    def __init__(self) -> None:
        self._usual: float | None = None

    def __call__(self, case: Case) -> bool:
        """Compare with what was usual; a new model brings its own."""
        loss = case.loss(case.champion)
        self._usual = loss if self._usual is None else self._usual
        if loss <= 1.1 * self._usual:
            return False
        self._usual = case.loss(case.probe)
        return True


def never(case: Case) -> bool:
    """Keep the first model."""
    return False


def always(case: Case) -> bool:
    """Every probe takes over."""
    return True


def new_loss_lower(case: Case) -> bool:
    """The probe takes over when its loss on the batch is the lower one."""
    return case.loss(case.probe) < case.loss(case.champion)


def every(k: int) -> Rule:
    """Every k-th probe takes over."""
    return lambda case: case.number % k == 0


OURS, NEVER, ALWAYS, THIRD_MONTH = "ours", "never", "retrain always", "every 9th batch"
RULES: dict[str, Callable[[], Rule]] = {
    OURS: Ours,
    NEVER: lambda: never,
    ALWAYS: lambda: always,
    "new loss lower": lambda: new_loss_lower,
    "loss up 10 %": LossUp,
    "every 3rd batch": lambda: every(3),
    THIRD_MONTH: lambda: every(9),
}


# ── the replay ────────────────────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True)
class Replay:
    """What one rule did on one stream."""

    decisions: int
    promotions: tuple[int, ...]
    """Batches after which the champion changed."""
    loss: float
    """Mean log loss of whoever was live when a row happened, over the rows of all batches that were decided about."""
    vetoes: tuple[tuple[int, str], ...] = ()


def replay(fitted: Fitted, rule: Rule) -> Replay:
    """Walk through a stream: judge each batch when its labels are known, and let a rule decide who is live then."""
    champion = fitted.probes[FIRST]
    live, since, promotions = [champion], list[np.datetime64](), list[int]()
    for number, batch in enumerate(fitted.decided, start=1):
        case = Case(number, fitted, batch, champion, fitted.probes[batch.number])
        if rule(case):
            champion = case.probe
            live.append(champion)
            since.append(batch.decided)
            promotions.append(batch.number)
    losses = np.concatenate([_live_losses(fitted, batch, live, since) for batch in fitted.decided])
    vetoes = tuple(rule.vetoes) if isinstance(rule, Ours) else ()
    return Replay(len(fitted.decided), tuple(promotions), float(losses.mean()), vetoes)


def at_once(fitted: Fitted) -> float:
    """Mean log loss if every probe were live from its fit on, judged by nobody."""
    pairs = [(batch, fitted.answers(fitted.probes[batch.number], batch)) for batch in fitted.decided]
    return float(np.concatenate([losses.log_losses(batch.outcomes, answers) for batch, answers in pairs]).mean())


def _live_losses(fitted: Fitted, batch: Batch, live: Sequence[Probe], since: Sequence[np.datetime64]) -> Floats:
    """Loss of each row under the model that was live when it happened: a decision holds for what happens after it."""
    place = np.searchsorted(np.array(since, dtype="datetime64[us]"), batch.events, side="left")
    answers = np.empty(len(place))
    for number in np.unique(place):
        answers[place == number] = fitted.answers(live[number], batch)[place == number]
    return losses.log_losses(batch.outcomes, answers)


def _loss(batch: Batch, answers: Floats) -> float:
    """Mean log loss on the rows that are judged."""
    return float(losses.log_losses(batch.outcomes[batch.judged], answers[batch.judged]).mean())


def _moments(column: pd.Series) -> NDArray[np.datetime64]:
    return column.dt.tz_localize(None).to_numpy().astype("datetime64[us]")
