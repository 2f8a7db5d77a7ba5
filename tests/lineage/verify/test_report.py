"""The numbers of the report are compared, not its words."""

import pytest

from tasks.lineage.verify import report

PAGE = """<section id="data"><p>2 batches</p><table><thead><tr><th>8</th></tr></thead><tbody>
<tr><th><a href="#turn-1">a &#39;13</a></th><td>1,000</td><td><svg><rect width="77"/></svg></td></tr></tbody></table>
<table><tbody><tr><td>99</td></tr></tbody></table></section>
<footer><ul><li><b>11</b> quarantined flights</li><li>3 days in the lines over time</li></ul>
<p>989 labelled + 11 quarantined = 1,000 landed.</p></footer>"""
LEFT_OUT = "11 rows set aside\n989 labelled + 11 quarantined = 1,000 landed."


def test_a_page_that_says_what_was_counted_is_in_order():
    assert report.says_the_same(PAGE, "a '13 1,000", LEFT_OUT) == []


@pytest.mark.parametrize(
    ("page", "text"),
    [
        (PAGE.replace("<td>1,000", "<td>1,001"), "rows per batch: the report says 1,001 where the bytes say 1,000"),
        (PAGE.replace("<b>11", "<b>1"), "what is left out: the report says 1 where the bytes say 11"),
        (PAGE.replace("989 labelled", ""), "what is left out: the report says nothing where the bytes say 989"),
    ],
)
def test_a_number_that_is_another_one_is_told(page: str, text: str):
    (finding,) = report.says_the_same(page, "a '13 1,000", LEFT_OUT)

    assert finding.invariant == "I9"
    assert finding.text.startswith(text)


def test_a_page_without_these_parts_says_nothing():
    assert len(report.says_the_same("<html></html>", "a 1,000", LEFT_OUT)) == 2
