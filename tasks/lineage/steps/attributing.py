"""Why two versions differ in loss: the second one is trained again with one difference to the first undone at a time.

Add here what has to be fetched for it. What is tried, and in which order, is decided in `exploring`, how one trial is
made in `trials`, what follows from it in `attribution`. Nothing is recorded.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from configs.errors import Damaged, MistakeOfUser
from tasks.adapters import files, lookup
from tasks.adapters.home import Home
from tasks.domain import late_labels
from tasks.domain.records import Batch, Comparison, Model
from tasks.evaluation.steps import compare, pairs
from tasks.lineage import (
    attribution,
    attribution_account,
    differences,
)
from tasks.lineage.attribution import Attribution, Kind
from tasks.lineage.origins import Origins
from tasks.lineage.steps import differing, exploring, own_steps
from tasks.lineage.steps.exploring import Case
from tasks.lineage.steps.trials import Ground, Sides, Trials
from tasks.reporting import account_page
from tasks.reporting.account_page import Section
from tasks.training.steps import handles, kept_settings

FITS = 12
"""How many models are fitted at most, unless somebody says otherwise."""


@dataclass(frozen=True)
class Why:
    """Two versions on rows that neither learned from, and what explains that they differ there."""

    pipeline: str
    versions: tuple[int, int]
    models: tuple[Model, Model]
    batch: Batch
    judged: Comparison
    """The first version, and the second one as its challenger."""
    stands_for: int | None = None
    """The version that the second one, or the first one, is the refit of."""
    origins: Origins | None = None
    tried: tuple[Attribution, ...] = ()
    left_out: tuple[str, ...] = ()
    """What there was no fit left for, largest first."""
    fits: int = 0

    @property
    def differ(self) -> bool:
        """Whether there is anything to explain."""
        return attribution.differs(self.judged)


def why(home: Home, pipeline: str, one: str, other: str, on: str | None = None, *, fits: int = FITS) -> Why:
    """Find out which difference between two versions explains the difference in loss.

    Args:
        home: Ledger, rows and bundles.
        pipeline: Its pipeline.
        one: The version that the other one is held against.
        other: The version that is trained again.
        on: Name or digest of a batch; without it the newest that neither learned from.
        fits: How many models may be fitted.

    Raises:
        MistakeOfUser: There is no such version or batch, or there are no rows on which both can be judged.
        Damaged: The judged rows, or those of the second version, are gone.
    """
    numbers = lookup.version(one), lookup.version(other)
    if numbers[0] == numbers[1]:
        raise MistakeOfUser(f"Both are v{numbers[0]} of {pipeline}: why takes two different versions.")
    models = lookup.model(home, pipeline, numbers[0]), lookup.model(home, pipeline, numbers[1])
    batch, cutoff = pairs.unlearned(home, pipeline, models, on)
    settings = home.settings(pipeline)
    judged = compare.compare(home, settings, batch, cutoff, *models, sliced=False)
    refit = home.ledger.refits.get(pipeline)
    stands_for = refit.judged if refit and refit.version in numbers else None
    done = Why(pipeline, numbers, models, batch, judged, stands_for)
    if not done.differ:
        return done
    rows = handles.rows(home)
    ground = Ground(settings, rows.labelled(batch, cutoff, settings), rows.judged(batch, cutoff, settings))
    answers = rows.answers(models[1], batch, cutoff, settings)
    case = _case(home, pipeline, models, ground, answers, -judged.gain, fits)
    made_with = differing.origins_of(home, pipeline, *models)
    exploring.try_all(case)
    trials = case.trials
    return Why(
        pipeline,
        numbers,
        models,
        batch,
        judged,
        stands_for,
        made_with,
        tuple(trials.done),
        tuple(trials.left_out),
        fits - trials.left,
    )


def sections(home: Home, answer: Why) -> list[Section]:
    """What explains the difference, told part by part."""
    return list(attribution_account.of(answer, home.settings(answer.pipeline)))


def publish(home: Home, answer: Why) -> Path:
    """Write what explains it as a page beside the report; gives its path."""
    one, other = answer.versions
    path = home.report(answer.pipeline).with_name(f"{answer.pipeline}-why-v{one}-v{other}.html")
    title = f"Why v{other} differs from v{one}"
    question = home.settings(answer.pipeline).title
    page = account_page.render(answer.pipeline, question, title, sections(home, answer), written=home.clock())
    files.publish(path, page.encode())
    return path


# ── what there is ─────────────────────────────────────────────────────────────────────────────────────────────────
def _case(
    home: Home,
    pipeline: str,
    models: tuple[Model, Model],
    ground: Ground,
    answers: NDArray[np.float64],
    difference: float,
    fits: int,
) -> Case:
    making = exploring.making(home, pipeline, models[1])
    if making is None:
        raise MistakeOfUser(
            f"The settings of model {models[1].id[:12]} were not kept, or are none of this version, so it cannot be "
            "trained again: what explains the difference cannot be told. `diff` says what differs."
        )
    now, names_now = _rows(home, pipeline, models[1])
    kept = own_steps.of(home, pipeline, models[0]) | own_steps.of(home, pipeline, models[1])
    try:
        was, names_was = _rows(home, pipeline, models[0])
    except Damaged as problem:
        trials = Trials(ground, Sides(None, now, None, making), answers, difference, fits, kept=kept)
        trials.note(Kind.DATA, "all rows that differ", "", str(problem))
        return Case(home, pipeline, models, trials)
    match = differences.match(was, now, making.settings.validation.key)
    trials = Trials(ground, Sides(was, now, match, making), answers, difference, fits, kept=kept)
    event = making.settings.ingestion.times.event
    return Case(home, pipeline, models, trials, (was[event], now[event]), (names_was, names_now))


def _rows(home: Home, pipeline: str, model: Model) -> tuple[pd.DataFrame, NDArray[np.str_]]:
    """What a model learned from, with all columns, and the name of the batch of each row."""
    settings = kept_settings.readable(home, pipeline, model) or home.settings(pipeline)
    named = {file: one.name for one in home.ledger.batches.all(pipeline) for file in late_labels.files(one)}
    frames = list(handles.rows(home).all_columns(model.snapshot, settings))
    names = [named.get(file, file[:12]) for file in model.snapshot.batches]
    each = np.repeat(np.array(names, dtype=str), [len(frame) for frame in frames])
    return pd.concat(frames, ignore_index=True), each
