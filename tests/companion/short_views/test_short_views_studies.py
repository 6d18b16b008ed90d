"""The experiments on directions, the hinge loss and edges: small runs against plain definitions."""

import math

import numpy as np
import pytest
import torch
from halfspace.companion.short_views import data, directions, hinge, measures, specs
from halfspace.connectivity import ConnectedDLGN, passed_layers
from halfspace.gates import HardGate, SoftGate
from halfspace.nets import DLGN, ReLUNet
from halfspace.overlap import active_path_counts

CPU = torch.device("cpu")


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


# Data


def test_directions_are_an_orthonormal_basis():
    sides = range(data.SIDE)
    basis = torch.stack([data.cosine_image(i, j).flatten() for i in sides for j in sides])
    torch.testing.assert_close(basis @ basis.T, torch.eye(64, dtype=torch.float64))
    assert data.cosine_image(0, 0).unique().numel() == 1
    stripes = data.cosine_image(0, 7)
    assert (stripes.sign().diff(dim=1).abs() == 2).all()  # the sign changes at every column


def test_images_carry_the_label_along_their_directions_alone():
    pair = [(0, 1), (5, 5)]
    x, y = data.feature_images(4000, pair, [1.0, 3.0], generator(), informative=(True, False))
    slow, fast = (data.cosine_image(*d).float().flatten() for d in pair)
    flat = x.flatten(1)
    torch.testing.assert_close(flat @ slow, y[:, 0], atol=1e-5, rtol=0)
    along = flat @ fast
    torch.testing.assert_close(along.abs(), torch.full((4000,), 3.0), atol=1e-4, rtol=0)
    assert abs((along * y[:, 0]).mean()) < 0.2 < abs((along.sign() * along).mean())
    other = flat @ data.cosine_image(2, 2).float().flatten()
    assert other.std().item() == pytest.approx(1, abs=0.05) and abs(other.mean()) < 0.05


def test_all_directions_carry_the_label_unless_told():
    x, y = data.feature_images(50, [(0, 1), (5, 5)], [1.0, 3.0], generator())
    fast = data.cosine_image(5, 5).float().flatten()
    torch.testing.assert_close(x.flatten(1) @ fast, 3 * y[:, 0], atol=1e-4, rtol=0)


def test_points_lie_on_the_sphere_and_the_first_coordinate_labels_them():
    x, y = data.label_on_sphere(20_000, 5, generator())
    torch.testing.assert_close(x.norm(dim=1), torch.full((20_000,), math.sqrt(5)))
    assert torch.equal(y, torch.where(x[:, 0] >= 0, 1.0, -1.0))
    assert x[:, 0].abs().mean().item() == pytest.approx(measures.first_mean(5), abs=0.01)


# Directions


@pytest.mark.parametrize("layers", ["conv", "dense"])
@pytest.mark.parametrize("model", ["relu", "dlgn"])
def test_one_direction_is_run_for_each_direction(model, layers):
    spec = directions.OneDirection(model=model, layers=layers, points=120, steps=3, test=50)
    found = spec.replace(seeds=2)._run(CPU)
    assert found["accuracy"].shape == (2, len(directions.DIRECTIONS))
    alone = spec.replace(seeds=1, first_seed=1)._run(CPU)
    np.testing.assert_array_equal(found["accuracy"][1:], alone["accuracy"])
    assert not np.array_equal(found["accuracy"][0], found["accuracy"][1])


def test_a_net_learns_a_direction_that_is_strong():
    spec = directions.OneDirection(layers="dense", scale=4, points=400, steps=100, seeds=1)
    assert spec._run(CPU)["accuracy"].min() > 0.95


def test_two_directions_are_tested_one_by_one():
    spec = directions.TwoDirections(layers="dense", points=400, steps=150, seeds=1)
    accuracy = spec._run(CPU)["accuracy"]
    assert accuracy.shape == (1, 3, 2)
    (equal, fast, slow) = accuracy[0]
    assert fast[1] > 0.95 > fast[0] and slow[0] > 0.95 > slow[1]
    assert (equal > 0.55).all()


# Hinge loss


def test_the_step_is_the_gradient_of_the_loss():
    for kind in hinge.HINGE_NETS:
        x, y = data.label_on_sphere(40, 6, generator(1))
        units = hinge.Units.drawn(kind, 4, 6, generator())
        units.outer = units.outer + 0.5  # so that some points are satisfied
        start = [units.gating.clone(), units.value.clone(), units.outer.clone()]
        w, u, a = (part.clone().requires_grad_() for part in start)
        alpha, eta = 30.0, x @ w.T
        if kind == "relu":
            f = eta.relu() @ a / 4
        else:
            f = (torch.sigmoid(4 * eta) * (x @ u.T)) @ a / 4
        loss = (1 - alpha * y * f).relu().mean() / alpha
        loss.backward()
        share = units.step(x, y, alpha, 0.1)
        assert 0 < share < 1 and share == pytest.approx((alpha * y * f >= 1).float().mean().item())
        torch.testing.assert_close(units.gating, start[0] - 0.1 * 4 * w.grad)
        torch.testing.assert_close(units.outer, start[2] - 0.1 * 4 * a.grad)
        if kind == "dlgn":
            torch.testing.assert_close(units.value, start[1] - 0.1 * 4 * u.grad)


def test_units_are_drawn_in_pairs_that_cancel():
    x, _ = data.label_on_sphere(30, 6, generator(1))
    for kind in hinge.HINGE_NETS:
        units = hinge.Units.drawn(kind, 10, 6, generator())
        torch.testing.assert_close(units.output(x), torch.zeros(30), atol=1e-6, rtol=0)
        assert units.is_relu == (kind == "relu")


def test_free_growth_is_the_euler_path_of_its_equation():
    v, a = torch.tensor([1.0, -2.0]).double(), torch.tensor([0.5, 3.0]).double()
    along, outer = v.clone(), a.clone()
    for _ in range(50):
        along, outer = along + 0.02 * outer, outer + 0.02 * along
    for found, expected in zip(measures.free_growth(v, a, 0.02, 50), (along, outer), strict=True):
        torch.testing.assert_close(found, expected)
    fine, _ = measures.free_growth(v, a, 1e-5, 100_000)
    torch.testing.assert_close(fine, v * math.cosh(1) + a * math.sinh(1), rtol=1e-4, atol=0)


def test_the_closed_form_fits_better_with_more_points_and_gates_stand_still():
    found = hinge.HingeStart(counts=(500, 8000), d_in=20, units=40, seeds=3)._run(CPU)
    assert (found["satisfied"] == 0).all()
    for name in ("relu_error", "dlgn_error", "dlgn_turned"):
        assert (found[name][:, 0] > 2 * found[name][:, 1]).all(), name
    ratio = found["relu_turned"][:, 0] / found["relu_turned"][:, 1]
    np.testing.assert_allclose(ratio, 1, atol=0.2)


def test_the_ends_tell_rich_from_lazy():
    spec = hinge.HingeEnds(alphas=(0.1, 100.0), d_in=20, units=40, points=1000, seeds=2)
    found = spec._run(CPU)
    assert found["flips"].shape == (2, 2, 2)
    assert (found["flips"][:, 0] > 3 * found["flips"][:, 1]).all()
    np.testing.assert_array_equal(found["gates"][..., 0], found["values"][..., 0])
    assert (found["values"][:, 0] > 0.5).all() and (found["gates"][:, 0, 1] < 0.4).all()
    assert (found["accuracy"] > 0.8).all()


# Edges


def test_the_mean_over_signs_is_the_sum_over_paths():
    found = specs.SignedEdges(width=2, depth=1, seeds=5)._run(CPU)
    assert (found["gap"] < 1e-12).all() and (found["product"] == 0).all()
    for rival in ("unsquared", "chain"):
        assert np.median(found[rival]) > 1e-3, rival


def test_the_plain_output_is_that_of_the_network():
    net = ConnectedDLGN(2, width=3, depth=2, gate=HardGate(), generator=generator()).double()
    x = torch.randn(4, 2, generator=generator()).double()
    weights = [layer.weight.unsqueeze(0) for layer in net.value]
    found = measures.connected_output(weights, x, net.gates(x), net.edges, net.outputs)
    torch.testing.assert_close(found[0], net(x)[:, 0])


def test_edges_are_learned_or_stay():
    spec = specs.EdgeDepth(points=16, width=6, depth=3, steps=30, seeds=2, learning_rate=0.01)
    learned, fixed = (spec.replace(edges=kind)._run(CPU) for kind in ("learned", "fixed"))
    np.testing.assert_array_equal(learned["depth"][0], fixed["depth"][0])
    assert (fixed["edge_sizes"] == 0.5 * np.tri(3)).all() and (fixed["output_sizes"] == 0.5).all()
    assert np.abs(learned["edge_sizes"] - 0.5 * np.tri(3)).max() > 0.05
    assert (learned["loss"][1] < learned["loss"][0]).all()
    alone = spec.replace(seeds=1, first_seed=1)._run(CPU)
    np.testing.assert_allclose(alone["depth"][:, 0], learned["depth"][:, 1], rtol=1e-4)


def test_effective_depth_weighs_paths_by_the_layers_they_pass():
    spec = specs.EdgeDepth(points=16, width=6, depth=3, seeds=2)
    net, x = spec.nets(), torch.randn(5, 2, generator=generator())
    shares = specs.path_shares(net, x)
    for copy in range(2):
        single = ConnectedDLGN(2, width=6, depth=3, gate=SoftGate(4.0))
        for name, parameter in single.named_parameters():
            parameter.data = net.state_dict()[name][copy]
        variances = torch.stack([layer.weight.square().mean() for layer in single.value[1:-1]])
        gates = single.gates(x, HardGate())
        passed = passed_layers(gates, single.edges, single.outputs, variances)
        own = torch.stack([passed[:, n, n] for n in range(5)])
        expected = (own / own.sum(1, keepdim=True)).mean(0)
        torch.testing.assert_close(shares[copy], expected)
    torch.testing.assert_close(shares.sum(1), torch.ones(2, dtype=torch.float64))


# Constraints


@pytest.mark.parametrize("kind", ["relu", "dlgn"])
def test_constraints_hold_and_their_inverse_sums_over_active_paths(kind):
    sizes = dict(width=3, depth=3, generator=generator())
    net = ReLUNet(2, **sizes) if kind == "relu" else DLGN(2, gate=HardGate(), **sizes)
    net = net.double()
    x = torch.randn(2, generator=generator(1)).double()
    gates = net.gates(x[None])[0]
    a = measures.constraints(net, x, gates)
    assert a.shape == (2 + 9 + 1, 2 + 9 + 1) and (a.triu() == 0).all()
    inverse = torch.linalg.inv(torch.eye(12).double() - a)
    source = torch.cat([x, torch.zeros(10).double()])
    torch.testing.assert_close((inverse @ source)[-1], net(x[None])[0, 0])
    listed = sum(torch.linalg.matrix_power(a, k) for k in range(5))
    torch.testing.assert_close(inverse, listed)
    ones = (measures.constraints(net, x, gates) != 0).double()
    counts = torch.linalg.inv(torch.eye(12).double() - ones)[-1, :2]
    assert counts.tolist() == [active_path_counts(gates[None]).item()] * 2


def test_the_multipliers_are_the_derivatives_of_the_output():
    net = ReLUNet(2, width=3, depth=2, generator=generator()).double()
    x = torch.randn(2, generator=generator(1)).double()
    gates = net.gates(x[None])[0]
    a = measures.constraints(net, x, gates)
    row = torch.linalg.inv(torch.eye(len(a)).double() - a)[-1]
    z0 = x.clone().requires_grad_()
    z1 = gates[0] * (net.value[0].weight @ z0)
    z2 = gates[1] * (net.value[1].weight @ z1)
    for z in (z1, z2):
        z.retain_grad()
    (net.value[2].weight @ z2).backward()
    torch.testing.assert_close(row[:-1], torch.cat([z0.grad, z1.grad, z2.grad]))
