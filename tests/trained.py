"""Versions of the small pipeline `users` without a flow: rows taken in, models fitted, recorded and registered."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pandas as pd

from tasks.adapters.home import Home
from tasks.domain.records import Batch
from tasks.training.steps import fitting, handles
from tasks.training.windows import Plan
from tests import shop, users

PIPELINE = "users"
LINEAR = users.YAML.replace("{family: hist_gradient_boosting, max_iter: 20}", "{family: logistic_regression}")


def home(folder: Path, text: str) -> Home:
    """The home beside these settings; call it again for the same home after they were changed."""
    shop.write_pipeline(folder / "pipelines", PIPELINE, text)
    return Home(folder / "home")


def take_in(home: Home, number: int, rows: pd.DataFrame) -> Batch:
    """A week, as `week-3`; with a turn, so that the home has lived."""
    batch = shop.take_in(home, f"week-{number}", rows, PIPELINE)
    home.ledger.turns.open(PIPELINE, batch.id, batch.name, None)
    return batch


def version(home: Home, batches: Sequence[Batch], start: pd.Timestamp | None = None) -> int:
    """A version that learned from all rows of these batches, from `start` on, under the settings of now."""
    settings = home.settings(PIPELINE)
    cutoff = max(batch.last_event for batch in batches if batch.last_event) + timedelta(seconds=1)
    plan = Plan(tuple(batches), start.to_pydatetime() if start is not None else None, cutoff)
    snapshot = handles.rows(home).select(plan, settings)
    model = fitting.fit(home, fitting.order(home, settings, snapshot, settings.training.candidates[0].family), settings)
    home.ledger.models.record_snapshot(PIPELINE, snapshot)
    home.ledger.models.record(PIPELINE, len(batches), model, settings.canonical())
    return home.ledger.models.register(PIPELINE, model.id)
