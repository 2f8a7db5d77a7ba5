"""The page of an account: it shows what it is given, and holds no markup of the data."""

import pytest

from tasks.reporting import account_page, pictures
from tasks.reporting.account_page import Figure, Section
from tests.reporting import test_browser, worlds

HOSTILE = "</code><script>alert(1)</script><img src=x onerror=alert(2)>"


def page(*sections: Section) -> str:
    return account_page.render("shop", "Will it be sold?", "v2 against v1", sections, written=worlds.WRITTEN)


def full(text: str) -> Section:
    chart = pictures.histogram([(text, 0.5, 0.2), ("b", 0.5, 0.8)], text)
    assert chart is not None
    table, wide = ((text, text), (text, text)), Figure(text, text, chart)
    return Section(text, (text,), table, 1, ((text, text, chart),), text, (text,), (wide,))


def test_every_part_of_a_section_is_shown() -> None:
    html = page(full("word"), Section("empty", ("Nothing.",)))

    assert "<h1><span>v2 against v1</span></h1>" in html
    assert '<section id="word">' in html
    assert '<td class="r nw">word</td>' in html
    assert '<svg class="chart ' in html
    assert '<pre tabindex="0"><code>word\n</code></pre>' in html
    assert "<figcaption><b>word</b> word</figcaption>" in html
    assert html.count("<table>") == html.count('<ul class="pictures">') == html.count("<pre ") == 1


def test_what_data_says_is_no_markup() -> None:
    html = page(full(HOSTILE))

    assert "<script" not in html
    assert "<img" not in html
    assert "script-src" not in html


@pytest.mark.skipif(test_browser.CHROMIUM is None, reason="no Chromium is installed")
def test_a_browser_shows_it_without_a_complaint(tmp_path: "pytest.TempPathFactory") -> None:
    dom, complaints = test_browser.browse(page(full(HOSTILE), full("word")), tmp_path, 1440)

    assert complaints == []
    assert "</html>" in dom
