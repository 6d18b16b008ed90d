"""What the chapter on gated linear nets reads and draws."""

import numpy as np
import pytest
from halfspace.companion import plots
from halfspace.companion.gated_linear import conditions, readings
from halfspace.companion.gated_linear import plots as gated_plots
from halfspace.companion.gated_linear.data import ContextTask
from halfspace.companion.gated_linear.specs import VARIANTS, ContextTraining

SHORT = dict(first_seed=3, seeds=1)


def recorded(listing):
    return {name: spec.recorded() for name, spec in listing().items()}


@pytest.fixture(scope="module")
def runs():
    return recorded(conditions.context_conditions)


def test_modes_of_a_random_start_follow_their_sigmoids():
    spec = ContextTraining(model="common only", std=1e-3, steps=400, **SHORT)
    times, simulated, predicted = readings.live_modes(spec)
    assert times[-1] == pytest.approx(80) and list(simulated) == list(predicted)
    for name, curve in predicted.items():
        half = [np.argmax(c > curve[-1] / 2) for c in (simulated[name], curve)]
        assert half[0] == pytest.approx(half[1], rel=0.1), name
        assert simulated[name][-1] == pytest.approx(curve[-1], rel=0.01)


def test_gates_and_kernels_of_one_net():
    spec = ContextTraining(steps=600, **SHORT)
    gates, matrices = readings.live_gates(spec, (0, 10))
    assert list(matrices) == ["time 0", "time 10", "time 120"]
    for matrix in matrices.values():
        assert matrix.shape == (24, 24) and matrix.min() >= 0 and matrix.max() <= 1 + 1e-9
    assert matrices["time 10"].min() > 0.9  # everything is on for everything
    off = gates.reshape(-1, 3, 8).sum(2).argmin(1)
    assert (np.diff(off) >= 0).all() and set(np.unique(gates)) <= {0, 1}
    figure, axes = plots.figure(3, 1)
    gated_plots.gates_by_context(axes[0, 0], gates, 3)
    gated_plots.kernels(axes[1:], dict(list(matrices.items())[:2]), 3)
    assert [text.get_text() for text in axes[0, 0].get_xticklabels()] == [
        "context 1", "context 2", "context 3",
    ]  # fmt: skip


def test_the_task_is_drawn():
    task = ContextTask()
    _, axes = plots.figure(2, 1)
    gated_plots.task(axes, task.inputs, task.targets.flatten(0, 1), 3)
    labels = [text.get_text() for text in axes[1, 0].get_yticklabels()]
    assert labels == ["common", "block 1", "block 2", "block 3"]
    assert axes[1, 0].images[0].get_array().shape == (60, 24)


def test_times_and_slopes_are_those_of_the_runs(runs):
    times = readings.refreshed(runs, conditions.REFRESHED)
    assert list(times) == ["1", "5", "20", "50", "100", "never"]
    base = runs["relu: 3 contexts: 1e-03"]
    assert times["1"][0] == pytest.approx(base.times[4].mean(), rel=1e-5)
    lines = readings.scaling_lines(runs, ("1e-02", "1e-03"), {"ReLU net": "relu"})
    stds, intervals = lines["ReLU net"]
    assert stds.tolist() == [0.01, 0.001] and intervals[1, 0] == pytest.approx(times["1"][0])
    _, axes = plots.figure(2, 1)
    gated_plots.refreshed(axes[0, 0], times)
    gated_plots.scaling(axes[1, 0], lines, readings.COLORS)
    assert axes[1, 0].xaxis_inverted()


def test_loss_curves_have_a_prediction_where_there_are_pathways(runs):
    models = {"ReLU net": "relu", "modular": "modular"}
    panels = readings.loss_panels(runs, ("1e-02",), models)
    curves = panels["std 0.01"]
    assert curves["ReLU net"][2] is None and len(curves["modular"][2]) == len(curves["modular"][0])
    _, axes = plots.figure()
    gated_plots.losses(axes, panels, readings.COLORS)
    assert len(axes[0, 0].lines) == 4  # two nets, a prediction, and its name in the legend


def test_tables_and_census_read_the_runs(runs):
    rows = readings.census_rows(runs)
    assert [row["contexts C"] for row in rows] == [2, 3, 4, 5, 6]
    base = runs["relu: 3 contexts: 1e-03"]
    share = base.on_share[-1, 0].mean(0)
    assert rows[1]["most common"] == f"on in {share.argmax()} of 3 ({100 * share.max():.0f} %)"
    series = readings.reuse_series(runs)
    assert series["at the start"][1][1, 0] == pytest.approx(base.effective[0, 0].mean(), rel=1e-5)
    _, axes = plots.figure(2, 1)
    gated_plots.reuse(axes[0, 0], series)
    gated_plots.census_bars(axes[1, 0], base.looks, base.on_share[:, 0].mean(1))
    heights = [
        sum(bar.get_height() for bar in bars) for bars in zip(*axes[1, 0].containers, strict=True)
    ]
    np.testing.assert_allclose(heights, 100, atol=1)
    numbers = readings.context_numbers(runs, conditions.SCALES[1:])
    assert numbers["all-but-one"].startswith(f"{100 * base.on_share[-1, 0, :, 2].mean():.0f} (")


def test_held_out_pairs_are_told():
    pairs = recorded(conditions.held_out_conditions)
    rows = readings.held_out_rows(pairs["1e-03"])
    losses = [float(row["held-out loss"]) for row in rows]
    assert losses == sorted(losses) and len(rows) == len(VARIANTS)
    assert {row["net"] for row in rows if row["time to learn"] == "never"} == {"best linear map"}
    numbers = readings.held_out_numbers(pairs)
    assert numbers["relu-test"] in {row["held-out loss"] for row in rows}
    _, axes = plots.figure()
    points = readings.held_out_points(pairs["1e-03"])
    run, place = pairs["1e-03"], VARIANTS.index("leave-one-out")
    np.testing.assert_array_equal(points["leave-one-out"], (run.time[place], run.test[place]))
    gated_plots.held_out(axes[0, 0], points, readings.COLORS, 2.1)
    assert len(axes[0, 0].lines) == len(points) + 1


def test_xor_is_told():
    race = recorded(conditions.xor_conditions)
    xor = {std: race[std] for std in conditions.XOR_SCALES}
    deltas, lines = readings.xor_lines(xor)
    assert len(deltas) == 21 and all(share[0] > share[-1] for share in lines.values())
    places, intervals, limit = readings.xor_crossings(xor)
    assert (np.diff(places) < 0).all() and intervals.shape == (6, 3)
    assert readings.xor_numbers(xor)["crossing-limit"].startswith(f"{limit:.3f} (")
    _, axes = plots.figure(2, 1)
    gated_plots.xor_shares(axes[0, 0], deltas, lines, readings.CROSSING)
    gated_plots.crossings(axes[1, 0], places, intervals, limit, readings.CROSSING)
    assert axes[1, 0].lines[0].get_ydata()[0] == pytest.approx(limit)


def test_depths_are_told():
    deep = recorded(conditions.depth_conditions)
    rows = readings.depth_rows(deep, conditions.DEPTHS)
    assert [row["hidden layers"] for row in rows] == [1, 2, 3, 1, 2, 3]
