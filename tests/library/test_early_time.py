"""Linear models of the early time against kernels of wide nets and against descent in steps."""

import math

import pytest
import torch
from halfspace.early_time import (
    NETS,
    LinearModel,
    kernel_descent,
    linear_model,
    mean_gate_slope,
    mean_tangent_kernel,
    symmetric_net,
    tangent_factors,
)
from halfspace.gates import HardGate, SoftGate
from halfspace.ntk import empirical_ntk
from halfspace.training import fit

SOFT = SoftGate(4.0)


def points(count, d_in, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(count, d_in, generator=generator, dtype=torch.float64)


def weighted_ntk(net, x):
    """The NTK of w, u and v: each layer's share times its factor."""
    factors, total = tangent_factors(net), 0
    for chosen, factor in factors.items():
        for name in factors:
            net.get_submodule(name).requires_grad_(name == chosen)
        total = total + factor * empirical_ntk(net, x).detach()
    for name in factors:
        net.get_submodule(name).requires_grad_(True)
    return total


@pytest.mark.parametrize("kind", NETS)
def test_the_mean_kernel_is_that_of_a_wide_net(kind):
    x = points(6, 3)
    net = symmetric_net(kind, 3, 40_000, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(
        weighted_ntk(net, x), mean_tangent_kernel(kind, x), rtol=0.05, atol=0.05
    )


@pytest.mark.parametrize("kind", NETS)
def test_the_linear_model_is_nearer_than_without_one_of_its_parts(kind):
    x = points(300, 128)
    exact, model = mean_tangent_kernel(kind, x), linear_model(kind, 128)

    def error(model):
        wrong = exact - model.kernel(x)
        return (wrong - wrong.diag().diag()).square().mean().sqrt()

    parts = vars(model)
    for name, factor in parts.items():
        if factor > 1e-2:
            assert error(LinearModel(**parts | {name: 0.0})) > 3 * error(model)


@pytest.mark.parametrize("kind", ("pwl", "pwc"))
def test_trained_gates_add_their_share(kind):
    x = points(200, 64)
    net = symmetric_net(
        kind, 64, 20_000, gate=SOFT, trained=True, generator=torch.Generator().manual_seed(0)
    )
    exact = weighted_ntk(net, x)
    off = ~torch.eye(200, dtype=torch.bool)
    errors = {
        trained: (exact - linear_model(kind, 64, gate=SOFT, trained=trained).kernel(x))[off]
        for trained in (False, True)
    }
    assert errors[True].norm() < errors[False].norm()
    means = {trained: wrong.mean().abs() for trained, wrong in errors.items()}
    if kind == "pwl":  # the share is a constant there
        assert means[True] < means[False] / 3


def test_the_slope_of_a_soft_gate_tends_to_that_of_a_hard_one():
    assert math.isclose(mean_gate_slope(SoftGate(20.0)), mean_gate_slope(HardGate()), rel_tol=0.01)
    z = points(1, 10**6)[0]
    assert math.isclose(mean_gate_slope(SOFT), (z * SOFT(z)).mean().item(), rel_tol=0.01)


def test_descent_is_descent_in_steps():
    x, y = points(20, 4), points(1, 20, seed=1)[0]
    others = [points(5, 4, seed=2), x]
    model = linear_model("relu", 4)
    steps = [0, 1, 7]
    found = model.descend(x, y, others, rate=0.5, steps=steps)
    kernels = [model.kernel(other, x) for other in others]
    by_kernel = kernel_descent(model.kernel(x), y, kernels, rate=0.5, steps=steps)
    outputs, rows = [torch.zeros(5).double(), torch.zeros(20).double()], []
    for step in range(8):
        if step in steps:
            rows.append(outputs)
        residual = y - outputs[1]
        outputs = [
            now + 0.5 / 20 * kernel @ residual for now, kernel in zip(outputs, kernels, strict=True)
        ]
    for part, rule, kernel_rule in zip(zip(*rows, strict=True), found, by_kernel, strict=True):
        torch.testing.assert_close(rule, torch.stack(part))
        torch.testing.assert_close(kernel_rule, torch.stack(part))


@pytest.mark.parametrize("kind", NETS)
def test_wide_nets_start_as_kernel_descent(kind):
    x, y = points(30, 8), points(1, 30, seed=1)[0]
    net = symmetric_net(kind, 8, 2000, generator=torch.Generator().manual_seed(0))
    kernel = weighted_ntk(net, x)
    rate = 0.2 * 30 / torch.linalg.eigvalsh(kernel)[-1].item()
    (expected,) = kernel_descent(kernel, y, [kernel], rate=rate, steps=[10])
    for parameter in net.parameters():
        parameter.data = parameter.data[None]
    options = dict(seeds=[0], epochs=10, optimizer="sgd", factors=tangent_factors(net))
    fit(net, x, y[:, None], learning_rate=rate / 2, **options)
    with torch.no_grad():
        output = net(x)[0, :, 0]
    assert (output - expected[0]).norm() < 0.05 * expected.norm()


def test_a_symmetric_net_is_zero_with_soft_trained_gates():
    net = symmetric_net("pwc", 5, 16, gate=SOFT, trained=True)
    assert net(points(7, 5)).abs().max() < 1e-15
    assert tangent_factors(net) == {"value.0": 1 / 5, "value.1": 1 / 16, "gating.0": 1 / 5}
    assert "gating.0" not in tangent_factors(symmetric_net("pwc", 5, 16))


def test_refusals():
    x, y = points(4, 2), points(1, 4)[0]
    with pytest.raises(ValueError, match="hard gates have no gradient"):
        linear_model("pwl", 3, trained=True)
    with pytest.raises(ValueError, match="kind must be one of"):
        linear_model("dgn", 3)
    with pytest.raises(ValueError, match="kind must be one of"):
        mean_tangent_kernel("dgn", x)
    with pytest.raises(ValueError, match="spread must be a positive number"):
        linear_model("pwl", 3, spread=0)
    with pytest.raises(ValueError, match="width must be even"):
        symmetric_net("pwl", 3, 5)
    with pytest.raises(ValueError, match="must not hold the point 0"):
        mean_tangent_kernel("relu", torch.zeros(2, 2))
    with pytest.raises(ValueError, match="factors must be finite"):
        LinearModel(constant=-1.0, slope=0.0, norm=0.0)
    model = linear_model("relu", 2)
    with pytest.raises(ValueError, match="at most 2 over the largest eigenvalue"):
        model.descend(x, y, [x], rate=1e3, steps=[1])
    with pytest.raises(ValueError, match="rate must be a positive"):
        model.descend(x, y, [x], rate=0, steps=[1])
    with pytest.raises(ValueError, match="y must have shape"):
        kernel_descent(model.kernel(x), y[:3], [], rate=1, steps=[1])
