"""The page to explore rows with: it shows any rows, asks nobody for anything, and holds no markup of the data."""

import re
import sys

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from configs.errors import MistakeOfUser
from tasks.adapters import table_report
from tests import shop
from tests.reporting import test_browser

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>"


def held(*values: object) -> "pd.Series[object]":
    return pd.Series(pd.arrays.ArrowExtensionArray(pa.chunked_array([list(values)])))


def test_the_page_names_rows_and_notes_and_works_offline() -> None:
    page = table_report.render(shop.week(1), "shop: week 1", ("Beware.",), seed=0)

    assert "<h1>shop: week 1</h1><p>Beware.</p>" in page
    assert "default-src 'none'" in page
    assert re.findall(r"(?:src|action)=[\"'](?:https?:)?//", page) == []


def test_names_and_values_are_no_markup() -> None:
    rows = pd.DataFrame({HOSTILE: [HOSTILE, "b", HOSTILE]})

    page = table_report.render(rows, HOSTILE, (HOSTILE,), seed=0)

    assert "<script>alert" not in page
    assert "<img src=x" not in page


@pytest.mark.parametrize(
    "column",
    [
        pd.Series([np.inf, -np.inf, np.nan]),
        pd.Series([None, None, None], dtype=object),
        pd.array([2**62, None, 1], dtype="Int64"),
        held([1, 2], [3], None),
        held(b"a", b"\xff", None),
        held({"a": 1}, None, {"a": 2}),
    ],
    ids=["infinity", "nothing", "large", "lists", "bytes", "records"],
)
def test_a_column_of_any_kind_is_shown(column: "pd.Series[object]") -> None:
    assert "odd" in table_report.render(pd.DataFrame({"odd": column}), "odd", (), seed=0)


def test_no_rows_are_a_page_too() -> None:
    assert table_report.render(shop.week(1).iloc[:0], "none", (), seed=0)


def test_of_many_rows_a_sample_is_drawn_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_report, "MOST_ROWS", 100)

    page = table_report.render(shop.week(1), "shop", (), seed=0)

    assert "Drawn are 100 of the 336 rows, chosen at random." in page


def test_without_skrub_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "skrub", None)

    with pytest.raises(MistakeOfUser, match=r"^A profile needs skrub, which is not installed\. "):
        table_report.render(shop.week(1), "shop", (), seed=0)


@pytest.mark.skipif(test_browser.CHROMIUM is None, reason="no Chromium is installed")
def test_a_browser_shows_it_without_a_complaint(tmp_path: "pytest.TempPathFactory") -> None:
    page = table_report.render(shop.week(1).assign(**{HOSTILE: HOSTILE}), "shop", (), seed=0)

    dom, complaints = test_browser.browse(page, tmp_path, 1440)

    assert complaints == []
    assert "</html>" in dom
