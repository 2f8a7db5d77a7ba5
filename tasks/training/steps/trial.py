"""Steps of a user's own, tried on the rows of a batch before anything is learned from it or judged on it."""

import ctypes
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from configs.errors import InvalidSettings
from configs.feature_steps import OwnStep
from configs.settings import PipelineSettings
from tasks.adapters.home import Home
from tasks.domain.decisions import Decision
from tasks.domain.records import Batch
from tasks.domain.turns import TurnRef
from tasks.features import assembly
from tasks.ingestion import intake
from tasks.training import preparation
from tasks.validation import batches
from tasks.validation.batches import SortedOut
from tasks.validation.steps import door
from tasks.validation.triage import examine as triage

if TYPE_CHECKING:
    import pandas as pd

    from tasks.features import own_step
    from tasks.features.transforms import Column
    from tasks.features.trying import Beyond


def tried(home: Home, turn: TurnRef, batch: Batch) -> Batch:
    """The batch, held if what steps of the user make of it lies beyond its bounds.

    Args:
        home: Settings and rows.
        turn: Of which pipeline.
        batch: What has passed the contract.

    Raises:
        InvalidSettings: A step does what it must not, or takes too long; and the line.
    """
    settings = home.settings(turn.pipeline)
    is_tried = batch.is_in and batch.labels is None and any(map(_is_own, settings.features.steps))
    if not is_tried or batch.accepted_file is None:
        return batch
    rows, columns = home.store.read(batch.accepted_file), settings.validation.columns
    signs = examine(
        preparation.prepare(preparation.complete(rows, columns), settings.inputs, columns), settings, turn.pipeline
    )
    if not signs or home.ledger.batches.passed(turn.pipeline, turn.batch) is not None:
        return batch
    decided, suspects = door.decision(home, turn), tuple(suspect for suspect, _ in signs)
    if decided is None:
        return intake.hold(batch.id, batch.name, batch.landed, triage.reason(suspects), suspects)
    if decided is Decision.SOUND_ROWS:
        batch = _without(home, settings, batch, rows, signs)
    return replace(batch, suspects=(*batch.suspects, *suspects))


def _without(
    home: Home, settings: PipelineSettings, batch: Batch, rows: "pd.DataFrame", signs: "Sequence[Beyond]"
) -> Batch:
    """The batch without the rows that lie beyond their bounds, which are quarantined."""
    aside = home.store.read(batch.aside_file) if batch.aside_file else rows.iloc[:0]
    suspects, masks = zip(*signs, strict=True)
    sorted_out = batches.without(SortedOut(rows, aside, batch.findings), suspects, masks)
    left = batches.accept(batch.id, batch.name, sorted_out, settings, landed=batch.landed)
    left = home.store.put_away(left, sorted_out.accepted, sorted_out.aside)
    return replace(left, suspects=batch.suspects, notes=batch.notes, tables=batch.tables)


def examine(prepared: "pd.DataFrame", settings: PipelineSettings, pipeline: str) -> "list[Beyond]":
    """What lies beyond its bounds among what steps of the user make of prepared rows; raises as `tried`."""
    from tasks.features import own_step, trying

    columns = {name: rule.type for name, rule in settings.validation.columns.items()}
    if not len(prepared):
        return []
    features = assembly.build(settings.features, settings.training.features, columns)
    there = {str(name): prepared[name].to_numpy() for name in prepared.columns}
    signs: list[Beyond] = []
    for rules, (takes, gives, step) in zip(settings.features.steps, features.steps if features else (), strict=True):
        given = [there[name] for name in takes]
        if not isinstance(step, own_step.OwnStep) or not isinstance(rules, OwnStep):
            # what has to learn learns from these rows and is thrown away: a step behind it is to be tried as well
            there |= zip(gives, step.fit(given, np.zeros(len(prepared))), strict=True)
            continue
        try:
            made = within(settings.features.timeout, partial(_try, step, given), step.file, str(step))
        except own_step.StepFailed as problem:
            raise InvalidSettings(
                f"Pipeline {pipeline}: {problem}. Nothing was changed, and the batch waits."
            ) from problem
        there |= zip(gives, made, strict=True)
        signs += trying.out_of_bounds(step, dict(zip(gives, made, strict=True)), rules.made)
    return signs


def _try(step: "own_step.OwnStep", given: "Sequence[Column]") -> "list[Column]":
    from tasks.features import trying

    made = step.make(given)
    trying.require_row_wise(step, given, made)
    trying.require_missing(step)
    return made


def within(seconds: float, work: Callable[[], Any], file: str, called: str) -> Any:
    """What work gives, if it is done in time.

    It runs in a thread that is asked to end when it takes too long. Python cannot force it to: one that waits within a
    library goes on until that comes back, or the process ends.
    """
    from tasks.features.own_step import StepFailed

    ended: list[Any] = []
    failed: list[BaseException] = []

    def run() -> None:
        try:
            ended.append(work())
        except (StepFailed, SystemExit) as problem:
            failed.append(problem)

    thread = threading.Thread(target=run, name="feature step", daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        line = _line(thread, file)
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident or 0), ctypes.py_object(SystemExit))
        raise StepFailed(f"{called} took longer than {seconds:g} seconds, features.timeout ({file}{line})")
    if failed:
        raise failed[0]
    return ended[0]


def _line(thread: threading.Thread, file: str) -> str:
    """Where in a file a thread is."""
    frame = sys._current_frames().get(thread.ident or 0)
    while frame is not None:
        if frame.f_code.co_filename == file:
            return f", line {frame.f_lineno}"
        frame = frame.f_back
    return ""


def _is_own(step: object) -> bool:
    return isinstance(step, OwnStep)
