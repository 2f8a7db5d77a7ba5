"""A file is answered row by row, in every format alike; a run that was cut off goes on where it was."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import HTTPServer, SimpleHTTPRequestHandler
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from configs.errors import BadInput, BundleRefused, MistakeOfUser
from tasks.adapters import failpoints
from tasks.adapters.home import Home
from tasks.problems import prediction
from tasks.scoring import scored
from tasks.scoring.steps import incoming, score_file
from tasks.training import preparation
from tests import shop

FEATURES = ("shop", "items", "price")


@pytest.fixture
def rows() -> pd.DataFrame:
    return shop.week(9, 250)[["at", "shop", "items", "price", "gift"]]


def as_pipeline(home: Home, rows: pd.DataFrame, version: int = 2) -> Any:
    model = home.ledger.models.versions("shop")[version]
    rules = home.settings("shop").validation.columns
    prepared = preparation.prepare(rows, FEATURES, rules)
    return prediction.predict(home.bundles.load(model.bundle, model.golden), prepared)


def write(rows: pd.DataFrame, path: Path) -> Path:
    if path.suffix == ".parquet":
        rows.to_parquet(path, index=False)
    elif path.suffix == ".csv":
        rows.assign(at=rows["at"].dt.strftime("%Y-%m-%dT%H:%M:%SZ")).to_csv(path, index=False)
    else:
        rows.assign(at=rows["at"].astype(str)).to_json(path, orient="records", lines=True)
    return path


@pytest.mark.parametrize("ending", [".parquet", ".csv", ".jsonl"])
@pytest.mark.parametrize("out", [".parquet", ".csv", ".jsonl", ".json"])
def test_every_format_has_the_answers_of_the_gate(shop_versions, tmp_path, rows, ending, out):
    path = write(rows, tmp_path / f"rows{ending}")

    done = score_file.score(shop_versions, "shop", str(path), tmp_path / f"answers{out}")

    read = {
        ".parquet": pd.read_parquet,
        ".csv": pd.read_csv,
        ".json": pd.read_json,
        ".jsonl": partial(pd.read_json, lines=True),
    }
    answers = read[out](done.path)
    assert (done.rows, done.answered, done.version, done.reasons) == (250, 250, 2, ())
    assert np.abs(answers["probability"] - as_pipeline(shop_versions, rows)).max() < 1e-9
    assert list(answers["row"]) == list(range(1, 251)) and set(answers["version"]) == {2}
    assert list(answers["shop"]) == list(rows["shop"])
    assert not list((shop_versions.folder / "scored" / ".parts").iterdir())


@pytest.mark.parametrize("ending", [".parquet", ".csv", ".jsonl"])
def test_rows_that_break_the_contract_have_reasons_in_the_place_of_answers(shop_versions, tmp_path, rows, ending):
    rows["items"] = rows["items"].astype("Float64")
    rows.loc[3, "items"], rows.loc[4, "items"], rows.loc[5, "shop"] = -1.0, 2.5, None
    path = write(rows, tmp_path / f"rows{ending}")
    if ending == ".csv":
        path.write_text(
            path.read_text().replace(path.read_text().splitlines()[8], "2013-03-04T03:30:00Z,a,many,dear,", 1)
        )

    done = score_file.score(shop_versions, "shop", str(path), tmp_path / "answers.parquet")

    answers = pd.read_parquet(done.path).set_index("row")
    wrong = answers["reason"].dropna().to_dict()
    more = {8: "items: a whole number; price: a number"} if ending == ".csv" else {}
    assert wrong == {4: "items: at least 0", 5: "items: a whole number", 6: "shop: not missing", **more}
    assert answers["probability"].isna().sum() == len(wrong)
    assert (done.rows, done.answered) == (250, 250 - len(wrong))


def test_it_is_answered_by_the_version_that_is_asked_for_and_into_the_home(shop_versions, tmp_path, rows):
    path = write(rows, tmp_path / "week.parquet")

    done = score_file.score(shop_versions, "shop", str(path), version=1)

    assert done.path == str(shop_versions.folder / "scored" / "shop-week-v1.parquet")
    assert np.abs(pd.read_parquet(done.path)["probability"] - as_pipeline(shop_versions, rows, 1)).max() < 1e-9


class _Cut(Exception):
    pass


def test_what_was_done_before_a_cut_is_not_done_again(shop_versions, tmp_path, rows, monkeypatch):
    path = write(rows, tmp_path / "rows.parquet")
    monkeypatch.setattr(incoming, "ROWS", 60)
    asked: list[int] = []
    answered = scored.answered

    def count(*given: Any, first: int, **more: Any) -> Any:
        asked.append(first)
        return answered(*given, first=first, **more)

    def cut(name: str) -> None:
        if name == "part-scored" and len(asked) == 3:
            raise _Cut

    monkeypatch.setattr(scored, "answered", count)
    with monkeypatch.context() as dying:
        dying.setattr(failpoints, "reach", cut)
        with pytest.raises(_Cut):
            score_file.score(shop_versions, "shop", str(path), tmp_path / "answers.parquet")
    assert not (tmp_path / "answers.parquet").exists()

    done = score_file.score(shop_versions, "shop", str(path), tmp_path / "answers.parquet")

    assert asked == [0, 60, 120, 180, 240]
    answers = pq.read_table(done.path)
    assert answers["row"].to_pylist() == list(range(1, 251))


def test_other_rows_under_the_same_name_are_scored_anew(shop_versions, tmp_path, rows):
    path = write(rows, tmp_path / "rows.parquet")
    first = pd.read_parquet(score_file.score(shop_versions, "shop", str(path)).path)

    write(rows.assign(items=rows["items"] * 0), path)
    second = pd.read_parquet(score_file.score(shop_versions, "shop", str(path)).path)

    assert not first["probability"].equals(second["probability"])


@contextmanager
def served(folder: Path) -> Iterator[str]:
    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *told: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_file_at_an_address_is_fetched_and_gone_afterwards(shop_versions, tmp_path, rows):
    write(rows, tmp_path / "rows.csv")
    with served(tmp_path) as address:
        done = score_file.score(shop_versions, "shop", f"{address}/rows.csv")
        with pytest.raises(MistakeOfUser, match="cannot be fetched"):
            score_file.score(shop_versions, "shop", f"{address}/other.csv")

    assert done.answered == 250
    assert not list((shop_versions.folder / "scored" / ".parts").iterdir())


def test_a_file_without_a_column_that_may_be_missing_is_answered(shop_versions, tmp_path, rows):
    path = write(rows.drop(columns=["price", "at"]), tmp_path / "rows.parquet")

    done = score_file.score(shop_versions, "shop", str(path))

    assert done.answered == 250
    assert "at" not in pd.read_parquet(done.path)


def damage(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


#   what is wrong                                                                  error          sentence
WRONG = [
    ("there is no file", lambda path: path.unlink(), MistakeOfUser, "There is no file"),
    ("it is a folder", lambda path: (path.unlink(), path.mkdir()), MistakeOfUser, "There is no file"),
    ("it is cut off", damage, BadInput, "The file is damaged"),
    ("it is empty", lambda path: path.write_bytes(b""), BadInput, "The file is not CSV: No columns"),
    ("it has no rows", lambda path: write(shop.week(1)[:0], path), BadInput, "The file has no rows."),
    ("an input is not there", lambda path: write(shop.week(1).drop(columns="shop"), path), BadInput, "Column 'shop' is missing."),
    ("an input is text", lambda path: write(shop.week(1).assign(price="dear"), path), BadInput, "Column 'price' must be a number, but holds text"),
    ("it is something else", lambda path: path.write_bytes(b"\x89PNG\r\n\x1a\n\xff\xfe"), BadInput, "The file is not CSV"),
]  # fmt: skip


@pytest.mark.parametrize(("what", "spoil", "error", "sentence"), WRONG)
def test_a_file_that_cannot_be_scored_is_refused_in_words_and_nothing_is_left(
    shop_versions, tmp_path, rows, what, spoil, error, sentence
):
    path = write(rows, tmp_path / "rows.parquet")
    spoil(path)

    with pytest.raises(error, match=sentence):
        score_file.score(shop_versions, "shop", str(path), tmp_path / "answers.parquet")

    assert not (tmp_path / "answers.parquet").exists()


@pytest.mark.parametrize(
    ("out", "sentence"),
    [
        ("answers.xlsx", "name a file that ends with"),
        ("nowhere/answers.csv", "there is no folder"),
        ("home/answers.csv", "Incumbent keeps files of its own"),
    ],
)
def test_where_answers_cannot_go_is_said_first(shop_versions, tmp_path, out, sentence):
    with pytest.raises(MistakeOfUser, match=sentence):
        score_file.score(shop_versions, "shop", "nothing.csv", tmp_path / out)


def test_a_damaged_version_answers_nothing(shop_versions, tmp_path, rows):
    bundle = shop_versions.ledger.models.versions("shop")[2].bundle
    path = shop_versions.folder / "bundles" / f"{bundle}.skops"
    path.chmod(0o600)
    path.write_bytes(path.read_bytes()[:-3])

    with pytest.raises(BundleRefused):
        score_file.score(shop_versions, "shop", str(write(rows, tmp_path / "rows.csv")))


def test_lines_that_are_no_objects_are_named(shop_versions, tmp_path, rows):
    path = write(rows, tmp_path / "rows.jsonl")
    path.write_text(path.read_text() + json.dumps([1]) + "\n")

    with pytest.raises(BadInput, match=r"Line 251 of the file holds no object\."):
        score_file.score(shop_versions, "shop", str(path))
