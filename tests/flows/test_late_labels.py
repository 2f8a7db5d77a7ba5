"""A shop whose labels come three weeks later in another file: its batches wait, are judged, and everything names them."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

from tests import homes
from tests import late_labels as world
from tests.command_line import CommandLine

SOME = 900
"""Labels of the third month that come first."""


@dataclass(frozen=True)
class Lived:
    """A home to which months of sales came, and what became of them later."""

    home: Path
    pipelines: Path
    command: CommandLine
    turns: dict[str, dict[str, object]]
    """What was printed of each turn, by the name of what came."""

    def ask(self, *arguments: str) -> str:
        """What a command says."""
        ran = self.command(self.home, *arguments, INCUMBENT_PIPELINES=str(self.pipelines))
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return " ".join(ran.stdout.split())


def third_month() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Its labels in two deliveries: some of two months and of sales that nobody made; and all others, one of them twice
    with different words, and one that had been used, the other way round."""
    labels = world.labels(3)
    first = pd.concat([world.labels(2)[:5], labels[:SOME], world.labels(30)[:7]])
    corrected = world.labels(2)[5:6].assign(kept=lambda one: ~one["kept"])
    contradicting = labels[SOME : SOME + 1].assign(kept=lambda one: ~one["kept"])
    return first, pd.concat([labels[SOME:], corrected, contradicting])


@pytest.fixture(scope="module")
def lived(
    furnished_home: Callable[..., Path], served_run: CommandLine, tmp_path_factory: pytest.TempPathFactory
) -> Lived:
    home, pipelines = furnished_home("late-labels"), tmp_path_factory.mktemp("pipelines")
    (pipelines / "shop.yaml").write_text(world.YAML, encoding="utf-8")
    (home / "landing" / "returns").mkdir()
    turns: dict[str, dict[str, object]] = {}

    def run() -> None:
        ran = served_run(home, "run", "shop", "--json", INCUMBENT_PIPELINES=str(pipelines))
        assert ran.returncode == 0, ran.stdout + ran.stderr
        turns.update({line["batch"]: line for line in map(json.loads, ran.stdout.splitlines()) if "turn" in line})

    first, rest = third_month()
    for month in (1, 2):
        world.land_rows(home, month)
    run()
    for month in (1, 2):
        world.land_labels(home, f"returns-{month}", world.labels(month))
    run()
    world.land_rows(home, 3)
    world.land_labels(home, "returns-3", first)
    run()
    world.land_labels(home, "returns-3b", rest)
    run()
    world.land_rows(home, 4)
    world.land_labels(home, "returns-4", world.labels(4))
    run()
    return Lived(home, pipelines, served_run, turns)


def test_rows_are_taken_in_without_labels_and_wait(lived: Lived) -> None:
    first = lived.turns["month-01"]

    assert (first["accepted"], first["verdict"]) == (1344, "not_judged")
    assert first["reason"] == (
        "month-01: 0 of 1,344 labels are there; it is judged when all are, or with what comes after 2013-03-17"
    )


def test_what_labels_complete_is_judged_in_their_turn(lived: Lived) -> None:
    assert lived.turns["returns-1"]["reason"] == "0 labelled rows to train on, needs 50"
    assert lived.turns["returns-2"]["verdict"] == "first_champion"
    assert lived.turns["returns-2"]["labels"] == {
        "landed": 1344, "taken": 1344, "repeated": 0, "contradicting": 0, "unusable": 0, "empty": 0,
        "unknown": 0, "corrected": 0,
    }  # fmt: skip


def test_labels_that_are_odd_are_set_aside_and_counted(lived: Lived) -> None:
    some, rest = (lived.turns[name]["labels"] for name in ("returns-3", "returns-3b"))

    assert isinstance(some, dict)
    assert (some["landed"], some["taken"], some["repeated"]) == (SOME + 12, SOME + 7, 5)
    assert isinstance(rest, dict)
    assert (rest["taken"], rest["contradicting"], rest["corrected"]) == (1344 - SOME, 2, 1)


def test_labels_of_rows_that_are_not_there_wait_and_are_told_of(lived: Lived) -> None:
    page = " ".join((lived.home / "reports" / "shop.html").read_text().split())

    assert "7 of 5,383 labels name rows that are not there, and wait for them." in page
    assert "1 differs from the label that was used, which stays." in page


def test_a_batch_is_judged_on_what_labels_there_are_when_their_time_has_passed(lived: Lived) -> None:
    assert lived.turns["returns-3b"]["verdict"] == "not_judged"
    # the labels of April's sales are known until June: one of March's that contradict each other is waited for no more
    assert lived.turns["returns-4"]["verdict"] in ("reject", "keep_shadowing", "promote")
    assert lived.turns["month-04"]["verdict"] in ("reject", "keep_shadowing", "promote")


def test_nothing_that_was_recorded_differs_from_what_is_stored(lived: Lived) -> None:
    assert "nothing found to differ from the ledger" in lived.ask("verify", "shop", "--retrain")


def test_a_model_is_made_again_from_the_labels_of_its_time(lived: Lived) -> None:
    assert "the same" in lived.ask("reproduce", "v1", "shop")
    assert "the same" in lived.ask("reproduce", "v3", "shop")


def test_a_label_that_differs_from_one_that_was_used_does_not_change_it(lived: Lived) -> None:
    (key, label) = world.labels(2).iloc[5][["at", "shop"]].tolist(), bool(world.labels(2).iloc[5]["kept"])
    asked = f"select sold from data('month-02') where \"at\" = '{key[0].isoformat()}' and shop = '{key[1]}'"

    assert lived.ask("sql", asked, "shop", "--json") == json.dumps({"sold": label})


def test_what_was_set_aside_says_why(lived: Lived) -> None:
    asked = "select _reasons, count(*) as n from quarantine('returns-3b') group by 1"

    assert json.loads(lived.ask("sql", asked, "shop", "--json")) == {
        "_reasons": "this key has two labels in one delivery",
        "n": 2,
    }


def test_the_story_of_a_turn_tells_of_its_labels(lived: Lived) -> None:
    assert "1,344 labels landed: 1,344 are new." in lived.ask("explain", "returns-2", "shop")


def test_one_goes_back_to_a_version_that_learned_from_fewer_labels(lived: Lived, tmp_path: Path) -> None:
    home = homes.copy(lived.home, tmp_path / "home", "prefect")

    def ask(*arguments: str) -> str:
        ran = lived.command(home, *arguments, INCUMBENT_PIPELINES=str(lived.pipelines))
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return ran.stdout

    assert "v1 is live again in place of v2" in ask("rollback", "shop", "--to", "v1", "--reason", "to see it")
    assert "nothing found to differ from the ledger" in ask("verify", "shop")


@pytest.mark.long
def test_replayed_as_it_was_every_batch_had_the_labels_of_then(lived: Lived, tmp_path: Path) -> None:
    again = Lived(homes.copy(lived.home, tmp_path / "home"), lived.pipelines, lived.command, lived.turns)

    (told,) = [json.loads(line) for line in again.ask("experiment", "shop", "same", "--json").splitlines()]

    assert (told["answer"], told["fits"], told["left"]) == ("the same models", 0, 0)
    replayed = [
        json.loads(path.read_text()) for path in sorted((again.home / "experiments/shop/same/batches").iterdir())
    ]
    outcomes = {one["batch"]: one["outcome"] for one in replayed}
    assert outcomes == {name: turn["verdict"] for name, turn in lived.turns.items()}
