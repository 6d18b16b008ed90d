"""Tables for a page."""

import pytest
from halfspace.companion import plots
from halfspace.companion.text import Link


def test_a_table_has_its_rows_and_writes_numbers_for_people():
    rows = [{"net": "a<b", "on": True, "n": 1048576, "x": 0.000123456}]
    text = plots.html_table([*rows, *rows])
    assert text.count("<tr>") == 3 and "a&lt;b" in text and "<td>yes</td>" in text
    assert "1\u202f048\u202f576" in text and "0.000123" in text
    assert "1.21\u00a0×\u00a010²⁴" in plots.html_table([{"n": 2.0**80}])
    for bad in ([], [{"a": 1}, {"b": 1}]):
        with pytest.raises(ValueError, match="share their keys"):
            plots.html_table(bad)


def test_a_link_is_a_text_that_leads_somewhere():
    link = Link("A < B", "report.html#a&b", "here")
    assert link == "A < B" and link.upper() == "A < B"
    html = plots.html_table([{"claim": link}])
    assert '<td><a id="here" href="report.html#a&amp;b">A &lt; B</a></td>' in html


def test_numbers_have_a_true_minus_and_no_negative_zero():
    html = plots.html_table([{"x": -0.5, "n": -1200, "of": "-0.00 (-0.07 to 0.07), 1e-10, a-b"}])
    assert "<td>−0.5</td>" in html and "<td>−1\u202f200</td>" in html
    assert "<td>0.00 (−0.07 to 0.07), 1e-10, a-b</td>" in html
    assert "2026-11-25" in plots.html_table([{"day": "2026-11-25"}])


def test_a_wide_table_tells_constant_columns_in_its_caption():
    row = {"net": "DLGN", "seeds": 20} | {name: 0 for name in "abcdef"}
    other = row | {name: 1 for name in "abcdef"}
    html = plots.html_table([row, other])
    assert "<caption>In every row: seeds 20.</caption>" in html and "<th>seeds</th>" not in html
    assert html.count("<td>") == 2 * 7
    narrow = [{"net": "DLGN", "agrees": True}, {"net": "ReLU", "agrees": True}]
    assert "<caption>" not in plots.html_table(narrow)
    assert "<caption>" not in plots.html_table([row])


def test_a_transposed_table_has_a_row_per_quantity():
    rows = [{"net": "a", "x": 1, "y": 2}, {"net": "b", "x": 3, "y": 4}]
    assert plots.transposed(rows) == [{"": "x", "a": 1, "b": 3}, {"": "y", "a": 2, "b": 4}]
