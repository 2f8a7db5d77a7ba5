"""Groups of rows are named by what they hold, and no two of them alike."""

import numpy as np
import pandas as pd
import pytest

from configs.evaluation import Cluster, Slice
from configs.ingestion import Times
from configs.validation import ColumnRule
from tasks.training import groups
from tasks.training.groups import MISSING

TIMES = Times(event="departure")
INTEGER, NUMBER = (ColumnRule(type=kind, min=0, max=23) for kind in ("integer", "number"))


def test_a_day_begins_at_midnight_in_the_time_zone_of_the_pipeline():
    frame = departures("2013-02-01T04:59:59Z", "2013-02-01T05:00:00Z", "2013-07-01T04:00:00Z")

    in_utc = groups.clusters(frame, TIMES, Cluster())
    in_new_york = groups.clusters(frame, TIMES, Cluster(timezone="America/New_York"))

    assert in_utc.tolist() == ["2013-02-01", "2013-02-01", "2013-07-01"]
    assert in_new_york.tolist() == ["2013-01-31", "2013-02-01", "2013-07-01"]


def test_times_without_a_zone_are_utc_and_a_missing_time_has_a_cluster_of_its_own():
    naive = pd.DataFrame({"departure": pd.to_datetime(["2013-02-01T23:30:00", None])})

    assert groups.clusters(naive, TIMES, Cluster()).tolist() == ["2013-02-01", MISSING]


def test_a_cluster_may_be_the_value_of_a_column():
    frame = pd.DataFrame({"customer": [7.0, 7.0, np.nan, 12.0]})

    named = groups.clusters(frame, TIMES, Cluster(column="customer"))

    assert named.tolist() == ["7", "7", MISSING, "12"]


HOURS = [5.0, 7.0, 8.0, 15.0, 16.0, np.nan]


@pytest.mark.parametrize(
    ("edges", "rule", "labels"),
    [
        ((8.0, 16.0), INTEGER, ["0 to 7", "0 to 7", "8 to 15", "8 to 15", "16 to 23", MISSING]),
        ((8.0, 16.0), None, ["up to 7", "up to 7", "8 to 15", "8 to 15", "16 or more", MISSING]),
        ((7.5, 16.0), INTEGER, ["0 to 7", "0 to 7", "8 to 15", "8 to 15", "16 to 23", MISSING]),
        ((8.0, 9.0), INTEGER, ["0 to 7", "0 to 7", "8", "9 to 23", "9 to 23", MISSING]),
        ((8.0, 16.0), NUMBER, ["0 to 8", "0 to 8", "8 to 16", "8 to 16", "16 to 23", MISSING]),
        ((8.0,), ColumnRule(type="number"), ["below 8", "below 8", "8 or more", "8 or more", "8 or more", MISSING]),
        (None, INTEGER, ["5", "7", "8", "15", "16", MISSING]),
    ],
)
def test_bands_are_named_by_what_they_hold(edges, rule, labels):
    frame, part = pd.DataFrame({"hour": HOURS}), Slice(column="hour", edges=edges)

    named = groups.slice_labels(frame, (part,), rule and {"hour": rule})

    assert named["hour"].tolist() == labels


def test_slices_of_texts_booleans_and_nullable_integers_are_named_by_their_values():
    frame = pd.DataFrame(
        {
            "carrier": pd.Series(["UA", None], dtype="str"),
            "holiday": pd.Series([True, None], dtype="boolean"),
            "stops": pd.Series([1, None], dtype="Int64"),
        }
    )

    named = groups.slice_labels(frame, [Slice(column=column) for column in frame])

    assert [labels.tolist() for labels in named.values()] == [["UA", MISSING], ["true", MISSING], ["1", MISSING]]


def test_rows_without_a_cluster_are_not_in_the_cluster_that_is_called_so():
    frame = pd.DataFrame({"who": pd.Series(["(missing)", None, "b", "'(missing)'"], dtype="str")})

    named = groups.clusters(frame, Times(event="at"), Cluster(column="who"))

    assert len(set(named)) == 4


def test_borders_that_are_close_to_one_another_have_bands_of_their_own():
    frame = pd.DataFrame({"x": [1.0, 1.00000000004, 1.00000000008, 2.0]})

    labels = groups.slice_labels(frame, [Slice(column="x", edges=(1.00000000003, 1.00000000006, 1.00000000009))])

    assert len(set(labels["x"])) == 4


def departures(*times):
    return pd.DataFrame({"departure": pd.to_datetime(list(times), utc=True)})
