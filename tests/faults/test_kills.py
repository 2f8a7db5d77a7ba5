"""A run that is killed (`kill -9`) and run again ends as one that was left alone (I3), and leaves nobody behind."""

import re
from typing import Any

import pytest

from configs.environment import CHECKOUT
from tests.faults import canonical
from tests.faults.worlds import REFUSED, World

FAILPOINTS = sorted(
    {
        name
        for path in (CHECKOUT / "tasks").rglob("*.py")
        for name in re.findall(r'failpoints\.reach\("([a-z-]+)"\)', path.read_text())
    }
)
SECOND_TURN_ONLY = {
    "drift-committed", "health-committed", "evidence-committed", "drift-report-published", "refused-bytes-kept",
    "duplicate-counted",
}  # fmt: skip
"""Where a first turn does not come by: there is no live model yet, or other deliveries come first."""


def test_the_undisturbed_run_promotes_refuses_and_counts(undisturbed: dict[str, Any]) -> None:
    ledger = undisturbed["ledger"]

    outcomes = [row.split('"outcome": "')[1].split('"')[0] for row in ledger["turns"]]

    assert sorted(outcomes) == ["first_champion", "promote", "refused"]
    assert len(ledger["promotions"]) == 2
    assert sum('"duplicate": 1' in row for row in ledger["deliveries"]) == 1
    assert len(undisturbed["mlflow"]["runs"]) == 4


def test_killed_between_publishing_a_bundle_and_committing_it(world: World, undisturbed: dict[str, Any]) -> None:
    world.kill_at("bundle-published")
    orphans = world.left()

    code, _, err = world.run()

    assert orphans == []
    assert (code, err) == (REFUSED, "")
    assert canonical.differences(canonical.dump(world.home), undisturbed) == []


@pytest.mark.long
def test_killed_again_and_again(world: World, undisturbed: dict[str, Any]) -> None:
    for failpoint in ("promotion-committed", "shown-in-mlflow"):
        world.kill_at(failpoint)
    orphans = world.left()

    code, _, err = world.run()

    assert orphans == []
    assert (code in (0, REFUSED), err) == (True, "")
    assert canonical.differences(canonical.dump(world.home), undisturbed) == []


@pytest.mark.long
@pytest.mark.parametrize("failpoint", FAILPOINTS)
def test_killed_anywhere_in_the_second_turn(failpoint: str, world: World, undisturbed: dict[str, Any]) -> None:
    world.kill_at(failpoint)
    orphans = world.left()

    code, _, err = world.run()

    assert orphans == []
    assert (code in (0, REFUSED), err) == (True, "")
    assert canonical.differences(canonical.dump(world.home), undisturbed) == []


@pytest.mark.long
@pytest.mark.parametrize("failpoint", [name for name in FAILPOINTS if name not in SECOND_TURN_ONLY])
def test_killed_anywhere_in_the_first_turn(
    failpoint: str, world: World, undisturbed_from_the_start: dict[str, Any]
) -> None:
    world.restart()
    world.kill_at(failpoint)
    orphans = world.left()

    code, _, err = world.run()

    assert orphans == []
    assert (code in (0, REFUSED), err) == (True, "")
    assert canonical.differences(canonical.dump(world.home), undisturbed_from_the_start) == []
