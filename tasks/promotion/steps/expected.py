"""Asks a model about the rows of which its user expects something; what is made of the answers is said in a guard."""

import math
from typing import Any

import numpy as np
import pandas as pd

from configs.errors import InvalidSettings
from configs.settings import PipelineSettings
from tasks.adapters.home import Home
from tasks.domain.records import Model
from tasks.problems import prediction
from tasks.promotion.guards.base import Answered
from tasks.training import preparation


def answers(home: Home, model: Model, settings: PipelineSettings) -> tuple[Answered, ...]:
    """What a model answers to each of `promotion.guards.cases`, and to the row that it is compared with.

    Raises:
        InvalidSettings: A time is none.
    """
    cases = settings.promotion.guards.cases
    if not cases:
        return ()
    fitted = home.bundles.load(model.bundle, model.golden)
    changed = [{**case.row, **(case.above or case.unmoved_by or {})} for case in cases]
    rows = prepared([*(case.row for case in cases), *changed], preparation.inputs(fitted), settings)
    given = prediction.predict(fitted, rows, threads=settings.training.threads)
    places = [settings.training.classes.index(case.of) if case.of is not None else None for case in cases]
    told = [given[at] if place is None else given[at, place] for at, place in enumerate([*places, *places])]
    return tuple(Answered(float(told[at]), float(told[len(cases) + at])) for at in range(len(cases)))


def prepared(rows: list[dict[str, Any]], names: tuple[str, ...], settings: PipelineSettings) -> pd.DataFrame:
    """Rows of a pipeline file as a model takes them: text, or numbers; what is not named is missing."""
    kinds = {name: settings.validation.columns[name].type for name in names}
    held: dict[str, Any] = {}
    for name, kind in kinds.items():
        values = [row.get(name) for row in rows]
        if kind == "category":
            held[name] = pd.Series([math.nan if value is None else value for value in values], dtype=object)
        else:
            numbers = [_microseconds(name, value) if kind == "timestamp" else value for value in values]
            held[name] = np.array([math.nan if value is None else float(value) for value in numbers])
    return pd.DataFrame(held)


def _microseconds(name: str, value: str | None) -> float | None:
    if value is None:
        return None
    try:
        moment = pd.Timestamp(value).tz_convert(None).to_datetime64()
        return float(moment.astype("datetime64[us]").astype(np.int64))
    except (ValueError, TypeError) as err:
        raise InvalidSettings(
            f"promotion.guards.cases: {name!r} must be a time with its zone, such as '2024-05-06T12:00:00Z' "
            f"(got {value!r})."
        ) from err
