"""A rollback on the page, in the terminal's sentences, and in the life of a version."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tasks.core.reporting import labels, lives, outcomes, page, sentences, versions
from tasks.core.turns import History, Hold, Promotion
from tests.core.reporting import worlds

WORLD, SETTINGS = worlds.year(), worlds.settings()
LAST = WORLD.turns[-1].number


def gone_back(world: History = WORLD, *, after: int = LAST, reason: str = "too many complaints") -> History:
    """The year, and a person who went back to the version that was live before."""
    live, before = world.promotions[-1], world.promotions[-2]
    finished = world.turns[after - 1].finished
    assert finished is not None
    at = finished + timedelta(seconds=5)
    sequence = live.sequence + 1
    made = Promotion(sequence, before.version, before.model, live.version, None, 9, at, "anna", reason, after)
    return replace(world, promotions=(*world.promotions, made), holds=(Hold(sequence, live.version),))


def test_the_first_sentence_says_who_is_back_why_and_what_is_held_off() -> None:
    live, before = WORLD.promotions[-1].version, WORLD.promotions[-2].version

    told = sentences.headline(gone_back(), SETTINGS)

    assert (told.state, told.title) == ("watch", f"Champion v{before} is back in place of v{live}")
    assert told.text == "anna went back to it: too many complaints."
    assert told.note.startswith(f"v{before} is live since the rollback of 2026-11-21 ")
    assert told.note.endswith(f" v{live} is held off until it is released.")


def test_the_turns_before_a_rollback_keep_their_story() -> None:
    told = gone_back(after=7)

    live = [labels.live_after(told, turn) for turn in told.turns]
    before = [labels.live_after(WORLD, turn) for turn in WORLD.turns]

    assert live[:7] == before[:7]
    assert set(live[7:]) == {told.promotions[-1].version} == {labels.live_now(told)}


def test_a_rollback_in_the_middle_of_a_turn_is_before_its_end() -> None:
    told = gone_back(after=7)
    made, seventh = told.promotions[-1], told.turns[6]
    cut_off = replace(seventh, finished=made.at + timedelta(seconds=1))

    assert labels.live_after(told, seventh) == WORLD.promotions[-1].version
    assert labels.live_after(told, cut_off) == made.version


def test_the_table_of_promotions_tells_who_went_back_and_until_when_the_other_was_live() -> None:
    back, taken_off, *_ = versions.promotions(gone_back())

    assert (back.turn, back.until, back.by) == (None, "now", "rollback by anna: too many complaints")
    assert (back.gain, back.batch[:10]) == (("–", ""), "2026-11-21")
    assert taken_off.until.startswith("rolled back 2026-11-21 ")
    assert back.trained_on == versions.promotions(WORLD)[1].trained_on


@pytest.mark.parametrize("after", [7, LAST])
def test_the_page_shows_a_rollback_and_nothing_of_a_turn_that_there_is_not(after: int) -> None:
    html = page.render(gone_back(after=after), SETTINGS, written=worlds.WRITTEN)

    assert "rollback by anna: too many complaints" in html
    assert "rolled back<small>" in html
    assert "turn None" not in html and "#turn-None" not in html


def test_what_a_person_typed_does_not_become_markup() -> None:
    html = page.render(gone_back(reason=worlds.NASTY), SETTINGS, written=worlds.WRITTEN)

    assert "<script>alert('x')" not in html


def test_the_life_of_a_version_ends_with_who_took_it_off() -> None:
    told = gone_back()
    live, before = WORLD.promotions[-1].version, WORLD.promotions[-2].version

    taken, back = (
        {part.name: part.sentences for part in lives.life(told, version, SETTINGS)} for version in (live, before)
    )

    assert list(taken) == ["Trained", "Gate", "Live", "Judged", "Taken off", "Now"]
    assert taken["Live"][-1].count("when anna went back to v") == 1
    assert taken["Taken off"][0].endswith(" by anna: too many complaints.")
    assert taken["Now"] == ("It is not live, and automation keeps off it until it is released.",)
    assert len(back["Live"]) == 2 and back["Now"] == ("It is live.",)


def test_a_release_is_part_of_the_life() -> None:
    told = gone_back()
    at = told.promotions[-1].at + timedelta(days=1)
    hold = replace(told.holds[0], ended=at, released_by="bob", release_reason="was the data")

    life = lives.life(replace(told, holds=(hold,)), hold.version, SETTINGS)

    assert life[-2].sentences[-1].endswith(" by bob: was the data.")
    assert life[-1].sentences == ("It is not live; a person may go back to it.",)


def test_every_version_has_a_life() -> None:
    for version, _ in WORLD.models:
        parts = {part.name: part.sentences for part in lives.life(WORLD, version, SETTINGS)}

        assert {"Trained", "Gate", "Now"} <= set(parts)
        assert all(sentence.endswith(".") for sentences_ in parts.values() for sentence in sentences_)


@pytest.mark.parametrize(
    ("changed", "name", "words"),
    [(True, "flights · rollback → v4 in place of v6", "anna went back from v6 to v4: too many complaints."),
     (False, "flights · rollback → v4 is live already", "v4 is live already, since")],
)  # fmt: skip
def test_a_rollback_in_prefect_is_told_as_what_it_did(changed: bool, name: str, words: str) -> None:
    made = gone_back().promotions[-1]

    told = outcomes.rollback("flights", made, "", changed=changed)

    expected = name.replace("v4", f"v{made.version}").replace("v6", f"v{made.previous}")
    assert told.name == expected
    assert told.message.startswith(words.replace("v4", f"v{made.version}").replace("v6", f"v{made.previous}"))
