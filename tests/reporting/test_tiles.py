"""The four numbers are those of the version that is live, and say so where they are older or of another one."""

from dataclasses import replace

from tasks.domain.turns import History
from tasks.reporting import tiles
from tasks.reporting.tiles import Tile
from tests.reporting import worlds

SETTINGS = worlds.settings()


def told(history: History) -> tuple[Tile, ...]:
    return tiles.four(history, SETTINGS)


def test_before_anything_came_in_there_is_no_number() -> None:
    assert told(History("flights", (), (), (), ())) == ()


def test_the_four_numbers_have_their_yardsticks() -> None:
    world = worlds.year()

    data, inputs, loss, retraining = told(world)

    assert (data.name, data.value, data.text) == (
        "Data of Dec 2013",
        "28,123",
        "12 quarantined · 1,113 without label",
    )
    assert inputs.text == "All are weather columns: the season. A reason to look, not to retrain."
    assert (loss.value, loss.text) == ("0.590", "0.538 at its gate · 0.659 without a model")
    assert (retraining.value, retraining.unit) == ("0.33", "evidence, needs 200")
    assert retraining.text == "v12 tried: 0.598 on the same flights, worse by 0.0080"


def test_the_four_numbers_are_those_of_the_last_batch_that_was_taken_in() -> None:
    world = worlds.refused_last()

    data, *_ = told(world)

    assert data.name == "Data of Jul 2013"


def test_after_a_rollback_they_are_those_of_the_version_that_is_back() -> None:
    data, inputs, loss, retraining = told(worlds.gone_back())

    assert data.name == "Data of Dec 2013"
    assert inputs.text.startswith("In June 2013: not compared with v3 since. All are weather columns: the season.")
    assert (loss.value, loss.unit) == ("0.580", "in June 2013")
    assert loss.text == "0.496 at its gate · 0.639 without a model · not judged since"
    assert (retraining.value, retraining.unit) == ("–", "evidence, needs 200")
    assert retraining.text == "No challenger has been compared with v3 since the rollback: evidence starts anew."


def test_the_first_champion_was_scored_all_along_and_not_judged() -> None:
    _, inputs, loss, _ = told(worlds.gone_back(to=1))

    assert inputs.text.startswith("In March 2013: not compared with v1 since.")
    assert (loss.value, loss.unit) == ("0.629", "in December 2013")
    assert loss.text == "0.586 at its gate · scored beside the champion of then, not judged"


def test_a_version_that_is_back_and_was_never_judged_is_told_by_its_gate() -> None:
    new = worlds.promoted_last()

    _, inputs, loss, _ = told(worlds.gone_back(worlds.gone_back(new, after=6), after=6))

    assert inputs.text.startswith("In June 2013, against the training data of v3; with v6 nothing has been compared")
    assert (loss.value, loss.unit) == ("0.538", "at its gate")
    assert loss.text == "0.580 by v3 before it"


def test_the_next_batch_makes_them_current_again() -> None:
    world = worlds.gone_back(after=12)
    last = replace(world.turns[-1], champion_version=3)

    _, inputs, loss, retraining = told(replace(world, turns=(*world.turns[:-1], last)))

    assert inputs.text.startswith("All are weather columns")
    assert (loss.value, loss.unit, loss.text) == ("0.590", "now", "0.496 at its gate · 0.659 without a model")
    assert retraining.value == "0.33"


def test_a_batch_without_labels_tells_nothing_of_the_loss() -> None:
    world = worlds.year()
    last = world.turns[-1]
    silent = replace(last, champion=worlds.score("c", 0, 0.2, 0.0, None, None, None), never=None, probe=None)

    _, _, loss, _ = told(replace(world, turns=(*world.turns[:-1], silent)))

    assert (loss.value, loss.unit) == ("0.461", "in November 2013")
    assert loss.text.endswith("not judged since")
