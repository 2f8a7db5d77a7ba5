"""A database that cannot be used says so in one sentence, with what to do, and without the password."""

import socket
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from configs.errors import IncumbentError, Unreachable, UnusableHome
from tasks.adapters.ledger import opening, refusals
from tests.fixtures_postgres import PASSWORD, Cluster

Prepare = Callable[[Cluster], str]


def nobody_listens(postgres: Cluster) -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return postgres.url("ledger", port=free.getsockname()[1])


def another_password(postgres: Cluster) -> str:
    return postgres.url("postgres").replace(PASSWORD, f"{PASSWORD}%40x")


def no_password(postgres: Cluster) -> str:
    return postgres.url("postgres").replace(f":{PASSWORD}", "")


def another_user(postgres: Cluster) -> str:
    return postgres.url("postgres").replace("//postgres:", "//nobody:")


def another_database(postgres: Cluster) -> str:
    return postgres.url("no_such")


def another_host(_: Cluster) -> str:
    return f"postgresql://me:{PASSWORD}@no-such.invalid/ledger"


def no_such_port(postgres: Cluster) -> str:
    return postgres.url("postgres", port=99999)


def another_program(postgres: Cluster) -> str:
    """A web server, say; it lives as long as the test's process."""
    listener = socket.create_server(("127.0.0.1", 0))

    def answer() -> None:
        with listener, listener.accept()[0] as connection:
            connection.recv(100)
            connection.sendall(b"HTTP/1.0 400 Bad Request\r\n\r\n")

    threading.Thread(target=answer, daemon=True).start()
    return postgres.url("postgres", port=listener.getsockname()[1])


def encrypted(postgres: Cluster) -> str:
    return f"{postgres.url('postgres')}?sslmode=require"


def full(postgres: Cluster) -> str:
    postgres.execute(f"create role few login password '{PASSWORD}' connection limit 0")
    return postgres.url("postgres").replace("//postgres:", "//few:")


def must_not_log_in(postgres: Cluster) -> str:
    postgres.execute(f"create role absent nologin password '{PASSWORD}'")
    return postgres.url("postgres").replace("//postgres:", "//absent:")


def no_service(_: Cluster) -> str:
    return "postgresql:///ledger?service=x"


def no_socket(_: Cluster) -> str:
    return f"postgresql://me:{PASSWORD}@/ledger?host=/no/such"


def of_alembic(postgres: Cluster) -> str:
    """MLflow's, say."""
    name = postgres.new_database()
    postgres.execute("create table alembic_version (version_num varchar(32))", name)
    postgres.execute("insert into alembic_version values ('bf29a5ff90ea')", name)
    return postgres.url(name)


def of_others(postgres: Cluster) -> str:
    name = postgres.new_database()
    postgres.execute("create table models (id int); create table turns (id int); create table theirs (id int)", name)
    return postgres.url(name)


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
        (another_password, 8, 'does not accept this user and password: .*failed for user "postgres".* Correct them'),
        (no_password, 8, "asks for a password, and none was given.* as postgresql://user:password@host:5432/database"),
        (another_user, 8, 'does not accept this user and password: .*failed for user "nobody"'),
        (another_database, 8, 'has no such database: database "no_such" does not exist. Make it there .createdb'),
        (another_host, 10, r"has a host that nobody knows: failed to resolve host 'no-such.invalid'"),
        (no_such_port, 8, "has a port that cannot be, 99999: ports go from 1 to 65535"),
        (another_program, 8, "is not PostgreSQL: something else answers there.* Correct host and port"),
        (encrypted, 8, "does not encrypt, but sslmode asks for it: .* take sslmode out of INCUMBENT_LEDGER_URL"),
        (full, 10, 'has no connection left: too many connections for role "few".* raise max_connections'),
        (must_not_log_in, 8, 'does not let this user in: role "absent" is not permitted to log in. Let its owner'),
        (no_service, 8, 'cannot be reached: an option has a value that cannot be: definition of service "x" not found'),
        (no_socket, 10, "does not answer: .*socket[^?]*\\. Start its server"),
        (of_alembic, 8, "is that of another program: its alembic_version is 'bf29a5ff90ea'. Name one of its own"),
        (of_others, 8, "has tables that no ledger made: models, turns. Name an empty one"),
        (no_rights, 8, "cannot be used: permission denied for schema public.* Its user needs the right to create"),
        (another_encoding, 8, "keeps text as LATIN1. Make one with ENCODING 'UTF8'"),
        (
            only_to_read,
            8,
            "cannot execute .* in a read-only transaction. It takes no writes. Name the server that does",
        ),
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


def test_a_lost_answer_in_another_language_is_a_refusal() -> None:
    told = refusals.of_connecting("x", "connection failed: FATAL:  Passwort-Authentifizierung fehlgeschlagen")

    assert type(told) is UnusableHome
    assert "lets nobody in: Passwort-Authentifizierung fehlgeschlagen. Correct INCUMBENT_LEDGER_URL" in str(told)


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
