"""Promotions: one linear history; a turn decides once, and evidence is carried only where it may be."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from tasks.adapters.ledger.book import Ledger
from tasks.domain.turns import Evidence, Promotion, Verdict, VerdictKind
from tasks.lineage.verify import succession as lineage
from tests.adapters.ledger.conftest import Database

EVIDENCE = Evidence("a", "old", "new", 1.0, (2.0, -1.0), (10, 12), 1.5, (1.0, 3.0), 2.0, 200.0)


def promote(ledger: Ledger, version: int, turn: int) -> Promotion:
    return ledger.promotions.promote("shop", version, f"model {version}", turn, by="evidence rule", reason="better")


def test_before_the_first_promotion_nobody_is_live(ledger: Ledger) -> None:
    assert ledger.promotions.champion("shop") is None
    assert ledger.promotions.all("shop") == []


def test_each_promotion_names_the_one_before(ledger: Ledger) -> None:
    made = [promote(ledger, version, turn) for version, turn in ((1, 1), (4, 4), (5, 7))]

    assert [(one.sequence, one.previous, one.version) for one in made] == [(1, None, 1), (2, 1, 4), (3, 4, 5)]
    assert ledger.promotions.champion("shop") == made[-1]
    assert ledger.promotions.all("shop") == made
    assert lineage.is_linear(made) == []


def test_a_turn_that_is_done_again_promotes_once(ledger: Ledger) -> None:
    first = promote(ledger, 1, 1)
    second = promote(ledger, 2, 2)

    again = promote(ledger, 1, 1)

    assert again == first
    assert ledger.promotions.all("shop") == [first, second]


def test_promotions_at_once_make_one_linear_history(open_ledger: Callable[[], Ledger]) -> None:
    ledgers, together = [open_ledger() for _ in range(4)], threading.Barrier(4)

    def promote_some(number: int) -> None:
        together.wait(60)
        for turn in range(number, 24, 4):
            promote(ledgers[number], 100 + turn, turn + 1)
            promote(ledgers[(number + 1) % 4], 100 + turn, turn + 1)  # somebody does the same turn again

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(promote_some, range(4)))

    made = open_ledger().promotions.all("shop")
    assert [one.sequence for one in made] == list(range(1, 25))
    assert [one.previous for one in made] == [None, *(one.version for one in made[:-1])]
    assert sorted((one.turn, one.version) for one in made) == [(turn, 99 + turn) for turn in range(1, 25)]


def test_pipelines_have_histories_of_their_own(ledger: Ledger) -> None:
    promote(ledger, 1, 1)

    other = ledger.promotions.promote("flights", 1, "m", 1, by="evidence rule", reason="better")

    assert (other.sequence, other.previous) == (1, None)


def test_a_promotion_carries_the_token_of_the_lease_under_which_it_was_made(ledger: Ledger) -> None:
    with ledger.lease.held("shop"):
        first = promote(ledger, 1, 1)
    with ledger.lease.held("shop"):
        second = promote(ledger, 2, 2)

    assert (first.fence, second.fence) == (1, 2)


def test_a_turn_sees_who_was_live_when_it_began_also_after_it_was_cut_off(ledger: Ledger) -> None:
    for version, turn in ((1, 1), (2, 3)):
        promote(ledger, version, turn)

    seen = {turn: [made.version for made in ledger.promotions.before("shop", turn)] for turn in (1, 2, 3, 4)}

    assert seen == {1: [], 2: [1], 3: [1], 4: [1, 2]}


def test_the_gate_of_a_model_is_the_batch_on_which_it_first_won(ledger: Ledger) -> None:
    for turn, batch in enumerate("abc", start=1):
        ledger.turns.open("shop", batch, batch, None)
        ledger.promotions.promote("shop", 1, "model 1" if batch != "b" else "model 2", turn, by="us", reason="better")

    gates = [ledger.promotions.gate("shop", f"model {version}") for version in (1, 2, 3)]

    assert gates == ["a", "b", None]


@pytest.mark.parametrize(
    ("before", "settings", "expected"),
    [(3, "same", "b"), (2, "same", "a"), (1, "same", None), (3, "changed", None)],
)
def test_evidence_is_carried_from_the_last_turn_before_under_the_same_settings(
    before: int, settings: str, expected: str | None, ledger: Ledger
) -> None:
    ledger.promotions.record_evidence("shop", 1, "same", EVIDENCE)
    ledger.promotions.record_evidence("shop", 2, "same", replace(EVIDENCE, batch="b"))

    found = ledger.promotions.last_evidence("shop", before, settings)

    assert (found.batch if found else None) == expected


def test_evidence_of_a_batch_is_kept_once_as_it_was_weighed_last(ledger: Ledger) -> None:
    again = replace(EVIDENCE, probe="newer", value=3.0)

    ledger.promotions.record_evidence("shop", 1, "s", EVIDENCE)
    ledger.promotions.record_evidence("shop", 1, "s", again)

    assert ledger.promotions.evidence("shop") == {"a": again}


def test_a_verdict_stands(ledger: Ledger, database: Database) -> None:
    verdict = Verdict(VerdictKind.KEEP_SHADOWING, ("evidence 3, needs 200",))
    ledger.promotions.record_verdict("shop", 1, None, "new", verdict)
    ledger.promotions.record_verdict("shop", 1, "old", "newer", Verdict(VerdictKind.PROMOTE, ("now",)))

    assert ledger.promotions.verdicts("shop") == {1: ("new", verdict)}
    assert ledger.promotions.torn("shop") == []
    database.execute("update verdicts set kind = 'promote'")
    assert ledger.promotions.torn("shop") == [1]
