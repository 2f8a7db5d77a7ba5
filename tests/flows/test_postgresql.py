"""The whole loop with its ledger on PostgreSQL: the same as on SQLite, also when the server goes away in a turn."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import NullPool, create_engine, select, text

from configs.environment import CHECKOUT
from tasks.adapters.ledger import addresses
from tasks.adapters.ledger.schema import metadata
from tests.command_line import CommandLine
from tests.faults import canonical, worlds
from tests.fixtures_postgres import PASSWORD, Cluster, Ledgers
from tests.fixtures_server import wait_until

OUTAGE_SECONDS = 20.0
"""How long the server is away; nothing is waited for by it."""
_LONGEST = 600.0


@pytest.fixture(scope="module")
def pipelines(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The flights with quick fits, and a second model that takes over."""
    folder = tmp_path_factory.mktemp("pipelines")
    (folder / "flights.yaml").write_text(worlds.settings())
    return folder


def told(url: str) -> dict[str, list[str]]:
    """Everything that a ledger says, in an order of its own; what differs between any two runs left aside."""
    engine = create_engine(addresses.read(url), poolclass=NullPool)
    with engine.connect() as connection:
        found = {table.name: connection.execute(select(table)).mappings().all() for table in metadata.sorted_tables}
    del found["receipts"], found["owner"]
    return {name: sorted(_plain(name, dict(row)) for row in rows) for name, rows in found.items()}


def _plain(table: str, row: dict[str, Any]) -> str:
    if table == "projections" and row["target"] == "mlflow":
        row["result"] = "a run" if row["result"] else None
    if table == "logged_files":
        row["record"] = canonical.files_of(row["record"])
    # PostgreSQL does not give a number again that a step had drawn which was then cut off.
    aside = {*canonical.ASIDE, *({"id"} if table == "triggers" else ())}
    kept = {name: value for name, value in row.items() if name not in aside}
    return canonical.MEASURED.sub("…", json.dumps(kept, sort_keys=True, ensure_ascii=False))


def first(url: str, query: str) -> object:
    engine = create_engine(addresses.read(url), poolclass=NullPool)
    with engine.connect() as connection:
        return connection.execute(text(query)).scalar()


def test_a_database_that_is_not_there_is_told_in_words(
    new_home: Callable[..., Path], flows_run: CommandLine, postgres: Cluster
) -> None:
    home, wrong = new_home(), postgres.url("no_such_database")

    asked = flows_run(home, "status", INCUMBENT_LEDGER_URL=wrong)

    assert (asked.returncode, asked.stdout) == (8, "")
    assert f"The ledger at postgresql://postgres:***@127.0.0.1:{postgres.port}/no_such_database" in asked.stderr
    assert 'database "no_such_database" does not exist' in asked.stderr
    assert len(asked.stderr.splitlines()) == 1
    assert PASSWORD not in asked.stderr


@pytest.mark.long
def test_a_server_that_goes_away_in_a_turn_for_twenty_seconds_changes_nothing_of_what_is_decided(
    new_home: Callable[..., Path],
    months: Callable[[str], Path],
    flows_run: CommandLine,
    pipelines: Path,
    postgres: Cluster,
    postgres_ledgers: Ledgers,
) -> None:
    deliveries = (months(worlds.FIRST), months(worlds.SECOND))
    own, other, url = new_home("own", *deliveries), new_home("other", *deliveries), postgres_ledgers.take()
    undisturbed = flows_run(own, "--quiet", INCUMBENT_PIPELINES=str(pipelines))
    variables = {"INCUMBENT_HOME": str(other), "INCUMBENT_PIPELINES": str(pipelines), "INCUMBENT_LEDGER_URL": url}
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "INCUMBENT_"))}

    run = subprocess.Popen(
        [sys.executable, "-m", "flows.run", "--quiet"],
        cwd=CHECKOUT,
        env={**kept, **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        wait_until(lambda: first(url, "select count(*) from models where turn = 2"), _LONGEST)
        postgres.stop()
        time.sleep(OUTAGE_SECONDS)
        postgres.start()
        out, err = run.communicate(timeout=_LONGEST)
    finally:
        run.kill()
        run.communicate()
    verified = flows_run(other, "verify", INCUMBENT_LEDGER_URL=url, INCUMBENT_PIPELINES=str(pipelines))

    assert (undisturbed.returncode, undisturbed.stderr) == (0, "")
    assert err == ""
    assert run.returncode == 0, out
    assert told(url) == told(f"sqlite:///{own / 'ledger.db'}")
    assert verified.returncode == 0, verified.stdout
