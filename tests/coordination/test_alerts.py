"""The door of coordination: an automation that failed is told once, and to whom it concerns."""

from pathlib import Path

import pytest

from tasks.adapters import home as homes
from tasks.adapters.home import Home
from tasks.adapters.prefect import notifications, orchestration
from tasks.coordination import tasks as coordination
from tests import shop

FAILED = [
    ("1", "shop · data, drift or performance", "The automation of the shop failed."),
    ("2", "churn · a run crashed", "The automation of churn failed."),
    ("3", "of a person", "The automation of a person failed."),
    ("4", "nobody · data", "The automation of nobody failed."),
]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for a home of two pipelines, on whose server four automations have failed."""
    monkeypatch.setenv("INCUMBENT_PIPELINES", str(tmp_path / "pipelines"))
    shop.write_pipeline(tmp_path / "pipelines")
    (tmp_path / "pipelines" / "churn.yaml").write_text(shop.YAML)
    monkeypatch.setattr(orchestration, "failed_actions", lambda since: FAILED)
    monkeypatch.setattr(notifications, "_block", lambda name: None)
    return tmp_path


def test_whichever_pipeline_looks_first_each_failure_is_owed_once(place: Path) -> None:
    with homes.use(Home(place / "home")) as home:
        for pipeline in ("churn", "shop", "churn"):
            coordination.send_alerts.fn(pipeline)
        owed = {pipeline: [alert.key for alert in home.ledger.inbox.unsent(pipeline)] for pipeline in ("churn", "shop")}
        shown = [alert.key for _, alert in notifications.owed(home, "shop")]

    assert owed == {"churn": ["event:2"], "shop": ["event:1"]}
    assert shown == ["event:1", "event:3", "event:4"]
