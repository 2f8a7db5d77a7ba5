"""A row of a later delivery takes the place of the one with its key; what was there stays in the store."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from pydantic import ValidationError

from configs.validation import ValidationSettings
from tasks.adapters import home as homes
from tasks.adapters.home import Home
from tasks.domain import late_labels
from tasks.domain.records import Batch
from tasks.domain.turns import Outcome, TurnRef
from tasks.lineage.steps import verification
from tasks.validation.steps import door, replacing
from tests import shop

YAML = shop.YAML.replace("  key: [at, shop]\n", "  key: [at, shop]\n  corrections: replace\n")
CORRECTED = 5


@pytest.fixture
def ledger_url(either_ledger: str | None) -> str | None:
    """All of it is so on both databases."""
    return either_ledger


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ledger_url: str | None) -> Iterator[Home]:
    shop.write_pipeline(tmp_path / "pipelines", text=YAML)
    monkeypatch.setenv("INCUMBENT_PIPELINES", str(tmp_path / "pipelines"))
    opened = Home(tmp_path / "home", ledger_url)
    (opened.folder / "landing" / "shop").mkdir(parents=True)
    with homes.use(opened):
        yield opened


def come(home: Home, name: str, frame: pd.DataFrame) -> Batch:
    """A turn in which rows are taken in."""
    identity = hashlib.sha256(name.encode()).hexdigest()
    turn = TurnRef("shop", home.ledger.turns.open("shop", identity, name, None), identity, name)
    batch = door.check(home, turn, frame)
    home.ledger.batches.record("shop", batch)
    home.ledger.batches.record_delivery("shop", name, identity, duplicate=False, rows=batch.landed)
    done = replacing.take_places(home, turn, batch)
    home.ledger.turns.close("shop", turn.number, Outcome.NOT_JUDGED, ("why",))
    return done


def corrected(rows: int = CORRECTED, price: float = 7.0) -> pd.DataFrame:
    """The first rows of the first week with another price."""
    return shop.week(1)[:rows].assign(price=price)


def first(home: Home) -> Batch:
    return next(one for one in home.ledger.batches.all("shop") if one.name == "week 1")


def prices(home: Home) -> list[float]:
    """Of the rows whose price was corrected, as they are accepted now."""
    frames = [home.store.read(one.accepted_file or "") for one in home.ledger.batches.accepted("shop")]
    rows = pd.concat(frames).sort_values("at")
    return [float(price) for price in rows["price"][:CORRECTED]]


def found(home: Home) -> list[str]:
    return [one.text for one in verification.verify(home, "shop") if one.invariant in ("I2", "I6", "I9")]


def test_the_newer_row_is_accepted_and_the_one_before_is_set_aside(home: Home) -> None:
    before = come(home, "week 1", shop.week(1))

    newer = come(home, "corrected", corrected())

    now = first(home)
    assert (newer.accepted, newer.quarantined) == (CORRECTED, 0)
    assert (before.accepted, now.accepted, now.quarantined) == (336, 336 - CORRECTED, CORRECTED)
    assert newer.notes == ("5 rows take the place of what was accepted before",)
    assert prices(home) == [7.0] * CORRECTED
    assert found(home) == []


def test_what_was_there_stays_for_who_learned_from_it(home: Home) -> None:
    before = come(home, "week 1", shop.week(1))
    come(home, "corrected", corrected())

    then = late_labels.at(first(home), 1)

    assert (then.accepted_file, then.accepted, then.quarantined) == (before.accepted_file, 336, 0)
    assert len(home.store.read(then.accepted_file or "")) == 336


def test_the_last_delivery_is_the_one_that_counts(home: Home) -> None:
    come(home, "week 1", shop.week(1))
    come(home, "corrected", corrected())

    again = come(home, "corrected again", corrected(price=8.0))
    back = come(home, "as at first", shop.week(1)[:CORRECTED])

    assert (again.accepted, back.accepted) == (CORRECTED, CORRECTED)
    assert prices(home) == pytest.approx(shop.week(1)["price"][:CORRECTED].tolist(), nan_ok=True)
    assert found(home) == []


def test_a_delivery_that_replaces_all_of_one_before_leaves_none_of_it(home: Home) -> None:
    come(home, "week 1", shop.week(1))

    newer = come(home, "corrected", corrected(336))

    assert (newer.accepted, first(home).accepted, first(home).quarantined) == (336, 0, 336)
    assert [one.name for one in home.ledger.batches.accepted("shop")] == ["corrected"]
    assert found(home) == []


def test_rows_that_are_the_same_are_duplicates_as_ever(home: Home) -> None:
    come(home, "week 1", shop.week(1))

    again = come(home, "half of it again", pd.concat([shop.week(1)[:100], corrected(1, 9.0)]))

    assert (again.accepted, again.duplicates) == (1, 100)
    assert first(home).quarantined == 1


def test_two_rows_of_one_key_in_one_delivery_are_both_set_aside(home: Home) -> None:
    come(home, "week 1", shop.week(1))

    both = come(home, "corrected twice", pd.concat([shop.week(2), corrected(1, 8.0), corrected(1, 9.0)]))

    assert (both.accepted, both.quarantined) == (336, 2)
    assert first(home).accepted == 336


def test_done_twice_it_changes_nothing(home: Home) -> None:
    come(home, "week 1", shop.week(1))
    newer = come(home, "corrected", corrected())
    before = home.ledger.batches.all("shop")

    again = replacing.take_places(home, TurnRef("shop", 2, newer.id, newer.name), newer)

    assert again == newer
    assert home.ledger.batches.all("shop") == before


def test_a_batch_that_was_taken_in_later_is_left_alone(home: Home) -> None:
    older = come(home, "week 1", shop.week(1))
    come(home, "corrected", corrected())

    replacing.take_places(home, TurnRef("shop", 1, older.id, older.name), first(home))

    assert prices(home) == [7.0] * CORRECTED


def test_rows_that_went_with_those_whose_place_was_taken_are_found(home: Home) -> None:
    come(home, "week 1", shop.week(1))
    come(home, "corrected", corrected())
    kept = home.store.read(first(home).accepted_file or "")
    forged = home.store.write(kept.assign(price=kept["price"].fillna(0.0)))
    home.ledger.batches.relabel("shop", replace(first(home), accepted_file=forged))

    assert any("without the rows whose place was taken in turn 2" in one for one in found(home))


def test_without_a_key_no_row_can_take_the_place_of_another_one() -> None:
    columns = {"at": {"type": "timestamp"}, "sold": {"type": "boolean"}}

    with pytest.raises(
        ValidationError, match="corrections: replace needs key, by which it is known which row is meant"
    ):
        ValidationSettings.model_validate({"columns": columns, "corrections": "replace"})
