"""Statistics of intrinsic dimension on small arrays by hand, and what figures draw."""

from types import SimpleNamespace

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from halfspace.companion import plots
from halfspace.companion.intrinsic_dimension import plots as intr_plots
from halfspace.companion.intrinsic_dimension import readings
from halfspace.companion.intrinsic_dimension.claims import CLAIMS
from halfspace.companion.intrinsic_dimension.conditions import POINTS, dimension_conditions


@pytest.fixture(autouse=True)
def own_figures():
    with mpl.rc_context({"backend": "agg"}):
        yield
    plt.close("all")


def run(points=0, **arrays):
    """A result of some arrays, and of ``points`` points."""
    arrays = {name: np.asarray(values, dtype=float) for name, values in arrays.items()}
    return SimpleNamespace(spec=SimpleNamespace(points=points), arrays=arrays, **arrays)


def test_costs_of_dimensions_are_ratios_of_risks():
    high, low = run(risk=[8, 4], ridge=[30, 6]), run(risk=[2, 2], ridge=[3, 1])
    assert np.exp(readings.ambient_cost(high, low)).tolist() == pytest.approx([4, 2])
    assert np.exp(readings.loss(high, low, "ridge")).tolist() == pytest.approx([15, 3])
    gap = readings.cost_gap(high, low, high, low, "ridge", "risk")
    assert np.exp(gap).tolist() == pytest.approx([10 / 4, 6 / 2])


def test_falls_are_slopes_in_the_number_of_points():
    many, few = run(400, risk=[1, 4], ridge=[2, 2]), run(100, risk=[4, 4], ridge=[2, 8])
    assert readings.fall(many, few).tolist() == pytest.approx([-1, 0])
    gap = readings.fall_gap(many, few, many, few, "ridge", "risk")
    assert gap.tolist() == pytest.approx([0 + 1, -1 - 0])


def test_freezing_is_compared_in_two_domains():
    found = readings.frozen_loss(run(risk=[6]), run(risk=[2]), run(risk=[3]), run(risk=[2]))
    assert np.exp(found).tolist() == pytest.approx([3 / 1.5])


def test_shares_are_compared_with_the_start_with_layers_below_and_with_other_runs():
    one = run(shares=[[[0.1, 0.1]], [[0.2, 0.5]]])  # (2 records, 1 seed, 2 layers)
    other = run(shares=[[[0.1, 0.1]], [[0.1, 0.25]]])
    assert np.exp(readings.turned(one, 1)).tolist() == pytest.approx([5])
    assert np.exp(readings.turned(one, 1, other)).tolist() == pytest.approx([2])
    assert np.exp(readings.layer_lead(one, 1, 0)).tolist() == pytest.approx([2.5])
    assert np.exp(readings.growth(one, other, 0)).tolist() == pytest.approx([2])


def test_hard_gates_are_compared_with_the_nets_own():
    found = readings.hard_loss(run(risk=[0.1], hard_risk=[0.3]))
    assert np.exp(found).tolist() == pytest.approx([3])


def made_up(name, spec):
    """A result of a condition: risks that tell it from the others, shares that rise."""
    seeds = spec.seeds
    size = 1 + sum(map(ord, name)) / 1000
    if name.startswith("peers"):
        spread = np.linspace(1, 2, seeds)
        arrays = {"ridge": size * spread, "neighbours": 10 * size * spread}
    else:
        layers = 1 if spec.model == "relu" else spec.layers
        shares = np.linspace(0.1, 0.2, 3)[:, None, None] * np.arange(1, layers + 1)
        risk = 0.1 * size * np.linspace(1, 2, seeds)
        arrays = {"risk": risk, "hard_risk": 2 * risk, "epochs": np.arange(3.0)}
        arrays["shares"] = shares + 0.02 * np.linspace(0, 1, seeds)[None, :, None]
    provenance = {"when": "2026-01-01", "device": "CPU"}
    return SimpleNamespace(
        spec=spec, arrays=arrays, provenance=provenance, source="recorded", **arrays
    )


@pytest.fixture(scope="module")
def runs():
    return {name: made_up(name, spec) for name, spec in dimension_conditions().items()}


def geometric(values):
    return np.exp(np.log(values).mean())


def test_curves_and_rows_read_the_runs_that_they_name(runs):
    curves = readings.risk_curves(runs, 16, POINTS)
    expected = [geometric(runs[f"peers: D 16, n {n}"].neighbours) for n in POINTS]
    assert curves["neighbours"][:, 0].tolist() == pytest.approx(expected)
    expected = [geometric(runs[f"peers, in the plane: n {n}"].ridge) for n in POINTS]
    assert curves[readings.ORACLE][:, 0].tolist() == pytest.approx(expected)
    rows = {row["method"]: row for row in readings.risk_rows(runs)}
    double = geometric(runs["relu: d 2, D 8, n 4096"].risk)
    assert rows["ReLU net"]["d = 2, D = 8"] == f"{double:.2g}"
    assert rows["DLGN, frozen gates"]["d = 2, D = 8"] == "–"
    full, tube = readings.domain_risks(runs).values()
    hard = geometric(runs["dlgn: D 16, n 4096"].hard_risk)
    assert full["DLGN, made hard"][0] == pytest.approx(hard)
    assert tube["kernel ridge"][0] == pytest.approx(geometric(runs["peers: tube"].ridge))
    assert tube.keys() < full.keys()


def test_shares_of_figures_are_in_percent(runs):
    epochs, curves = readings.share_curves(runs)
    assert epochs.tolist() == [0, 1, 2]
    assert curves["layer 3"][:, 0].tolist() == pytest.approx([31, 46, 61])
    growth = readings.share_growth(runs, POINTS)
    assert growth["layer 1"][:, 0].tolist() == pytest.approx([21] * 3)
    assert list(growth) == ["layer 3", "layer 2", "layer 1", "ReLU net, layer 1"]


def test_numbers_of_the_text(runs):
    said = readings.numbers(runs)
    assert said["seeds"] == 8 and said["chance"] == "12.5" and said["share-3"] == "61"
    ratio = runs["relu: D 16, n 4096"].risk / runs["relu: D 4, n 4096"].risk
    assert said["cost-relu"].startswith(f"×{geometric(ratio):.2f} (")
    ratio = runs["peers: d 2, D 8, n 4096"].ridge / runs["peers: D 8, n 4096"].ridge
    assert said["double-d-ridge"] == f"×{geometric(ratio):.2f}"


def test_every_curve_has_a_style_with_a_colour(runs):
    assert {color for color, _ in intr_plots.STYLES.values()} <= plots.COLORS.keys()
    labels = {
        *readings.risk_curves(runs, 4, POINTS),
        *readings.share_curves(runs)[1],
        *readings.share_growth(runs, POINTS),
        *readings.domain_risks(runs),
    }
    assert labels <= intr_plots.STYLES.keys()


def test_figures_draw_what_they_are_given(runs):
    _, axes = plots.figure(2, 2)
    curves = readings.risk_curves(runs, 16, POINTS)
    intr_plots.risks(axes[0, 0], POINTS, curves, "D = 16")
    first = axes[0, 0].get_lines()[0]
    assert first.get_label() == "ReLU net" and first.get_xdata().tolist() == list(POINTS)
    intr_plots.shares(axes[0, 1], POINTS, readings.share_growth(runs, POINTS), 12.5)
    assert axes[0, 1].get_lines()[-1].get_ydata() == [12.5, 12.5]
    intr_plots.projections(axes[1, 0], np.array([[0.5, 0], [0, 1]]), "layer 1")
    dots = axes[1, 0].get_lines()[-1]
    assert dots.get_xydata().tolist() == [[0.5, 0], [0, 1]]
    intr_plots.plane(axes[1, 1], np.eye(2), np.array([-3, 1]), "plane")
    assert axes[1, 1].collections[0].get_clim() == (-3, 3)
    _, axes = plots.figure()
    intr_plots.domains(axes[0, 0], readings.domain_risks(runs))
    assert axes[0, 0].get_yticklabels()[0].get_text() == "ReLU net"
    low, high = axes[0, 0].get_ylim()
    assert low > high


def test_a_claim_of_the_papers_quotes_its_abstract():
    for claim in CLAIMS:
        assert bool(claim.quote) == (claim.kind == "related")
        assert not claim.quote or "abstract" in claim.where


def test_controls_and_slopes_have_the_sign_that_their_names_say(runs):
    """Methods that compare points pay more for D; a slope that is less steep is larger."""
    claims = {claim.id: claim for claim in CLAIMS}
    control = claims["intr-ambient"].controls[0]
    both, wide, low = run(ridge=[6.0]), run(ridge=[3.0]), run(ridge=[0.5])
    assert control.value(both, wide, low)[0] == pytest.approx(np.log(6) - np.log(2))
    case = claims["intr-rate"].cases[0]
    assert case.name == "kernel ridge over ReLU net"
    many, few = run(4, ridge=[1], risk=[1]), run(1, ridge=[1], risk=[4])
    assert case.value(many, few, many, few)[0] == pytest.approx(1)
