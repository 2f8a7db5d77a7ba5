"""What other rules of promotion would have cost: the history of a pipeline, walked through by the losses of its models.

A walk says which model would have been live in each judged batch. The rule is that of promotion itself; guards
look at rows, and are asked where the evidence suffices. Where losses come from is in the step `loss_matrix`.
"""

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from configs.promotion import PromotionSettings
from tasks.domain.records import Comparison
from tasks.domain.turns import Evidence, Guard, VerdictKind
from tasks.experiments import standings
from tasks.promotion import evidence, gate


@dataclass(frozen=True)
class Lot:
    """What was judged in one turn, and what each model that there was loses on it."""

    turn: int
    batch: str
    clusters: tuple[str, ...]
    rows: tuple[int, ...]
    """In each cluster."""
    probes: tuple[tuple[str, str], ...]
    """Family and model of each candidate of the turn, in the order of the settings."""
    live: str
    """The model that was live then."""
    sums: Mapping[str, tuple[float, ...]]
    """By model, its loss summed over each cluster."""
    metric: str
    """Name of the loss."""

    def mean(self, model: str) -> float:
        """The mean loss of a model."""
        return math.fsum(self.sums[model]) / sum(self.rows)


Ask = Callable[[Lot, str, str], Sequence[Guard]]
"""What guards say of a lot, the model that is live, and its challenger."""


@dataclass(frozen=True)
class Walk:
    """Which model is live in each lot, by one rule."""

    name: str
    models: tuple[str, ...]
    changes: int
    """How often another model took over."""


def never(lots: Sequence[Lot]) -> Walk:
    """The model that was live at first, for ever."""
    return Walk("never", tuple(lots[0].live for _ in lots), 0)


def was_live(lots: Sequence[Lot]) -> Walk:
    """As it was: guards, rollbacks and people included."""
    models = tuple(lot.live for lot in lots)
    return Walk("was live", models, sum(one != other for one, other in itertools.pairwise(models)))


def always(lots: Sequence[Lot], losses: Sequence[tuple[str, float]]) -> Walk:
    """The newest probe, whatever the evidence; `losses` are those of the families before the first lot."""
    models, live = list[str](), lots[0].live
    for lot in lots:
        models.append(live)
        live, losses = _probe(lot, losses), _losses(lot)
    return Walk("always", tuple(models), len(lots) - 1)


def by_rule(
    name: str,
    lots: Sequence[Lot],
    losses: Sequence[tuple[str, float]],
    settings: PromotionSettings,
    ask: Ask = lambda *_: (),
) -> Walk:
    """As the rule of promotion decides by these settings; `ask` is what guards say of a challenger of a lot."""
    models, live, changes = list[str](), lots[0].live, 0
    state: Evidence | None = None
    for lot in lots:
        models.append(live)
        probe, losses = _probe(lot, losses), _losses(lot)
        pair = compare(lot, live, probe)
        state = evidence.advance(state, pair, batch=lot.batch, champion=live, probe=probe, settings=settings)
        kind = gate.judge(state, pair, (), settings).kind
        if kind is VerdictKind.PROMOTE:
            kind = gate.judge(state, pair, ask(lot, live, probe), settings).kind
        if kind is VerdictKind.PROMOTE:
            live, state = probe, None
            changes += lot is not lots[-1]
    return Walk(name, tuple(models), changes)


def compare(lot: Lot, base: str, other: str) -> Comparison:
    """Two models on one lot; its interval is not found here."""
    before, after = lot.sums[base], lot.sums[other]
    gain = lot.mean(base) - lot.mean(other)
    none = {"slices": (), "churn": 0.0, "metric": lot.metric}
    about = {"clusters": lot.clusters, "cluster_rows": lot.rows, "base_loss": before, "challenger_loss": after}
    return Comparison(rows=sum(lot.rows), gain=gain, low=-math.inf, high=math.inf, **about, **none)  # type: ignore[arg-type]


def difference(lots: Sequence[Lot], base: Walk, other: Walk, confidence: float) -> Comparison:
    """How much less one walk loses than another, over all lots, with the interval over clusters."""
    pairs = [compare(lot, *models) for lot, *models in zip(lots, base.models, other.models, strict=True)]
    return standings.together(pairs, confidence)


def loss(lots: Sequence[Lot], walk: Walk) -> float:
    """The mean loss of a walk, over all rows."""
    total = math.fsum(math.fsum(lot.sums[model]) for lot, model in zip(lots, walk.models, strict=True))
    return total / sum(sum(lot.rows) for lot in lots)


def _probe(lot: Lot, losses: Sequence[tuple[str, float]]) -> str:
    models = dict(lot.probes)
    return models[evidence.nominate(list(models), losses)]


def _losses(lot: Lot) -> list[tuple[str, float]]:
    return [(family, lot.mean(model)) for family, model in lot.probes]
