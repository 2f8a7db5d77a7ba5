"""`verify` finds each way in which the bytes can differ from the ledger, and nothing where they do not."""

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tasks.adapters.home import Home
from tasks.adapters.mlflow import registry
from tasks.adapters.web import access
from tasks.domain.records import BatchStatus
from tasks.lineage.steps import verification
from tasks.lineage.verify.findings import INVARIANTS
from tests import homes
from tests.lineage import damages, damages_of_the_log
from tests.lineage.damages import DAMAGES, PASSWORD, Damage

MANY = 5
"""So many damages are done at once in a group that `make test` tries: they break each invariant."""
GROUPS = [
    pytest.param(group, marks=() if damages >= MANY else pytest.mark.long)
    for group, damages in sorted(Counter(damage.beside for damage in DAMAGES.values()).items())
    if damages > 1
]
"""Damages that are done at once; what goes with no other one is found alone, with all the others, in a long sweep."""


@pytest.fixture
def home(lived_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    homes.copy(lived_home, tmp_path / "home", "prefect")
    monkeypatch.setenv("SHOP_URL", f"postgresql://shop:{PASSWORD}@db/shop")
    opened = Home(tmp_path / "home")
    yield opened
    opened.close()


def findings(home: Home) -> list[tuple[str, str]]:
    return [(found.invariant, found.text) for found in verification.verify(home, "flights")]


def is_of(damage: Damage, invariant: str, text: str) -> bool:
    return invariant == damage.invariant and any(words in text for words in damage.words.split("|"))


def test_nothing_is_found_where_nothing_is_wrong(home: Home) -> None:
    batches = home.ledger.batches.all("flights")

    found = findings(home)

    assert found == []
    assert {batch.status for batch in batches} == {BatchStatus.ACCEPTED, BatchStatus.REFUSED}
    assert any(batch.aside_file for batch in batches if batch.status is BatchStatus.ACCEPTED)
    assert home.ledger.batches.duplicates("flights")[0][:2] == ("again", "2013-01")


def test_every_invariant_that_verify_checks_is_broken_in_several_ways() -> None:
    done = [*DAMAGES.values(), *damages_of_the_log.DAMAGES.values()]
    broken = Counter(damage.invariant for damage in done)

    assert broken.keys() == INVARIANTS.keys() - {"I12"}
    assert min(broken.values()) >= 4
    often = Counter(damage.beside for damage in done)
    assert broken.keys() == {damage.invariant for damage in done if often[damage.beside] >= MANY}
    assert len(DAMAGES) >= 60


@pytest.mark.parametrize("group", GROUPS)
def test_each_damage_is_found_by_its_invariant_and_by_no_other(group: str, home: Home) -> None:
    done = {name: damage for name, damage in DAMAGES.items() if damage.beside == group}
    for damage in done.values():
        damage.do(home)

    found = findings(home)

    missed = [name for name, damage in done.items() if not any(is_of(damage, *one) for one in found)]
    strange = [one for one in found if not any(is_of(damage, *one) for damage in done.values())]
    assert (missed, strange) == ([], []), found


@pytest.mark.long
@pytest.mark.parametrize("name", DAMAGES)
def test_each_damage_is_found_alone(name: str, home: Home) -> None:
    DAMAGES[name].do(home)

    found = findings(home)

    assert found and all(is_of(DAMAGES[name], *one) for one in found), found


def test_a_promotion_that_mlflow_has_yet_to_be_told_of_is_no_finding(home: Home) -> None:
    damages.sql(home, "delete from projections where target = 'mlflow'")
    registry.set_alias(home.tracking, "flights", "champion", None)

    found = findings(home)

    assert found == []


def test_to_verify_changes_nothing_and_makes_nothing(home: Home) -> None:
    def state() -> dict[str, bytes]:
        kept = (path for path in home.folder.rglob("*") if path.is_file() and path.suffix not in (".db-shm", ".db-wal"))
        return {str(path): path.read_bytes() for path in kept}

    assert home.ledger
    damages.lose_mlflow(home)
    before = state()

    found = findings(home)

    assert [invariant for invariant, _ in found] == ["I1"]
    assert state() == before


def test_a_secret_is_never_repeated(home: Home) -> None:
    damages.write_log(home, f"connected with {PASSWORD}")

    found = findings(home)

    assert len(found) == 1
    assert PASSWORD not in found[0][1]


def test_a_home_without_a_secret_gets_none_by_being_looked_at(home: Home) -> None:
    access.secret_file(home.folder).unlink(missing_ok=True)

    assert findings(home) == []
    assert not access.secret_file(home.folder).exists()


def test_the_secret_where_it_belongs_is_no_finding(home: Home) -> None:
    access.auth(home.folder)

    assert findings(home) == []


def refuse(monkeypatch: pytest.MonkeyPatch, name: str, problem: type[OSError]) -> None:
    """Let every attempt to read the text of files of this name fail; root may read all."""
    real: Callable[..., str] = Path.read_text

    def read(path: Path, *given: str | None, **more: str | None) -> str:
        if path.name == name:
            raise problem(13, "Permission denied", str(path))
        return real(path, *given, **more)

    monkeypatch.setattr(Path, "read_text", read)


def test_a_file_in_which_secrets_cannot_be_looked_for_is_told(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    damages.write_log(home, "nothing")
    (log,) = home.folder.rglob("*.log")
    refuse(monkeypatch, log.name, PermissionError)

    assert findings(home) == [
        ("I10", f"{log} cannot be read (Permission denied): whether a secret is in it is not known")
    ]


def test_a_file_that_vanishes_while_secrets_are_looked_for_is_no_finding(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    damages.write_log(home, "nothing")
    (log,) = home.folder.rglob("*.log")
    refuse(monkeypatch, log.name, FileNotFoundError)

    assert findings(home) == []


@pytest.mark.parametrize(
    ("name", "said"), [("flights.html", "the report cannot be read"), ("flights-drift-2.html", "is gone or not whole")]
)
def test_a_page_that_cannot_be_read_is_told(name: str, said: str, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    refuse(monkeypatch, name, PermissionError)

    found = findings(home)

    assert [invariant for invariant, _ in found] == ["I6", "I10"]
    assert said in found[0][1]
