"""A rollback on the page, in the terminal's sentences, and in the life of a version."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from tasks.reporting import captions, charts, endings, lives, page, sentences, stories, strip, titles, versions
from tests.reporting import worlds
from tests.reporting.worlds import gone_back

WORLD, SETTINGS = worlds.year(), worlds.settings()
LAST = WORLD.turns[-1].number


def test_the_first_sentence_says_who_is_back_why_and_what_is_held_off() -> None:
    live, before = WORLD.promotions[-1].version, WORLD.promotions[-2].version

    told = sentences.headline(gone_back(), SETTINGS)

    assert (told.state, told.title) == ("watch", f"Champion v{before} is back in place of v{live}")
    assert told.text == (
        "anna went back to it: too many complaints. In June 2013, when it was judged last, v3 needed watching: "
        "it expected 26\u202f% of flights to be late; 32\u202f% were."
    )
    assert told.note.startswith(f"v{before} is live since the rollback of 2026-11-21 ")
    assert told.note.endswith(f" v{live} is barred until it is released.")


def test_the_turns_before_a_rollback_keep_their_story() -> None:
    told = gone_back(after=7)

    live = [titles.live_after(told, turn) for turn in told.turns]
    before = [titles.live_after(WORLD, turn) for turn in WORLD.turns]

    assert live[:7] == before[:7]
    assert set(live[7:]) == {told.promotions[-1].version} == {titles.live_now(told)}


def test_a_rollback_in_the_middle_of_a_turn_is_before_its_end() -> None:
    told = gone_back(after=7)
    made, seventh = told.promotions[-1], told.turns[6]
    cut_off = replace(seventh, finished=made.at + timedelta(seconds=1))

    assert titles.live_after(told, seventh) == WORLD.promotions[-1].version
    assert titles.live_after(told, cut_off) == made.version


def test_the_table_of_promotions_tells_who_went_back_and_until_when_the_other_was_live() -> None:
    back, taken_off, *_ = versions.promotions(gone_back())

    said = "anna went back from v6 to v3: too many complaints. v6 is barred until it is released."
    assert (back.turn, back.until, back.what) == (None, "now", said)
    assert taken_off.what.startswith("promoted over v3 by the gate: evidence 1,516")
    assert (back.gain, back.gain_ends, back.batch[:10]) == ("–", "", "2026-11-21")
    assert taken_off.until.startswith("rolled back 2026-11-21 ")
    assert back.trained_on == versions.promotions(WORLD)[1].trained_on


@pytest.mark.parametrize("after", [7, LAST])
def test_the_page_shows_a_rollback_and_nothing_of_a_turn_that_there_is_not(after: int) -> None:
    html = page.render(gone_back(after=after), SETTINGS, written=worlds.WRITTEN)

    assert "anna went back from v6 to v3: too many complaints." in html
    assert "from 2026-11-21 " in html and "rolled back<small>" not in html
    assert "turn None" not in html and "#turn-None" not in html


def test_the_strip_ends_with_the_version_that_is_back_and_marks_no_other_as_live() -> None:
    told = gone_back()

    reigns, back = strip.reigns(told, told.turns), strip.back(told)

    assert [(reign.name, reign.live) for reign in reigns] == [("v1", False), ("v3", False), ("v6", False)]
    assert back is not None
    assert (back[0], back[1].partition(" UTC, ")[2]) == ("v3", "after the last turn; when that ended, v6 was.")
    assert strip.reigns(WORLD, WORLD.turns)[-1].live and strip.back(WORLD) is None


def test_the_loss_over_time_ends_with_a_line_for_the_change() -> None:
    def lines(live_from: list[tuple[int, int]]) -> list[str]:
        chart = charts.loss(WORLD.turns, live_from, "")
        assert chart
        return [dict(m.attributes)["x1"] for m in chart.under if ("class", "change") in m.attributes]

    assert len(lines([(6, 6), (LAST, 3)])) == len(lines([(6, 6)])) + 1
    assert lines([(6, 6), (LAST, 3)])[-1] == "100%"


def test_inputs_are_those_that_were_compared_with_the_version_that_is_back() -> None:
    html = page.render(gone_back(), SETTINGS, written=worlds.WRITTEN)

    assert "columns moved in June 2013, all of them weather." in html
    assert "columns moved in December 2013" not in html.partition('id="inputs"')[2].partition('id="model"')[0]
    assert (
        "That is the last batch that was compared with the training data of v3: "
        "six batches were compared with that of v6 since."
    ) in html
    assert "Grey: the data that v3 was trained on. Line: Jun 2013." in html


def test_inputs_that_were_compared_with_another_version_say_with_which() -> None:
    new = worlds.promoted_last()

    told = captions.compared_with(new, new.turns[-1])

    assert told == "That is against the training data of v3; no batch has been compared with that of v6 yet."
    assert captions.compared_with(WORLD, WORLD.turns[-1]) == ""


def test_the_facts_about_the_live_model_say_that_it_was_not_judged_since() -> None:
    html = page.render(gone_back(), SETTINGS, written=worlds.WRITTEN)
    first = page.render(gone_back(to=1), SETTINGS, written=worlds.WRITTEN)

    assert re.search(r"Last judged</dt><dd>Jun 2013, watch: [^<]*; not judged on the 6 batches since</dd>", html)
    assert "Last scored" not in html
    assert re.search(r"Last scored</dt><dd>Dec 2013, beside the champion of then: [^<]*log loss 0.629", first)


def test_what_is_left_out_of_the_slices_is_counted_where_they_are_shown() -> None:
    world = gone_back()
    last = world.turns[-1]
    assert last.champion
    without = replace(last, champion=replace(last.champion, slices=()))

    told = captions.left_out(replace(world, turns=(*world.turns[:-1], without)), SETTINGS)

    assert [count for count, text in told if "in slices with too few of them" in text] == ["394"]


def test_a_version_that_was_not_judged_after_its_gate_is_told_by_its_own_gate() -> None:
    new = worlds.promoted_last()
    back = gone_back(gone_back(new, after=6), after=6)

    told = sentences.headline(back, SETTINGS)
    html = page.render(back, SETTINGS, written=worlds.WRITTEN)

    assert told.title == "Champion v6 is back in place of v3"
    assert told.text.endswith("too many complaints. It has not been judged on a batch after its gate.")
    assert "Jun 2013, ten equal groups" in html


def test_the_last_turn_before_a_rollback_says_that_its_evidence_does_not_carry_over() -> None:
    told = gone_back()

    action, before = (stories.story(world, world.turns[-1], SETTINGS)[-1].sentences for world in (told, WORLD))

    assert before[-1].endswith("The next batch starts with evidence 1.0.")
    assert [sentence.partition("UTC: ")[2] or sentence for sentence in action] == [
        "None. v6 stays live.",
        "anna went back from v6 to v3.",
        "Evidence starts anew.",
    ]


def test_a_refusal_after_a_rollback_is_told_beside_the_version_that_is_live() -> None:
    world = worlds.refused_last()

    told = sentences.headline(gone_back(world, after=7), SETTINGS)

    assert told.title == "Batch refused; champion v3 not judged"
    assert "In June 2013 v3 needed watching: it expected 26\u202f%" in told.text


def test_what_a_person_typed_does_not_become_markup() -> None:
    html = page.render(gone_back(reason=worlds.NASTY), SETTINGS, written=worlds.WRITTEN)

    assert "<script>alert('x')" not in html


def test_the_life_of_a_version_ends_with_who_took_it_off() -> None:
    told = gone_back()
    live, before = WORLD.promotions[-1].version, WORLD.promotions[-2].version

    taken, back = (
        {part.name: part.sentences for part in lives.life(told, version, SETTINGS)} for version in (live, before)
    )

    assert list(taken) == ["Trained", "Gate", "Live", "Judged", "Rollbacks", "Now"]
    assert taken["Live"][-1].count("when anna went back to v") == 1
    assert taken["Rollbacks"][0].endswith(" UTC: anna went back from v6 to v3: too many complaints.")
    assert taken["Rollbacks"][1] == "v6 is barred until it is released."
    assert back["Rollbacks"] == taken["Rollbacks"][:1]
    assert taken["Now"] == ("It is not live, and is barred until it is released.",)
    assert len(back["Live"]) == 2 and back["Now"] == ("It is live.",)


def test_a_release_is_part_of_the_life() -> None:
    told = gone_back()
    at = told.promotions[-1].at + timedelta(days=1)
    hold = replace(told.holds[0], ended=at, released_by="bob", release_reason="was the data")

    life = lives.life(replace(told, holds=(hold,)), hold.version, SETTINGS)

    assert life[-2].sentences[-1].endswith(" by bob: was the data.")
    assert life[-1].sentences == ("It is not live; a person may go back to it.",)


def test_every_rollback_from_and_to_a_version_is_part_of_its_life() -> None:
    there = gone_back()
    forth = replace(gone_back(there, reason="it was the data."), holds=())

    life = {part.name: part.sentences for part in lives.life(forth, 6, SETTINGS)}

    assert [sentence.partition("UTC: ")[2] or sentence for sentence in life["Rollbacks"]] == [
        "anna went back from v6 to v3: too many complaints.",
        "v6 was not barred: that undid the rollback before.",
        "anna went back from v3 to v6: it was the data.",
    ]
    assert life["Now"] == ("It is live.",)


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

    told = endings.rollback("flights", made, "", changed=changed)

    expected = name.replace("v4", f"v{made.version}").replace("v6", f"v{made.previous}")
    assert told.name == expected
    assert told.message.startswith(words.replace("v4", f"v{made.version}").replace("v6", f"v{made.previous}"))
