"""The story of a pipeline, read back from the ledger: each finding stands at the turn to which it belongs."""

from dataclasses import replace

import pytest

from tasks.adapters.home import Home
from tasks.adapters.ledger import codec, history
from tasks.adapters.ledger.book import Ledger
from tasks.domain import pools
from tasks.domain.observations import Health, HealthState
from tasks.domain.records import Batch, BatchStatus, Metric, Model, Score
from tasks.domain.turns import Evidence, Outcome, RetrainingDecision, Turn, TurnState, Verdict, VerdictKind
from tasks.problems import kinds
from tests.reporting import pieces

FIRST, SECOND = pieces.model(1, 1), replace(pieces.model(2, 2), base_rate=0.31)
SIBLING = replace(SECOND, id="sibling", family="logistic_regression")
BATCHES = [pieces.batch(number, f"month {number}", 900, 10, 5, False, 0.2) for number in (1, 2, 3, 4)]


def score(model: Model, batch: Batch, loss: float) -> Score:
    made = pieces.score(model.id, 885, 0.2, 0.3, loss, None, None)
    return replace(made, batch=batch.id, metrics=(Metric("log_loss", loss, None, None, greater_is_better=False),))


@pytest.fixture
def ledger_url(either_ledger: str | None) -> str | None:
    """On SQLite and on PostgreSQL."""
    return either_ledger


@pytest.fixture
def ledger(shop_home: Home) -> Ledger:
    """Two whole turns (a first champion, a rejected challenger), one that was cut off, and one that has just begun."""
    ledger = shop_home.ledger
    for batch in BATCHES[:3]:
        ledger.batches.record("shop", batch)
        ledger.batches.record_delivery("shop", batch.name, batch.id, duplicate=False, rows=900)
    for number, batch in enumerate(BATCHES, start=1):
        assert ledger.turns.open("shop", batch.id, batch.name, f"run {number}") == number
        ledger.inbox.record("shop", "new_data", batch.id, f"{batch.name} landed", turn=number)
    _first_champion(ledger)
    _rejected(ledger)
    ledger.batches.record_delivery("shop", "again", BATCHES[0].id, duplicate=True, rows=900)
    return ledger


def _first_champion(ledger: Ledger) -> None:
    ledger.models.record("shop", 1, FIRST)
    ledger.models.record_score("shop", score(FIRST, BATCHES[0], 0.5))
    ledger.models.register("shop", FIRST.id)
    verdict = Verdict(VerdictKind.PROMOTE, ("beats no model",), first=True)
    ledger.promotions.record_verdict("shop", 1, None, FIRST.id, verdict)
    ledger.promotions.promote("shop", 1, FIRST.id, 1, by="first champion policy", reason="beats no model")
    ledger.turns.close("shop", 1, Outcome.FIRST_CHAMPION, ("beats no model",))


def _rejected(ledger: Ledger) -> None:
    batch = BATCHES[1]
    for model, loss in ((SECOND, 0.45), (SIBLING, 0.6)):
        ledger.models.record("shop", 2, model)
        ledger.models.record_score("shop", score(model, batch, loss))
    ledger.models.record_score("shop", score(FIRST, batch, 0.47))
    ledger.models.register("shop", SECOND.id)
    ledger.models.record_drift("shop", replace(pieces.drift(2), batch=batch.id))
    ledger.models.record_comparison("shop", batch.id, FIRST.id, SECOND.id, pieces.comparison(0.02, 0.0, 0.04, 1))
    evidence = Evidence(batch.id, FIRST.id, SECOND.id, 1.0, (1.0,), (885,), 1.0, (1.2,), 1.2, 200.0)
    ledger.promotions.record_evidence("shop", 2, "s", evidence)
    ledger.promotions.record_verdict("shop", 2, FIRST.id, SECOND.id, Verdict(VerdictKind.REJECT, ("too little",)))
    decision, health = RetrainingDecision(True, ("a probe shows",)), Health(HealthState.WELL, ("as at its gate",))
    ledger.turns.note("shop", 2, champion_version=1, decision=decision, health=health)
    ledger.turns.close("shop", 2, Outcome.REJECT, ("too little",))
    for target, result in (("mlflow", "run 2"), ("drift_report", "drift-2.html"), ("importance", [["hour", 0.1]])):
        ledger.turns.project("shop", 2, target, result)


def turns(ledger: Ledger) -> tuple[Turn, ...]:
    return history.read(ledger, "shop").turns


def test_a_pipeline_without_a_past_has_an_empty_history(shop_home: Home) -> None:
    found = history.read(shop_home.ledger, "shop", settings_hash="abc")

    assert (found.turns, found.promotions, found.models, found.gates, found.duplicates) == ((), (), (), (), ())
    assert found.settings_hash == "abc"


def test_a_turn_whose_batch_has_not_passed_the_door_is_not_told(ledger: Ledger) -> None:
    found = turns(ledger)

    assert [(turn.number, turn.batch.name, turn.state) for turn in found] == [
        (1, "month 1", TurnState.DONE),
        (2, "month 2", TurnState.DONE),
        (3, "month 3", TurnState.OPEN),
    ]
    assert (found[2].outcome, found[2].finished, found[2].reasons) == (None, None, ())


def test_each_turn_has_its_own_triggers_outcome_and_reasons(ledger: Ledger) -> None:
    first, second, _ = turns(ledger)

    assert [trigger.evidence for trigger in second.triggers] == ["month 2 landed"]
    assert (first.outcome, first.reasons) == (Outcome.FIRST_CHAMPION, ("beats no model",))
    assert (second.outcome, second.reasons) == (Outcome.REJECT, ("too little",))
    assert second.decision == RetrainingDecision(True, ("a probe shows",))
    assert second.health == Health(HealthState.WELL, ("as at its gate",))
    assert (first.prefect_run, second.prefect_run) == ("run 1", "run 2")
    assert second.finished is not None
    assert second.started <= second.finished


def test_probe_champion_and_first_champion_are_told_apart(ledger: Ledger) -> None:
    first, second, _ = turns(ledger)

    assert (first.probe_model, first.probe_version, first.champion, first.champion_version) == (FIRST, 1, None, None)
    assert (second.probe_model, second.probe_version, second.champion_version) == (SECOND, 2, 1)
    assert second.probe == score(SECOND, BATCHES[1], 0.45)
    assert second.champion == second.never == score(FIRST, BATCHES[1], 0.47)
    assert first.never == first.probe


def test_all_families_that_were_tried_are_named_with_their_loss(ledger: Ledger) -> None:
    first, second, third = turns(ledger)

    assert first.candidates == (("hist_gradient_boosting", 0.5),)
    assert second.candidates == (("hist_gradient_boosting", 0.45), ("logistic_regression", 0.6))
    assert third.candidates == ()


def test_what_was_measured_and_decided_stands_at_its_batch(ledger: Ledger) -> None:
    first, second, third = turns(ledger)

    assert second.drift is not None
    assert second.drift.batch == second.batch.id
    assert second.comparison is not None
    assert second.comparison.gain == 0.02
    assert second.evidence is not None
    assert second.evidence.value == 1.2
    assert second.verdict == Verdict(VerdictKind.REJECT, ("too little",))
    assert [turn.drift for turn in (first, third)] == [turn.evidence for turn in (first, third)] == [None, None]


def test_no_model_is_that_of_the_champion_as_its_health_has_it_and_without_one_that_of_the_probe(
    ledger: Ledger,
) -> None:
    first, second, _ = turns(ledger)

    assert first.probe and second.champion
    assert second.dummy_loss == kinds.dummy_loss(FIRST, second.champion)
    assert second.dummy_loss != kinds.dummy_loss(SECOND, second.champion)
    assert first.dummy_loss == kinds.dummy_loss(FIRST, first.probe)


def test_where_a_turn_was_shown_is_told(ledger: Ledger) -> None:
    first, second, _ = turns(ledger)

    assert (second.mlflow_run, second.drift_report, second.importance) == ("run 2", "drift-2.html", (("hour", 0.1),))
    assert (first.mlflow_run, first.drift_report, first.importance) == (None, None, ())


def test_versions_gates_and_duplicates_are_those_of_the_ledger(ledger: Ledger) -> None:
    found = history.read(ledger, "shop")

    assert found.models == ((1, FIRST), (2, SECOND))
    assert [(made.version, made.turn) for made in found.promotions] == [(1, 1)]
    assert found.gates == ((1, score(FIRST, BATCHES[0], 0.5)),)
    assert found.duplicates == (("again", "month 1", 900),)


@pytest.mark.parametrize("number", [1, 2, 3])
def test_one_turn_is_told_as_among_all(ledger: Ledger, number: int) -> None:
    whole = history.read(ledger, "shop")

    one = history.read(ledger, "shop", [number])

    assert one.turns == (whole.turns[number - 1],)
    assert (one.promotions, one.holds, one.admissions, one.refit) == (
        whole.promotions,
        whole.holds,
        whole.admissions,
        whole.refit,
    )


def test_the_gate_of_its_champion_comes_with_a_turn(ledger: Ledger) -> None:
    assert history.read(ledger, "shop", [2]).gates == ((1, score(FIRST, BATCHES[0], 0.5)),)
    assert history.read(ledger, "shop", [3]).gates == ()


def test_a_pooled_turn_is_told_as_among_all(ledger: Ledger) -> None:
    pool = (BATCHES[1].id, BATCHES[2].id)
    model = replace(pieces.model(3, 3), id="third")
    ledger.models.record("shop", 3, model)
    ledger.models.record_score("shop", replace(score(FIRST, BATCHES[2], 0.4), batch=pools.identity(pool)))
    ledger.promotions.record_verdict("shop", 3, FIRST.id, model.id, Verdict(VerdictKind.REJECT, ("too little",)))
    ledger.turns.note("shop", 3, champion_version=1, decision=RetrainingDecision(True, ("a probe shows",), pool=pool))

    (one,) = history.read(ledger, "shop", [3]).turns

    assert one == history.read(ledger, "shop").turns[2]
    assert one.pool == (BATCHES[1], BATCHES[2])
    assert one.champion is not None
    assert one.champion.batch == pools.identity(pool)


def test_a_batch_that_has_two_turns_is_told_as_among_all(ledger: Ledger) -> None:
    refused = replace(BATCHES[3], status=BatchStatus.REFUSED, reason="no rows")
    ledger.batches.record("shop", refused)
    ledger.turns.close("shop", 4, Outcome.REFUSED, ("no rows",))
    ledger.admissions.record("shop", refused, "ann", "it is right")
    assert history.read(ledger, "shop", [4]).turns == (history.read(ledger, "shop").turns[3],)

    assert ledger.turns.open("shop", refused.id, refused.name, None) == 5
    ledger.batches.record("shop", BATCHES[3])

    first, second = history.read(ledger, "shop", [4, 5]).turns
    assert (first, second) == history.read(ledger, "shop").turns[3:]
    assert (first.batch, second.batch) == (refused, BATCHES[3])


def test_what_another_process_wrote_is_there_at_once(shop_home: Home, ledger: Ledger) -> None:
    before = history.read(ledger, "shop", [2])
    other = Home(shop_home.folder, shop_home.ledger_url)

    other.ledger.promotions.promote("shop", 2, SECOND.id, 2, by="ann", reason="better")
    other.ledger.models.record_comparison("shop", BATCHES[1].id, FIRST.id, "x", pieces.comparison(0.5, 0.1, 0.9, 1))
    other.close()

    after = history.read(ledger, "shop", [2])
    assert [made.version for made in before.promotions] == [1]
    assert [made.version for made in after.promotions] == [1, 2]
    assert after.turns[0].comparison is not None
    assert after.turns[0].comparison.gain == 0.5


def test_one_turn_takes_no_longer_when_there_are_more(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[type] = []
    load = codec.load
    history.read(ledger, "shop", [2])  # records of batches are kept at hand from here on
    monkeypatch.setattr(codec, "load", lambda kind, data: (loaded.append(kind), load(kind, data))[1])
    history.read(ledger, "shop", [2])
    before, loaded[:] = sorted(kind.__name__ for kind in loaded), []
    for number in range(5, 15):
        batch = replace(BATCHES[3], id=f"later {number}")
        ledger.batches.record("shop", batch)
        ledger.turns.open("shop", batch.id, batch.name, None)
        ledger.inbox.record("shop", "new_data", batch.id, "landed", turn=number)
        model = replace(pieces.model(number, number), id=f"model {number}")
        ledger.models.record("shop", number, model)
        ledger.models.record_score("shop", score(model, batch, 0.5))
        ledger.promotions.record_verdict("shop", number, FIRST.id, model.id, Verdict(VerdictKind.REJECT, ("no",)))

    history.read(ledger, "shop", [2])

    assert sorted(kind.__name__ for kind in loaded) == before


def test_another_pipeline_has_another_history(ledger: Ledger) -> None:
    assert history.read(ledger, "flights").turns == ()
