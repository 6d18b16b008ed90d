"""Data, measures and experiments on early training."""

import math

import numpy as np
import pytest
import torch
from halfspace.companion.circle.specs import recipe
from halfspace.companion.early_linear.data import SPHERE_FACTORS, draw_problem, harmonic
from halfspace.companion.early_linear.measures import LinearShare, scaled_ntk
from halfspace.companion.early_linear.specs import EarlyKernels, EarlyPaths, EarlyTraining, rival
from halfspace.companion.spec import Result
from halfspace.early_time import linear_model, mean_tangent_kernel, symmetric_net

SMALL = dict(points=40, test=60, width=16, steps=30, seeds=2)
CPU = torch.device("cpu")


def result(spec):
    return Result(spec, spec.run(CPU)[0], {}, "computed")


@pytest.mark.parametrize("d_in", (2, 3, 20))
def test_harmonics_are_orthonormal_on_the_sphere(d_in):
    problem = draw_problem("sphere", 0, d_in=d_in, points=10, test=200_000)
    gram = problem.test_parts.T @ problem.test_parts / 200_000
    assert (gram - torch.eye(3)).abs().max() < 0.05
    mixed = problem.test_parts @ torch.tensor(SPHERE_FACTORS).double()
    torch.testing.assert_close(problem.test_y, mixed)
    torch.testing.assert_close(problem.x.norm(dim=1), torch.full((10,), d_in**0.5).double())


def test_harmonics_of_the_circle_are_cosines():
    angles = torch.linspace(0, 6, 50)
    for degree in (1, 2, 3):
        expected = math.sqrt(2) * torch.cos(degree * angles)
        torch.testing.assert_close(
            harmonic(degree, angles.cos(), 2), expected, atol=1e-5, rtol=1e-4
        )


@pytest.mark.parametrize(("kind", "d_in"), [("gauss", 5), ("circle", 2), ("clothes", 196)])
def test_inputs_are_centred_and_of_norm_root_d(kind, d_in):
    problem = draw_problem(kind, 1, d_in=d_in, points=400, test=200)
    assert problem.x.shape == (400, d_in) and problem.test_x.shape[1] == d_in
    assert math.isclose(problem.x.square().sum(1).mean().item(), d_in, rel_tol=0.1)
    assert problem.x.mean(0).abs().max() < 0.2
    assert problem.spread >= 1 - 1e-9


def test_images_of_a_seed_are_balanced():
    first, second = (draw_problem("clothes", s, d_in=196, points=100, test=50) for s in (0, 1))
    assert first.y.sum() == 0 and first.test_y.sum() == 0
    assert not torch.equal(first.x, second.x)
    assert first.spread > 5  # neighbouring pixels are alike


def test_the_linear_share():
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(500, 3, generator=generator).double()
    share = LinearShare(x)
    noise = torch.randn(500, generator=generator).double()
    values = torch.stack([x[:, 0] + 2, x.norm(dim=1), torch.ones(500).double(), noise])
    found = share(values)
    assert found[:3].tolist() == pytest.approx([1, 1, 1])
    assert found[3] < 0.05
    features = torch.cat([torch.ones(500, 1), x, x.norm(dim=1, keepdim=True)], 1).double()
    fit = features @ torch.linalg.lstsq(features, noise[:, None]).solution
    assert found[3].item() == pytest.approx((fit.var() / noise.var()).item())


@pytest.mark.parametrize("kind", ("relu", "pwl", "pwc"))
def test_the_scaled_kernel_is_that_of_the_ntk_parametrisation(kind):
    x = draw_problem("gauss", 0, d_in=4, points=5, test=3).x
    net = symmetric_net(kind, 4, 20_000, generator=torch.Generator().manual_seed(0))
    exact = mean_tangent_kernel(kind, x)
    torch.testing.assert_close(scaled_ntk(net, x), exact, rtol=0.1, atol=0.1)
    assert all(p.requires_grad for n, p in net.named_parameters() if "gating" not in n)


@pytest.mark.parametrize("net", ("relu", "pwl", "pwc"))
def test_small_runs_follow_their_own_kernel(net):
    beta = 0 if net == "relu" else 4
    spec = EarlyTraining(
        net=net, beta=beta, d_in=4, rate=0.2, relative=True, own_kernel=True, **SMALL
    )
    wide = result(spec.replace(width=2000, seeds=1))
    assert wide.steps[0, 0] == 0 and wide.steps[0, -1] == 30
    assert wide.own_distance.max() < 0.1 < wide.distance[0, -1]
    assert wide.loss[0, -1] < wide.loss[0, 0]
    assert math.isclose(wide.loss[0, 0], wide.linear_loss[0, 0])
    assert wide.share[0, 0] == 1 and wide.flips[0, 0] == 0
    narrow = result(spec)
    assert narrow.own_distance[:, -1].mean() > wide.own_distance[0, -1]
    one = result(spec.one_seed(1))
    np.testing.assert_allclose(one.loss[0], narrow.loss[1])


def test_hard_gates_do_not_move():
    run = result(EarlyTraining(net="pwl", d_in=4, rate=0.5, **SMALL))
    assert not run.flips.any()
    assert run.spec.early_step == 16 and 16 in run.steps[0]
    trained = result(EarlyTraining(net="pwl", beta=4, d_in=4, rate=0.5, **SMALL))
    assert trained.flips[:, -1].all()


def test_parts_are_the_targets_when_all_is_learned():
    run = result(
        EarlyTraining(net="relu", d_in=2, points=300, test=300, width=128, steps=1000, seeds=1)
    )
    assert run.parts[0, -1] == pytest.approx([0.6, 0.6, 0.5], abs=0.1)
    assert abs(run.parts[0, 0]).max() < 1e-12


def test_kernels_find_the_rival_wrong():
    run = result(EarlyKernels(dims=(8, 32), points=50, seeds=2))
    for net in ("relu", "pwl", "pwc"):
        assert (run.arrays[f"error_{net}"] < run.arrays[f"rival_{net}"]).all()
        assert (np.diff(run.arrays[f"error_{net}"]) < 0).all()
    assert rival("pwl", linear_model("pwl", 8)).norm == linear_model("relu", 8).norm


def test_the_recipe_is_measured_at_its_epochs():
    training = recipe("dlgn", epochs=3, seeds=2)
    run = result(EarlyPaths(training=training, at=(0, 1, 3)))
    assert run.loss.shape == run.share.shape == run.paths_top.shape == (3, 2)
    assert 0 < run.linear_share < 0.2 and (run.share <= 1).all()


def test_refusals():
    with pytest.raises(ValueError, match="beta must be 0"):
        EarlyTraining(net="relu", beta=4)
    with pytest.raises(ValueError, match="d_in must be 2 for circle"):
        EarlyTraining(net="pwl", data="circle")
    with pytest.raises(ValueError, match="kind must be one of"):
        draw_problem("cube", 0, d_in=2, points=10, test=10)
