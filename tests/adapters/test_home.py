"""The home: one folder, whatever its name is."""

from pathlib import Path

import pytest

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
