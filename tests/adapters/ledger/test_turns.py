"""Turns: one for each batch, numbered without gaps, and each step of them is committed once."""

from collections.abc import Callable

from tasks.adapters.ledger.book import Ledger
from tasks.domain.observations import Health, HealthState
from tasks.domain.turns import Outcome, RetrainingDecision, TurnState


def test_a_turn_that_was_cut_off_is_gone_on_with_under_its_number(open_ledger: Callable[[], Ledger]) -> None:
    number = open_ledger().turns.open("shop", "a", "monday", "run 1")

    again = open_ledger().turns.open("shop", "a", "monday", "run 2")
    inside = open_ledger().turns.open("shop", "a", "monday", None)
    other = open_ledger().turns.open("shop", "b", "tuesday", None)

    assert (number, again, inside, other) == (1, 1, 1, 2)
    assert open_ledger().turns.get("shop", 1)["prefect_run"] == "run 2"


def test_each_pipeline_counts_its_own_turns(ledger: Ledger) -> None:
    ledger.turns.open("shop", "a", "monday", None)

    number = ledger.turns.open("flights", "a", "monday", None)

    assert number == 1
    assert [row["pipeline"] for row in ledger.turns.all("flights")] == ["flights"]


def test_what_a_turn_finds_stays_beside_what_it_found_before(ledger: Ledger) -> None:
    number = ledger.turns.open("shop", "a", "monday", None)
    health, decision = Health(HealthState.WATCH, ("late",)), RetrainingDecision(True, ("no champion",), older=7)

    ledger.turns.note("shop", number, health=health)
    ledger.turns.note("shop", number, champion_version=3, decision=decision)
    ledger.turns.advance("shop", number, TurnState.INGESTED)

    row = ledger.turns.get("shop", number)
    assert (row["state"], row["champion_version"]) == ("ingested", 3)
    assert row["health"] == {"state": "watch", "reasons": ["late"], "weak": []}
    assert row["decision"] == {"retrain": True, "reasons": ["no champion"], "older": 7, "pool": []}


def test_a_closed_turn_says_how_and_why_and_others_stay_open(ledger: Ledger) -> None:
    first, second = (ledger.turns.open("shop", batch, batch, None) for batch in ("a", "b"))

    ledger.turns.close("shop", first, Outcome.REJECT, ("too little evidence", "and late"))

    rows = ledger.turns.all("shop")
    assert [row["state"] for row in rows] == ["done", "open"]
    assert (rows[0]["outcome"], rows[0]["reasons"]) == ("reject", ["too little evidence", "and late"])
    assert rows[0]["finished"] >= rows[0]["started"]
    assert (second, rows[1]["outcome"], rows[1]["finished"]) == (2, None, None)


def test_turns_are_found_by_how_far_they_got_and_by_their_batch(ledger: Ledger) -> None:
    for batch in ("a", "b", "c"):
        ledger.turns.open("shop", batch, batch, None)
    ledger.turns.open("flights", "a", "a", None)
    for number in (1, 3):
        ledger.turns.unread("shop", number, "gone")
        ledger.turns.close("shop", number, Outcome.FAILED, ("gone",))
    assert ledger.turns.open("shop", "a", "a", None) == 4

    assert ledger.turns.done("shop") == [1, 3]
    assert [row["number"] for row in ledger.turns.unfinished("shop")] == [2, 4]
    assert [row["batch"] for row in ledger.turns.all("shop", [3, 2, 9])] == ["b", "c"]
    assert ledger.turns.last("shop") == {"a": 4, "b": 2, "c": 3}
    assert ledger.turns.last("shop", ["a", "x"]) == {"a": 4}
    before = [ledger.turns.of_batch("shop", "a", before=turn) for turn in (5, 4, 1)]
    assert [row and row["number"] for row in before] == [4, 1, None]


def test_a_trigger_is_recorded_once_however_often_it_is_announced(ledger: Ledger) -> None:
    for evidence in ("monday landed", "monday landed again"):
        ledger.inbox.record("shop", "new_data", "batch:a", evidence, turn=1)
    ledger.inbox.record("shop", "drift", "drift:a", "8 of 16 columns moved", turn=1)
    ledger.inbox.record("flights", "new_data", "batch:a", "january landed", turn=1)

    found = [(trigger.kind, trigger.evidence, trigger.turn) for trigger in ledger.inbox.all("shop")]

    assert found == [("new_data", "monday landed", 1), ("drift", "8 of 16 columns moved", 1)]


def test_what_was_shown_is_remembered_as_it_was_first_shown(ledger: Ledger) -> None:
    ledger.turns.project("shop", 1, "mlflow", "run 1")
    ledger.turns.project("shop", 1, "mlflow", "run 2")
    ledger.turns.project("shop", 2, "mlflow", None)
    ledger.turns.project("shop", 1, "importance", [["hour", 0.25]])

    assert ledger.turns.projected("shop", "mlflow") == {1: "run 1", 2: None}
    assert ledger.turns.projected("shop", "importance") == {1: [["hour", 0.25]]}
    assert ledger.turns.projected("shop", "page") == {}


def test_each_step_is_kept_with_the_moment_at_which_it_was_begun_last(ledger: Ledger) -> None:
    number = ledger.turns.open("shop", "a", "monday", None, "ann at laptop")
    for step in ("reading", "watching", "training", "watching", "deciding"):
        ledger.turns.begin("shop", number, step)

    row = ledger.turns.get("shop", number)

    assert row["by"] == "ann at laptop"
    assert [name for name, _ in row["steps"]] == ["reading", "watching", "deciding"]
    assert [at for _, at in row["steps"]] == sorted(at for _, at in row["steps"])


def test_who_goes_on_with_a_turn_is_who_ran_it(ledger: Ledger) -> None:
    for by in ("ann at laptop", "bob at server, worker incumbent", None):
        number = ledger.turns.open("shop", "a", "monday", None, by)

    assert ledger.turns.get("shop", number)["by"] == "bob at server, worker incumbent"
