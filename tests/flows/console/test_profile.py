"""`profile`: a page to explore rows with, and where it is."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tasks.adapters.home import Home
from tests import stored

Say = Callable[..., tuple[int, str, str]]


@pytest.fixture
def folder(shop_versions: Home) -> Path:
    return shop_versions.folder


def test_it_says_what_it_shows_and_where(say: Say, folder: Path) -> None:
    code, out, err = say("profile", "shop", "week 1")
    told = json.loads(say("profile", "shop", "v1", "--json")[1])

    assert (code, err) == (0, "")
    assert out.splitlines()[0] == "shop: batch week 1: 336 rows, 8 columns."
    assert out.splitlines()[2] == "The report leads to it."
    assert (told["rows"], Path(told["path"])) == (288, folder / "reports" / "shop-profile-v1.html")
    assert Path(told["path"]).exists()


def test_the_page_goes_where_it_is_wanted(say: Say, tmp_path: Path) -> None:
    code, _, _ = say("profile", "shop", "v1", "--out", str(tmp_path / "page.html"))

    assert (code, (tmp_path / "page.html").exists()) == (0, True)


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (("v9",), 2, "Unknown version v9 of shop. It has v1 to v2"),
        (("nosuch",), 2, "Unknown batch 'nosuch' of shop."),
        (("/etc/passwd",), 2, "/etc/passwd is neither parquet nor CSV"),
        (("x" * 300,), 2, "Unknown batch 'xxx"),
        (("~nobody9/x.csv",), 2, "Unknown batch '~nobody9/x.csv' of shop."),
        (("/etc",), 2, "Unknown batch '/etc' of shop."),
        (("v1", "--out", "page.txt"), 2, "name a file that ends with .html"),
        (("v1", "--out", "{home}/reports/shop.html"), 2, "Incumbent keeps files of its own in "),
        (("v1", "--out", "/nowhere/page.html"), 2, "there is no folder /nowhere"),
    ],
)
def test_a_wrong_question_is_answered_in_words(
    arguments: tuple[str, ...], code: int, text: str, say: Say, folder: Path
) -> None:
    (folder / "reports").mkdir()

    answered, out, err = say("profile", "shop", *(word.replace("{home}", str(folder)) for word in arguments))

    assert (answered, out) == (code, "")
    assert text in err
    assert list((folder / "reports").iterdir()) == []


def test_rows_that_are_gone_are_named(say: Say, shop_versions: Home) -> None:
    (file,) = shop_versions.ledger.models.versions("shop")[1].snapshot.batches
    stored.rows(shop_versions, file).unlink()

    code, out, err = say("profile", "shop", "v1")

    assert (code, out) == (11, "")
    assert err.startswith("The store has lost ")
