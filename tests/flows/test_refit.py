"""The refit of a first champion through the whole loop as a user runs it: one that stays, one that does not, kills."""

import json
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tasks.adapters import lookup
from tasks.adapters.home import Home
from tasks.adapters.mlflow import registry
from tasks.lineage.steps import reproduction, verification
from tests import homes
from tests.conftest import CommandLine

YAML = """
title: How many bicycles will be rented in an hour?
ingestion: {times: {event: at}}
validation:
  key: [at]
  columns:
    at: {type: timestamp}
    rentals: {type: number}
    warm: {type: number}
  triage: {enabled: false}
training:
  problem: regression
  label: rentals
  features: [warm]
  candidates: [{family: linear_regression}]
"""
Say = Callable[..., tuple[int, str, str]]
DAYS = 24
FIRST, SECOND, THIRD = "2024-03", "2024-04", "2024-05"


def month(name: str, slope: float, later: float) -> pd.DataFrame:
    """24 days of hours, in the second half of which each degree brings another number of rentals."""
    source = np.random.default_rng(int(name[-2:]))
    at = pd.date_range(f"{name}-01", periods=24 * DAYS, freq="h", tz="UTC").as_unit("us")
    warm = source.normal(0, 4, len(at))
    each = np.where(np.arange(len(at)) < len(at) // 2, slope, later)
    return pd.DataFrame({"at": at, "rentals": 500 + each * warm + source.normal(0, 10, len(at)), "warm": warm})


STEADY = {FIRST: (30, 30), SECOND: (30, 30), THIRD: (30, 30)}
"""Nothing changes: whoever learned from more knows it better."""
ODD = {FIRST: (30, 20), SECOND: (30, 30), THIRD: (30, 30)}
"""The half on which the first champion is judged is not like what comes: who has learned from it as well does worse."""


@dataclass(frozen=True)
class Lived:
    """A home, its pipelines, and what was printed of its turns."""

    home: Path
    pipelines: Path
    turns: tuple[dict[str, Any], ...] = ()

    def run(self, served_run: CommandLine, *arguments: str, **variables: str) -> Any:
        return served_run(self.home, *arguments, INCUMBENT_PIPELINES=str(self.pipelines), **variables)

    def deliver(self, name: str, slopes: tuple[float, float]) -> None:
        month(name, *slopes).to_parquet(self.home / "landing" / "bicycles" / f"{name}.parquet", index=False)


@pytest.fixture(scope="module")
def begin(
    furnished_home: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str, dict[str, tuple[float, float]], Sequence[str]], Lived]:
    """Makes a home to which some months have come."""
    pipelines = tmp_path_factory.mktemp("pipelines")
    (pipelines / "bicycles.yaml").write_text(YAML, encoding="utf-8")

    def make(name: str, world: dict[str, tuple[float, float]], months: Sequence[str]) -> Lived:
        lived = Lived(furnished_home(name), pipelines)
        (lived.home / "landing" / "bicycles").mkdir()
        for one in months:
            lived.deliver(one, world[one])
        return lived

    return make


def finished(lived: Lived, served_run: CommandLine) -> Lived:
    ran = lived.run(served_run, "run", "bicycles", "--json")
    assert ran.returncode == 0, ran.stderr
    return replace(lived, turns=tuple(json.loads(line) for line in ran.stdout.splitlines()))


@pytest.fixture(scope="module")
def steady(begin: Callable[..., Lived], served_run: CommandLine) -> Lived:
    return finished(begin("steady", STEADY, (FIRST, SECOND)), served_run)


@pytest.fixture(scope="module")
def odd(begin: Callable[..., Lived], served_run: CommandLine) -> Lived:
    return finished(begin("odd", ODD, (FIRST, SECOND, THIRD)), served_run)


@pytest.fixture
def folder(request: pytest.FixtureRequest) -> Path:
    """The home on which commands are said."""
    lived: Lived = request.getfixturevalue(getattr(request, "param", "steady"))
    return lived.home


@pytest.fixture
def opened(
    open_home: Callable[[Path], Home], steady: Lived, monkeypatch: pytest.MonkeyPatch
) -> Callable[[Lived], Home]:
    monkeypatch.setenv("INCUMBENT_PIPELINES", str(steady.pipelines))
    return lambda lived: open_home(lived.home)


def live(home: Home) -> list[tuple[int, int | None]]:
    """Which version was made live by which turn."""
    return [(made.version, made.turn) for made in home.ledger.promotions.all("bicycles")]


# ── one that stays ────────────────────────────────────────────────────────────────────────────────────────────────
def test_the_first_champion_is_refitted_on_all_rows_and_stays(steady: Lived, opened: Callable[[Lived], Home]) -> None:
    home = opened(steady)
    refit, versions = home.ledger.refits.get("bicycles"), home.ledger.models.versions("bicycles")

    assert [turn["reason"].partition("; ")[2] for turn in steady.turns] == [
        "its refit v2 is live",
        "the refit v2 stays",
    ]
    assert live(home) == [(2, 1)]
    assert (versions[1].snapshot.rows, versions[2].snapshot.rows) == (24 * DAYS // 2, 24 * DAYS)
    assert versions[1].golden != versions[2].golden
    assert refit is not None and refit.check is not None and not refit.check.goes_back
    assert home.ledger.models.score("bicycles", versions[2].id, home.ledger.turns.get("bicycles", 1)["batch"]) is None


def test_mlflow_has_two_versions_of_one_turn(steady: Lived, opened: Callable[[Lived], Home]) -> None:
    home = opened(steady)
    models = home.ledger.models.versions("bicycles")

    shown = registry.versions(home.tracking, "bicycles")

    assert shown == {number: model.id for number, model in models.items()}
    assert registry.aliases(home.tracking, "bicycles") == {"champion": 2, "challenger": 3}


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (("status", "bicycles"), "Champion v2"),
        (("explain", "1", "bicycles"), "v2 is live: the first champion, refitted."),
        (
            ("explain", "2", "bicycles"),
            "v2 stays live: nothing shows that it is worse than v1, of which it is the refit",
        ),
        (("explain", "v1", "bicycles"), "v2 is the refit of v1, which had won in turn 1, on all rows"),
        (("explain", "v2", "bicycles"), "Turn 2 compared both: v2 stays live"),
        (("history", "bicycles"), " of v1 promoted by first champion policy: refit of v1, which beats no model by"),
        (("reproduce", "v2", "bicycles"), "v2"),
    ],
)
@pytest.mark.usefixtures("opened")
def test_it_is_said_which_one_is_live_and_why(command: tuple[str, ...], words: str, say: Say) -> None:
    code, out, err = say(*command)

    assert (code, err) == (0, "")
    assert words in " ".join(out.split())


def test_verify_finds_nothing_and_the_refit_can_be_made_again(steady: Lived, opened: Callable[[Lived], Home]) -> None:
    home = opened(steady)

    found = list(verification.verify(home, "bicycles"))
    again = reproduction.reproduce(home, "bicycles", lookup.model(home, "bicycles", 2))

    assert found == []
    assert again.succeeded and again.same_bytes


def test_a_person_goes_back_to_the_judged_version_and_forth(
    steady: Lived, tmp_path: Path, served_run: CommandLine, opened: Callable[[Lived], Home]
) -> None:
    copy = Lived(homes.copy(steady.home, tmp_path / "copy"), steady.pipelines)

    back = copy.run(served_run, "rollback", "bicycles", "--to", "v1", "--reason", "complaints")
    released = copy.run(served_run, "release", "bicycles", "v2", "--reason", "they were wrong")
    forth = copy.run(served_run, "rollback", "bicycles", "--to", "v2", "--reason", "they were wrong")

    assert [one.returncode for one in (back, released, forth)] == [0, 0, 0], back.stderr + forth.stderr
    assert "v1 is live again in place of v2" in back.stdout
    assert live(opened(copy)) == [(2, 1), (1, None), (2, None)]
    assert list(verification.verify(opened(copy), "bicycles")) == []


# ── one that does not ─────────────────────────────────────────────────────────────────────────────────────────────
def test_the_judged_version_goes_live_if_its_refit_is_worse(odd: Lived, opened: Callable[[Lived], Home]) -> None:
    home = opened(odd)
    second = home.ledger.promotions.all("bicycles")[1]
    refit = home.ledger.refits.get("bicycles")

    assert odd.turns[1]["reason"].endswith("v1 is live in place of its refit v2, which is worse")
    assert odd.turns[1]["verdict"] in ("reject", "keep_shadowing")
    assert live(home) == [(2, 1), (1, 2)]
    assert second.by == "first champion policy"
    assert refit is not None and refit.check is not None and refit.check.comparison.low > 0
    assert second.reason == refit.check.reason
    assert odd.turns[2]["champion"] == 1
    assert registry.aliases(home.tracking, "bicycles")["champion"] == 1


@pytest.mark.parametrize("folder", ["odd"], indirect=True)
def test_and_that_is_said(odd: Lived, say: Say, opened: Callable[[Lived], Home]) -> None:
    page = opened(odd).report("bicycles").read_text()

    (_, status, _), (_, story, _) = say("status", "bicycles"), say("explain", "2", "bicycles")
    history = say("history", "bicycles")[1]

    assert "Champion v1" in status
    assert "v1 is live in place of v2. Evidence starts anew." in " ".join(story.split())
    assert "over v2" in history and "which is worse (RMSE gain of v1 over it" in history
    assert "v1 is live in place of its refit v2, which is worse" in page
    assert list(verification.verify(opened(odd), "bicycles")) == []


@pytest.mark.long
@pytest.mark.parametrize("failpoint", ["refit-checked", "promotion-committed"])
def test_killed_while_it_goes_back_it_ends_the_same(
    failpoint: str, begin: Callable[..., Lived], odd: Lived, served_run: CommandLine, opened: Callable[[Lived], Home]
) -> None:
    killed = finished(begin(f"killed-{failpoint}", ODD, (FIRST,)), served_run)
    killed.deliver(SECOND, ODD[SECOND])
    ended = killed.run(served_run, "run", "bicycles", INCUMBENT_FAILPOINT=failpoint)

    finished(killed, served_run)

    home, other = opened(killed), opened(odd)
    assert ended.returncode == -signal.SIGKILL
    assert live(home) == live(other)
    mine, theirs = (one.ledger.refits.get("bicycles") for one in (home, other))
    assert mine is not None and theirs is not None
    assert replace(mine, guard=theirs.guard) == theirs, "the guard says how many milliseconds an answer took"
    assert (mine.guard.name, mine.guard.objects) == (theirs.guard.name, theirs.guard.objects)
    assert list(verification.verify(home, "bicycles")) == []


@pytest.mark.parametrize(
    "failpoint",
    [
        "refit-committed",
        *(
            pytest.param(name, marks=pytest.mark.long)
            for name in ("refit-selected", "refit-fitted", "refit-numbered", "mlflow-refit-registered")
        ),
    ],
)
def test_killed_while_it_is_refitted_it_ends_the_same(
    failpoint: str, begin: Callable[..., Lived], steady: Lived, served_run: CommandLine, opened: Callable[[Lived], Home]
) -> None:
    killed = begin(f"killed-{failpoint}", STEADY, (FIRST,))
    ended = killed.run(served_run, "run", "bicycles", INCUMBENT_FAILPOINT=failpoint)

    finished(killed, served_run)

    home, other = opened(killed), opened(steady)
    refit, expected = home.ledger.refits.get("bicycles"), other.ledger.refits.get("bicycles")
    assert ended.returncode == -signal.SIGKILL
    assert live(home) == [(2, 1)]
    assert refit is not None and expected is not None
    assert refit.guard.text.partition(";")[0] == expected.guard.text.partition(";")[0]
    assert (refit.model, refit.judged_model) == (expected.model, expected.judged_model)
    assert registry.versions(home.tracking, "bicycles") == {1: refit.judged_model, 2: refit.model}
    assert list(verification.verify(home, "bicycles")) == []
