"""Labels that were used are corrected, and the settings say `rejudge`: they are used, and what was judged is measured anew."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tasks.adapters.home import Home
from tasks.domain import late_labels
from tasks.lineage.steps import verification
from tests import late_labels as world
from tests.command_line import CommandLine

pytestmark = pytest.mark.long

CORRECTED = 40


@pytest.fixture(scope="module")
def corrected(
    furnished_home: Callable[..., Path], served_run: CommandLine, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Path, list[dict[str, object]]]:
    """A home, its pipelines, and what was printed of its turns: a first champion was judged on labels that were wrong."""
    home, pipelines = furnished_home("corrected-labels"), tmp_path_factory.mktemp("pipelines")
    text = world.YAML.replace("    horizon:", "    corrected: rejudge\n    horizon:")
    (pipelines / "shop.yaml").write_text(text, encoding="utf-8")
    (home / "landing" / "returns").mkdir()
    turns: list[dict[str, object]] = []
    for month in (1, 2):
        world.land_rows(home, month)
        world.land_labels(home, f"returns-{month}", world.labels(month))
    for corrects in (False, True):
        if corrects:
            wrong = world.labels(2)[:CORRECTED]
            world.land_labels(home, "returns-2-corrected", wrong.assign(kept=~wrong["kept"]))
        ran = served_run(home, "run", "shop", "--json", INCUMBENT_PIPELINES=str(pipelines))
        assert ran.returncode == 0, ran.stdout + ran.stderr
        turns += [json.loads(line) for line in ran.stdout.splitlines()]
    return home, pipelines, [turn for turn in turns if "turn" in turn]


@pytest.fixture
def home(
    corrected: tuple[Path, Path, list[dict[str, object]]],
    monkeypatch: pytest.MonkeyPatch,
    open_home: Callable[[Path], Home],
) -> Home:
    monkeypatch.setenv("INCUMBENT_PIPELINES", str(corrected[1]))
    return open_home(corrected[0])


def test_they_are_used_from_then_on_and_what_was_there_stays(home: Home) -> None:
    batch = next(one for one in home.ledger.batches.accepted("shop") if one.name == "month-02")
    now, then = (home.store.read(file)["sold"].tolist() for file in reversed(late_labels.files(batch)[-2:]))

    assert then == world.sales(2)["sold"].tolist()
    assert [one is not other for one, other in zip(now, then, strict=True)] == [True] * CORRECTED + [False] * 1304


def test_what_was_judged_is_measured_anew_and_both_are_kept(
    home: Home, corrected: tuple[Path, Path, list[dict[str, object]]]
) -> None:
    (again,) = home.ledger.corrections.all("shop")
    judged = next(turn for turn in corrected[2] if turn["verdict"] == "first_champion")

    assert (again.turn, again.judged, again.labels) == (5, judged["turn"], CORRECTED)
    assert again.before == judged["gain"]
    assert again.after.gain < again.before  # the model had learned what the wrong labels said
    assert (
        home.ledger.models.comparisons("shop")[home.ledger.turns.get("shop", again.judged)["batch"]].gain
        == again.before
    )


def test_it_is_told(corrected: tuple[Path, Path, list[dict[str, object]]], served_run: CommandLine) -> None:
    home, pipelines, turns = corrected
    asked = served_run(home, "explain", "5", "shop", INCUMBENT_PIPELINES=str(pipelines))
    story = " ".join(asked.stdout.split())

    assert turns[-1]["labels"]["corrected"] == CORRECTED  # type: ignore[index]
    assert "40 differ from the label that was used, which gives way to it" in story
    assert "turn 4 is judged again with 40 corrected labels: a gain of +0." in story
    assert "; what was decided stays" in story


def test_what_is_recorded_of_it_is_what_is_stored(home: Home) -> None:
    sound = [one.text for one in verification.verify(home, "shop")]
    (again,) = home.ledger.corrections.all("shop")

    assert sound == []
    assert again.after.clusters


def test_a_forged_record_of_it_is_found(home: Home) -> None:
    from dataclasses import replace

    from tasks.adapters.ledger import codec
    from tasks.adapters.ledger.schema import judged_again

    (again,) = home.ledger.corrections.all("shop")
    forged = replace(again, after=replace(again.after, gain=again.after.gain + 0.1))
    with home.ledger._access.writing("shop") as connection:
        connection.execute(judged_again.update().values(record=codec.dump(forged)))

    found = [one.text for one in verification.verify(home, "shop")]

    assert len(found) == 1
    assert found[0].startswith("turn 5: a gain of ")
    with home.ledger._access.writing("shop") as connection:
        connection.execute(judged_again.update().values(record=codec.dump(again)))
