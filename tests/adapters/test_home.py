"""The home: one folder, whatever its name is."""

from pathlib import Path

import pytest

from configs.errors import Damaged
from tasks.adapters.home import Home


@pytest.mark.parametrize("name", ["plain", "a?b", "a#b", "50% off", "a%20b", "a?mode=memory"])
def test_the_ledger_is_in_the_folder_of_its_home(tmp_path: Path, name: str) -> None:
    home = Home(tmp_path / name)
    home.folder.mkdir()

    found = home.ledger.turns.all("flights")
    home.close()

    assert found == []
    assert (tmp_path / name / "ledger.db").stat().st_size > 0
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("published", ["store/ab/abc.parquet", "bundles/abc.skops"])
@pytest.mark.parametrize("there", [False, True])
def test_a_home_that_has_lost_its_ledger_is_not_taken_for_a_new_one(
    tmp_path: Path, published: str, there: bool
) -> None:
    if there:
        Home(tmp_path).ledger.close()
    (tmp_path / published).parent.mkdir(parents=True)
    (tmp_path / published).touch()
    before = sorted(path.name for path in tmp_path.iterdir())

    with pytest.raises(
        Damaged, match=rf"ledger\.db is {'empty' if there else 'gone'}, .* such as {published}\. Restore"
    ):
        assert Home(tmp_path).ledger

    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_a_ledger_elsewhere_that_knows_nothing_of_the_home_is_named(tmp_path: Path) -> None:
    (tmp_path / "store" / "ab").mkdir(parents=True)
    (tmp_path / "store" / "ab" / "abc.parquet").touch()

    with pytest.raises(Damaged, match=r"The ledger that INCUMBENT_LEDGER_URL names is gone, but there are rows"):
        assert Home(tmp_path, f"sqlite:///{tmp_path / 'other.db'}").ledger

    assert not (tmp_path / "other.db").exists()
