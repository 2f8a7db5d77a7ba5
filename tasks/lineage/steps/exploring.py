"""What is tried to explain a difference, in which order: the whole before its parts, what explains most more closely.

Add here another thing that can be undone, in its place of the order. How one trial is made is in `trials`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tasks.adapters.home import Home
from tasks.domain.records import Model
from tasks.lineage import accounts, attribution, column_pairs, differences, makings, stretches, undoing
from tasks.lineage.attribution import Answer, Attribution, Kind
from tasks.lineage.column_pairs import ColumnDifference
from tasks.lineage.makings import Making
from tasks.lineage.steps import differing
from tasks.lineage.steps.trials import Trials
from tasks.lineage.undoing import Part
from tasks.training.steps import fitting, kept_settings

_BATCHES, _SETTINGS, _COLUMNS = 4, 4, 3
"""How many of each are tried one by one before others are; what differs most first."""


@dataclass
class Case:
    """All that the trials are about."""

    home: Home
    pipeline: str
    models: tuple[Model, Model]
    trials: Trials
    events: tuple["pd.Series[pd.Timestamp]", "pd.Series[pd.Timestamp]"] | None = None
    names: tuple[NDArray[np.str_], NDArray[np.str_]] | None = None
    """Batch of each row of the first side, and of the second one."""
    parts: dict[str, Part] = field(default_factory=dict)
    """Those that were tried, by name."""
    later: list[Callable[[], object]] = field(default_factory=list)
    """What is tried with the fits that are left in the end."""


def try_all(case: Case) -> None:
    """The whole first, then its parts; then what explains most more closely, as long as fits are left."""
    _try_again(case)
    batches, settings = _batches(case), _settings(case)
    if len(batches) > 1:
        _try_part(case, Kind.DATA, undoing.whole(_match(case)))
    if len(settings) > 1:
        was = making(case.home, case.pipeline, case.models[0])
        assert was is not None, "its settings were compared"
        together = makings.together(was, case.trials.sides.making)
        case.trials.attempt(Kind.SETTINGS, "all settings that reach the model", making=together)
    if _may_explain(case, Kind.DATA):
        _try_parts(case, Kind.BATCH, batches, _BATCHES)
        _try_columns_that_changed(case)
    if _may_explain(case, Kind.SETTINGS):
        _try_settings(case, settings)
    if batches:
        _look_closer(case)
    for attempt in case.later:
        attempt()


def _try_again(case: Case) -> None:
    """Where code or libraries are others now, the same again is a trial of its own, and what others are held against.

    It undoes them if they are now as the first model had them.
    """
    model, making, trials = case.models[1], case.trials.sides.making, case.trials
    order = fitting.order(case.home, making.settings, model.snapshot, model.family, model.recipe)
    if model.id in (order.model, order.earlier):
        _note_other_code(case)
        return
    again = trials.attempt(Kind.CODE, "libraries and code of now", text="the same rows and settings, fitted again")
    if again is not None and again.share is not None and trials.last is not None:
        trials.base = trials.last


def _note_other_code(case: Case) -> None:
    was, now = case.models
    if was.lock_hash != now.lock_hash or was.recipe != now.recipe:
        what = "libraries" if was.lock_hash != now.lock_hash else "how rows become a model"
        case.trials.note(
            Kind.CODE, what, "", "those of the first version are not installed here; `env` writes its lock file out"
        )


def _batches(case: Case) -> list[Part]:
    if case.names is None:
        return []
    return undoing.by_name(_match(case), *case.names)


def _settings(case: Case) -> Sequence[makings.Undone]:
    was, now = making(case.home, case.pipeline, case.models[0]), case.trials.sides.making
    if was is None:
        case.trials.note(Kind.SETTINGS, "settings", "", "those of the first version were not kept")
        return ()
    if not makings.asks_the_same(was, now):
        case.trials.note(Kind.SETTINGS, "settings", "", "the two predict different labels")
        return ()
    return makings.singly(was, now)


def _may_explain(case: Case, kind: Kind) -> bool:
    """Whether parts are worth a fit: not where all of them together explain nothing."""
    whole = next((one for one in case.trials.done if one.kind is kind), None)
    return whole is None or whole.answer not in (Answer.NOT, Answer.IMPOSSIBLE)


def _try_part(case: Case, kind: Kind, part: Part, text: str = "", moved: bool = True) -> Attribution | None:
    case.parts[part.name] = part
    text = text or undoing.text(part, _match(case))
    return case.trials.attempt(kind, part.name, text=text, part=part, moved=moved)


def _try_parts(case: Case, kind: Kind, parts: Sequence[Part], most: int) -> None:
    for part in parts[:most]:
        _try_part(case, kind, part)
    case.later += [partial(_try_part, case, kind, part) for part in parts[most:]]


def _try_settings(case: Case, settings: Sequence[makings.Undone]) -> None:
    for undone in settings[:_SETTINGS]:
        _try_setting(case, undone)
    case.later += [partial(_try_setting, case, undone) for undone in settings[_SETTINGS:]]
    _try_window(case)


def _try_setting(case: Case, undone: makings.Undone) -> Attribution | None:
    change = undone.change
    return case.trials.attempt(Kind.SETTING, change.setting, text=change.text, making=undone.making)


def _try_window(case: Case) -> None:
    """A window is undone by the rows that it lets in or keeps out."""
    was, now = making(case.home, case.pipeline, case.models[0]), case.trials.sides.making
    if was is None or case.events is None:
        return
    lengths = [one.settings.training.window.days for one in (was, now)]
    if lengths[0] == lengths[1]:
        return
    events = [side.to_numpy(dtype="datetime64[us]") for side in case.events]
    starts = [model.snapshot.start for model in case.models]
    part = undoing.outside(_match(case), (events[0], events[1]), starts)
    if part.rows:
        days = ["all" if days is None else f"{days} days" for days in lengths]
        _try_part(case, Kind.SETTING, part, f"training.window: {days[1]}, was {days[0]}")


def _try_columns_that_changed(case: Case) -> None:
    """Single columns of rows that both have, most rows first."""
    match, settings = _match(case), case.trials.sides.making.settings
    reaching = [name for name, _ in match.counts.columns if name in (*settings.inputs, settings.training.label)]
    nothing = np.zeros(len(match.gone), dtype=bool)
    columns = [Part(f"{name} in rows that changed", match.changed, nothing, column=name) for name in reaching]
    _try_parts(case, Kind.COLUMN, columns, _COLUMNS)


def _match(case: Case) -> differences.Match:
    match = case.trials.sides.match
    assert match is not None, "the rows of both are there"
    return match


# ── what explains most ────────────────────────────────────────────────────────────────────────────────────────────
def _look_closer(case: Case) -> None:
    """Which column, and which days, of the rows that explain most."""
    best = attribution.strongest(case.trials.done, Kind.BATCH) or attribution.strongest(case.trials.done, Kind.DATA)
    if best is None or best.share is None:
        return
    part = case.parts[best.name]
    _try_columns_withheld(case, part)
    _try_halves(case, part, best.share.value)


def _try_columns_withheld(case: Case, part: Part) -> None:
    """Single columns of the rows that came, those first that are least as before and matter most."""
    match, sides = _match(case), case.trials.sides
    came = part.came & match.added
    if not came.any() or sides.was is None or case.events is None:
        return
    _, matters = differing.importance(case.home, case.pipeline)
    rows = sides.now[came]
    when = stretches.names(case.events[1][came], stretches.unit(case.events[1][came]))
    names = [one for one in sides.making.settings.compared if one in rows.columns and one in sides.was.columns]
    compared = [column_pairs.compare(one, sides.was[one], rows[one], matters.get(one), when) for one in names]
    ranked = _ranked(compared)
    nothing = np.zeros(len(match.gone), dtype=bool)
    parts = [Part(f"{one.column} in {part.name}", came, nothing, one.column) for one in ranked]
    tries = [
        partial(_try_part, case, Kind.COLUMN, withheld, one.text, accounts.is_telling(one))
        for withheld, one in zip(parts, ranked, strict=True)
    ]
    for attempt in tries[:_COLUMNS]:
        attempt()
    case.later += tries[_COLUMNS:]


def _ranked(compared: Sequence[ColumnDifference]) -> list[ColumnDifference]:
    """As `diff` ranks them, and among the first ones what matters most: joined to the wrong rows it is as before."""
    ranked = sorted(compared, key=lambda one: (-one.weight, -(one.distance or 0.0)))
    mattering = max(ranked, key=lambda one: one.matters or 0.0, default=None)
    if mattering is not None and mattering.matters and mattering not in ranked[:_COLUMNS]:
        ranked.remove(mattering)
        ranked.insert(_COLUMNS - 1, mattering)
    return ranked


def _try_halves(case: Case, part: Part, explained: float) -> None:
    """Cut it in two by time, and the half that explains most of it again, down to a day."""
    assert case.events is not None, "the rows of both are there"
    two = undoing.halves(part, case.events)
    while two is not None and case.trials.left > 1:
        tried = [(half, _try_part(case, Kind.TIME, half)) for half in two]
        mostly = [
            half
            for half, one in tried
            if one and one.explains and one.share and one.share.value >= attribution.MOSTLY * explained
        ]
        two = undoing.halves(mostly[0], case.events) if len(mostly) == 1 else None


def making(home: Home, pipeline: str, model: Model) -> Making | None:
    """With what a model was made; None if its settings were not kept, or are none of this version any more."""
    settings = kept_settings.readable(home, pipeline, model)
    candidates = settings.training.candidates if settings else ()
    candidate = next((one for one in candidates if one.family == model.family), None)
    return Making(settings, candidate) if settings and candidate else None
