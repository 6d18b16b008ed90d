"""The report on the pages: cards, filters, topics, links both ways, and files beside it."""

import ast
import csv
import functools
import io
import json
import re
import sys
import types
import zipfile
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree

import nbformat
import numpy as np
import pytest
from docutils import nodes
from halfspace.companion.claims import KINDS, VERDICTS
from halfspace.companion.registry import CLAIMS, CLAIMS_OF, condition
from halfspace.companion.spec import Spec

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "book"))

import claims_cards  # noqa: E402
import claims_report  # noqa: E402
import claims_topics  # noqa: E402
import figure_places  # noqa: E402

FINDING = {
    "case": "ReLU", "label": "ReLU net", "effect": -0.5, "low": -1.0, "high": -0.1, "holds": False,
    "control": False, "median": -0.25, "interval": "bootstrap", "holm": 0.0123, "test": "above",
    "level": 0.0, "factor": False, "seeds": 9,
}  # fmt: skip
ENTRY = {
    "id": "x", "claim": "A < B^2.", "where": "Section 4, Figure 3", "paper": "", "statistic": "s",
    "kind": "paper", "quote": "B > A", "seen": "", "replaces": ["y"], "why": "B was C.",
    "rule": "r", "verdict": "not reproduced", "worded": "not reproduced", "figure": "fig-b",
    "subject": "toy", "findings": [FINDING],
    "runs": [{"name": "n", "file": "a/f.npz", "when": "2026-01-02T", "commit": "c", "device": "d"}],
}  # fmt: skip


def test_a_card_can_be_filtered_and_is_escaped():
    card = claims_cards.card(ENTRY, {"see the figure": "chapters/a.html#fig-b"})
    assert 'class="claim verdict-not-reproduced where-section-4 whose-paper" id="claim-x"' in card
    assert "A &lt; B<sup>2</sup>." in card and "<q>B &gt; A</q>" in card
    assert (
        'href="#claim-x"' in card and '<a href="chapters/a.html#fig-b">see the figure</a>' in card
    )
    assert "✗ not reproduced</strong> <small>below 0</small>" in card
    assert "−0.50 (−1.00 to −0.10)" in card and "median −0.25" in card
    assert '<a href="a/f.csv.zip">CSV</a>, <a href="a/f.npz">npz</a>' in card
    assert "Seen before the rule: all." in claims_cards.card(ENTRY | {"seen": "all"}, {})
    pending = claims_cards.card(ENTRY | {"findings": [], "runs": [], "verdict": "pending"}, {})
    assert "No run yet" in pending and pending.count("<a ") == 1  # the permalink
    forged = {name: "<script>x" for name in ("name", "file", "when", "commit", "device")}
    assert "<script>" not in claims_cards.card(ENTRY | {"runs": [forged]}, {})
    rules = claims_cards.hiding_rules()
    assert (
        "body:has(#verdict-pending:checked) .claim:not(.verdict-pending) {display: none}" in rules
    )
    buttons = claims_cards.filters("verdict", {name: name for name in VERDICTS}, [ENTRY])
    assert buttons.count("<input") == 6 and buttons.count("checked") == 1
    assert "not reproduced <small>1</small>" in buttons and "pending <small>0</small>" in buttons


def test_chance_is_named_where_it_speaks_against_what_is_said():
    lucky = FINDING | {"holds": True, "holm": 0.4}
    assert "chance is not excluded" in claims_cards.notes(lucky)
    assert "chance" not in claims_cards.notes(lucky | {"holm": 0.01})
    assert "chance" not in claims_cards.notes(lucky | {"holds": None})
    assert "chance" not in claims_cards.notes(lucky | {"holds": False, "test": "equal"})


@pytest.mark.parametrize(
    ("plain", "typeset"),
    [
        ("1e-10 of it", "10<sup>−10</sup> of it"),
        ("2^((m-1)H) of", "2<sup>(m-1)H</sup> of"),
        ("m^H", "m<sup>H</sup>"),
        ("U_12 of ρ = -0.5", "U<sub>12</sub> of ρ = −0.5"),
        ("10 to 3,000", "10 to 3\u202f000"),
        ("⟨x,x'⟩ it's 0-4", "⟨x,x′⟩ it’s 0–4"),
    ],
)
def test_formulas_in_claims_are_typeset(plain, typeset):
    assert claims_cards.typeset(plain) == typeset


def test_a_strip_draws_the_interval_and_its_level():
    drawn = claims_cards.strip(FINDING, (-1.0, 1.0))
    svg = ElementTree.fromstring(drawn)
    level, interval, dot = svg
    assert level.get("d") == "M120.0 0V18" and interval.get("d") == "M8.0 9H108.8"
    assert dot.get("cx") == "64.0"
    assert svg.get("aria-label") == "−0.50 (−1.00 to −0.10); level 0"
    assert "#" not in drawn and "style" not in drawn, "colours come from the theme"
    band, *_ = ElementTree.fromstring(
        claims_cards.strip(FINDING | {"test": "equal", "level": 0.5}, (-1.0, 1.0))
    )
    assert band.tag == "rect" and (band.get("x"), band.get("width")) == ("64.0", "112.0")


def test_controls_are_told_apart_and_many_are_folded():
    held = FINDING | {"holds": True, "control": True}
    few = claims_cards.findings_html(ENTRY | {"findings": [FINDING, held]})
    assert few.count('class="holds control"') == 1 and few.count('class="fails"') == 1
    assert "<details class=controls open>" in few
    many = claims_cards.findings_html(ENTRY | {"findings": [FINDING] + 5 * [held]})
    assert "<details class=controls><summary>" in many
    assert claims_cards.tally(ENTRY | {"findings": [FINDING] + 5 * [held]}) == (
        "below 0; 5 of 5 controls hold"
    )


def test_shares_of_all_are_drawn_from_0_to_1():
    share = FINDING | {"test": "share", "effect": 1.0, "low": 0.9, "high": 1.0, "level": 0.5}
    assert claims_cards.scale([share]) == (0.0, 1.0)
    assert claims_cards.scale([FINDING]) == (-1.0, 0.0)
    constant = FINDING | {"low": 0.0, "high": 0.0}
    assert claims_cards.scale([constant]) == (-1.0, 1.0)


def test_a_change_shows_both_rules_and_both_verdicts():
    old = {"claim": "A is B.", "rule": "old < rule", "verdict": "undecided"}
    row = claims_report.change_row({"old": old, "new": [ENTRY]})
    for text in ("A is B.", "old &lt; rule", "? undecided", "A &lt; B", "B was C.", "✗ not"):
        assert text in row
    kept = claims_report.change_row({"old": old, "new": [ENTRY | {"why": ""}]})
    assert "The rule is the same." in kept


def test_every_claim_of_the_first_edition_has_one_in_its_place():
    changes = claims_report.changes(claims_report.entries())
    assert len(changes) == 82 and [c["old"]["id"] for c in changes if not c["new"]] == []


def test_the_paper_is_judged_sentence_by_sentence():
    text = (ROOT / "sentences.md").read_text(encoding="utf8")
    named = re.findall(r"{claim}`([^`]+)`", text)
    headings = re.findall("^## .*", text, flags=re.MULTILINE)
    assert len(headings) == len(set(headings)) == 8
    by_kind = {entry["id"]: entry["kind"] for entry in claims_report.entries()}
    assert set(named) <= set(by_kind)
    assert {id for id, kind in by_kind.items() if kind == "paper"} <= set(named)


def test_every_claim_has_a_section_to_be_filtered_by():
    assert {claims_cards.section(entry) for entry in claims_report.entries()} <= set(
        claims_cards.SECTIONS
    )
    assert {entry["kind"] for entry in claims_report.entries()} <= set(KINDS)


# --- topics ---


def test_every_subject_with_claims_is_a_topic():
    assert list(claims_topics.TOPICS) == list(CLAIMS_OF)


def test_a_topics_sentence_states_the_verdicts_that_the_claims_have():
    verdicts = {entry["id"]: entry["verdict"] for entry in claims_report.entries()}
    for topic in claims_topics.TOPICS.values():
        stated = {id: verdicts[id] for id in topic.rests_on}
        assert stated == topic.rests_on, topic.title


def test_a_topics_numbers_come_from_findings():
    for topic in claims_topics.TOPICS.values():
        named = {id for id, *_ in claims_topics._NUMBER.findall(topic.text)}
        assert named <= set(topic.rests_on), f"{topic.title} quotes a claim it does not rest on"
        words = re.sub(r"\{[^}]*\}", "", topic.text)
        assert not re.search(r"\d", words.replace("16 units", "")), f"{topic.title}: typed number"
        assert "{" not in claims_topics.sentence(topic, claims_report.entries())
    text = "{x/ReLU}; {x/ReLU|inverse}; {x/ReLU|percent}"
    toy = claims_topics.Topic("", text, {})
    assert claims_topics.sentence(toy, [ENTRY]) == "−0.50 (−1.00 to −0.10); 2; -50 %"
    with pytest.raises(KeyError):
        claims_topics.sentence(claims_topics.Topic("", "{y/ReLU}", {}), [ENTRY])


# --- where the book shows a claim ---


def chapter_cells(path):
    return [c for c in nbformat.read(path, 4).cells if c.cell_type == "code"]


def in_verdict_tables():
    """Return the ids of claims in the chapters' verdict tables, named or all of a subject."""
    found = set()
    for path in (ROOT / "chapters").glob("*.ipynb"):
        cells = chapter_cells(path)
        code = "\n".join(cell.source for cell in cells)
        if "verdict_rows" in code:
            found |= {claim.id for claim in CLAIMS if f'"{claim.id}"' in code}
        for subject in re.findall(r"verdict_rows\((\w+)\.CLAIMS\)", code):
            found |= {claim.id for claim in imported(cells)[subject].CLAIMS}
    return found


def test_every_claim_that_is_judged_is_shown_by_the_book():
    there, tables = figure_places.places(ROOT), in_verdict_tables()
    for entry in claims_report.entries():
        if entry["figure"]:
            assert entry["figure"] in there, entry["id"]
        elif entry["verdict"] != "pending":
            assert entry["id"] in tables, f"{entry['id']} is shown nowhere"


def test_places_are_read_from_the_notebooks(tmp_path):
    def write(name, *cells):
        path = tmp_path / "chapters" / name
        path.parent.mkdir(exist_ok=True)
        nbformat.write(nbformat.v4.new_notebook(cells=cells), path)

    figure = nbformat.v4.new_code_cell("1", metadata={"mystnb": {"figure": {"name": "fig-a"}}})
    text = nbformat.v4.new_markdown_cell("# One\n\n## Two words, so\n\n## Shared")
    write("04_x.ipynb", figure, text)
    write("05_y.ipynb", nbformat.v4.new_markdown_cell("## Shared"))
    assert figure_places.places(tmp_path) == {
        "fig-a": "chapters/04_x.html#fig-a",
        "two-words-so": "chapters/04_x.html#two-words-so",
    }
    executed = tmp_path / "chapters/04_x.ipynb"
    executed.write_text(json.dumps({"text/html": '<a id="verdict-a-2" href="x">'}))
    assert figure_places.verdict_tables(tmp_path / "chapters") == {
        "a-2": "chapters/04_x.html#verdict-a-2"
    }


# Which studies a figure's cell reads: the statements that its variables come from, and the specs
# that the functions named there build. It sees kinds of specs ("CircleStudy"), not single
# conditions: a figure of other labels of the same study passes. Where a chapter computes what it
# shows without a spec, there is nothing to compare.


def statements(cells):
    for number, cell in enumerate(cells):
        source = re.sub(r"^(\s*)[!%].*$", r"\1pass", cell.source, flags=re.MULTILINE)
        yield from ((number, statement) for statement in ast.parse(source).body)


def named(node, context):
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, context)}


def assigned(statement):
    found = named(statement, ast.Store)
    for node in ast.walk(statement):
        if isinstance(node, ast.Subscript | ast.Attribute) and isinstance(node.ctx, ast.Store):
            found |= named(node.value, ast.Load)
    return found


def leading_to(cells, number):
    """Return the statements of a cell, and those before it that its variables come from."""
    wanted, kept = set(), []
    for at, statement in reversed(list(statements(cells))):
        if at == number or (at < number and assigned(statement) & wanted):
            kept.append(statement)
            wanted |= named(statement, ast.Load)
    return kept


def imported(cells):
    names = {}
    for _, statement in statements(cells):
        if isinstance(statement, ast.Import | ast.ImportFrom):
            exec(compile(ast.Module([statement], []), "imports", "exec"), names)
    return names


def objects(tree, names):
    """Return the objects that a piece of code names: through modules, and items of mappings."""

    def resolve(node):
        if isinstance(node, ast.Name):
            return names.get(node.id)
        if isinstance(node, ast.Attribute):
            owner = resolve(node.value)
            return getattr(owner, node.attr, None) if isinstance(owner, types.ModuleType) else None
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
            mapping = resolve(node.value)
            return mapping.get(node.slice.value) if isinstance(mapping, dict) else None
        return None

    return [found for node in ast.walk(tree) if (found := resolve(node)) is not None]


def specs_built_by(thing):
    """Return the kinds of specs that a function builds, directly or through others."""
    seen, found, waiting = set(), set(), [thing]
    while waiting:
        now = waiting.pop()
        if id(now) in seen:
            continue
        seen.add(id(now))
        if isinstance(now, type) and issubclass(now, Spec) and now is not Spec:
            found.add(now)
        now = getattr(now, "__wrapped__", now)
        if isinstance(now, types.FunctionType) and now.__module__.startswith("halfspace.companion"):
            waiting += objects_of_function(now)
    return found


@functools.cache
def objects_of_function(function):
    """Return the objects that a function's body names."""
    return objects(function_body(function), function.__globals__)


@functools.cache
def parsed(filename):
    return ast.parse(Path(filename).read_text(encoding="utf8"))


def function_body(function):
    source = parsed(function.__code__.co_filename)
    line = function.__code__.co_firstlineno
    for node in ast.walk(source):
        if isinstance(node, ast.FunctionDef):
            first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
            if first == line:
                return ast.Module(node.body, [])
    return ast.Module([], [])


def specs_by_figure():
    found = {}
    for path in sorted((ROOT / "chapters").glob("*.ipynb")):
        cells = chapter_cells(path)
        names = imported(cells)
        for number, cell in enumerate(cells):
            figure = cell.metadata.get("mystnb", {}).get("figure")
            if figure:
                things = [o for s in leading_to(cells, number) for o in objects(s, names)]
                found[figure["name"]] = set().union(*map(specs_built_by, things))
    return found


INSTEAD = {"CircleKernels": "CircleStudy"}
"""Studies that no figure reads: the other one records the same kernels' similarities over seeds."""


def test_a_claims_figure_reads_a_study_that_the_claim_needs():
    by_figure = {
        name: {spec.__name__ for spec in specs} for name, specs in specs_by_figure().items()
    }
    assert sum(map(bool, by_figure.values())) > 30, "the cells are not understood"
    for claim in CLAIMS:
        read = by_figure.get(claim.figure, set())
        needed = {type(condition(name)).__name__ for name in claim.needs}
        if claim.figure.startswith("fig-") and read & STUDIES_OF_RUNS:
            needed |= {INSTEAD[name] for name in needed & set(INSTEAD)}
            assert read & needed, f"{claim.id}: {claim.figure} reads {read}, not {needed}"


STUDIES_OF_RUNS = {type(condition(name)).__name__ for claim in CLAIMS for name in claim.needs}


def test_claims_are_judged_once_for_a_state_that_the_build_names(tmp_path, monkeypatch):
    judged = []
    monkeypatch.setattr(claims_report, "report", lambda: judged.append(1) or [ENTRY])
    monkeypatch.setattr(claims_report, "KEPT", tmp_path / "cache/report.json")

    def again(state):
        monkeypatch.setenv("HALFSPACE_EVIDENCE", state)
        claims_report.entries.cache_clear()
        assert claims_report.entries() == [ENTRY]
        return len(judged)

    try:
        assert [again("a"), again("a"), again("b"), again("")] == [1, 1, 2, 3]
        claims_report.KEPT.write_text("{")
        assert [again("b"), again("b")] == [4, 4]
    finally:
        claims_report.entries.cache_clear()


def test_the_kept_report_is_the_report():
    entries = claims_report.entries()
    assert json.loads(json.dumps(entries, allow_nan=False)) == entries


def test_a_figure_links_back_to_its_claims(monkeypatch):
    monkeypatch.setattr(claims_report, "entries", lambda: [ENTRY, ENTRY | {"id": "z"}])
    document = nodes.document(None, None)
    figure = nodes.figure("", nodes.caption("", "Words."), names=["fig-b"])
    other = nodes.figure("", nodes.caption("", "Words."), names=["fig-c"])
    document += [figure, other]
    app = SimpleNamespace(env=SimpleNamespace(docname="chapters/a"))
    claims_report.link_claims(app, document)
    html = figure[-1].astext()
    assert "2 claims judged on this" in html and "✗ A &lt; B" in html
    assert 'href="../reproduction.html#claim-x"' in html and "claim-z" in html
    assert len(other) == 1


# --- files beside the pages ---


def test_the_report_and_its_runs_lie_beside_the_pages(tmp_path, monkeypatch):
    (tmp_path / "a").mkdir()
    values = np.arange(12, dtype=np.float32).reshape(2, 3, 2) / 7
    np.savez(tmp_path / "a/f.npz", values=values, one=np.float32(0.5))
    monkeypatch.setattr(claims_report, "entries", lambda: [ENTRY])
    app = SimpleNamespace(
        builder=SimpleNamespace(format="html"), srcdir=tmp_path, outdir=tmp_path / "out"
    )
    app.outdir.mkdir()
    claims_report.write_files(app, None)
    assert json.loads((app.outdir / "report.json").read_text(encoding="utf8")) == [ENTRY]
    assert (app.outdir / "report.md").read_text(encoding="utf8").startswith("# Reproduction report")
    assert (app.outdir / "a/f.npz").read_bytes() == (tmp_path / "a/f.npz").read_bytes()
    with zipfile.ZipFile(app.outdir / "a/f.csv.zip") as files:
        head, *rows = csv.reader(io.StringIO(files.read("values.csv").decode()))
        assert files.read("one.csv").decode() == "0\n0.5\n"
    assert head == ["axis 0", "axis 1", "0", "1"] and rows[3][:2] == ["1", "0"]
    kept = np.array([row[2:] for row in rows], dtype=np.float32).reshape(2, 3, 2)
    np.testing.assert_array_equal(kept, values)  # to the last bit
    assert claims_report.as_csv(tmp_path / "a/f.npz") == claims_report.as_csv(tmp_path / "a/f.npz")
    claims_report.write_files(app, ValueError("the build failed"))
