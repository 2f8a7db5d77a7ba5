"""The first sentences follow from the values."""

from dataclasses import replace

import pytest

from tasks.domain.label_records import LateLabels
from tasks.domain.observations import Health, HealthState
from tasks.domain.turns import Guard, History, Outcome
from tasks.reporting import captions, sentences
from tasks.validation.steps import label_intake
from tests.reporting import worlds


def with_last(history: History, **changes: object) -> History:
    return replace(history, turns=(*history.turns[:-1], replace(history.turns[-1], **changes)))


def test_a_champion_whose_share_is_off_needs_watching() -> None:
    world = worlds.year()

    told = sentences.headline(world, worlds.settings())

    assert (told.state, told.title) == ("watch", "Champion v6 needs watching")
    assert told.text.startswith("In December 2013 it expected 26\u202f% of flights to be late; 34\u202f% were.")
    assert "Its log loss on 27,010 flights was 0.590 (0.551 to 0.626)" in told.text
    assert told.action == "A model retrained on everything before did no better (0.598), so v6 stays live."
    assert told.note == "v6 is live since turn 6 (Jun 2013); six challengers since, none promoted."


@pytest.mark.parametrize(
    ("state", "title"),
    [
        (HealthState.WELL, "Champion v6 is well"),
        (HealthState.UNWELL, "Champion v6 is not well"),
        (HealthState.NOT_JUDGED, "Champion v6 was not judged in December 2013"),
    ],
)
def test_the_title_says_the_state(state: HealthState, title: str) -> None:
    world = with_last(worlds.year(), health=Health(state, ("It expected 26 % of flights to be late; 27 % were.",)))

    told = sentences.headline(world, worlds.settings())

    assert told.title == title


def test_a_turn_that_took_in_labels_alone_says_nothing_of_the_live_model() -> None:
    world = worlds.year()
    labels = label_intake.record("d", "returns-1", LateLabels(landed=3, taken=3))
    turn = replace(worlds.bare_turn(13, labels), outcome=Outcome.NOT_JUDGED, reasons=("3 labels landed: 3 are new",))

    told = sentences.headline(replace(world, turns=(*world.turns, turn)), worlds.settings())

    assert told == sentences.headline(world, worlds.settings())


def test_the_labels_of_all_deliveries_are_told_together() -> None:
    world = worlds.year()
    counts = (LateLabels(landed=900, taken=880, unknown=7, empty=20), LateLabels(landed=120, taken=120, corrected=1))
    turns = [
        replace(worlds.bare_turn(number, label_intake.record(str(number), "a", one)), outcome=Outcome.NOT_JUDGED)
        for number, one in enumerate(counts, start=13)
    ]

    told = captions.data(replace(world, turns=(*world.turns, *turns)), worlds.settings())

    assert (
        "1,020 labels landed: 1,000 are new, 20 are not known yet. 7 of 1,000 labels name rows that are not there, and "
        "wait for them. 1 differs from the label that was used, which stays."
    ) in told
    assert captions.total(replace(world, turns=(*world.turns, *turns))) == captions.total(world)


def test_other_values_make_other_sentences() -> None:
    world = worlds.year()
    score = worlds.score("c", 1000, 0.1, 0.2, 0.7, 0.6, 0.8)
    changed = with_last(world, champion=score, health=Health(HealthState.WATCH, ()))

    told = sentences.headline(changed, worlds.settings(row=("order", "orders"), outcome="returned"))

    assert "it expected 10\u202f% of orders to be returned; 20\u202f% were." in told.text
    assert (
        "Its log loss on 1,000 orders was 0.700 (0.600 to 0.800), against 0.538 (0.498 to 0.578) at its gate"
        in told.text
    )


def test_a_better_challenger_without_enough_evidence_is_named_with_what_it_lacks() -> None:
    world = worlds.year()
    pair = replace(world.turns[-2].comparison, gain=0.004)
    evidence = replace(world.turns[-2].evidence, value=3.1)

    told = sentences.headline(with_last(world, comparison=pair, evidence=evidence), worlds.settings())

    assert told.action.endswith("had 0.598, but the evidence for it is 3.1 and needs 200, so v6 stays live.")


def test_evidence_that_is_enough_is_not_said_to_be_too_little() -> None:
    world = worlds.year()
    last, reason = world.turns[-1], "evidence 250 ≥ 200, but the gain on this batch, +0.0009, is not above 1\u202f%"
    better = {"comparison": replace(last.comparison, gain=0.0009), "evidence": replace(last.evidence, value=250.0)}
    weak = with_last(world, verdict=replace(last.verdict, reasons=(reason,)), **better)

    told = sentences.headline(weak, worlds.settings())

    assert told.action == f"A model retrained on everything before had 0.598: {reason}, so v6 stays live."


def test_an_objection_of_a_guard_is_the_reason_where_the_challenger_is_better() -> None:
    world = worlds.year()
    last = world.turns[-1]
    verdict = replace(last.verdict, guards=(Guard("slices", True, "1 of 13 slices worse: carrier UA"),))
    better = {"comparison": replace(last.comparison, gain=0.02), "evidence": replace(last.evidence, value=300)}

    objected = sentences.headline(with_last(world, verdict=verdict, **better), worlds.settings())
    no_better = sentences.headline(with_last(world, verdict=verdict), worlds.settings())

    assert "a guard objects (1 of 13 slices worse: carrier UA), so v6 stays live" in objected.action
    assert no_better.action.endswith("did no better (0.598), so v6 stays live.")


def test_a_refused_batch_is_not_a_bad_model() -> None:
    world = worlds.refused_last()

    told = sentences.headline(world, worlds.settings())

    assert (told.state, told.title) == ("refused", "Batch refused; champion v6 not judged")
    assert "2013-08 (29,327 flights) was refused: 'pressure': 26,567 of 29,327 rows are below 900 hPa." in told.text
    assert "In July 2013 v6 needed watching" in told.text
    assert "v6 stays live" in told.action


def test_a_refused_first_batch_leaves_no_champion() -> None:
    world = worlds.refused_last()
    only = replace(world, turns=world.turns[-1:], promotions=(), gates=(), models=())

    told = sentences.headline(only, worlds.settings())

    assert told.title == "Batch refused; no champion yet"
    assert "stays live" not in told.action


def test_a_new_champion_is_told_beside_the_one_before() -> None:
    world = worlds.promoted_last()

    told = sentences.headline(world, worlds.settings())

    assert (told.state, told.title) == ("new", "Champion v6 is new")
    assert "0.538 (0.498 to 0.578) on 27,062 flights it was not trained on; v3 had 0.580 (0.525 to 0.624)" in told.text
    assert told.action.startswith("It took over from v3: evidence 1,516 ≥ 200")


def test_what_a_new_champion_won_by_ends_once() -> None:
    world = with_last(worlds.promoted_last(), verdict=None, reasons=("It was better.",))

    told = sentences.headline(world, worlds.settings())

    assert told.action == "It took over from v3: It was better. The next batch tells whether it holds."


def test_the_first_champion_is_told_beside_no_model() -> None:
    world = worlds.first_turn()

    told = sentences.headline(world, worlds.settings())

    assert told.title == "Champion v1 is the first"
    assert told.text.endswith("without a model it would have been 0.624.")
    assert told.action.startswith("v1 beats no model by 0.0381.")


def test_without_a_champion_the_reason_is_told() -> None:
    world = worlds.no_champion()

    told = sentences.headline(world, worlds.settings())

    assert told.title == "No champion yet"
    assert told.text.startswith("Two batches with 51,913 flights came in. In February 2013: v2 does not beat no model")


def test_a_batch_with_too_few_rows_is_not_judged_and_the_last_judgement_is_told() -> None:
    world = worlds.not_judged_last()

    told = sentences.headline(world, worlds.settings())

    assert (told.state, told.title) == ("unjudged", "Champion v6 was not judged in December 2013")
    assert told.text.startswith("It could not be judged: 412 labelled flights, needs 500.")
    assert (
        "In November 2013 v6 needed watching: it expected 25\u202f% of flights to be late; 18\u202f% were." in told.text
    )


def test_a_turn_that_was_given_up_is_told_beside_the_state_of_the_champion() -> None:
    told = sentences.headline(worlds.given_up_last(), worlds.settings())

    assert (told.state, told.title) == ("refused", "Turn given up; champion v6 needs watching")
    assert told.text == (
        f"In December 2013 the turn failed: {worlds.GIVEN_UP}. "
        "In December 2013 v6 needed watching: it expected 26\u202f% of flights to be late; 34\u202f% were."
    )
    assert told.action == "It is not tried again; the next batch goes on with v6."


def test_a_turn_that_was_given_up_before_its_champion_was_scored_tells_the_last_judgement() -> None:
    world = with_last(worlds.given_up_last(), champion=None, health=None)

    told = sentences.headline(world, worlds.settings())

    assert told.title == "Turn given up; champion v6 was not judged"
    assert "In November 2013 v6 needed watching: it expected 25\u202f%" in told.text


def test_a_turn_that_was_given_up_after_its_promotion_says_nothing_of_the_new_champion() -> None:
    world = worlds.promoted_last()
    failed = with_last(world, outcome=Outcome.FAILED, reasons=(worlds.GIVEN_UP,))

    told = sentences.headline(failed, worlds.settings())

    assert told.title == "Turn given up; champion v6 was not judged"
    assert f"the turn failed: {worlds.GIVEN_UP}. In June 2013 v3 needed watching" in told.text
    assert told.action == "It is not tried again; the next batch goes on with v6."


def test_before_anything_came_in_that_is_what_is_said() -> None:
    world = History("flights", (), (), (), ())

    told = sentences.headline(world, worlds.settings())

    assert told.title == "Nothing has come in yet"


def test_moved_columns_of_which_most_belong_to_a_group_are_told_so() -> None:
    drift = worlds.drift(3)
    stranger = replace(drift.columns[0], moved=True)
    mixed = replace(drift, columns=(stranger, *drift.columns[1:]))

    told = sentences.moved_groups(mixed, worlds.settings())
    untold = sentences.moved_groups(mixed, worlds.settings(groups={}, notes={}))

    assert told.endswith("of them are weather columns: the season.")
    assert untold == ""


def test_the_reason_of_a_refusal_is_that_of_the_batch() -> None:
    refused = worlds.refused_last().turns[-1]

    assert refused.outcome is Outcome.REFUSED
    assert sentences.why(refused) == "'pressure': 26,567 of 29,327 rows are below 900 hPa"
