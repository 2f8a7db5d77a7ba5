"""One turn of the shop in this process: two weeks of sales wait, and tasks run without the engine of Prefect."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import pytest
from prefect import Task

from flows import ingest, train
from tasks.adapters import home as homes
from tasks.adapters.home import Home
from tasks.coordination import tasks as coordination
from tasks.domain.records import Model
from tasks.domain.trigger_kinds import TriggerKind
from tasks.domain.turns import Outcome
from tasks.ingestion import tasks as ingestion
from tasks.reporting.steps import report_file
from tests import shop


@contextmanager
def home(folder: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> Iterator[Home]:
    """A home in which two weeks of sales wait."""
    shop.write_pipeline(folder / "pipelines", text=text)
    monkeypatch.setenv("INCUMBENT_PIPELINES", str(folder / "pipelines"))
    monkeypatch.setattr(Task, "__call__", lambda task, *arguments, **named: task.fn(*arguments, **named))
    with homes.use(Home(folder / "home")) as opened:
        deliver(opened, "weeks", 1, 2)
        yield opened


def deliver(home: Home, name: str, *weeks: int) -> None:
    """Weeks of sales as one delivery."""
    (landing := home.folder / "landing" / "shop").mkdir(parents=True, exist_ok=True)
    pd.concat([shop.week(week) for week in weeks]).to_parquet(landing / f"{name}.parquet", index=False)


def catch_up(home: Home, kind: TriggerKind = TriggerKind.MANUAL) -> Outcome | None:
    """The turn of the one delivery that waits, as the flow runs it."""
    coordination.record_trigger("shop", kind, "", "", True)
    with home.ledger.lease.held("shop", None):
        waiting = ingestion.list_waiting("shop")
        coordination.settle_inbox("shop", waiting, home.clock(), home.ledger.inbox.newest("shop"))
        turn = coordination.open_turn("shop", waiting.deliveries[0])
        outcome = train.finish(turn, ingest.take_in(turn, waiting.deliveries[0]))
        report_file.write(home, "shop")
    return outcome


def beside(home: Home, text: str, code: str) -> Home:
    """The same home as a new process finds it, with other files of the pipeline."""
    folder = home.folder.parent / "pipelines"
    shop.write_pipeline(folder, text=text)
    (folder / "shop.py").write_text(code, encoding="utf-8")
    return Home(home.folder)


def live(home: Home) -> Model:
    """The live model."""
    models: dict[int, Model] = home.ledger.models.versions("shop")
    return models[home.ledger.promotions.all("shop")[-1].version]
