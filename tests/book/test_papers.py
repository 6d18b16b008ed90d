"""The list of all papers: each one that the starting material names has a section that exists."""

import re
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "chapters/19_short_views.ipynb"

NAMED = {
    "the paper": ["yadav2024half"],
    "papers beside it": [
        "lin2021generalization",
        "meltzer2023catapult",
        "lewkowycz2020large",
        "cloninger2021deep",
    ],
    "a paper on gated linear networks, and its relatives": [
        "jarvis2025make",
        "vanmeegen2025coding",
        "katsman2023riemannian",
        "li2022globally",
        "feng2022rank",
        "picchiotti2021clustering",
        "ortiz2021neural",
        "betti2020developing",
        "yuan2020learning",
        "hu2020surprising",
        "pellegrini2020analytic",
    ],
    "the paper that introduced the DLGN": ["lakshminarayanan2021disentangling"],
    "the paper's references": [
        "arora2019exact",
        "atanasov2022neural",
        "baratin2021implicit",
        "damian2022neural",
        "daniely2020learning",
        "fort2020deep",
        "hanin2019complexity",
        "hanin2019deep",
        "jacobs1991adaptive",
        "jacot2018neural",
        "lakshminarayanan2020neural",
        "montufar2014number",
        "ronen2019convergence",
        "shalev2017failures",
        "shi2022theoretical",
        "telgarsky2016benefits",
        "xiao2017fashion",
    ],
}
"""The papers that the starting material names, by their keys in ``references.bib``."""

ROW = re.compile(r"^\| \{cite:t\}`(\w+)` \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
PLACE = re.compile(r"\{doc\}`[^<`]+ <([^>]+)>`, (.+)")


def markdown(path):
    """The text of a page."""
    if path.suffix == ".md":
        return path.read_text(encoding="utf8")
    cells = nbformat.read(path, 4).cells
    return "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")


def rows():
    """The rows of the list: key, what is taken up, where."""
    return ROW.findall(markdown(PAGE))


def source(link):
    """The file of a page that a chapter links to."""
    stem = ROOT / link[1:] if link.startswith("/") else ROOT / "chapters" / link
    found = [stem.with_suffix(suffix) for suffix in (".ipynb", ".md")]
    return next((path for path in found if path.exists()), None)


def test_every_paper_named_is_in_the_list_once():
    named = [key for keys in NAMED.values() for key in keys]
    assert sorted(key for key, *_ in rows()) == sorted(named)
    assert len(set(named)) == len(named) == 34


def test_every_row_of_the_tables_is_read():
    section = markdown(PAGE).split("## All papers")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| ")]
    headers = [line for line in lines if line.startswith("| paper |")]
    assert len(lines) - len(headers) == len(rows()) and len(headers) == 4


@pytest.mark.parametrize(("key", "where"), [(key, where) for key, _, where in rows()])
def test_each_paper_has_its_section(key, where):
    assert re.search(rf"^@\w+{{{key},$", (ROOT / "references.bib").read_text(), re.MULTILINE)
    link, section = PLACE.fullmatch(where).groups()
    text = markdown(source(link))
    assert re.search(rf"^##+ {re.escape(section)}$", text, re.MULTILINE), section
    assert key in text, f"{link} does not cite {key}"
    number = re.match(r"\d+", link)
    if number:
        assert f"`{int(number[0])} <{link}>`" in where


@pytest.mark.parametrize("path", sorted((ROOT / "chapters").glob("1[1-9]_*.ipynb")))
def test_the_map_of_gatings_links_to_each_related_view(path):
    text = markdown(ROOT / "chapters/10_many_gatings.ipynb")
    assert f"{{doc}}`{path.stem[:2]} <{path.stem}>`" in text
