"""Tables for a page."""

import pytest
from halfspace.companion import plots


def test_a_table_has_its_rows_and_writes_numbers_for_people():
    rows = [{"net": "a<b", "on": True, "n": 1048576, "x": 0.000123456}]
    text = plots.html_table([*rows, *rows])
    assert text.count("<tr>") == 3 and "a&lt;b" in text and "<td>yes</td>" in text
    assert "1\u202f048\u202f576" in text and "0.000123" in text
    assert "1.21e+24" in plots.html_table([{"n": 2.0**80}])
    for bad in ([], [{"a": 1}, {"b": 1}]):
        with pytest.raises(ValueError, match="share their keys"):
            plots.html_table(bad)


def test_a_link_is_a_text_that_leads_somewhere():
    link = plots.Link("A < B", "report.html#a&b", "here")
    assert link == "A < B" and link.upper() == "A < B"
    html = plots.html_table([{"claim": link}])
    assert '<td><a id="here" href="report.html#a&amp;b">A &lt; B</a></td>' in html


def test_sentences_are_broken_into_lines():
    html = plots.html_table(
        [{"short": "word", "long": "a sentence that is longer than forty letters"}]
    )
    assert html.count("white-space: normal") == 1 and "<td>word</td>" in html


def test_a_transposed_table_has_a_row_per_quantity():
    rows = [{"net": "a", "x": 1, "y": 2}, {"net": "b", "x": 3, "y": 4}]
    assert plots.transposed(rows) == [{"": "x", "a": 1, "b": 3}, {"": "y", "a": 2, "b": 4}]
