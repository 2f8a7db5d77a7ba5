"""`verify` finds each way in which the prediction log can be wrong, and nothing while it is written and sealed."""

import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tasks.adapters.home import Home
from tasks.adapters.journal import Journal
from tasks.lineage.verify.checks import ledger_copy, logged_answers
from tasks.scoring.steps import sealing
from tests import homes, shop
from tests.answers import append, close_segment
from tests.lineage import damages_of_the_log
from tests.lineage.damages_of_the_log import DAMAGES
from tests.lineage.test_verification import is_of


@pytest.fixture(scope="module")
def filled(shop_versions_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("log")
    shop.write_pipeline(folder / "pipelines")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("INCUMBENT_PIPELINES", str(folder / "pipelines"))
        with closing(Home(homes.copied(shop_versions_template, folder / "home"))) as home:
            damages_of_the_log.fill(home)
    return folder


@pytest.fixture
def home(filled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    monkeypatch.setenv("INCUMBENT_PIPELINES", str(filled / "pipelines"))
    monkeypatch.setattr(logged_answers, "_AGAIN_SECONDS", 0.0)
    with closing(Home(homes.copied(filled / "home", tmp_path / "home"))) as opened:
        assert opened.ledger
        yield opened


def findings(home: Home) -> list[tuple[str, str]]:
    return [(one.invariant, one.text) for one in logged_answers.check(home, ledger_copy.read(home, "shop"))]


def test_nothing_is_found_where_nothing_is_wrong(home: Home) -> None:
    assert len(home.ledger.predictions.sealed("shop")) == damages_of_the_log.SEALED
    assert findings(home) == []


@pytest.mark.parametrize("group", sorted({damage.beside for damage in DAMAGES.values()}))
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


def test_while_others_write_and_seal_nothing_is_found(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logged_answers, "_LOOKS", 20)
    monkeypatch.setattr(logged_answers, "_AGAIN_SECONDS", 0.05)
    stop = threading.Event()

    def write() -> None:
        with closing(Journal(home.predictions)) as journal:
            while not stop.wait(0.02):
                append(journal, "school")
                close_segment(journal)

    def seal() -> None:
        while not stop.wait(0.02):
            sealing.seal(home)

    threads = [threading.Thread(target=write), threading.Thread(target=seal)]
    for thread in threads:
        thread.start()
    found = [findings(home) for _ in range(5)]
    stop.set()
    for thread in threads:
        thread.join()

    assert found == [[]] * 5
