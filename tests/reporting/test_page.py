"""The page is one self-contained file, escapes everything, and stands every history."""

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from tasks.domain.turns import History, RetrainingDecision
from tasks.reporting import page
from tests.reporting import worlds

VOID = {"meta", "link", "br", "col"}
WORLDS = [
    worlds.year,
    worlds.refused_last,
    worlds.first_turn,
    worlds.promoted_last,
    worlds.no_champion,
    worlds.not_judged_last,
    worlds.given_up_last,
    worlds.silent,
    worlds.hostile,
    lambda: worlds.long(40),
    lambda: History("flights", (), (), (), ()),
]


class Reader(HTMLParser):
    """Elements, ids, links and text of a page; complains about elements that are not closed in order."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1] not in ("style", "script"):
            self.text.append(data)


def read(html: str) -> Reader:
    reader = Reader()
    reader.feed(html)
    reader.close()
    assert reader.open == []
    return reader


def rendered(history: History, links: page.Links | None = None) -> str:
    return page.render(history, worlds.settings(), written=worlds.WRITTEN, links=links)


@pytest.mark.parametrize("world", WORLDS)
def test_every_history_makes_a_well_formed_page_whose_links_lead_somewhere(world: object) -> None:
    html = rendered(world())  # type: ignore[operator]

    elements = read(html).elements
    ids = [attributes["id"] for _, attributes in elements if "id" in attributes]
    targets = [str(a["href"])[1:] for _, a in elements if str(a.get("href", "")).startswith("#")]
    assert len(ids) == len(set(ids))
    assert set(targets) <= set(ids)
    assert not re.findall(r"\bnan\b|\binf\b|\bvNone\b|None[^. ]", " ".join(read(html).text))
    assert not any("style" in attributes or any(n.startswith("on") for n in attributes) for _, attributes in elements)


def test_nothing_is_requested_and_only_its_own_script_may_run() -> None:
    html = rendered(worlds.year())

    elements = read(html).elements
    policy = next(str(a["content"]) for tag, a in elements if a.get("http-equiv") == "Content-Security-Policy")
    for kind in ("script", "style"):
        text = re.search(rf"<{kind}>(.*?)</{kind}>", html, re.S)
        assert text
        digest = base64.b64encode(hashlib.sha256(text[1].encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'")
    assert not [a for _, a in elements if "src" in a]
    assert "url(" not in html and "@import" not in html


def test_tags_braces_and_quotes_from_data_stay_text() -> None:
    plain, hostile = read(rendered(worlds.year())), read(rendered(worlds.hostile()))

    scripts = [tag for tag, _ in hostile.elements if tag == "script"]
    assert len(scripts) == 1
    assert {tag for tag, _ in hostile.elements} <= {tag for tag, _ in plain.elements}
    assert "<script>alert('x')</script>{{ 7*7 }}\"&" in "".join(hostile.text)
    assert "{{ 49 }}" not in "".join(hostile.text)


def test_links_are_relative_or_http_or_left_out() -> None:
    given = {
        13: {
            "Drift": 'drift/13.html?a=1&b="2"',
            "Run": "http://127.0.0.1:5000/#/runs/1",
            "Script": "javascript:alert(1)",
            "Data": "data:text/html,x",
            "Other host": "//example.org/x",
            "Root": "/etc/passwd",
        }
    }

    html = rendered(worlds.year(), given)

    hrefs = [a["href"] for tag, a in read(html).elements if tag == "a" and not str(a["href"]).startswith("#")]
    assert hrefs == ["_pipelines.html", 'drift/13.html?a=1&b="2"', "http://127.0.0.1:5000/#/runs/1"]


def test_the_page_says_what_the_values_say() -> None:
    world = worlds.year()
    evidence = replace(world.turns[-1].evidence, value=77.7)
    changed = replace(world, turns=(*world.turns[:-1], replace(world.turns[-1], evidence=evidence)))

    before, after = rendered(world), rendered(changed)

    assert "evidence went from 3.1 to 0.33" in before and "evidence went from 3.1 to 77" not in before
    assert "evidence went from 3.1 to 77" in after


def test_the_threshold_comes_from_the_settings() -> None:
    settings = worlds.settings()
    promotion = settings.promotion.model_copy(update={"false_promotion_every": 3000.0})

    html = page.render(worlds.year(), settings.model_copy(update={"promotion": promotion}), written=worlds.WRITTEN)

    assert "3,000: promote" in html
    assert "200: promote" not in html


def test_the_latest_story_is_open_and_old_turns_have_one_row_each() -> None:
    elements = read(rendered(worlds.long(100))).elements

    stories = [a for tag, a in elements if tag == "details" and a.get("class") == "turn"]
    rows = [a for tag, a in elements if tag == "tr" and str(a.get("id", "")).startswith("turn-")]
    assert ["open" in story for story in stories] == [True] + [False] * 25
    assert len(rows) == 74


def test_a_page_says_when_it_was_written() -> None:
    assert "Written 2026-11-21 07:47 UTC." in rendered(worlds.first_turn())


def test_why_no_model_was_retrained_is_told() -> None:
    world = worlds.not_judged_last()
    decision = RetrainingDecision(retrain=False, reasons=("all 415 rows to train on are negative",))
    last = replace(world.turns[-1], decision=decision)

    html = rendered(replace(world, turns=(*world.turns[:-1], last)))

    assert "No model was retrained (all 415 rows to train on are negative); v6 stays live." in html


def test_a_turn_that_was_given_up_is_the_first_thing_on_the_page() -> None:
    told = "".join(read(rendered(worlds.given_up_last())).text)

    assert "Turn given up; champion v6 needs watching" in told
    assert f"In December 2013 the turn failed: {worlds.GIVEN_UP}." in told
    assert "No model was retrained" not in told


def test_the_command_that_checks_the_page_names_its_pipeline() -> None:
    world = replace(worlds.first_turn(), pipeline="bikes")

    assert "<code>python -m flows.run verify bikes</code>" in rendered(world)


def test_the_page_is_small() -> None:
    html = rendered(worlds.year())

    assert len(html.encode()) < 600_000
