"""The settings of chapter 20's guide, from nothing: library calls alone, on fresh seeds."""

import json
from pathlib import Path

import pytest
import torch
from halfspace.companion.circle.specs import recipe
from halfspace.gates import SoftGate, StraightThroughGate
from halfspace.hardening import Annealing, harden
from halfspace.nets import DLGN, stack
from halfspace.training import fit

CHAPTER = Path(__file__).parents[3] / "chapters/20_hard_gates.ipynb"
EPOCHS, SEEDS = 100, range(77_000, 77_005)


@pytest.fixture(scope="module")
def reports():
    """Return what hardening did to five nets of each way, by way."""
    base = recipe("dlgn")
    x, y = base.target.points(), base.target.values()
    found = {}
    for way in ("soft", "straight-through", "annealed"):
        gate = StraightThroughGate(4.0) if way == "straight-through" else SoftGate(4.0)
        prepare = Annealing(first=4, last=1000, epochs=EPOCHS) if way == "annealed" else None
        nets = []
        for seed in SEEDS:
            generator = torch.Generator().manual_seed(seed)
            nets.append(DLGN(2, width=16, depth=5, gate=gate, generator=generator))
        net = stack(nets)
        options = dict(epochs=EPOCHS, learning_rate=1e-3, batch_size=32, seeds=SEEDS)
        fit(net, x, y, prepare=prepare, **options)
        _, found[way] = harden(net, x, y)
    return found


def test_the_guide_names_these_calls():
    text = CHAPTER.read_text(encoding="utf8")
    for call in (
        "gate=StraightThroughGate(4.0)",
        "prepare=Annealing(first=4, last=1000",
        "hard, report = harden(net, x, y)",
    ):
        assert json.dumps(call)[1:-1] in text


def test_gates_that_are_hard_in_training_lose_nothing(reports):
    report = reports["straight-through"]
    torch.testing.assert_close(report.hard, report.own)
    assert (report.r2 > 0.999).all()


def test_an_annealed_net_keeps_its_function(reports):
    """When this was written, R² of annealed nets was above 0.998, that of soft ones below 0.8."""
    assert (reports["annealed"].r2 > 0.99).all()
    assert (reports["soft"].r2 < 0.9).all()


def test_true_pictures_have_a_smaller_error_than_a_soft_net_s(reports):
    """In each of the five nets: the largest error was 0.05, the smallest of soft nets 0.11."""
    for way in ("straight-through", "annealed"):
        assert (reports[way].hard < reports["soft"].hard).all()
