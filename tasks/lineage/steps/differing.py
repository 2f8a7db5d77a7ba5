"""What differs between two versions, snapshots or batches: rows, columns, settings, code and libraries.

Add here what has to be fetched to tell it. What two frames differ in is measured in `differences`, what two papers of
settings differ in, in `setting_changes`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from configs import environment
from configs.errors import Damaged, MistakeOfUser
from configs.settings import PipelineSettings
from tasks.adapters import files, provenance
from tasks.adapters.home import Home
from tasks.domain.records import Model
from tasks.lineage import accounts, differences, origins
from tasks.lineage.differences import Difference, Frame
from tasks.lineage.origins import Origins
from tasks.lineage.steps import environments, named_rows, own_steps
from tasks.lineage.steps.named_rows import Named
from tasks.problems import kinds
from tasks.reporting import account_page
from tasks.reporting.account_page import Section
from tasks.training.steps import kept_settings

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Diff:
    """All that differs."""

    pipeline: str
    was: Named
    now: Named
    rows: Difference | None
    """None if rows of one side cannot be read any more."""
    problem: str = ""
    """Why they cannot."""
    looked_at: int | None = None
    """The turn whose permutation importance ranks the columns; None if no model was looked at."""
    origins: Origins | None = None
    """Of two versions."""


def diff(home: Home, pipeline: str, was: str, now: str, *, delivered: bool = False) -> Diff:
    """Compare what two names stand for.

    Args:
        home: Ledger and store.
        pipeline: Its pipeline.
        was: A version, batch or snapshot.
        now: Another one.
        delivered: Of batches all rows that came, also those that were set aside or refused.

    Raises:
        MistakeOfUser: A name stands for nothing, both for the same, or a batch has no rows.
        Damaged: Rows are gone, and nothing else can be compared.
    """
    sides = named_rows.find(home, pipeline, was), named_rows.find(home, pipeline, now)
    if sides[0].identity == sides[1].identity:
        raise MistakeOfUser(f"Both are {sides[0].title} of {pipeline}: a diff takes two different things.")
    turn, matters = importance(home, pipeline)
    models = sides[0].model, sides[1].model
    made_with = origins_of(home, pipeline, models[0], models[1]) if models[0] and models[1] else None
    try:
        frames = [_frame(home, pipeline, one, delivered) for one in sides]
    except Damaged as problem:
        if made_with is None:
            raise
        return Diff(pipeline, *sides, None, str(problem), turn, made_with)
    measured = differences.measure(frames[0], frames[1], sides[1].settings.validation.key, matters)
    return Diff(pipeline, *sides, measured, looked_at=turn, origins=made_with)


def sections(home: Home, diff: Diff) -> list[Section]:
    """What differs, told part by part."""
    parts: list[Section] = []
    if diff.rows is not None:
        sides = diff.was.title, diff.now.title
        parts += accounts.of_rows(diff.rows, sides, diff.looked_at, home.settings(diff.pipeline))
    return [*parts, *accounts.of_origins(diff.origins)] if diff.origins is not None else parts


def publish(home: Home, diff: Diff) -> Path:
    """Write what differs as a page beside the report; gives its path."""
    path = home.report(diff.pipeline).with_name(f"{diff.pipeline}-diff-{diff.was.slug}-{diff.now.slug}.html")
    parts = sections(home, diff)
    if diff.problem:
        parts.insert(0, Section("gone", (diff.problem,)))
    title = f"{diff.now.title} against {diff.was.title}"
    page = account_page.render(diff.pipeline, home.settings(diff.pipeline).title, title, parts, written=home.clock())
    files.publish(path, page.encode())
    return path


def _frame(home: Home, pipeline: str, named: Named, delivered: bool) -> Frame:
    rows = named_rows.frame(home, pipeline, named, delivered=delivered)
    return Frame(rows, rows[named.settings.ingestion.times.event], _labels(rows, named.settings))


def _labels(rows: pd.DataFrame, settings: PipelineSettings) -> "NDArray[np.float64]":
    """What the labels count as; a column of a refused delivery may hold anything."""
    try:
        problem = kinds.named(settings.training.kind)
        return problem.averaged(problem.outcomes(rows[settings.training.label], settings.training))
    except (TypeError, ValueError):
        return np.full(len(rows), np.nan)


def importance(home: Home, pipeline: str) -> tuple[int | None, Mapping[str, float]]:
    """What each column matters to the live model, if it was looked at; else to the one that was looked at last."""
    shown, promotions = home.ledger.turns.projected(pipeline, "importance"), home.ledger.promotions.all(pipeline)
    if not shown:
        return None, {}
    live = promotions[-1].version if promotions else None
    won = [one.turn for one in promotions if one.version == live and one.turn in shown]
    turn = won[-1] if won and won[-1] is not None else max(shown)
    return turn, {str(name): float(value) for name, value in shown[turn]}


def origins_of(home: Home, pipeline: str, was: Model, now: Model) -> Origins:
    """What two models are made with."""
    papers = [kept_settings.readable(home, pipeline, model) for model in (was, now)]
    changes = None
    if papers[0] is not None and papers[1] is not None:
        changes = origins.settings(papers[0].canonical(), papers[1].canonical())
    locks = [environments.of(home, model) for model in (was, now)]
    libraries = origins.libraries(locks[0].text, locks[1].text) if locks[0] and locks[1] else None
    own = environment.read().pipelines / f"{pipeline}.py"
    return Origins(
        models=(was, now),
        settings=changes,
        commits=provenance.commits(was.code_version, now.code_version),
        commits_gone=provenance.commits(now.code_version, was.code_version),
        code=provenance.changes(was.code_version, now.code_version, own),
        libraries=libraries if was.lock_hash != now.lock_hash else (),
        steps=own_steps.changes(home, pipeline, was, now),
    )
