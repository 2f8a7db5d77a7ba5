"""The tasks of training: a selection of the dataset, and the candidates that are fitted on it."""

from collections.abc import Iterator
from contextlib import contextmanager

from prefect import task

from configs import loader
from configs.errors import InvalidSettings
from tasks.adapters import failpoints, helper, home
from tasks.domain.pools import Pool
from tasks.domain.records import Batch, Model, Snapshot
from tasks.domain.turns import TurnRef
from tasks.training.steps import fitting, handles, own_windows, trial


def list_families(turn: TurnRef) -> list[str]:
    """The families to train, in the order of the settings."""
    return [candidate.name for candidate in home.current().settings(turn.pipeline).training.candidates]


@task(task_run_name="settle-labels-{turn.name}", tags=["training"])
def settle_labels(turn: TurnRef, batch: Batch) -> Batch:
    """Give rows the labels that have come later, where all of a batch are there or their time has passed."""
    from tasks.training.steps import labelling

    return labelling.settle(home.current(), turn, batch)


@contextmanager
def steps_explained(pipeline: str) -> Iterator[None]:
    """A feature step of the user that fails in a model stops the turn in words: a model keeps the code of its fit."""
    from tasks.features.own_step import StepFailed

    try:
        yield
    except StepFailed as problem:
        raise InvalidSettings(
            f"Pipeline {pipeline}: a model fails for these rows, by the code that it was fitted with: {problem}. The "
            "batch waits: correct its rows, or roll back to a version that takes them."
        ) from problem


def try_steps(turn: TurnRef, batch: Batch) -> Batch:
    """The batch, held if feature steps of the user make of it what is beyond their bounds; no model is asked before.

    It is no task of Prefect, which would try again: what is wrong with them is for a person.
    """
    return trial.tried(home.current(), turn, batch)


def pool_batches(turn: TurnRef, batch: Batch) -> Pool:
    """What is judged in this turn: its batch, together with those that were too short to be judged alone."""
    return fitting.pool(home.current(), turn, batch)


@task(task_run_name="select-window-{turn.name}", tags=["training"])
def take_snapshot(turn: TurnRef, pool: Pool) -> Snapshot | None:
    """Select the rows that were known before what is judged (at first, the older part); None if there are none."""
    hands = home.current()
    plan = fitting.plan(hands, turn, pool)
    if plan is None:
        return None
    snapshot = handles.rows(hands).select(plan, hands.settings(turn.pipeline))
    hands.ledger.models.record_snapshot(turn.pipeline, snapshot)
    failpoints.reach("snapshot-committed")
    return snapshot


def begin_fits(turn: TurnRef, pool: Pool, snapshot: Snapshot | None) -> None:
    """Begin to fit what the turn will be judged with, if it is; `train_candidate` waits for each candidate.

    The first one in a thread of this process, the others in the helper process, if there is one.
    """
    hands = home.current()
    settings = hands.settings(turn.pipeline)
    if snapshot is None or fitting.obstacles(hands, turn, pool, snapshot):
        return
    for place, family in enumerate(list_families(turn)):
        own = own_windows.snapshot(hands, turn, pool, snapshot, family)
        order = fitting.order(hands, settings, own, family)
        if fitting.had(hands, turn, order) is not None:
            continue
        if place:
            helper.begin_fit(order.model, fitting.fit_candidate, turn.pipeline, own, family)
        else:
            fitting.begin(hands, order, settings)


@task(task_run_name="train-{family}", tags=["training"])
def train_candidate(turn: TurnRef, pool: Pool, snapshot: Snapshot, family: str) -> Model:
    """Fit one family on its window, publish its bundle, then commit it; what is committed is not fitted again."""
    hands = home.current()
    settings = hands.settings(turn.pipeline)
    order = fitting.order(hands, settings, own_windows.snapshot(hands, turn, pool, snapshot, family), family)
    known = fitting.had(hands, turn, order)
    if known is not None:
        return known
    model = helper.fitted(order.model, loader.settings_hash(settings)) or fitting.fit(hands, order, settings)
    hands.ledger.models.record(turn.pipeline, turn.number, model, settings.canonical())
    failpoints.reach("model-committed")
    return model
