"""Decision table: what is simulated, and what the loop says. To be read aloud."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from configs import loader
from configs.errors import BrokenContract
from tasks.lineage import faults
from tasks.lineage.faults import SimulatedFault
from tasks.monitoring import drift
from tasks.validation import contract
from tasks.validation.triage import examine as triage
from tests import folders

FLIGHTS = loader.load("flights")
LET_IN = "let in"

#   the fault                 in                what the loop says
SAID = [
    ("unit", None, "distance: every value is about 1.62 times what it was (median 872, now 1,421): a change of unit?"),
    ("unit", "pressure", "'pressure' must be at most 1,080 hPa (another unit)"),
    ("silent", None, "aircraft_age: missing in every row (was 17\u202f%): no longer sent?"),
    ("silent", "temp", "temp: missing in every row (was 0.05\u202f%): no longer sent?"),
    ("silent", "hour", "'hour' must be not missing"),
    ("renamed", None, "-renamed): renamed?"),
    ("renamed", "destination", LET_IN),  # no destination has a tenth of the flights: a few may well be new
    ("renamed", "origin", "'origin' must be one of EWR, JFK, LGA"),
    ("one_class", None, "late: all 6,199 labels are false (25\u202f% were true)."),
    ("concept", None, LET_IN),  # a changed world is no fault: health sees it
]


@pytest.fixture(scope="module")
def months(months: Callable[[str], Path]) -> dict[int, pd.DataFrame]:
    """Every fourth flight of January to May, as they were delivered."""
    found = {}
    for number in range(1, 6):
        landing = months(f"2013-{number:02d}").parent
        (delivery,) = [one for one in folders.listed(landing) if one.name == f"2013-{number:02d}"]
        found[number] = folders.rows(landing, delivery, FLIGHTS.validation)
    return found


def says(delivered: pd.DataFrame, before: list[pd.DataFrame]) -> str:
    """Why a delivery is refused or held."""
    try:
        accepted = contract.check(delivered, FLIGHTS.validation, "late").accepted
    except BrokenContract as fault:
        return str(fault)
    suspects = [one.suspect for one in triage.examine(accepted, before, FLIGHTS)]
    return triage.reason(suspects) if any(one.certain for one in suspects) else LET_IN


@pytest.mark.parametrize(("fault", "column", "said"), SAID)
def test_a_data_fault_is_stopped_and_named_and_a_changed_world_is_let_in(months, fault, column, said):
    before = [months[number] for number in (2, 3, 4)]

    made = faults.apply(SimulatedFault(fault), months[4], FLIGHTS, seed=1, column=column)

    assert said in says(made.frame, before)


@pytest.mark.parametrize("number", [4, 5])
def test_a_good_month_is_let_in(months, number):
    assert says(months[number], [months[earlier] for earlier in range(1, number)][-3:]) == LET_IN


def test_the_inputs_of_a_turned_concept_have_moved_no_more_than_those_of_its_month(months):
    turned = faults.apply(SimulatedFault.CONCEPT, months[5], FLIGHTS, seed=1).frame
    then, features = pd.concat([months[number] for number in (1, 2, 3, 4)]), FLIGHTS.training.features
    rules, limits = FLIGHTS.validation.columns, FLIGHTS.monitoring.drift

    as_it_was = drift.measure(then, months[5], features, rules, limits, batch="b", snapshot="s")
    as_it_is = drift.measure(then, turned, features, rules, limits, batch="b", snapshot="s")

    assert {one.column for one in as_it_is.moved} == {one.column for one in as_it_was.moved}
