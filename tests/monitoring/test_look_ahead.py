"""A look at what waits, before a turn takes it in: it says what the turn will see, and leaves nothing behind."""

from datetime import datetime

import numpy as np
import pandas as pd
import pytest

from configs.errors import LandingFolderMissing
from tasks.adapters.home import Home
from tasks.domain.observations import Drift, Health, HealthState
from tasks.domain.records import Batch, Model
from tasks.domain.turns import Outcome
from tasks.ingestion.steps import arrivals
from tasks.monitoring.steps import look_ahead
from tasks.monitoring.steps.look_ahead import Seen
from tasks.training.steps import fitting, handles
from tests import shop

NO_CHAMPION = Health(HealthState.NOT_JUDGED, ("There is no champion yet.",))


def learned_by(week: int) -> datetime:
    moment: datetime = (shop.START + pd.Timedelta(weeks=week)).to_pydatetime()
    return moment


@pytest.fixture
def home(shop_home: Home) -> Home:
    """A champion that learned from the first two weeks and won in the turn of the second; nothing waits."""
    shop_home.landing("shop").mkdir(parents=True)
    settings = shop_home.settings("shop")
    weeks = [shop.take_in(shop_home, f"week {number}", shop.week(number, rows=336)) for number in (1, 2)]
    for batch in weeks:
        number = shop_home.ledger.turns.open("shop", batch.id, batch.name, None)
        shop_home.ledger.turns.close("shop", number, Outcome.NOT_JUDGED, ("why",))
    plan = fitting.windows.Plan(tuple(weeks), None, learned_by(4))
    snapshot = handles.rows(shop_home).select(plan, settings)
    model = fitting.fit(shop_home, fitting.order(shop_home, settings, snapshot, "logistic_regression"), settings)
    shop_home.ledger.models.record_snapshot("shop", snapshot)
    shop_home.ledger.models.record("shop", 2, model)
    version = shop_home.ledger.models.register("shop", model.id)
    shop_home.ledger.promotions.promote("shop", version, model.id, 2, by="first champion policy", reason="better")
    return shop_home


def put(home: Home, name: str, frame: pd.DataFrame) -> None:
    frame.to_parquet(home.landing("shop") / f"{name}.parquet", index=False)


def look(home: Home) -> list[Seen]:
    return look_ahead.look_ahead(home, "shop")


def seen(home: Home, name: str, frame: pd.DataFrame) -> Seen:
    put(home, name, frame)
    (found,) = look(home)
    return found


def moved(frame: pd.DataFrame) -> pd.DataFrame:
    """Other inputs, same outcomes."""
    return frame.assign(price=frame["price"] + 40, items=frame["items"] + 30, shop="b")


def ordinary(week: int = 3) -> pd.DataFrame:
    return shop.week(week)


def flipped(week: int = 3) -> pd.DataFrame:
    """The same inputs with the opposite outcomes."""
    frame = shop.week(week)
    return frame.assign(sold=~frame["sold"])


# ── what is seen ──────────────────────────────────────────────────────────────────────────────────────────────────
def test_an_ordinary_week_is_well_and_not_drifted(home: Home) -> None:
    found = seen(home, "week 3", ordinary())

    assert found.drift is not None
    assert not found.drift.drifted
    assert found.health.state in (HealthState.WELL, HealthState.WATCH)
    assert (found.name, found.batch) == ("week 3", arrivals.look(home, "shop").deliveries[0].digest)
    assert found.drift.batch == found.batch


def test_inputs_that_have_moved_are_drift(home: Home) -> None:
    found = seen(home, "week 3", moved(ordinary()))

    assert found.drift is not None
    assert found.drift.drifted
    assert {column.column for column in found.drift.moved} == {"price", "items", "shop"}


def test_a_model_that_is_worse_than_none_is_not_well(home: Home) -> None:
    found = seen(home, "week 3", flipped())

    assert found.drift is not None
    assert not found.drift.drifted
    assert found.health.state is HealthState.UNWELL
    assert "that of no model" in found.health.reasons[0]


def test_without_labels_the_inputs_are_watched_all_the_same(home: Home) -> None:
    found = seen(home, "week 3", moved(ordinary()).assign(sold=pd.array([pd.NA] * 336, dtype="boolean")))

    assert found.drift is not None
    assert found.drift.drifted
    assert found.health == Health(HealthState.NOT_JUDGED, ("No row of what waits has a label.",))


def days_of(week: pd.DataFrame) -> list[pd.DataFrame]:
    """One delivery a day; the last day of a week has no labels."""
    return [rows for _, rows in week.groupby(week["at"].dt.date)]


def test_days_that_are_too_short_alone_show_together_who_is_worse_than_none(home: Home) -> None:
    for number, day in enumerate(days_of(flipped())):
        put(home, f"day {number}", day)

    states = [found.health.state for found in look(home)[:6]]

    assert states[0] is not HealthState.UNWELL
    assert HealthState.UNWELL in states


def test_what_was_taken_in_already_counts_with_what_waits(home: Home) -> None:
    *days, last, _ = days_of(flipped(5))  # after what the champion has learned
    for number, day in enumerate(days):
        batch = shop.take_in(home, f"day {number}", day)
        home.ledger.turns.open("shop", batch.id, batch.name, None)

    alone, together = [look_ahead.Looking(home, "shop", champion(home)) for _ in range(2)]
    put(home, "the last day", last)
    delivery = arrivals.look(home, "shop").deliveries[-1]
    alone._already_in = lambda: []  # type: ignore[method-assign]

    assert alone.at(delivery).health.state is not HealthState.UNWELL
    assert together.at(delivery).health.state is HealthState.UNWELL


def champion(home: Home) -> Model:
    made = home.ledger.promotions.champion("shop")
    found = home.ledger.models.get("shop", made.model) if made else None
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        (shop.week(3).drop(columns="price"), "Column 'price' is missing"),
        (shop.week(3).assign(items=["many"] * 336), "Column 'items' must be a whole number"),
        (shop.week(3).iloc[:0], "The file has no rows"),
    ],
)
def test_a_delivery_that_is_bad_says_so_and_raises_no_alarm(home: Home, frame: pd.DataFrame, words: str) -> None:
    found = seen(home, "week 3", frame)

    assert found.drift is None
    assert found.health.state is HealthState.NOT_JUDGED
    assert words in found.health.reasons[0]


def test_each_delivery_that_waits_is_judged_in_order_also_beside_a_broken_one(home: Home) -> None:
    put(home, "week 10", flipped(10))
    put(home, "week 3", ordinary())
    (home.landing("shop") / "week 4.parquet").write_bytes(b"PAR1 but no more")

    found = look(home)

    assert [one.name for one in found] == ["week 3", "week 4", "week 10"]
    assert [one.drift is None for one in found] == [False, True, False]
    assert found[2].health.state is HealthState.UNWELL


def test_rows_that_the_contract_keeps_out_are_not_judged(home: Home) -> None:
    frame = ordinary()
    broken = np.arange(len(frame)) % 30 == 0

    spoiled = seen(home, "week 3", frame.assign(items=frame["items"].mask(broken, -1)))
    alone = seen(home, "week 3", frame[~broken].reset_index(drop=True))

    assert spoiled.drift is not None
    assert alone.drift is not None
    assert spoiled.drift.columns == alone.drift.columns
    assert spoiled.health == alone.health


# ── what is left behind ───────────────────────────────────────────────────────────────────────────────────────────
def test_a_look_leaves_nothing_behind_and_sees_the_same_again(home: Home) -> None:
    put(home, "week 3", moved(flipped()))
    before = sorted(path for path in home.folder.rglob("*") if "ledger" not in path.name)

    first, second = look(home), look(home)

    assert first == second
    assert home.ledger.inbox.all("shop") == []
    assert home.ledger.models.drifts("shop") == {}
    assert len(home.ledger.turns.all("shop")) == len(home.ledger.batches.all("shop")) == 2
    assert sorted(path for path in home.folder.rglob("*") if "ledger" not in path.name) == before


def test_what_has_had_its_turn_is_not_looked_at(home: Home) -> None:
    put(home, "week 3", ordinary())
    (waits,) = arrivals.look(home, "shop").deliveries
    number = home.ledger.turns.open("shop", waits.digest, waits.name, None)
    home.ledger.turns.close("shop", number, Outcome.NOT_JUDGED, ("why",))

    assert look(home) == []


def test_without_a_champion_there_is_nothing_to_watch(shop_home: Home) -> None:
    shop_home.landing("shop").mkdir(parents=True)
    put(shop_home, "week 1", shop.week(1))

    assert look(shop_home) == []
    assert look_ahead.last_health(shop_home, "shop") == NO_CHAMPION


def test_without_a_landing_folder_that_is_said(home: Home) -> None:
    home.landing("shop").rmdir()

    with pytest.raises(LandingFolderMissing, match="does not exist"):
        look(home)


# ── labels that take their time ───────────────────────────────────────────────────────────────────────────────────
def grown(home: Home, days: int) -> None:
    """From now on labels have to be that old."""
    settings = home.settings("shop")
    learning = settings.training.model_copy(update={"mature_after": days})
    home._settings["shop"] = settings.model_copy(update={"training": learning})


def test_labels_of_a_delivery_that_is_too_young_say_nothing(home: Home) -> None:
    early = seen(home, "week 3", flipped())
    grown(home, 8)

    (young,) = look(home)

    assert early.health.state is HealthState.UNWELL
    assert young.health == Health(
        HealthState.NOT_JUDGED,
        ("No delivery that waits is 8 days old throughout: its labels may be those that come early.",),
    )
    assert young.drift == early.drift


@pytest.mark.parametrize(("days", "state"), [(8, HealthState.UNWELL), (15, HealthState.NOT_JUDGED)])
def test_a_delivery_is_judged_by_the_look_at_one_that_makes_it_old_enough(
    home: Home, days: int, state: HealthState
) -> None:
    grown(home, days)
    put(home, "week 3", flipped())
    put(home, "week 4", shop.week(4))

    first, second = look(home)

    assert (first.health.state, second.health.state) == (HealthState.NOT_JUDGED, state)


@pytest.mark.parametrize(("days", "state"), [(8, HealthState.UNWELL), (15, HealthState.NOT_JUDGED)])
def test_what_is_taken_in_is_judged_when_a_delivery_makes_it_old_enough(
    home: Home, days: int, state: HealthState
) -> None:
    grown(home, days)
    batch = shop.take_in(home, "week 5", flipped(5))
    number = home.ledger.turns.open("shop", batch.id, batch.name, None)
    home.ledger.turns.close("shop", number, Outcome.NOT_JUDGED, ("why",))

    assert seen(home, "week 6", shop.week(6)).health.state is state


# ── in one word ───────────────────────────────────────────────────────────────────────────────────────────────────
def told(state: HealthState, name: str) -> Seen:
    return Seen(name, name, Drift(name, "snapshot", (), False, ("0 of 3 columns moved",)), Health(state, (name,)))


def test_the_newest_delivery_that_could_be_judged_speaks_for_all() -> None:
    well, unwell = told(HealthState.WELL, "a"), told(HealthState.UNWELL, "b")
    silent, mute = told(HealthState.NOT_JUDGED, "c"), told(HealthState.NOT_JUDGED, "d")

    assert look_ahead.summary([well, unwell, silent]) == unwell.health
    assert look_ahead.summary([silent, mute]) == mute.health
    assert look_ahead.summary([]) is None


def test_with_nothing_new_the_last_word_of_the_turns_is_told_with_its_turn(home: Home) -> None:
    said = Health(HealthState.WATCH, ("Its log loss was 0.61.",))
    home.ledger.turns.note("shop", 2, champion_version=1, health=said)

    found = look_ahead.last_health(home, "shop")

    assert found == Health(HealthState.WATCH, ("Its log loss was 0.61.", "Nothing is new since turn 2."))


def test_what_was_said_of_another_version_is_not_told_of_the_live_one(home: Home) -> None:
    said = Health(HealthState.WATCH, ("Its log loss was 0.61.",))
    home.ledger.turns.note("shop", 2, champion_version=7, health=said)
    unknown = Health(HealthState.NOT_JUDGED, ("v1 is live, and has not been judged on a later batch yet.",))

    assert look_ahead.last_health(home, "shop") == unknown
    home.ledger.turns.note("shop", 1, champion_version=1, health=said)
    assert look_ahead.last_health(home, "shop") == Health(said.state, (*said.reasons, "v1 was judged in turn 1."))


def test_a_look_says_what_the_turn_will_say(home: Home) -> None:
    """The same rows, taken in: the same drift, and the same loss."""
    frame = moved(ordinary())
    ahead = seen(home, "week 3", frame)

    batch: Batch = shop.take_in(home, "week 3", frame)
    settings = home.settings("shop")
    made = home.ledger.promotions.champion("shop")
    assert made is not None
    model = home.ledger.models.get("shop", made.model)
    assert model is not None
    judged = handles.rows(home).judged(batch, None, settings)
    answers = handles.rows(home).answers(model, batch, None, settings)
    likely = np.where(judged.outcomes, answers, 1 - answers)
    assert f"{float(-np.log(likely).mean()):.3f}" in " ".join(ahead.health.reasons)
    assert f"{len(judged.outcomes)} rows" in " ".join(ahead.health.reasons)
