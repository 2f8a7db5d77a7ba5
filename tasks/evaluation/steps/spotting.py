"""Looks for weak spots: of the live model on what is judged, and of a challenger beside the live model.

Add here what such a look needs from store and ledger. Nothing is recorded here.
"""

import functools
import operator
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from configs import loader
from configs.settings import PipelineSettings
from tasks.adapters.cache import Cache
from tasks.adapters.home import Home
from tasks.adapters.ledger import codec
from tasks.domain import first_champion
from tasks.domain.pools import Pool
from tasks.domain.records import Batch, Model
from tasks.domain.turns import RetrainingDecision
from tasks.domain.weak_spots import WeakSpot
from tasks.problems import kinds
from tasks.training.steps import handles

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from tasks.evaluation.cuts_of_columns import Cut
    from tasks.evaluation.lost_rows import Limits, Lost
    from tasks.evaluation.spots import Spot
    from tasks.training.judged_rows import Sample

_MOST_ROWS = 5_000
"""Rows that are looked at of what is judged, and of the gate."""
_KEPT_BYTES = 64 * 2**20


def of_champion(
    home: Home, pipeline: str, lot: Batch | Pool, cutoff: datetime | None, champion: Model
) -> tuple[WeakSpot, ...]:
    """Where the live model loses more than no model would, or more than on such rows at its gate.

    Args:
        home: Rows, bundles and ledger.
        pipeline: Its pipeline.
        lot: A batch, or several that are judged as one.
        cutoff: Rows before it are left out; None for none.
        champion: The live model.
    """
    settings = home.settings(pipeline)
    if not settings.monitoring.slices.find or not lot.has_labels:
        return ()
    sample = handles.rows(home).sample(lot, cutoff, settings, _MOST_ROWS)
    loss = _losses_of(home, settings, lot, cutoff, sample, champion)
    look = _look(home, pipeline, champion, sample.frame, loss)
    return _with_training(home, settings, champion, look, look.spots())


def of_challenger(
    home: Home, settings: PipelineSettings, lot: Batch | Pool, cutoff: datetime | None, champion: Model, probe: Model
) -> tuple[WeakSpot, ...]:
    """Where a challenger loses more than the live model on the rows on which both are judged.

    Args:
        home: Rows and bundles.
        settings: Of the pipeline.
        lot: A batch, or several that are judged as one.
        cutoff: Rows before it are left out; None for none.
        champion: The live model.
        probe: The challenger.
    """
    wanted = settings.monitoring.slices
    if not wanted.find:
        return ()
    from tasks.evaluation import cuts_of_columns
    from tasks.evaluation.lost_rows import Limits, Lost

    sample = handles.rows(home).sample(lot, cutoff, settings, _MOST_ROWS)
    cuts = cuts_of_columns.cut_with_codes(sample.frame, settings)
    live, loss = (_losses_of(home, settings, lot, cutoff, sample, model) for model in (champion, probe))
    lost = Lost(tuple(codes for _, codes in cuts), loss, _clusters(sample.frame, settings), live)
    limits = Limits(wanted.share, wanted.rise, settings.promotion.guards.slice_level)
    look = _Look([one for one, _ in cuts], lost, None, limits)
    return _with_training(home, settings, probe, look, look.spots())


def covered(
    home: Home, pipeline: str, champion: Model, frame: "pd.DataFrame", without: Collection[str]
) -> "NDArray[np.bool_] | None":
    """The rows like those from which the live model has learned; None where it is not weak on the others.

    Others are those of a weak spot in which neither its gate nor its training had rows, and which is all over the time.

    Args:
        home: Rows, bundles and ledger.
        pipeline: Its pipeline.
        champion: The live model.
        frame: Labelled rows with all that was delivered.
        without: Columns that may be damaged themselves: a part that is told by them does not count.
    """
    settings = home.settings(pipeline)
    if not settings.monitoring.slices.find:
        return None
    look = _look(home, pipeline, champion, frame, _losses(home, settings, frame, champion), without)
    spots = [spot for spot in look.spots() if spot.told.gate_rows is not None and spot.part.is_spread(look.now)]
    told = _with_training(home, settings, champion, look, spots)
    rows = [spot.part.rows(look.now) for spot, one in zip(spots, told, strict=True) if one.is_uncovered]
    uncovered = functools.reduce(operator.or_, rows) if rows else None
    return None if uncovered is None or uncovered.all() else ~uncovered


# ── what is compared ──────────────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True, eq=False)
class _Gate:
    """Rows on which a champion won, and what it lost on them."""

    frame: "pd.DataFrame"
    loss: "NDArray[np.float64]"
    clusters: "NDArray[np.intp]"


@dataclass(frozen=True, eq=False)
class _Look:
    """Rows that are judged, and what they are compared with."""

    cuts: "list[Cut]"
    now: "Lost"
    gate: "Lost | None"
    limits: "Limits"
    dummy: "NDArray[np.float64] | None" = None
    """What no model would have lost; None where a challenger is compared with the live model."""

    def spots(self) -> "list[Spot]":
        """Every weak spot."""
        from tasks.evaluation import spots

        if self.dummy is None:
            return spots.of_challenger(self.cuts, self.now, self.limits)
        return spots.of_model(self.cuts, self.now, self.dummy, self.gate, self.limits)


def _look(
    home: Home,
    pipeline: str,
    champion: Model,
    frame: "pd.DataFrame",
    loss: "NDArray[np.float64]",
    without: Collection[str] = (),
) -> _Look:
    """The live model on these rows, of which its losses are at hand, and on those of its gate."""
    import pandas as pd

    from tasks.evaluation import cuts_of_columns, scores
    from tasks.evaluation.lost_rows import Limits, Lost

    settings, gate = home.settings(pipeline), _gate(home, pipeline, champion)
    wanted = settings.monitoring.slices
    is_known = gate is not None and not gate.frame.empty
    frames = [frame, gate.frame.reindex(columns=frame.columns)] if gate and is_known else [frame]
    both = pd.concat(frames, ignore_index=True) if len(frames) > 1 else frame
    cuts = [(one, codes) for one, codes in cuts_of_columns.cut_with_codes(both, settings) if one.column not in without]
    here, there = (tuple(codes[part] for _, codes in cuts) for part in (slice(len(frame)), slice(len(frame), None)))
    now = Lost(here, loss, _clusters(frame, settings))
    won = Lost(there, gate.loss, gate.clusters) if gate and is_known else None
    problem = kinds.named(settings.training.kind)
    nobody = scores.constant(problem.dummy(champion, settings.training.class_names), len(frame))
    dummy = problem.losses(_outcomes(frame, settings), nobody)
    limits = Limits(wanted.share, wanted.rise, wanted.level)
    return _Look([one for one, _ in cuts], now, won, limits, dummy)


def _gate(home: Home, pipeline: str, champion: Model) -> _Gate | None:
    """The rows on which the live model won, with what it lost there; None where that is not known.

    It is the same for as long as the model is live.
    """
    kept = home.keep("gates of weak spots", lambda _: Cache[_Gate | None](_KEPT_BYTES))
    settings = home.settings(pipeline)
    key = pipeline, champion.id, loader.settings_hash(settings)
    return kept.once(key, lambda: _gate_of(home, pipeline, settings, champion))


def _gate_of(home: Home, pipeline: str, settings: PipelineSettings, champion: Model) -> _Gate | None:
    """Of a refit it is that of the version for which it stands."""
    ledger = home.ledger
    stands = first_champion.gate_of(ledger.refits.get(pipeline), champion.id)
    won = next((one.turn for one in ledger.promotions.all(pipeline) if one.model == champion.id and one.turn), None)
    number, judged = stands or (won, champion.id)
    model = ledger.models.get(pipeline, judged)
    if number is None or model is None:
        return None
    row = ledger.turns.get(pipeline, number)
    decision = None if row["decision"] is None else codec.load(RetrainingDecision, row["decision"])
    ids = (decision.pool if decision else ()) or (row["batch"],)
    there = {batch.id: batch for batch in ledger.batches.all(pipeline, ids)}
    batches = tuple(there[one] for one in ids if one in there)
    if len(batches) < len(ids):
        return None
    lot = batches[0] if len(batches) == 1 else Pool(batches, None, row["batch"])
    frame = handles.rows(home).sample(lot, model.snapshot.cutoff, settings, _MOST_ROWS).frame
    return _Gate(frame, _losses(home, settings, frame, model), _clusters(frame, settings))


def _clusters(frame: "pd.DataFrame", settings: PipelineSettings) -> "NDArray[np.intp]":
    import numpy as np
    import pandas as pd

    from tasks.training import groups

    names = groups.clusters(frame, settings.ingestion.times, settings.evaluation.cluster)
    codes: NDArray[np.intp] = pd.factorize(names, sort=True)[0].astype(np.intp)
    return codes


def _losses_of(
    home: Home,
    settings: PipelineSettings,
    lot: Batch | Pool,
    cutoff: datetime | None,
    sample: "Sample",
    model: Model,
) -> "NDArray[np.float64]":
    """What a model loses on each row of a sample; it was asked about all of them when it was scored."""
    answers = handles.rows(home).answers(model, lot, cutoff, settings)[sample.places]
    return kinds.named(settings.training.kind).losses(_outcomes(sample.frame, settings), answers)


def _losses(home: Home, settings: PipelineSettings, frame: "pd.DataFrame", model: Model) -> "NDArray[np.float64]":
    """What a model loses on each row."""
    from tasks.problems import prediction
    from tasks.training import preparation

    loaded = home.bundles.load(model.bundle, model.golden)
    inputs = preparation.prepare(frame, preparation.inputs(loaded), settings.validation.columns)
    answers = prediction.predict(loaded, inputs, threads=settings.training.threads)
    answers = preparation.aligned(answers, model.snapshot, settings.training)
    return kinds.named(settings.training.kind).losses(_outcomes(frame, settings), answers)


def _outcomes(frame: "pd.DataFrame", settings: PipelineSettings) -> "NDArray[np.float64]":
    import numpy as np

    from tasks.training import preparation

    return preparation.labels(frame, settings.training).astype(np.float64)


# ── what it learned from ──────────────────────────────────────────────────────────────────────────────────────────
def _with_training(
    home: Home, settings: PipelineSettings, model: Model, look: _Look, found: "Sequence[Spot]"
) -> tuple[WeakSpot, ...]:
    """With the number of rows of training that lie there, and which columns are no features of the model."""
    if not found:
        return ()
    import numpy as np

    from tasks.training import preparation

    features = preparation.inputs(home.bundles.load(model.bundle, model.golden))
    cuts, there, learned = look.cuts, [0] * len(found), 0
    for frame in handles.rows(home).all_columns(model.snapshot, settings):
        learned += len(frame)
        for place, spot in enumerate(found):
            parts = [mask[cuts[one].codes(frame)] for one, mask in spot.part.cells if cuts[one].column in frame]
            complete = len(parts) == len(spot.part.cells)
            there[place] += int(np.logical_and.reduce(parts).sum()) if complete else 0
    return tuple(
        replace(
            spot.told,
            trained=number,
            learned=learned,
            idle=tuple(cuts[one].column for one, _ in spot.part.cells if _is_idle(cuts[one], features)),
        )
        for spot, number in zip(found, there, strict=True)
    )


def _is_idle(cut: "Cut", features: Sequence[str]) -> bool:
    return not cut.clock and cut.column not in features
