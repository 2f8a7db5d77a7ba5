"""Which rows are new: every landed row is either new or a duplicate, and equal rows are known again in any form."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from configs.environment import CHECKOUT
from tasks.ingestion import intake

VALUES = st.fixed_dictionaries(
    {
        "text": st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=3),
        "number": st.none() | st.floats(width=64),
        "whole": st.none() | st.integers(-(2**63), 2**63 - 1),
        "answer": st.none() | st.booleans(),
        "moment": st.none() | st.integers(-(2**52), 2**52),
    }
)
TABLES = st.lists(VALUES, max_size=12)


def table(rows: list[dict[str, object]]) -> pd.DataFrame:
    columns = {name: [row[name] for row in rows] for name in ("text", "number", "whole", "answer", "moment")}
    return pd.DataFrame(
        {
            "text": pd.Series(columns["text"], dtype="str"),
            "number": pd.Series(columns["number"], dtype="float64"),
            "whole": pd.Series(columns["whole"], dtype="Int64"),
            "answer": pd.Series(columns["answer"], dtype="boolean"),
            "moment": pd.Series(columns["moment"], dtype="Int64").astype("datetime64[us]").dt.tz_localize("UTC"),
        }
    )


# ── order ─────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_deliveries_come_in_the_order_in_which_people_read_their_names():
    names = ["2013-10", "batch-10", "2013-9", "2013-09", "batch-2", "b", ""]

    assert intake.order(names) == ["", "2013-09", "2013-9", "2013-10", "b", "batch-2", "batch-10"]


@given(st.lists(st.text(max_size=6)))
@settings(deadline=None, max_examples=60, database=None)
def test_the_order_of_names_does_not_depend_on_how_they_were_listed(names: list[str]):
    ordered = intake.order(names)

    assert ordered == intake.order(sorted(names, reverse=True))
    assert sorted(ordered) == sorted(names)


def test_to_put_names_in_order_needs_no_pandas():
    code = "import sys; from tasks.ingestion import intake as ingestion; ingestion.order(['a']); sys.exit('pandas' in sys.modules)"

    subprocess.run([sys.executable, "-c", code], cwd=CHECKOUT, check=True)


# ── new or duplicate ──────────────────────────────────────────────────────────────────────────────────────────────
@given(TABLES, TABLES)
@settings(deadline=None, max_examples=60, database=None)
def test_every_landed_row_is_new_or_a_duplicate(earlier: list[dict[str, object]], landed: list[dict[str, object]]):
    frame = table(landed)
    known = intake.hash_rows(table(earlier))

    fresh, duplicates = intake.separate(frame, known)

    assert len(fresh) + len(duplicates) == len(frame)
    assert not fresh.duplicated().any()
    assert not np.isin(intake.hash_rows(fresh), known).any()
    assert list(fresh.dtypes) == list(frame.dtypes)


@given(TABLES)
@settings(deadline=None, max_examples=60, database=None)
def test_only_equal_rows_have_equal_hashes(rows: list[dict[str, object]]):
    frame = table(rows)

    hashes = intake.hash_rows(frame)

    assert len(np.unique(hashes)) == len(frame.drop_duplicates())


def test_the_first_of_equal_rows_is_the_new_one():
    frame = pd.DataFrame({"a": [3, 1, 3, 2, 3]})

    fresh, duplicates = intake.separate(frame, None)

    assert fresh["a"].tolist() == [3, 1, 2]
    assert duplicates["a"].tolist() == [3, 3]


def test_a_delivery_that_was_taken_in_before_has_nothing_new():
    frame = table([{"text": "a", "number": 1.5, "whole": 1, "answer": None, "moment": 0}])

    fresh, duplicates = intake.separate(frame, intake.hash_rows(frame))

    assert fresh.empty
    pd.testing.assert_frame_equal(duplicates, frame)


def test_a_frame_without_rows_has_no_hashes():
    fresh, duplicates = intake.separate(pd.DataFrame({"a": []}), None)

    assert fresh.empty
    assert duplicates.empty


# ── equal in any form ─────────────────────────────────────────────────────────────────────────────────────────────
NOON = pd.Timestamp("2013-01-01 12:00", tz="UTC")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (pd.Series([5, 6]), pd.Series([5.0, 6.0])),
        (pd.Series([5, 6]), pd.Series([5, 6], dtype="Int8")),
        (pd.Series([5, 6], dtype="uint64"), pd.Series([5, 6])),
        (pd.Series([0.0]), pd.Series([-0.0])),
        (pd.Series([5.0, np.nan]), pd.Series([5, None], dtype="Int64")),
        (pd.Series(["a", None]), pd.Series(["a", None], dtype="category")),
        (pd.Series(["a", None]), pd.Series(["a", None], dtype=object)),
        (pd.Series([True, None], dtype="boolean"), pd.Series([1.0, np.nan])),
        (pd.Series([NOON]), pd.Series([NOON]).dt.tz_convert("Asia/Tokyo")),
        (pd.Series([NOON]).dt.as_unit("s"), pd.Series([NOON]).dt.as_unit("ns")),
        (pd.Series([None, None], dtype="str"), pd.Series([np.nan, np.nan])),
        (pd.Series([[1, [2]]]), pd.Series([np.array([1, [2]], dtype=object)]).map(list)),
    ],
)
def test_equal_values_are_known_again_however_they_are_stored(one: "pd.Series", other: "pd.Series"):
    first, second = intake.hash_rows(pd.DataFrame({"x": one})), intake.hash_rows(pd.DataFrame({"x": other}))

    assert first.tolist() == second.tolist()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (pd.Series([5]), pd.Series(["5"])),
        (pd.Series([2**53]), pd.Series([2**53 + 1])),
        (pd.Series([2**63 - 1]), pd.Series([2**63 - 2])),
        (pd.Series([None], dtype="str"), pd.Series([""])),
        (pd.Series([None], dtype="Int64"), pd.Series([0])),
        (pd.Series([NOON]), pd.Series([NOON + pd.Timedelta(nanoseconds=1)])),
        (pd.Series([b"a"]), pd.Series(["a"])),
        (pd.Series([["a", 5]]), pd.Series([["a", "5"]])),
        (pd.Series([np.arange(5000)]), pd.Series([np.where(np.arange(5000) == 2500, 0, np.arange(5000))])),
    ],
)
def test_different_values_are_told_apart(one: "pd.Series", other: "pd.Series"):
    first, second = intake.hash_rows(pd.DataFrame({"x": one})), intake.hash_rows(pd.DataFrame({"x": other}))

    assert first.tolist() != second.tolist()


def test_neither_the_order_of_columns_nor_the_index_matters_but_names_do():
    frame = pd.DataFrame({"a": [1, 2], "b": [2, 1]})

    hashes = intake.hash_rows(frame)

    assert hashes.tolist() == intake.hash_rows(frame[["b", "a"]].set_index(pd.Index([7, 8]))).tolist()
    assert hashes.tolist() != intake.hash_rows(frame.rename(columns={"a": "b", "b": "a"})).tolist()
    assert hashes[0] != hashes[1]
