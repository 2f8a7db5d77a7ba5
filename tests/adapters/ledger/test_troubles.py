"""A database that cannot be used says so in one sentence, with what to do, and without the password."""

import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from configs.errors import IncumbentError, Unreachable, UnusableHome
from tasks.adapters.ledger import opening
from tests.fixtures_postgres import PASSWORD, Cluster

Prepare = Callable[[Cluster], str]


def nobody_listens(postgres: Cluster) -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return postgres.url("ledger", port=free.getsockname()[1])


def another_password(postgres: Cluster) -> str:
    return postgres.url("postgres").replace(PASSWORD, f"{PASSWORD}%40x")


def no_rights(postgres: Cluster) -> str:
    """As PostgreSQL is since version 15: only the owner of a database makes tables in it."""
    name = postgres.new_database()
    postgres.execute(f"create role guest_of_{name} login password '{PASSWORD}'")
    return postgres.url(name).replace("//postgres:", f"//guest_of_{name}:")


def another_encoding(postgres: Cluster) -> str:
    return postgres.url(postgres.new_database(options="encoding 'LATIN1' locale 'C'"))


def only_to_read(postgres: Cluster) -> str:
    name = postgres.new_database()
    postgres.execute(f"alter database {name} set default_transaction_read_only = on")
    return postgres.url(name)


def a_foreign_version(postgres: Cluster) -> str:
    name = postgres.new_database()
    postgres.execute("create table alembic_version (version_num varchar(32))", name)
    postgres.execute("insert into alembic_version values ('0000')", name)
    return postgres.url(name)


@pytest.mark.parametrize(
    ("prepare", "code", "words"),
    [
        (nobody_listens, 10, r"does not answer: .*[Cc]onnection refused.* Start its server, or correct INCUMBENT_"),
        (another_password, 10, 'does not answer: .*password authentication failed for user "postgres"'),
        (no_rights, 8, "cannot be used: permission denied for schema public.* Its user needs the right to create"),
        (another_encoding, 8, "keeps text as LATIN1. Make one with ENCODING 'UTF8'"),
        (only_to_read, 8, "cannot be used: cannot execute .* in a read-only transaction"),
        (a_foreign_version, 11, "has a schema that no version had: .*0000.* Restore it from a backup"),
    ],
)
def test_a_server_that_cannot_be_used_says_why(
    prepare: Prepare, code: int, words: str, postgres: Cluster, tmp_path: Path
) -> None:
    url = prepare(postgres)

    with pytest.raises(IncumbentError, match=words) as caught:
        opening.open_engine(url, tmp_path / ".lock")

    told = str(caught.value)
    assert caught.value.exit_code == code
    assert PASSWORD not in told
    assert "\n" not in told


def test_a_driver_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnusableHome, match=r"INCUMBENT_LEDGER_URL does not name a database .*No module named"):
        opening.open_engine(f"postgresql+pg8000://me:{PASSWORD}@host/ledger", tmp_path / ".lock")


def test_who_waits_in_vain_for_another_writer_is_told(postgres: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tasks.adapters.ledger.dialects.WAIT_SECONDS", 1)
    url = postgres.url(postgres.new_database())
    one, other = (opening.open_engine(url, postgres.folder / ".lock") for _ in range(2))

    with (
        one.begin(),
        pytest.raises(UnusableHome, match=r"due to lock timeout\. Another process is in the middle") as caught,
        opening.explained(other),
        other.begin(),
    ):
        pytest.fail("two wrote at once")

    assert not isinstance(caught.value, Unreachable)
    for engine in (one, other):
        engine.dispose()
