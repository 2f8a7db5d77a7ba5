"""Ways to make a home say something that is not true, and the invariant that each of them breaks.

Each is done to a home that has lived: two months of flights, a broken file, and January under a second name.
"""

import hashlib
import json
import os
import pickle
import shutil
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from tasks.adapters.home import Home
from tasks.adapters.mlflow import artifacts, registry, tracking
from tasks.adapters.web import access
from tasks.domain.records import Batch, BatchStatus
from tasks.reporting.steps import report_file
from tests import stored

PIPELINE = "flights"
VERDICT = "incumbent.verdict"
KEY = "pnu_" + "b7" * 18
"""Looks like a key of Prefect; it is none."""
PASSWORD = "correct-horse-9"
"""What a test puts into its environment."""


@dataclass(frozen=True)
class Damage:
    """One thing that is not true any more."""

    do: Callable[[Home], object]
    invariant: str
    words: str
    """Part of the one finding that it leads to."""
    beside: str
    """Damages with the same word here do not touch each other, and can be found together."""


# ── tools ─────────────────────────────────────────────────────────────────────────────────────────────────────────
def sql(home: Home, statement: str, *values: object) -> int:
    """Change the ledger behind its back."""
    with closing(sqlite3.connect(home.folder / "ledger.db")) as ledger, ledger:
        changed = ledger.execute(statement, values).rowcount
    assert changed > 0, "the damage was not done"
    return changed


def record_of(home: Home, table: str, where: str) -> dict[str, Any]:
    """The record of one row."""
    with closing(sqlite3.connect(home.folder / "ledger.db")) as ledger:
        found: dict[str, Any] = json.loads(ledger.execute(f"select record from {table} where {where}").fetchone()[0])
    return found


def rewrite(home: Home, table: str, where: str, **fields: Any) -> None:
    """Change fields of a row both in its record and, where there is one, in its column."""
    record = record_of(home, table, where)
    assert record | fields != record
    with closing(sqlite3.connect(home.folder / "ledger.db")) as ledger:
        columns = {row[1] for row in ledger.execute(f"pragma table_info({table})")}
    sql(home, f"update {table} set record = ? where {where}", json.dumps(record | fields))
    for name in fields.keys() & columns:
        sql(home, f"update {table} set {name} = ? where {where}", fields[name])


def refuse_unread(home: Home) -> None:
    """As versions before this one did when the disk failed."""
    name = next(batch.name for batch in home.ledger.batches.all(PIPELINE) if batch.reason)
    reason = "The file cannot be read: Input/output error."
    rewrite(home, "batches", f"name = '{name}'", aside_file=None, reason=reason)


def flip(path: Path) -> None:
    """Change one bit in the middle of a file."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def batch(home: Home, name: str) -> Batch:
    """A batch by the name of its delivery."""
    return next(batch for batch in home.ledger.batches.all(PIPELINE) if batch.name == name)


def file_of(home: Home, name: str, kind: str) -> Path:
    """Where a file of a batch is: `accepted_file` or `aside_file`."""
    found = batch(home, name)
    digest = getattr(found, kind)
    return stored.refused(home, digest) if found.status is BatchStatus.REFUSED else stored.rows(home, digest)


def restore_rows(home: Home, name: str, kind: str, change: Callable[[pd.DataFrame], pd.DataFrame]) -> None:
    """Put other rows in the place of stored ones, with a digest that is right, everywhere in the ledger."""
    old = getattr(batch(home, name), kind)
    new = home.store.write(change(home.store.read(old).copy()))
    assert new != old
    rewrite(home, "batches", f"name = '{name}'", **{kind: new})


def rename_evidence(home: Home, table: str, **fields: Any) -> None:
    rewrite(home, table, f"batch = '{batch(home, '2013-02').id}'", **fields)


def mlflow_sql(home: Home, statement: str, *values: object) -> None:
    """Change MLflow's database behind its back."""
    with closing(sqlite3.connect(home.folder / "mlflow" / "mlflow.db")) as database, database:
        assert database.execute(statement, values).rowcount > 0, "the damage was not done"


def page(home: Home) -> Path:
    """The report."""
    return home.report(PIPELINE)


# ── the damages that need more than a line ────────────────────────────────────────────────────────────────────────
def add_a_version(home: Home) -> None:
    columns = "creation_time, last_updated_time, current_stage, source, run_id, status"
    mlflow_sql(
        home,
        f"insert into model_versions (name, version, {columns}) "
        f"select name, 7, {columns} from model_versions where version = 3",
    )
    tags = "insert into model_version_tags (name, version, key, value) values ('flights', 7, ?, ?)"
    mlflow_sql(home, tags, "incumbent.version", "7")
    mlflow_sql(home, tags, "incumbent.model", "f" * 64)


def put_february_in_place_of_january(home: Home) -> None:
    shutil.copyfile(file_of(home, "2013-02", "accepted_file"), file_of(home, "2013-01", "accepted_file"))


def forget_what_landed(home: Home) -> None:
    sql(home, "delete from batches where name = '2013-02'")
    sql(home, "delete from deliveries where name = '2013-02'")


def accept_a_row_twice(home: Home) -> None:
    """A cancelled flight, so that nothing that was judged changes; all counts agree with it."""
    told = batch(home, "2013-02")

    def double(frame: pd.DataFrame) -> pd.DataFrame:
        return pd.concat([frame, frame[frame["late"].isna()].head(1)], ignore_index=True)

    restore_rows(home, "2013-02", "accepted_file", double)
    more = {"landed": told.landed + 1, "accepted": told.accepted + 1, "unlabelled": told.unlabelled + 1}
    rewrite(home, "batches", "name = '2013-02'", **more)
    sql(home, "update deliveries set rows = rows + 1 where name = '2013-02'")
    (home.landing(PIPELINE) / "2013-02.parquet").unlink()
    report_file.write(home, PIPELINE)


def change_a_value(home: Home) -> None:
    """Of a cancelled flight."""

    def warmer(frame: pd.DataFrame) -> pd.DataFrame:
        row = frame.index[frame["late"].isna() & frame["temp"].notna()][0]
        return frame.assign(temp=frame["temp"].where(frame.index != row, frame["temp"] + 1))

    restore_rows(home, "2013-02", "accepted_file", warmer)


def silence_a_reason(home: Home) -> None:
    restore_rows(home, "2013-02", "aside_file", lambda f: f.assign(_reasons=["", *f["_reasons"].iloc[1:]]))
    left = [
        {**one, "rows": sum(f"{one['column']}: {one['message']}" in reason for reason in reasons(home))}
        for one in record_of(home, "batches", "name = '2013-02'")["findings"]
    ]
    rewrite(home, "batches", "name = '2013-02'", findings=left)


def reasons(home: Home) -> list[str]:
    return list(home.store.read(batch(home, "2013-02").aside_file or "")["_reasons"])


def count_a_rule_wrongly(home: Home) -> None:
    findings = record_of(home, "batches", "name = '2013-01'")["findings"]
    rewrite(home, "batches", "name = '2013-01'", findings=[findings[0] | {"rows": 77}, *findings[1:]])


def hide_an_exclusion(home: Home) -> None:
    model = home.ledger.models.versions(PIPELINE)[3]
    snapshot = json.loads(json.dumps(asdict(model.snapshot), default=str))
    told = record_of(home, "snapshots", f"id = '{snapshot['id']}'")
    changed = told | {"excluded_unlabelled": told["excluded_unlabelled"] - 1}
    sql(home, "update snapshots set record = ? where id = ?", json.dumps(changed), snapshot["id"])
    for one in home.ledger.models.of_turn(PIPELINE, 2):
        record = record_of(home, "models", f"id = '{one.id}'")
        sql(home, "update models set record = ? where id = ?", json.dumps(record | {"snapshot": changed}), one.id)


def edit_the_report(home: Home, old: str, new: str) -> None:
    text = page(home).read_text(encoding="utf-8")
    head, mark, footer = text.rpartition("<footer>")
    assert old in footer
    page(home).write_text(head + mark + footer.replace(old, new, 1), encoding="utf-8")


def edit_a_row_of_the_report(home: Home) -> None:
    text, told = page(home).read_text(encoding="utf-8"), f"<td>{batch(home, '2013-02').accepted:,}</td>"
    assert told in text
    page(home).write_text(text.replace(told, "<td>6,000</td>", 1), encoding="utf-8")


def train_twice(home: Home) -> None:
    model = home.ledger.models.versions(PIPELINE)[3]
    copy = record_of(home, "models", f"id = '{model.id}'") | {"id": "f" * 32}
    columns = "pipeline, family, turn, snapshot, bundle, golden, at"
    sql(
        home,
        f"insert into models (id, record, {columns}) select ?, ?, {columns} from models where id = ?",
        *("f" * 32, json.dumps(copy), model.id),
    )


def promote_an_unknown_version(home: Home) -> None:
    sql(home, "update promotions set version = 4")
    sql(home, "update turns set champion_version = 4 where number = 2")


def logged_folder(home: Home, version: int) -> Path:
    """The folder from which MLflow hands out a version."""
    found = registry.find(home.tracking, PIPELINE, version)
    assert found is not None and found.bundle.is_relative_to(home.folder), "the home was not copied with its paths"
    return found.bundle.parent


def run_folder(home: Home, turn: int) -> Path:
    """The folder with the files of the run of a turn's challenger."""
    run = tracking.open_client(home.tracking).get_run(home.ledger.turns.projected(PIPELINE, "mlflow")[turn])
    folder = artifacts.folder_of(str(run.info.artifact_uri))
    assert folder is not None and folder.is_relative_to(home.folder)
    return folder


def lay_a_pickle_beside_the_champion(home: Home) -> None:
    """Whoever loads the champion in MLflow runs what is in it."""
    folder = logged_folder(home, 2)
    (folder / "model.pkl").write_bytes(pickle.dumps(Trap()))
    text = (folder / "MLmodel").read_text(encoding="utf-8")
    told = text.replace("serialization_format: skops", "serialization_format: pickle").replace(
        "model.skops", "model.pkl"
    )
    assert told != text
    (folder / "MLmodel").write_text(told, encoding="utf-8")


class Trap:
    """What is run when it is unpickled."""

    def __reduce__(self) -> tuple[Callable[[str], object], tuple[str]]:
        return sys.exit, ("a pickle was loaded",)


def exchange_folders(home: Home) -> None:
    """Each of two versions hands out the folder of the other."""
    one, other = logged_folder(home, 2), logged_folder(home, 3)
    aside = one.with_name("aside")
    one.rename(aside)
    other.rename(one)
    aside.rename(other)


def link_to_the_same_bytes(path: Path) -> None:
    """The content is right, and can be changed elsewhere at any time."""
    elsewhere = path.parents[4] / f"elsewhere-{path.name}"
    path.rename(elsewhere)
    path.symlink_to(elsewhere)


def hand_out_elsewhere(home: Home, column: str) -> None:
    """The champion is a folder beside, with the same content."""
    beside = shutil.copytree(logged_folder(home, 2), home.folder / "mlflow" / "beside")
    mlflow_sql(home, f"update model_versions set {column} = ? where version = 2", str(beside))


def register_the_champion_twice(home: Home) -> None:
    """A second version says that it is v2, and the alias points to it."""
    beside = shutil.copytree(logged_folder(home, 2), home.folder / "mlflow" / "twice")
    client, found = tracking.open_client(home.tracking), registry.number(home.tracking, PIPELINE, 2)
    assert found is not None
    made = client.create_model_version(PIPELINE, str(beside), tags=dict(found.tags), await_creation_for=0)
    client.set_registered_model_alias(PIPELINE, "champion", made.version)


def put_a_folder_in_place_of(path: Path) -> None:
    path.unlink()
    path.mkdir()
    (path / "inside").write_text("x")


def damage_mlflows_champion(home: Home) -> None:
    flip(logged_folder(home, 2) / "model.skops")


def delete_a_run(home: Home, turn: int) -> None:
    run = home.ledger.turns.projected(PIPELINE, "mlflow")[turn]
    tracking.open_client(home.tracking).delete_run(run)


def delete_a_version(home: Home) -> None:
    """The challenger, and the alias that points to it."""
    found = registry.number(home.tracking, PIPELINE, 3)
    assert found is not None
    tracking.open_client(home.tracking).delete_model_version(PIPELINE, found.version)


def tag_a_run(home: Home, turn: int, name: str, value: str) -> None:
    run = home.ledger.turns.projected(PIPELINE, "mlflow")[turn]
    tracking.open_client(home.tracking).set_tag(run, name, value)


def lose_mlflow(home: Home) -> None:
    for path in (home.folder / "mlflow").glob("mlflow.db*"):
        path.unlink()


def change_a_loss(home: Home, field: str) -> None:
    losses = record_of(home, "comparisons", f"batch = '{batch(home, '2013-02').id}'")[field]
    rename_evidence(home, "comparisons", **{field: [losses[0] + 1, *losses[1:]]})


def promote_in_words(home: Home, reasons: list[str]) -> None:
    """The challenger that was rejected takes over, in the verdict and where it is shown."""
    rewrite(home, "verdicts", "turn = 2", kind="promote", reasons=reasons, guards=[])
    tag_a_run(home, 2, VERDICT, "promote")


def change_the_refit(home: Home, path: str, value: object) -> None:
    """Another value in the record of the refit, as JSON."""
    sql(home, f"update refits set record = json_set(record, '{path}', json(?))", json.dumps(value))


def bundle(home: Home, version: int) -> Path:
    """The skops file of a version."""
    return stored.bundle(home, home.ledger.models.versions(PIPELINE)[version].bundle)


def golden(home: Home, version: int) -> Path:
    """The golden batch of a version."""
    return stored.golden(home, home.ledger.models.versions(PIPELINE)[version].golden)


def accepted(home: Home, name: str) -> int:
    """Rows that were accepted."""
    return batch(home, name).accepted


def exchange_bundles(home: Home) -> None:
    """The challenger's bundle becomes that of its sibling, everywhere in the ledger."""
    one, other = home.ledger.models.of_turn(PIPELINE, 2)
    challenger = home.ledger.models.versions(PIPELINE)[3]
    sibling = other if one.id == challenger.id else one
    rewrite(home, "models", f"id = '{challenger.id}'", bundle=sibling.bundle, golden=sibling.golden)


def write_log(home: Home, text: str) -> None:
    (home.folder / "worker.log").write_text(f"2026-01-01 connecting\n{text}\n", encoding="utf-8")


def secret_word(home: Home) -> str:
    """The secret of the home without the user's name before it."""
    return access.auth(home.folder).partition(":")[2]


def lock(home: Home) -> Path:
    """The lock file that all models were fitted with."""
    return stored.lock(home, home.ledger.models.versions(PIPELINE)[1].lock_hash)


OLDEST = "cutoff = (select min(cutoff) from snapshots)"
SHA = hashlib.sha256(b"nothing").hexdigest()

DAMAGES: dict[str, Damage] = {
    # ── I1: the champion, its gate, MLflow's copy of it ──
    "a byte of the champion": Damage(lambda h: flip(bundle(h, 2)), "I1", "was changed after its gate", "bytes"),
    "the champion is gone": Damage(lambda h: bundle(h, 2).unlink(), "I1", "cannot be read", "all forgotten"),
    "a byte of the lock file": Damage(lambda h: flip(lock(h)), "I6", "of the libraries was changed", "bytes"),
    "the lock file is gone": Damage(lambda h: lock(h).unlink(), "I6", "of the libraries is gone", "other rows"),
    "a byte of its golden rows": Damage(lambda h: flip(golden(h, 2)), "I1", "Golden batch", "other rows"),
    "the verdict, in the column only": Damage(
        lambda h: sql(h, "update verdicts set kind = 'promote' where turn = 2"),
        "I1",
        "verdict of turn 2: its row in the ledger",
        "columns",
    ),
    "the verdict, everywhere": Damage(
        lambda h: (rewrite(h, "verdicts", "turn = 1", kind="reject"), tag_a_run(h, 1, VERDICT, "reject")),
        "I1",
        "v2 was promoted in turn 1, whose verdict is reject|turn 1: the verdict is reject, but promote follows",
        "verdict",
    ),
    "a verdict that does not follow": Damage(
        lambda h: (
            rewrite(h, "verdicts", "turn = 2", kind="keep_shadowing", guards=[]),
            tag_a_run(h, 2, VERDICT, "keep_shadowing"),
        ),
        "I1",
        "turn 2: the verdict is keep_shadowing, but reject follows",
        "verdict",
    ),
    "a promotion that says it could not be judged": Damage(
        lambda h: promote_in_words(h, ["it could not be judged: ValueError: x"]),
        "I1",
        "turn 2: the verdict is promote, but reject follows",
        "in words",
    ),
    "a promotion that was not judged": Damage(
        lambda h: rewrite(h, "verdicts", "turn = 1", judged=False, guards=[]),
        "I1",
        "turn 1: the verdict is promote, but the challenger could not be judged",
        "unjudged",
    ),
    "a shadow that was not judged": Damage(
        lambda h: (
            rewrite(h, "verdicts", "turn = 2", kind="keep_shadowing", judged=False, guards=[]),
            tag_a_run(h, 2, VERDICT, "keep_shadowing"),
        ),
        "I1",
        "turn 2: the verdict is keep_shadowing, but the challenger could not be judged",
        "unjudged",
    ),
    "a promotion of a turn that goes on": Damage(
        lambda h: (promote_in_words(h, ["better"]), sql(h, "update turns set state = 'ingested' where number = 2")),
        "I1",
        "turn 2: the verdict is promote, but reject follows",
        "goes on",
    ),
    "a promotion of a turn that was given up": Damage(
        lambda h: (
            promote_in_words(h, ["better"]),
            sql(h, "update turns set outcome = 'failed' where number = 2"),
            sql(h, "update triggers set state = 'failed', reason = 'given up' where turn = 2"),
        ),
        "I1",
        "turn 2: the verdict is promote, but reject follows",
        "given up",
    ),
    "the policy of the first champion beside a champion": Damage(
        lambda h: rewrite(h, "verdicts", "turn = 2", first=True),
        "I1",
        "turn 2: the verdict is one of the first champion policy, but v2 was live",
        "policy",
    ),
    "no verdict": Damage(
        lambda h: sql(h, "delete from verdicts where turn = 1"), "I1", "which has no verdict|v1 was not judged as a first champion", "no verdict"
    ),
    "another challenger was judged": Damage(
        lambda h: sql(h, "update verdicts set challenger = 'x' where turn = 1"),
        "I1",
        "v2 stands for a model that was not judged|v1 was not judged as|turn 1: the verdict is promote, but its batch",
        "challenger",
    ),
    "a refit without a record": Damage(
        lambda h: sql(h, "delete from refits"), "I1", "v2 is not the model that was judged in turn 1", "no refit"
    ),
    "a refit whose guard objected": Damage(
        lambda h: change_the_refit(h, "$.guard.objects", True),
        "I1",
        "v2 was promoted, but the guard 'bundle' objected",
        "guard of the refit",
    ),
    "a refit of another version": Damage(
        lambda h: (change_the_refit(h, "$.judged", 3), sql(h, "update refits set judged = 3")),
        "I1",
        "refit v2 of v3: its versions do not resolve to the models",
        "who was refitted",
    ),
    "a refit that was not compared": Damage(
        lambda h: change_the_refit(h, "$.check", None),
        "I1",
        "refit v2 of v1: turn 2 has judged without comparing them",
        "no comparison of the refit",
    ),
    "a loss of the refit": Damage(
        lambda h: change_the_refit(h, "$.check.comparison.base_loss[0]", 1.0),
        "I1",
        "turn 2: the loss of the refit is recorded as",
        "loss of the refit",
    ),
    "a refit that should have gone": Damage(
        lambda h: change_the_refit(h, "$.check.comparison.low", 1.0),
        "I1",
        "refit v2 of v1: turn 2 has decided to stay before v1, which does not follow from the losses",
        "refit gone",
    ),
    "what was judged together": Damage(
        lambda h: rewrite(h, "evidence", "turn = 2", pool=["e" * 64, "f" * 64]),
        "I1",
        "turn 2: the evidence names other batches than those that were judged",
        "evidence",
    ),
    "a batch that was judged before": Damage(
        lambda h: sql(
            h,
            "update turns set decision = json_set(decision, '$.pool', json_array(batch, "
            "(select batch from turns where number = 1))) where number = 2",
        ),
        "I1",
        "which turn 1 had judged|turn 2: the evidence names other batches than those that were judged",
        "decision",
    ),
    "the evidence": Damage(
        lambda h: rename_evidence(h, "evidence", value=150.0),
        "I1",
        "turn 2: evidence 150.0000 is recorded|turn 2: the verdict is reject, but",
        "challenger",
    ),
    "a loss of the champion": Damage(
        lambda h: change_a_loss(h, "base_loss"),
        "I1",
        "turn 2: the loss of the champion is recorded as|turn 2: the champion is scored|turn 2: evidence",
        "losses",
    ),
    "a loss of the challenger": Damage(
        lambda h: change_a_loss(h, "challenger_loss"),
        "I1",
        "turn 2: the loss of the challenger is recorded as|turn 2: the challenger is scored|turn 2: evidence",
        "losses",
    ),
    "the comparison forgotten": Damage(
        lambda h: sql(h, "delete from comparisons where batch = ?", batch(h, "2013-02").id),
        "I1",
        "turn 2: there is a verdict, but no comparison",
        "no verdict",
    ),
    "the bundle of another model": Damage(
        exchange_bundles,
        "I1",
        "turn 2: the loss of the challenger is recorded as|MLflow's v3 is not the bundle",
        "exchange",
    ),
    "a promotion of an unknown version": Damage(
        promote_an_unknown_version,
        "I1",
        "v4 does not resolve to the model that was promoted|v4 is not what turn 1 has decided to make live|MLflow's alias champion points to v2, the ledger to v4",
        "unknown",
    ),
    "the alias moved": Damage(
        lambda h: registry.set_alias(h.tracking, PIPELINE, "champion", 3),
        "I1",
        "MLflow's alias champion points to v3, the ledger to v2",
        "mlflow",
    ),
    "the alias removed": Damage(
        lambda h: registry.set_alias(h.tracking, PIPELINE, "champion", None),
        "I1",
        "MLflow's alias champion points to nothing, the ledger to v2",
        "batch forgotten",
    ),
    "the other alias moved": Damage(
        lambda h: registry.set_alias(h.tracking, PIPELINE, "challenger", 2),
        "I1",
        "MLflow's alias challenger points to v2, the last one judged is v3",
        "mlflow",
    ),
    "a version removed": Damage(
        delete_a_version,
        "I1",
        "MLflow has no v3|MLflow's alias challenger points to nothing",
        "promotion lost",
    ),
    "a version that nobody gave": Damage(
        add_a_version, "I1", "MLflow has v7, of which the ledger knows nothing; was the ledger lost", "who and when"
    ),
    "MLflow's copy of the champion": Damage(
        damage_mlflows_champion,
        "I1",
        "MLflow's v2 is not the bundle that passed its gate|MLflow's files of v2: model.skops was changed",
        "mlflow",
    ),
    "a pickle beside MLflow's champion": Damage(
        lay_a_pickle_beside_the_champion,
        "I1",
        "MLflow's files of v2: MLmodel was changed, model.pkl was added",
        "files",
    ),
    "the code that loads MLflow's challenger": Damage(
        lambda h: flip(logged_folder(h, 3) / "loader.zip"), "I1", "MLflow's files of v3: loader.zip was changed", "files"
    ),
    "byte code beside the code that loads": Damage(
        lambda h: (logged_folder(h, 3) / "__pycache__").mkdir(),
        "I1",
        "MLflow's files of v3: __pycache__ is an empty folder",
        "byte code",
    ),
    "a note that MLflow never writes": Damage(
        lambda h: (logged_folder(h, 2) / "registered_model_meta").write_text("model_name: other\nmodel_version: '1'\n"),
        "I1",
        "MLflow's files of v2: registered_model_meta was added",
        "byte code",
    ),
    "the folders of two versions exchanged": Damage(
        exchange_folders, "I1", "is not the bundle that passed its gate|MLmodel was changed, model.skops was", "exchanged"
    ),
    "a file of MLflow's champion is a link": Damage(
        lambda h: link_to_the_same_bytes(logged_folder(h, 2) / "MLmodel"),
        "I1",
        "MLflow's files of v2: MLmodel is a link",
        "links",
    ),
    "the folder of MLflow's challenger is a link": Damage(
        lambda h: link_to_the_same_bytes(logged_folder(h, 3)), "I1", "MLflow's files of v3: all of it is behind a link, artifacts", "links"
    ),
    "MLflow's champion is handed out elsewhere": Damage(
        lambda h: hand_out_elsewhere(h, "storage_location"),
        "I1",
        "MLflow's v2 (its version 2) is handed out from another folder",
        "elsewhere",
    ),
    "MLflow's champion has another source": Damage(
        lambda h: hand_out_elsewhere(h, "source"),
        "I1",
        "MLflow's v2 (its version 2) is handed out from another folder",
        "source",
    ),
    "a second champion in MLflow": Damage(
        register_the_champion_twice, "I1", "MLflow's v2 (its version 4) is handed out from another folder", "twice there"
    ),
    "the logged model is somewhere else": Damage(
        lambda h: (
            shutil.copytree(logged_folder(h, 2), h.folder / "logged"),
            mlflow_sql(h, "update logged_models set artifact_location = ? where artifact_location = ?",
                       str(h.folder / "logged"), str(logged_folder(h, 2))),
        ),
        "I1",
        "MLflow's v2 of turn 1 is handed out from where it was not logged|is handed out from another folder",
        "somewhere else",
    ),
    "MLflow's database": Damage(lose_mlflow, "I1", "MLflow's database is gone", "all forgotten"),
    "MLflow's database is none": Damage(
        lambda h: (lose_mlflow(h), (h.folder / "mlflow" / "mlflow.db").write_bytes(b"no database" * 2000)),
        "I1",
        "MLflow's database cannot be read",
        "verdict of february",
    ),
    # ── I2: every row ──
    "rows accepted, in the column only": Damage(
        lambda h: sql(h, "update batches set accepted = accepted + 1 where name = '2013-01'"),
        "I2",
        "batch 2013-01: its row in the ledger says one thing in its columns and another in its record",
        "columns",
    ),
    "rows accepted, everywhere": Damage(
        lambda h: rewrite(h, "batches", "name = '2013-01'", accepted=accepted(h, "2013-01") + 1),
        "I2",
        "batch 2013-01 (",
        "counts",
    ),
    "rows landed": Damage(
        lambda h: rewrite(h, "batches", "name = '2013-02'", landed=9), "I2", "2013-02", "no verdict"
    ),
    "rows with a late flight": Damage(
        lambda h: rewrite(h, "batches", "name = '2013-02'", positives=7), "I2", "7 positives recorded", "counts"
    ),
    "the first event": Damage(
        lambda h: rewrite(h, "batches", "name = '2013-02'", first_event="2013-02-01T00:00:00.000001+00:00"),
        "I2",
        "first event recorded",
        "verdict",
    ),
    "the file of accepted rows forgotten": Damage(
        lambda h: rewrite(h, "batches", "name = '2013-02'", accepted_file=None), "I2", "2013-02 (", "verdict of february"
    ),
    "a batch forgotten": Damage(
        lambda h: sql(h, "delete from batches where name = '2013-02'"), "I2", "delivery 2013-02", "batch forgotten"
    ),
    "a batch and its delivery forgotten": Damage(
        forget_what_landed, "I2", "turn 2 is done, but its batch is not recorded", "all forgotten"
    ),
    "rows of a delivery": Damage(
        lambda h: sql(h, "update deliveries set rows = 5 where name = '2013-02'"),
        "I2",
        "delivery 2013-02: 5 rows counted",
        "columns",
    ),
    "a row accepted twice": Damage(accept_a_row_twice, "I2", "1 row was accepted twice", "twice"),
    "a record that is none": Damage(
        lambda h: sql(h, "update batches set record = '{}' where name = '2013-02'"),
        "I2",
        "A Batch in the ledger was changed",
        "no record",
    ),
    # ── I4: triggers and trainings ──
    "a trigger without an end": Damage(
        lambda h: sql(h, "update triggers set ended = null where id = 1"),
        "I4",
        "trigger 1 (new_data: 2013-01 landed) is covered, but has no end",
        "columns",
    ),
    "a trigger covered by no turn": Damage(
        lambda h: sql(h, "update triggers set turn = 99 where id = 2"),
        "I4",
        "is covered by turn 99, which does not exist",
        "columns",
    ),
    "a trigger that ended twice": Damage(
        lambda h: sql(h, "update triggers set state = 'skipped', reason = 'cooldown' where id = 3"),
        "I4",
        "was skipped, and covered by a turn as well",
        "columns",
    ),
    "a trigger skipped without a reason": Damage(
        lambda h: sql(h, "update triggers set state = 'skipped', turn = null where id = 2"),
        "I4",
        "was skipped without a reason",
        "mlflow",
    ),
    "a trigger that failed with no failed turn": Damage(
        lambda h: sql(h, "update triggers set state = 'failed', reason = 'gave up' where id = 1"),
        "I4",
        "has failed, but turn 1 has not",
        "mlflow",
    ),
    "an open trigger that has ended": Damage(
        lambda h: sql(h, "update triggers set state = 'open' where id = 3"), "I4", "is open, but has ended", "mlflow"
    ),
    "a trigger lost": Damage(
        lambda h: sql(h, "delete from triggers where turn = 2"), "I4", "turn 2 has no trigger", "counts"
    ),
    "a trigger in a state that is none": Damage(
        lambda h: sql(h, "update triggers set state = 'nonsense' where id = 1"),
        "I4",
        "A Trigger in the ledger was changed",
        "no record",
    ),
    "a training done twice": Damage(train_twice, "I4", "are the same training", "pages"),
    # ── I5: the history of promotions ──
    "a gap in the promotions": Damage(
        lambda h: sql(h, "update promotions set sequence = 2"),
        "I5",
        "promotion 2 replaces no version, but no version was live",
        "verdict",
    ),
    "a promotion that replaces another": Damage(
        lambda h: sql(h, "update promotions set previous = 4"), "I5", "replaces v4, but no version was live", "columns"
    ),
    "a promotion without a lease": Damage(
        lambda h: sql(h, "update promotions set fence = 0"), "I5", "was made with fencing token 0", "counts"
    ),
    "a token that was never given out": Damage(
        lambda h: sql(h, "update promotions set fence = 9"), "I5", "was made with fencing token 9", "mlflow"
    ),
    "a promotion by somebody else": Damage(
        lambda h: sql(h, "update promotions set by = 'Eve'"),
        "I5",
        "promotion 1 was made by 'Eve', but the verdict is one of the first champion policy",
        "who and when",
    ),
    "a promotion of another year": Damage(
        lambda h: sql(h, "update promotions set at = '2001-01-01T00:00:00.000000+00:00'"),
        "I5",
        "promotion 1 was made before turn 1 had begun",
        "who and when",
    ),
    "a hold without a rollback": Damage(
        lambda h: sql(h, "insert into holds (pipeline, sequence, version) values ('flights', 1, 2)"),
        "I5",
        "v2 is barred by promotion 1, which took nothing off",
        "who and when",
    ),
    "a promotion lost": Damage(
        lambda h: sql(h, "delete from promotions"),
        "I5",
        "turn 1 ended with a promotion, which is not in the history|turn 2 watched v2, but no version was live",
        "promotion lost",
    ),
    "another model was watched": Damage(
        lambda h: sql(h, "update turns set champion_version = 3 where number = 2"),
        "I5",
        "turn 2 watched v3, but v2 was live",
        "all forgotten",
    ),
    # ── I6: whole files, listed by the ledger ──
    "a byte of accepted rows": Damage(
        lambda h: flip(file_of(h, "2013-01", "accepted_file")), "I6", "is damaged: it has changed", "bytes"
    ),
    "accepted rows are gone": Damage(
        lambda h: file_of(h, "2013-02", "accepted_file").unlink(), "I6", "The store has lost", "bytes"
    ),
    "accepted rows of another batch": Damage(
        put_february_in_place_of_january, "I6", "is damaged: it has changed", "other rows"
    ),
    "a byte of rows set aside": Damage(
        lambda h: flip(file_of(h, "2013-02", "aside_file")), "I6", "is damaged: it has changed", "other rows"
    ),
    "a byte of a refused file": Damage(
        lambda h: flip(file_of(h, "broken", "aside_file")), "I6", "is gone or has changed", "bytes"
    ),
    "a refused file is gone": Damage(
        lambda h: file_of(h, "broken", "aside_file").unlink(), "I6", "is gone or has changed", "other rows"
    ),
    "a byte of a challenger": Damage(
        lambda h: flip(bundle(h, 3)), "I6", "was changed after its gate", "other rows"
    ),
    "a bundle exchanged in the column": Damage(
        lambda h: sql(h, "update models set bundle = golden where version = 3"),
        "I6",
        "model a9ebb|says one thing in its columns",
        "columns",
    ),
    "a snapshot of unknown rows": Damage(
        lambda h: rewrite(h, "snapshots", OLDEST, batches=[SHA]),
        "I6",
        f"selects file {SHA[:12]}, which no accepted batch lists|names a snapshot that is not the one",
        "pages",
    ),
    "a snapshot of fewer rows": Damage(
        lambda h: rewrite(h, "snapshots", OLDEST, rows=5), "I6", "names a snapshot that is not the one", "mlflow"
    ),
    "a score, in the column only": Damage(
        lambda h: sql(h, "update scores set rows = 1 where batch = ?", batch(h, "2013-01").id),
        "I6",
        "score of model",
        "columns",
    ),
    "the refit, in the column only": Damage(
        lambda h: sql(h, "update refits set version = 7"), "I6", "refit of model", "refit in a column"
    ),
    "a plot in MLflow": Damage(
        lambda h: flip(run_folder(h, 2) / "plots" / "roc.png"), "I1", "MLflow's run of v3: plots/roc.png was changed", "run"
    ),
    "the snapshot in MLflow is gone": Damage(
        lambda h: (run_folder(h, 1) / "snapshot.json").unlink(), "I1", "MLflow's run of v1: snapshot.json is missing", "run"
    ),
    "the slices in MLflow are a folder": Damage(
        lambda h: put_a_folder_in_place_of(run_folder(h, 2) / "slices.csv"),
        "I1",
        "MLflow's run of v3: slices.csv is missing, slices.csv/inside was added",
        "a folder",
    ),
    "a page laid into a run": Damage(
        lambda h: (run_folder(h, 1) / "report.html").write_text("<script>"),
        "I1",
        "MLflow's run of v1: report.html was added",
        "a folder",
    ),
    "a pipe in a run": Damage(
        lambda h: os.mkfifo(run_folder(h, 1) / "pipe"), "I1", "MLflow's run of v1: pipe is no regular file", "pipe"
    ),
    "files of an earlier version": Damage(
        lambda h: sql(h, "delete from logged_files"),
        "I6",
        "were logged by an earlier version, which kept no digests",
        "earlier",
    ),
    "a run removed": Damage(lambda h: delete_a_run(h, 2), "I6", "MLflow has no finished run", "losses"),
    "a run with another verdict": Damage(
        lambda h: tag_a_run(h, 2, VERDICT, "promote"), "I6", "does not say the verdict, reject", "counts"
    ),
    "a run of another model": Damage(
        lambda h: tag_a_run(h, 2, tracking.MODEL_TAG, "other"), "I6", "is of another model than the ledger's", "mlflow"
    ),
    "the drift page is gone": Damage(
        lambda h: (page(h).parent / "flights-drift-2.html").unlink(), "I6", "the drift page of turn 2 is gone", "counts"
    ),
    "the drift page is cut off": Damage(
        lambda h: (page(h).parent / "flights-drift-2.html").write_bytes(b"<html>"), "I6", "the drift page", "columns"
    ),
    "the report is gone": Damage(lambda h: page(h).unlink(), "I6", "the report is gone", "mlflow"),
    "a batch that nobody could read is refused": Damage(
        refuse_unread, "I2", "was refused although its bytes could not be read", "unread"
    ),
    # ── I9: nothing silently ──
    "a value changed on the way": Damage(
        change_a_value, "I9", "1 delivered rows are not stored, 1 stored rows were not delivered", "pages"
    ),
    "a quarantined row without a reason": Damage(silence_a_reason, "I9", "quarantined without a reason", "unknown"),
    "a rule counted wrongly": Damage(count_a_rule_wrongly, "I9", "77 recorded", "pages"),
    "an exclusion that is not told": Damage(hide_an_exclusion, "I9", "excluded unlabelled recorded", "exchange"),
    "the report leaves out more than it says": Damage(
        lambda h: edit_the_report(h, "<b>11</b> quarantined", "<b>1</b> quarantined"),
        "I9",
        "what is left out: the report says 1 where the bytes say 11",
        "pages",
    ),
    "the report accepts fewer rows": Damage(
        edit_a_row_of_the_report, "I9", "rows per batch: the report says 6,000", "counts"
    ),
    "a turn that ended without a reason": Damage(
        lambda h: sql(h, "update turns set reasons = '[]' where number = 3"),
        "I9",
        "turn 3 ended as refused without a reason",
        "columns",
    ),
    # ── I10: no secret ──
    "a key in the ledger": Damage(
        lambda h: sql(h, "update turns set reasons = ? where number = 1", json.dumps([f"asked with {KEY}"])),
        "I10",
        "a key of Prefect is written in the ledger, table turns",
        "pages",
    ),
    "a password in MLflow": Damage(
        lambda h: tag_a_run(h, 2, "note", f"read from postgresql://shop:{PASSWORD}@db/shop"),
        "I10",
        "a password in an address is written in mlflow.db|the password in SHOP_URL is written in mlflow.db",
        "pages",
    ),
    "a password in a log": Damage(
        lambda h: write_log(h, f"connected with {PASSWORD}"), "I10", "the password in SHOP_URL is written in", "pages"
    ),
    "a private key in the report": Damage(
        lambda h: page(h).write_text(f"{page(h).read_text()}<!-- -----BEGIN RSA PRIVATE KEY----- -->"),
        "I10",
        "a private key is written in",
        "counts",
    ),
    "the home's secret in a log": Damage(
        lambda h: write_log(h, f"let in by {access.auth(h.folder)}"),
        "I10",
        "the secret of this home's servers is written in",
        "unread",
    ),
    "the home's secret in the ledger": Damage(
        lambda h: sql(
            h, "update turns set reasons = ? where number = 1", json.dumps([f"asked with {secret_word(h)}"])
        ),
        "I10",
        "the secret of this home's servers is written in the ledger, table turns",
        "unread",
    ),
    "the home's secret in a tag of MLflow": Damage(
        lambda h: tag_a_run(h, 2, "note", f"asked with {access.basic(access.auth(h.folder))}"),
        "I10",
        "a header with the secret of this home's servers is written in mlflow.db",
        "unread",
    ),
    "the home's secret in an artifact": Damage(
        lambda h: (h.folder / "mlflow" / "note.txt").write_text(f"'{access.auth(h.folder)}'"),
        "I10",
        "the secret of this home's servers is written in",
        "unread",
    ),
    "the home's secret in the report": Damage(
        lambda h: page(h).write_text(f"{page(h).read_text()}<!-- {access.auth(h.folder)} -->"),
        "I10",
        "the secret of this home's servers is written in",
        "unread",
    ),
}  # fmt: skip
