"""What is a projection comes back from the ledger; what only the projection held is named; twice is once."""

import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from configs.errors import IncumbentError, UnusableHome
from tasks.adapters.home import Home
from tasks.adapters.mlflow import registry, tracking
from tasks.lineage.steps import repair, showing, verification
from tasks.lineage.steps.repair import Repaired
from tasks.lineage.verify.checks import projections
from tests import homes
from tests.lineage import damages


@pytest.fixture
def home(lived_home: Path, tmp_path: Path) -> Iterator[Home]:
    homes.copy(lived_home, tmp_path / "home", "prefect")
    opened = Home(tmp_path / "home")
    yield opened
    opened.close()


@pytest.fixture
def untouched(lived_home: Path, tmp_path: Path) -> Iterator[Home]:
    """The same home, beside it: MLflow keeps a database open that it has seen once, also when that is deleted."""
    shutil.copytree(lived_home / "mlflow", tmp_path / "untouched" / "mlflow")
    opened = Home(tmp_path / "untouched")
    yield opened
    opened.close()


def restore(home: Home) -> Repaired:
    with home.ledger.lease.held("flights"):
        return repair.repair(home, "flights")


def findings(home: Home) -> list[str]:
    return [f"{found.invariant} {found.text}" for found in verification.verify(home, "flights")]


def registered(home: Home) -> tuple[dict[int, str], dict[str, int], dict[int, str]]:
    """Versions, aliases, and the verdict of each version, as MLflow has them."""
    store = home.tracking
    versions = registry.versions(store, "flights")
    found = {version: registry.number(store, "flights", version) for version in versions}
    verdicts = {version: one.tags.get(projections.VERDICT_TAG, "") for version, one in found.items() if one is not None}
    return versions, registry.aliases(store, "flights"), verdicts


def logged(home: Home) -> list[tuple[dict[str, str], dict[str, float], dict[str, str]]]:
    """Tags, metrics and parameters of each finished run; ids and the version of the code aside."""
    client = tracking.open_client(home.tracking)
    experiment = client.get_experiment_by_name("flights")
    assert experiment is not None
    runs = client.search_runs([experiment.experiment_id], "attributes.status = 'FINISHED'")
    kept = [({k: v for k, v in run.data.tags.items() if k.startswith("incumbent.")}, run.data) for run in runs]
    return sorted(
        ((tags, data.metrics, data.params) for tags, data in kept), key=lambda run: run[0][tracking.MODEL_TAG]
    )


def test_mlflow_comes_back_from_the_ledger(home: Home, untouched: Home) -> None:
    damages.lose_mlflow(home)

    done = restore(home)

    assert registered(home) == registered(untouched)
    assert logged(home) == logged(untouched)
    assert findings(home) == []
    assert done.restored[0].startswith("MLflow's database: it was gone. It is shared: each other pipeline needs ")
    assert [text.partition(":")[0] for text in done.restored[1:]] == [
        "turn 1 in MLflow", "turn 2 in MLflow", "MLflow's alias challenger", "MLflow's alias champion",
    ]  # fmt: skip
    assert "written into MLflow by hand" in done.lost[0]
    assert restore(home) == Repaired((), ())


@pytest.mark.long
def test_a_repair_that_was_killed_is_gone_on_with(home: Home, untouched: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    damages.lose_mlflow(home)
    real = showing.show_again

    def killed(hands: Home, pipeline: str, turn: int) -> str | None:
        if turn == 2:
            raise KeyboardInterrupt
        return real(hands, pipeline, turn)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(showing, "show_again", killed)
        restore(home)
    done = restore(home)

    assert [text.partition(":")[0] for text in done.restored][:1] == ["turn 2 in MLflow"]
    assert registered(home) == registered(untouched)
    assert findings(home) == []


@pytest.mark.long
def test_a_database_that_is_none_any_more_is_put_aside(home: Home) -> None:
    damages.lose_mlflow(home)
    (home.folder / "mlflow" / "mlflow.db").write_bytes(b"no database at all" * 1000)

    done = restore(home)

    assert done.restored[0].startswith("MLflow's database: it was damaged; that one is mlflow.db.damaged-1 now. ")
    assert (home.folder / "mlflow" / "mlflow.db.damaged-1").read_bytes().startswith(b"no database")
    assert findings(home) == []


def test_what_was_moved_changed_or_removed_by_hand_is_put_right(home: Home) -> None:
    registry.set_alias(home.tracking, "flights", "champion", 3)
    registry.set_alias(home.tracking, "flights", "challenger", None)
    damages.tag_a_run(home, 2, damages.VERDICT, "promote")
    damages.page(home).unlink()
    (damages.page(home).parent / "flights-drift-2.html").write_bytes(b"<html>")
    assert len(findings(home)) == 5

    done = restore(home)

    assert {text.partition(":")[0].partition(" (")[0] for text in done.restored} == {
        "turn 2 in MLflow", "MLflow's alias challenger", "MLflow's alias champion", "the drift page of turn 2",
        "the report",
    }  # fmt: skip
    assert registered(home)[1] == {"champion": 2, "challenger": 3}
    assert done.lost == ()
    assert findings(home) == []


@pytest.mark.long
def test_a_version_that_gives_out_other_bytes_is_registered_anew(home: Home) -> None:
    damages.damage_mlflows_champion(home)

    done = restore(home)

    copy = registry.find(home.tracking, "flights", 2)
    assert done.restored[0].startswith("turn 1 in MLflow: ") and done.restored[0].endswith("v2")
    assert copy is not None and copy.bundle.read_bytes() == damages.bundle(home, 2).read_bytes()
    assert registered(home)[1] == {"champion": 2, "challenger": 3}
    assert findings(home) == []


def test_a_damaged_database_is_told_also_by_a_pipeline_that_has_shown_nothing_in_it(home: Home) -> None:
    damages.lose_mlflow(home)
    (home.folder / "mlflow" / "mlflow.db").write_bytes(b"no database at all" * 1000)
    damages.sql(home, "delete from projections where target = 'mlflow'")

    done = restore(home)

    assert "that one is mlflow.db.damaged-1 now" in done.restored[0]
    assert "each other pipeline needs `verify --repair` too" in done.restored[0]
    assert "written into MLflow by hand" in done.lost[0]


def test_a_database_of_another_version_of_mlflow_is_told_in_one_paragraph(home: Home) -> None:
    damages.mlflow_sql(home, "update alembic_version set version_num = 'abc'")

    with pytest.raises(IncumbentError, match=r"MLflow in .* failed: .*schema.*goes on from there\.$"):
        restore(home)


@pytest.mark.long
def test_a_candidate_whose_bundle_is_gone_is_named_and_the_rest_comes_back(home: Home) -> None:
    probe = home.ledger.promotions.verdicts("flights")[2][0]
    (other,) = (one for one in home.ledger.models.of_turn("flights", 2) if one.id != probe)
    damages.rewrite(home, "models", f"id = '{other.id}'", bundle="f" * 64)  # its file is that of the refit as well
    damages.lose_mlflow(home)

    done = restore(home)

    assert re.search(
        r"^turn 2 in MLflow: Model bundle f{12} \(digest\) cannot be read: No such file or directory", done.lost[-1]
    )
    assert registered(home)[0].keys() == {1, 2}
    assert any(text.startswith("turn 1 in MLflow") for text in done.restored)


def test_a_full_disk_ends_the_repair_and_nothing_is_called_lost(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*about: object) -> None:
        raise UnusableHome("The disk is full.")

    monkeypatch.setattr(showing, "show_again", full)
    damages.lose_mlflow(home)

    with pytest.raises(UnusableHome, match="full"):
        restore(home)


@pytest.mark.long
def test_a_version_whose_run_mlflow_has_cleared_away_is_registered_anew(home: Home) -> None:
    damages.damage_mlflows_champion(home)
    run = home.ledger.turns.projected("flights", "mlflow")[1]
    damages.mlflow_sql(home, "delete from runs where run_uuid = ?", run)

    done = restore(home)

    assert done.restored[0].startswith("turn 1 in MLflow: ")
    assert done.lost == ()
    assert findings(home) == []


def test_what_is_no_projection_is_not_repaired(home: Home) -> None:
    damages.flip(damages.file_of(home, "2013-02", "accepted_file"))
    with closing(sqlite3.connect(home.folder / "ledger.db")) as ledger:
        before = list(ledger.iterdump())

    done = restore(home)

    with closing(sqlite3.connect(home.folder / "ledger.db")) as ledger:
        changed = [line for line in ledger.iterdump() if line not in before]
    assert done.restored == ()
    assert all("leases" in line for line in changed)
    assert [text[:2] for text in findings(home)] == ["I6"]


def test_nothing_is_repaired_by_a_ledger_that_cannot_be_read(home: Home) -> None:
    damages.sql(home, "update batches set record = '{}' where name = '2013-01'")
    damages.page(home).unlink()

    done = restore(home)

    assert done.restored == ()
    assert "rows of the ledger cannot be read" in done.lost[0]
    assert not damages.page(home).exists()


def test_what_a_deleted_database_left_behind_is_not_taken_for_changes_of_the_new_one(tmp_path: Path) -> None:
    database = tmp_path / "mlflow.db"
    with closing(sqlite3.connect(database)) as old:
        old.execute("pragma journal_mode = wal")
        old.execute("create table old (words text)")
        old.commit()
        left = (tmp_path / "mlflow.db-wal").read_bytes()
    database.unlink()
    (tmp_path / "mlflow.db-wal").write_bytes(left)

    tracking.ensure_store(tmp_path)

    with closing(sqlite3.connect(database)) as new:
        names = {name for (name,) in new.execute("select name from sqlite_master where type = 'table'")}
    assert left
    assert "experiments" in names and "old" not in names
