"""Statistics of runs on the circle, on results made by hand."""

import numpy as np
import pytest
from halfspace.companion.circle import readings
from halfspace.companion.circle.conditions import circle_conditions
from halfspace.companion.circle.explanations import CircleLinearised
from halfspace.companion.circle.specs import CircleTraining
from halfspace.companion.circle.study import CircleStudy
from halfspace.companion.circle.target import Circle
from halfspace.companion.records import Check
from halfspace.companion.spec import Result
from scipy import stats

PROVENANCE = {"when": "2026-01-02T03:04:05", "commit": "abc", "device": "CPU", "seconds": 90.0}


def studied(at, model="dlgn", frequencies=(2.0, 8.0), top_share=0.5, seeds=2, **arrays):
    """A study's result at the epochs ``at``, with some of its arrays."""
    target = Circle(n=8, frequencies=frequencies, top_share=top_share)
    sizes = dict(epochs=max(at), function_epochs=(0,), seeds=seeds, first_seed=1000)
    training = CircleTraining(model=model, target=target, **sizes)
    spec = CircleStudy.model_construct(training=training, at=tuple(at))
    arrays = {name: np.asarray(array, dtype=np.float32) for name, array in arrays.items()}
    return Result(spec, {"at": np.array(at)} | arrays, PROVENANCE, "recorded")


def trained(epochs, model="dlgn", frequencies=(2.0, 8.0), **arrays):
    """A training run's result with a record at each epoch, with some of its arrays."""
    target = Circle(n=8, frequencies=frequencies)
    spec = CircleTraining(
        model=model, target=target, epochs=epochs, function_epochs=(0, epochs), first_seed=7
    )
    arrays = {name: np.asarray(array, dtype=float) for name, array in arrays.items()}
    return Result(spec, {"epochs": np.arange(epochs + 1)} | arrays, PROVENANCE, "computed")


def counts(gaps):
    """Mean path counts of the halves, four points each, whose ln ratio is the given one."""
    gaps = np.array(gaps, dtype=float)
    return dict(paths_top=np.exp(gaps) - 0.25, paths_bottom=np.ones_like(gaps) - 0.25)


def paths(*gaps, at=(0, 40), **options):
    """A study whose halves differ by these ln ratios of paths, a row per epoch."""
    return studied(at, **counts(gaps), **options)


def test_allocation_is_the_ln_ratio_minus_its_start():
    halves = dict(paths_top=[[7.75, 0.75], [3.75, 0.0]], paths_bottom=[[3.75, 0.75], [0.75, 1.75]])
    result = studied((0, 40), **halves)
    # With a quarter added to each, a path at one point of four: 8/4 and 1/1, then 4/1 and ¼/2.
    expected = np.log([[2, 1], [4, 1 / 8]])
    np.testing.assert_allclose(readings.path_ratios(result), expected, rtol=1e-6)
    np.testing.assert_allclose(readings.path_gains(result), expected - expected[0], atol=1e-6)
    swapped = studied((0, 40), frequencies=(8.0, 2.0), **halves)
    np.testing.assert_allclose(readings.path_gains(swapped), expected[0] - expected, atol=1e-6)
    assert readings.low_and_high(swapped, "paths")[0].tolist() == halves["paths_bottom"]
    np.testing.assert_allclose(readings.path_gain(swapped, 40), readings.path_gains(swapped)[1])
    assert readings.path_gain(swapped, 0).tolist() == [0, 0]
    np.testing.assert_allclose(readings.path_gain(swapped), readings.path_gains(swapped)[-1])
    with pytest.raises(ValueError, match=r"epoch must be one of \[0, 40\]; got 20"):
        readings.path_gain(swapped, 20)


def test_a_half_of_fewer_points_gets_more_for_a_path_at_one_of_them():
    result = studied((0, 40), top_share=0.25, paths_top=[[0.5], [0]], paths_bottom=[[0], [0]])
    np.testing.assert_allclose(readings.path_ratios(result), np.log([[6], [3]]), rtol=1e-6)


def test_a_gain_is_measured_by_spreads_of_seeds():
    result = paths([1.0, 3.0], [5.0, 5.0], [6.0, 9.0], at=(0, 40, 300))
    # The ratios differ by 2 at the start, a standard deviation of √2; gains of 5 and 6.
    np.testing.assert_allclose(
        readings.gain_beyond_chance(result), np.array([5, 6]) / np.sqrt(2) - 1, rtol=1e-5
    )
    # At epoch 40 the gains are 4 and 2, 3 on average; then 1 and 4 more.
    np.testing.assert_allclose(readings.later_gain(result, 40), [1 / 3, 4 / 3], rtol=1e-5)
    other = paths([0.0, 0.0], [1.0, 3.0])
    np.testing.assert_allclose(readings.gain_beside(result, other), [2.5, 3.0], rtol=1e-5)


def test_points_without_a_path_beside_the_error():
    half = dict(loss_top=[[1, 1], [1, np.e]], loss_bottom=[[1, 1], [1, np.e]])
    result = studied(
        (0, 40), top_share=0.25, zero_top=[[0, 0], [1, 0]], zero_bottom=[[0, 0], [0.5, 0]], **half
    )
    np.testing.assert_allclose(
        readings.starved_and_stalled(result), [[0.625, 0], [0, 1]], atol=1e-6
    )
    assert readings.share_without_path(result, 0).tolist() == [0, 0]


def test_the_loss_weighs_the_halves_by_their_points():
    result = studied((0, 1), top_share=0.25, loss_top=[[1.0], [2.0]], loss_bottom=[[5.0], [2.0]])
    assert readings.total_loss(result).tolist() == [[4.0], [2.0]]
    assert readings.loss_at(result, 0).tolist() == [4] and readings.loss_at(result).tolist() == [2]


def test_evaluation_epochs_are_those_of_a_training_or_a_study():
    assert readings.evaluation_epochs(studied((0, 5))).tolist() == [0, 5]
    assert readings.evaluation_epochs(trained(2)).tolist() == [0, 1, 2]


def test_error_ratios_are_logarithms():
    first = studied(
        (0, 300, 400),
        loss_top=[[9.0], [8.0], [2.0]], loss_bottom=[[9.0], [8.0], [6.0]],
        hard_loss_top=[[9.0], [9.0], [12.0]], hard_loss_bottom=[[9.0], [9.0], [20.0]],
    )  # fmt: skip
    second = studied(  # its second seed has no partner
        (0, 300), loss_top=[[9.0, 7.0], [1.0, 7.0]], loss_bottom=[[9.0, 7.0], [3.0, 7.0]],
    )  # fmt: skip
    assert readings.error_ratio(first, second, 300) == pytest.approx(np.log(8 / 2))
    assert readings.error_ratio(first, second) == pytest.approx(np.log(4 / 2))
    assert [half.tolist() for half in readings.half_losses_at(first, 400)] == [[2], [6]]


def test_artefacts_are_compared_on_the_low_half():
    first, second = (
        studied(
            (0, 1),
            artefacts_top=[[9.0], [top]], artefacts_bottom=[[9.0], [5.0]],
            overtones_top=[[9.0], [top**2]], overtones_bottom=[[9.0], [5.0]],
        )
        for top in (6.0, 2.0)
    )  # fmt: skip
    assert readings.artefact_ratio(first, second) == pytest.approx(np.log(3))
    assert readings.artefact_ratio(first, second, "overtones") == pytest.approx(np.log(9))


def test_nets_that_fit_with_hard_gates():
    half = dict(hard_loss_top=[[9, 9], [0.01, 0.1]], hard_loss_bottom=[[9, 9], [0.01, 0.01]])
    assert readings.fitted_with_hard_gates(studied((0, 1), **half)).tolist() == [True, False]


def test_a_linearised_net_that_never_fits_a_half_fits_the_other_first():
    at = np.array([1.0, 10.0, 100.0])
    spec = CircleLinearised(training=CircleTraining(model="relu", target=Circle(n=8)))
    losses = dict(
        loss_top=[[1, 1, 1], [0.4, 1, 1], [0.4, 0.4, 1]],
        loss_bottom=[[2, 2, 2], [2, 0.9, 2], [1.1, 0.9, 2]],
    )
    arrays = {name: np.array(values) for name, values in losses.items()} | {"at": at}
    first = readings.linearised_low_first(Result(spec, arrays, PROVENANCE, "recorded"))
    assert first.tolist() == [True, False, False]


def test_times_to_fit():
    loss = np.array([[0.5, 0.5], [0.04, 0.5], [0.01, 0.5]])
    result = studied((0, 10, 20), loss_top=loss, loss_bottom=loss + [[0], [0.03], [0]])
    np.testing.assert_array_equal(readings.epochs_to_fit(result), [20, np.nan])


@pytest.mark.parametrize(
    ("fitted_at", "expected"), [([5, 5, 9], "5"), ([5, 9, 0], "9"), ([5, 0, 0], "after 9")]
)
def test_half_of_the_seeds_are_counted_with_those_that_stalled(fitted_at, expected):
    times = np.array([0, 5, 9])
    loss = np.where((times[:, None] >= fitted_at) & (np.array(fitted_at) > 0), 0.01, 1.0)
    result = studied(times.tolist(), loss_top=loss, loss_bottom=loss)
    assert readings.half_fitted_by(result) == expected


def test_low_half_first_counts_only_fitted_seeds():
    result = studied(
        (0, 1, 2),
        loss_top=[[1, 1, 1], [0.01, 1, 1], [0.01, 0.01, 1]],
        loss_bottom=[[1, 1, 1], [1, 0.01, 1], [0.01, 0.01, 1]],
    )
    assert readings.low_half_first(result).tolist() == [True, False, False]


def test_halves_are_fitted_where_their_own_errors_are_low():
    result = studied(
        (0, 100),
        loss_top=[[1, 1, 1, 1], [0.01, 0.01, 1, 0.01]],
        loss_bottom=[[1, 1, 1, 1], [1, 0.01, 0.01, 1]],
    )
    assert readings.only_low_half_fitted(result, 100).tolist() == [True, False, False, True]
    shares = readings.shares_of_halves(result)
    assert {label: curve[1].tolist() for label, curve in shares.items()} == {
        "slow half": [0, 0.75], "fast half": [0, 0.5], "slow half alone": [0, 0.5],
    }  # fmt: skip
    assert shares["slow half"][0].tolist() == [0, 100]


def test_each_seeds_error_is_told_with_the_geometric_mean():
    loss = [[1.0, 1.0], [0.01, 0.04], [9.0, 9.0]]
    run = studied((0, readings.ERRORS_AT, 400), loss_top=loss, loss_bottom=loss)
    ((errors, fits, (mean, low, high)),) = readings.seed_errors({"a": run}).values()
    assert errors == pytest.approx([0.01, 0.04]) and fits.tolist() == [True, True]
    assert mean == pytest.approx(0.02) and low < mean < high


def test_artefacts_of_frozen_gates_are_told_as_factors():
    def ending(*powers):
        halves = dict(loss_top=[[1.0, 1.0], [0.01, 1.0]], loss_bottom=[[1.0, 1.0], [0.01, 1.0]])
        arrays = dict(artefacts_top=[[9.0, 9.0], powers], artefacts_bottom=[[9.0, 9.0], [5.0, 5.0]])
        return studied((0, 1), **halves, **arrays)

    runs = {"frozen": ending(8.0, 18.0), "trained": ending(2.0, 2.0)}
    rows = readings.artefact_factors(runs, {"a": ("trained", "frozen")}, "artefacts")
    factors, fits, (mean, *_) = rows["a"]
    assert factors == pytest.approx([4, 9]) and fits.tolist() == [True, False]
    assert mean == pytest.approx(6)


def test_errors_between_points_are_those_of_each_half():
    arrays = dict(angles=[1.0, 2.0, 4.0, 5.0], target=np.zeros(4))
    arrays["functions"] = [[[9.0] * 4], [[1.0, 3.0, 2.0, 4.0]]]  # (K, S, N)
    low, high = readings.error_between_points(trained(2, **arrays))
    assert (low.tolist(), high.tolist()) == ([5.0], [10.0])
    low, high = readings.error_between_points(trained(2, frequencies=(8.0, 2.0), **arrays))
    assert (low.tolist(), high.tolist()) == ([10.0], [5.0])


def test_kernels_of_a_study():
    result = studied(
        (0, 40, 300),
        overlap_start=[[1.0, 1.0, 1.0], [0.6, 0.9, 0.5], [0.2, 0.5, 0.5]],
        # Above three quarters of its start: the first seed up to epoch 40, the second at the start
        # alone, the third to the end.
        loss_top=[[1.0, 1.0, 1.0], [0.8, 0.7, 0.9], [0.1, 0.1, 0.8]],
        loss_bottom=[[1.0, 1.0, 1.0], [0.8, 0.7, 0.9], [0.1, 0.1, 0.8]],
    )
    np.testing.assert_allclose(readings.overlap_change_while_high(result), [0.5, 0, 0], rtol=1e-6)


def test_an_ntk_is_compared_with_several_kernels():
    result = studied(
        (0, 40, 300),
        own=[[0.6, 0.6], [0.75, 0.9], [0.5, 0.2]],
        start=[[0.6, 0.6], [0.5, 0.4], [0.25, 0.5]],
        changes_own=[[0, 0], [0.3, 0.5], [0.5, 0.2]],
        changes_others=[[0, 0], [0.2, 0.3], [0.1, 0.4]],
        first=[[1.0, 1.0], [0.5, 0.5], [0.25, 0.75]],
        ntk_others=[0.5, 0.5],
    )
    closer = readings.closer_than_at_start
    np.testing.assert_allclose(closer(result, 40), [0.25, 0.5], rtol=1e-6)
    np.testing.assert_allclose(closer(result), [0.25, -0.3], rtol=1e-6)
    np.testing.assert_allclose(readings.changes_alike(result, 40), [0.1, 0.2], rtol=1e-6)
    np.testing.assert_allclose(readings.changes_alike(result), [0.4, -0.2], rtol=1e-6)
    np.testing.assert_allclose(readings.moved_beyond_a_new_draw(result), [0.25, -0.25])


def test_units_are_counted_for_the_half_that_is_low():
    shares = dict(  # (2, S, H); the rest of the units prefer neither
        prefer_top=[np.zeros((2, 3)), [[0.5, 0.75, 1.0], [0.25, 0.5, 0.0]]],
        prefer_bottom=[np.zeros((2, 3)), [[0.5, 0.0, 0.0], [0.25, 0.25, 0.5]]],
    )
    result = studied((0, 40), **shares)
    np.testing.assert_allclose(readings.units_for_low_half(result), [1.75 / 3, -0.25 / 3])
    np.testing.assert_allclose(readings.later_units_for_low_half(result), [1.0, -0.5])
    swapped = studied((0, 40), frequencies=(8.0, 2.0), **shares)
    np.testing.assert_allclose(readings.units_for_low_half(swapped), [-1.75 / 3, 0.25 / 3])


def half_spaces(**options):
    """A study of three seeds and two epochs; layer l of seed s has 0.1 s at first, then more."""
    start = 0.1 * np.arange(3.0)[:, None].repeat(5, axis=1)
    gain = 0.05 * np.arange(1, 6)
    both = [start, start + gain]
    return studied((0, 40), resultant=both, facing_top=both, seeds=3, **options)


def test_half_spaces_face_the_half_that_is_low():
    shares = dict(facing_top=np.zeros((2, 3, 5)), facing_bottom=np.full((2, 3, 5), 0.5))
    assert readings.facing_low(studied((0, 40), **shares), 5).tolist() == [0, 0, 0]
    swapped = studied((0, 40), frequencies=(8.0, 2.0), **shares)
    assert readings.facing_low(swapped, 5).tolist() == [0.5, 0.5, 0.5]


def test_half_spaces_are_read_by_layer():
    result = half_spaces()
    np.testing.assert_allclose(readings.resultant_change(result, 1), [0.05] * 3, rtol=1e-5)
    np.testing.assert_allclose(readings.resultant_change(result, 5), [0.25] * 3, rtol=1e-5)
    np.testing.assert_allclose(readings.facing_low(result, 5), [0.25, 0.35, 0.45], rtol=1e-5)
    # 16 random normals: the mean of a Rayleigh variable, √π/2 of its root mean square, 1/√16.
    assert readings.resultant_by_chance(result) == pytest.approx(np.sqrt(np.pi) / 2 / 4)
    intervals = readings.layer_intervals(result, "resultant")
    assert list(intervals) == ["at the start", "after training"]
    np.testing.assert_allclose([m for m, _, _ in intervals["at the start"]], [0.1] * 5, rtol=1e-5)
    means = [mean for mean, _, _ in intervals["after training"]]
    np.testing.assert_allclose(means, 0.1 + 0.05 * np.arange(1, 6), rtol=1e-5)


def test_numbers_of_half_spaces():
    numbers = readings.half_space_numbers(half_spaces())
    assert numbers["chance"] == "0.22" and numbers["width"] == 16
    # Values 0.05, 0.15, 0.25: mean 0.15, t(2) = 4.303, ± 4.303 · 0.1 / √3.
    assert numbers["facing_top_1"] == "0.15 (−0.10 to 0.40)"
    assert numbers["resultant_5"] == "0.35 (0.10 to 0.60)"


def small_study(**options):
    loss = np.array([[0.5, 0.5], [0.04, 0.5], [0.02, 0.5]])
    return studied(
        (0, 10, 20), loss_top=loss, loss_bottom=loss + [[0], [0.03], [0]], diverged=[0, 1],
        **counts(np.log([[1.0, 1.0], [3.0, 1.0], [4.0, 2.0]])), **options,
    )  # fmt: skip


def test_fitted_seeds_are_counted_with_their_epochs_and_errors():
    (row,) = readings.fit_rows({"a": small_study()})
    assert row == {
        "net": "a",
        "stalled": "1 of 2",
        "half fitted by epoch": "20",
        "error, slow half": "0.26",
        "error, fast half": "0.26",
    }
    ((epochs, shares),) = readings.share_fitted({"a": small_study()}).values()
    assert epochs.tolist() == [0, 10, 20] and shares.tolist() == [0, 0, 0.5]
    assert readings.fitted(small_study()).tolist() == [True, False]


def test_the_pictured_seed_is_the_one_with_the_median_error():
    def ending(*errors):
        loss = [[1.0] * len(errors), errors]
        return studied((0, 9), loss_top=loss, loss_bottom=loss, seeds=len(errors))

    assert readings.median_seed(ending(0.3, 0.1, 0.2)) == 1002
    assert readings.median_seed(ending(0.3, 0.1, 0.2, 0.4)) == 1002  # of two the lower
    runs = {"relu: base": ending(0.1, 0.2, 0.3), "dlgn: base": ending(0.2, 0.1, 0.3)}
    assert readings.pictured_seeds(runs, -1) == {"relu": 1001, "dlgn": 1000}
    assert readings.pictured_seeds(runs, 3) == {"relu": 3, "dlgn": 3}
    assert readings.pictured_seeds({"dlgn: base": runs["dlgn: base"]}, 0) == {"dlgn": 0}


def test_hard_gates_are_compared_with_those_of_the_training():
    halves = {f"{name}_{half}": [[v], [v]] for name, v in dict(loss=0.01, hard_loss=0.2).items()
              for half in ("top", "bottom")}  # fmt: skip
    two = {name: np.repeat(values, 2, axis=1) for name, values in halves.items()}
    (row,) = readings.gate_rows({"soft": studied((0, 5), **two)})
    assert row["hard gates change the error by"] == "×20 (20 to 20)"
    assert row["median error, gate of the training"] == "0.01"
    assert row["median error, hard gates"] == "0.2"


def test_curves_of_single_nets():
    run = trained(1, loss_top=[[1.0, 9], [3.0, 9]], loss_bottom=[[3.0, 9], [5.0, 9]])
    ((epochs, values),) = readings.single_curves({"a": run}, readings.total_loss).values()
    assert (epochs.tolist(), values.tolist()) == ([0, 1], [2, 4])


def test_losses_by_gate():
    halves = {f"{name}_{half}": [[v], [v]] for name, v in dict(loss=1.0, hard_loss=2.0).items()
              for half in ("top", "bottom")}  # fmt: skip
    panels = readings.losses_by_gate({"a": studied((0, 5), **halves)})
    assert list(panels) == ["a"] and list(panels["a"]) == ["gate of the training", "hard gates"]
    assert [curve[0, 0] for curve in panels["a"].values()] == [1, 2]


def test_functions_are_those_of_the_first_seed_after_the_start():
    functions = [[[0.0, 0.0], [7.0, 7.0]], [[1.0, 2.0], [8.0, 8.0]]]  # (K, S, N)
    epochs, curves = readings.functions_after_start({"a": trained(3, functions=functions)})
    assert epochs == (3,) and curves["a"].tolist() == [[1.0, 2.0]]


def test_errors_of_live_nets_are_a_tables_rows():
    run = trained(
        1, loss_top=[[1.0], [0.125]], loss_bottom=[[1.0], [0.25]],
        angles=[1.0, 4.0], target=[0.0, 0.0], functions=[[[9.0, 9.0]], [[0.5, 2.0]]],
    )  # fmt: skip
    assert readings.error_rows({"a": run}) == [
        {
            "net": "a",
            "epoch": "1",
            "slow half, at the points": "0.12",
            "fast half, at the points": "0.25",
            "slow half, between them": "0.25",
            "fast half, between them": "4",
        }
    ]


def conditions(**gaps):
    """Results of both nets under the base recipe, and others: each with its final allocation."""
    runs = {"relu: base": [0.0, 2.0], "dlgn: base": [2.0, 4.0]} | gaps
    return {name: paths([0.0, 0.0], gap) for name, gap in runs.items()}


ZERO, WEAK = "amplitude of low half 0.0", "amplitude of low half 0.3"


def with_errors(run, *errors):
    """Give a study these final errors, a seed each."""
    loss = np.array([[1.0] * len(errors), errors])
    run.arrays |= {f"loss_{half}": loss for half in ("top", "bottom")}
    return run


def test_allocations_of_seeds_are_factors_by_net_and_title():
    runs = conditions(**{"dlgn: biases": [1.0, 1.0], "frozen: hard": [0.0, 0.0]})
    for run in runs.values():
        with_errors(run, 0.01, 0.9)
    titled = readings.allocations_by_net(runs, {"base": "recipe", "biases": "with biases"})
    assert {label: list(rows) for label, rows in titled.items()} == {
        "ReLU net": ["recipe"],
        "DLGN": ["recipe", "with biases"],
    }
    factors, fits, interval = titled["DLGN"]["recipe"]
    np.testing.assert_allclose(factors, np.exp([2, 4]), rtol=1e-5)
    assert fits.tolist() == [True, False] and interval[0] == pytest.approx(np.exp(3))
    numbers = readings.control_numbers(runs, {"base": "recipe", "biases": "with biases"})
    assert numbers["with biases DLGN"] == "×2.7 (2.7 to 2.7)"
    # Two seeds, 0 and 2: mean 1, t(1) = 12.706, ± 12.706 · √2 / √2.
    assert numbers["recipe ReLU net"] == "×2.7 (8.2\u00a0×\u00a010⁻⁶ to 900\u202f000)"
    for run in runs.values():
        run.arrays |= {f"zero_{half}": np.zeros((2, 2)) for half in ("top", "bottom")}
    rows = readings.control_rows(runs, {"base": "recipe", "biases": "with biases"})
    assert [row["nets"] for row in rows] == [
        "ReLU net, recipe",
        "DLGN, recipe",
        "DLGN, with biases",
    ]


def test_stalled_seeds_are_held_against_fitted_ones():
    run = with_errors(paths([0.0] * 5, [1.0, 2.0, 3.0, 4.0, 6.0], seeds=5), 0, 0, 0, 1, 1)
    mean, low, high = readings.stalled_over_fitted(run)
    # Means 2 and 5, variances 1 and 2: squared error 1/3 + 1; Welch's degrees of freedom.
    half = stats.t.ppf(0.975, (4 / 3) ** 2 / (1 / 18 + 1)) * np.sqrt(4 / 3)
    assert (mean, low, high) == pytest.approx((3, 3 - half, 3 + half), rel=1e-5)


def test_numbers_of_runs_say_how_they_were_made():
    names = ("relu: base", "dlgn: base", "frozen: beta 4")
    recorded = {name: studied((0, 5, 20), model=name.split(":")[0]) for name in names}
    recorded["frozen: beta 4"].provenance = PROVENANCE | {"commit": "abd"}
    for run in recorded.values():
        with_errors(run, 0.25, 0.75)
    live = trained(1, loss_top=[[1.0], [0.5]], loss_bottom=[[1.0], [0.25]])
    numbers = readings.run_numbers(recorded, {"DLGN": live})
    assert (numbers["points"], numbers["batch"], numbers["beta"]) == (8, 32, "4")
    assert (numbers["first-seed"], numbers["last-seed"], numbers["seeds"]) == (1000, 1001, 2)
    assert numbers["seed DLGN"] == 7 and numbers["live error DLGN"] == "0.38"
    assert numbers["median error relu"] == "0.5" and numbers["frozen-epochs"] == "20"
    assert numbers["looks"] == numbers["frozen-looks"] == "0, 5, 20"
    assert numbers["commit"] == "abc, abd" and numbers["minutes"] == 4  # 3 · 90 s, rounded
    assert numbers["from-runs"] == "Recorded on 2026-01-02 (CPU)."
    assert numbers["from-live"] == "Made in this build on 2026-01-02 (CPU)."


def test_numbers_of_the_allocation():
    recorded, live = {}, {}
    for label, net in {"ReLU net": "relu", "DLGN": "dlgn"}.items():
        run = paths([0.0, 0.0], [1.0, -1.0])
        loss = dict(loss_top=[[1, 1], [0.01, 1]], loss_bottom=[[1, 1], [1, 1]])
        run.arrays |= {name: np.array(values, dtype=float) for name, values in loss.items()}
        run.arrays["at"] = np.array([0, readings.LATE])
        recorded[f"{net}: base"] = run
        live[label] = trained(1, **counts([[0.0], [2.5]]))
    numbers = readings.allocation_numbers(recorded, live)
    assert numbers["positive_relu"] == 1
    assert (numbers["low_first_dlgn"], numbers["low_alone_dlgn"]) == (1, 1)
    assert numbers["live_dlgn"] == "×12"
    assert numbers["allocation_dlgn"] == "×1.00 (3.0\u00a0×\u00a010⁻⁶ to 330\u202f000)"
    assert (numbers["fitted_dlgn"], numbers["stalled_dlgn"]) == (0, 2)
    assert numbers["allocation_stalled_dlgn"] == numbers["stalled_over_fitted_relu"] == "–"
    assert (numbers["early_epoch_dlgn"], numbers["early_error_dlgn"]) == (100, "0.75")


def test_numbers_of_kernels():
    run = studied(
        (0, 10, 40, 300),
        ntk_top=[[1, 1], [1, 1], [np.e, np.e], [1, 1]], ntk_bottom=np.ones((4, 2)),
        ntk_start=[[1, 1], [0, 0], [0, 0], [0.25, 0.25]],
        ntk_overlap=[[1, 1], [0, 0], [0, 0], [0.5, 0.5]], overlap_start=np.full((4, 2), 0.75),
    )  # fmt: skip
    numbers = readings.kernel_numbers({"relu: base": run, "dlgn: base": run})
    assert numbers["diagonal_epoch"] == 40  # the first at 20 or later
    assert numbers["diagonal_early_relu"] == "×2.7 (2.7 to 2.7)"
    assert numbers["diagonal_end_dlgn"] == "×1.00 (1.00 to 1.00)"
    assert numbers["ntk_end_dlgn"] == "0.25 (0.25 to 0.25)"
    assert numbers["ntk_overlap_relu"] == "0.50 (0.50 to 0.50)"
    curves = readings.kernel_curves({"DLGN": run})
    assert curves["NTK and its start"]["DLGN"][-1, 0] == 0.25
    assert curves["Λ and its start"]["DLGN"][-1, 0] == 0.75
    assert curves["NTK and Λ"]["DLGN"][-1, 0] == 0.5
    np.testing.assert_allclose(curves["NTK diagonal"]["DLGN"][2], np.e, rtol=1e-6)


def test_numbers_of_fitting():
    def fitted_at(*epochs):
        loss = np.where(np.array([0, 10, 300])[:, None] >= np.array(epochs), 0.01, 1.0)
        powers = {f"artefacts_{half}": loss for half in ("top", "bottom")}
        return studied((0, 10, 300), loss_top=loss, loss_bottom=loss, **powers)

    names = [f"{gates}: beta {beta}" for gates in ("dlgn", "frozen") for beta in (10, 30)]
    runs = {name: fitted_at(10, 10) for name in (*names, "dlgn: base", "dlgn: straight-through")}
    runs["dlgn: straight-through"].arrays |= counts([[0, 0], [1, 1], [1, 1]])
    runs |= {"frozen: beta 4": fitted_at(20, 999), "frozen: hard": fitted_at(999, 999)}
    numbers = readings.fit_numbers(runs)
    assert numbers["fit dlgn beta 10"] == "10" and numbers["fit frozen hard"] == "after 300"
    assert numbers["frozen hard ratio"] == "×100 (100 to 100)"  # errors of 1 and of 0.01
    assert numbers["artefacts_hard"] == "×100 (100 to 100)"
    assert numbers["stalled_frozen"] == "1"
    assert numbers["straight-through allocation"] == "×2.7 (2.7 to 2.7)"


def test_the_conditions_page_says_what_is_recorded():
    recorded = conditions()
    for run in recorded.values():
        run.arrays["diverged"] = np.zeros(2)
    numbers = readings.recorded_numbers(recorded, dict.fromkeys("abc"))
    assert (numbers["recorded"], numbers["conditions"], numbers["seeds"]) == (2, 3, 2)
    assert (numbers["commits"], numbers["recorded-on"]) == ("abc", "2026-01-02")
    assert numbers["recorded-device"] == "CPU"


def test_conditions_are_told_and_counted():
    runs = conditions(**{"dlgn: biases": [1.0, 1.0], "dlgn: sgd": [-1.0, -1.0]})
    for run in runs.values():
        with_errors(run, 0.01, 0.9)
    numbers = readings.condition_numbers(runs)
    assert (numbers["dlgn above"], numbers["dlgn rows"]) == (1, 3)
    assert (numbers["relu above"], numbers["relu rows"]) == (0, 1)
    assert numbers["dlgn sgd"] == "×0.37 (0.37 to 0.37)" and numbers["dlgn sgd stalled"] == 1
    base, biases, sgd = readings.condition_rows(runs)
    assert (biases["condition"], sgd["condition"]) == ("biases", "plain gradient descent")
    assert biases["ReLU net"] == "–" and biases["DLGN"] == "×2.7 (2.7 to 2.7)"


def test_responses_are_ordered_by_how_far_the_dlgn_moves():
    runs = conditions(
        **{"dlgn: gain 0.3": [5.0, 5.0], "dlgn: depth 2": [2.5, 2.5], "relu: gain 1.0": [0.5, 0.5]}
    )
    for name, run in runs.items():
        with_errors(run, 0.9, 0.9 if "gain" in name else 0.01)
    responses = readings.dose_responses(runs)
    values, gains, most, base = responses["initial weights ×"]["DLGN"]
    assert values.tolist() == [0.3, 1.0] and most.tolist() == [False, True] and base == 1.0
    np.testing.assert_allclose(gains[:, 0], np.exp([5, 3]), rtol=1e-5)
    values, *_, base = responses["initial weights ×"]["ReLU net"]
    assert values.tolist() == [0.6, 1.0] and base == 0.6
    assert responses["sharpness β"] == {} and "ReLU net" not in responses["layers"]
    first, second = readings.knob_rows(runs)
    assert first == {
        "changed": "initial weights ×",
        "from and to": "0.3 to 1",
        "DLGN: largest over smallest": "×7.4",  # e²
        "DLGN": "×1.5e+02 to ×20",
        "ReLU net": "×2.7 to ×1.6",
    }
    assert (second["changed"], second["ReLU net"]) == ("layers", "–")
    assert readings.condition_numbers(runs)["spread layers"] == "×1.6"  # √e


def test_designs_show_predictions_beside_results():
    runs = conditions(**{f"dlgn: {ZERO}": [-1.0, -1.0]})
    first, *_, last = readings.design_rows(runs)
    assert [*first.values()] == [
        "slow half zero", "not recorded yet", "×0.37", "slow half", "fast half", "–",
        "fast half",
    ]  # fmt: skip
    assert last["design"] == "base recipe" and last["DLGN"] == "×20"


def fitted_all(runs):
    for run in runs.values():
        with_errors(run, 0.01, 0.9)
    return runs


def test_attractions_hold_predictions_against_intervals():
    biased = "dlgn: straight-through, biases"
    gaps = {f"dlgn: {ZERO}": [-1.0, -1.1], f"dlgn: {WEAK}": [1.0, 3.1], biased: [0.0, 0.0]}
    gaps |= {f"{biased}, {WEAK}": [-3.0, 3.0], "dlgn: halves swapped": [1.0, 1.1]}
    gaps |= {"dlgn: equal frequencies 4": [0.5, 0.51], "dlgn: high frequency 4": [3.0, 5.1]}
    gaps |= {"dlgn: gain 0.3": [-2.0, -2.1], "dlgn: high frequency 6": [1.0, 1.0]}
    found = {each["name"]: each for each in readings.attractions(fitted_all(conditions(**gaps)))}
    told = {name: each["explanations"] for name, each in found.items()}
    assert told[f"dlgn: {ZERO}"] == {
        "simplicity": ("slow half", "disagrees"),
        "early signal": ("fast half", "agrees"),
        "frequency": ("–", ""),
        "magnitude": ("fast half", "agrees"),
    }
    # Less than the base recipe, paired by seed, although the interval of the mean is wide.
    assert told[f"dlgn: {WEAK}"]["magnitude"] == ("less", "agrees")
    assert told[f"dlgn: {WEAK}"]["simplicity"] == ("slow half", "undecided")
    assert told["dlgn: high frequency 4"]["frequency"] == ("less", "disagrees")
    assert told[f"{biased}, {WEAK}"]["magnitude"] == ("less", "undecided")
    assert set(told["dlgn: halves swapped"].values()) == {("slow half", "agrees")}
    assert set(told["dlgn: gain 0.3"].values()) == {("slow half", "disagrees")}
    assert set(told["dlgn: equal frequencies 4"].values()) == {("neither", "disagrees")}
    assert set(told[biased].values()) == {("slow half", "undecided")}
    assert told["dlgn: high frequency 6"] == {}
    assert [found[name]["usual"] for name in ("dlgn: base", "dlgn: gain 0.3")] == [True, False]


def test_attractions_tell_a_net_from_its_variants():
    names = ["relu: biases", f"relu: biases, {ZERO}", "dlgn: beta 30, gating gain 0.6"]
    others = [
        "frozen: hard",
        "relu: width 8",
        "relu: sgd",
        "relu: init he",
        f"dlgn: biases, {ZERO}",
    ]
    others.append("relu: share of points on low half 0.2")
    runs = fitted_all(conditions(**{name: [1.0, 2.0] for name in names + others}))
    *_, biased, zero, sharp = found = readings.attractions(runs)
    # The net with biases is not recorded under the base recipe's target, so it cannot be compared.
    assert [each["name"] for each in found] == ["relu: base", "dlgn: base", *names]
    assert (biased["label"], biased["variant"]) == ("ReLU net", "biases")
    assert sharp["variant"] == "β = 30, gating × 0.6"
    assert zero["beside"] == pytest.approx((1, 1, 1)) and biased["variant"] == zero["variant"]
    np.testing.assert_allclose(np.log(zero["allocation"]), [1.0, 2.0], rtol=1e-6)
    assert zero["fitted"].tolist() == [True, False]
    assert zero["interval"] == pytest.approx(np.exp(readings.mean_interval([1.0, 2.0])), rel=1e-6)


def test_how_much_farther_the_error_of_the_slow_half_has_fallen():
    run = studied((0, 20), loss_top=[[1.0, 1.0], [0.25, 1.0]], loss_bottom=[[0.5, 0.5], [0.5, 0.0]])
    assert readings.error_fallen(run, 20).tolist() == [0.75, -0.5]


def test_numbers_of_explanations_are_paired_by_seed():
    runs = conditions(**{f"dlgn: {WEAK}": [1.0, 3.0], "dlgn: high frequency 16": [5.0, 9.0]})
    numbers = readings.explanation_numbers(runs)
    assert numbers["dlgn weaker"] == "×2.7 (2.7 to 2.7)"
    assert numbers["dlgn frequency"] == numbers["frozen first"] == "not recorded yet"
    runs["dlgn: high frequency 4"] = paths([0.0, 0.0], [3.0, 7.0])
    loss = dict(loss_top=[[1, 1], [0.01, 1]], loss_bottom=[[1, 1], [1, 1]])
    runs["frozen: hard"] = studied((0, 40), **loss)
    numbers = readings.explanation_numbers(runs)
    assert numbers["dlgn frequency"] == "×7.4 (7.4 to 7.4)" and numbers["frozen first"] == 1
    assert numbers["frozen seeds"] == 2


def test_the_allocation_over_time_has_its_interval():
    runs = conditions()
    curves = readings.allocation_intervals(runs, {"a": "dlgn: base", "b": "dlgn: sgd"})
    ((epochs, curve),) = curves.values()
    assert epochs.tolist() == [0, 40] and curve.shape == (2, 3)
    assert curve[0].tolist() == [1, 1, 1] and curve[1, 0] == pytest.approx(np.exp(3))


def test_checks_are_a_tables_rows():
    check = dict(recorded=1.0, recomputed=1.25, low=0.5)
    checks = [Check(name="loss", high=1.5, **check), Check(name="other", high=2, **check)]
    late = [Check(name="loss", high=1.2, **check)]
    first, second = readings.check_rows({"a": checks, "b": late}, {"loss": "error"})
    assert first == {
        "net": "a", "quantity": "error", "agrees": True, "recorded": "1", "now": "1.25",
        "bounds": "0.5 to 1.5",
    }  # fmt: skip
    assert (second["net"], second["agrees"]) == ("b", False)


def test_fitted_and_stalled_nets_are_told_apart():
    run = paths([0.0] * 4, [1.0, 3.0, 5.0, 9.0], seeds=4)
    loss = [[1.0] * 4, [0.01, 0.02, 0.03, 0.9]]
    run.arrays |= {f"loss_{half}": np.array(loss) for half in ("top", "bottom")}
    run.arrays |= {
        "zero_top": np.array([[0.0] * 4, [0.0, 0.0, 0.0, 1.0]]),
        "zero_bottom": np.array([[0.0] * 4, [0.2, 0.2, 0.2, 0.5]]),
    }
    shown = {"DLGN": "dlgn: base", "missing": "dlgn: sgd"}
    (row,) = readings.fitted_apart_rows({"dlgn: base": run}, shown)
    assert row == {
        "nets": "DLGN",
        "allocation, fitted": "×20 (0.14 to 2\u202f900)",  # 3 ± 4.303 · 2 / √3, t(2) = 4.303
        "allocation, stalled": "–",
        "stalled": "1",
        "points without a path": "10 % / 75 %",
    }


def test_blocks_of_seeds_are_told_one_by_one():
    run = paths([0.0] * 4, [1.0, 1.0, 2.0, 4.0], seeds=4)
    first, second = readings.block_rows({"dlgn: base": run}, size=2)
    assert first == {"net": "DLGN", "seeds": "1000 to 1001", "allocation": "×2.7 (2.7 to 2.7)"}
    assert second["seeds"] == "1002 to 1003" and second["allocation"].startswith("×20 (")


def test_linearised_nets_in_numbers_and_curves():
    spec = CircleLinearised(training=CircleTraining(model="relu", target=Circle(n=8)))
    losses = dict(loss_top=[[1, 1], [0.4, 0.1]], loss_bottom=[[2, 2], [1.5, 1.5]])
    arrays = {name: np.array(values, dtype=float) for name, values in losses.items()}
    run = Result(spec, arrays | {"at": np.array([0.0, 1.0])}, PROVENANCE, "recorded")
    assert readings.linearised_numbers({"relu": run}) == {"relu linearised": 2}
    curves = readings.linearised_curves(run)
    assert list(curves) == ["slow half", "fast half"]
    np.testing.assert_allclose(curves["slow half"][:, 0], [1, 0.2])
    np.testing.assert_allclose(curves["fast half"][1], [1.5] * 3)


def test_conditions_have_names_for_a_reader():
    every = {name.split(": ")[1] for name in circle_conditions()}
    titles = {readings.condition_title(name) for name in every}
    assert len(titles) == len(every)
    assert every & titles == {"halves swapped", "biases", "zero target", "constant target", "hard"}
    assert readings.condition_title("straight-through, biases") == "straight-through gates, biases"
    assert readings.condition_title("share of points on low half 0.2") == (
        "share of points on the slow half 0.2"
    )
