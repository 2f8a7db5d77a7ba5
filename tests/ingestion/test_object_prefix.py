"""A prefix of object storage as a source, and one object that is cut: asked of a real server of S3."""

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from configs.errors import DeliveryWaits, LandingFolderMissing, MistakeOfUser
from tasks.adapters.home import Home
from tasks.ingestion.sources import object_prefix, source_kinds
from tasks.ingestion.sources.object_prefix import ObjectPrefix
from tasks.ingestion.steps import arrivals
from tasks.lineage.faults import SimulatedFault
from tasks.lineage.steps import simulation
from tests import shop
from tests.fixtures_objects import SECRET, Buckets, buckets, s3_server

__all__ = ["buckets", "s3_server"]
YAML = """
title: Will it be sold?
ingestion:
  source: {kind: json_lines, %s}
  times: {event: at}
validation:
  columns:
    at: {type: timestamp}
    shop: {type: category}
    sold: {type: boolean}
training: {label: sold, features: [shop], candidates: [{family: logistic_regression}]}
"""
PREFIX = "folder: 's3://sales/daily/'"
Make = Callable[[str], Home]


def line(day: int, shop: str = "a") -> bytes:
    return f'{{"at": "2013-01-{day:02}T00:00:00Z", "shop": "{shop}", "sold": true}}\n'.encode()


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, buckets: Buckets) -> Iterator[Make]:
    monkeypatch.setenv("INCUMBENT_PIPELINES", str(tmp_path / "pipelines"))
    homes: list[Home] = []

    def home(source: str) -> Home:
        shop.write_pipeline(tmp_path / "pipelines", "sales", YAML % source)
        homes.append(Home(tmp_path / "home", clock=lambda: datetime(2020, 1, 1, tzinfo=UTC)))
        return homes[-1]

    buckets.make("sales")
    yield home
    for one in homes:
        one.close()


def names(home: Home) -> list[str]:
    return [one.name for one in source_kinds.of(home, "sales").look().deliveries]


def test_every_object_behind_the_prefix_is_a_delivery(make: Make, buckets: Buckets) -> None:
    home = make(PREFIX)
    for name in (
        "2013-02.jsonl",
        "2013-10.jsonl.gz",
        "2013/01/05.jsonl",
        ".note",
        "_SUCCESS",
        "_tmp/x.jsonl",
        "a.tmp",
        "_x.jsonl",
    ):
        buckets.put(f"s3://sales/daily/{name}", line(1))
    buckets.put("s3://sales/dailyother/1.jsonl", line(1))
    buckets.mark_folder("sales", "daily/folder/")
    buckets.put("s3://sales/1.jsonl", line(1))

    assert names(home) == ["2013-01-05", "2013-02", "2013-10"]


def test_rows_are_read_and_counted_from_there(make: Make, buckets: Buckets) -> None:
    home = make(PREFIX)
    buckets.put("s3://sales/daily/1.jsonl", line(1) + line(2, "b"))

    waiting = arrivals.look(home, "sales").deliveries

    assert arrivals.read(home, "sales", waiting[0])["shop"].tolist() == ["a", "b"]
    assert arrivals.count_rows(home, "sales", waiting) == 2


def test_only_what_is_new_or_was_written_anew_is_read(
    make: Make, buckets: Buckets, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = make(PREFIX)
    for day in (1, 2, 3):
        buckets.put(f"s3://sales/daily/{day}.jsonl", line(day))
    source = source_kinds.of(home, "sales")
    marks, first = [source.mark().text], source.look().deliveries
    read: list[str] = []
    digest = ObjectPrefix._digest

    def noted(self: ObjectPrefix, entry: object_prefix.Entry) -> tuple[str | None, str | None]:
        read.append(entry.path)
        return digest(self, entry)

    monkeypatch.setattr(ObjectPrefix, "_digest", noted)
    again = source.look().deliveries
    buckets.put("s3://sales/daily/2.jsonl", line(2, "z"))
    buckets.put("s3://sales/daily/4.jsonl", line(4))
    buckets.remove("s3://sales/daily/3.jsonl")
    later = source.look().deliveries
    marks += [source.mark().text, source.mark().text]

    assert again == first
    assert sorted(read) == ["2.jsonl", "4.jsonl"]
    assert [one.name for one in later] == ["1", "2", "4"]
    assert marks[0] != marks[1] == marks[2]


def test_an_object_that_vanishes_before_it_is_read_waits(make: Make, buckets: Buckets) -> None:
    home = make(PREFIX)
    buckets.put("s3://sales/daily/1.jsonl", line(1))
    waiting = arrivals.look(home, "sales").deliveries
    buckets.remove("s3://sales/daily/1.jsonl")

    with pytest.raises(DeliveryWaits, match="1 cannot be read just now: it is not there"):
        arrivals.content(home, "sales", waiting[0])
    assert arrivals.look(home, "sales").nothing


def test_an_object_that_is_written_anew_before_it_is_read_waits(make: Make, buckets: Buckets) -> None:
    home = make(PREFIX)
    buckets.put("s3://sales/daily/1.jsonl", line(1))
    waiting = arrivals.look(home, "sales").deliveries
    buckets.put("s3://sales/daily/1.jsonl", line(2))

    with pytest.raises(DeliveryWaits, match="changed while it was read"):
        arrivals.content(home, "sales", waiting[0])
    assert arrivals.read(home, "sales", arrivals.look(home, "sales").deliveries[0])["at"].dt.day.tolist() == [2]


def test_an_object_that_vanishes_while_the_list_is_made_is_not_in_it(
    make: Make, buckets: Buckets, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = make(PREFIX)
    for day in (1, 2):
        buckets.put(f"s3://sales/daily/{day}.jsonl", line(day))
    listed = ObjectPrefix._wanted

    def and_gone(self: ObjectPrefix) -> list[object_prefix.Entry]:
        found = listed(self)
        buckets.remove("s3://sales/daily/1.jsonl")
        return found

    monkeypatch.setattr(ObjectPrefix, "_wanted", and_gone)

    assert names(home) == ["2"]


def test_a_bucket_that_is_not_there_is_named(make: Make) -> None:
    home = make("folder: 's3://nowhere/daily'")

    with pytest.raises(LandingFolderMissing, match=r"s3://nowhere/daily cannot be listed: .*does not exist"):
        names(home)


def test_a_server_that_does_not_answer_waits(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    home = make(PREFIX)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")

    with pytest.raises(DeliveryWaits, match="s3://sales/daily/ cannot be listed just now") as told:
        names(home)
    assert SECRET not in str(told.value)


def test_a_prefix_without_an_object_is_empty(make: Make) -> None:
    home = make("folder: 's3://sales/none'")

    assert names(home) == []
    assert source_kinds.of(home, "sales").mark().text == ""


def test_what_azure_needs_is_named(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("AZURE_")]:
        monkeypatch.delenv(name)
    home = make("folder: 'az://sales/daily'")

    with pytest.raises(MistakeOfUser, match=r"az://sales/daily cannot be opened: .*Account must be specified"):
        names(home)


def test_nothing_is_simulated_into_a_bucket(make: Make) -> None:
    home = make(PREFIX)

    with pytest.raises(MistakeOfUser, match="come from s3://sales/daily/, into which nothing is ever written"):
        simulation.simulate(home, "sales", SimulatedFault.UNIT)


def test_one_object_is_cut_into_batches(make: Make, buckets: Buckets) -> None:
    home = make("file: 's3://sales/all.jsonl', cut: {days: 1}")
    buckets.put("s3://sales/all.jsonl", line(1) + line(2))
    source = source_kinds.of(home, "sales")

    first, again = source.fetch(), source.fetch()
    buckets.put("s3://sales/all.jsonl", line(1) + line(2) + line(2, "late") + line(3))

    assert (first, again, source.fetch()) == (["2013-01-01", "2013-01-02"], [], ["2013-01-02-2", "2013-01-03"])
    assert source.gone() == {}


def test_one_object_that_is_not_there_waits(make: Make) -> None:
    home = make("file: 's3://sales/none.jsonl', cut: {days: 1}")

    with pytest.raises(DeliveryWaits, match=r"s3://sales/none.jsonl cannot be read just now: .*it is not there"):
        source_kinds.of(home, "sales").fetch()
