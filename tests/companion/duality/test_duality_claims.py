"""Claims of the dual view: whose they are, and their statistics on made-up runs."""

import numpy as np
import pytest
from halfspace.companion.duality import plots, readings
from halfspace.companion.duality.claims import CLAIMS
from halfspace.companion.duality.conditions import (
    conv_ladder_conditions,
    identity_conditions,
    kernel_conditions,
    ladder_conditions,
)
from halfspace.companion.duality.ladder import CONV_NETS, KERNELS, NETS, ConvLadder, Ladder
from halfspace.companion.duality.specs import KernelDescent
from halfspace.companion.plots import figure
from halfspace.companion.spec import Result

each_claim = pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.id)


@each_claim
def test_a_claim_of_the_papers_quotes_their_abstracts(claim):
    assert bool(claim.quote) == (claim.kind == "related") == ("abstract" in claim.where)


def ladder_of(**accuracies):
    """A ladder of two seeds with given accuracies, 0.5 for other nets."""
    rows = np.full((2, len(NETS)), 0.5)
    for name, value in accuracies.items():
        rows[:, NETS.index(name.replace("_", " ").replace("  ", ", "))] = value
    arrays = {"accuracies": rows, "kernels": np.arange(2 * len(KERNELS)).reshape(2, -1) / 100}
    return Result(Ladder(seeds=2), arrays, {}, "computed")


def test_shares_and_losses_of_a_ladder():
    run = ladder_of(relu=0.9, random_gates=0.7, learnt_gates=0.85, learnt_gates__constant=0.8)
    np.testing.assert_allclose(readings.gate_share(run), 0.75)
    np.testing.assert_allclose(readings.relative_loss(run, "learnt gates, constant"), -1 / 3)
    np.testing.assert_allclose(readings.kept(run, "learnt gates"), 0.85 / 0.9)
    np.testing.assert_allclose(readings.wider_loss(run), 100 * (0.2 - 0.05))
    np.testing.assert_allclose(readings.other_over_learnt(run), (0.5 - 0.1) / (0.8 - 0.1))
    np.testing.assert_allclose(readings.kernel_gain(run, "learnt", "start"), 2)


def test_parts_of_what_convolutions_gain_by_gates():
    rows = np.full((3, len(CONV_NETS)), 0.4)
    for name, value in {"deep linear": 0.3, "learnt gates": 0.5, "dlgn": 0.45}.items():
        rows[:, CONV_NETS.index(name)] = value
    run = Result(ConvLadder(seeds=3), {"accuracies": rows}, {}, "computed")
    np.testing.assert_allclose(readings.lead(run, "learnt gates", "dlgn"), 5)
    part = readings.part_of_gates(run, "learnt gates, reversed", "learnt gates")
    np.testing.assert_allclose(part, -0.5)
    np.testing.assert_allclose(readings.part_of_gates(run, "dlgn, constant", "dlgn"), -1 / 3)
    np.testing.assert_allclose(readings.other_over_learnt(run), 1)


def test_the_exponent_of_a_power_law():
    widths = (16, 64, 256)
    npk = np.tile(np.array(widths) ** -0.5, (2, 1))
    run = Result(KernelDescent(widths=widths, seeds=2), {"npk": npk, "inner": npk * 8}, {}, "")
    np.testing.assert_allclose(readings.descent_exponent(run), -0.5)
    np.testing.assert_allclose(readings.descent_gain(run, 64), np.log(8))


@pytest.fixture(scope="module")
def recorded():
    studies = (
        identity_conditions,
        kernel_conditions,
        ladder_conditions,
        conv_ladder_conditions,
    )
    return [{name: spec.recorded() for name, spec in study().items()} for study in studies]


def test_every_number_of_the_text_is_written(recorded):
    *dense, conv = recorded
    numbers = readings.dual_numbers(*dense) | readings.conv_numbers(conv["short"])
    assert not [name for name, value in numbers.items() if "nan" in str(value)]
    rows = readings.sign_rows(recorded[0])
    assert len(rows) == len(readings.SIGNED) <= 10


def test_only_the_pooled_kernel_stays_when_an_image_slides():
    curves = readings.slide_curves(3)
    assert all(len(values) == 8 and values[0] == 1 for values in curves.values())
    assert all(abs(values[7] - 1) < 1e-9 for values in curves.values())  # once around
    moved = {name: abs(values[1:7] - 1).max() for name, values in curves.items()}
    assert moved.pop("mean over pixels") < 1e-9 and min(moved.values()) > 1e-3


def test_figures_draw_what_they_are_given(recorded):
    identities, kernels, ladders, conv = recorded
    axis = figure()[1][0, 0]
    plots.slide(axis, readings.slide_curves(3))
    assert len(axis.get_legend_handles_labels()[1]) == 4
    axis = figure()[1][0, 0]
    plots.shifted(axis, readings.shift_bars(kernels["regression"]))
    assert len(axis.patches) == 6
    axis = figure()[1][0, 0]
    plots.blocks(axis, (0, 15, 45, 90, 135, 180), readings.block_curves(kernels["blocks"]))
    assert axis.get_xlim()[1] >= 180
    axis = figure()[1][0, 0]
    run = kernels["descent"]
    plots.descent(axis, run.spec.widths, readings.descent_curves(run))
    assert axis.get_yscale() == "log"
    axis = figure()[1][0, 0]
    plots.ladder(axis, readings.ladder_dots(ladders["tree"]), 50)
    assert len(axis.get_yticks()) == 14
    axis = figure()[1][0, 0]
    plots.ladder(axis, readings.ladder_dots(conv["short"]), 90)
    assert len(axis.get_yticks()) == len(CONV_NETS)
