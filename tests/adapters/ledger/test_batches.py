"""Batches: an ordered list that only grows; every content has one first delivery, and every other one is counted."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from configs.errors import Damaged
from tasks.adapters.ledger import codec
from tasks.adapters.ledger.book import Ledger
from tasks.domain.records import Batch, BatchStatus
from tasks.domain.turns import TurnState, Verdict, VerdictKind
from tests.adapters.ledger.conftest import Database
from tests.reporting import pieces

JANUARY = pieces.batch(1, "january", 900, 10, 5, False, 0.2)
FEBRUARY = pieces.batch(2, "february", 800, 0, 0, False, 0.2)
BROKEN = pieces.batch(3, "broken", 0, 0, 0, True, 0)


def judge(ledger: Ledger, batch: Batch, turn: int) -> None:
    """A turn that ended with a verdict about a challenger on this batch."""
    assert ledger.turns.open("shop", batch.id, batch.name, None) == turn
    ledger.promotions.record_verdict("shop", turn, None, "m", Verdict(VerdictKind.REJECT, ("no",)))


def test_a_batch_is_read_as_it_was_written(ledger: Ledger) -> None:
    ledger.batches.record("shop", JANUARY)

    assert ledger.batches.get("shop", JANUARY.id) == JANUARY
    assert ledger.batches.get("flights", JANUARY.id) is None
    assert ledger.batches.get("shop", FEBRUARY.id) is None


def test_a_batch_never_changes_once_it_is_recorded(ledger: Ledger) -> None:
    ledger.batches.record("shop", JANUARY)

    ledger.batches.record("shop", replace(JANUARY, accepted=1, status=BatchStatus.REFUSED))

    assert ledger.batches.all("shop") == [JANUARY]


def test_batches_are_listed_as_they_came_and_accepted_ones_as_they_happened(ledger: Ledger) -> None:
    nothing_new = replace(JANUARY, id="n", accepted=0, duplicates=900, first_event=None, last_event=None)
    for batch in (FEBRUARY, BROKEN, nothing_new, JANUARY):
        ledger.batches.record("shop", batch)

    assert ledger.batches.all("shop") == [FEBRUARY, BROKEN, nothing_new, JANUARY]
    assert ledger.batches.accepted("shop") == [JANUARY, FEBRUARY]


def test_a_record_is_decoded_once_until_it_is_forgotten(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    decode, decoded = codec.load_text, list[str]()
    monkeypatch.setattr(codec, "load_text", lambda kind, text: (decoded.append(text), decode(kind, text))[1])
    ledger.batches.record("shop", JANUARY)

    listed = [ledger.batches.all("shop"), ledger.batches.accepted("shop")]
    ledger.batches.forget()
    listed.append(ledger.batches.all("shop"))

    assert listed == [[JANUARY]] * 3
    assert len(decoded) == 2


def test_events_in_any_zone_are_ordered_by_the_moment_they_name(ledger: Ledger) -> None:
    evening = replace(JANUARY, id="e", first_event=datetime.fromisoformat("2013-01-01T20:00:00-05:00"))
    night = replace(JANUARY, id="n", first_event=datetime(2013, 1, 1, 23, 59, 59, 999999, tzinfo=UTC))
    for batch in (evening, night):
        ledger.batches.record("shop", batch)

    assert [batch.id for batch in ledger.batches.accepted("shop")] == ["n", "e"]


def test_only_batches_of_earlier_turns_with_a_verdict_count_as_judged(ledger: Ledger) -> None:
    for batch in (JANUARY, FEBRUARY, BROKEN):
        ledger.batches.record("shop", batch)
    judge(ledger, JANUARY, 1)
    ledger.turns.advance("shop", ledger.turns.open("shop", BROKEN.id, "broken", None), TurnState.DONE)
    judge(ledger, FEBRUARY, 3)

    judged = [ledger.batches.judged("shop", before=turn) for turn in (1, 2, 3, 4)]

    assert judged == [[], [JANUARY], [JANUARY], [JANUARY, FEBRUARY]]


def test_a_content_that_came_again_is_counted_under_each_further_name(ledger: Ledger) -> None:
    ledger.batches.record("shop", JANUARY)
    ledger.batches.record_delivery("shop", "zulu", JANUARY.id, duplicate=False, rows=900)
    for name in ("alpha", "bravo", "alpha"):
        ledger.batches.record_delivery("shop", name, JANUARY.id, duplicate=True, rows=900)

    assert ledger.batches.deliveries("shop") == {JANUARY.id: ["zulu", "alpha", "bravo"]}
    assert ledger.batches.duplicates("shop") == (("alpha", "zulu", 900), ("bravo", "zulu", 900))


def test_names_that_came_at_the_same_moment_are_in_one_order_on_every_database(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger.batches.record("shop", JANUARY)
    monkeypatch.setattr(ledger._access, "clock", lambda: datetime(2026, 1, 1, tzinfo=UTC))
    for name in ("b", "_a", "B", "é", "a-c", "a b", "A"):
        ledger.batches.record_delivery("shop", name, JANUARY.id, duplicate=True, rows=900)

    assert ledger.batches.deliveries("shop")[JANUARY.id] == ["A", "B", "_a", "a b", "a-c", "b", "é"]


def test_one_name_may_bring_two_contents(ledger: Ledger) -> None:
    for batch in (JANUARY, FEBRUARY):
        ledger.batches.record_delivery("shop", "latest", batch.id, duplicate=False, rows=batch.landed)

    assert ledger.batches.deliveries("shop") == {JANUARY.id: ["latest"], FEBRUARY.id: ["latest"]}
    assert ledger.batches.duplicates("shop") == ()


@pytest.mark.parametrize(
    "change",
    ["accepted = 1", "landed = 1", "status = 'refused'", "first_event = '2012'", "accepted_file = null", "id = 'x'"],
)
def test_a_column_that_was_changed_beside_its_record_is_noticed(
    change: str, ledger: Ledger, database: Database
) -> None:
    for batch in (JANUARY, FEBRUARY, BROKEN):
        ledger.batches.record("shop", batch)
    before = ledger.batches.torn("shop")

    database.execute(f"update batches set {change} where name = 'january'")

    assert (before, ledger.batches.torn("shop")) == ([], ["january"])


def test_a_record_that_is_none_any_more_is_damage(ledger: Ledger, database: Database) -> None:
    ledger.batches.record("shop", JANUARY)

    database.execute("update batches set record = '{\"id\"\\: 5}'")

    with pytest.raises(Damaged, match="A Batch in the ledger was changed"):
        ledger.batches.all("shop")


def test_what_another_process_changes_is_there_at_once(ledger: Ledger, database: Database) -> None:
    ledger.batches.record("shop", JANUARY)
    assert ledger.batches.all("shop") == ledger.batches.accepted("shop") == [JANUARY]
    other = Ledger(database.url, database.lock, lambda: datetime.now(UTC))
    learned = replace(JANUARY, label="sold", label_values=("no", "yes"))

    other.batches.learn("shop", learned)
    other.batches.record("shop", FEBRUARY)
    other.close()

    assert ledger.batches.all("shop") == [learned, FEBRUARY]
    assert ledger.batches.accepted("shop") == [learned, FEBRUARY]


def test_a_batch_that_was_no_json_for_a_while_is_read_again(ledger: Ledger, database: Database) -> None:
    if database.kind == "postgresql":
        pytest.skip("a column of JSON takes nothing else there")
    ledger.batches.record("shop", JANUARY)
    ((record,),) = database.execute("select record from batches")
    database.execute("update batches set record = '{'")

    with pytest.raises(Damaged, match=r"A record in the ledger is no JSON any more: .* Restore the ledger"):
        ledger.batches.all("shop")

    database.execute("update batches set record = :record", record=record)
    assert ledger.batches.all("shop") == [JANUARY]
