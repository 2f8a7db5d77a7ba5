"""What is looked at twice: each file waits, or is refused, and ends then as the table says."""

from pathlib import Path

import pytest

from tests.corpus import looks, table


def test_every_file_has_the_outcomes_of_the_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INCUMBENT_PIPELINES", str(tmp_path / "pipelines"))

    found = list(looks.take(tmp_path))

    assert [(look.name, said, table.outcome(batch)) for look, said, batch in found] == [
        (look.name, look.first, look.then) for look, _, _ in found
    ]
    assert {look.name for look, _, _ in found} == {look.name for of_one in looks.TABLES.values() for look in of_one}
