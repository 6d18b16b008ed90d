"""The landing page and README: sentences that fit verdicts, figures from runs, cards."""

import copy
import doctest
import io
import re
import sys
from html import unescape
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree

import numpy as np
import pytest
import torch
import yaml
from halfspace.companion.circle.conditions import circle_conditions
from halfspace.companion.circle.film import CircleFilm
from halfspace.companion.circle.readings import median_seed
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace
from test_browser import BOOK, browser  # noqa: F401

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "book"))

import claims_report  # noqa: E402
import landing  # noqa: E402
import moving  # noqa: E402
import readme_figure  # noqa: E402

INDEX = (ROOT / "index.md").read_text(encoding="utf8")
README = (ROOT / "README.md").read_text(encoding="utf8")
RESULT = re.compile(r"^:::\{result\} (\S+)\n((?::\w+: .*\n)+)", re.MULTILINE)
SENTENCES = [
    (id, dict(re.findall(r"^:(\w+): (.*)$", options, re.MULTILINE)))
    for id, options in RESULT.findall(INDEX)
]


# --- sentences ---


def cases(options, name):
    return options[name].split("; ") if name in options else []


@pytest.mark.parametrize("id, options", SENTENCES, ids=[id for id, _ in SENTENCES])
def test_each_sentence_fits_its_verdict(id, options):
    holds, fails = cases(options, "holds"), cases(options, "fails")
    assert holds or fails
    landing.check_sentence(landing.claim(id), options["verdict"], holds, fails)


def test_there_are_three_sentences():
    assert len(SENTENCES) == INDEX.count("{result}") == 3


@pytest.fixture
def changed(monkeypatch):
    """Change a claim's entry in the report."""
    entries = copy.deepcopy(claims_report.entries())
    monkeypatch.setattr(claims_report, "entries", lambda: entries)
    return landing.claim("paths-stay-2")


def test_a_sentence_is_refused_when_the_verdict_changes(changed):
    changed["verdict"] = "reproduced"
    with pytest.raises(ValueError, match="paths-stay-2 is reproduced, and its sentence"):
        landing.check_sentence(changed, "reproduced under conditions", [], [])


def test_a_sentence_is_refused_when_a_case_changes(changed):
    for case in changed["findings"]:
        case["holds"] = None
    for holds, fails in ((["DLGN"], []), ([], ["DLGN, He"])):
        with pytest.raises(ValueError, match="holds is None; its sentence says"):
            landing.check_sentence(changed, changed["verdict"], holds, fails)


def test_what_is_not_there_is_named():
    with pytest.raises(ValueError, match="claim must be one of theorem-1,"):
        landing.claim("nothing")
    with pytest.raises(ValueError, match="a case of paths-stay-2 must be one of ReLU net; DLGN;"):
        landing.finding("paths-stay-2: nothing")


def test_logarithms_are_shown_as_factors_and_shares_as_counts():
    finding = {"effect": np.log(8.88), "low": np.log(0.456), "high": np.log(1234.0)}
    assert landing.finding_text(finding | {"factor": True}) == "×8.9 (0.46 to 1\u202f200)"
    assert landing.count({"effect": 0.4, "seeds": 10}) == "4 of 10"


@pytest.mark.parametrize(
    "verdicts, verdict",
    [
        (["reproduced", "reproduced"], "reproduced"),
        (["reproduced", "pending"], "reproduced"),
        (["reproduced", "not reproduced"], "reproduced under conditions"),
        (["reproduced", "undecided"], "reproduced under conditions"),
        (["reproduced under conditions"], "reproduced under conditions"),
        (["undecided", "not reproduced"], "not reproduced"),
        (["undecided", "pending"], "undecided"),
        (["pending"], "pending"),
    ],
)
def test_several_claims_have_one_verdict(verdicts, verdict):
    assert landing.together(verdicts) == verdict


# --- the moving figure ---


def test_the_films_show_those_seeds_and_the_frozen_net_starts_as_the_trained_one(monkeypatch):
    monkeypatch.setattr(CircleFilm, "result", lambda film, device: film)
    specs = moving.films()
    recorded = circle_conditions()["dlgn: base"].result()
    trained, frozen = specs["DLGN"].training, specs["DLGN, frozen gates"].training
    assert trained.first_seed == median_seed(recorded) and trained.seeds == 1
    starts = (spec.net(spec.first_seed) for spec in (trained, frozen))
    for one, other in zip(*(start.state_dict().values() for start in starts), strict=True):
        assert torch.equal(one, other)
    assert all(spec.training.epochs == spec.at[-1] for spec in specs.values())


@pytest.fixture
def film():
    """Two epochs: no paths on the fast half at the end, and a function that moves."""
    angles = (np.arange(128) + 0.5) * 2 * np.pi / 128
    paths = np.full((2, 1, 128), 10)
    paths[1, 0, 64:] = 0
    outputs = np.stack([np.zeros(128), np.sin(angles)])[:, None]
    at = np.array([0, 300])
    return SimpleNamespace(
        at=at, angles=angles, target=np.sin(angles), outputs=outputs, paths=paths
    )


def parsed(film, moving_):
    return ElementTree.fromstring(moving.standalone(film, "red", 20, "title", moving=moving_))


def named(tree, name):
    return [e for e in tree.iter() if e.tag.endswith("}" + name)]


def test_the_figure_shows_the_run(film):
    still = parsed(film, False)
    shades = [float(e.get("fill-opacity")) for e in named(still, "path") if e.get("fill-opacity")]
    assert shades == [0.5] * 32 + [0] * 32
    assert [float(bar.get("width")) for bar in named(still, "rect")] == [122.5, 0]


def test_without_animation_it_shows_the_end(film):
    assert named(parsed(film, False), "animate") == []
    tree = parsed(film, True)
    moved = [(parent, e) for parent in tree.iter() for e in parent if e.tag.endswith("}animate")]
    assert {e.get("attributeName") for _, e in moved} == {"fill-opacity", "d", "width", "cx"}
    for parent, animation in moved:
        values = animation.get("values").split(";")
        assert len(values) == moving.FRAMES
        assert parent.get(animation.get("attributeName")) == values[-1] != values[0]


def test_the_page_waits_for_the_script_to_move(film):
    html = "".join(moving.drawing(film, "red", 20, "indefinite"))
    assert "begin='indefinite'" in html and "begin='0s'" not in html


# --- cards, minutes and tags for previews, in a book of two pages ---


CHAPTER = """# A chapter

:::{opening} fig-one

**Question.** Is it *so*?

**Answer.** It is. Or not?
:::

:::{figure} picture.png
:name: fig-other
:alt: another

Another.
:::

:::{figure} picture.png
:name: fig-one
:alt: a picture

A caption.
:::
"""


def build(folder, index):
    from PIL import Image

    (folder / "chapters").mkdir()
    (folder / "index.md").write_text(index)
    (folder / "chapters/one.md").write_text(CHAPTER)
    Image.new("RGB", (1000, 500)).save(folder / "chapters/picture.png")
    toc = "\n\n```{toctree}\n:numbered:\nchapters/one\n```\n"
    (folder / "index.md").write_text(index + toc)
    confoverrides = dict(
        extensions=["myst_nb", "openings", "landing"],
        myst_enable_extensions=["colon_fence"],
        html_baseurl="https://example.org/book/",
        numfig=True,
    )
    said = io.StringIO()
    with docutils_namespace():
        folders = (folder, None, folder / "out", folder / "trees")
        app = Sphinx(*folders, "html", confoverrides=confoverrides, status=None, warning=said)
        app.build()
    return (folder / "out/index.html").read_text(encoding="utf8")


def test_a_chapter_has_a_card(tmp_path):
    page = build(
        tmp_path, "# Title & more\n\n{minutes}`chapters/one` min\n\n```{chapter-cards}\n```"
    )
    card = re.search("<article>.*</article>", page)[0]
    assert '<a href="chapters/one.html">1. A chapter</a>' in card
    assert "<p>Is it so?</p>" in card and "<figcaption>1 minutes · Figure 1.2</figcaption>" in card
    assert 'src="_images/card-fig-one.webp" alt="a picture" width="480" height="240"' in card
    assert (tmp_path / "out/_images/card-fig-one.webp").exists()
    assert "<p>1 min</p>" in page
    tags = dict(re.findall('<meta property="(og:[a-z_]+)" content="([^"]*)"', page))
    assert tags["og:image"] == "https://example.org/book/_static/social.png"
    assert unescape(tags["og:title"]) == "Title & more"


def test_a_page_with_a_sentence_that_does_not_fit_is_not_built(tmp_path):
    index = "# Title\n\n:::{result} paths-stay-2\n:verdict: not reproduced\n\nWords.\n:::\n"
    with pytest.raises(Exception, match="its sentence was written for not reproduced"):
        build(tmp_path, index)


def test_the_site_is_where_github_publishes_the_repository():
    url = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf8"))["repository"]["url"]
    config = SimpleNamespace(html_baseurl="", html_theme_options={"repository_url": url})
    owner, name = url.split("/")[-2:]
    assert landing.site(SimpleNamespace(config=config)) == f"https://{owner}.github.io/{name}/"


# --- README and what is shipped ---


def test_the_badge_counts_the_papers_claims():
    shown = (ROOT / "book/static/badge-claims.svg").read_text(encoding="utf8")
    wanted = readme_figure.badge(
        "the paper's claims", readme_figure.paper_claims(claims_report.entries())
    )
    assert shown == wanted, "run make readme-figure"


def test_the_readmes_example_prints_what_it_says():
    blocks = "\n".join(re.findall(r"```python\n(.*?)```", README, re.DOTALL))
    test = doctest.DocTestParser().get_doctest(blocks, {}, "README", "README.md", 0)
    assert len(test.examples) > 3
    assert doctest.DocTestRunner().run(test).failed == 0


def test_the_readmes_files_are_there_and_light():
    shown = set(re.findall(r"book/static/[\w.-]+", README))
    assert {"book/static/readme-figure.svg", "book/static/readme-figure-still.svg"} < shown
    for name in [*shown, f"book/static/{landing.PREVIEW}"]:
        assert (ROOT / name).stat().st_size < 2**20 / 4, name


def test_readme_and_landing_page_promise_the_same():
    promise = re.search(r"\{container\} promise\n(.*?)\n:::", INDEX, re.DOTALL)[1]
    assert promise.replace("\n", " ") in README.replace("\n", " ")
    for page in (INDEX, README):
        assert "https://arxiv.org/abs/2404.04312" in page
    assert "https://github.com/Doeschate/Feature_Learning_DLGN" in INDEX
    assert len(README.split()) <= 450


# --- in a browser ---


@pytest.mark.browser
@pytest.mark.parametrize("scripts", [True, False])
@pytest.mark.parametrize("motion", ["no-preference", "reduce"])
def test_the_figure_moves_pauses_and_stands_still(browser, scripts, motion):  # noqa: F811
    context = browser.new_context(java_script_enabled=scripts, reduced_motion=motion)
    page = context.new_page()
    page.goto(f"{BOOK.as_uri()}/index.html")
    controls = page.locator(".moving-controls")
    assert controls.is_visible() == scripts
    page.get_by_role("radio", name="DLGN, frozen gates").check()
    assert (
        page.locator(".moving-net").filter(visible=True).get_attribute("class").endswith("frozen")
    )
    if scripts:
        button, epoch = controls.get_by_role("button"), controls.locator("output")
        if motion == "reduce":
            assert button.inner_text() == "Play" and epoch.inner_text() == "epoch 300"
            button.click()
        begun = "document.querySelector('.moving output').value.length == 'epoch 0'.length"
        page.wait_for_function(begun)  # it began anew
        button.click()
        paused = page.locator(".moving input[type=range]").input_value()
        page.wait_for_timeout(200)
        assert page.locator(".moving input[type=range]").input_value() == paused
        drawing = page.locator(".moving-net.dlgn svg").nth(1)
        place = "e => [...e.querySelectorAll('circle')].at(-1).cx.animVal.value"
        page.locator(".moving input[type=range]").evaluate(
            "e => { e.value = 0; e.dispatchEvent(new Event('input')) }"
        )
        assert epoch.inner_text() == "epoch 0" and drawing.evaluate(place) == pytest.approx(70)
    context.close()
