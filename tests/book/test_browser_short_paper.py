"""The short papers of the built book: workshop papers have four pages."""

import sys
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "book"))

import executed_copies  # noqa: E402
import short_paper  # noqa: E402
from halfspace_book import swap  # noqa: E402

pytestmark = pytest.mark.browser  # needs the built book


@pytest.mark.parametrize("paper", sorted((ROOT / "papers").glob("*.typ")), ids=lambda p: p.stem)
def test_a_paper_has_four_pages_and_is_offered(paper):
    chapter = nbformat.read(ROOT / f"chapters/{paper.stem}.ipynb", 4)
    executed = ROOT / executed_copies.EXECUTED / f"{paper.stem}.ipynb"
    notebook = swap(chapter, executed_copies.read(executed))
    assert len(short_paper.compiled(paper, notebook, format="svg")) == 4
    page = (ROOT / f"_build/html/chapters/{paper.stem}.html").read_text(encoding="utf8")
    (offered,) = (ROOT / "_build/html/_downloads").glob(f"*/{paper.stem}.pdf")
    assert offered.relative_to(ROOT / "_build/html").as_posix() in page
    assert offered.read_bytes() == short_paper.compiled(paper, notebook)
