"""Showing: MLflow and Evidently say what the ledger says, once, however often and however late they are told."""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from mlflow import MlflowClient

from configs.environment import CHECKOUT
from configs.errors import Busy, IncumbentError
from tasks.adapters.home import Home
from tasks.adapters.mlflow import registry, tracking
from tasks.domain.observations import Drift
from tasks.domain.pools import Pool
from tasks.domain.turns import Outcome, TurnRef
from tasks.ingestion.steps import arrivals
from tasks.lineage.steps import answers_at_hand, showing
from tasks.problems import prediction
from tasks.reporting.steps import report_file
from tasks.training.steps import handles


@pytest.fixture(scope="module")
def home(lived_home: Path, mlflow_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """A home in which three turns are done and nothing has been shown yet; the tests of this module go on from there."""
    folder = tmp_path_factory.mktemp("unshown") / "home"
    shutil.copytree(lived_home, folder, ignore=shutil.ignore_patterns("prefect", "landing", "reports", "mlflow"))
    (folder / "mlflow").mkdir()
    shutil.copyfile(mlflow_template / "mlflow.db", folder / "mlflow" / "mlflow.db")
    forget(folder, "mlflow", "drift_report", "importance")
    opened = Home(folder)
    yield opened
    opened.close()


def forget(folder: Path, *targets: str) -> None:
    """As if the process had been killed just before it noted what it had shown."""
    with closing(sqlite3.connect(folder / "ledger.db")) as ledger, ledger:
        for target in targets:
            assert ledger.execute("delete from projections where target = ?", [target]).rowcount > 0


def runs(home: Home) -> dict[str, str]:
    """Id of each MLflow run and the model that it is about."""
    client = tracking.open_client(home.tracking)
    experiment = client.get_experiment_by_name("flights")
    found = client.search_runs([experiment.experiment_id]) if experiment else []
    return {run.info.run_id: run.data.tags[tracking.MODEL_TAG] for run in found}


def aliases(home: Home) -> dict[str, int]:
    return registry.aliases(home.tracking, "flights")


def test_a_turn_brings_along_the_ones_before_that_were_never_shown(home: Home) -> None:
    run = showing.show(home, "flights", 2)

    shown = home.ledger.turns.projected("flights", "mlflow")
    models = {model.id for model in home.ledger.models.all("flights")}
    assert (set(shown), shown[2]) == ({1, 2}, run)
    assert sorted(runs(home).values()) == sorted(models)
    assert len(models) == 5


def test_versions_and_aliases_are_those_of_the_ledger(home: Home) -> None:
    champion = home.ledger.promotions.champion("flights")
    versions = {version: model.id for version, model in home.ledger.models.versions("flights").items()}

    assert champion is not None
    assert registry.versions(home.tracking, "flights") == versions
    assert aliases(home) == {"champion": champion.version, "challenger": 3}


def test_the_run_of_the_probe_tells_the_verdict_and_what_it_rests_on(home: Home) -> None:
    client = MlflowClient(tracking_uri=home.tracking.uri)
    run = client.get_run(home.ledger.turns.projected("flights", "mlflow")[2])
    score = home.ledger.models.score("flights", run.data.tags[tracking.MODEL_TAG], _batch(home, 2))

    assert score is not None
    assert run.info.status == "FINISHED"
    assert run.data.metrics["log_loss"] == score.loss.value
    assert run.data.metrics["evidence"] == home.ledger.promotions.evidence("flights")[_batch(home, 2)].value
    assert run.data.tags["incumbent.verdict"] == home.ledger.promotions.verdicts("flights")[2][1].kind.value


def test_what_matters_to_the_probe_and_what_moved_is_kept_for_the_page(home: Home) -> None:
    importance = home.ledger.turns.projected("flights", "importance")
    drawn = home.ledger.turns.projected("flights", "drift_report")

    rises = [rise for _, rise in importance[2]]
    assert set(importance) == {1, 2}
    assert {name for name, _ in importance[2]} == set(home.settings("flights").training.features)
    assert rises == sorted(rises, reverse=True)
    assert drawn == {2: "flights-drift-2.html"}, "in the first turn there was no champion to compare with"
    assert (home.report("flights").parent / "flights-drift-2.html").stat().st_size > 100_000


def test_a_feature_that_was_added_since_is_not_drawn_among_what_had_moved(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    known, drawn = home.ledger.models.drift, list[tuple[str, ...]]()

    def before_it_was_added(pipeline: str, batch: str) -> Drift | None:
        found = known(pipeline, batch)
        return found and replace(found, columns=found.columns[1:])

    monkeypatch.setattr(home.ledger.models, "drift", before_it_was_added)
    monkeypatch.setattr(showing.evidently_report, "write", lambda *given: drawn.append(tuple(given[4])))

    showing.show_drift(home, "flights", 2, again=True)

    features = home.settings("flights").training.features
    assert [len(features) - len(one) for one in drawn] == [1]


def test_a_probe_whose_answers_are_at_hand_is_not_asked_again(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    (turn,) = report_file.read_history(home, "flights", [2]).turns
    probe, rows, sizes = turn.probe_model, handles.rows(home), list[int]()
    assert probe is not None
    judged = Pool((turn.batch,), probe.snapshot.cutoff, turn.batch.id)
    predict = prediction.predict
    monkeypatch.setattr(
        prediction, "predict", lambda model, frame, **how: sizes.append(len(frame)) or predict(model, frame, **how)
    )

    rows.forget()
    showing.show_again(home, "flights", 2)
    asked = list(sizes)
    answers_at_hand.keep(home, TurnRef("flights", 2, turn.batch.id, turn.batch.name), judged, probe)
    rows.forget()
    answered = answers_at_hand.take(home, "flights", 2)
    assert answered is not None
    sizes.clear()
    rows.take_over(answered)
    showing.show_again(home, "flights", 2)

    assert [*sizes, len(answered.answers)] == [*asked[1:], asked[0]]
    assert answers_at_hand.take(home, "flights", 2) is None, "it is given away once"


def test_what_no_process_has_asked_is_not_at_hand(home: Home) -> None:
    (turn,) = report_file.read_history(home, "flights", [2]).turns
    assert turn.probe_model is not None
    handles.rows(home).forget()

    answers_at_hand.keep(home, TurnRef("flights", 2, turn.batch.id, ""), Pool((turn.batch,), None), turn.probe_model)

    assert answers_at_hand.take(home, "flights", 2) is None


def test_to_show_a_turn_again_changes_nothing(home: Home) -> None:
    before = runs(home), aliases(home)

    again = showing.show(home, "flights", 2)

    assert again in before[0]
    assert (runs(home), aliases(home)) == before


def test_a_turn_that_was_shown_but_not_noted_is_shown_as_the_same_run(home: Home) -> None:
    before = runs(home)
    forget(home.folder, "mlflow", "importance")

    run = showing.show(home, "flights", 2)

    assert runs(home) == before
    assert run in before
    assert aliases(home) == {"champion": 2, "challenger": 3}


def test_aliases_that_somebody_moved_are_put_right_when_a_turn_is_shown(home: Home) -> None:
    registry.set_alias(home.tracking, "flights", "champion", 3)
    registry.set_alias(home.tracking, "flights", "challenger", None)
    forget(home.folder, "mlflow")

    showing.show(home, "flights", 2)

    assert aliases(home) == {"champion": 2, "challenger": 3}


def test_a_turn_without_a_probe_has_no_run_and_is_done_with(home: Home) -> None:
    before = runs(home)

    run = showing.show(home, "flights", 3)

    assert run is None
    assert runs(home) == before
    assert home.ledger.turns.projected("flights", "mlflow")[3] is None


def test_a_turn_that_was_given_up_before_its_batch_was_taken_in_is_done_with_too(home: Home) -> None:
    before = runs(home)
    home.landing("flights").mkdir(parents=True)
    with home.ledger.lease.held("flights"):
        number = home.ledger.turns.open("flights", "f" * 64, "given-up", None)
        home.ledger.turns.close("flights", number, Outcome.FAILED, ("given up after 4 attempts",))

    run = showing.show(home, "flights", number)
    report_file.write(home, "flights")

    assert (run, runs(home)) == (None, before)
    assert arrivals.look(home, "flights").nothing


def test_settings_that_were_changed_before_a_turn_was_shown_are_not_told_as_those_of_its_models(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (CHECKOUT / "configs" / "pipelines" / "flights.yaml").read_text()
    (tmp_path / "flights.yaml").write_text(text.replace("title: ", "title: Tomorrow, "))
    monkeypatch.setenv("INCUMBENT_PIPELINES", str(tmp_path))
    client = tracking.open_client(home.tracking)
    before = runs(home)
    for run in before:
        client.delete_run(run)
    forget(home.folder, "mlflow")

    showing.show(home, "flights", 1)

    assert "Tomorrow, " in (tmp_path / "flights.yaml").read_text()
    assert len(runs(home)) == 3
    for run in runs(home):
        assert client.get_run(run).data.tags["incumbent.settings_changed"] == "true"
        assert "pipeline-now.yaml" in {found.path for found in client.list_artifacts(run)}
    assert "false" in {client.get_run(run).data.tags["incumbent.settings_changed"] for run in before}


# ── rollbacks ─────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.fixture
def gone_back(two_champions: Path, tmp_path: Path) -> Iterator[Home]:
    """v3 had taken over from v2; somebody has gone back, and MLflow has yet to be told."""
    opened = Home(shutil.copytree(two_champions, tmp_path / "gone-back"))
    live, first = opened.ledger.promotions.all("flights")[-1], opened.ledger.models.versions("flights")[2]
    opened.ledger.promotions.roll_back(
        "flights", 2, first.id, live=live.sequence, hold=False, by="anna", reason="complaints"
    )
    yield opened
    opened.close()


def test_a_rollback_is_shown_also_while_a_later_champion_is_not_registered_yet(gone_back: Home) -> None:
    second = gone_back.ledger.models.versions("flights")[3]
    gone_back.ledger.promotions.promote("flights", 4, second.id, 3, by="evidence rule", reason="better")

    showing.show_rollbacks(gone_back, "flights")

    assert aliases(gone_back)["champion"] == 2
    assert gone_back.ledger.promotions.untold("flights") == []


def test_who_has_lost_the_lease_does_not_move_the_alias_and_who_needs_none_does(gone_back: Home) -> None:
    with gone_back.ledger.lease.lent("flights", 99), pytest.raises(Busy):
        showing.show_rollbacks(gone_back, "flights")
    between = aliases(gone_back)["champion"]

    showing.show_rollbacks(gone_back, "flights")

    assert (between, aliases(gone_back)["champion"]) == (3, 2)


@pytest.mark.parametrize("show", [showing.show_rollbacks, lambda home, name: showing.show_again(home, name, 2)])
def test_a_database_that_cannot_be_used_is_told_in_one_paragraph(
    show: Callable[[Home, str], object], gone_back: Home
) -> None:
    (gone_back.folder / "mlflow" / "mlflow.db").write_bytes(b"no database at all" * 1000)

    with pytest.raises(IncumbentError, match=r"MLflow in .* failed: .*`verify --repair` makes it anew"):
        show(gone_back, "flights")


def _batch(home: Home, number: int) -> str:
    return str(home.ledger.turns.get("flights", number)["batch"])
