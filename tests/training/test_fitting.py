"""Fitting: the same order gives the same model, and a bundle that cannot be trusted is a fact and no crash."""

from collections.abc import Sequence

import pandas as pd
import pytest

from configs.settings import PipelineSettings
from tasks.adapters.home import Home
from tasks.domain.records import Batch, Snapshot
from tasks.domain.turns import Outcome, RetrainingDecision, TurnRef, Verdict, VerdictKind
from tasks.training.steps import fitting, handles
from tasks.training.windows import Opening, Plan
from tests import shop, stored
from tests.sizes import size

FAMILIES = ("hist_gradient_boosting", "logistic_regression")


@pytest.fixture
def settings(shop_home: Home) -> PipelineSettings:
    return shop_home.settings("shop")


def turns(home: Home, batches: Sequence[Batch]) -> list[TurnRef]:
    numbers = [home.ledger.turns.open("shop", batch.id, batch.name, None) for batch in batches]
    return [TurnRef("shop", number, batch.id, batch.name) for number, batch in zip(numbers, batches, strict=True)]


def two_weeks(home: Home) -> list[Batch]:
    return [shop.take_in(home, f"week {number}", shop.week(number)) for number in (1, 2)]


def planned(home: Home, turn: TurnRef, batch: Batch) -> Plan | None:
    """What is learned from in the turn of a batch."""
    return fitting.plan(home, turn, fitting.pool(home, turn, batch))


def a_snapshot(home: Home) -> Snapshot:
    (batch, *_) = two_weeks(home)
    (turn,) = turns(home, [batch])
    plan = planned(home, turn, batch)
    assert plan is not None
    return handles.rows(home).select(plan, home.settings("shop"))


def test_a_first_model_learns_from_the_older_half_of_all_there_is(shop_home: Home) -> None:
    batches = two_weeks(shop_home)
    first, second = turns(shop_home, batches)

    plans = [planned(shop_home, turn, batch) for turn, batch in zip((first, second), batches, strict=True)]

    halves = [(plan.batches, plan.cutoff, plan.ignores_arrival) for plan in plans if plan is not None]
    assert halves == [
        ((batches[0],), shop.START + pd.Timedelta(days=3), True),
        (tuple(batches), shop.START + pd.Timedelta(days=7), True),
    ]


def test_with_a_champion_all_before_a_batch_is_learned_from(shop_home: Home) -> None:
    batches = two_weeks(shop_home)
    first, second = turns(shop_home, batches)
    shop_home.ledger.promotions.promote("shop", 1, "m", first.number, by="first champion policy", reason="better")
    shop_home.ledger.promotions.record_verdict("shop", first.number, None, "m", JUDGED)

    plan = planned(shop_home, second, batches[1])

    assert plan == Plan((batches[0],), None, batches[1].first_event or END)


def test_with_a_champion_a_batch_before_all_others_is_not_split(shop_home: Home) -> None:
    batches = two_weeks(shop_home)
    late, _ = turns(shop_home, batches)
    shop_home.ledger.promotions.promote("shop", 1, "m", 0, by="first champion policy", reason="better")

    assert planned(shop_home, late, batches[0]) is None


def test_a_batch_in_which_nothing_is_new_has_no_plan(shop_home: Home) -> None:
    shop.take_in(shop_home, "week 1", shop.week(1))
    again = shop.take_in(shop_home, "the same rows", shop.week(1))
    (turn,) = turns(shop_home, [again])

    assert (again.accepted, again.duplicates) == (0, 336)
    assert planned(shop_home, turn, again) is None


# ── from when on a batch is judged ────────────────────────────────────────────────────────────────────────────────
JUDGED = Verdict(VerdictKind.REJECT, ("not better",))
WEEK_3 = shop.START + pd.Timedelta(weeks=2)
END = WEEK_3 - pd.Timedelta(days=1, minutes=30)
"""The last of 288 labelled rows of the second week, half an hour apart."""


def with_dates(frame: pd.DataFrame, rows: slice, moment: str) -> pd.DataFrame:
    """The same rows, of which some have another date, each one second after the other."""
    at = frame["at"].copy()
    at.iloc[rows] = pd.date_range(moment, periods=len(at.iloc[rows]), freq="s", tz="UTC").as_unit("us")
    return frame.assign(at=at)


def opening_of(home: Home, second: pd.DataFrame, third: pd.DataFrame) -> tuple[Opening, Plan | None]:
    """From when on the third week is judged when the second one was, and what is learned from for it."""
    weeks = [shop.take_in(home, f"week {number}", rows) for number, rows in enumerate((shop.week(1), second, third), 1)]
    one, two, three = turns(home, weeks)
    for turn in (one, two):
        home.ledger.promotions.record_verdict("shop", turn.number, None, "m", JUDGED)
    home.ledger.promotions.promote("shop", 1, "m", one.number, by="first champion policy", reason="better")
    return fitting.opening(home, three, weeks[2]), planned(home, three, weeks[2])


def test_a_batch_that_begins_after_what_was_judged_is_judged_whole(shop_home: Home) -> None:
    opening, _ = opening_of(shop_home, shop.week(2), shop.week(3))

    assert opening == Opening(WEEK_3)


def test_a_row_far_ahead_in_a_judged_batch_keeps_no_later_batch_from_being_judged(shop_home: Home) -> None:
    opening, plan = opening_of(shop_home, with_dates(shop.week(2), slice(0, 1), "2014-05-01"), shop.week(3))

    assert opening == Opening(WEEK_3)
    assert plan is not None
    assert (len(plan.batches), plan.cutoff) == (2, WEEK_3)


@pytest.mark.parametrize("moved", [1, 7, 100])
def test_stragglers_are_left_out_and_the_rest_is_judged(moved: int, shop_home: Home) -> None:
    first = WEEK_3 + moved * pd.Timedelta(minutes=30)
    opening, plan = opening_of(shop_home, shop.week(2), with_dates(shop.week(3), slice(0, moved), "2012-02-01"))

    assert opening == Opening(first, moved)
    assert plan is not None
    assert (len(plan.batches), plan.cutoff) == (2, first)


@pytest.mark.parametrize(("moved", "late"), [(238, False), (239, True), (336, True)])
def test_a_batch_with_too_few_rows_after_what_was_judged_is_late(moved: int, late: bool, shop_home: Home) -> None:
    opening, _ = opening_of(shop_home, shop.week(2), with_dates(shop.week(3), slice(0, moved), "2013-01-01"))

    assert (opening.late, opening.older) == (late, min(moved, 288))
    assert (opening.watched_from is None) == late


def test_a_second_delivery_of_the_same_days_is_late(shop_home: Home) -> None:
    others = shop.week(2).assign(at=lambda rows: rows["at"] - pd.Timedelta(minutes=1))
    opening, _ = opening_of(shop_home, shop.week(2), others)

    assert opening == Opening(END, older=288, late=True)


def test_rows_of_which_nobody_knows_any_more_when_they_happened_end_nothing(shop_home: Home) -> None:
    settings = shop_home.settings("shop")
    times = settings.ingestion.times.model_copy(update={"event": "settled", "label": None})
    renamed = settings.model_copy(update={"ingestion": settings.ingestion.model_copy(update={"times": times})})
    frame = shop.week(1)
    unknown = pd.Series(pd.NaT, index=frame.index, dtype=frame["learned"].dtype)
    batch = shop.take_in(shop_home, "a", frame.assign(settled=unknown))

    assert len(handles.rows(shop_home).events(batch, renamed)) == 0


@pytest.mark.parametrize("family", FAMILIES)
def test_the_same_order_gives_the_same_bytes(family: str, shop_home: Home, settings: PipelineSettings) -> None:
    snapshot = a_snapshot(shop_home)

    one, other = (
        fitting.fit(shop_home, fitting.order(shop_home, settings, snapshot, family), settings) for _ in range(2)
    )

    assert (one.id, one.bundle, one.golden) == (other.id, other.bundle, other.golden)
    assert one.id == fitting.order(shop_home, settings, snapshot, family).model
    assert (one.family, one.snapshot, one.seed) == (family, snapshot, 5)
    assert one.base_rate == snapshot.positives / snapshot.rows
    assert one.bundle_bytes == stored.bundle(shop_home, one.bundle).stat().st_size


def test_another_seed_candidate_or_selection_is_another_model(shop_home: Home, settings: PipelineSettings) -> None:
    snapshot = a_snapshot(shop_home)
    reseeded = settings.model_copy(update={"training": settings.training.model_copy(update={"seed": 6})})
    orders = [fitting.order(shop_home, settings, snapshot, family) for family in FAMILIES]
    orders.append(fitting.order(shop_home, reseeded, snapshot, FAMILIES[0]))

    ids = {order.model for order in orders}

    assert len(ids) == 3


def test_nothing_is_committed_by_a_fit(shop_home: Home, settings: PipelineSettings) -> None:
    fitting.fit(shop_home, fitting.order(shop_home, settings, a_snapshot(shop_home), FAMILIES[1]), settings)

    assert shop_home.ledger.models.all("shop") == []


def test_a_bundle_is_inspected_as_serving_would_load_it(shop_home: Home, settings: PipelineSettings) -> None:
    model = fitting.fit(shop_home, fitting.order(shop_home, settings, a_snapshot(shop_home), FAMILIES[0]), settings)

    facts = fitting.inspect(shop_home, model, settings)

    assert facts.problem is None
    assert facts.megabytes == model.bundle_bytes / 1e6
    assert 0 < facts.latency_ms < 10_000


@pytest.mark.parametrize("part", ["bundle", "golden"])
def test_a_bundle_that_is_not_the_one_of_its_gate_is_a_fact_with_a_reason(
    part: str, shop_home: Home, settings: PipelineSettings
) -> None:
    model = fitting.fit(shop_home, fitting.order(shop_home, settings, a_snapshot(shop_home), FAMILIES[0]), settings)
    paths = {
        "bundle": stored.bundle(shop_home, model.bundle),
        "golden": stored.golden(shop_home, model.golden),
    }
    paths[part].write_bytes(b"something else")

    facts = fitting.inspect(shop_home, model, settings)

    assert facts.problem is not None
    assert "was changed after its gate" in facts.problem


# ── batches that are judged as one ────────────────────────────────────────────────────────────────────────────────
def short_weeks(home: Home, *numbers: int) -> list[TurnRef]:
    """A champion that won in the first week, and turns of others; none of those has been judged.

    Each week arrives before the next one begins.
    """
    frames = {number: shop.week(number) for number in (1, *numbers)}
    early = {at: frame.assign(learned=frame["learned"] - pd.Timedelta(hours=1)) for at, frame in frames.items()}
    weeks = [shop.take_in(home, f"week {number}", frame) for number, frame in early.items()]
    first, *others = turns(home, weeks)
    home.ledger.promotions.promote("shop", 1, "m", first.number, by="first champion policy", reason="better")
    home.ledger.promotions.record_verdict("shop", first.number, None, "m", JUDGED)
    return others


def pooled(home: Home, turn: TurnRef) -> list[str]:
    batch = home.ledger.batches.get("shop", turn.batch)
    assert batch is not None
    return [one.name for one in fitting.pool(home, turn, batch).batches]


def decided(home: Home, turn: TurnRef, *members: TurnRef) -> None:
    """The turn has judged these as one."""
    decision = RetrainingDecision(True, ("why",), pool=tuple(one.batch for one in members))
    home.ledger.turns.note("shop", turn.number, decision=decision)
    home.ledger.promotions.record_verdict("shop", turn.number, "m", "p", JUDGED)


def test_what_was_not_judged_waits_for_the_next_batch(shop_home: Home) -> None:
    two, three, four = short_weeks(shop_home, 2, 3, 4)

    assert [pooled(shop_home, turn) for turn in (two, three, four)] == [
        ["week 2"],
        ["week 2", "week 3"],
        ["week 2", "week 3", "week 4"],
    ]


def passed_over(home: Home, turn: TurnRef) -> list[str]:
    batch = home.ledger.batches.get("shop", turn.batch)
    assert batch is not None
    return [one.name for one in fitting.pool(home, turn, batch).passed]


def test_what_nothing_can_be_learned_for_holds_up_no_later_ones(shop_home: Home) -> None:
    turns = short_weeks(shop_home, 2, 3, 4)
    ask_for(shop_home, min_rows=400)  # week 1 alone has fewer

    assert [pooled(shop_home, turn) for turn in turns] == [["week 2"], ["week 3"], ["week 3", "week 4"]]
    assert [passed_over(shop_home, turn) for turn in turns] == [[], ["week 2"], ["week 2"]]


def test_where_nothing_can_be_learned_for_any_all_wait(shop_home: Home) -> None:
    _, three = short_weeks(shop_home, 2, 3)
    ask_for(shop_home, min_rows=900)

    assert pooled(shop_home, three) == ["week 2", "week 3"]


def test_batches_that_came_in_another_order_are_pooled_in_event_order(shop_home: Home) -> None:
    three, two = short_weeks(shop_home, 3, 2)

    assert pooled(shop_home, two) == ["week 2", "week 3"]
    assert pooled(shop_home, three) == ["week 3"]


def test_what_was_judged_as_one_is_judged_once(shop_home: Home) -> None:
    two, three, four = short_weeks(shop_home, 2, 3, 4)

    decided(shop_home, three, two, three)

    assert pooled(shop_home, four) == ["week 4"]
    assert [one.name for one in shop_home.ledger.batches.judged("shop", before=4)] == ["week 1", "week 2", "week 3"]


def test_a_batch_whose_turn_was_given_up_is_left_out(shop_home: Home) -> None:
    two, three = short_weeks(shop_home, 2, 3)

    shop_home.ledger.turns.close("shop", two.number, Outcome.FAILED, ("given up",))

    assert pooled(shop_home, three) == ["week 3"]


def test_what_waits_goes_on_after_a_rollback(shop_home: Home) -> None:
    two, three = short_weeks(shop_home, 2, 3)
    shop_home.ledger.promotions.promote("shop", 2, "n", two.number, by="evidence rule", reason="better")

    shop_home.ledger.promotions.roll_back("shop", 1, "m", live=2, hold=True, by="me", reason="complaints")

    assert pooled(shop_home, three) == ["week 2", "week 3"]


def test_between_turns_it_is_known_what_waits(shop_home: Home) -> None:
    short_weeks(shop_home, 2, 3)

    found = fitting.waiting(shop_home, "shop")

    assert found is not None
    assert [one.name for one in found.batches] == ["week 2", "week 3"]


def test_the_probe_learns_from_what_is_before_the_first_of_them(shop_home: Home) -> None:
    *_, three = short_weeks(shop_home, 2, 3)
    batch = shop_home.ledger.batches.get("shop", three.batch)
    assert batch is not None

    plan = planned(shop_home, three, batch)

    assert plan is not None
    assert ([one.name for one in plan.batches], plan.cutoff) == (["week 1"], shop.START + pd.Timedelta(weeks=1))


def test_rows_of_several_batches_are_judged_as_if_they_had_come_at_once(shop_home: Home) -> None:
    settings, *_, three = shop_home.settings("shop"), *short_weeks(shop_home, 2, 3)
    batch = shop_home.ledger.batches.get("shop", three.batch)
    assert batch is not None
    pool = fitting.pool(shop_home, three, batch)

    together = handles.rows(shop_home).judged(pool, pool.moment, settings)

    apart = [handles.rows(shop_home).judged(one, None, settings) for one in pool.batches]
    assert together.size == size(576, sum(int(one.outcomes.sum()) for one in apart), 12)
    assert together.prepared.equals(pd.concat([one.prepared for one in apart], ignore_index=True))
    assert handles.rows(shop_home).count(pool, batch.first_event, settings) == apart[1].size


# ── labels that take their time ───────────────────────────────────────────────────────────────────────────────────
def ask_for(home: Home, **rules: int) -> None:
    settings = home.settings("shop")
    learning = settings.training.model_copy(update=rules)
    home._settings["shop"] = settings.model_copy(update={"training": learning})


@pytest.mark.parametrize(
    ("days", "pools"),
    [
        (1, [["week 1"], ["week 2"], ["week 2", "week 3"]]),
        (8, [[], [], ["week 2"]]),
        (15, [[], [], []]),
    ],
)
def test_a_batch_is_judged_when_its_labels_had_time_to_come(days: int, pools: list[list[str]], shop_home: Home) -> None:
    ask_for(shop_home, mature_after=days)
    two, three = short_weeks(shop_home, 2, 3)
    first = TurnRef("shop", 1, shop_home.ledger.batches.accepted("shop")[0].id, "week 1")

    assert [pooled(shop_home, turn) for turn in (first, two, three)] == pools


def test_a_batch_that_is_judged_in_a_later_turn_is_named_with_it(shop_home: Home) -> None:
    ask_for(shop_home, mature_after=8)
    two, three = short_weeks(shop_home, 2, 3)
    batch = shop_home.ledger.batches.get("shop", three.batch)
    assert batch is not None

    pool = fitting.pool(shop_home, three, batch)

    assert (pool.members, pool.id) == ((two.batch,), two.batch)


def test_with_an_age_less_is_learned_from(shop_home: Home, settings: PipelineSettings) -> None:
    usual = handles.rows(shop_home).select(Plan(tuple(two_weeks(shop_home)), None, WEEK_3), settings)
    ask_for(shop_home, mature_after=10)
    older = shop_home.settings("shop")

    found = handles.rows(shop_home).select(Plan(tuple(shop_home.ledger.batches.accepted("shop")), None, WEEK_3), older)

    assert (usual.rows, found.rows) == (288, 193)
    assert found.id != usual.id
    assert found.excluded_unknown - usual.excluded_unknown == 95
