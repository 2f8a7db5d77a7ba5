"""The corpus of deliveries of labels: each ends exactly as its table says, and what is stored is what is recorded."""

from pathlib import Path

import pytest

from tasks.adapters.home import Home
from tasks.lineage.steps import verification
from tests.corpus import label_deliveries


def test_every_delivery_of_labels_ends_as_its_table_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INCUMBENT_PIPELINES", str(tmp_path / "pipelines"))

    found = list(label_deliveries.take(tmp_path))
    home = Home(tmp_path / "home")
    differing = [one.text for one in verification.verify(home, label_deliveries.PIPELINE) if one.invariant == "I2"]
    home.close()

    assert [(case.name, *label_deliveries.outcome(batch)) for case, batch in found] == [
        (case.name, case.counts, case.said) for case in label_deliveries.CASES
    ]
    assert differing == []
