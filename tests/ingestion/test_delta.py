"""A Delta table as a source: what each version brings is delivered once, what one takes away is counted."""

import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from botocore.config import Config
from deltalake import DeltaTable, write_deltalake

from configs.errors import DeliveryWaits, LandingFolderMissing, UnreadableFile
from configs.ingestion import Source as IngestionSource
from tasks.adapters.home import Home
from tasks.ingestion.formats import decoding
from tasks.ingestion.sources import delta, source_kinds
from tasks.ingestion.sources.base import Source
from tests import shop

S3 = {"AWS_ACCESS_KEY_ID": "reader", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "us-east-1"}
BY_VERSION = "{kind: delta, file: sales}"
BY_TIME = "{kind: delta, file: sales, cut: {days: 7, start: 2013-01-07}}"


def week(number: int) -> pa.Table:
    return pa.Table.from_pandas(shop.week(number), preserve_index=False)


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A table with a week of sales."""
    monkeypatch.setenv("INCUMBENT_DATA", str(tmp_path))
    place = str(tmp_path / "sales")
    write_deltalake(place, week(1), partition_by=["shop"])
    return place


@pytest.fixture
def source(shop_home: Home, tmp_path: Path) -> Callable[[str], Source]:
    def of(text: str) -> Source:
        with_source = shop.YAML.replace("ingestion:\n", f"ingestion:\n  source: {text}\n")
        shop.write_pipeline(tmp_path / "pipelines", text=with_source)
        return source_kinds.of(shop_home, "shop")

    return of


@pytest.fixture
def lake(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Where a table may be; its server is another process, as deltalake lets none of this one work beside it."""
    import boto3

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    for name, value in {**S3, "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}"}.items():
        monkeypatch.setenv(name, value)
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        client = boto3.client("s3", endpoint_url=f"http://127.0.0.1:{port}", config=Config(retries={"max_attempts": 9}))
        client.create_bucket(Bucket="lake")
        client.close()
        yield "s3://lake/sales"
        server.terminate()


def rows(source: Source, name: str, home: Home) -> pd.DataFrame:
    (found,) = [source.get(one.address) for one in source.look().deliveries if one.name == name]
    settings = home.settings("shop")
    return decoding.decode(found, settings.ingestion, settings.validation)


def test_each_version_is_a_delivery_once(table: str, source: Callable[[str], Source], shop_home: Home) -> None:
    opened = source(BY_VERSION)
    assert opened.fetch() == ["version-0"]
    write_deltalake(table, week(2), mode="append")
    write_deltalake(table, week(3), mode="append")

    assert opened.fetch() == ["version-1", "version-2"]

    assert opened.fetch() == [] and opened.gone() == {}
    assert [one.name for one in opened.look().deliveries] == ["version-0", "version-1", "version-2"]
    there = rows(opened, "version-1", shop_home).sort_values(["at", "shop"], ignore_index=True)
    expected = shop.week(2).sort_values(["at", "shop"], ignore_index=True)
    pd.testing.assert_frame_equal(there[list(expected)], expected, check_dtype=False)


def test_rows_that_are_changed_come_again_and_those_that_go_are_counted(
    table: str, source: Callable[[str], Source], shop_home: Home
) -> None:
    opened = source(BY_VERSION)
    opened.fetch()
    DeltaTable(table).delete("items = 3 and shop = 'a'")
    DeltaTable(table).update(updates={"price": "99.0"}, predicate="items = 5 and shop = 'b'")
    first = shop.week(1)
    deleted, changed = ((first["items"] == number) & (first["shop"] == name) for number, name in ((3, "a"), (5, "b")))

    assert opened.fetch() == ["version-2"]

    assert opened.gone() == {"version-1": deleted.sum(), "version-2": changed.sum()}
    again = rows(opened, "version-2", shop_home)
    assert len(again) == changed.sum() and (again["price"] == 99.0).all()


def test_the_same_rows_in_other_files_are_no_news(table: str, source: Callable[[str], Source]) -> None:
    opened = source(BY_VERSION)
    write_deltalake(table, week(2), mode="append")
    opened.fetch()
    DeltaTable(table).optimize.compact()
    DeltaTable(table).create_checkpoint()

    assert (opened.fetch(), opened.gone()) == ([], {})


def test_where_versions_were_cleaned_away_all_that_is_there_is_one_delivery(
    table: str, source: Callable[[str], Source], shop_home: Home
) -> None:
    write_deltalake(table, week(2), mode="append")
    DeltaTable(table).optimize.compact()
    DeltaTable(table).vacuum(retention_hours=0, dry_run=False, enforce_retention_duration=False)
    opened = source(BY_VERSION)

    (name,) = opened.fetch()

    assert len(rows(opened, name, shop_home)) == 2 * 336
    assert opened.fetch() == []


def test_a_version_that_was_delivered_and_not_noted_is_not_delivered_twice(
    table: str, source: Callable[[str], Source], monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = source(BY_VERSION)
    assert isinstance(opened, delta.DeltaVersions)
    opened.fetch()
    before = {one.name: one.digest for one in opened.look().deliveries}
    opened._memory.unlink()

    opened.fetch()

    assert {one.name: one.digest for one in opened.look().deliveries} == before


def test_another_table_in_its_place_is_told(table: str, source: Callable[[str], Source], tmp_path: Path) -> None:
    opened = source(BY_VERSION)
    opened.fetch()
    (tmp_path / "sales").rename(tmp_path / "old")
    write_deltalake(table, week(5))

    with pytest.raises(UnreadableFile, match="another table stands in its place now"):
        opened.fetch()


def test_a_new_column_is_there_from_its_version_on(
    table: str, source: Callable[[str], Source], shop_home: Home
) -> None:
    write_deltalake(table, week(2).append_column("mood", pa.array(["good"] * 336)), mode="append", schema_mode="merge")
    opened = source(BY_VERSION)

    opened.fetch()

    assert "mood" not in rows(opened, "version-0", shop_home)
    assert (rows(opened, "version-1", shop_home)["mood"] == "good").all()


def test_names_of_folders_are_read_as_they_were_meant(tmp_path: Path) -> None:
    odd = ["a b", "ü:x/%", "c=d", None, "e%20f"]
    write_deltalake(str(tmp_path / "odd"), pa.table({"shop": odd, "items": range(5)}), partition_by=["shop"])

    table, _ = delta.WholeTable(str(tmp_path / "odd")).table(IngestionSource(kind="delta", file="odd"))

    assert sorted(table["shop"].to_pylist(), key=str) == sorted(odd, key=str)


def test_it_is_cut_by_time_as_one_file_is(table: str, source: Callable[[str], Source], shop_home: Home) -> None:
    write_deltalake(table, pa.concat_tables([week(2), week(3)]), mode="append")
    opened = source(BY_TIME)

    assert opened.fetch() == ["2013-01-07", "2013-01-14", "2013-01-21"]

    DeltaTable(table).delete("shop = 'c' and at < '2013-01-14T00:00:00Z'")
    assert opened.fetch() == []
    assert opened.gone() == {"2013-01-07": (shop.week(1)["shop"] == "c").sum()}


def test_a_table_of_object_storage_is_read_alike(
    lake: str, source: Callable[[str], Source], shop_home: Home, tmp_path: Path
) -> None:
    write_deltalake(lake, week(1), storage_options={"allow_http": "true", "aws_s3_allow_unsafe_rename": "true"})
    opened = source(f"{{kind: delta, file: '{lake}'}}")

    assert opened.fetch() == ["version-0"]
    assert len(rows(opened, "version-0", shop_home)) == 336


@pytest.mark.parametrize(
    ("text", "problem", "words"),
    [
        (BY_VERSION.replace("sales", "other"), LandingFolderMissing, "There is no Delta table at other"),
        (BY_TIME.replace("sales", "other"), LandingFolderMissing, "There is no Delta table at other"),
    ],
)
def test_a_table_that_is_not_there(
    table: str, source: Callable[[str], Source], text: str, problem: type[Exception], words: str
) -> None:
    with pytest.raises(problem, match=words):
        source(text).fetch()


def test_a_log_that_is_damaged_is_told(table: str, source: Callable[[str], Source], tmp_path: Path) -> None:
    write_deltalake(table, week(2), mode="append")
    (tmp_path / "sales" / "_delta_log" / f"{1:020}.json").write_text("nonsense")

    with pytest.raises(UnreadableFile, match="sales cannot be read: Kernel error"):
        source(BY_VERSION).fetch()


def test_storage_that_cannot_be_reached_lets_it_wait(
    source: Callable[[str], Source], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in S3.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setitem(delta._ELSEWHERE, "max_retries", "0")

    with pytest.raises(DeliveryWaits, match="s3://lake/sales cannot be read just now"):
        source("{kind: delta, file: 's3://lake/sales'}").fetch()
