"""`verify` finds each way in which the bytes can differ from the ledger, and nothing where they do not."""

import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tasks.adapters import registry, verification
from tasks.adapters.home import Home
from tasks.core.records import BatchStatus

Damage = Callable[[Home], object]


@pytest.fixture
def home(lived_home: Path, tmp_path: Path) -> Iterator[Home]:
    shutil.copytree(lived_home, tmp_path / "home", ignore=shutil.ignore_patterns("prefect", "landing", "reports"))
    opened = Home(tmp_path / "home")
    yield opened
    opened.close()


def findings(home: Home) -> list[tuple[str, str]]:
    return [(found.invariant, found.text) for found in verification.verify(home, "flights")]


def sql(home: Home, statement: str, *values: object) -> int:
    with closing(sqlite3.connect(home.folder / "ledger.db")) as ledger, ledger:
        changed = ledger.execute(statement, values).rowcount
    assert changed > 0, "the damage was not done"
    return changed


def rewrite(home: Home, table: str, where: str, **fields: Any) -> None:
    """Change fields of a row both in its record and, where there is one, in its column."""
    with closing(sqlite3.connect(home.folder / "ledger.db")) as ledger, ledger:
        columns = {row[1] for row in ledger.execute(f"pragma table_info({table})")}
        record = json.loads(ledger.execute(f"select record from {table} where {where}").fetchone()[0])
    assert record | fields != record
    sql(home, f"update {table} set record = ? where {where}", json.dumps(record | fields))
    for name, value in fields.items():
        if name in columns:
            sql(home, f"update {table} set {name} = ? where {where}", value)


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def file_of(home: Home, name: str, kind: str) -> Path:
    batch = next(batch for batch in home.ledger.batches.all("flights") if batch.name == name)
    digest = getattr(batch, kind)
    return home.store.original(digest) if batch.status is BatchStatus.REFUSED else home.store.path(digest)


def champion_bundle(home: Home) -> tuple[Path, Path]:
    model = home.ledger.models.versions("flights")[1]
    return home.bundles.bundle_path(model.bundle), home.bundles.golden_path(model.golden)


def january(home: Home) -> int:
    return next(batch.accepted for batch in home.ledger.batches.all("flights") if batch.name == "2013-01")


def first_snapshot(home: Home) -> list[str]:
    return list(home.ledger.models.snapshots("flights")[0].batches)


def put_february_in_place_of_january(home: Home) -> None:
    shutil.copyfile(file_of(home, "2013-02", "accepted_file"), file_of(home, "2013-01", "accepted_file"))


def forget_what_landed(home: Home) -> None:
    sql(home, "delete from batches where name = '2013-02'")
    sql(home, "delete from deliveries where name = '2013-02'")


def test_nothing_is_found_where_nothing_is_wrong(home: Home) -> None:
    batches = home.ledger.batches.all("flights")

    found = findings(home)

    assert found == []
    assert {batch.status for batch in batches} == {BatchStatus.ACCEPTED, BatchStatus.REFUSED}
    assert any(batch.aside_file for batch in batches if batch.status is BatchStatus.ACCEPTED)
    assert home.ledger.batches.duplicates("flights")[0][:2] == ("again", "2013-01")


DAMAGES: dict[str, tuple[Damage, str, str]] = {
    "a byte of accepted rows": (lambda h: flip(file_of(h, "2013-01", "accepted_file")), "I6", "not have the content"),
    "accepted rows are gone": (lambda h: file_of(h, "2013-02", "accepted_file").unlink(), "I6", "The store has lost"),
    "accepted rows of another batch": (put_february_in_place_of_january, "I6", "not have the content"),
    "a byte of rows set aside": (lambda h: flip(file_of(h, "2013-01", "aside_file")), "I6", "not have the content"),
    "a byte of a refused file": (lambda h: flip(file_of(h, "broken", "aside_file")), "I6", "is gone or has changed"),
    "a refused file is gone": (lambda h: file_of(h, "broken", "aside_file").unlink(), "I6", "is gone or has changed"),
    "rows accepted, in the column only": (
        lambda h: sql(h, "update batches set accepted = accepted + 1 where name = '2013-01'"),
        "I2",
        "batch 2013-01: its row in the ledger says one thing in its columns and another in its record",
    ),
    "rows accepted, everywhere": (
        lambda h: rewrite(h, "batches", "name = '2013-01'", accepted=january(h) + 1),
        "I2",
        "accepted recorded",
    ),
    "rows landed": (lambda h: rewrite(h, "batches", "name = '2013-02'", landed=9), "I2", "9 rows landed, but"),
    "rows with a late flight": (
        lambda h: rewrite(h, "batches", "name = '2013-02'", positives=7),
        "I2",
        "7 positives recorded",
    ),
    "the first event": (
        lambda h: rewrite(h, "batches", "name = '2013-02'", first_event="2013-01-20T00:00:00.000000+00:00"),
        "I2",
        "first event recorded",
    ),
    "the file of accepted rows forgotten": (
        lambda h: rewrite(h, "batches", "name = '2013-02'", accepted_file=None),
        "I2",
        "accepted recorded, 0 stored",
    ),
    "a batch forgotten": (
        lambda h: sql(h, "delete from batches where name = '2013-01'"),
        "I2",
        "delivery 2013-01, again",
    ),
    "a batch and its delivery forgotten": (forget_what_landed, "I2", "turn 2 is done, but its batch is not recorded"),
    "a byte of the champion": (lambda h: flip(champion_bundle(h)[0]), "I1", "was changed after its gate"),
    "the champion is gone": (lambda h: champion_bundle(h)[0].unlink(), "I1", "cannot be read"),
    "a byte of the golden rows": (lambda h: flip(champion_bundle(h)[1]), "I1", "Golden batch"),
    "a bundle exchanged in the column": (
        lambda h: sql(h, "update models set bundle = golden where version = 2"),
        "I6",
        "says one thing in its columns",
    ),
    "a snapshot of unknown rows": (
        lambda h: rewrite(h, "snapshots", "cutoff = (select min(cutoff) from snapshots)", batches=["f" * 64]),
        "I6",
        "selects file ffffffffffff, which no accepted batch lists",
    ),
    "a snapshot of fewer rows": (
        lambda h: rewrite(h, "snapshots", "cutoff = (select min(cutoff) from snapshots)", rows=5),
        "I6",
        "names a snapshot that is not the one that is recorded",
    ),
    "the verdict, in the column only": (
        lambda h: sql(h, "update verdicts set kind = 'reject' where turn = 1"),
        "I1",
        "verdict of turn 1: its row in the ledger",
    ),
    "the verdict, everywhere": (
        lambda h: rewrite(h, "verdicts", "turn = 1", kind="reject"),
        "I1",
        "v1 was promoted in turn 1, whose verdict is reject",
    ),
    "no verdict": (lambda h: sql(h, "delete from verdicts where turn = 1"), "I1", "which has no verdict"),
    "another challenger was judged": (
        lambda h: sql(h, "update verdicts set challenger = 'x' where turn = 1"),
        "I1",
        "is not the model that was judged",
    ),
    "a gap in the promotions": (
        lambda h: sql(h, "update promotions set sequence = 2"),
        "I1",
        "promotion 2 replaces no version, but no version was live",
    ),
    "a promotion that replaces another": (
        lambda h: sql(h, "update promotions set previous = 4"),
        "I1",
        "replaces v4, but no version was live",
    ),
    "a promotion of an unknown version": (
        lambda h: sql(h, "update promotions set version = 3"),
        "I1",
        "v3 does not resolve to the model that was promoted",
    ),
    "the alias moved": (
        lambda h: registry.set_alias(h.tracking, "flights", "champion", 2),
        "I1",
        "MLflow's alias champion points to v2, the ledger to v1",
    ),
    "the alias removed": (
        lambda h: registry.set_alias(h.tracking, "flights", "champion", None),
        "I1",
        "MLflow's alias champion points to nothing, the ledger to v1",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", DAMAGES)
def test_each_damage_is_found(name: str, home: Home) -> None:
    damage, invariant, words = DAMAGES[name]
    damage(home)

    found = findings(home)

    assert any(kind == invariant and words in text for kind, text in found), found


def test_what_mlflow_gives_out_as_the_champion_is_compared_with_its_gate(home: Home) -> None:
    copy = registry.find(home.tracking, "flights", 1)
    assert copy is not None
    before = copy.bundle.read_bytes()
    flip(copy.bundle)

    found = findings(home)

    copy.bundle.write_bytes(before)  # MLflow knows artifacts by their full path: this one is that of all copies
    assert [kind for kind, _ in found] == ["I1"]
    assert "MLflow's v1 is not the bundle that passed its gate" in found[0][1]


def test_a_promotion_that_mlflow_has_yet_to_be_told_of_is_no_finding(home: Home) -> None:
    sql(home, "delete from projections where target = 'mlflow'")
    registry.set_alias(home.tracking, "flights", "champion", None)

    found = findings(home)

    assert found == []


def test_to_verify_changes_nothing(home: Home) -> None:
    def state() -> dict[str, bytes]:
        kept = (path for path in home.folder.rglob("*") if path.is_file() and path.suffix not in (".db-shm", ".db-wal"))
        return {str(path): path.read_bytes() for path in kept}

    assert home.ledger
    before = state()

    findings(home)

    assert state() == before
