"""A real PostgreSQL for tests: one cluster for all tests of a process, made in a temporary folder; each test its own
database.

It listens on a free port of this machine and asks for a password, as one in production does. It ends with this process,
however that ends. Where PostgreSQL is not installed, tests that need it are skipped and say so.
"""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

PASSWORD = "s3cret-word"
_SECONDS = 60.0
_SETTINGS = {
    "fsync": "off",  # a killed server loses nothing of what the system has; only a power cut would
    "shared_buffers": "16MB",
    "max_connections": "60",
    "autovacuum": "off",
    "unix_socket_directories": "",
    "listen_addresses": "127.0.0.1",
    "lc_messages": "C",
}


def skip_reason() -> str | None:
    """Why there is no PostgreSQL for tests here; None if there is."""
    if _binaries() is None:
        return "PostgreSQL is not installed (Debian: apt-get install postgresql)"
    if shutil.which("setpriv") is None:
        return "setpriv is not installed (util-linux)"
    if os.getuid() == 0 and _owner() is None:
        return "PostgreSQL does not run as root, and there is no user postgres"
    return None


@dataclass
class Cluster:
    """A server that can be stopped as by a power cut, and started again where it was."""

    folder: Path
    port: int
    process: "subprocess.Popen[bytes] | None" = None
    _databases: int = 0

    def url(self, database: str, port: int | None = None) -> str:
        """Address of a database, as a user writes it."""
        return f"postgresql://postgres:{PASSWORD}@127.0.0.1:{port or self.port}/{database}"

    def start(self) -> None:
        """Start the server, and wait until it answers."""
        settings = [part for name, value in _SETTINGS.items() for part in ("-c", f"{name}={value}")]
        command = [str(_binary("postgres")), "-D", str(self.folder / "data"), "-p", str(self.port), *settings]
        with (self.folder / "log").open("ab") as log:
            self.process = _as_owner(command, stdout=log, stderr=log)
        deadline = time.monotonic() + _SECONDS
        while not self._answers():
            told = (self.folder / "log").read_text()
            assert self.process.poll() is None, told
            assert time.monotonic() < deadline, told
            time.sleep(0.02)

    def stop(self) -> None:
        """Stop it `immediate`: no checkpoint, no word to anybody; the next start recovers from the log."""
        assert self.process is not None
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait(_SECONDS)

    def new_database(self, template: str = "template0", options: str = "") -> str:
        """An empty database, or a copy of another one; its name."""
        self._databases += 1
        name = f"ledger_{self._databases}"
        self.execute(f"create database {name} template {template} {options}")
        return name

    def execute(self, statement: str, database: str = "postgres") -> None:
        """One statement of the owner, outside of any transaction."""
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            connection.execute(statement.encode())

    def _answers(self) -> bool:
        try:
            self.execute("select 1")
        except psycopg.OperationalError:
            return False
        return True


def make_cluster() -> Cluster:
    """A new cluster, not yet started; nothing is left of one that cannot be made."""
    folder = Path(tempfile.mkdtemp(prefix="incumbent-postgresql-"))
    try:
        _initialise(folder)
    except BaseException:
        shutil.rmtree(folder)
        raise
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return Cluster(folder, free.getsockname()[1])


def _initialise(folder: Path) -> None:
    word = folder / "word"
    word.write_text(PASSWORD)
    owner = _owner()
    for path in (folder, word):
        if owner is not None:
            os.chown(path, owner.pw_uid, owner.pw_gid)
    options = ["--username=postgres", "--auth=scram-sha-256", f"--pwfile={word}", "--encoding=UTF8", "--no-sync"]
    command = [str(_binary("initdb")), "-D", str(folder / "data"), "--locale=C.UTF-8", *options]
    made = _as_owner(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    told = made.communicate(timeout=_SECONDS)[0].decode()
    assert made.returncode == 0, told


def destroy(cluster: Cluster) -> None:
    """End the server, and take its folder away."""
    if cluster.process is not None and cluster.process.poll() is None:
        cluster.stop()
    shutil.rmtree(cluster.folder)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    """The cluster of this process; a test that stops it starts it again."""
    if reason := skip_reason():
        pytest.skip(reason)
    cluster = make_cluster()
    try:
        cluster.start()
        yield cluster
    finally:
        destroy(cluster)


class Ledgers:
    """Databases with the tables of a ledger, empty; they are used again as long as nobody has changed the tables."""

    def __init__(self, cluster: Cluster) -> None:
        from tasks.adapters.ledger import opening

        self._cluster = cluster
        # Texts are ordered as people do, not as bytes: what leans on the order of bytes is to be seen.
        self._template = cluster.new_database(options=_as_people_order(cluster))
        opening.open_engine(cluster.url(self._template), cluster.folder / ".lock").dispose()
        self._tables = self._described(self._template)
        self._free: list[str] = []

    def take(self) -> str:
        """Address of one that nobody else uses."""
        return self._cluster.url(self._free.pop() if self._free else self._cluster.new_database(self._template))

    def give_back(self, url: str) -> None:
        """Nobody uses it any more."""
        database = url.rpartition("/")[2]
        if self._described(database) != self._tables:
            return
        names = sorted({table for table, _ in self._tables} - {"alembic_version"})
        self._cluster.execute("; ".join(f'delete from "{name}"' for name in names), database)
        self._free.append(database)

    def _described(self, database: str) -> set[tuple[str, str]]:
        columns = """select table_name, column_name from information_schema.columns where table_schema = 'public'
                     union all select 'alembic_version', version_num from alembic_version"""
        try:
            with psycopg.connect(self._cluster.url(database)) as connection:
                return set(connection.execute(columns).fetchall())
        except psycopg.Error:
            return set()


@pytest.fixture(scope="session")
def postgres_ledgers(postgres: Cluster) -> Ledgers:
    """Ledgers on the cluster of this process."""
    return Ledgers(postgres)


def _as_people_order(cluster: Cluster) -> str:
    with psycopg.connect(cluster.url("postgres")) as connection:
        icu = connection.execute("select 1 from pg_collation where collprovider = 'i'").fetchone()
        return "locale_provider icu icu_locale 'en-US'" if icu and connection.info.server_version >= 150000 else ""


def _binaries() -> Path | None:
    on_path = shutil.which("initdb")
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    found = Path(on_path) if on_path else (installed or [None])[-1]
    return found and found.parent


def _binary(name: str) -> Path:
    folder = _binaries()
    assert folder is not None
    return folder / name


def _owner() -> pwd.struct_passwd | None:
    """As whom to run it: PostgreSQL refuses root."""
    found = [one for one in pwd.getpwall() if one.pw_name == "postgres"]
    return found[0] if found and os.getuid() == 0 else None


def _as_owner(command: list[str], **streams: object) -> "subprocess.Popen[bytes]":
    """Start a process that ends at once when this one does."""
    owner = _owner()
    who = [] if owner is None else [f"--reuid={owner.pw_uid}", f"--regid={owner.pw_gid}", "--clear-groups"]
    return subprocess.Popen(
        ["setpriv", *who, "--pdeathsig=QUIT", *command], cwd="/", stdin=subprocess.DEVNULL, **streams
    )  # type: ignore[call-overload]
