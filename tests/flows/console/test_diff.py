"""`diff`: what differs, on a terminal and for machines; it changes nothing."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tasks.adapters.home import Home
from tests import stored

Say = Callable[..., tuple[int, str, str]]


@pytest.fixture
def folder(shop_versions: Home) -> Path:
    return shop_versions.folder


def dump(folder: Path) -> list[str]:
    with closing(sqlite3.connect(folder / "ledger.db")) as ledger:
        return list(ledger.iterdump())


def test_two_versions_are_told_part_by_part(say: Say, folder: Path) -> None:
    before = dump(folder)

    code, out, err = say("diff", "shop", "v1", "v2")

    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == "shop: v2 against v1"
    assert [line for line in lines if line and not line.startswith(" ")][1:] == [
        "rows", "label", "columns", "settings", "code", "libraries",
    ]  # fmt: skip
    assert "  Family logistic_regression, was hist_gradient_boosting." in lines
    assert dump(folder) == before


def test_machines_get_all_of_it_as_one_object(say: Say) -> None:
    code, out, err = say("diff", "week 1", "v2", "shop", "--json")

    told = json.loads(out, parse_constant=pytest.fail)
    assert (code, err.splitlines()[0]) == (0, "shop: v2 against batch week 1")
    assert (told["pipeline"], told["was"], told["now"], told["looked_at"]) == ("shop", "batch week 1", "v2", 2)
    assert told["rows"]["same"] == 288
    assert {one["column"] for one in told["columns"]} >= {"items", "shop", "price", "sold"}
    assert sum(one["added"] for one in told["stretches"]) == told["rows"]["added"]
    assert "models" not in told


def test_the_page_tells_the_same_beside_the_report(say: Say, folder: Path) -> None:
    code, out, _ = say("diff", "shop", "v1", "v2", "--page")
    told = json.loads(say("diff", "shop", "v1", "week 1", "--page", "--json")[1])

    page = folder / "reports" / "shop-diff-v1-v2.html"
    assert (code, out.splitlines()[-1]) == (0, f"Page: {page}")
    assert "<h1><span>v2 against v1</span></h1>" in page.read_text(encoding="utf-8")
    assert Path(told["page"]).exists()
    assert out.startswith(say("diff", "shop", "v1", "v2")[1])


def test_what_a_refused_correction_changes_is_told(say: Say) -> None:
    code, out, _ = say("diff", "shop", "week 3", "week 3 corrected", "--delivered")

    assert code == 0
    assert "332 the same, 0 added, 0 gone, 4 changed. Changed in price (4)." in " ".join(out.split())


def test_where_rows_of_a_version_are_gone_the_rest_is_told(say: Say, shop_versions: Home) -> None:
    (file,) = shop_versions.ledger.models.versions("shop")[1].snapshot.batches
    stored.rows(shop_versions, file).unlink()

    code, out, err = say("diff", "shop", "v1", "v2")
    told = json.loads(say("diff", "shop", "v1", "v2", "--json")[1])

    assert code == 11
    assert "Family logistic_regression, was hist_gradient_boosting." in out
    assert "The store has lost " in out + err
    assert (told["rows"], told["problem"].startswith("The store has lost ")) == (None, True)
    assert say("diff", "shop", "week 1", "week 2")[0] == 11


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("v1", "v1"), "Both are v1 of shop: a diff takes two different things."),
        (("v1", "v7"), "Unknown version v7 of shop. It has v1 to v2"),
        (("week 1", "$(rm -rf /)"), "Unknown batch '$(rm -rf /)' of shop."),
        (("week 1", "week 3 corrected"), "`diff --delivered` takes all that came."),
        (("v1", "v2", "--on", "week 1"), "unrecognized arguments: --on week 1"),
        (("v1",), "the following arguments are required: B"),
    ],
)
def test_a_wrong_question_is_answered_in_words(
    arguments: tuple[str, ...], text: str, say: Say, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        code, out, err = say("diff", *arguments, *(["shop"] if len(arguments) > 1 else []))
    except SystemExit as ended:
        code, (out, err) = ended.code, capsys.readouterr()

    assert (code, out) == (2, "")
    assert text in err
    assert "Traceback" not in err
