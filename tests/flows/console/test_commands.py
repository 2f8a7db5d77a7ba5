"""Each command on a home that has lived: what it prints, and that parts of a turn add up to the whole."""

import json
import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from prefect import get_client
from prefect.settings import PREFECT_API_AUTH_STRING, PREFECT_API_URL
from prefect.states import Running

from configs.errors import BadInput
from flows import run
from flows.console import program
from flows.poll import poll
from tasks.adapters import home as homes
from tasks.adapters.home import Home
from tasks.adapters.ledger import history
from tasks.ingestion.steps.arrivals import Waiting
from tests import stored
from tests.homes import copied

Say = Callable[..., tuple[int, str, str]]
SEEN = ("outcome", "reasons", "champion_version", "champion", "drift", "probe_version", "probe", "never", "comparison")
"""What a turn leaves behind, its times and the ids of other systems aside."""


@pytest.fixture(scope="module")
def lived(lived_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of a home after its run: two good months, one of them twice, and a file that was refused."""
    return shutil.copytree(lived_home, tmp_path_factory.mktemp("commands") / "home")


@pytest.fixture
def in_home(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[[Path], Say]:
    """Runs commands in this process, on a home: `in_home(folder)("status", "--json")` gives code, output, errors."""

    def choose(folder: Path) -> Say:
        monkeypatch.setenv("INCUMBENT_HOME", str(folder))

        def say(*arguments: str) -> tuple[int, str, str]:
            capsys.readouterr()
            with homes.use(Home(folder)):
                code = run.main(arguments)
            told = capsys.readouterr()
            return code, told.out, told.err

        return say

    return choose


@pytest.fixture
def served(prefect_api: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Commands use the API that runs for this module, as they would use a server that stays."""
    monkeypatch.setenv("PREFECT_API_URL", str(PREFECT_API_URL.value()))
    monkeypatch.setenv("PREFECT_API_AUTH_STRING", str(PREFECT_API_AUTH_STRING.value()))
    yield


# ── looking ───────────────────────────────────────────────────────────────────────────────────────────────────────
def test_status_tells_the_live_model_and_the_last_turns(in_home: Callable[[Path], Say], lived: Path) -> None:
    code, out, err = in_home(lived)("status")

    lines = out.splitlines()
    assert (code, err) == (0, "")
    assert lines[0] == "flights  x Batch refused; champion v2 not judged"
    assert "  waits: nothing" in lines
    turns = [line.split()[:2] for line in lines if line.lstrip()[:1].isdigit()]
    assert turns == [["1", "2013-01"], ["2", "2013-02"], ["3", "broken"]]


def test_status_for_machines_is_one_object(in_home: Callable[[Path], Say], lived: Path) -> None:
    code, out, err = in_home(lived)("status", "--json")

    told = json.loads(out)
    assert (code, err) == (0, "")
    assert (told["pipeline"], told["champion"], told["waits"]) == ("flights", 2, [])
    assert [turn["verdict"] for turn in told["turns"]][::2] == ["first_champion", "refused"]
    assert all(turn["landed"] == turn["accepted"] + turn["quarantined"] + turn["duplicates"] for turn in told["turns"])


def test_status_names_what_waits(in_home: Callable[[Path], Say], lived: Path, tmp_path: Path) -> None:
    folder = copied(lived, tmp_path / "home")
    (folder / "landing" / "flights" / "2013-03.parquet").write_bytes(b"new")
    (folder / "landing" / "flights" / "2013-04.parquet.tmp").write_bytes(b"half")

    _, out, _ = in_home(folder)("status")

    assert "  waits: 2013-03\n" in out


def test_history_has_a_line_for_people_and_an_object_for_machines(in_home: Callable[[Path], Say], lived: Path) -> None:
    say = in_home(lived)

    _, text, _ = say("history")
    _, objects, _ = say("history", "--json")

    (promotion,) = [json.loads(line) for line in objects.splitlines()]
    assert [line.split()[0] for line in text.splitlines()] == ["version", "v2"]
    assert (promotion["version"], promotion["turn"], promotion["previous"]) == (2, 1, None)
    assert f"{promotion['by']}: {promotion['reason']}" in text


@pytest.mark.parametrize("command", ["run", "ingest", "monitor", "train", "status", "history"])
def test_quiet_is_quiet_when_all_is_done(in_home: Callable[[Path], Say], lived: Path, command: str) -> None:
    assert in_home(lived)(command, "--quiet") == (0, "", "")


def test_nothing_to_do_names_the_live_model(in_home: Callable[[Path], Say], lived: Path) -> None:
    code, out, err = in_home(lived)("run")

    assert (code, err) == (0, "")
    assert out == (
        f"flights: nothing waits in {lived}/landing/flights. "
        "Champion v2 is live since turn 1; last judged on batch 2013-02.\n"
    )


def test_what_verify_finds_is_printed_even_if_quiet(
    in_home: Callable[[Path], Say], lived: Path, tmp_path: Path
) -> None:
    folder = copied(lived, tmp_path / "home")
    with homes.use(Home(folder)) as home:
        (refused,) = [batch for batch in home.ledger.batches.all("flights") if batch.reason]
        stored.refused(home, refused.aside_file or "").write_bytes(b"other")
    say = in_home(folder)

    quiet, loud, machine = say("verify", "--quiet"), say("verify"), say("verify", "--json")

    finding, counted = [json.loads(line) for line in machine[1].splitlines()]
    assert {code for code, _, _ in (quiet, loud, machine)} == {11}
    assert (finding["pipeline"], finding["invariant"], counted["findings"]) == ("flights", "I6", 1)
    assert quiet[1:] == ("", f"I6  {finding['finding']}\n")
    assert loud[1].startswith(f"I6  {finding['finding']}\n")
    assert "; 1 found to differ from the ledger." in loud[1]


# ── the parts of a turn ───────────────────────────────────────────────────────────────────────────────────────────
@pytest.fixture
def stepped(
    served: None, in_home: Callable[[Path], Say], furnished_home: Callable[..., Path], lived: Path
) -> tuple[Path, list[tuple[int, str, str]]]:
    """A home with the same deliveries, walked through by the commands for parts; and what each of them said."""
    folder = furnished_home("steps", *sorted((lived / "landing" / "flights").iterdir()))
    say = in_home(folder)
    lines = [("ingest",), ("ingest",), ("monitor", "--json"), ("train", "--json"), ("monitor", "--json")]
    return folder, [say(*line) for line in [*lines, ("train",), ("train", "--quiet"), ("train",)]]


def test_ingest_monitor_and_train_end_as_one_run_does(
    stepped: tuple[Path, list[tuple[int, str, str]]], lived: Path, open_home: Callable[[Path], Home], prefect_api: Path
) -> None:
    folder, said = stepped

    one, other = (open_home(place) for place in (lived, folder))

    assert _story(other) == _story(one)
    assert _verdicts(other) == _verdicts(one)
    assert other.ledger.batches.all("flights") == one.ledger.batches.all("flights")
    assert other.ledger.batches.duplicates("flights") == one.ledger.batches.duplicates("flights")
    _each_step_said_what_it_did(said, one)
    _train_was_shown_in_prefect(prefect_api)


def test_what_is_taken_in_every_day_and_trained_on_once_a_month_has_not_failed(
    served: None, in_home: Callable[[Path], Say], furnished_home: Callable[..., Path], lived: Path
) -> None:
    first, *later = sorted((lived / "landing" / "flights").iterdir())
    folder = furnished_home("daily", first)
    say = in_home(folder)
    codes = [say("ingest")[0]]
    for one in later:
        shutil.copy(one, folder / "landing" / "flights")
        codes.append(say("ingest")[0])

    with homes.use(Home(folder)) as home:
        attempts = [turn["attempts"] for turn in home.ledger.turns.all("flights")]
    assert {*codes} == {0, 3}, "one of them is refused"
    assert attempts == [1] * len(attempts)


def _train_was_shown_in_prefect(place: Path) -> None:
    query = (
        "select artifact.key from artifact join flow_run on artifact.flow_run_id = flow_run.id "
        "join flow on flow_run.flow_id = flow.id where flow.name = 'train'"
    )
    with closing(sqlite3.connect(place / "prefect" / "prefect.db")) as prefect:
        shown = Counter(key for (key,) in prefect.execute(query))
    assert (shown["flights-turn"], shown["flights-verdict"]) == (3, 3)


def _each_step_said_what_it_did(said: list[tuple[int, str, str]], home: Home) -> None:
    taken, again, before, first, well, second, third, none = said
    batches = {batch.name: batch for batch in home.ledger.batches.all("flights")}
    assert taken[0] == 3
    assert taken[1].splitlines() == [
        *(
            f"{name}: {batches[name].accepted:,} accepted, {batches[name].quarantined} quarantined"
            for name in list(batches)[:2]
        ),
        f"broken: batch refused: {(batches['broken'].reason or '')[:-1]}; the file was set aside whole",
        "again: known content, counted as a duplicate",
    ]
    assert (again[0], again[1][:26]) == (0, "flights: nothing new waits")
    assert json.loads(before[1])["reasons"] == ["There is no champion yet."]
    assert json.loads(first[1])["verdict"] == "first_champion"
    assert json.loads(well[1])["health"] != "not_judged"
    assert second[1].startswith("turn 2 2013-02: ")
    follows = f"MLflow and the report follow with the next {program.command('run')}."
    assert (second[1].splitlines()[1:], first[2].splitlines()[-1]) == ([follows], follows)
    assert (third[0], third[1]) == (3, "") and third[2].startswith("turn 3 broken: batch refused: ")
    assert none[1].startswith("flights: no batch that was taken in waits for the rest of its turn")


def _story(home: Home) -> list[dict[str, Any]]:
    turns = history.read(home.ledger, "flights").turns
    return [{"batch": turn.batch.name, **{name: getattr(turn, name) for name in SEEN}} for turn in turns]


def _verdicts(home: Home) -> dict[int, tuple[str, Any, tuple[str, ...]]]:
    found = home.ledger.promotions.verdicts("flights")
    return {turn: (challenger, verdict.kind, verdict.reasons) for turn, (challenger, verdict) in found.items()}


def test_known_content_under_another_name_is_counted_and_is_no_error(
    served: None, in_home: Callable[[Path], Say], lived: Path, tmp_path: Path, open_home: Callable[[Path], Home]
) -> None:
    folder = copied(lived, tmp_path / "home")
    landing = folder / "landing" / "flights"
    shutil.copyfile(landing / "2013-02.parquet", landing / "february once more.parquet")
    say = in_home(folder)

    first, second = say("ingest"), say("ingest")

    home = open_home(folder)
    assert first == (0, "february once more: known content, counted as a duplicate\n", "")
    assert second == (0, f"flights: nothing new waits in {landing}.\n", "")
    assert [name for name, _, _ in home.ledger.batches.duplicates("flights")] == ["again", "february once more"]
    assert len(home.ledger.turns.all("flights")) == 3


@pytest.fixture
def killed(served: None, lived: Path, tmp_path: Path) -> tuple[Path, UUID]:
    """A home whose last run was killed when all was done, and that run, which Prefect takes for running."""
    folder = copied(lived, tmp_path / "home")
    with get_client(sync_client=True) as client, closing(sqlite3.connect(folder / "ledger.db")) as ledger, ledger:
        found = client.create_flow_run(poll, parameters={"pipeline": "flights"}, state=Running()).id
        values = ("flights", str(found), "process 4711 on box since then")
        ledger.execute("insert into abandoned (pipeline, run, holder) values (?, ?, ?)", values)
    return folder, found


def state_of(found: UUID) -> tuple[str, str | None]:
    with get_client(sync_client=True) as client:
        state = client.read_flow_run(found).state
    assert state is not None
    return state.name or "", state.message


CRASHED = "Crashed", "process 4711 on box was killed; what it had committed stays."


def test_a_run_that_was_killed_before_somebody_went_back_is_closed_by_the_next_command(
    killed: tuple[Path, UUID], in_home: Callable[[Path], Say], open_home: Callable[[Path], Home]
) -> None:
    folder, found = killed

    code, out, _ = in_home(folder)("run")

    assert (code, out.startswith("flights: nothing waits in ")) == (0, True)
    assert state_of(found) == CRASHED
    assert open_home(folder).ledger.lease.dead("flights") == []


def test_a_killed_run_is_closed_also_if_the_source_is_broken(
    killed: tuple[Path, UUID], in_home: Callable[[Path], Say], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, found = killed
    monkeypatch.setattr("flows.console.source.look", lambda *_: Waiting(problem=BadInput("The source is cut off.")))

    code, out, err = in_home(folder)("run")

    assert (code, out, err) == (BadInput.exit_code, "", "The source is cut off.\n")
    assert state_of(found) == CRASHED


def test_a_run_says_which_deliveries_it_counted_as_duplicates(
    served: None, in_home: Callable[[Path], Say], lived: Path, tmp_path: Path
) -> None:
    folder = copied(lived, tmp_path / "home")
    landing = folder / "landing" / "flights"
    say = in_home(folder)

    shutil.copyfile(landing / "2013-02.parquet", landing / "once more.parquet")
    text = say("run")
    shutil.copyfile(landing / "2013-02.parquet", landing / "yet again.parquet")
    machine = say("run", "--json")

    assert (text[0], machine[0]) == (0, 0)
    assert text[1].splitlines()[:2] == [
        f"flights: no new batch in {landing}, but 1 delivery of known content.",
        "once more: known content, counted as a duplicate",
    ]
    assert [json.loads(line) for line in machine[1].splitlines()] == [
        {"pipeline": "flights", "batch": "yet again", "status": "duplicate"}
    ]
    assert "yet again: known content, counted as a duplicate" in machine[2]
