"""Why: a real home with two versions, fitted again with one difference undone at a time."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from configs.errors import Damaged, MistakeOfUser
from flows.console import why
from tasks.adapters.home import Home
from tasks.lineage.attribution import Answer, Attribution, Kind
from tasks.lineage.steps import attributing
from tasks.lineage.steps.attributing import Why
from tests import homes, stored, trained, users

SHORT = trained.LINEAR.replace("[device, hour, fee, advanced_uses]", "[device, hour, advanced_uses]")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    monkeypatch.setenv("INCUMBENT_PIPELINES", str(tmp_path / "pipelines"))
    home = trained.home(tmp_path, trained.LINEAR)
    yield home
    home.close()


@pytest.fixture
def changed(home: Home, tmp_path: Path) -> Iterator[Home]:
    """The same home once the pipeline file was changed: the fee is no feature any more, and the seed is another."""
    weeks = [trained.take_in(home, number, users.week(number)) for number in range(3)]
    trained.version(home, weeks[:2])
    later = trained.home(tmp_path, SHORT.replace("min_rows: 200", "min_rows: 200\n  seed: 4"))
    trained.version(later, weeks[:2])
    yield later
    later.close()


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Why]]:
    """v1 learned two sound weeks, v2 one more in which the fee was damaged; a fifth week has no labels."""
    folder = tmp_path_factory.mktemp("why")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("INCUMBENT_PIPELINES", str(folder / "pipelines"))
        home = trained.home(folder, trained.LINEAR)
        answer = learned_damage(home, users.damaged(2, users.fee_without_its_point))
        unlabelled = users.week(4).assign(expert=pd.array([None] * users.ROWS, dtype="boolean"))
        trained.take_in(home, 4, unlabelled)
        home.close()
        yield home.folder, answer


@pytest.fixture
def damaged(template: tuple[Path, Why], tmp_path: Path) -> Iterator[Home]:
    """A copy of it."""
    home = Home(homes.copied(template[0], tmp_path / "home"))
    yield home
    home.close()


def learned_damage(home: Home, damaged: pd.DataFrame, *, sound: int = 2) -> Why:
    """v1 learned sound weeks, v2 a damaged one as well."""
    weeks = [trained.take_in(home, number, users.week(number)) for number in range(sound)]
    bad = trained.take_in(home, sound, damaged)
    trained.take_in(home, sound + 1, users.week(sound + 1))
    trained.version(home, weeks)
    trained.version(home, [*weeks, bad])
    return attributing.why(home, trained.PIPELINE, "v1", "v2")


def by_kind(answer: Why, kind: Kind) -> dict[str, Attribution]:
    return {one.name: one for one in answer.tried if one.kind is kind}


def words(home: Home, answer: Why) -> str:
    return " ".join(sentence for part in attributing.sections(home, answer) for sentence in part.sentences)


# ── rows ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_damaged_column_of_one_batch_is_named(damaged: Home, template: tuple[Path, Why]) -> None:
    answer = template[1]

    (batch,) = by_kind(answer, Kind.BATCH).values()
    columns = by_kind(answer, Kind.COLUMN)
    assert answer.differ and answer.judged.gain < 0
    assert (batch.name, batch.answer, batch.rows) == ("week-2", Answer.MOST, users.ROWS)
    assert batch.share is not None and batch.share.value == pytest.approx(1, abs=1e-6)
    assert {name: one.answer for name, one in columns.items()} == {
        "fee in week-2": Answer.MOST,
        "advanced_uses in week-2": Answer.NOT,
        "device in week-2": Answer.NOT,
        "hour in week-2": Answer.NOT,
    }
    assert not by_kind(answer, Kind.SETTING) and not by_kind(answer, Kind.CODE)
    assert answer.fits == len(answer.tried) <= attributing.FITS
    text = words(damaged, answer)
    assert "The rows of batch week-2 explain it" in text
    assert "Of single columns it is fee in week-2" in text
    assert "Settings that reach the model and what builds models: no difference." in text


def test_of_several_batches_the_damaged_one_explains_it(home: Home) -> None:
    first = trained.take_in(home, 0, users.week(0))
    bad = trained.take_in(home, 1, users.damaged(1, users.fee_without_its_point))
    others = [trained.take_in(home, number, users.week(number)) for number in (2, 3)]
    trained.take_in(home, 4, users.week(4))
    trained.version(home, [first])
    trained.version(home, [first, bad, *others])

    answer = attributing.why(home, trained.PIPELINE, "v1", "v2", fits=5)

    batches = by_kind(answer, Kind.BATCH)
    assert batches["week-1"].answer is Answer.MOST
    assert all(not batches[name].explains for name in ("week-2", "week-3"))
    assert by_kind(answer, Kind.DATA)["all rows that differ"].answer is Answer.MOST
    assert answer.fits == 5
    assert {"device in week-1", "hour in week-1"} & {*answer.left_out}


def test_what_matters_most_is_tried_although_its_values_are_as_before(home: Home) -> None:
    weeks = [trained.take_in(home, number, users.week(number)) for number in range(2)]
    mixed = users.damaged(2, users.fee_of_somebody_else)
    moved = mixed.assign(hour=3, device="desk", advanced_uses=pd.array([5] * users.ROWS, dtype="Int64"))
    bad = trained.take_in(home, 2, moved)
    trained.take_in(home, 3, users.week(3))
    trained.version(home, weeks)
    trained.version(home, [*weeks, bad])
    matters = [["fee", 0.2], ["advanced_uses", 0.15], ["device", 0.15], ["hour", 0.15]]
    home.ledger.turns.project(trained.PIPELINE, 3, "importance", matters)

    answer = attributing.why(home, trained.PIPELINE, "v1", "v2", fits=4)

    tried = by_kind(answer, Kind.COLUMN)
    assert len(tried) == 3
    assert not tried["fee in week-2"].moved


def test_days_that_were_damaged_alone_are_named(home: Home) -> None:
    def late(frame: pd.DataFrame, luck: object) -> pd.DataFrame:
        return frame.assign(expert=frame["expert"].where(frame["at"] < "2025-03-21", ~frame["expert"]))

    answer = learned_damage(home, users.damaged(2, late))

    assert by_kind(answer, Kind.BATCH)["week-2"].answer is Answer.MOST
    assert by_kind(answer, Kind.TIME)["2025-03-21 to 2025-03-23"].answer is Answer.MOST
    assert not any(one.moved for one in by_kind(answer, Kind.COLUMN).values()), "it is the label"
    assert "what differs is how it goes with the others, or the label itself" in words(home, answer)
    assert "So it is with advanced_uses in week-2: which of them is the cause cannot be told." in words(home, answer)
    assert "Of days it is 2025-03-21 to 2025-03-23 (600 came)" in words(home, answer)


def test_rows_that_are_gone_cannot_be_undone_and_the_rest_is_told(changed: Home) -> None:
    first = changed.ledger.models.versions(trained.PIPELINE)[1]
    lost = replace(first, id="lost", snapshot=replace(first.snapshot, id="lost", batches=("0" * 64,)))
    changed.ledger.models.record_snapshot(trained.PIPELINE, lost.snapshot)
    changed.ledger.models.record(trained.PIPELINE, 3, lost)
    changed.ledger.models.register(trained.PIPELINE, "lost")

    answer = attributing.why(changed, trained.PIPELINE, "v3", "v2")

    assert by_kind(answer, Kind.DATA)["all rows that differ"].answer is Answer.IMPOSSIBLE
    assert by_kind(answer, Kind.SETTING)["training.features"].answer is Answer.MOST
    assert "Cannot be told: all rows that differ: The store has lost " in words(changed, answer)
    with pytest.raises(Damaged):
        attributing.why(changed, trained.PIPELINE, "v2", "v3")


# ── settings ──────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_setting_that_was_changed_explains_it(changed: Home) -> None:
    answer = attributing.why(changed, trained.PIPELINE, "v1", "v2")

    settings = by_kind(answer, Kind.SETTING)
    assert {name: one.answer for name, one in settings.items()} == {
        "training.features": Answer.MOST,
        "training.seed": Answer.NOT,
    }
    assert settings["training.features"].text == "training.features: without fee"
    assert not by_kind(answer, Kind.DATA) and not by_kind(answer, Kind.BATCH)
    assert "Training.features: without fee: undone, 100" in words(changed, answer)


def test_another_family_and_its_rows_are_told_apart(home: Home, tmp_path: Path) -> None:
    weeks = [trained.take_in(home, number, users.week(number)) for number in range(5)]
    trained.version(home, weeks[:4])
    later = trained.home(tmp_path, users.YAML.replace("max_iter: 20", "max_iter: 2"))
    trained.version(later, weeks[:4], start=users.START + pd.Timedelta(weeks=2))

    answer = attributing.why(later, trained.PIPELINE, "v1", "v2")
    later.close()

    assert by_kind(answer, Kind.SETTING)["training.candidates"].answer is Answer.MOST
    assert by_kind(answer, Kind.DATA)["all rows that differ"].text == "2,800 went"
    assert by_kind(answer, Kind.DATA)["all rows that differ"].answer is not Answer.MOST


# ── what cannot be told ───────────────────────────────────────────────────────────────────────────────────────────
def test_the_same_rows_in_another_order_leave_nothing_to_explain(home: Home) -> None:
    weeks = [trained.take_in(home, number, users.week(number)) for number in range(3)]
    trained.version(home, weeks[:2])
    trained.version(home, weeks[1::-1])

    answer = attributing.why(home, trained.PIPELINE, "v1", "v2")

    assert not answer.differ
    assert (answer.fits, answer.tried) == (0, ())
    assert "there is nothing to explain" in words(home, answer)


def test_a_difference_that_may_be_luck_is_not_explained(home: Home) -> None:
    weeks = [trained.take_in(home, number, users.week(number)) for number in range(5)]
    trained.version(home, weeks[:3])
    trained.version(home, weeks[1:4])

    answer = attributing.why(home, trained.PIPELINE, "v1", "v2")

    assert (answer.differ, answer.fits) == (False, 0)
    assert "Whether they differ cannot be told from these rows" in words(home, answer)


def test_a_model_of_other_libraries_is_fitted_again_first(damaged: Home) -> None:
    second = damaged.ledger.models.versions(trained.PIPELINE)[2]
    damaged.ledger.models.record(trained.PIPELINE, 3, replace(second, id="other", lock_hash="e" * 64))
    damaged.ledger.models.register(trained.PIPELINE, "other")

    answer = attributing.why(damaged, trained.PIPELINE, "v1", "v3")

    (code,) = by_kind(answer, Kind.CODE).values()
    assert (code.answer, answer.tried[0]) == (Answer.NOT, code)
    assert by_kind(answer, Kind.BATCH)["week-2"].answer is Answer.MOST


@pytest.mark.parametrize(
    ("asked", "text"),
    [
        (("v1", "v1", None), "Both are v1 of users: why takes two different versions."),
        (("v1", "v9", None), "Unknown version v9 of users. It has v1 to v2"),
        (("week-0", "v2", None), "'week-0' is no version."),
        (("v1", "v2", "week-9"), "Unknown batch 'week-9' of users."),
        (("v1", "v2", "week-0"), "All labelled rows of batch week-0 were learned from by one of the two"),
        (("v1", "v2", "week-4"), "Batch week-4 has no labelled rows, so nothing can be judged on it."),
    ],
)
def test_a_wrong_question_is_answered_in_words(asked: tuple[str, str, str | None], text: str, damaged: Home) -> None:
    with pytest.raises(MistakeOfUser) as problem:
        attributing.why(damaged, trained.PIPELINE, *asked)

    assert str(problem.value).startswith(text)


def test_without_a_batch_that_neither_learned_nothing_is_judged(home: Home) -> None:
    weeks = [trained.take_in(home, number, users.week(number)) for number in range(2)]
    trained.version(home, weeks[:1])
    trained.version(home, weeks)

    with pytest.raises(MistakeOfUser, match="Wait for the next batch with labels"):
        attributing.why(home, trained.PIPELINE, "v1", "v2")


def test_rows_of_the_second_version_that_are_gone_are_damage(damaged: Home) -> None:
    file = damaged.ledger.models.versions(trained.PIPELINE)[2].snapshot.batches[-1]
    stored.rows(damaged, file).unlink()

    with pytest.raises(Damaged, match="The store has lost "):
        attributing.why(damaged, trained.PIPELINE, "v1", "v2")


def test_the_page_and_json_say_the_same(damaged: Home, template: tuple[Path, Why]) -> None:
    page = attributing.publish(damaged, template[1]).read_text(encoding="utf-8")
    told = json.loads(json.dumps(why.as_object(template[1])))

    assert "The rows of batch week-2 explain it" in page
    assert told["tried"][0]["name"] == "week-2"
    assert told["tried"][0]["share"]["low"] > 0.5
