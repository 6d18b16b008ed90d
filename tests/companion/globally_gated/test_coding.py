"""Coding schemes: energy, starts, chains and the count of carriers."""

import numpy as np
import pytest
import torch
from halfspace.companion.globally_gated.coding import Carriers, _Chains, _points

CPU = torch.device("cpu")


def chains(width=6, **options):
    spec = Carriers(seeds=2, widths=(width,), trajectories=240, **options)
    return _Chains(spec, torch.stack([_points(seed) for seed in range(2)]), width, range(2))


@pytest.mark.parametrize("activation", ["linear", "erf", "relu"])
@pytest.mark.parametrize("lazy", [False, True])
def test_the_forces_are_the_energy_s_gradient(activation, lazy):
    chain = chains(activation=activation, lazy=lazy)
    w, a = (values.clone().requires_grad_() for values in chain.state)
    energy, *forces = chain._forces(w, a)
    gradients = torch.autograd.grad(energy.sum(), (w, a))
    for force, gradient in zip(forces, gradients, strict=True):
        torch.testing.assert_close(force, gradient)


def test_the_energy_is_prior_and_misfit():
    chain = chains()
    w, a = chain.state
    energy, *_ = chain._forces(w, a)
    f = (chain.x[1] @ w[1].mT).relu() @ a[1] / 6
    targets = 2 * torch.eye(3).repeat_interleave(5, 0) - 1
    expected = (
        6 / 0.02 * (targets - f).square().sum() + (w[1] ** 2).sum() / 2 + (a[1] ** 2).sum() / 2
    )
    torch.testing.assert_close(energy[1], expected)


def test_coordinates_keep_the_inner_products():
    x = np.random.default_rng(3).normal(size=(15, 40))
    coordinates = _points(3)
    torch.testing.assert_close(coordinates @ coordinates.mT, torch.from_numpy(x @ x.T / 40))


@pytest.mark.parametrize("lazy", [False, True])
def test_a_sparse_start_fits_with_a_unit_for_each_class(lazy):
    chain = chains(width=40, start="sparse", lazy=lazy)
    w, a = chain.state
    f = chain.scale * (chain.x @ w[:, :3].mT).relu() @ a[:, :3]
    signs = 2 * torch.eye(3, dtype=torch.float64).repeat_interleave(5, 0) - 1
    torch.testing.assert_close(f, signs.expand_as(f))
    assert (chain._statistics()["carriers"] < 4).all()


def test_a_linear_chain_fits_and_many_units_carry_it():
    arrays, _ = Carriers(seeds=2, widths=(20,), trajectories=300, activation="linear").run(CPU)
    assert (arrays["misfit"] < 0.02).all() and (arrays["accepted"] > 0.3).all()
    assert ((arrays["carriers"] > 3) & (arrays["carriers"] < 20)).all()


def test_a_seed_s_chain_is_its_own():
    # linear: a ReLU chain doubles a rounding error every few trajectories
    spec = Carriers(seeds=2, widths=(12, 20), trajectories=240, activation="linear")
    both, _ = spec.run(CPU)
    one, _ = spec.one_seed(1).run(CPU)
    assert both["carriers"].shape == (2, 2, 2) and both["accepted"].shape == (2, 2)
    assert all(np.allclose(both[name][1:], one[name], rtol=1e-6) for name in both)


def test_short_runs_are_verified_and_long_ones_are_not():
    assert Carriers(seeds=1, widths=(20,), trajectories=300).verifiable
    assert not Carriers(seeds=10, widths=(50, 100)).verifiable
