"""Profiles: of whatever has rows, beside the report, which leads to those of batches."""

from pathlib import Path

import pandas as pd
import pytest

from configs.errors import MistakeOfUser
from tasks.adapters.home import Home
from tasks.lineage.steps import profiling
from tests import shop


def test_a_version_and_a_batch_have_a_page_each(shop_versions: Home) -> None:
    version = profiling.profile(shop_versions, "shop", "v2")
    batch = profiling.profile(shop_versions, "shop", "week 1")

    digest = shop_versions.ledger.batches.accepted("shop")[0].id
    assert (version.title, version.rows, version.path.name) == ("shop: v2", 576, "shop-profile-v2.html")
    assert (batch.title, batch.rows, batch.path.name) == ("shop: batch week 1", 336, f"shop-profile-{digest[:12]}.html")
    assert "<h1>shop: batch week 1</h1>" in batch.path.read_text(encoding="utf-8")
    assert (version.linked, batch.linked) == (False, True)


def test_the_report_leads_to_the_pages_of_batches_and_to_no_others(shop_versions: Home) -> None:
    page = profiling.profile(shop_versions, "shop", "week 2").path

    html = shop_versions.report("shop").read_text(encoding="utf-8")
    assert html.count("Profile of its rows") == 1
    assert f'<a href="{page.name}">Profile of its rows</a>' in html


def test_of_a_refused_batch_all_that_came_is_shown(shop_versions: Home) -> None:
    profile = profiling.profile(shop_versions, "shop", "week 3 corrected")

    assert profile.rows == 336
    assert "this batch is refused. Too many rows were quarantined." in profile.path.read_text(encoding="utf-8")


def test_a_file_that_nobody_took_in_can_be_explored(shop_home: Home, tmp_path: Path) -> None:
    (tmp_path / "any.csv").write_text("a,b,c\n1,x,007\n,y,\n")
    shop.week(1).to_parquet(tmp_path / "week.parquet")

    cells, rows = (profiling.profile(shop_home, "shop", str(tmp_path / name)) for name in ("any.csv", "week.parquet"))

    assert (cells.title, cells.rows, cells.columns, cells.linked) == ("shop: any.csv", 2, 3, False)
    assert (rows.rows, rows.path.parent) == (336, shop_home.report("shop").parent)
    assert cells.path != rows.path


@pytest.mark.parametrize(
    ("cells", "kind"), [(["1", "", "2.5"], "float64"), (["x", "", "1"], "str"), (["", ""], "float64")]
)
def test_cells_are_numbers_where_all_of_them_are(cells: list[str], kind: str) -> None:
    column = profiling._numbers(pd.Series(cells, dtype="str"))

    assert str(column.dtype) == kind
    assert column.isna().tolist() == [cell == "" for cell in cells]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("rows.xlsx", b"PK", "is neither parquet nor CSV, by its ending"),
        ("rows.parquet", b"PAR1", "cannot be read: The file is truncated"),
        ("rows.csv", b"", "cannot be read: The file is empty"),
        ("rows.csv", b"a,b\n1,2,3\n", "cannot be read: "),
        ("rows.csv.gz", b"\x1f\x8b\x00", "cannot be read: "),
    ],
)
def test_a_file_that_is_no_table_is_refused(
    name: str, content: bytes, words: str, shop_home: Home, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(content)

    with pytest.raises(MistakeOfUser, match=words):
        profiling.profile(shop_home, "shop", str(tmp_path / name))

    assert not shop_home.report("shop").parent.exists()
