"""Damaged files dropped while `make up` runs: set aside by themselves, said everywhere, and explained when asked.

The model is a linear one: what its prices are matters to it in full, as it would to a person who asks why.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tasks.adapters.home import Home
from tests.command_line import CommandLine
from tests.deployments import hearing, working
from tests.deployments.working import Run, Tree
from tests.fixtures_server import wait_until
from tests.incidents import ORDERS

pytestmark = pytest.mark.long

GOOD = 6
WITHOUT_POINT, AS_TEXT, SILENT, SOUND, AFTER = (f"week-{GOOD + place}" for place in range(5))
BROKEN = {WITHOUT_POINT: ("held", "price"), AS_TEXT: ("refused", "price"), SILENT: ("held", "discount")}
"""How each ends, and the column that has to be named."""


@dataclass(frozen=True)
class Shop:
    """The tree, and what it has said of each of the last files: runs by their batch, and words sent to a webhook."""

    tree: Tree
    runs: dict[str, list[Run]]
    heard: list[Any]

    def asked(self, run: CommandLine, *arguments: str) -> str:
        """What a command answers, as one line; it ends well."""
        ran = run(self.tree.home, *arguments, INCUMBENT_PIPELINES=str(self.tree.pipelines))
        assert (ran.returncode, ran.stderr) == (0, ""), arguments
        return " ".join(ran.stdout.split())


def in_words(frame: pd.DataFrame) -> pd.DataFrame:
    """A step upstream writes prices with their currency."""
    return frame.assign(price=[f"EUR {price:.2f}" for price in frame["price"]])


@pytest.fixture(scope="module")
def weeks(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    frames = {f"week-{number}": ORDERS.week(number) for number in range(GOOD + 5)}
    frames[WITHOUT_POINT] = ORDERS.damaged(GOOD, ORDERS.prepared_otherwise["the decimal sign is lost"][0])
    frames[AS_TEXT] = in_words(frames[AS_TEXT])
    frames[SILENT] = ORDERS.damaged(GOOD + 2, ORDERS.dead_sources["silent"][0])
    folder = tmp_path_factory.mktemp("weeks")
    for name, frame in frames.items():
        frame.to_parquet(folder / f"{name}.parquet", index=False)
    return {name: folder / f"{name}.parquet" for name in frames}


@pytest.fixture(scope="module")
def shop(
    furnished_home: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory, weeks: dict[str, Path]
) -> Iterator[Shop]:
    """Good weeks; then three that are broken and a sound one, each dropped when the one before was done."""
    home, pipelines = furnished_home("damage"), tmp_path_factory.mktemp("damage-pipelines")
    linear = ORDERS.yaml.replace("{family: hist_gradient_boosting, max_iter: 20}", "{family: logistic_regression}")
    assert linear != ORDERS.yaml
    (pipelines / "orders.yaml").write_text(linear, encoding="utf-8")
    (home / "landing" / "orders").mkdir()
    with working.work(home, pipelines, "orders") as tree, hearing.webhook(tree.url) as heard:
        runs = {}
        for number in range(GOOD):
            tree.drop(weeks[f"week-{number}"])
        tree.wait_for_turn(f"week-{GOOD - 1}")
        tree.wait_until_idle()
        for name in [*BROKEN, SOUND]:
            before = datetime.now(UTC)
            tree.drop(weeks[name])
            tree.wait_for_turn(name)
            runs[name] = tree.wait_for_runs("continuous-training", before, 1) + tree.runs("turn", before)
        wait_until(lambda: len(heard) >= len(BROKEN), working.LONG)
        yield Shop(tree, runs, heard)


def test_each_broken_file_is_set_aside_and_its_column_named(shop: Shop) -> None:
    rows = shop.tree.ask("select batch_name, outcome, reasons from turns order by number")
    found = {name: (outcome, json.loads(reasons)[0]) for name, outcome, reasons in rows}

    for name, (outcome, column) in BROKEN.items():
        assert found[name][0] == outcome, found[name]
        assert f"'{column}'" in found[name][1]
    statuses = dict(shop.tree.ask("select name, status from batches"))
    assert {name: statuses[name] for name in BROKEN} == {name: outcome for name, (outcome, _) in BROKEN.items()}
    assert {status for name, status in statuses.items() if name not in BROKEN} == {"accepted"}


def test_what_broke_is_told_from_a_changed_world(shop: Shop) -> None:
    ((prices,), (uses,)) = (
        shop.tree.ask(f"select reasons from turns where batch_name = '{name}'")[0] for name in (WITHOUT_POINT, SILENT)
    )

    assert "of rows lie far outside of" in json.loads(prices)[0]
    assert "These rows carry the loss: log loss " in json.loads(prices)[0]
    assert "'discount'" in json.loads(uses)[0]
    assert "with values as before in 'discount', " in json.loads(uses)[0]


def test_prefect_shows_them_neither_green_nor_failed(shop: Shop) -> None:
    states = {name: {(one["state_type"], one["state"]["name"]) for one in runs} for name, runs in shop.runs.items()}

    for name, (outcome, column) in BROKEN.items():
        assert states[name] == {("CANCELLED", outcome.capitalize())}
        assert f"'{column}'" in shop.runs[name][0]["state"]["message"]
    assert states[SOUND] == {("COMPLETED", "Completed")}


def test_people_are_told_of_each_once(shop: Shop) -> None:
    told = [one["text"] for one in shop.heard if any(f"orders, {name} is " in one["text"] for name in BROKEN)]

    rows = shop.tree.ask("select kind, sent, over from alerts where kind in ('held', 'refused') order by at")
    assert [kind for kind, _, _ in rows] == [outcome for outcome, _ in BROKEN.values()]
    assert all(sent is not None and over is None for _, sent, over in rows)
    for name, (outcome, column) in BROKEN.items():
        (text,) = [text for text in told if text.startswith(f"orders, {name} is {outcome}, until it is ")]
        assert f"'{column}'" in text


def test_the_report_and_status_say_it(shop: Shop, served_run: CommandLine) -> None:
    page = shop.tree.read(shop.tree.artifacts(shop.runs[SOUND][0])["orders-report"])
    status = shop.asked(served_run, "status", "orders")

    for name, (outcome, column) in BROKEN.items():
        assert f"{name} is {outcome}, until it is " in status
        assert f"batch {outcome}" in page
        assert column in page
        assert column in status
    assert "Champion v2 is well" in status


def test_nothing_damaged_is_live_or_was_learned(shop: Shop, open_home: Callable[[Path], Home]) -> None:
    ledger = open_home(shop.tree.home).ledger
    aside = {batch.id for batch in ledger.batches.all("orders") if batch.name in BROKEN}
    scored = ledger.models.scores("orders", list(aside))

    damaged = set(shop.tree.ask("select accepted_file from batches where status <> 'accepted'"))
    learned = {file for model in ledger.models.versions("orders").values() for file in model.snapshot.batches}
    assert learned
    assert not learned & {file for (file,) in damaged}
    assert (len(aside), scored) == (3, {})


def test_what_a_person_asks_next_is_answered(shop: Shop, served_run: CommandLine) -> None:
    diff = shop.asked(served_run, "diff", "orders", f"week-{GOOD - 1}", WITHOUT_POINT, "--delivered")
    query = f"select sum(discount) as uses, count(*) as n from delivered('{SILENT}')"
    counted = json.loads(shop.asked(served_run, "sql", query, "orders", "--json"))
    suspects = shop.asked(served_run, "sql", "select name, suspects from batches where status = 'held'", "orders")
    shop.asked(served_run, "profile", SILENT, "orders")
    why = shop.asked(served_run, "explain", "orders", SILENT)

    assert "price" in diff.partition("where they differ")[2].split()[:1]
    assert (counted["uses"], counted["n"]) == (0, len(ORDERS.week(0)))
    assert "'price'" in suspects
    assert "'discount'" in suspects
    (page,) = (shop.tree.home / "reports").glob("orders-profile-*.html")
    assert "discount" in page.read_text(encoding="utf-8")
    assert "'discount'" in why


def test_if_it_is_learned_all_the_same_why_names_it(
    shop: Shop, weeks: dict[str, Path], served_run: CommandLine
) -> None:
    """Somebody takes a damaged week in: the next version is worse, and which column of which week did it is told."""
    shop.asked(served_run, "admit", WITHOUT_POINT, "orders", "--reason", "the shop says it is right", "--by", "anna")
    shop.tree.drop(weeks[AFTER])
    shop.tree.wait_for_turn(AFTER)
    ((worse,), (before,)) = shop.tree.ask(
        "select version from models where version is not null order by version desc limit 2"
    )
    ((live,),) = shop.tree.ask("select version from promotions order by sequence desc limit 1")

    why = shop.asked(served_run, "why", "orders", f"v{before}", f"v{worse}")
    diff = shop.asked(served_run, "diff", "orders", f"v{before}", f"v{worse}")

    assert live == 2
    assert f"v{worse} is worse: " in why
    assert f"The rows of batch {WITHOUT_POINT} explain it" in why
    assert f"it is price in {WITHOUT_POINT} (" in why
    assert "Settings that reach the model and what builds models: no difference." in why
    assert "The settings of the pipeline are the same." in diff
    assert "price" in diff.partition("where they differ")[2].split()[:1]
