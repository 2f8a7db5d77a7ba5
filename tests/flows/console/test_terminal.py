"""What is printed, for people, for pipes and for machines."""

import io
import json
import os
import pty
import re
from dataclasses import replace
from pathlib import Path

import pytest

from flows.console import lines, program, terminal
from tasks.domain.turns import History, Turn
from tasks.problems import kinds
from tests.reporting import worlds

PLAIN = {"quiet": False, "as_json": False}


class Screen(io.StringIO):
    """A terminal of a given encoding, in memory."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


def told(terminal_: terminal.Terminal, history: History) -> None:
    terminal_.problem = "binary"
    terminal_.waiting("flights", [turn.batch.name for turn in history.turns], "landing/flights")
    for turn in history.turns:
        terminal_.step(turn.number, turn.batch.name, "training", 5, 8)
        terminal_.turn("flights", turn)
    terminal_.closing("writing the report")
    terminal_.summary(history, worlds.settings(), Path("var/reports/flights.html"))
    terminal_.close()


def test_a_pipe_gets_ascii_and_one_line_per_turn() -> None:
    out, err = io.StringIO(), io.StringIO()

    told(terminal.open_terminal(**PLAIN, out=out, err=err), worlds.year())

    printed = out.getvalue().splitlines()
    assert out.getvalue().isascii() and "\x1b" not in out.getvalue()
    assert printed[0] == "flights: 13 batches wait in landing/flights."
    assert printed[6] == (
        "turn 6 2013-06: promote: evidence 1,516 >= 200; gain 0.0420; 28,230 accepted, 13 quarantined"
    )
    assert printed[14].startswith("Champion v6 needs watching. In December 2013 it expected 26% of flights to be late;")
    assert printed[-2:] == [
        "Report: var/reports/flights.html",
        f"Next: {', '.join(program.command(name) for name in ('status', 'history', 'verify'))}",
    ]
    assert err.getvalue() == ""


def test_machines_get_one_object_per_turn_and_messages_go_elsewhere() -> None:
    out, err = io.StringIO(), io.StringIO()

    told(terminal.open_terminal(quiet=False, as_json=True, out=out, err=err), worlds.year())

    objects = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [one["turn"] for one in objects] == list(range(1, 14))
    assert objects[-1]["verdict"] == "reject"
    assert objects[-1]["champion_log_loss"] == 0.59
    assert (objects[-1]["evidence"], objects[-1]["needed"], objects[-1]["health"]) == (0.33, 200, "watch")
    assert objects[0]["champion"] is None
    assert "Champion v6 needs watching" in err.getvalue()


def test_quiet_says_nothing_but_what_was_refused() -> None:
    out, err = io.StringIO(), io.StringIO()

    told(terminal.open_terminal(quiet=True, as_json=False, out=out, err=err), worlds.year())

    assert out.getvalue() == ""
    assert err.getvalue().splitlines() == [
        "turn 8 2013-08: batch refused: 'pressure': 26,567 of 29,327 rows are below 900 hPa; "
        "0 accepted, 29,327 quarantined"
    ]


def test_a_terminal_gets_a_table_and_the_closing_words() -> None:
    out = Screen()

    told(terminal.open_terminal(**PLAIN, out=out, err=io.StringIO()), worlds.year())

    printed = without_colour(out.getvalue())
    assert "turn  batch    accepted  quarantined  log loss   verdict           why" in printed
    assert "   6  2013-06    28,230           13     0.580   ◆ promote" in printed
    assert "▲ Champion v6 needs watching." in printed
    assert "Report  var/reports/flights.html" in printed
    assert f"{program.command('verify')} " in printed


def test_a_terminal_that_does_not_know_unicode_gets_plain_lines() -> None:
    out = Screen()
    out.encoding = "ascii"  # type: ignore[misc]

    assert type(terminal.open_terminal(**PLAIN, out=out, err=out)) is terminal.Plain


@pytest.mark.parametrize(("columns", "bar"), [(60, False), (80, False), (140, True)])
def test_progress_fits_the_terminal_whatever_a_step_says(
    monkeypatch: pytest.MonkeyPatch, columns: int, bar: bool
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("TERM", "xterm")
    out = Screen()
    shown = terminal.Live(out, out, "binary")

    shown.step(7, "2013-07", "training " + "hist_gradient_boosting " * 5, 2, 5)
    shown.closing("showing the last turn in MLflow and the report")
    shown.close()

    printed = without_colour(out.getvalue())
    (first, *_) = [line for line in printed.splitlines() if "training" in line]
    assert "... " in first and "step 2 of 5, 0:00:00" in first and len(first) <= columns
    assert ("\u2501" in printed) == bar
    assert "None" not in printed


def test_what_is_started_before_the_first_step_is_said_and_goes_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    out = Screen()
    shown = terminal.Live(out, out, "binary")

    shown.waiting("flights", ["2013-01"], "x")
    shown.opening("starting Prefect and the libraries")
    before = without_colour(out.getvalue())
    shown.step(1, "2013-01", "reading and checking", 1, 5)
    shown.close()

    after = without_colour(out.getvalue()).removeprefix(before)
    assert "starting Prefect and the libraries" in before and "accepted" not in before
    assert after.count("accepted  quarantined") == 1 and "reading and checking" in after
    assert "starting" not in after.split("reading and checking")[-1]
    assert "None" not in before + after


@pytest.mark.parametrize("make", [terminal.Plain, terminal.Json, terminal.Terminal])
def test_without_a_terminal_nothing_is_said_about_what_is_started(make: type[terminal.Terminal]) -> None:
    out, err = io.StringIO(), io.StringIO()

    make(out, err).opening("starting Prefect and the libraries")

    assert (out.getvalue(), err.getvalue()) == ("", "")


def test_progress_is_one_line_that_goes_away() -> None:
    reader, writer = pty.openpty()
    with os.fdopen(writer, "w", encoding="utf-8") as out:
        shown = terminal.open_terminal(**PLAIN, out=out, err=out)
        shown.problem = "binary"
        assert isinstance(shown, terminal.Live)

        shown.step(7, "2013-07", "training on 160,561 flights", 5, 8)
        shown.close()
        shown.close()
    printed = everything(reader)

    assert "training on 160,561 flights" in printed and "step 5 of 8" in printed
    assert "\x1b[2K" in printed


@pytest.mark.parametrize("make", [terminal.Plain, terminal.Json, terminal.Live, terminal.Terminal])
def test_text_from_data_cannot_move_the_cursor_or_be_read_as_markup(make: type[terminal.Terminal]) -> None:
    out, err = Screen(), Screen()
    world = worlds.year()
    nasty = "\x1b[2J[red]\u202e\r\n"
    turns = tuple(replace(turn, batch=replace(turn.batch, name=nasty, reason=nasty)) for turn in world.turns)

    told(make(out, err), replace(world, turns=turns))

    printed = out.getvalue() + err.getvalue()
    assert "\x1b[2J" not in printed and "\u202e" not in printed
    assert "[red]" in printed or make is terminal.Json


def test_a_long_reason_goes_under_its_row() -> None:
    out = Screen()
    turn = replace(worlds.year().turns[7], batch=replace(worlds.year().turns[7].batch, reason="far " * 40))

    terminal.Live(out, out, "binary").turn("flights", turn)

    printed = without_colour(out.getvalue()).splitlines()
    assert printed[1].rstrip().endswith("batch refused")
    assert printed[2].startswith("      far far")


@pytest.mark.parametrize(
    ("world", "line"),
    [
        (worlds.year(), "Champion v6 is live since turn 6; last judged on batch 2013-12."),
        (worlds.first_turn(), "Champion v1 is live since turn 1; not judged on a later batch yet."),
        (worlds.no_champion(), "No champion yet."),
        (History("flights", (), (), (), ()), "No batch has come in yet."),
    ],
)
def test_when_nothing_waits_the_live_model_is_named(world: History, line: str) -> None:
    assert lines.nothing_waits(world, "landing/flights") == f"flights: nothing waits in landing/flights. {line}"


def test_a_run_that_has_only_something_to_show_says_so() -> None:
    told = lines.waiting_line("flights", [], "x")

    assert told == "flights: no new batch in x; MLflow and the report are brought up to date."


@pytest.mark.parametrize(("copies", "said"), [(1, "1 delivery"), (1200, "1,200 deliveries")])
def test_a_run_that_has_only_copies_to_count_says_so(copies: int, said: str) -> None:
    assert lines.waiting_line("flights", [], "x", copies) == f"flights: no new batch in x, but {said} of known content."


def test_of_a_file_that_cannot_be_read_no_rows_are_told() -> None:
    batch = replace(worlds.year().turns[7].batch, name="a\x1bb", landed=0, quarantined=0, reason="The file is empty.")

    told = lines.batch_line(batch)

    assert told == "a\ufffdb: batch refused: The file is empty; the file was set aside whole"


def test_on_a_narrow_terminal_reasons_go_under_their_rows() -> None:
    status = lines.status(worlds.year(), worlds.settings(), [], width=70)
    history = lines.history_table(worlds.year(), kinds.named("binary"), 80)

    place = next(n for n, line in enumerate(status) if "2013-12" in line)
    assert status[place].endswith("reject") and status[place + 1].strip() == "evidence 0.33, needs 200"
    assert all(len(line) <= 70 for line in status if line.startswith("  ") and "2013-" not in line)
    assert max(map(len, history)) <= 80
    assert [line.split()[0] for line in history if not line.startswith(" ")] == ["version", "v6", "v3", "v1"]


def test_a_turn_that_is_not_finished_says_nothing_about_the_live_model() -> None:
    world = worlds.year()
    begun = replace(world.turns[-1], outcome=None, verdict=None, health=None, champion=None)

    text = lines.status(replace(world, turns=(*world.turns[:-1], begun)), worlds.settings(), ["2013-12"])

    before = lines.status(replace(world, turns=world.turns[:-1]), worlds.settings(), ["2013-12"])
    assert text[:3] == before[:3]
    assert " not finished " in text[-1]


def test_one_batch_waits() -> None:
    assert lines.waiting_line("flights", ["2013-01"], "x") == "flights: 1 batch waits in x."


def test_status_tells_the_model_what_waits_and_the_last_turns() -> None:
    text = lines.status(worlds.year(), worlds.settings(), ["2014-01", "2014-02"])

    assert text[0] == "flights  ▲ Champion v6 needs watching"
    assert "  waits: 2014-01, 2014-02" in text
    assert len([line for line in text if "2013-1" in line and "needs 200" in line]) == 3


def test_status_without_turns_is_short() -> None:
    text = lines.status(History("flights", (), (), (), ()), worlds.settings(), [])

    assert text == ["flights  ○ Nothing has come in yet", "  No batch has landed.", "", "  waits: nothing"]


def test_history_has_one_row_per_promotion_the_latest_first() -> None:
    text = lines.history_table(worlds.year(), kinds.named("binary"))

    assert [line.split()[0] for line in text] == ["version", "v6", "v3", "v1"]
    assert "+0.0420 over v3" in text[1] and " now " in text[1]
    assert lines.history_table(worlds.no_champion(), kinds.named("binary")) == ["flights: no champion yet."]


def test_a_turn_of_which_little_is_known_has_a_line() -> None:
    turn: Turn = worlds.silent().turns[0]

    assert lines.plain_line(turn) == "turn 1 2013-01: not finished; 26,982 accepted, 22 quarantined"
    assert json.dumps(lines.turn_object("flights", turn, "binary"))


def everything(reader: int) -> str:
    """What was written to the other end of a pseudo-terminal that is closed now."""
    read = b""
    try:
        while part := os.read(reader, 10_000):
            read += part
    except OSError:
        os.close(reader)
    return read.decode()


def without_colour(text: str) -> str:
    """The text without escape sequences."""
    return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", text)


@pytest.mark.parametrize(
    ("duplicates", "words"),
    [(0, None), (1, "1 duplicate dropped"), (814, "814 duplicates dropped")],
)
@pytest.mark.parametrize("aside", [0, 13])
def test_rows_that_are_dropped_as_equal_are_in_each_line(duplicates: int, words: str | None, aside: int) -> None:
    turn = worlds.year().turns[5]
    batch = replace(turn.batch, duplicates=duplicates, quarantined=aside)

    told = [
        lines.plain_line(replace(turn, batch=batch)),
        lines.batch_line(batch),
        " ".join(lines.row(replace(turn, batch=batch), 7)),
    ]

    assert all(("dropped" in line) is (words is not None) and (words or "") in line for line in told)
    assert all(f"{aside} quarantined" in line for line in told[:2])
    assert lines.turn_object("flights", replace(turn, batch=batch), "binary")["duplicates"] == duplicates
