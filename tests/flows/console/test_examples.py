"""The examples on data of others: short files, no code, no leak; they run where their data is, and say where not."""

import json
import subprocess
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from configs import environment, loader
from configs.environment import CHECKOUT
from tasks.adapters.home import Home
from tasks.ingestion.sources import source_kinds
from tasks.ingestion.steps import arrivals
from tests import shop

EXAMPLES = ["bike_sharing", "elec2", "hotel_bookings", "online_shoppers"]
LEAKS = {
    "bike_sharing": {"casual", "registered", "cnt"},
    "elec2": {"nswprice", "class"},
    "hotel_bookings": {
        "reservation_status",
        "reservation_status_date",
        "assigned_room_type",
        "is_canceled",
        "known_at",
    },
    "online_shoppers": {"Revenue"},
}
ROWS = {"bike_sharing": 17_379, "elec2": 45_312, "hotel_bookings": 119_390, "online_shoppers": 12_330}
DATA = CHECKOUT.parent / "shared" / "data"
"""Where somebody who tests may have the data sets of the examples."""
CommandLine = Callable[..., "subprocess.CompletedProcess[str]"]


def test_the_examples_are_known_by_name_and_put_to_work_by_nobody():
    assert loader.examples() == EXAMPLES
    assert loader.known() == ["flights"]


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_is_a_short_file_whose_features_do_not_tell_the_label(name: str):
    settings = loader.load(name)

    assert len(loader.source_text(name).splitlines()) <= 60
    assert not set(settings.training.features) & LEAKS[name]


def test_an_unknown_name_is_compared_with_the_examples_as_well():
    with pytest.raises(loader.UnknownPipeline, match="did you mean 'elec2'"):
        loader.load("elec")


@pytest.mark.long
@pytest.mark.parametrize("name", EXAMPLES)
def test_every_row_of_the_data_is_in_exactly_one_delivery(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("INCUMBENT_DATA", str(DATA))
    room = loader.load(name).ingestion
    file = environment.read().data / str(room.source.file)
    if not file.exists():
        pytest.skip(f"{file} is not there")
    home = Home(tmp_path)

    source = source_kinds.of(home, name)
    source.fetch()

    frames = [arrivals.read(home, name, one) for one in source.look().deliveries]
    assert sum(map(len, frames)) == ROWS[name]
    ends = [(frame[room.times.event].min(), frame[room.times.event].max()) for frame in frames]
    assert all(before[1] < after[0] for before, after in pairwise(ends))
    home.close()


@pytest.mark.parametrize("name", ["flights", "elec2"])
def test_all_examples_and_one_pipeline_are_two_wishes(name: str, tmp_path: Path, served_run: CommandLine):
    ran = served_run(tmp_path / "home", "run", name, "--all-examples")

    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr == f"Give --all-examples or the name of one pipeline ('{name}'), not both.\n"


def test_where_no_data_is_there_each_example_is_named(tmp_path: Path, served_run: CommandLine):
    (tmp_path / "data").mkdir()

    ran = served_run(tmp_path / "home", "run", "--all-examples", INCUMBENT_DATA=str(tmp_path / "data"))

    assert ran.returncode == 2, ran.stderr
    for name in EXAMPLES:
        assert f"{name}: skipped, because its data is not there" in ran.stdout
    assert "Set INCUMBENT_DATA to the folder that has it." in ran.stderr


MONTHS = """
title: Will a visit end in a purchase?
ingestion:
  source: {kind: csv, file: visits.csv, cut: {months: 1, copies: kept}}
  derive: {month: {text: '2017 {Month}', format: '%Y %B'}}
  times: {event: month}
validation:
  columns: {month: {type: timestamp}, kind: {type: category}, bought: {type: category}}
training:
  label: bought
  positive: 'yes'
  features: [kind]
  min_rows: 50
  candidates: [{family: logistic_regression, min_frequency: 5}]
evaluation: {cluster: none}
"""


def test_examples_run_one_after_the_other_and_without_clusters_no_model_takes_over_on_evidence(
    tmp_path: Path, new_home: Callable[..., Path], served_run: CommandLine
):
    shop.write_pipeline(tmp_path / "pipelines" / "examples", "visits", MONTHS)
    shop.write_pipeline(tmp_path / "pipelines" / "examples", "absent", MONTHS.replace("visits.csv", "absent.csv"))
    rows = [
        f"{month},{kind},{'yes' if (number * 7) % 10 < (8 if kind == 'a' else 1) else 'no'}"
        for month in ("Feb", "Mar", "June")
        for kind in "ab"
        for number in range(60)
    ]
    (tmp_path / "visits.csv").write_text("\n".join(["Month,kind,bought", *rows, ""]))
    where = {"INCUMBENT_PIPELINES": str(tmp_path / "pipelines"), "INCUMBENT_DATA": str(tmp_path)}
    home = new_home()

    ran = served_run(home, "run", "--all-examples", "--json", **where)
    checked = served_run(home, "verify", "visits", **where)

    assert ran.returncode == 0, ran.stderr
    told = [json.loads(line) for line in ran.stdout.splitlines()]
    assert {"pipeline": "absent", "status": "skipped", "missing": str(tmp_path / "absent.csv")} in told
    turns = [line for line in told if "verdict" in line]
    assert [turn["verdict"] for turn in turns] == ["not_judged", "first_champion", "keep_shadowing"]
    assert "nothing tells which rows share their luck (evaluation.cluster: none)" in turns[2]["reason"]
    assert checked.returncode == 0, checked.stdout + checked.stderr
    page = (home / "reports" / "visits.html").read_text()
    assert "no evidence is taken, because nothing tells which rows share their luck" in page
    assert "each row taken as independent" in page


def test_a_source_that_lost_rows_is_named_by_whoever_looks(
    tmp_path: Path, new_home: Callable[..., Path], served_run: CommandLine
):
    shop.write_pipeline(tmp_path / "pipelines", "visits", MONTHS)
    file, rows = tmp_path / "visits.csv", ["Feb,a,yes", "Feb,b,no", "Mar,a,no"]
    file.write_text("\n".join(["Month,kind,bought", *rows, ""]))
    home, where = new_home(), {"INCUMBENT_PIPELINES": str(tmp_path / "pipelines"), "INCUMBENT_DATA": str(tmp_path)}
    served_run(home, "status", "visits", **where)
    file.write_text("\n".join(["Month,kind,bought", *rows[1:], ""]))

    said, machine = (
        served_run(home, "status", "visits", **where),
        served_run(home, "status", "visits", "--json", **where),
    )

    words = "visits: visits.csv no longer has 1 row that it delivered (2017-02: 1). What was taken in stays."
    assert words in said.stdout
    assert json.loads(machine.stdout)["gone"] == {"2017-02": 1}


def test_a_source_that_breaks_keeps_nothing_from_going_on_that_it_has_delivered(
    tmp_path: Path, new_home: Callable[..., Path], served_run: CommandLine
):
    shop.write_pipeline(tmp_path / "pipelines", "visits", MONTHS)
    file, rows = tmp_path / "visits.csv", ["Feb,a,yes", "Feb,b,no", "Mar,a,no"]
    file.write_text("\n".join(["Month,kind,bought", *rows, ""]))
    home, where = new_home(), {"INCUMBENT_PIPELINES": str(tmp_path / "pipelines"), "INCUMBENT_DATA": str(tmp_path)}
    served_run(home, "status", "visits", **where)
    file.write_text("Month,kind,bought\nFeb,a\n")

    before, ran, after = (served_run(home, command, "visits", **where) for command in ("status", "run", "status"))

    assert "waits: 2017-02, 2017-03" in before.stdout
    assert "waits: nothing" in after.stdout
    for said in (before, ran, after):
        assert (said.returncode, "visits.csv cannot be cut into batches. Line 2 has 2 cells" in said.stderr) == (
            3,
            True,
        )


def test_data_is_in_the_home_unless_the_environment_says_where(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.delenv("INCUMBENT_DATA", raising=False)
    monkeypatch.setenv("INCUMBENT_HOME", str(tmp_path / "home"))
    inside = environment.data_folder()
    monkeypatch.setenv("INCUMBENT_DATA", str(tmp_path))

    assert inside == tmp_path / "home" / "data"
    assert inside.is_dir()
    assert environment.data_folder() == tmp_path
