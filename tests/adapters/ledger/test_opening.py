"""Opening: the schema is made once, moved forward, and never touched by an older version."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect

from configs.environment import CHECKOUT
from configs.errors import Damaged, UnusableHome
from tasks.adapters.ledger import addresses, opening, schema
from tasks.adapters.ledger.book import Ledger
from tasks.domain.alert_kinds import AlertKind
from tests.adapters.ledger.conftest import Database

WRITER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from tasks.adapters.ledger.book import Ledger
url, lock, name = sys.argv[1:]
ledger = Ledger(url, Path(lock), lambda: datetime.now(UTC))
for number in range(10):
    ledger.turns.open("shop", f"{name}-{number}", name, None)
"""

of_sqlite = pytest.mark.parametrize("empty_databases", ["sqlite"], indirect=True)
"""For what only a file can suffer."""


@pytest.fixture
def database(empty_database: Database) -> Database:
    """Here nobody has opened it before."""
    return empty_database


def test_what_the_migrations_make_is_what_the_code_expects(database: Database) -> None:
    _migrate(database, "head")

    engine = create_engine(addresses.read(database.url))
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences, head = compare_metadata(context, schema.metadata), context.get_current_revision()
    engine.dispose()

    config = Config()
    config.set_main_option("script_location", str(Path(opening.__file__).parent / "migrations"))
    assert differences == []
    assert head == schema.HEAD == ScriptDirectory.from_config(config).get_current_head()


def test_a_new_ledger_has_the_tables_that_the_migrations_make(empty_databases: Callable[[], Database]) -> None:
    made, migrated = empty_databases(), empty_databases()
    opening.open_engine(made.url, made.lock).dispose()
    _migrate(migrated, "head")

    assert _tables(made) == _tables(migrated)
    assert made.execute("select version_num from alembic_version") == [(schema.HEAD,)]


def _tables(database: Database) -> dict[str, object]:
    """Of each table what the database knows of it, the order of its columns aside: later ones were added at the end."""
    engine = create_engine(addresses.read(database.url))
    found = inspect(engine)
    tables = {
        name: {
            "columns": {column["name"]: {**column, "type": str(column["type"])} for column in found.get_columns(name)},
            "key": found.get_pk_constraint(name),
            "unique": sorted(found.get_unique_constraints(name), key=str),
            "foreign": sorted(found.get_foreign_keys(name), key=str),
            "checked": sorted(found.get_check_constraints(name), key=str),
            "indexes": sorted(found.get_indexes(name), key=str),
        }
        for name in found.get_table_names()
    }
    engine.dispose()
    return tables


def test_a_change_of_the_tables_without_a_migration_would_be_seen(database: Database, ledger: Ledger) -> None:
    database.execute("alter table turns drop column prefect_run")

    engine = opening.open_engine(database.url, database.lock)
    with engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), schema.metadata)
    engine.dispose()

    assert [difference[0] for difference in differences] == ["add_column"]


def test_a_ledger_is_opened_again_as_it_was_left(open_ledger: Callable[[], Ledger]) -> None:
    open_ledger().turns.open("shop", "a", "monday", None)

    again = open_ledger()

    assert [row["batch_name"] for row in again.turns.all("shop")] == ["monday"]


def test_the_folder_is_made_with_the_ledger(tmp_path: Path) -> None:
    home = tmp_path / "not" / "there 100% yet"

    ledger = Ledger(f"sqlite:///{home / 'ledger.db'}", home / ".lock", lambda: pytest.fail("nobody asked"))
    ledger.close()

    assert (home / "ledger.db").is_file()


@of_sqlite
def test_a_process_that_was_killed_before_the_first_table_is_no_obstacle(
    database: Database, open_ledger: Callable[[], Ledger]
) -> None:
    database.file.touch()

    ledger = open_ledger()

    assert ledger.turns.all("shop") == []


def test_a_ledger_of_a_newer_version_is_refused_and_left_alone(
    database: Database, open_ledger: Callable[[], Ledger]
) -> None:
    open_ledger().close()
    database.execute("update alembic_version set version_num = '9999'")
    before = content(database)

    with pytest.raises(UnusableHome, match=r"has schema 9999, this version of Incumbent knows \d+") as caught:
        open_ledger()

    assert "use that one, or another INCUMBENT_HOME" in str(caught.value)
    assert content(database) == before


def content(database: Database) -> object:
    """All that a ledger says: its bytes, or its rows."""
    if database.kind == "sqlite":
        return database.file.read_bytes()
    return {name: sorted(map(str, database.execute(f'select * from "{name}"'))) for name in schema.metadata.tables}


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("somewhere", "INCUMBENT_LEDGER_URL"),
        ("oracle9i://host/db", "INCUMBENT_LEDGER_URL"),
        ("postgresql+nosuchdriver://user:secret@host/db", "INCUMBENT_LEDGER_URL"),
        ("sqlite:////proc/no/such/place/ledger.db", "cannot be"),
        ("sqlite:////tmp/ledger.db?timeout=secret", "a value that cannot be read, such as text in place of a number"),
        ("sqlite:///file:/tmp/ledger.db?uri=true&timeout=secret", "a value that cannot be read"),
    ],
)
def test_an_address_that_leads_nowhere_is_the_users_mistake(url: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(UnusableHome, match=words) as caught:
        opening.open_engine(url, tmp_path / ".lock")

    assert "secret" not in str(caught.value)


def test_the_database_of_another_program_is_left_alone(database: Database, open_ledger: Callable[[], Ledger]) -> None:
    database.execute("create table models (id int)")

    with pytest.raises(UnusableHome, match=r"has tables that no ledger made: models\. Name an empty one"):
        open_ledger()

    engine = create_engine(addresses.read(database.url))
    assert inspect(engine).get_table_names() == ["models"]
    engine.dispose()


@of_sqlite
def test_something_else_in_the_place_of_the_ledger_is_named(
    database: Database, open_ledger: Callable[[], Ledger]
) -> None:
    database.file.write_bytes(b"not a database " * 500)

    with pytest.raises(Damaged, match="file is not a database"):
        open_ledger()

    assert database.file.read_bytes().startswith(b"not a database ")


@of_sqlite
def test_a_ledger_whose_pages_are_damaged_says_so_instead_of_a_traceback(
    database: Database, open_ledger: Callable[[], Ledger]
) -> None:
    ledger = open_ledger()
    ledger.turns.open("shop", "a", "monday", None)
    ledger.close()
    content = bytearray(database.file.read_bytes())
    content[4096 * 2 :] = b"\xff" * (len(content) - 4096 * 2)
    database.file.write_bytes(content)

    with pytest.raises(Damaged, match="Restore it from a backup"):
        open_ledger().turns.all("shop")


@of_sqlite
def test_every_connection_survives_a_power_cut_and_waits_for_others(database: Database) -> None:
    engine = opening.open_engine(database.url, database.lock)

    with engine.connect() as connection:
        asked = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        found = [connection.exec_driver_sql(f"pragma {name}").scalar() for name in asked]
    engine.dispose()

    assert found == ["wal", 2, 1, 30000]


def test_processes_that_open_a_new_ledger_at_once_make_it_once_and_lose_nothing(
    database: Database, open_ledger: Callable[[], Ledger]
) -> None:
    started = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, database.url, str(database.lock), name], cwd=CHECKOUT, stderr=subprocess.PIPE
        )
        for name in ("one", "two", "three")
    ]
    faults = [process.communicate(timeout=60)[1].decode() for process in started]

    turns = open_ledger().turns.all("shop")

    assert faults == ["", "", ""]
    assert [row["number"] for row in turns] == list(range(1, 31))
    assert len({row["batch"] for row in turns}) == 30


# ── from one version to the next ──────────────────────────────────────────────────────────────────────────────────
def _migrate(database: Database, version: str) -> None:
    """Bring an empty database to a version of the schema, as that version did."""
    config = Config()
    config.set_main_option("script_location", str(Path(opening.__file__).parent / "migrations").replace("%", "%%"))
    engine = create_engine(addresses.read(database.url))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, version)
    engine.dispose()


OLD_ROWS = """
insert into turns (pipeline, number, batch, batch_name, state, outcome, reasons, prefect_run, started, finished)
values ('shop', 1, 'aa', 'monday', 'done', 'not_judged', '["why"]', 'run', '2026-03-01T06:00:00+00:00',
        '2026-03-01T06:01:00+00:00'),
       ('shop', 2, 'bb', 'tuesday', 'open', null, '[]', null, '2026-03-02T06:00:00+00:00', null);
insert into triggers (pipeline, kind, key, evidence, state, turn, reason, at)
values ('shop', 'new_data', 'batch:aa', 'monday landed', 'covered', 1, null, '2026-03-01T06:00:00+00:00'),
       ('shop', 'manual', 'manual:1', 'asked for by hand', 'open', null, null, '2026-03-02T06:00:00+00:00');
insert into leases (pipeline, holder, fence, expires) values ('shop', null, 41, null);
"""


def test_a_ledger_of_the_first_version_is_brought_forward_and_keeps_its_rows(
    database: Database, open_ledger: Callable[[], Ledger]
) -> None:
    _migrate(database, "0001")
    database.execute(*OLD_ROWS.strip().rstrip(";").split(";\n"))

    ledger = open_ledger()

    turns = [(row["batch_name"], row["state"], row["outcome"], row["attempts"]) for row in ledger.turns.all("shop")]
    triggers = [(one.key, one.state.value, one.turn, one.force) for one in ledger.inbox.all("shop")]
    assert turns == [("monday", "done", "not_judged", 0), ("tuesday", "open", None, 0)]
    assert triggers == [("batch:aa", "covered", 1, False), ("manual:1", "open", None, False)]
    assert ledger.lease.holder("shop") is None
    assert ledger.inbox.unsent("shop") == []


GUARDED = '[{"name": "churn", "objects": false, "text": "few"}]'


@pytest.mark.parametrize(
    ("kind", "guards", "reason", "judged"),
    [
        ("reject", "[]", "it could not be judged: ValueError: x", False),
        ("reject", "[]", "something else", False),
        ("reject", GUARDED, "it could not be judged: ValueError: x", True),
        ("promote", "[]", "it could not be judged: ValueError: x", True),
        ("keep_shadowing", GUARDED, "evidence 3, needs 200", True),
    ],
)
def test_an_old_verdict_is_judged_if_a_guard_was_asked(
    kind: str, guards: str, reason: str, judged: bool, database: Database, open_ledger: Callable[[], Ledger]
) -> None:
    _migrate(database, "0005")
    record = f'{{"kind": "{kind}", "reasons": ["{reason}"], "guards": {guards}, "first": false}}'
    columns = "pipeline, turn, kind, champion, challenger, record, at"
    database.execute(
        f"insert into verdicts ({columns}) values ('shop', 1, '{kind}', null, 'm1', '{record}', '2026-03-01')"
    )

    verdict = open_ledger().promotions.verdicts("shop")[1][1]

    assert (verdict.kind.value, verdict.reasons, verdict.judged) == (kind, (reason,), judged)


def test_the_losses_of_earlier_versions_are_still_there(database: Database, open_ledger: Callable[[], Ledger]) -> None:
    _migrate(database, "0009")
    columns = "pipeline, model, batch, rows, log_loss, record"
    database.execute(f"insert into scores ({columns}) values ('shop', 'm', 'b', 9, 0.25, '{{}}')")

    open_ledger()

    assert database.execute("select model, loss from scores") == [("m", 0.25)]


@of_sqlite
def test_a_verdict_that_cannot_be_read_is_brought_forward_as_it_is(
    database: Database, open_ledger: Callable[[], Ledger]
) -> None:
    _migrate(database, "0005")
    columns = "pipeline, turn, kind, champion, challenger, record, at"
    database.execute(*(
        f"insert into verdicts ({columns}) values ('shop', {turn}, 'reject', null, 'm', '{record}', '2026-03-01')"
        for turn, record in enumerate(("{oh", "[]", "3"))
    ))  # fmt: skip

    with pytest.raises(Damaged, match="Restore the ledger from a backup"):
        open_ledger().promotions.verdicts("shop")


def test_a_ledger_that_was_brought_forward_is_worked_with_like_a_new_one(
    database: Database, open_ledger: Callable[[], Ledger]
) -> None:
    _migrate(database, "0001")
    database.execute(*OLD_ROWS.strip().rstrip(";").split(";\n"))
    ledger = open_ledger()

    with ledger.lease.held("shop", "run 2") as fence:
        number = ledger.turns.open("shop", "bb", "tuesday", "run 2")
        ledger.inbox.cover("shop", number, "bb")
    known = [ledger.inbox.record("shop", "new_data", f"batch:{batch}", "landed") for batch in ("aa", "cc")]

    assert (fence, number, known) == (42, 2, [False, True])
    assert ledger.turns.get("shop", 2)["attempts"] == 1
    assert [one.turn for one in ledger.inbox.all("shop")] == [1, 2, None]


@pytest.mark.parametrize("version", schema.VERSIONS[:-1])
def test_what_was_brought_forward_has_the_tables_of_a_new_one(
    version: str, database: Database, open_ledger: Callable[[], Ledger]
) -> None:
    _migrate(database, version)
    open_ledger()

    engine = create_engine(addresses.read(database.url))
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences, head = compare_metadata(context, schema.metadata), context.get_current_revision()
    engine.dispose()

    assert (differences, head) == ([], schema.HEAD)


def test_processes_that_open_an_old_ledger_at_once_bring_it_forward_once(
    database: Database, open_ledger: Callable[[], Ledger]
) -> None:
    _migrate(database, "0001")
    database.execute(*OLD_ROWS.strip().rstrip(";").split(";\n"))
    started = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, database.url, str(database.lock), name], cwd=CHECKOUT, stderr=subprocess.PIPE
        )
        for name in ("one", "two", "three")
    ]
    faults = [process.communicate(timeout=60)[1].decode() for process in started]

    assert faults == ["", "", ""]
    assert [row["number"] for row in open_ledger().turns.all("shop")] == list(range(1, 33))


OLD_ALERTS = (
    "insert into alerts (pipeline, key, text, at, sent) values "
    "('shop', 'held:7', 'may is held', '2026-03-01T06:00:00+00:00', null), "
    "('shop', 'turn:3', 'given up', '2026-03-01T06:00:00+00:00', '2026-03-01T07:00:00+00:00'), "
    "('shop', 'over:held:6', 'It is over: april is held', '2026-03-01T06:00:00+00:00', null)"
)


def test_alerts_of_before_say_of_what_kind_they_are_and_what_was_sent_is_over(
    database: Database, open_ledger: Callable[[], Ledger]
) -> None:
    _migrate(database, "0011")
    database.execute(OLD_ALERTS)

    inbox = open_ledger().inbox

    assert [one.key for one in inbox.standing("shop", (AlertKind.HELD, AlertKind.GIVEN_UP))] == ["held:7"]
    assert sorted(one.key for one in inbox.unsent("shop")) == ["held:7", "over:held:6"]
