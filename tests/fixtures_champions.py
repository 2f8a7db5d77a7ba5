"""A home with something to go back to."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tasks.adapters.home import Home
from tasks.adapters.mlflow import registry
from tasks.domain.turns import Verdict, VerdictKind
from tests import homes


@pytest.fixture(scope="module")
def two_champions(lived_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which v3 took over from v2, the refit of v1, in the second turn, and MLflow says so."""
    folder = tmp_path_factory.mktemp("going-back") / "home"
    shutil.copytree(lived_home, folder, ignore=shutil.ignore_patterns("prefect", "landing", "artifacts"))
    (folder / "landing" / "flights").mkdir(parents=True)
    with closing(sqlite3.connect(folder / "ledger.db")) as ledger, ledger:
        ledger.execute("delete from verdicts where turn = 2")
        ledger.execute("update refits set record = json_set(record, '$.check', null)")
        ledger.execute("update turns set outcome = 'promote' where number = 2")
    home = Home(folder)
    models, ledgers = home.ledger.models.versions("flights"), home.ledger.promotions
    ledgers.record_verdict("flights", 2, models[2].id, models[3].id, Verdict(VerdictKind.PROMOTE, ("better",)))
    ledgers.promote("flights", 3, models[3].id, 2, by="evidence rule", reason="better")
    registry.set_alias(home.tracking, "flights", "champion", 3)
    home.close()
    return homes.forget_place(folder)
