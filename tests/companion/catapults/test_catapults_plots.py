"""Figures of catapults draw what they are given."""

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from halfspace.companion import plots
from halfspace.companion.catapults import measures
from halfspace.companion.catapults import plots as cata_plots


@pytest.fixture(autouse=True)
def own_figures():
    with mpl.rc_context({"backend": "agg"}):
        yield
    plt.close("all")


def test_the_plane_shows_every_step_of_each_trajectory_inside():
    _, axes = plots.figure()
    path = measures.trajectory(1e-5, 2.5, steps=20)
    cata_plots.plane(axes[0, 0], {"2.5": path, "4.2": measures.trajectory(1e-5, 4.2, steps=60)})
    drawn, leaving, *limits = axes[0, 0].lines
    np.testing.assert_allclose(drawn.get_xydata(), path[path[:, 0] > 1e-12][:, ::-1])
    assert drawn.get_label() == "2.5" and np.isfinite(leaving.get_xydata()).all()
    assert [line.get_xdata()[0] for line in limits] == [2, 4]


def test_flights_end_where_a_net_diverges():
    steps = np.arange(0, 40, 10)
    loss = np.array([[1, 1], [0.9, 5], [0.8, np.inf], [0.7, np.inf]])
    history = {"steps": steps, "loss": loss, "kappa": loss * 2, "norm": np.ones((4, 2))}
    _, axes = plots.figure(3, 2)
    cata_plots.flights(axes, {"a": history, "b": history}, (1, 4.5))
    for axis in axes.ravel():
        lives, dies, *_ = axis.lines
        assert lives.get_xdata().tolist() == steps.tolist()
        assert dies.get_xdata().tolist() == [0, 10] and dies.get_label() == "4.5"


def test_rates_carry_means_with_their_intervals_or_values():
    _, axes = plots.figure(2, 1)
    rows = {"ReLU net": (np.array([1, 3.5]), np.array([[2, 1, 3], [4, 3, 5]]))}
    cata_plots.over_rates(axes[0, 0], rows, "gates", factor=True)
    assert axes[0, 0].lines[0].get_ydata().tolist() == [2, 4]
    assert axes[0, 0].get_yscale() == "log"
    cata_plots.over_rates(axes[1, 0], {"DLGN": (np.array([1, 3.5]), np.array([0, 5]))}, "lost")
    assert axes[1, 0].lines[0].get_ydata().tolist() == [0, 5]
    assert axes[1, 0].get_ylabel() == "lost"


def test_activation_maps_put_the_most_open_unit_on_top():
    gates = np.array([[0, 1, 1], [0, 1, 0], [0, 1, 0]])
    _, axes = plots.figure(1, 2)
    cata_plots.activation_maps(axes, {"1/λ": gates, "12/λ": gates})
    image = axes[0, 0].images[0].get_array()
    assert image.tolist() == [[1, 1, 1], [1, 0, 0], [0, 0, 0]]
