"""Prefect's own database for the local API, made once, and the environment that its server runs in.

Change this module when Prefect is migrated in another way. Starting and stopping the API belong to `local_api`.
"""

import os
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

from configs.errors import Unreachable
from tasks.adapters import files

SERVER = "tasks.adapters.prefect.local_api_server"
"""Module of the server's process."""
_CHECKOUT = Path(__file__).resolve().parent.parent.parent.parent


def ensure_database(home: Path) -> Path:
    """Make the database of the local API, once, at the version of the installed Prefect; takes seconds the first time.

    Safe in any number of processes at once: one makes it, the others wait. Nothing is seen before it is complete.
    """
    path = home / "prefect" / "prefect.db"
    if _schema(path) == _installed():
        return path
    with files.locked(path.with_name(".database.lock")):
        if not path.exists():
            with files.staged(path) as staged:
                draft = staged.with_suffix(".draft")
                _migrate(draft)
                # Into a file without a write-ahead log beside it.
                _execute(draft, "VACUUM INTO ?", str(staged))
            for leftover in path.parent.glob(".prefect.db.*"):
                leftover.unlink()
        elif _schema(path) != _installed():
            _migrate(path)
    return path


def server_environment(folder: Path, database: Path, auth: str) -> dict[str, str]:
    """What the server's process finds in its environment.

    Args:
        folder: Prefect's folder in the home.
        database: Its SQLite file.
        auth: User and password that its clients must give.
    """
    return own_environment(folder) | {
        # As a URI of SQLite: as a path, a `?` in it would begin the options.
        "PREFECT_SERVER_DATABASE_CONNECTION_URL": f"sqlite+aiosqlite:///file:{quote(str(database))}?uri=true",
        # The database is ready before the API is; asking alembic again would take 0.6 s.
        "PREFECT_SERVER_DATABASE_MIGRATE_ON_START": "false",
        "PREFECT_SERVER_REGISTER_BLOCKS_ON_START": "false",
        "PREFECT_SERVER_MEMOIZE_BLOCK_AUTO_REGISTRATION": "false",
        "PREFECT_SERVER_API_AUTH_STRING": auth,
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_SERVER_UI_ENABLED": "false",
        "PREFECT_SERVER_LOGGING_LEVEL": "WARNING",
        "PREFECT_LOGGING_LEVEL": "WARNING",
        # Nobody listens to streams here, and automations belong to a server that stays.
        "PREFECT_SERVER_EVENTS_STREAM_OUT_ENABLED": "false",
        "PREFECT_SERVER_LOGS_STREAM_OUT_ENABLED": "false",
        "PREFECT_SERVER_SERVICES_TRIGGERS_ENABLED": "false",
        # One transaction per second in place of one per state of a task.
        "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE": "200",
        "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_FLUSH_INTERVAL": "1",
        "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_BATCH_SIZE": "200",
        "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_FLUSH_INTERVAL": "2",
    }


def own_environment(folder: Path) -> dict[str, str]:
    """The environment of a child whose Prefect is ours alone: neither the user's profile nor their server's settings.

    Args:
        folder: Prefect's folder in the home.
    """
    from configs import environment

    inherited = {k: v for k, v in environment.for_child(folder.parent).items() if not k.startswith("PREFECT_")}
    return inherited | {
        "PYTHONPATH": os.pathsep.join([str(_CHECKOUT), *filter(None, [inherited.get("PYTHONPATH")])]),
        "DO_NOT_TRACK": "1",
        "PREFECT_HOME": str(folder),
    }


def _installed() -> int:
    """The installed Prefect as a number, 3.8.8 as 30808; kept in the database as its user_version."""
    from importlib.metadata import version

    numbers = [int(part) for part in re.findall(r"\d+", version("prefect"))[:3]]
    return sum(number * 100**place for place, number in enumerate(reversed(numbers)))


def _schema(path: Path) -> int | None:
    return int(_execute(path, "PRAGMA user_version")) if path.exists() else None


def _migrate(path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", SERVER, "migrate"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        cwd=path.parent,
        env=server_environment(path.parent, path, ""),
    )
    if done.returncode != 0:
        from configs import environment

        last = (done.stderr.strip().splitlines() or ["no reason was given"])[-1]
        raise Unreachable(f"Prefect's database {path} could not be made: {environment.masked(last)}")
    _execute(path, f"PRAGMA user_version = {_installed()}")


def _execute(path: Path, statement: str, *parameters: str) -> Any:
    with closing(sqlite3.connect(path, timeout=60, isolation_level=None)) as connection:
        row = connection.execute(statement, parameters).fetchone()
        return row[0] if row else None
