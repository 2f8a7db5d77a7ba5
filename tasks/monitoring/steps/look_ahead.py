"""Looks at deliveries before a turn takes them in: how does the live model do on them, have its inputs moved?

Nothing is kept of it but what it says; the turn that takes a delivery in looks again, and that is what counts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from configs.errors import BadInput
from configs.settings import PipelineSettings
from tasks.adapters.home import Home
from tasks.adapters.ledger import history
from tasks.domain.observations import Drift, Health, HealthState
from tasks.domain.records import Model
from tasks.evaluation.steps import compare
from tasks.features.steps import lookups
from tasks.ingestion.sources.base import Delivery
from tasks.ingestion.steps import arrivals
from tasks.monitoring.steps import watch
from tasks.training.steps import handles

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from tasks.training.judged_rows import Judged


@dataclass(frozen=True)
class Seen:
    """What was seen in one delivery."""

    batch: str
    """Digest of the delivered bytes."""
    name: str
    drift: Drift | None
    health: Health


def look_ahead(home: Home, pipeline: str) -> list[Seen]:
    """Judge the champion and its inputs on each delivery that waits, in order; one that is bad says so.

    What is too short to be judged alone is looked at together with what came before it, too, as a turn would do.

    Raises:
        LandingFolderMissing: There is no landing folder.
    """
    made = home.ledger.promotions.champion(pipeline)
    champion = home.ledger.models.get(pipeline, made.model) if made else None
    waiting = [one for one in arrivals.look(home, pipeline).deliveries if not one.of_labels]
    if champion is None or not waiting:
        return []
    looking = Looking(home, pipeline, champion)
    return [looking.at(delivery) for delivery in waiting]


def summary(found: Sequence[Seen]) -> Health | None:
    """What the newest delivery says on which the champion could be judged; else the newest of all; None for none."""
    judged = [seen for seen in found if seen.health.state is not HealthState.NOT_JUDGED]
    return next((seen.health for seen in reversed(judged or found)), None)


def last_health(home: Home, pipeline: str) -> Health:
    """What was said of the version that is live now on the batch on which it was judged last."""
    told = history.read(home.ledger, pipeline)
    live = told.promotions[-1].version if told.promotions else None
    turns = [turn for turn in told.turns if turn.health is not None and turn.champion_version == live]
    if live is None:
        return Health(HealthState.NOT_JUDGED, ("There is no champion yet.",))
    if not turns or turns[-1].health is None:
        return Health(HealthState.NOT_JUDGED, (f"v{live} is live, and has not been judged on a later batch yet.",))
    said, number = turns[-1].health, turns[-1].number
    since = (
        f"Nothing is new since turn {number}."
        if turns[-1] is told.turns[-1]
        else f"v{live} was judged in turn {number}."
    )
    return Health(said.state, (*said.reasons, since))


@dataclass(frozen=True, eq=False)
class _Asked:
    """Labelled rows, and what the champion says about them."""

    rows: "Judged"
    answers: "NDArray[np.float64]"
    end: datetime | None = None
    """The last of their events, strays aside; asked only where labels have to have had time."""


class Looking:
    """A look at deliveries, one after the other."""

    def __init__(self, home: Home, pipeline: str, champion: Model) -> None:
        """Args:
        home: Ledger, rows and bundles.
        pipeline: Its pipeline.
        champion: The live model.
        """
        self._home, self._pipeline, self._champion = home, pipeline, champion
        self._settings = home.settings(pipeline)
        self._waits: list[_Asked] | None = None
        self._young: list[_Asked] = []
        self._latest: datetime | None = None

    def at(self, delivery: Delivery) -> Seen:
        """What is seen in a delivery."""
        from tasks.validation import batches

        settings = self._settings
        try:
            came = arrivals.read(self._home, self._pipeline, delivery)
            frame = lookups.delivered(self._home, self._pipeline, came, delivery.digest)
            accepted = batches.sort_out(frame, [], settings).accepted
        except BadInput as problem:
            return Seen(delivery.digest, delivery.name, None, Health(HealthState.NOT_JUDGED, (str(problem),)))
        drift = watch.drift(self._home, self._pipeline, self._champion, accepted, delivery.digest)
        return Seen(delivery.digest, delivery.name, drift, self._health(accepted, drift))

    def _health(self, accepted: "pd.DataFrame", drift: Drift) -> Health:
        from tasks.domain import pools

        asked = self._ask(accepted)
        if asked is None:
            return Health(HealthState.NOT_JUDGED, ("No row of what waits has a label.",))
        if self._settings.training.maturity:
            return self._when_old_enough(accepted, asked, drift)
        lots = [[asked]]
        if pools.missing(asked.rows.size, self._settings.training.min_rows) or self._waits:
            self._waits = [*(self._already_in() if self._waits is None else self._waits), asked]
            lots += [self._waits] if len(self._waits) > 1 else []
            enough = not pools.missing(
                _together(self._waits, self._settings).rows.size, self._settings.training.min_rows
            )
            self._waits = [] if enough else self._waits
        return self._judge([_together(lot, self._settings) for lot in lots], drift)

    def _when_old_enough(self, accepted: "pd.DataFrame", asked: _Asked, drift: Drift) -> Health:
        """The same, of what is old enough once a delivery is there: of younger rows the labels come early."""
        from tasks.domain import pools
        from tasks.training.steps import rows

        days = self._settings.training.maturity
        came = rows.latest_of(accepted, self._settings)
        latest = self._latest = max((one for one in (came, self._latest) if one is not None), default=None)
        self._waits = self._already_in(latest) if self._waits is None else self._waits
        self._young.append(asked)
        ripe = [one for one in self._young if one.end and latest and one.end + days <= latest]
        self._young = [one for one in self._young if one not in ripe]
        self._waits += ripe
        if not self._waits:
            told = (
                f"No delivery that waits is {days.days} days old throughout: its labels may be those that come early."
            )
            return Health(HealthState.NOT_JUDGED, (told,))
        lots = [self._waits, *([[asked]] if asked in ripe and len(self._waits) > 1 else [])]
        whole = _together(self._waits, self._settings)
        self._waits = self._waits if pools.missing(whole.rows.size, self._settings.training.min_rows) else []
        return self._judge([_together(lot, self._settings) for lot in lots], drift)

    def _judge(self, lots: Sequence[_Asked], drift: Drift) -> Health:
        settings, champion = self._settings, self._champion
        scores = [compare.score_rows(settings, lot.rows, lot.answers, champion, drift.batch) for lot in lots]
        return watch.judge(self._home, self._pipeline, champion, scores, drift)

    def _ask(self, accepted: "pd.DataFrame") -> _Asked | None:
        from tasks.problems import prediction
        from tasks.training import preparation, windows

        columns, label = self._settings.validation.columns, self._settings.training.label
        complete = preparation.complete(accepted, columns)
        rows = complete[complete[label].notna()].reset_index(drop=True)
        if rows.empty:
            return None
        loaded = self._home.bundles.load(self._champion.bundle, self._champion.golden)
        inputs = preparation.prepare(rows, preparation.inputs(loaded), columns)
        answers = prediction.predict(loaded, inputs, threads=self._settings.training.threads)
        answers = preparation.aligned(answers, self._champion.snapshot, self._settings.training)
        events = rows[self._settings.ingestion.times.event].dropna().to_numpy(dtype="datetime64[us]")
        return _Asked(handles.rows(self._home).ready(rows, self._settings), answers, windows.end_of(events))

    def _already_in(self, latest: datetime | None = None) -> list[_Asked]:
        """What has been taken in and waits to be judged, at the moment until which rows are there."""
        from tasks.training.steps import fitting

        pool = fitting.waiting(self._home, self._pipeline, latest)
        if pool is None:
            return []
        rows = handles.rows(self._home).judged(pool, pool.moment, self._settings)
        return [_Asked(rows, handles.rows(self._home).answers(self._champion, pool, pool.moment, self._settings))]


def _together(found: Sequence[_Asked], settings: PipelineSettings) -> _Asked:
    import numpy as np

    from tasks.training import judged_rows

    rows = judged_rows.together([one.rows for one in found], settings)
    return _Asked(rows, np.concatenate([one.answers for one in found]))
