"""Tasks hand each other references: each may run in a process of its own, and nothing depends on what is at hand."""

import importlib
import multiprocessing
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from prefect import Task

from configs import environment
from flows import ingest, train
from tasks.adapters import home as homes
from tasks.adapters.home import Home
from tasks.coordination import tasks as coordination
from tasks.ingestion import tasks as ingestion
from tests import shop
from tests.faults import canonical

Call = Callable[..., Any]
PRELOADED = ["flows.ingest", "flows.train", "sklearn.ensemble", "skops.io"]


@pytest.fixture
def new_shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Home]:
    """Makes a home in which three weeks of sales wait; the third one brings a challenger."""
    shop.write_pipeline(tmp_path / "pipelines")
    monkeypatch.setenv("INCUMBENT_PIPELINES", str(tmp_path / "pipelines"))
    monkeypatch.setenv("PREFECT_SERVER_ALLOW_EPHEMERAL_MODE", "false")

    def make(name: str) -> Home:
        home = Home(tmp_path / name)
        (landing := home.folder / "landing" / "shop").mkdir(parents=True)
        for number in (1, 2, 3):
            shop.week(number).to_parquet(landing / f"week-{number}.parquet", index=False)
        return home

    return make


@contextmanager
def called(call: Call, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Tasks are called in a way of their own, without Prefect's engine."""
    with monkeypatch.context() as patch:
        patch.setattr(Task, "__call__", call)
        yield


def all_turns(home: Home) -> dict[str, Any]:
    """What three turns have decided in the end."""
    with homes.use(home), home.ledger.lease.held("shop", None):
        for delivery in ingestion.list_waiting("shop").deliveries:
            turn = coordination.open_turn("shop", delivery)
            train.finish(turn, ingest.take_in(turn, delivery))
    decided = canonical.decided(home.folder)
    del decided["ledger"]["owner"]  # where the home is
    return decided


def here(task: Task[..., Any], *arguments: Any, **named: Any) -> Any:
    """In this process, as in a usual run."""
    return task.fn(*arguments, **named)


def empty_handed(task: Task[..., Any], *arguments: Any, **named: Any) -> Any:
    """In this process, with nothing at hand that was there before."""
    homes.current().forget()
    return task.fn(*arguments, **named)


def elsewhere(way: str) -> Call:
    """In a process of its own, which ends with the task."""
    context = multiprocessing.get_context(way)
    if way == "forkserver":
        context.set_forkserver_preload(PRELOADED)

    def call(task: Task[..., Any], *arguments: Any, **named: Any) -> Any:
        hands, pipelines = homes.current(), os.environ["INCUMBENT_PIPELINES"]
        about = (hands.folder, pipelines, hands.ledger.lease.token("shop"), task.fn.__module__, task.fn.__name__)
        with ProcessPoolExecutor(1, mp_context=context) as pool:
            return pool.submit(work, *about, arguments, named).result()

    return call


def work(
    folder: Path, pipelines: str, token: int, module: str, name: str, arguments: tuple[Any, ...], named: dict[str, Any]
) -> Any:
    """What such a process does."""
    os.environ |= {"INCUMBENT_PIPELINES": pipelines, "PREFECT_SERVER_ALLOW_EPHEMERAL_MODE": "false"}
    environment.settle()
    task = getattr(importlib.import_module(module), name)
    with homes.use(Home(folder)) as home, home.ledger.lease.lent("shop", token):
        return task.fn(*arguments, **named)


@pytest.mark.parametrize(
    "call",
    [
        empty_handed,
        pytest.param(elsewhere("forkserver"), marks=pytest.mark.long),
        pytest.param(elsewhere("spawn"), marks=pytest.mark.long),
    ],
    ids=["with nothing at hand", "in processes of their own", "in fresh interpreters"],
)
def test_the_tasks_of_a_turn_end_the_same_wherever_each_runs(
    call: Call, new_shop: Callable[[str], Home], monkeypatch: pytest.MonkeyPatch
) -> None:
    with called(here, monkeypatch):
        undisturbed = all_turns(new_shop("undisturbed"))

    with called(call, monkeypatch):
        apart = all_turns(new_shop("apart"))

    assert canonical.differences(apart, undisturbed) == []
    assert len(apart["ledger"]["verdicts"]) == 2
    assert not [name for name in apart["store"] if name.startswith("scratch")]
