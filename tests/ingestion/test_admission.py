"""Refused batches that are admitted: read from the bytes of then, judged by the settings of now, both on record."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest

from configs.errors import MistakeOfUser
from tasks.adapters import home as homes
from tasks.adapters.home import Home
from tasks.coordination import tasks as coordination
from tasks.domain.decisions import Decision
from tasks.domain.records import Batch, BatchStatus
from tasks.domain.turns import Outcome
from tasks.ingestion import tasks as ingestion
from tasks.ingestion.steps import admission as admitting
from tasks.ingestion.steps import arrivals
from tasks.lineage.steps import repair, verification
from tasks.reporting import captions, stories
from tasks.reporting.steps import report_file
from tasks.validation import tasks as validation
from tests import shop

Open = Callable[..., Home]
STRICT = shop.YAML.replace("price: {type: number, nullable: true}", "price: {type: number, nullable: true, max: 1}")


@pytest.fixture
def ledger_url(either_ledger: str | None) -> str | None:
    """All of it is so on both databases."""
    return either_ledger


@pytest.fixture
def under(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ledger_url: str | None) -> Iterator[Open]:
    """Opens one home under other settings: `under(STRICT)`; the one before it is closed."""
    monkeypatch.setenv("INCUMBENT_PIPELINES", str(tmp_path / "pipelines"))
    opened: list[Home] = []

    def use(text: str = shop.YAML) -> Home:
        for one in opened:
            one.close()
        shop.write_pipeline(tmp_path / "pipelines", text=text)
        opened.append(Home(tmp_path / "home", ledger_url))
        homes.open_here(opened[-1])
        return opened[-1]

    yield use
    opened[-1].close()
    homes._current = None


def land(home: Home, name: str, frame: pd.DataFrame) -> Path:
    folder = home.landing("shop")
    folder.mkdir(parents=True, exist_ok=True)
    frame.to_parquet(folder / f"{name}.parquet", index=False)
    return folder / f"{name}.parquet"


def work(home: Home) -> list[Batch]:
    """Every turn that waits, as far as its door and its end."""
    taken = []
    for delivery in arrivals.look(home, "shop").deliveries:
        turn = coordination.open_turn.fn("shop", delivery)
        batch = ingestion.read_batch.fn(turn, delivery) or validation.check_batch.fn(turn)
        if batch.reason:
            batch = validation.set_aside.fn(turn, delivery, batch)
        taken.append(ingestion.accept_batch.fn(turn, batch))
        outcome = Outcome.REFUSED if batch.reason else Outcome.NOT_JUDGED
        home.ledger.turns.close("shop", turn.number, outcome, (batch.reason or "nothing to judge",))
    for copy in arrivals.look(home, "shop").duplicates:
        ingestion.count_duplicate.fn("shop", copy)
    return taken


def admit(home: Home, name: str) -> None:
    ingestion.admit_batch.fn("shop", admitting.find(home, "shop", name), "anna", "the limit was wrong", Decision.ADMIT)


def lost_rows(home: Home) -> list[str]:
    """What `verify` finds about rows and triggers; there is no MLflow here."""
    return [str(one.text) for one in verification.verify(home, "shop") if one.invariant in ("I2", "I4", "I9")]


def test_an_admitted_batch_is_judged_by_the_settings_of_now(under: Open) -> None:
    home = under(STRICT)
    land(home, "week-1", shop.week(1))
    (refused,) = work(home)
    home = under()
    nothing = arrivals.look(home, "shop").deliveries

    admit(home, "week-1")
    (taken,) = work(home)

    assert (refused.status, nothing) == (BatchStatus.REFUSED, ())
    assert (taken.id, taken.name, taken.status, taken.landed) == (refused.id, "week-1", BatchStatus.ACCEPTED, 336)
    assert [(row["number"], row["outcome"]) for row in home.ledger.turns.all("shop")] == [
        (1, "refused"),
        (2, "not_judged"),
    ]
    assert [batch.status for batch in home.ledger.batches.all("shop")] == [BatchStatus.ACCEPTED]
    assert arrivals.look(home, "shop").deliveries == ()
    assert lost_rows(home) == []


def test_both_the_refusal_and_the_admission_stay_on_record(under: Open) -> None:
    home = under(STRICT)
    land(home, "week-1", shop.week(1))
    (refused,) = work(home)
    home = under()
    admit(home, "week-1")
    work(home)

    (admission,) = home.ledger.admissions.all("shop")
    told = report_file.read_history(home, "shop")
    first, second = (" ".join(dict(_parts(home, turn.number))["Data"]) for turn in told.turns)

    assert (admission.refusal, admission.turn, admission.by) == (refused, 1, "anna")
    assert admission.ended is not None
    assert [turn.batch.status for turn in told.turns] == [BatchStatus.REFUSED, BatchStatus.ACCEPTED]
    assert "It was admitted by anna on " in first
    assert "the limit was wrong." in first
    assert f"Before, in turn 1, it was refused: {refused.reason}" in second
    assert "refused" not in captions.data(told, home.settings("shop"))


def _parts(home: Home, number: int) -> list[tuple[str, tuple[str, ...]]]:
    told = report_file.read_history(home, "shop")
    turn = next(one for one in told.turns if one.number == number)
    return [(part.name, part.sentences) for part in stories.story(told, turn, home.settings("shop"))]


def test_a_batch_that_is_refused_again_is_so_in_the_words_of_now(under: Open) -> None:
    home = under(STRICT)
    land(home, "week-1", shop.week(1))
    (before,) = work(home)
    home = under(STRICT.replace("max: 1}", "max: 2}"))

    admit(home, "week-1")
    (again,) = work(home)
    admit(home, "week-1")

    assert "at most 2" in (again.reason or "")
    assert again.reason != before.reason
    assert len(home.ledger.admissions.all("shop")) == 2
    assert [one.digest for one in arrivals.look(home, "shop").deliveries] == [before.id]
    assert lost_rows(home) == []


def test_its_file_need_not_be_in_the_landing_folder_any_more(under: Open) -> None:
    home = under(STRICT)
    path = land(home, "week-1", shop.week(1))
    work(home)
    path.unlink()
    home = under()

    admit(home, "week-1")
    (taken,) = work(home)

    assert (taken.name, taken.status) == ("week-1", BatchStatus.ACCEPTED)
    assert lost_rows(home) == []


def test_copies_of_it_are_counted_with_its_rows(under: Open) -> None:
    home = under(STRICT)
    path = land(home, "week-1", shop.week(1))
    (path.parent / "again.parquet").write_bytes(path.read_bytes())
    (refused,) = work(home)
    home = under()

    admit(home, refused.id[:10])
    work(home)

    rows = {name: rows for name, _, rows, _ in home.ledger.audit.delivered("shop")}
    assert rows == {"again": 336, "week-1": 336}
    assert lost_rows(home) == []


def test_it_comes_in_late_and_later_ones_stay_as_they_are(under: Open) -> None:
    home = under(STRICT)
    land(home, "week-1", shop.week(1))
    work(home)
    home = under()
    land(home, "week-2", shop.week(2))
    (later,) = work(home)

    admit(home, "week-1")
    (taken,) = work(home)

    assert [batch.name for batch in home.ledger.batches.all("shop")] == ["week-2", "week-1"]
    assert home.ledger.batches.get("shop", later.id) == later
    assert taken.first_event is not None
    assert later.first_event is not None
    assert taken.first_event < later.first_event


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ("week-2", "Batch week-2 of shop was accepted: 336 of its 336 rows are in. There is nothing to decide"),
        ("week-9", "Unknown batch 'week-9' of shop. The last ones: week-1, week-2."),
        ("", "Unknown batch '' of shop."),
        ("week-1 ", None),
    ],
)
def test_only_a_refused_batch_can_be_admitted(under: Open, wanted: str, words: str | None) -> None:
    home = under(STRICT)
    land(home, "week-1", shop.week(1))
    work(home)
    home = under()
    land(home, "week-2", shop.week(2))
    work(home)

    if words is None:
        assert admitting.find(home, "shop", wanted).name == "week-1"
        return
    with pytest.raises(MistakeOfUser) as caught:
        admitting.find(home, "shop", wanted)
    assert str(caught.value).startswith(words)
    assert home.ledger.admissions.all("shop") == []


def test_an_admission_that_was_cut_off_goes_on_once(under: Open) -> None:
    home = under(STRICT)
    land(home, "week-1", shop.week(1))
    work(home)
    home = under()
    admit(home, "week-1")
    (delivery,) = arrivals.look(home, "shop").deliveries
    coordination.open_turn.fn("shop", delivery)

    home = under()
    admit(home, "week-1")
    (taken,) = work(home)

    assert taken.status is BatchStatus.ACCEPTED
    assert len(home.ledger.admissions.all("shop")) == 1
    assert [row["number"] for row in home.ledger.turns.all("shop")] == [1, 2]
    assert lost_rows(home) == []


# ── refusals of earlier versions, for what the machine could not do ───────────────────────────────────────────────
def refuse_unread(home: Home, digest: str, name: str, reason: str) -> None:
    """As versions before this one did when a file could not be read."""
    number = home.ledger.turns.open("shop", digest, name, None)
    home.ledger.inbox.record("shop", "new_data", f"batch:{digest}", f"{name} landed", turn=number)
    record = Batch(digest, name, BatchStatus.REFUSED, 0, 0, 0, 0, 0, 0, reason=reason)
    home.ledger.batches.record("shop", record)
    home.ledger.batches.record_delivery("shop", name, digest, duplicate=False, rows=0)
    home.ledger.turns.close("shop", number, Outcome.REFUSED, (reason,))


@pytest.mark.parametrize(
    "reason",
    [
        "The file cannot be read: Input/output error.",
        pytest.param("The file changed while it was read; write it …", marks=pytest.mark.long),
        pytest.param("Anything.", marks=pytest.mark.long),
    ],
)
def test_a_refusal_without_bytes_is_found_and_waits_after_a_repair(under: Open, reason: str) -> None:
    home = under()
    path = land(home, "week-1", shop.week(1))
    (delivery,) = arrivals.look(home, "shop").deliveries
    refuse_unread(home, delivery.digest, "week-1", reason)
    path.rename(path.with_name("_away"))
    found, before = lost_rows(home), arrivals.look(home, "shop").deliveries

    done = repair.repair(home, "shop").restored
    away = arrivals.look(home, "shop").deliveries
    path.with_name("_away").rename(path)
    (taken,) = work(home)

    assert found == [
        f"batch week-1 ({delivery.digest[:12]}) was refused although its bytes could not be read; "
        "`verify --repair` lets it wait for them"
    ]
    assert (before, away) == ((), ())
    assert "batch week-1: it waits until its bytes can be read, and is judged then" in done
    assert (taken.status, taken.landed) == (BatchStatus.ACCEPTED, 336)
    assert lost_rows(home) == []
    assert repair.repair(home, "shop").restored == ()
