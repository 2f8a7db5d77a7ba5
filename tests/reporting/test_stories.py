"""A story tells why its turn was decided as it was."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tasks.domain.turns import Guard, RetrainingDecision, StepTime, Verdict, VerdictKind
from tasks.reporting import sentences, stories
from tests.reporting import worlds


def told(history: worlds.History, number: int) -> dict[str, str]:
    turn = next(turn for turn in history.turns if turn.number == number)
    return {part.name: " ".join(part.sentences) for part in stories.story(history, turn, worlds.settings())}


def test_a_rejected_challenger_is_told_from_trigger_to_action() -> None:
    story = told(worlds.year(), 13)

    assert list(story) == ["Trigger", "Data", "Inputs", "Champion", "Evidence", "Verdict", "Action"]
    assert story["Data"].startswith("28,135 flights landed: 28,123 accepted, 12 quarantined (12 aircraft_age), 0 dup")
    assert "Seven of 16 columns moved since v6 was trained; by importance: 'pressure':" in story["Inputs"]
    assert story["Champion"].startswith("v6 needed watching. In December 2013 it expected 26\u202f% of flights")
    assert "0.0080 more per flight than v6 (gain −0.0080 (−0.0192 to −0.0001), 95\u202f% interval)" in story["Evidence"]
    assert "Over 30 days the evidence went from 3.1 to 0.33; it needs 200." in story["Evidence"]
    assert story["Verdict"].startswith("Reject: evidence 0.33, needs 200.")
    assert story["Action"] == "None. v6 stays live. The next batch starts with evidence 1.0."


def test_a_promotion_names_both_versions() -> None:
    story = told(worlds.year(), 6)

    assert story["Action"] == "v6 is live in place of v3."
    assert "No guard objected: calibration (calibration error 0.05)" in story["Verdict"]


def test_evidence_that_is_kept_is_carried() -> None:
    story = told(worlds.year(), 7)

    assert story["Action"] == "None. v6 stays live. The next batch starts with evidence 8.9."


def test_a_refused_batch_is_told_as_a_fault_of_the_data() -> None:
    story = told(worlds.year(), 8)

    assert "'pressure' must be at least 900 hPa: 26,567 rows are not." in story["Data"]
    assert story["Inputs"] == "Not judged: a data fault is not drift."
    assert story["Action"] == "Nothing was trained and nothing was scored; v6 stays live."


def test_the_first_champion_is_compared_with_no_model() -> None:
    story = told(worlds.year(), 1)

    assert "0.0381 less per flight than no model" in story["Evidence"]
    assert story["Action"] == "v1 is live: the first champion."
    assert "Champion" not in story


def test_a_turn_that_was_given_up_tells_that_reason_and_not_its_verdict() -> None:
    world = worlds.given_up_last()
    bare = replace(world, promotions=())

    assert told(world, 13)["Verdict"].startswith(f"Failed: {worlds.GIVEN_UP}.")
    assert told(world, 13)["Action"] == "The turn is not tried again. The next batch goes on with v6."
    assert told(bare, 13)["Action"] == "The turn is not tried again. There is no champion yet."


def test_objections_of_guards_are_told_once() -> None:
    world = worlds.year()
    reason = "slices objects: 1 of 13 slices worse"
    verdict = Verdict(VerdictKind.REJECT, (reason,), (Guard("slices", True, "1 of 13 slices worse"),))
    turn = replace(world.turns[-1], verdict=verdict)

    story = told(replace(world, turns=(*world.turns[:-1], turn)), 13)

    assert story["Verdict"] == f"Reject: {reason}."


def test_the_bars_say_on_how_many_clusters_the_challenger_was_better() -> None:
    turn = worlds.year().turns[5]
    assert turn.comparison

    text = stories.clusters(turn.comparison, turn, worlds.settings())

    better = sum(b > c for b, c in zip(turn.comparison.base_loss, turn.comparison.challenger_loss, strict=True))
    assert text == f"Gain of v6 per day: better on {better} of 30 days"


@pytest.mark.parametrize(("rows", "told_as"), [(1, "1 older row"), (1_200, "1,200 older rows")])
def test_rows_that_are_not_judged_are_told_with_the_evidence_and_the_reason(rows: int, told_as: str) -> None:
    world = worlds.year()
    turn = replace(world.turns[6], decision=RetrainingDecision(retrain=True, reasons=("a probe shows",), older=rows))

    (evidence,) = (part for part in stories.story(world, turn, worlds.settings()) if part.name == "Evidence")

    assert evidence.sentences[-1] == f"Kept, and not judged: {told_as}, because that time had been judged before."
    assert sentences.why(turn) == f"{sentences.why(world.turns[6])}; {told_as} not judged"


def test_a_turn_of_which_nothing_is_known_is_told_as_not_finished() -> None:
    story = told(worlds.silent(), 3)

    assert story["Verdict"] == "Not finished."
    assert story["Action"] == "The turn is not finished; the next run goes on with it."


def test_each_number_without_a_model_says_whose_training_data_it_is_from() -> None:
    world = worlds.year()
    guard = Guard("beats a dummy", False, "log loss 0.598, no model 0.661")
    turn = replace(world.turns[-1], verdict=Verdict(VerdictKind.REJECT, ("too little",), (guard,)))

    story = told(replace(world, turns=(*world.turns[:-1], turn)), 13)

    own = "log loss without a model 0.659 (the share in the training data of v6, said for every flight)"
    assert own in story["Champion"]
    assert story["Verdict"].endswith(
        "beats a dummy (log loss 0.598, no model 0.661). "
        "“No model” of the guard 'beats a dummy' is the share in the training data of v12."
    )


def test_a_guard_that_is_not_told_is_not_explained() -> None:
    world = worlds.year()
    guards = (Guard("slices", True, "1 is worse"), Guard("beats a dummy", False, "log loss 0.598, no model 0.661"))
    verdict = Verdict(VerdictKind.REJECT, ("guard 'slices' objects: 1 is worse",), guards)
    turn = replace(world.turns[-1], verdict=verdict)

    story = told(replace(world, turns=(*world.turns[:-1], turn)), 13)

    assert story["Verdict"] == "Reject: guard 'slices' objects: 1 is worse."


def test_a_reason_that_is_a_sentence_ends_once() -> None:
    world = worlds.refused_last()
    batch = replace(world.turns[-1].batch, reason="The columns 'a' and 'b' are missing.")
    turn = replace(world.turns[-1], batch=batch, reasons=("The columns 'a' and 'b' are missing.",))

    story = told(replace(world, turns=(*world.turns[:-1], turn)), 8)

    assert story["Data"].startswith("The columns 'a' and 'b' are missing. ")
    assert story["Verdict"] == "Batch refused: The columns 'a' and 'b' are missing."


def test_who_ran_a_turn_and_how_long_each_step_took_is_told_last() -> None:
    history, began = worlds.year(), datetime(2013, 7, 1, 6, 30, tzinfo=UTC)
    steps = (StepTime("reading and checking", began, 1.24), StepTime("deciding", began, None))
    turn = replace(history.turns[5], steps=steps, by="ann at laptop, worker incumbent")

    last = stories.story(history, turn, worlds.settings())[-1]

    assert last.name == "Run"
    assert last.sentences == (
        "By ann at laptop, worker incumbent on 2013-07-01 06:30 UTC: reading and checking 1.2\u202fs.",
    )
