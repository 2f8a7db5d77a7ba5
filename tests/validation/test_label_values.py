"""Values of a label are learned from what was accepted, kept with each batch, and learned once from older records."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from tasks.adapters.home import Home
from tasks.domain.records import Batch, BatchStatus
from tasks.lineage.steps import verification
from tasks.validation.steps import label_values
from tests import shop
from tests.corpus import table

LABEL = "    sold: {type: boolean, nullable: true}\n"
TEXT = shop.YAML.replace(LABEL, "    sold: {type: category, nullable: true}\n").replace(
    "  label: sold\n", "  label: sold\n  positive: SOLD\n"
)


@pytest.fixture
def home(open_home: Callable[[Path], Home], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    shop.write_pipeline(tmp_path / "pipelines", text=TEXT)
    monkeypatch.setenv("INCUMBENT_PIPELINES", str(tmp_path / "pipelines"))
    return open_home(tmp_path / "home")


def deliver(home: Home, number: int, yes: str = "SOLD", no: str = "LEFT") -> Batch:
    """One week through the doors, its label in these words."""
    week = shop.week(number)
    landing = home.landing("shop")
    landing.mkdir(parents=True, exist_ok=True)
    words = week["sold"].map({True: yes, False: no})
    week.assign(sold=words.astype("str")).to_parquet(landing / f"week-{number}.parquet")
    table.take_in(home, "shop")
    return next(batch for batch in home.ledger.batches.all("shop") if batch.name == f"week-{number}")


def make_old(home: Home) -> None:
    """Records as they were before values were kept."""
    for batch in home.ledger.batches.accepted("shop"):
        home.ledger.batches.learn("shop", replace(batch, label=None, label_values=()))


def findings(home: Home) -> list[str]:
    return [str(one) for one in verification.verify(home, "shop") if "the label has" in str(one)]


def test_each_batch_keeps_the_values_of_its_label(home: Home):
    first = deliver(home, 1)

    assert (first.label, first.label_values) == ("sold", ("LEFT", "SOLD"))
    assert home.ledger.batches.get("shop", first.id) == first


@pytest.mark.parametrize(("yes", "no"), [("sold", "LEFT"), ("SOLD", "left"), ("1", "0"), ("LEFT", "LOST")])
@pytest.mark.parametrize("old", [False, True])
def test_a_batch_with_new_values_is_refused_and_nothing_is_learned(home: Home, yes: str, no: str, old: bool):
    deliver(home, 1)
    if old:
        make_old(home)

    refused = deliver(home, 2, yes, no)

    assert refused.status is BatchStatus.REFUSED
    assert "Column 'sold' (the label) has values that" in (refused.reason or "")
    assert label_values.learned(home, "shop", home.ledger.batches.accepted("shop")) == {"LEFT", "SOLD"}
    assert deliver(home, 3).status is BatchStatus.ACCEPTED


def test_values_of_older_records_are_read_from_their_rows_once(home: Home, monkeypatch: pytest.MonkeyPatch):
    deliver(home, 1)
    make_old(home)

    label_values.learned(home, "shop", home.ledger.batches.accepted("shop"))

    monkeypatch.setattr(home.store, "read", lambda *_, **__: pytest.fail("the rows were read again"))
    assert label_values.learned(home, "shop", home.ledger.batches.accepted("shop")) == {"LEFT", "SOLD"}
    assert home.ledger.batches.torn("shop") == []


def test_verify_finds_values_that_were_changed(home: Home):
    first = deliver(home, 1)
    assert findings(home) == []

    home.ledger.batches.learn("shop", replace(first, label_values=("LEFT", "SOLD", "sold")))

    (found,) = findings(home)
    assert "the label has the values LEFT, SOLD, sold recorded, LEFT, SOLD stored" in found


def test_a_yes_or_no_of_its_own_type_keeps_no_values(shop_home: Home):
    batch = shop.take_in(shop_home, "week 1", shop.week(1))

    assert (batch.label, batch.label_values) == (None, ())
    assert label_values.learned(shop_home, "shop", [batch]) is None


def test_a_batch_without_new_rows_has_no_values(home: Home):
    first = deliver(home, 1)
    rows = pd.read_parquet(home.landing("shop") / "week-1.parquet")
    rows.head(10).to_parquet(home.landing("shop") / "week-1-again.parquet")

    table.take_in(home, "shop")

    again = next(batch for batch in home.ledger.batches.all("shop") if batch.id != first.id)
    assert (again.accepted, again.duplicates, again.label_values) == (0, 10, ())
