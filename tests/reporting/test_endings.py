"""Names and last words of runs: the story of a pipeline, read from a list of runs without opening one."""

from dataclasses import replace

import pytest

from tasks.domain.observations import Health, HealthState
from tasks.domain.records import RuleFinding
from tasks.domain.turns import Outcome, Trigger, Turn
from tasks.reporting import endings
from tests.reporting import pieces, worlds

YEAR = worlds.year().turns
BUSY = "process 4711 on box.example works on 'flights'. Wait for it to end, or end it; a lease without heartbeat is."


def turn(*kinds: str, outcome: Outcome | None = Outcome.KEEP_SHADOWING, reasons: tuple[str, ...] = ("8.9 of 200",)):
    """The turn of July, begun for reasons of these kinds."""
    begun = tuple(Trigger(number, kind, "seen", worlds.WRITTEN, 7) for number, kind in enumerate(kinds))
    return replace(YEAR[6], triggers=begun, outcome=outcome, reasons=reasons)


@pytest.mark.parametrize(
    ("ended", "name"),
    [
        (turn("new_data"), "flights · 2013-07 · new data → keep shadowing"),
        (turn("new_data", outcome=Outcome.PROMOTE), "flights · 2013-07 · new data → promote"),
        (turn("manual", outcome=Outcome.REFUSED), "flights · 2013-07 · by hand → batch refused"),
        (turn("drift", "new_data", "drift"), "flights · 2013-07 · drift, new data → keep shadowing"),
        (
            turn("performance", "schedule", outcome=Outcome.FAILED),
            "flights · 2013-07 · performance, schedule → failed",
        ),
        (turn(outcome=None), "flights · 2013-07 · new data → not finished"),
        (turn("of a later version"), "flights · 2013-07 · of a later version → keep shadowing"),
    ],
)
def test_the_name_of_a_turn_says_which_batch_why_and_how_it_ended(ended: Turn, name: str):
    assert endings.turn("flights", ended).name == name


def test_the_last_word_of_a_turn_is_its_main_reason_in_one_sentence():
    told = endings.turn("flights", turn("new_data", reasons=("evidence 8.9, needs 200", "no guard objects"))).message

    assert told == "Keep shadowing: evidence 8.9, needs 200."


def test_a_turn_without_a_reason_has_a_last_word_all_the_same():
    assert endings.turn("flights", turn("new_data", outcome=None, reasons=())).message == "Not finished."


@pytest.mark.parametrize("outcome", Outcome)
def test_every_way_to_end_has_a_name_of_its_own(outcome: Outcome):
    name = endings.turn("flights", turn("new_data", outcome=outcome)).name

    others = {endings.turn("flights", turn("new_data", outcome=one)).name for one in Outcome if one is not outcome}
    assert name not in others


# ── runs ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def run(turns: tuple[Turn, ...] = (), failed: int = 0, waits: str | None = None, taken_by: str = "", problem: str = ""):
    ended = endings.run("flights", "new_data", turns, failed, waits, taken_by, problem)
    return ended.name, ended.message


ONE = turn("new_data")
TOLD = "flights · 2013-07 · new data → keep shadowing"


@pytest.mark.parametrize(
    ("ended", "name", "message"),
    [
        (run(), "flights · new data → nothing new", "Nothing new."),
        (
            run(waits="cooldown until 2026-03-10 13:10 UTC"),
            "flights · new data → nothing new",
            "Nothing new. Batches wait: cooldown until 2026-03-10 13:10 UTC.",
        ),
        (run(failed=2), "flights · new data → 2 given up", "2 given up."),
        (run((ONE,)), TOLD, "Keep shadowing: 8.9 of 200."),
        (run((ONE,), failed=1), TOLD, "Keep shadowing: 8.9 of 200. 1 given up."),
        (run((ONE,), waits="cooldown"), TOLD, "Keep shadowing: 8.9 of 200. Batches wait: cooldown."),
        (
            run((YEAR[4], YEAR[5], ONE), waits="cooldown"),
            "flights · 2013-05 to 2013-07 · new data → keep shadowing",
            "3 turns; the last one, 2013-07: Keep shadowing: 8.9 of 200. Batches wait: cooldown.",
        ),
        (
            run(taken_by=BUSY),
            "flights · new data → taken along",
            "The reason is recorded. Process 4711 on box.example works on 'flights'.",
        ),
        (run((ONE,), taken_by=BUSY), TOLD, "Keep shadowing: 8.9 of 200."),
        (run((ONE,), problem="a.csv is not there."), TOLD, "Keep shadowing: 8.9 of 200. a.csv is not there."),
    ],
)
def test_a_run_tells_what_it_came_to(ended: tuple[str, str], name: str, message: str):
    assert ended == (name, message)


@pytest.mark.parametrize(
    ("state", "told"),
    [
        (HealthState.WELL, "well"),
        (HealthState.WATCH, "watch"),
        (HealthState.UNWELL, "not well"),
        (HealthState.NOT_JUDGED, "not judged"),
    ],
)
def test_a_look_at_the_live_model_tells_its_state_and_why(state: HealthState, told: str):
    ended = endings.monitor("flights", Health(state, ("its loss was 0.59", "more")))

    assert ended.name == f"flights · monitor → {told}"
    assert ended.message == f"{told.capitalize()}: its loss was 0.59."


@pytest.mark.parametrize(
    ("found", "told"),
    [
        ((0, False, False, False, 0), "nothing new"),
        ((3, False, False, False, 0), "3 new"),
        ((0, False, False, False, 1), "1 alert"),
        ((0, True, False, True, 2), "a crashed run closed, started what was missed, 2 alerts"),
        ((1, False, True, False, 0), "1 new, the champion is too old"),
    ],
)
def test_a_look_at_the_source_tells_what_it_led_to(found: tuple[int, bool, bool, bool, int], told: str):
    ended = endings.poll("flights", *found)

    assert ended.name == f"flights · poll → {told}"
    assert ended.message == f"{told[0].upper()}{told[1:]}."


def test_the_rows_of_a_batch_are_accounted_for_with_the_rules_that_kept_some_out():
    batch = replace(
        pieces.batch(8, "2013-08", 1000, 30, 9, False, 0.2),
        duplicates=5,
        findings=(RuleFinding("distance", "max", "above 5,000", 30, ("9999",)),),
    )

    rows = {str(row["what"]): (row["rows"], row["why"]) for row in endings.data_rows(batch)}

    assert rows["landed"] == (1000, "")
    assert rows["quarantined"] == (30, "")
    assert rows["exact duplicates"][0] == 5
    assert rows["accepted without a label"][0] == 9
    assert rows["distance: max"] == (30, "above 5,000")


def test_a_refused_batch_says_why_where_its_rows_are_told():
    first = endings.data_rows(worlds.refused_last().turns[-1].batch)[0]

    assert first["why"] == worlds.refused_last().turns[-1].batch.reason
