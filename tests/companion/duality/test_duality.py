"""The dual view: exact means, bundles of paths, data, regressions, and what small runs give."""

import itertools
import math

import numpy as np
import pytest
import torch
from halfspace.companion.cifar.synthetic import synthetic_images
from halfspace.companion.duality import data, ladder, measures, specs
from halfspace.companion.duality.conditions import STUDIES
from halfspace.gates import HardGate
from halfspace.nets import DGN
from halfspace.ntk import empirical_ntk
from halfspace.path_kernels import conv_path_kernel, tangent_factor
from torch.func import jacrev


def seeds(spec):
    return spec.replace(seeds=2).run(torch.device("cpu"))[0]


def test_the_mean_over_signs_is_that_of_autograd(generator):
    x = torch.randn(3, 2, generator=generator).double()
    gates = (torch.rand(3, 1, 2, generator=generator) < 0.75).double()
    shapes, variances = [(2, 2), (1, 2)], [0.3, 0.7]
    means = measures.means_over_signs(
        lambda weights: measures.dense_output(weights, x, gates), shapes, variances
    )
    covariance, tangent = torch.zeros(3, 3).double(), torch.zeros(3, 3).double()
    for signs in itertools.product((-1.0, 1.0), repeat=6):
        flat = torch.tensor(signs).double()
        weights = [0.3**0.5 * flat[:4].view(2, 2), 0.7**0.5 * flat[4:].view(1, 2)]
        y = measures.dense_output(weights, x, gates)
        slopes = jacrev(lambda *w: measures.dense_output(w, x, gates), (0, 1))(*weights)
        covariance += torch.outer(y, y) / 2**6
        tangent += sum(s.flatten(1) @ s.flatten(1).T for s in slopes) / 2**6
    torch.testing.assert_close(means, (covariance, tangent))


def test_two_convolutions_of_two_filters_have_the_mean_of_their_kernel(generator):
    x = torch.randn(2, 1, 1, 4, generator=generator).double()
    gates = [(torch.rand(2, 2, 1, 4, generator=generator) < 0.75).double() for _ in range(2)]
    shapes, variances = [(2, 1, 3), (2, 2, 3), (1, 2)], [0.3, 0.7, 0.2]
    _, tangent = measures.means_over_signs(
        lambda weights: measures.conv_output(weights, x, gates, "ring", True), shapes, variances
    )
    kernel = conv_path_kernel(x, [*gates, torch.ones(2, 1)], border="circular") / 9
    torch.testing.assert_close(tangent, tangent_factor(variances) * kernel)


def test_tangent_kernels_are_the_package_s(generator):
    net = DGN(3, width=4, depth=2, gate=HardGate(), frozen_gating=True).double()
    x = torch.randn(5, 3, generator=generator).double()
    weights = [layer.weight.detach()[None] for layer in net.value]
    made = measures.tangent_kernels(
        lambda one: measures.dense_output(one, x, net.gates(x)), weights
    )
    torch.testing.assert_close(made[0], empirical_ntk(net, x))


@pytest.mark.parametrize(
    "spec",
    [
        specs.SignedDense(depth=2),
        specs.SignedConv(channels=2),
        specs.SignedConv(pooled=False, units=2),
        specs.SignedConv(size=(3, 3)),
        specs.SignedResidual(),
        specs.SignedResidual(after=True),
    ],
    ids=lambda spec: f"{type(spec).__name__}-{spec.key()[:4]}",
)
def test_formulas_meet_exact_means_and_rivals_do_not(spec):
    arrays = seeds(spec)
    exact = {"gap", "covariance", "ensemble"}
    for name in arrays.keys() - {"initial"}:
        assert (arrays[name] < 1e-12).all() == (name in exact), name


def test_the_recursion_meets_the_list_of_paths():
    arrays = seeds(specs.Bundles(size=(2, 3)))
    assert max(arrays[name].max() for name in arrays.keys() - {"initial"}) < 1e-12


def test_only_circular_pooled_kernels_ignore_shifts():
    arrays = seeds(specs.Shifts(filters=4))
    for name in arrays.keys() - {"initial"}:
        invariant = name in ("dlgn", "dgn", "dense_order")
        assert (arrays[name] < 1e-12).all() == invariant, name


def test_a_shifted_image_is_classified_like_the_image():
    arrays = seeds(specs.ShiftedRegression(count=30, filters=4))
    assert np.array_equal(arrays["pooled"][:, 0], arrays["pooled"][:, 1])
    assert (arrays["dense"][:, 0] > arrays["dense"][:, 1]).any()


def test_opposite_inputs_share_no_block_of_a_dlgn():
    arrays = seeds(specs.BlocksUsed(blocks=4, width=64, d_in=10))
    assert (arrays["dlgn"][:, -1] == 0).all() and (arrays["dgn"][:, -1] > 0).all()
    assert (np.diff(arrays["dlgn"]) < 0).all()


def test_wide_nets_follow_their_kernel():
    arrays = seeds(specs.KernelDescent(widths=(8, 128), points=16, steps=50))
    assert (arrays["npk"][:, 1] < arrays["npk"][:, 0]).all()
    assert (arrays["npk"] < arrays["inner"]).all()


def test_the_spread_falls_and_the_mean_stays():
    arrays = seeds(specs.ConvSpread(filters=(2, 32), draws=50))
    assert arrays["errors"].shape == (2, 2)
    assert (arrays["errors"][:, 1] < arrays["errors"][:, 0]).all()
    assert (abs(arrays["ratios"][:, 1] - 1) < 0.2).all()


def test_kernel_descent_is_gradient_descent_on_the_kernel(generator):
    features = torch.randn(7, 9, generator=generator).double()
    across, y = torch.randn(4, 9, generator=generator).double(), torch.arange(7).double()
    weights = torch.zeros(9).double()
    for _ in range(20):
        weights -= 0.3 * features.T @ (features @ weights - y) / 7
    made = measures.kernel_descent(features @ features.T, across @ features.T, y, 0.3, 20)
    torch.testing.assert_close(made, across @ weights)


def test_ridge_regression_takes_the_ridge_that_leaving_one_out_prefers(generator):
    points = torch.randn(40, 3, generator=generator).double()
    labels = (points[:, 0] > 0).long()
    kernel = points @ points.T
    (found,) = measures.ridge_regression(kernel, labels, 2, kernel)
    assert (found == labels).double().mean() > 0.9


def test_a_tree_is_balanced_and_siblings_differ():
    problem = data.tree(0, 4000, test=100)
    assert problem.x.norm(dim=1).allclose(torch.tensor(math.sqrt(20)))
    assert abs(problem.y.double().mean() - 0.5) < 0.05
    slopes = torch.linalg.lstsq(problem.x, problem.y * 2.0 - 1).solution
    right = ((problem.x @ slopes > 0) == (problem.y > 0)).double().mean()
    assert 0.55 < right < 0.7  # a linear model sees the last level only


def test_clothes_have_no_mean_and_one_scale():
    problem = data.clothes(0, 500)
    assert problem.x.mean(0).abs().max() < 1e-5 and abs(problem.x.std() - 1) < 1e-3
    small, labels = data.small_clothes(0, 20)
    assert small.shape == (20, 1, 7, 7) and labels.shape == (20,)
    assert abs(small.mean()) < 1e-12


def test_the_circle_s_halves_have_different_targets():
    points, y = data.halves_of_the_circle(torch.tensor([22.5, 202.5]))
    assert points[0, 1] > 0 > points[1, 1]
    np.testing.assert_allclose(y, [math.sin(math.pi / 4), math.sin(math.pi / 2)], atol=1e-12)


@pytest.mark.parametrize("name", ["clothes", "tree"])
def test_a_ladder_has_all_nets_and_kernels(name):
    spec = ladder.Ladder(data=name, points=300, epochs=2, regression=50, seeds=1)
    arrays, _ = spec.run(torch.device("cpu"))
    assert arrays["accuracies"].shape == (1, len(ladder.NETS))
    assert arrays["kernels"].shape == (1, len(ladder.KERNELS))
    assert (arrays["accuracies"] > 0).all() and (arrays["kernels"] > 0).all()
    assert spec.verifiable and bool(spec.data_checksums()) == (name == "clothes")


def test_gates_of_another_point_tell_a_constant_input_nothing():
    spec = ladder.Ladder(points=2000, epochs=3, regression=50, seeds=1)
    arrays, _ = spec.run(torch.device("cpu"))
    found = dict(zip(ladder.NETS, arrays["accuracies"][0], strict=True))
    assert found["other gates, constant"] < 0.2 < found["learnt gates, constant"]
    assert found["other gates"] < found["learnt gates"]


@pytest.mark.parametrize("kind", ["clothes", "photographs"])
def test_a_reversed_net_has_the_gates_of_the_opposite_layer(kind, monkeypatch):
    if kind == "clothes":
        drawn, nets, listened = data.clothes(0, 50), ladder._Ladder, ladder.DLGN
    else:
        drawn = data.small_photographs(synthetic_images(), 0, 50, 20)
        nets = ladder._ConvLadder
        listened = ladder.ConvDLGN
    seen = []

    class Listening(listened):
        def forward(self, x, gates=None):
            seen.append((self.gates(x), gates))
            return super().forward(x, gates)

    monkeypatch.setattr(nets, "kinds", nets.kinds | {"dlgn": Listening})
    made = nets(drawn, kind, 1, torch.Generator().manual_seed(0), 1)
    made.train(made.new("dlgn", gate=HardGate()), turned=True)
    own, used = seen[0]
    if kind == "clothes":
        assert torch.equal(own.flip(-2), used) and not torch.equal(own, used)
    else:
        order = [3, 2, 1, 0, 4]  # the dense layer keeps its gates
        assert all(torch.equal(own[place], part) for place, part in zip(order, used, strict=True))
        assert not torch.equal(own[0], used[0])


def test_small_photographs_are_means_of_pixels_in_units_of_their_channel():
    images = synthetic_images()
    drawn = data.small_photographs(images, 0, 40, 30)
    assert drawn.x.shape == (40, 3, 16, 16) and drawn.test_x.shape == (30, 3, 16, 16)
    assert drawn.x.mean((0, 2, 3)).abs().max() < 1e-5
    assert (drawn.x.std((0, 2, 3)) - 1).abs().max() < 1e-5
    blocks = images.train_images.float().unflatten(-1, (16, 2)).unflatten(-3, (16, 2))
    means = blocks.mean((3, 5)).flatten(2)
    line = drawn.x[0, 0].flatten()
    same = [np.corrcoef(line, image[0])[0, 1] > 0.9999 for image in means]
    assert sum(same) == 1 and images.train_labels[same.index(True)] == drawn.y[0]


def test_a_conv_ladder_has_all_nets():
    spec = ladder.ConvLadder(data="synthetic", points=64, test=30, epochs=1, seeds=1)
    arrays, _ = spec.run(torch.device("cpu"))
    assert arrays["accuracies"].shape == (1, len(ladder.CONV_NETS))
    assert (arrays["accuracies"] >= 0).all() and spec.verifiable and spec.data_checksums()
    cifar = ladder.ConvLadder()
    assert not cifar.verifiable and cifar.data_checksums() != spec.data_checksums()


def test_every_long_study_has_a_short_one_to_verify():
    for conditions in STUDIES.values():
        specs_made = list(conditions().values())
        for spec in specs_made:
            same = [other for other in specs_made if type(other) is type(spec)]
            assert any(other.verifiable for other in same)
            assert spec.first_seed == 3000
