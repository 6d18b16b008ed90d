"""Catapults: the smallest model, the norm after a step, nets at several rates, and their gates."""

import math

import numpy as np
import pytest
import torch
from halfspace.companion.catapults import data, measures, specs
from halfspace.descent import descend, largest_eigenvalue
from halfspace.nets import stack, unstack
from halfspace.overlap import log_active_path_counts

CPU = torch.device("cpu")
SHORT = dict(seeds=2, width=32, steps=60, rates=(1, 1.8, 3.5, 12))


def arrays_of(spec):
    found, _ = spec.run(CPU)
    assert found.keys() == spec.one_seed(1).run(CPU)[0].keys()
    return found


def test_the_smallest_model_is_the_plane_map():
    u, v = np.random.default_rng(0).standard_normal((2, 40))
    alpha = 3.1 / ((u @ u + v @ v) / 40)
    state = lambda: (  # noqa: E731
        alpha**2 * (u @ v / math.sqrt(40)) ** 2 / 40,
        alpha * (u @ u + v @ v) / 40,
    )
    expected = measures.trajectory(*state(), steps=6)
    for row in expected:
        np.testing.assert_allclose(state(), row, rtol=1e-9)
        f = u @ v / math.sqrt(40)
        u, v = u - alpha * f * v / math.sqrt(40), v - alpha * f * u / math.sqrt(40)


def test_one_datum_flies_between_two_and_four():
    found = arrays_of(specs.OneDatum(n=200, rates=(1.5, 2.6, 4.5), steps=300, seeds=5))
    assert (found["peak"] > 1).all(0).tolist() == [False, True, True]
    assert (found["last"] < 1e-6).all(0).tolist() == [True, True, False]
    assert found["diverged"].all(0).tolist() == [False, False, True]
    assert (found["kappa"][:, 1] < 2).all() and (found["kappa"][:, 0] > 1.4).all()
    assert (found["gap"] < 1e-11).all() and (found["frozen_gap"] > 0.1).all()


def test_a_seed_of_one_datum_is_the_same_alone():
    spec = specs.OneDatum(n=30, rates=(1.5, 2.6), steps=40, seeds=3)
    both, one = spec.run(CPU)[0], spec.one_seed(2).run(CPU)[0]
    for name, values in one.items():
        np.testing.assert_allclose(values[0], both[name][2], rtol=1e-9, err_msg=name)


@pytest.mark.parametrize(
    ("options", "holds"),
    [
        (dict(model="relu"), True),
        (dict(gates="frozen"), True),
        (dict(gates="soft"), True),
        (dict(gates="straight-through"), True),
        (dict(gates="frozen", all_weights=True), True),
        (dict(gates="soft", all_weights=True), False),
        (dict(gates="straight-through", all_weights=True), False),
        (dict(model="relu", bias=True), False),
    ],
)
def test_the_norm_after_a_step_needs_homogeneous_weights(options, holds):
    found = arrays_of(specs.NormAfterStep(depth=3, width=16, seeds=2, steps=4, **options))
    assert (found["gap"] < 1e-10).tolist() == [holds] * 2
    assert (found["gap"] > 1e-4).tolist() == [not holds] * 2


def test_the_norm_falls_where_the_error_is_large():
    """Twice the layers over the kernel is the limit of the rate, and the error must be large."""
    x, y, _ = data.circle()
    net = stack([specs.NormAfterStep(gates="frozen", width=32).net(seed, 2) for seed in (0, 1)])
    net.value[1].weight.data *= 50  # errors that dwarf the targets
    largest = largest_eigenvalue(net, x)
    for rate, falls in ((3.9, True), (8.0, False)):
        change = measures.norm_change(net, x, y, rate / largest)
        assert ((change < 0) == falls).all()


@pytest.mark.parametrize(
    "options",
    [
        dict(model="relu"),
        dict(gates="frozen"),
        dict(depth=2, bias=True),
        dict(gates="straight-through", beta=30, data="centred clothes"),
    ],
    ids=str,
)
def test_runs_tell_what_training_by_hand_does(options):
    spec = specs.Catapults(**SHORT, **options)
    found = arrays_of(spec)
    x, y, grid = spec.points()
    place = spec.rates.index(1.8)
    for number in range(spec.seeds):
        start = spec.net(number, x.shape[1])
        net = stack([start])
        rate = 1.8 / largest_eigenvalue(net, x)
        late = round(0.9 * 60 / 1.8)
        losses, ends = [], {}
        for step in range(61):
            losses.append(0.5 * (net(x)[0] - y).square().mean().item())
            if step in (late, 60):
                ends[step] = unstack(net)[0]
            if step < 60:
                descend(net, x, y, rates=rate, steps=1)
        assert found["first"][number, place] == pytest.approx(losses[0])
        assert found["peak"][number, place] == pytest.approx(max(losses[:41]))
        assert found["last"][number, place] == pytest.approx(losses[60], rel=1e-4)
        before = start.preactivations(grid) >= 0
        for when, end in zip((1, 2), ends.values(), strict=True):
            gates = (end.preactivations(grid) >= 0).double()
            expected = {
                "eigenvalue": largest_eigenvalue(end, x).item(),
                "norm": sum(w.square().sum().item() for w in end.value.parameters()),
                "activity": gates.mean().item(),
                "flips": (gates != before).double().mean().item(),
                "off": (gates.sum(0) == 0).double().mean().item(),
                "paths": log_active_path_counts(gates).clamp(min=0).mean().item(),
            }
            for name, value in expected.items():
                made = found[name][when, number, place]
                assert made == pytest.approx(value, rel=1e-3, abs=2e-3), name


def test_a_net_that_diverges_leaves_no_numbers():
    found = arrays_of(specs.Catapults(**SHORT, gates="frozen"))
    assert found["diverged"].tolist() == [[False, False, False, True]] * 2
    for name in ("eigenvalue", "norm", "activity", "flips", "off", "paths", "paths_top"):
        assert np.isnan(found[name][2]).tolist() == found["diverged"].tolist()
        assert np.isfinite(found[name][0]).all()
    assert np.isinf(found["last"][:, 3]).all() and np.isfinite(found["last"][:, :3]).all()
    assert (found["flips"][:, :, :3] == 0).all()


def test_gates_of_opposite_inputs_add_up_to_one():
    found = arrays_of(specs.Catapults(**SHORT, depth=2))
    assert (found["activity"][:, :, :3] == 0.5).all()
    relu = arrays_of(specs.Catapults(**SHORT, depth=2, model="relu"))
    assert (np.abs(relu["activity"] - 0.5) > 1e-4).all()


def test_fast_gates_carry_more_of_the_kernel_of_the_same_function():
    slow = specs.Catapults().net(0, 2)
    fast = specs.Catapults(gating_scale=0.5, beta=8).net(0, 2)
    x = data.circle()[0]
    torch.testing.assert_close(slow(x), fast(x))
    assert measures.gating_share(stack([fast]), x) > measures.gating_share(stack([slow]), x) > 0
    frozen = specs.Catapults(gates="frozen").net(0, 2)
    assert measures.gating_share(stack([frozen]), x) == 0
    relu = specs.Catapults(model="relu").net(0, 2)
    assert measures.gating_share(stack([relu]), x).item() == pytest.approx(0.5, abs=0.1)


def test_both_layers_of_a_flat_net_start_alike():
    net = specs.Catapults(width=4096, gating_scale=0.3).net(0, 2)
    for layer in net.value:
        assert layer.weight.std().item() == pytest.approx(4096**-0.25, rel=0.05)
    assert net.gating[0].weight.std().item() == pytest.approx(0.3 / 2**0.5, rel=0.05)
    deep = specs.Catapults(width=512, depth=2).net(0, 2)
    assert deep.value[1].weight.std().item() == pytest.approx((2 / 512) ** 0.5, rel=0.05)
    assert deep.gating[1].weight.std().item() == pytest.approx(512**-0.5, rel=0.05)


def test_a_relu_net_takes_no_gates():
    with pytest.raises(ValueError, match="DLGN"):
        specs.Catapults(model="relu", gates="frozen")


def test_the_circle_is_closed_under_reflection():
    x, y, grid = data.circle()
    assert x.shape == (64, 2) and y.shape == (64, 1) and grid.shape == (256, 2)
    for points in (x, grid):
        assert (points[:, None] + points).norm(dim=-1).amin(1).max() < 1e-12


def test_images_are_one_sided_unless_centred():
    cosines = {}
    for centred in (False, True):
        x, y = data.clothes(centred)
        assert x.shape == (64, 196) and y.sum() == 0
        torch.testing.assert_close(x.square().sum(1), torch.full((64,), 2.0).double())
        cosines[centred] = x @ x.T / 2
    assert cosines[False].min() > 0.2 and cosines[True].min() < -0.5
