"""`compare`, `reproduce` and `explain`: they read what was recorded, and change nothing."""

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
import yaml

from configs.environment import CHECKOUT
from tasks.adapters.home import Home
from tasks.evaluation.steps import pairs
from tests import stored

Say = Callable[..., tuple[int, str, str]]
STEPS = ["trigger", "data", "inputs", "champion", "evidence", "verdict", "refit", "action", "run"]


@pytest.fixture(scope="module")
def lived(lived_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What was recorded of two good months and a broken file; no landing folder, no MLflow, no Prefect, no report."""
    folder = tmp_path_factory.mktemp("knowing") / "home"
    shutil.copytree(lived_home, folder, ignore=shutil.ignore_patterns("prefect", "landing", "mlflow", "reports"))
    return folder


@pytest.fixture
def folder(lived: Path, tmp_path: Path) -> Path:
    """A copy whose ledger knows already that it is at home."""
    copy = Home(shutil.copytree(lived, tmp_path / "home"))
    assert copy.ledger
    copy.close()
    return copy.folder


@pytest.fixture
def other_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The pipeline file was changed after the models were fitted: other parameters, another seed."""
    settings = yaml.safe_load((CHECKOUT / "configs" / "pipelines" / "flights.yaml").read_text(encoding="utf-8"))
    settings["training"] |= {"seed": 7}
    settings["training"]["candidates"][0] |= {"max_iter": 11}
    (tmp_path / "pipelines").mkdir()
    (tmp_path / "pipelines" / "flights.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    monkeypatch.setenv("INCUMBENT_PIPELINES", str(tmp_path / "pipelines"))


def dump(folder: Path) -> list[str]:
    with closing(sqlite3.connect(folder / "ledger.db")) as ledger:
        return list(ledger.iterdump())


# ── explain ───────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("what", ["2", "turn 2", "2013-02"])
def test_a_turn_is_told_from_its_trigger_to_its_action_by_number_or_batch(what: str, say: Say, folder: Path) -> None:
    before = dump(folder)

    code, out, err = say("explain", what)
    told = json.loads(say("explain", what, "--json")[1])

    assert (code, err) == (0, "")
    assert out.splitlines()[0].startswith("flights, turn 2, batch 2013-02: ")
    assert [part["step"] for part in told["story"]] == STEPS
    assert (told["turn"], told["batch"]) == (2, "2013-02")
    assert dump(folder) == before


def test_a_refused_batch_is_told_with_what_was_wrong_with_it(say: Say, open_home: Callable[[Path], Home]) -> None:
    code, out, _ = say("explain", "broken")

    assert code == 0
    assert out.splitlines()[0] == "flights, turn 3, batch broken: batch refused"
    assert "The delivery is refused as a whole and kept aside." in " ".join(out.split())


def test_a_version_is_told_from_its_training_to_what_it_is_now(say: Say) -> None:
    live, other = (json.loads(say("explain", version, "--json")[1]) for version in ("v2", "V3"))

    assert [part["step"] for part in live["story"]] == ["trained", "refit", "live", "judged", "now"]
    assert live["story"][-1]["sentences"] == ["It is live."]
    assert [part["step"] for part in other["story"]] == ["trained", "gate", "now"]
    assert other["story"][-1]["sentences"] == ["It has never been live."]


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("explain", "9"), "Unknown turn 9 of flights. It has 3 turns"),
        (("explain", "v9"), "Unknown version v9 of flights. It has v1 to v3"),
        (("explain", "2014-01"), "Unknown batch '2014-01' of flights. The last ones: "),
        (("reproduce", "last"), "'last' is no version."),
        (("compare", "1", "4"), "Unknown version v4 of flights. It has v1 to v3"),
        (("compare", "v2", "2"), "Both are v2 of flights: comparing takes two different versions."),
        (("compare", "1", "2", "--on", "broken"), "Batch broken has no labelled rows"),
    ],
)
def test_what_there_is_not_is_named(arguments: tuple[str, ...], text: str, say: Say) -> None:
    code, out, err = say(*arguments)

    assert (code, out) == (2, "")
    assert text in err


def test_why_a_turn_has_no_story_is_told_as_one_sentence(say: Say, folder: Path) -> None:
    cut = "update turns set batch = 'nowhere', reasons = ? where number = 3"
    with closing(sqlite3.connect(folder / "ledger.db")) as ledger, ledger:
        assert ledger.execute(cut, ['["The file was taken away."]']).rowcount == 1

    code, out, err = say("explain", "3")

    assert (code, out) == (2, "")
    assert "Turn 3 (broken) has no story: The file was taken away.\n" in err


# ── compare ───────────────────────────────────────────────────────────────────────────────────────────────────────
def test_two_versions_are_asked_on_the_same_rows_and_answer_as_in_their_turn(
    say: Say, folder: Path, open_home: Callable[[Path], Home]
) -> None:
    before, home = dump(folder), open_home(folder)
    (recorded,) = [
        one for name, one in home.ledger.models.comparisons("flights").items() if _name(home, name) != "2013-01"
    ]

    code, out, _ = say("compare", "v2", "v3", "--on", "2013-02")
    told = json.loads(say("compare", "v2", "v3", "--json")[1])

    assert (code, told["batch"], told["rows"]) == (0, "2013-02", recorded.rows)
    assert told["gain"] == pytest.approx(recorded.gain, abs=1e-12)
    assert [one["learned_from_these_rows"] for one in told["versions"]] == [False, False]
    gates = [one["gate"] and (one["gate"]["batch"], one["gate"]["of"]) for one in told["versions"]]
    assert gates == [("2013-01", 1), None], "a refit was asked at no gate: v1 was"
    assert " of v1 on 2013-01" in out
    assert [[each["batch"] for each in one["judged"]] for one in told["versions"]] == [
        ["2013-02"],
        ["2013-02"],
    ]
    assert out.startswith(f"flights: both on the same {recorded.rows:,} flights of batch 2013-02.")
    assert dump(folder) == before


def test_only_rows_that_neither_has_learned_from_are_asked_about_if_there_are_any(
    say: Say, folder: Path, open_home: Callable[[Path], Home]
) -> None:
    half = pairs.of(open_home(folder), "flights", 1, 1, on="2013-01")
    whole = json.loads(say("compare", "1", "2", "--on", "2013-01", "--json")[1])
    text = say("compare", "1", "2", "--on", "2013-01")[1]

    assert half.comparison.rows < whole["rows"]
    assert half.one.gate and half.one.score.loss.value == half.one.gate[1].loss.value
    assert [one["learned_from_these_rows"] for one in whole["versions"]] == [True, True]
    assert "v1 and v2 learned from rows of this batch: that flatters it." in " ".join(text.split())


# ── reproduce ─────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_version_is_made_again_to_the_last_byte(say: Say, folder: Path, open_home: Callable[[Path], Home]) -> None:
    before, files = dump(folder), sorted((folder / "bundles").iterdir())

    code, out, _ = say("reproduce", "v2", "--json")

    told, model = json.loads(out), open_home(folder).ledger.models.versions("flights")[2]
    assert (code, told["gone"]) == (0, [])
    assert (told["reproduced"], told["same_bytes"], told["largest_difference"]) == (True, True, 0.0)
    assert told["rows"] == model.snapshot.rows + 201
    assert (dump(folder), sorted((folder / "bundles").iterdir())) == (before, files)


@pytest.mark.usefixtures("other_settings")
def test_a_version_is_made_again_with_the_settings_that_it_was_made_with(say: Say) -> None:
    told = json.loads(say("reproduce", "v2", "--json")[1])

    assert (told["reproduced"], told["same_bytes"], told["changed"]) == (True, True, [])


@pytest.mark.usefixtures("other_settings")
def test_what_is_gone_is_named_and_nothing_is_guessed(
    say: Say, folder: Path, open_home: Callable[[Path], Home]
) -> None:
    home = open_home(folder)
    (january,) = home.ledger.models.versions("flights")[2].snapshot.batches
    stored.rows(home, january).unlink()
    with closing(sqlite3.connect(folder / "ledger.db")) as ledger, ledger:
        ledger.execute("delete from settings")

    code, _, _ = say("reproduce", "v2")
    told = json.loads(say("reproduce", "v2", "--json")[1])

    assert (code, told["reproduced"], told["rows"]) == (11, False, 0)
    assert told["gone"][0].startswith("the rows of batch 2013-01: The store has lost ")
    assert told["gone"][1].endswith(": they were not kept, and the file has others now")


def test_another_model_than_the_one_that_is_stored_is_said_to_be_another(
    say: Say, folder: Path, open_home: Callable[[Path], Home]
) -> None:
    ledger, models = folder / "ledger.db", open_home(folder).ledger.models.versions("flights")
    with closing(sqlite3.connect(ledger)) as connection, connection:
        first, second = ({"bundle": models[n].bundle, "golden": models[n].golden} for n in (2, 3))
        record = json.loads(connection.execute("select record from models where id = ?", [models[2].id]).fetchone()[0])
        assert record | first == record
        connection.execute("update models set record = ? where id = ?", [json.dumps(record | second), models[2].id])

    code, out, err = say("reproduce", "v2")

    assert code == 11
    assert "v2 was made again and is another model: the answers differ by up to" in out + err


def _name(home: Home, batch: str) -> str:
    return next(one.name for one in home.ledger.batches.all("flights") if one.id == batch)
