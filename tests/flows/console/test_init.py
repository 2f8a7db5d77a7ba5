"""`init` and `validate`: from rows that nobody has described to a pipeline that runs."""

import contextlib
import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from configs import loader
from flows.console import init
from tasks.drafting import sheet
from tests.fixtures_objects import Buckets, buckets, s3_server
from tests.orders import orders

__all__ = ["buckets", "s3_server"]

Say = Callable[..., tuple[int, str, str]]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home to be; pipelines and data are beside it."""
    (tmp_path / "pipelines").mkdir()
    (tmp_path / "data").mkdir()
    monkeypatch.setenv("INCUMBENT_PIPELINES", str(tmp_path / "pipelines"))
    monkeypatch.setenv("INCUMBENT_DATA", str(tmp_path / "data"))
    return tmp_path / "home"


@pytest.fixture
def file(folder: Path) -> Path:
    path = folder.parent / "data" / "orders.csv"
    orders().to_csv(path, index=False, sep=";")
    return path


def test_it_says_what_it_guessed_and_on_which_line_it_stands(say: Say, folder: Path, file: Path) -> None:
    code, out, err = say("init", "orders", "--data", str(file), "--label", "returned", "--yes")

    written = folder.parent / "pipelines" / "orders.yaml"
    lines = written.read_text(encoding="utf-8").splitlines()
    guesses = [line.split() for line in out.splitlines() if line.strip()[:2].strip().isdigit()]
    assert (code, err) == (0, "")
    assert len(lines) <= 40
    assert guesses
    for number, setting, *_ in guesses:
        assert lines[int(number) - 1].split(":")[0].strip() in setting, "the line is that of its setting"
    assert "orders: the settings are valid. 4 batches, 4,800 rows: 4,800 keep the contract." in out
    assert out.splitlines()[-1].endswith("flows.run run orders")


def test_what_it_writes_is_what_the_rows_are(say: Say, folder: Path, file: Path) -> None:
    say("init", "orders", "--data", str(file), "--label", "returned", "--yes")

    settings = loader.load("orders")
    source, columns = settings.ingestion.source, settings.validation.columns
    assert (source.file, source.kind, source.delimiter, source.decimal) == ("orders.csv", "csv", ";", ",")
    assert (source.cut and source.cut.months, source.timezone) == (1, "UTC")
    assert settings.ingestion.derive["ordered_at"].format == "%d.%m.%Y %H:%M"
    assert settings.validation.key == ("order_id",)
    assert (settings.training.label, settings.training.positive, settings.training.negative) == (
        "returned",
        "yes",
        "no",
    )
    assert settings.training.features == ("plan", "price", "items")
    assert (columns["price"].type, columns["items"].min, columns["items"].max) == ("number", 1, 8)


def test_what_it_leaves_out_it_gives_a_reason_for(say: Say, file: Path) -> None:
    told = json.loads(say("init", "orders", "--data", str(file), "--label", "returned", "--json")[1].splitlines()[0])

    assert told["left_out"] == {
        "order_id": "it names the row: each has its own value",
        "ordered": "it is a time",
        "customer_id": "it names things: 300 different values",
        "country": "it is 'DE' in every row",
        "note": "it is free text (4,800 different ones)",
        "refund": told["left_out"]["refund"],
    }
    assert told["left_out"]["refund"].startswith("it seems to be known only after the label: it alone settles")
    assert (told["rows"], told["accepted"], told["refused"]) == (4_800, 4_800, [])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "Name the pipeline, and its data: "),
        (("orders",), "Name the data: "),
        (("orders", "--data", "nowhere.csv"), "There is no 'nowhere.csv': name a file or a folder of files"),
        (("or/ders", "--data", "{file}"), "'or/ders' is no name for a pipeline."),
        (("orders", "--data", "{file}", "--label", "retuned"), "There is no column 'retuned' to predict (did you mean 'returned'?)"),
        (("orders", "--data", "{file}", "--label", "returned=maybe"), "'returned' has no value 'maybe'. There are: no, yes."),
        (("orders", "--data", "{file}", "--label", "note"), "'note' cannot be predicted: it has 4,800 different values"),
        (("orders", "--data", "{file}", "--label", "country"), "'country' cannot be predicted: it has only 'DE'."),
        (("orders", "--data", "{file}", "--label", "returned", "--time", "plan"), "'plan' holds no times that can be read: 'p"),
        (("orders", "--data", "{file}", "--label", "returned", "--time", "orderd"), "There is no column 'orderd' for --time (did you mean 'order"),
        (("orders", "--data", "{file}", "--label", "returned", "--key", "order"), "There is no column 'order' for --key"),
        (("orders", "--data", "{folder}/*.json"), "No file is like "),
    ],
)  # fmt: skip
def test_a_wrong_question_is_answered_in_words_and_nothing_is_written(
    arguments: tuple[str, ...], said: str, say: Say, folder: Path, file: Path
) -> None:
    words = [word.replace("{file}", str(file)).replace("{folder}", str(file.parent)) for word in arguments]

    code, out, err = say("init", *words, "--yes")

    assert (code, out) == (2, "")
    assert said in err
    assert list((folder.parent / "pipelines").iterdir()) == []


@pytest.mark.parametrize(
    ("name", "content", "code", "said"),
    [
        ("empty.csv", b"", 3, "The file has nothing in it."),
        ("blank.csv", b"\n\n", 3, "The file has nothing in it."),
        ("header.csv", b"a,b,c\n", 2, "There are 0 rows and 3 columns: too few for a pipeline."),
        ("one.csv", b"a\n1\n2\n3\n", 2, "There are 3 rows and 1 columns: too few for a pipeline."),
        ("ragged.csv", b"a,b\n1,2\n1,2,3\n", 3, "Line 3 has 3 cells, the first line has 2"),
        ("cut.csv.gz", b"\x1f\x8b\x08\x00damaged", 3, "The compressed file is damaged, or cut off"),
        ("cut.parquet", b"PAR1damaged", 3, "The file is truncated: the end that every parquet file has is missing."),
        ("zip.zip", b"PK\x03\x04damaged", 3, "The zip is damaged, or cut off"),
        ("same.csv", b"a,b\n" + b"1,2\n" * 50, 2, "cannot be predicted"),
        (
            "headless.csv",
            b"".join(b"%d,2024-01-%02d,x\n" % (n, n % 28 + 1) for n in range(90)),
            2,
            "begins with a row, and not with the names of its columns: '0,2024-01-01,x'",
        ),
        ("twice.csv", b"a,a\n1,2\n3,4\n", 3, "Column 'a' is there 2 times."),
    ],
)
def test_bytes_that_are_no_rows_are_said_to_be_so(
    name: str, content: bytes, code: int, said: str, say: Say, folder: Path
) -> None:
    path = folder.parent / "data" / name
    path.write_bytes(content)

    answered, out, err = say("init", "mine", "--data", str(path), "--yes")

    assert (answered, out) == (code, "")
    assert said in err
    assert list((folder.parent / "pipelines").iterdir()) == []


def test_a_name_that_is_taken_keeps_its_file(say: Say, folder: Path, file: Path) -> None:
    taken = folder.parent / "pipelines" / "orders.yaml"
    taken.write_text("title: mine", encoding="utf-8")

    code, _, err = say("init", "orders", "--data", str(file), "--label", "returned", "--yes")

    assert (code, taken.read_text(encoding="utf-8")) == (2, "title: mine")
    assert "There is a pipeline 'orders' already" in err


def test_a_decimal_comma_is_none_where_commas_part_the_cells(say: Say, folder: Path, file: Path) -> None:
    orders().to_csv(file, index=False)

    code, out, _ = say("init", "orders", "--data", str(file), "--label", "returned", "--yes")

    assert code == 0
    assert "price: it has numbers written as" in out.replace("\n  ", " ")
    assert loader.load("orders").training.features == ("plan", "items")


def test_a_folder_has_a_batch_in_each_file(say: Say, folder: Path) -> None:
    place = folder.parent / "data" / "months"
    place.mkdir()
    rows = orders().assign(ordered=lambda frame: pd.to_datetime(frame["ordered"], format="%d.%m.%Y %H:%M"))
    for month, part in rows.groupby(rows["ordered"].dt.strftime("%Y-%m")):
        part.to_parquet(place / f"{month}.parquet", index=False)

    code, out, _ = say("init", "orders", "--data", str(place), "--label", "returned", "--yes")

    settings = loader.load("orders")
    assert code == 0
    assert (settings.ingestion.source.folder, settings.ingestion.source.file) == (str(place), None)
    assert settings.ingestion.times.event == "ordered"
    assert "4 batches, 4,800 rows: 4,800 keep the contract." in out


@pytest.fixture
def typed() -> pd.DataFrame:
    """The same rows where each value has its type; times are written with their zone."""
    rows = orders(1_600)
    at = pd.to_datetime(rows["ordered"], format="%d.%m.%Y %H:%M")
    price = rows["price"].str.replace(",", ".").astype(float)
    return rows.assign(ordered=at.dt.strftime("%Y-%m-%dT%H:%M:%SZ"), price=price)


def _json_lines(rows: pd.DataFrame, folder: Path) -> tuple[str, ...]:
    rows.to_json(folder / "orders.jsonl", orient="records", lines=True)
    return ("orders.jsonl",)


def _arrow(rows: pd.DataFrame, folder: Path) -> tuple[str, ...]:
    rows.assign(ordered=pd.to_datetime(rows["ordered"])).to_feather(folder / "orders.arrow")
    return ("orders.arrow",)


def _excel(rows: pd.DataFrame, folder: Path) -> tuple[str, ...]:
    times = pd.to_datetime(rows["ordered"]).dt.tz_localize(None)
    rows.assign(ordered=times).to_excel(folder / "orders.xlsx", index=False)
    return ("orders.xlsx",)


def _sqlite(rows: pd.DataFrame, folder: Path) -> tuple[str, ...]:
    with contextlib.closing(sqlite3.connect(folder / "shop.db")) as database:
        rows.to_sql("orders", database, index=False)
    return "sqlite:///shop.db", "--table", "orders"


def _duckdb(rows: pd.DataFrame, folder: Path) -> tuple[str, ...]:
    with duckdb.connect(str(folder / "shop.duckdb")) as database:
        database.sql("create table orders as select * replace (ordered::timestamptz as ordered) from rows")
    return "duckdb:///shop.duckdb", "--table", "orders"


@pytest.mark.parametrize("put", [_json_lines, _arrow, _excel, _sqlite, _duckdb], ids=lambda put: put.__name__[1:])
def test_rows_of_every_kind_become_the_same_pipeline(
    put: Callable[[pd.DataFrame, Path], tuple[str, ...]], typed: pd.DataFrame, say: Say, folder: Path
) -> None:
    data = put(typed, folder.parent / "data")

    code, out, err = say("init", "orders", "--data", *data, "--label", "returned", "--yes")

    settings = loader.load("orders")
    assert (code, err) == (0, "")
    assert "2 batches, 1,600 rows: 1,600 keep the contract." in out
    assert settings.training.features == ("plan", "price", "items")
    assert (settings.validation.key, settings.ingestion.times.event) == (("order_id",), "ordered")
    assert settings.ingestion.source.cut


def test_objects_behind_a_prefix_are_a_batch_each(
    typed: pd.DataFrame, say: Say, folder: Path, buckets: Buckets
) -> None:
    buckets.make("shop")
    for month, part in typed.groupby(typed["ordered"].str[:7]):
        buckets.put(f"s3://shop/orders/{month}.jsonl", part.to_json(orient="records", lines=True).encode())

    code, out, err = say("init", "orders", "--data", "s3://shop/orders", "--label", "returned", "--yes")

    assert (code, err) == (0, "")
    assert loader.load("orders").ingestion.source.folder == "s3://shop/orders"
    assert "2 batches, 1,600 rows: 1,600 keep the contract." in out


def test_columns_of_other_kinds_and_without_a_name_are_left_out(say: Say, folder: Path, typed: pd.DataFrame) -> None:
    path = folder.parent / "data" / "orders.parquet"
    strange = typed.assign(parts=[["a", "b"]] * len(typed), **{"": "x", "two\tparts": range(len(typed))})
    strange.to_parquet(path, index=False)

    code, out, err = say("init", "orders", "--data", str(path), "--label", "returned", "--yes")

    assert (code, err) == (0, "")
    assert loader.load("orders").training.features == ("plan", "price", "items")
    assert "parts: its type list<" in out
    assert loader.load("orders").ingestion.derive["ordered_at"].timezone == "UTC"


@pytest.mark.parametrize(
    "address", ["postgresql://reader:s3cret@127.0.0.1:1/shop", "mysql://x:s3cret@h/d?password=s3cret"]
)
def test_a_password_in_an_address_is_refused_before_anything_is_opened(say: Say, folder: Path, address: str) -> None:
    code, out, err = say("init", "orders", "--data", address, "--table", "orders", "--label", "returned", "--yes")

    assert (code, out) == (2, "")
    assert "Address has a password in it" in err and "write ${NAME} in its place" in err
    assert "s3cret" not in err
    assert list((folder.parent / "pipelines").iterdir()) == []


def test_a_draft_that_is_not_valid_leaves_no_file(
    say: Say, folder: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sheet, "text", lambda name, draft: ("title: ''\n", {}))

    code, _, err = say("init", "orders", "--data", str(file), "--label", "returned", "--yes")

    assert code == 5 and "orders.yaml is not valid" in err
    assert list((folder.parent / "pipelines").iterdir()) == []


def test_a_table_of_a_database_must_be_named(say: Say, folder: Path, typed: pd.DataFrame) -> None:
    address, *_ = _sqlite(typed, folder.parent / "data")

    nameless = say("init", "orders", "--data", address, "--yes")
    wrong = say("init", "orders", "--data", address, "--table", "sales", "--label", "returned", "--yes")
    page = say("init", "orders", "--data", "https://example.com/orders.csv", "--yes")

    assert nameless[0] == 2 and "Which table of sqlite:///shop.db is meant? Name it: --table NAME." in nameless[2]
    assert wrong[0] == 7 and "sales" in wrong[2]
    assert page[0] == 2 and "https://example.com/orders.csv is a page: fetch the file first" in page[2]
    assert list((folder.parent / "pipelines").iterdir()) == []


def test_in_a_terminal_it_asks_what_the_rows_do_not_tell(
    say: Say, folder: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    answers = {"Which column is to be predicted?": "returned", "Run the first turns now?": "no"}

    def ask(question: str, choices: object, usual: str) -> str:
        asked.append(question)
        return answers[question]

    monkeypatch.setattr(init, "_asking", lambda chosen: ask)

    code, out, _ = say("init", "orders", "--data", str(file))

    assert (code, asked) == (0, list(answers))
    assert out.splitlines()[-1].startswith("Next: ")
    assert loader.load("orders").training.label == "returned"


# ── validate, and what rows would change ──────────────────────────────────────────────────────────────────────────
@pytest.fixture
def drafted(say: Say, folder: Path, file: Path) -> Path:
    say("init", "orders", "--data", str(file), "--label", "returned", "--yes")
    return file


def test_validate_keeps_nothing(say: Say, folder: Path, drafted: Path) -> None:
    code, out, _ = say("validate", "orders")

    assert code == 0
    assert "4 batches, 4,800 rows: 4,800 keep the contract." in out
    assert not (folder / "landing" / "orders").exists() or not list((folder / "landing" / "orders").iterdir())


def test_validate_says_what_would_be_set_aside_and_refused(say: Say, folder: Path, drafted: Path) -> None:
    other = orders().astype({"items": object})
    other.loc[:50, "items"] = -3
    other.loc[60, "order_id"] = other.loc[61, "order_id"]
    path = folder.parent / "data" / "other.csv"
    other.to_csv(path, index=False, sep=";")

    code, out, _ = say("validate", "orders", "--data", str(path))
    told = json.loads(say("validate", "orders", "--data", str(path), "--json")[1])

    assert code == 0
    assert (told["rows"], told["quarantined"]) == (4_800, 53)
    assert "51  items: at least 1, such as -3" in out
    assert "2  order_id: one row for each" in out


def test_validate_refuses_what_a_turn_would_refuse(say: Say, folder: Path, drafted: Path) -> None:
    path = folder.parent / "data" / "other.csv"
    orders().drop(columns="plan").to_csv(path, index=False, sep=";")

    code, out, _ = say("validate", "orders", "--data", str(path))

    assert code == 3
    assert "other.csv would be refused: Column 'plan' is missing." in out


def test_what_other_rows_would_change_is_said_with_the_line(say: Say, folder: Path, drafted: Path) -> None:
    same, _, _ = say("init", "--check", "orders")
    other = orders().assign(items=lambda frame: frame["items"] * 40, colour="red").drop(columns="plan")
    other.loc[::2, "colour"] = "blue"
    path = folder.parent / "data" / "other.csv"
    other.to_csv(path, index=False, sep=";")
    before = (folder.parent / "pipelines" / "orders.yaml").read_bytes()

    code, out, _ = say("init", "--check", "orders", "--data", str(path))

    assert (same, code) == (0, 1)
    assert "validation.columns.plan: the rows have no column 'plan'" in out
    assert "validation.columns.items: its largest value is 320" in out
    assert "items: {type: integer, min: 1, max: 640}" in out
    assert "training.features: colour is in the rows and not in the contract" in out
    assert "colour: {type: category}" in out
    assert (folder.parent / "pipelines" / "orders.yaml").read_bytes() == before
