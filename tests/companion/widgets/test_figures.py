"""The interactive figures as HTML: whole, small, and readable without scripts."""

import json
import re

import pytest
import torch
from bs4 import BeautifulSoup
from halfspace.companion.sources import notebook_sources
from halfspace.companion.widgets.jumping_region import jumping_region
from halfspace.companion.widgets.kit import InteractiveFigure
from halfspace.companion.widgets.one_path import one_path
from halfspace.companion.widgets.shared_paths import shared_paths
from halfspace.gates import HardGate
from halfspace.nets import DLGN, ReLUNet

WIDTHS = (4, 8)


def circle_nets():
    return {m: [DLGN(2, width=m, depth=3, gate=HardGate())] for m in WIDTHS}


def jumping_net():
    net = ReLUNet(2, width=2, depth=2)
    net.value[1].weight.data = torch.tensor([[0.2, 0.8], [0.5, 0.5]])
    return net


FIGURES = {
    "one_path": lambda: one_path(ReLUNet(2, width=3, depth=2), (1.0, 0.5), (0, 2)),
    "jumping_region": lambda: jumping_region(jumping_net()),
    "shared_paths": lambda: shared_paths(circle_nets(), width=4, depth=2, angles=(40, 75)),
}


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_whole_and_small(name):
    figure = FIGURES[name]()
    text = figure._repr_html_()
    page = BeautifulSoup(text, "html.parser")
    root = page.select_one(f".halfspaces[data-figure={name}]")
    assert root.img["src"].startswith("data:image/svg+xml,") and len(root.img["alt"]) > 100
    data, code = root.select("script")
    assert json.loads(data.string) == json.loads(json.dumps(figure.data))
    assert len(data.string) < 300_000 and len(code.string.encode()) < 30_000
    addresses = [code.string, root.style.string]
    assert not re.search(r"https?:|\bfetch\b|\bimport\b|\beval\b|url\(", "".join(addresses))
    assert repr(figure).count("\n") == 0 and len(repr(figure)) < 600


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_the_same_each_time(name):
    torch.manual_seed(0)
    first = FIGURES[name]()._repr_html_()
    torch.manual_seed(0)
    assert FIGURES[name]()._repr_html_() == first


def test_data_and_alt_text_cannot_end_their_place():
    figure = InteractiveFigure("x", (), {"a": "</script><b>"}, "<svg/>", 'a "quoted" <b>')
    page = BeautifulSoup(figure._repr_html_(), "html.parser")
    assert page.b is None and page.img["alt"] == 'a "quoted" <b>'
    assert json.loads(page.select_one(".hs-data").string) == {"a": "</script><b>"}
    assert page.img["src"] == "data:image/svg+xml,%3Csvg/%3E"


def test_a_number_that_is_none_is_refused():
    with pytest.raises(ValueError, match="JSON"):
        InteractiveFigure("x", (), {"a": float("nan")}, "<svg/>", "")._repr_html_()


def test_the_callers_net_stays_as_it_is():
    net = ReLUNet(2, width=2, depth=2)
    net.value[1].weight.data = torch.tensor([[0.2, 0.8], [0.5, 0.5]])
    before = [layer.weight.clone() for layer in net.value]
    jumping_region(net)
    one_path(net, (1.0, 0.5), (0, 1))
    for layer, weight in zip(net.value, before, strict=True):
        assert layer.weight.dtype == weight.dtype and (layer.weight == weight).all()


@pytest.mark.parametrize(
    ("build", "told"),
    [
        (lambda: one_path(ReLUNet(3, width=2, depth=2), (0, 0), (0, 0)), "two inputs"),
        (lambda: one_path(ReLUNet(2, width=2, depth=2, bias=True), (0, 0), (0, 0)), "no biases"),
        (
            lambda: one_path(ReLUNet(2, width=4, depth=2), (0, 0), (0, 0)),
            "room for 9 paths; got 16",
        ),
        (lambda: one_path(ReLUNet(2, width=3, depth=2), (0, 0), (0, 3)), r"path .* got \(0, 3\)"),
        (lambda: one_path(ReLUNet(2, width=3, depth=2), (0, 5), (0, 0)), "point .* from -2 to 2"),
        (lambda: jumping_region(ReLUNet(2, width=3, depth=2)), "two layers of two units"),
        (lambda: jumping_region(circle_nets()[4][0]), "a ReLU net"),
        (lambda: shared_paths({4: []}, width=4, depth=1, angles=(0, 1)), "at least one"),
        (lambda: shared_paths(circle_nets(), width=5, depth=1, angles=(0, 1)), "width 5"),
        (lambda: shared_paths(circle_nets(), width=4, depth=4, angles=(0, 1)), "4 layers"),
        (lambda: shared_paths(circle_nets(), width=4, depth=1, angles=(0, 360)), "from 0 to 359"),
        (
            lambda: shared_paths({3: circle_nets()[4]}, width=3, depth=1, angles=(0, 1)),
            "width that they stand under",
        ),
    ],
)
def test_a_wrong_argument_is_named(build, told):
    with pytest.raises(ValueError, match=told):
        build()


def test_a_chapter_depends_on_the_scripts_of_its_figures(tmp_path):
    cell = "from halfspace.companion.widgets.one_path import one_path"
    notebook = tmp_path / "x.ipynb"
    notebook.write_text(json.dumps({"cells": [{"cell_type": "code", "source": [cell]}]}))
    names = {path.name for path in notebook_sources(notebook)}
    assert {"kit.js", "kit.css", "plane.js", "one_path.js", "kit.py"} <= names
    assert names.isdisjoint({"shared_paths.js", "engine.js"})
