"""What a rollback and a release show in Prefect's UI: a note on who is live and what is barred, and the last word."""

from datetime import UTC, datetime, timedelta

import pytest

from tasks.domain.turns import Promotion
from tasks.reporting import endings, summaries

FIRST = datetime(2026, 11, 21, 7, 38, tzinfo=UTC)


def history(reason: str = "too many complaints") -> list[Promotion]:
    """v6 took over from v4, and anna went back."""
    made = [
        Promotion(1, 4, "m4", None, 1, 1, FIRST, "first champion policy", "beats no model"),
        Promotion(2, 6, "m6", 4, 7, 2, FIRST, "evidence rule", "gain 0.05"),
    ]
    return [*made, Promotion(3, 4, "m4", 6, None, 3, FIRST + timedelta(hours=1), "anna", reason, 7)]


def note(
    checked: str = "201 golden rows answered", held: tuple[int, ...] = (6,), problem: str = "", **told: str
) -> str:
    return summaries.rollback(
        "shop", history(**told), held, checked=checked, problem=problem, package="v1 has no package."
    )


def test_the_note_of_a_rollback_says_what_it_changed_and_how_each_hold_ends() -> None:
    assert note().splitlines() == [
        "## shop: v4 is live in place of v6",
        "",
        "**Was live**  ",
        "v6, since turn 7, by evidence rule: gain 0.05.",
        "",
        "**Live now**  ",
        "v4, since the rollback of 2026-11-21 08:38 UTC, by anna: too many complaints.",
        "",
        "**Checked**  ",
        "201 golden rows answered.",
        "",
        "**Shown**  ",
        "MLflow's alias and the report say so.",
        "",
        "**Package**  ",
        "v1 has no package.",
        "",
        "**Barred from automation**",
        "",
        "- v6, until `release/shop` here or `release shop v6` typed",
    ]


def test_one_that_undoes_the_last_rollback_says_that_it_holds_nothing_off() -> None:
    assert note(held=()).endswith("\n- not v6: this only undid the last rollback")
    assert note(held=(5,)).endswith("`release shop v5` typed\n- not v6: this only undid the last rollback")


def test_one_that_changes_nothing_says_so() -> None:
    told = note(checked="", held=())

    assert told.startswith("## shop: v4 was live already\n")
    assert "**Was live**" not in told
    assert "**Checked**  \nNothing, and nothing was changed.\n" in told
    assert told.endswith("**Barred from automation**\n\nNothing.")


def test_what_could_not_be_told_is_in_the_note() -> None:
    told = note(problem="no disk")

    assert "MLflow or the report could not be told: no disk. The next run makes up for it." in told


def test_what_a_person_typed_does_not_become_markup_in_the_note() -> None:
    assert r"by anna: \*\*too\*\* many \`complaints\`." in note(reason="**too** many `complaints`")


RELEASED = "anna released v6: it was the data. Automation may have it again"


@pytest.mark.parametrize(
    ("problem", "name", "message"),
    [
        ("", "v6 is released", f"{RELEASED}."),
        (
            "no disk",
            "v6 is released",
            f"{RELEASED}. The report could not be told (no disk); the next turn makes up for it.",
        ),
        (None, "v6 was not barred", "v6 was not barred; nothing was changed."),
    ],
)
def test_the_last_word_of_a_release(problem: str | None, name: str, message: str) -> None:
    told = endings.release("shop", 6, "anna", "it was the data", problem)

    assert (told.name, told.message) == (f"shop · release → {name}", message)


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/srv/home/reports/flights.html", "`/srv/home/reports/flights.html`"),
        ("/srv/a `b/r.html", "`` /srv/a `b/r.html ``"),
    ],
)
def test_the_path_of_a_report_is_told_as_it_is_and_is_no_link(path: str, shown: str) -> None:
    note = summaries.report_file("my_shop", path, "node_7")

    assert note.splitlines()[4] == shown
    assert "It is a file on node\\_7:" in note
    assert "://" not in note and "](" not in note
