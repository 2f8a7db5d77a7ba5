"""Each caption is a finding that follows from the values under it."""

from dataclasses import replace

from tasks.domain.records import Comparison
from tasks.domain.turns import Guard, RetrainingDecision, Turn, Verdict, VerdictKind
from tasks.reporting import captions
from tests.reporting import worlds


def with_gain(turn: Turn, low: float, high: float) -> Turn:
    pair = turn.comparison
    assert isinstance(pair, Comparison)
    return replace(turn, comparison=replace(pair, low=low, high=high, gain=(low + high) / 2))


def test_promotions_are_measured_against_retraining_every_turn() -> None:
    told = captions.loss(worlds.year())

    assert told == (
        "Two promotions captured 80\u202f% of what putting a retrained model live at each of 11 turns "
        "would have gained."
    )


def test_without_promotions_the_gain_that_was_left_is_told() -> None:
    world = replace(worlds.year(), promotions=worlds.year().promotions[:1])

    told = captions.loss(world)

    assert told.startswith("Putting a retrained model live at each of 11 turns would have lowered the log loss by 0.0")


def test_promotions_that_cost_are_said_to_cost() -> None:
    world = worlds.year()
    worse = replace(world, turns=tuple(replace(turn, never=turn.probe, probe=turn.probe) for turn in world.turns))
    dearer = replace(
        world, turns=tuple(replace(turn, champion=turn.never, never=turn.champion) for turn in world.turns)
    )

    assert captions.loss(worse).endswith("would have gained nothing over never retraining.")
    assert captions.loss(dearer).startswith("Two promotions cost 0.0")


def test_retraining_pays_where_its_interval_lies_above_zero() -> None:
    turns = worlds.year().turns

    told = captions.gain(turns)

    assert told == (
        "Retraining would have paid in March, June and July and cost in December; the other seven batches do not tell."
    )


def test_intervals_that_reach_zero_do_not_tell() -> None:
    turns = [with_gain(turn, -0.01, 0.01) for turn in worlds.year().turns if turn.comparison]

    told = captions.gain(turns)

    assert told == "Whether retraining would have paid cannot be told from any of eleven batches."


def test_evidence_names_how_often_it_was_enough() -> None:
    turns = worlds.year().turns

    assert captions.evidence(turns, 200) == "At 200 a challenger takes over; that happened twice."
    assert captions.evidence(turns[6:], 200) == "At 200 a challenger takes over; the most was 8.9, in July 2013."
    assert captions.evidence(turns[:1], 200) == "No evidence yet; 200 is needed."


def enough(turn: Turn, kind: VerdictKind, *guards: Guard) -> Turn:
    """The turn with evidence of 250, judged so."""
    return replace(turn, evidence=replace(turn.evidence, value=250.0), verdict=Verdict(kind, ("why",), guards))


def test_a_guard_is_said_to_object_where_one_did() -> None:
    objects, silent = Guard("slices", True, "2 of 13 worse"), Guard("churn", False, "8 %")
    first, second = worlds.year().turns[9:11]
    vetoed = enough(first, VerdictKind.REJECT, silent, objects)
    weak = enough(second, VerdictKind.KEEP_SHADOWING, silent)

    told = [captions.evidence(turns, 200).partition("; ")[2] for turns in ([vetoed], [weak], [vetoed, weak])]

    assert told == [
        "that happened never, and a guard objected once.",
        "that happened never, and something else stood against it once.",
        "that happened never, and a guard objected once, and something else stood against it once.",
    ]


def test_evidence_of_a_turn_without_a_verdict_is_not_said_to_meet_anything() -> None:
    cut_off = replace(enough(worlds.year().turns[9], VerdictKind.REJECT), verdict=None)

    assert captions.evidence([cut_off], 200) == "At 200 a challenger takes over; that happened never."


def test_shares_name_the_side_on_which_they_were_off() -> None:
    told = captions.share(worlds.year().turns, worlds.settings())

    assert told == (
        "The expected share of late flights was off by more than 3 points in seven of eleven batches: "
        "too low in April, June, July and December; too high in September, October and November."
    )


def test_inputs_tell_how_many_moved_and_whether_they_matter() -> None:
    turn = worlds.year().turns[-1]

    told = captions.inputs(turn, worlds.settings())
    still = captions.inputs(replace(turn, drift=replace(turn.drift, columns=turn.drift.columns[:2])), worlds.settings())

    assert told.startswith("Seven of 16 columns moved in December 2013, all of them weather.")
    assert told.endswith("of the five that matter most to v12 are among them.")
    assert still == "None of 2 columns moved in December 2013."


def test_calibration_counts_the_groups() -> None:
    score = worlds.score("c", 1000, 0.3, 0.2, 0.5, None, None)

    told = captions.calibration(score, 4, worlds.settings())

    assert told == "Flights were late less often than v4 said in 10 of 10 groups."


def test_slices_are_the_highest_and_the_lowest() -> None:
    score = worlds.year().turns[-1].champion

    assert captions.slices(score) == "Highest loss: carrier WN (0.700); lowest: carrier DL (0.496)."
    assert captions.slices(None) == "No slice has enough rows to be judged."


def test_the_rows_add_up() -> None:
    world = worlds.year()

    told = captions.data(world, worlds.settings())

    assert told.startswith("336,776 flights landed in twelve batches: 336,548 accepted, 228 quarantined, 0 duplicates.")
    assert "9,422 accepted flights have no label (cancelled or diverted)" in told
    assert "One more delivery (29,327 flights) was refused whole." in told
    assert captions.total(world) == (
        "327,126 labelled + 9,422 without label + 228 quarantined + 0 duplicates = 336,776 landed."
    )


def test_rows_that_do_not_add_up_are_not_said_to() -> None:
    world = worlds.first_turn()
    lost = replace(world, turns=(replace(world.turns[0], batch=replace(world.turns[0].batch, landed=27005)),))

    assert captions.total(lost).endswith("= 27,004, which is not the 27,005 landed.")


def test_rows_that_were_not_judged_in_judged_batches_are_counted() -> None:
    older = [RetrainingDecision(retrain, ("why",), rows) for retrain, rows in ((True, 1_200), (True, 34), (False, 5))]
    world = worlds.year()
    turns = [replace(turn, decision=one) for turn, one in zip(world.turns[1:4], older, strict=True)]

    told = captions.left_out(replace(world, turns=(world.turns[0], *turns)), worlds.settings())

    assert ("1,234", "flights of judged batches, from before the end of what was judged by then") in told


def test_everything_that_is_left_out_is_counted() -> None:
    told = {text: count for count, text in captions.left_out(worlds.year(), worlds.settings())}

    assert told["quarantined flights"] == "228"
    assert told["rows of one batch refused whole"] == "29,327"
    assert told["flights in slices with too few of them, in the slice table (they are in the total)"] == "394"
