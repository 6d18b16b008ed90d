"""Networks whose layers are joined by weighted edges, and the kernel that sums over their paths."""

import itertools
import math

import pytest
import torch
from halfspace.connectivity import ConnectedDLGN, passed_layers
from halfspace.gates import HardGate, SoftGate
from halfspace.nets import DLGN
from halfspace.overlap import overlap_kernel

POINTS, DEPTH, WIDTH = 4, 3, 3
GENERATOR = torch.Generator().manual_seed(0)
GATES = (torch.rand(POINTS, DEPTH, WIDTH, generator=GENERATOR) < 0.6).double()
EDGES = torch.randn(DEPTH, DEPTH, generator=GENERATOR).double()
OUTPUTS = torch.randn(DEPTH + 1, generator=GENERATOR).double()


def random_net(seed=0, **options):
    generator = torch.Generator().manual_seed(seed)
    options = dict(width=WIDTH, depth=DEPTH, gate=HardGate()) | options
    net = ConnectedDLGN(2, generator=generator, **options).double()
    with torch.no_grad():
        net.edges.copy_(EDGES[: net.depth, : net.depth])
        net.outputs.copy_(OUTPUTS[: net.depth + 1])
    return net, torch.randn(POINTS, 2, generator=generator).double()


def routes(depth):
    """All ways through the layers: increasing sequences of gated layers, counted from 1."""
    for length in range(depth + 1):
        yield from itertools.combinations(range(1, depth + 1), length)


def test_the_output_is_the_sum_over_all_paths():
    net, x = random_net()
    gates, total = net.gates(x), torch.zeros(POINTS, dtype=torch.float64)
    first, *inner, last = (layer.weight for layer in net.value)
    for route in routes(DEPTH):
        for units in itertools.product(range(WIDTH), repeat=1 + len(route)):
            path, at = (x @ first.T)[:, units[0]], 0
            for layer, (below, unit) in zip(route, itertools.pairwise(units), strict=True):
                weight = inner[layer - 1][unit, below] * net.edges[layer - 1, at]
                path, at = path * weight * gates[:, layer - 1, unit], layer
            total += path * last[0, units[-1]] * net.outputs[at]
    torch.testing.assert_close(net(x)[:, 0], total, rtol=0, atol=1e-12)


def test_the_kernel_is_the_sum_over_all_routes():
    expected = torch.zeros(DEPTH + 1, POINTS, POINTS, dtype=torch.float64)
    for route in routes(DEPTH):
        term, at = torch.ones(POINTS, POINTS, dtype=torch.float64), 0
        for layer in route:
            g = GATES[:, layer - 1]
            term, at = term * EDGES[layer - 1, at] ** 2 * (g @ g.T), layer
        expected[len(route)] += term * OUTPUTS[at] ** 2
    found = passed_layers(GATES, EDGES, OUTPUTS)
    torch.testing.assert_close(found, expected, rtol=1e-13, atol=0)


def test_open_edges_count_the_shared_paths_exactly():
    ones = torch.ones(DEPTH, DEPTH), torch.ones(DEPTH + 1)
    shared = torch.einsum("nhm,phm->hnp", GATES, GATES)
    assert torch.equal(passed_layers(GATES, *ones).sum(0), (1 + shared).prod(0))


def test_the_chain_is_the_overlap_kernel():
    edges = torch.eye(DEPTH)
    outputs = torch.tensor([0.0] * DEPTH + [1.0])
    found = passed_layers(GATES, edges, outputs)
    assert torch.equal(found[:-1], torch.zeros_like(found[:-1]))
    assert torch.equal(found[-1], overlap_kernel(GATES).double())


def test_variances_weigh_the_layers_passed():
    variances = torch.tensor([0.5, 2.0, 3.0])
    weighed = passed_layers(GATES, EDGES, OUTPUTS, variances)
    # The same as larger edges into each layer.
    edges = EDGES * variances.sqrt()[:, None].double()
    torch.testing.assert_close(weighed, passed_layers(GATES, edges, OUTPUTS))


def test_copies_are_weighed_one_by_one():
    many = torch.stack([GATES, GATES.flip(0)])
    edges = torch.stack([EDGES, 2 * EDGES])
    outputs = torch.stack([OUTPUTS, -OUTPUTS])
    found = passed_layers(many, edges, outputs)
    for copy in range(2):
        alone = passed_layers(many[copy], edges[copy], outputs[copy])
        torch.testing.assert_close(found[copy], alone)


def test_the_gates_are_those_of_a_chain():
    net, x = random_net(gate=SoftGate(4.0))
    plain = DLGN(2, width=WIDTH, depth=DEPTH, gate=SoftGate(4.0)).double()
    plain.gating.load_state_dict(net.gating.state_dict())
    torch.testing.assert_close(net.gates(x), plain.gates(x))


def test_copies_compute_as_they_would_alone():
    nets, inputs = zip(*(random_net(seed) for seed in range(3)), strict=True)
    x = inputs[0]
    joined = random_net()[0]
    for name, parameter in joined.named_parameters():
        parameter.data = torch.stack([net.state_dict()[name] for net in nets])
    torch.testing.assert_close(joined(x), torch.stack([net(x) for net in nets]))


def test_edges_stay_where_they_are_not_learned():
    net, x = random_net(learn_edges=False, gate=SoftGate(4.0))
    net(x).sum().backward()
    assert net.edges.grad is None and net.outputs.grad is None
    assert net.gating[0].weight.grad.abs().sum() > 0


def test_the_initial_weights_have_the_variances_of_their_layer():
    net = ConnectedDLGN(
        64, width=64, depth=2, gate=HardGate(), generator=torch.Generator().manual_seed(0)
    )
    for layers in (net.gating, net.value[:-1]):
        spread = [layer.weight.std().item() for layer in layers]
        expected = [1.0] + [1 / 8] * (len(layers) - 1)
        assert spread == pytest.approx(expected, rel=0.05)
    assert net.edges.tolist() == [[0.5, 0.0], [0.5, 0.5]] and net.outputs.tolist() == [0.5] * 3


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ConnectedDLGN(0, width=2, depth=1, gate=HardGate()), "d_in must be"),
        (lambda: ConnectedDLGN(2, width=2, depth=0, gate=HardGate()), "depth must be"),
        (
            lambda: ConnectedDLGN(2, width=2, depth=1, gate=HardGate(), edge=math.nan),
            "edge must be finite",
        ),
        (lambda: random_net()[0](torch.zeros(2, 3)), "x must have shape"),
        (lambda: random_net()[0](torch.full((2, 2), math.inf).double()), "x must be finite"),
        (lambda: random_net()[0](torch.zeros(2, 2).double(), gates=GATES), "gates must have"),
        (lambda: passed_layers(GATES / 2, EDGES, OUTPUTS), "gates must be hard"),
        (lambda: passed_layers(GATES, EDGES[:2], OUTPUTS), "edges must have shape"),
        (lambda: passed_layers(GATES, EDGES, OUTPUTS[1:]), "outputs must have shape"),
        (lambda: passed_layers(GATES, EDGES, OUTPUTS, OUTPUTS), "variances must have shape"),
    ],
)
def test_what_does_not_fit_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
