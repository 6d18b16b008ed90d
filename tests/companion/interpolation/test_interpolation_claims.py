"""Claims on global minima: whose they are, and their statistics on made-up runs."""

import numpy as np
import pytest
from halfspace.companion.interpolation import plots, readings
from halfspace.companion.interpolation.claims import CLAIMS
from halfspace.companion.interpolation.conditions import built_conditions, trained_conditions
from halfspace.companion.interpolation.specs import BuiltMinima, InterpolationRates
from halfspace.companion.interpolation.training import TrainedMinima
from halfspace.companion.plots import figure
from halfspace.companion.spec import Result


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.id)
def test_a_claim_of_the_paper_quotes_its_abstract(claim):
    assert bool(claim.quote) == (claim.kind == "related") == ("abstract" in claim.where)


def test_costs_are_told_in_standard_deviations():
    arrays = {"relu_cost": np.array([[1.2, 0.9]]), "relu_noise": np.array([[0.1, 0.2]])}
    run = Result(BuiltMinima(seeds=1, radii=(0.1, 0.05)), arrays, {}, "")
    np.testing.assert_allclose(readings.cost_score(run, "relu"), (2 - 0.5) / 2)


def test_exponents_and_floors_of_risks():
    points = np.array([64, 128, 512])
    risk = 3.0 * points**-0.8 * [9, 1, 1]  # fewer than 128 points do not count
    run = Result(
        InterpolationRates(points=tuple(points), noise=0.3, seeds=1),
        {"good": risk[None], "spline": risk[None] / 2, "linear": np.array([[1, 1, 0.06]])},
        {},
        "",
    )
    np.testing.assert_allclose(readings.exponent(run, "good"), 0.8)
    np.testing.assert_allclose(readings.same_risk(run), np.log(2))
    np.testing.assert_allclose(readings.over_floor(run, "linear"), 0, atol=1e-12)


def trained(risk, built):
    arrays = {
        "risk": np.array([[9.0, 9.0], risk]),
        "built_risk": np.array(built),
        "overlap": np.array([[0.4, 0.4], [0.2, 0.4]]),
    }
    return Result(TrainedMinima(model="relu", seeds=2), arrays, {}, "")


def test_trained_risk_is_compared_with_built_risk():
    one, other = trained([2.0, 4.0], [1.0, 1.0]), trained([8.0, 8.0], [4.0, 4.0])
    np.testing.assert_allclose(readings.log_ratio(one), np.log([2, 4]))
    np.testing.assert_allclose(readings.log_ratio(one, other), np.log([0.5, 1]))
    np.testing.assert_allclose(readings.overlap_kept(one), [0.5, 1])


@pytest.fixture(scope="module")
def recorded():
    studies = (built_conditions, trained_conditions)
    return [{name: spec.recorded() for name, spec in study().items()} for study in studies]


def test_every_number_of_the_text_is_written(recorded):
    numbers = readings.minima_numbers(*recorded)
    assert not [name for name, value in numbers.items() if "nan" in str(value)]
    assert numbers["relu-noise-05"].startswith("×")


def test_every_built_minimum_fits_and_every_trained_one_nearly(recorded):
    built, nets = recorded
    assert (built["rates"].misfit < 1e-12).all()
    for name, run in nets.items():
        assert (run.misses == 0).all(), name
        assert (run.train[-1] < 0.02).all(), name


def test_both_interpolants_of_the_line_pass_through_the_data():
    panels = readings.good_and_bad(3)
    for curves in panels.values():
        at, values = curves["interpolant"]
        x, y = curves["data"]
        np.testing.assert_allclose(np.interp(x, at, values), y, atol=1e-9)
    good, bad = (np.median(panels[name]["interpolant"][1]) for name in ("good", "bad"))
    assert good - bad > 2


def test_the_ratio_without_further_points_pairs_two_runs(recorded):
    nets = recorded[1]
    rows = readings.ratio_rows(nets)
    assert [list(row) for row in rows.values()] == [list(readings._ROWS)] * 2
    paired = np.log(nets["relu: noise 0.5"].risk[-1] / nets["relu: held out"].built_risk)
    assert np.isclose(rows["ReLU net"]["no further points"][0], np.exp(paired.mean()))


def test_figures_draw_what_they_are_given(recorded):
    built, nets = recorded
    _, axes = figure(1, 2)
    for axis, curves in zip(axes[0], readings.good_and_bad(3).values(), strict=True):
        plots.functions(axis, curves, curves.pop("data"), "good")
        assert axis.get_legend_handles_labels()[1] == ["target", "interpolant", "data"]
    points = np.array([[0.2, 0.7]])
    plots.fields(axes[0], {"one": np.eye(4), "two": -np.eye(4)}, points)
    assert all(axis.images[0].get_clim() == (-1, 1) for axis in axes[0])
    axis = figure()[1][0, 0]
    plots.rates(axis, built["rates"].spec.points, readings.rate_curves(built["rates"]))
    assert axis.get_xscale() == axis.get_yscale() == "log"
    run = nets["relu: noise 0.5"]
    axis = figure()[1][0, 0]
    plots.training(axis, run.epochs, *readings.training_curves(run))
    assert len(axis.get_legend_handles_labels()[1]) == 3
    axis = figure()[1][0, 0]
    plots.ratios(axis, readings.ratio_rows(nets))
    assert axis.get_xscale() == "log" and len(axis.get_yticks()) == 4
    axis = figure()[1][0, 0]
    plots.overlaps(axis, run.epochs, readings.overlap_curves(nets))
    assert axis.get_ylim()[0] < 0 and len(axis.lines) == 5
