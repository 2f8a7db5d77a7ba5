"""Steps of a user's own, tried on the rows of a batch before anything is learned from it or judged on it."""

import sys
import threading
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from configs.errors import InvalidSettings
from configs.feature_steps import OwnStep
from configs.settings import PipelineSettings
from tasks.adapters.home import Home
from tasks.domain.records import Batch, Suspect
from tasks.domain.turns import TurnRef
from tasks.features import assembly
from tasks.ingestion import intake
from tasks.training import preparation
from tasks.validation.steps import door
from tasks.validation.triage import examine as triage

if TYPE_CHECKING:
    import pandas as pd


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
    if not batch.is_in or batch.accepted_file is None or not any(map(_is_own, settings.features.steps)):
        return batch
    rows, columns = home.store.read(batch.accepted_file), settings.validation.columns
    suspects = examine(
        preparation.prepare(preparation.complete(rows, columns), settings.inputs, columns), settings, turn.pipeline
    )
    if not suspects or door.decision(home, turn) is not None:
        return batch
    return intake.hold(batch.id, batch.name, batch.landed, triage.reason(suspects), suspects)


def examine(prepared: "pd.DataFrame", settings: PipelineSettings, pipeline: str) -> list[Suspect]:
    """What lies beyond its bounds among what steps of the user make of prepared rows; raises as `tried`."""
    from tasks.features import own_step, trying

    columns = {name: rule.type for name, rule in settings.validation.columns.items()}
    features = assembly.build(settings.features, settings.training.features, columns)
    there = {str(name): prepared[name].to_numpy() for name in prepared.columns}
    suspects: list[Suspect] = []
    for rules, (takes, gives, step) in zip(settings.features.steps, features.steps if features else (), strict=True):
        if step.learns or not {*takes} <= {*there}:
            continue  # it is asked when a model is fitted
        given = [there[name] for name in takes]
        if not isinstance(step, own_step.OwnStep) or not isinstance(rules, OwnStep):
            there |= zip(gives, step.make(given), strict=True)
            continue
        try:
            made = within(settings.features.timeout, partial(step.make, given), step.file, str(step))
            trying.require_row_wise(step, given)
        except own_step.StepFailed as problem:
            raise InvalidSettings(
                f"configs/pipelines/{pipeline}.yaml: {problem}. Nothing was changed, and the batch waits."
            ) from problem
        there |= zip(gives, made, strict=True)
        suspects += trying.out_of_bounds(step, dict(zip(gives, made, strict=True)), rules.made)
    return suspects


def within(seconds: float, work: Callable[[], Any], file: str, called: str) -> Any:
    """What work gives, if it is done in time.

    It runs in a thread that is left alone when it takes too long: Python cannot end one. It ends with the process.
    """
    from tasks.features.own_step import StepFailed

    ended: list[Any] = []
    failed: list[BaseException] = []

    def run() -> None:
        try:
            ended.append(work())
        except StepFailed as problem:
            failed.append(problem)

    thread = threading.Thread(target=run, name="feature step", daemon=True)
    thread.start()
    thread.join(seconds)
    if failed:
        raise failed[0]
    if not ended:
        line = _line(thread, file)
        raise StepFailed(f"{called} took longer than {seconds:g} seconds, features.timeout ({file}{line})")
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
