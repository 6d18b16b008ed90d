"""Empirical NTK: equal to the Jacobian's Gram matrix, for dense layers and any other."""

import copy

import pytest
import torch
from conftest import NET_KINDS
from halfspace.gates import HardGate, SoftGate
from halfspace.nets import DLGN, Linear, ReLUNet, stack
from halfspace.ntk import _products, empirical_ntk, has_closed_form
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.func import functional_call, jacrev, vmap
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

CLOSE = dict(rtol=1e-10, atol=1e-13)


def jacobian_ntk(net, x, other):
    """Return the contraction of PyTorch's tutorial, each pair of outputs, shape (n, n', c, c)."""
    trained = {name: p.detach() for name, p in net.named_parameters() if p.requires_grad}

    def output(parameters, point):
        return functional_call(net, parameters, (point[None],))[0]

    first, second = (vmap(jacrev(output), (None, 0))(trained, points) for points in (x, other))
    return sum(
        torch.einsum("Naf,Mbf->NMab", first[name].flatten(2), second[name].flatten(2))
        for name in trained
    )


def gradients(net, x):
    """Return each output's gradient at each point, one backward pass each, (n, c, parameters)."""
    trained = [p for p in net.parameters() if p.requires_grad]
    rows = []
    for point in x:
        outputs = net(point[None])[0]
        of_point = []
        for output in outputs:
            grads = torch.autograd.grad(
                output, trained, retain_graph=True, allow_unused=True, materialize_grads=True
            )
            of_point.append(torch.cat([grad.flatten() for grad in grads]))
        rows.append(torch.stack(of_point))
    return torch.stack(rows)


def assert_both_forms(net, x, other, expected, own, **options):
    """Check the cross-kernel and the kernel of x with itself against full references."""
    for second, full in ((other, expected), (None, own)):
        found = empirical_ntk(net, x, second, outputs="full", **options)
        torch.testing.assert_close(found, full, **CLOSE)
        trace = full.diagonal(dim1=-2, dim2=-1).sum(-1)
        torch.testing.assert_close(empirical_ntk(net, x, second, **options), trace, **CLOSE)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    kind=st.sampled_from(sorted(NET_KINDS)),
    depth=st.integers(1, 4),
    width=st.integers(1, 6),
    d_out=st.integers(1, 3),
    bias=st.booleans(),
    memory=st.sampled_from([1, 500, 2000, 2**28]),
    seed=st.integers(0, 2**31 - 1),
)
def test_equals_the_jacobian_form(kind, depth, width, d_out, bias, memory, seed):
    generator = torch.Generator().manual_seed(seed)
    net = NET_KINDS[kind](
        3, width=width, depth=depth, d_out=d_out, bias=bias, generator=generator
    ).double()
    x, other = (torch.randn(n, 3, generator=generator, dtype=torch.float64) for n in (5, 4))
    expected, own = jacobian_ntk(net, x, other), jacobian_ntk(net, x, x)
    assert_both_forms(net, x, other, expected, own, memory=memory)


@pytest.mark.parametrize("kind", sorted(kind for kind in NET_KINDS if "dgn" not in kind))
def test_the_closed_form_is_what_hooks_record(kind, generator):
    make = NET_KINDS[kind]
    sizes = dict(width=5, depth=3, d_out=2, bias=True, generator=generator)
    nets = [make(3, **sizes).double() for _ in range(2)]
    nets[0].value[1].weight.requires_grad_(False)
    nets[0].value[2].bias.requires_grad_(False)
    x = torch.randn(7, 3, generator=generator, dtype=torch.float64)
    for net in (nets[0], stack(nets)):
        assert has_closed_form(net) and not has_closed_form(nn.Sequential(net))
        for outputs in ("trace", "full"):
            recorded = empirical_ntk(nn.Sequential(net), x, outputs=outputs)
            torch.testing.assert_close(empirical_ntk(net, x, outputs=outputs), recorded, **CLOSE)


def test_copies_may_differ_in_sharpness(generator):
    options = dict(width=4, depth=2, d_out=2, generator=generator)
    nets = [DLGN(2, gate=SoftGate(beta), **options).double() for beta in (1.0, 5.0)]
    x = torch.randn(6, 2, generator=generator, dtype=torch.float64)
    together = empirical_ntk(stack(nets), x)
    for index, net in enumerate(nets):
        torch.testing.assert_close(together[index], empirical_ntk(net, x), **CLOSE)


def test_a_net_with_hooks_is_run_as_it_is(generator):
    net = ReLUNet(2, width=4, depth=2, generator=generator).double()
    x = torch.randn(5, 2, generator=generator, dtype=torch.float64)
    plain = empirical_ntk(net, x)
    handle = net.register_forward_hook(lambda module, args, out: 3 * out)
    assert not has_closed_form(net)
    torch.testing.assert_close(empirical_ntk(net, x), 9 * plain, **CLOSE)
    handle.remove()


@pytest.mark.parametrize("outputs", ["trace", "full"])
@pytest.mark.parametrize(("n", "others"), [(37, 16), (16, 37), (48, 33)])
def test_tiles_cover_the_kernel(outputs, n, others, generator, monkeypatch):
    monkeypatch.setitem(_products._TILE, "cpu", 16)
    net = ReLUNet(2, width=5, depth=2, d_out=3, bias=True, generator=generator).double()
    x, other = (torch.randn(k, 2, generator=generator, dtype=torch.float64) for k in (n, others))
    for second in (other, None):
        expected = jacobian_ntk(net, x, x if second is None else second)
        if outputs == "trace":
            expected = expected.diagonal(dim1=-2, dim2=-1).sum(-1)
        torch.testing.assert_close(
            empirical_ntk(net, x, second, outputs=outputs), expected, **CLOSE
        )


def test_stacked_nets_have_their_own_kernels(generator):
    nets = [
        ReLUNet(2, width=5, depth=3, d_out=2, bias=True, generator=generator).double()
        for _ in range(3)
    ]
    x = torch.randn(6, 2, generator=generator, dtype=torch.float64)
    other = torch.randn(3, 4, 2, generator=generator, dtype=torch.float64)
    many = stack(nets)
    for outputs, tail in (("trace", ()), ("full", (2, 2))):
        together = empirical_ntk(many, x, outputs=outputs)
        assert together.shape == (3, 6, 6, *tail)
        crossed = empirical_ntk(many, x, other, outputs=outputs)
        assert crossed.shape == (3, 6, 4, *tail)
        for index, net in enumerate(nets):
            alone = empirical_ntk(net, x, outputs=outputs)
            torch.testing.assert_close(together[index], alone, **CLOSE)
            alone = empirical_ntk(net, x, other[index], outputs=outputs)
            torch.testing.assert_close(crossed[index], alone, **CLOSE)


def test_stacked_constant_input_nets_have_their_own_kernels(generator):
    make = NET_KINDS["dlgn-pwc-soft"]
    nets = [make(2, width=4, depth=2, d_out=2, generator=generator).double() for _ in range(2)]
    x = torch.randn(6, 2, generator=generator, dtype=torch.float64)
    together = empirical_ntk(stack(nets), x)
    for index, net in enumerate(nets):
        torch.testing.assert_close(together[index], empirical_ntk(net, x), **CLOSE)


class Twice(nn.Module):
    """A layer called twice, another that does not matter, and an addition in place."""

    def __init__(self, middle, head):
        super().__init__()
        self.first, self.middle, self.head = nn.Linear(3, 4), middle, head
        self.unused = nn.Linear(4, 2)

    def forward(self, x):
        h = self.first(x)
        z = self.middle(self.middle(h).tanh())
        z += h
        return self.head(z)


class Residual(nn.Module):
    """A convolutional block with a skip connection."""

    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(channels)
        self.act = nn.ReLU(inplace=True)

    def forward(self, x):
        return self.act(self.norm(self.conv(x)) + x)


class Scale(nn.Module):
    """A leaf of its own kind that changes its input in place and calls itself."""

    def __init__(self, size):
        super().__init__()
        self.scale, self.shift = nn.Parameter(torch.randn(size)), nn.Parameter(torch.randn(()))

    def forward(self, x):
        if x.ndim == 2:
            return self(x[:, None])[:, 0]
        return x.mul_(self.scale) + self.shift


class Mean(nn.Module):
    """The mean over all axes between the points and the last."""

    def forward(self, x):
        return x.flatten(1, -2).mean(1)


def convolutional():
    """Return a net with strided, grouped and transposed convolutions and all norms."""
    net = nn.Sequential(
        nn.Conv2d(2, 4, 3, stride=2, padding=1),
        nn.BatchNorm2d(4),
        nn.ReLU(inplace=True),
        Residual(4),
        nn.Conv2d(4, 6, 3, groups=2),
        nn.GroupNorm(3, 6),
        nn.ReLU(inplace=True),
        nn.ConvTranspose2d(6, 2, 2),
        nn.Flatten(),
        nn.LayerNorm(18),
        nn.Dropout(0.5),
        nn.Linear(18, 3),
    )
    net(torch.randn(16, 2, 8, 8))  # so that the running statistics are not the initial ones
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d | nn.GroupNorm | nn.LayerNorm):
            nn.init.normal_(module.weight)
            nn.init.normal_(module.bias)
    net[4].bias.requires_grad_(False)
    return net.eval()


def convolutions():
    """Return a net of plain convolutions, and of some that have no product of patches."""
    shared = nn.Conv2d(3, 3, 3, padding=1)
    net = nn.Sequential(
        nn.Conv2d(2, 3, (3, 2), stride=(2, 1), padding=(1, 0), dilation=(1, 2)),
        nn.ReLU(),
        shared,
        nn.ReLU(),
        shared,
        nn.Conv2d(3, 4, 2, bias=False),
        nn.Conv2d(4, 4, 3, padding="same"),
        nn.Conv2d(4, 3, 1),
        nn.Conv2d(3, 3, 3, padding=1, padding_mode="circular"),
        nn.Conv2d(3, 2, 2),
        nn.Flatten(),
        nn.Linear(16, 3),
    )
    net[7].weight.requires_grad_(False)
    net[9].bias.requires_grad_(False)
    return net


def frozen_parts():
    """Return a net of dense layers of which only weights, only biases or nothing is trained."""
    net = nn.Sequential(*(nn.Linear(3, 3) for _ in range(4)))
    net[0].bias.requires_grad_(False)
    net[1].weight.requires_grad_(False)
    net[2].requires_grad_(False)
    return net


GENERIC = {
    "inplace": (
        lambda: nn.Sequential(
            nn.Linear(3, 6),
            nn.ReLU(inplace=True),
            nn.Linear(6, 5, bias=False),
            nn.ReLU6(True),
            nn.Linear(5, 2),
        ),
        (3,),
    ),
    "frozen parts": (frozen_parts, (3,)),
    "twice": (lambda: Twice(nn.Linear(4, 4), nn.Linear(4, 2)), (3,)),
    "twice, ours": (
        lambda: Twice(
            Linear(4, 4, bias=True, init="xavier"), Linear(4, 2, bias=True, init="default")
        ),
        (3,),
    ),
    "one leaf": (lambda: nn.Linear(3, 2), (3,)),
    "own leaf": (lambda: nn.Sequential(nn.Linear(3, 4), Scale(4), nn.Linear(4, 2)), (3,)),
    "sequence": (
        lambda: nn.Sequential(
            nn.Linear(3, 4), nn.GELU(), nn.LayerNorm(4), nn.Linear(4, 5), Mean(), nn.Linear(5, 2)
        ),
        (6, 3),
    ),
    "conv1d": (
        lambda: nn.Sequential(
            nn.Conv1d(2, 3, 3, dilation=2), nn.ReLU(True), nn.Flatten(), nn.Linear(12, 2)
        ),
        (2, 8),
    ),
    "conv2d": (convolutional, (2, 8, 8)),
    "conv2d, plain": (convolutions, (2, 8, 8)),
}


@pytest.mark.parametrize("memory", [1, 2**14, 2**28])
@pytest.mark.parametrize("kind", GENERIC)
def test_any_module_of_leaves_equals_its_gradients(kind, memory, generator):
    make, shape = GENERIC[kind]
    with torch.random.fork_rng():
        torch.manual_seed(3)
        net = make().double()
    x, other = (torch.randn(n, *shape, generator=generator, dtype=torch.float64) for n in (4, 3))
    first, second = gradients(net, x), gradients(net, other)
    expected, own = (torch.einsum("naf,mbf->nmab", first, g) for g in (second, first))
    assert_both_forms(net, x, other, expected, own, memory=memory)


def test_patches_are_held_in_blocks(monkeypatch):
    """One point's at a time give the kernel of all at once."""
    with torch.random.fork_rng():
        torch.manual_seed(3)
        net, x = convolutions().double(), torch.randn(5, 2, 8, 8, dtype=torch.float64)
    whole = empirical_ntk(net, x)
    unfold, counts = _products.unfold, []

    def record(a, *options):
        counts.append(len(a))
        return unfold(a, *options)

    monkeypatch.setattr(_products, "_PATCHES", 1)
    monkeypatch.setattr(_products, "unfold", record)
    torch.testing.assert_close(empirical_ntk(net, x), whole, **CLOSE)
    assert set(counts) == {1} and len(counts) >= 5


def test_embeddings_are_layers_too(generator):
    net = nn.Sequential(nn.Embedding(5, 4), Mean(), nn.Linear(4, 2)).double()
    x, other = (torch.randint(0, 5, (n, 3), generator=generator) for n in (4, 3))
    first, second = gradients(net, x), gradients(net, other)
    expected, own = (torch.einsum("naf,mbf->nmab", first, g) for g in (second, first))
    assert_both_forms(net, x, other, expected, own)


def test_memory_bounds_the_blocks(monkeypatch):
    # 10 parameters; a point's Jacobian takes 8 · (4 · 10 + 2 · (3 + 2)) bytes at most.
    calls = []
    net = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 2), nn.LayerNorm(2)).double()
    jacobians = _products._jacobians

    def record(layer, part, points):
        made = jacobians(layer, part, points)
        calls.append(made[0].shape[:2])
        return made

    monkeypatch.setattr(_products, "_jacobians", record)
    x = torch.randn(40, 2, dtype=torch.float64)
    whole = empirical_ntk(net, x)
    assert calls == [(40, 2)]  # all points and both outputs
    calls.clear()
    memory = 2 * 10 * 8 * (4 * 4 + 2 * (2 + 2))
    torch.testing.assert_close(empirical_ntk(net, x, memory=memory), whole, **CLOSE)
    assert set(calls) == {(10, 1)}
    assert len(calls) == 2 * (4 + 3 + 2 + 1)


@pytest.mark.parametrize("outputs", ["trace", "full"])
def test_memory_bounds_the_tiles(outputs, generator):
    net = ReLUNet(2, width=2, depth=2, d_out=2, generator=generator)
    x = torch.randn(150, 2, generator=generator)
    out = empirical_ntk(net, x, outputs=outputs)
    whole, memory = out.clone(), 3 * 4 * 40 * 40  # three buffers of at most (40, 40) numbers

    class Largest(TorchDispatchMode):
        size = 0

        def __torch_dispatch__(self, function, types, args=(), kwargs=None):
            result = function(*args, **(kwargs or {}))
            for leaf in tree_leaves(result):
                if isinstance(leaf, torch.Tensor):
                    storage = leaf.untyped_storage()
                    if storage.data_ptr() != out.untyped_storage().data_ptr():
                        self.size = max(self.size, storage.nbytes())
            return result

    with Largest() as recorded:
        empirical_ntk(net, x, outputs=outputs, memory=memory, out=out)
    assert recorded.size == memory // 3  # larger than any activation: 150 · 2 · 2 numbers
    torch.testing.assert_close(out, whole)


def test_a_net_that_no_trained_parameter_reaches_has_a_zero_kernel(generator):
    net = DLGN(2, width=3, depth=2, gate=HardGate(), generator=generator)
    net.value.requires_grad_(False)  # and a hard gate passes no gradient to the gating network
    assert torch.equal(empirical_ntk(net, torch.randn(4, 2)), torch.zeros(4, 4))


def test_out_is_filled_and_checked(generator, tmp_path):
    net = ReLUNet(2, width=5, depth=2, d_out=2, generator=generator)
    x = torch.randn(300, 2, generator=generator)
    mapped = torch.from_file(str(tmp_path / "kernel.bin"), shared=True, size=300 * 300)
    mapped = mapped.view(300, 300).fill_(7.0)
    assert empirical_ntk(net, x, out=mapped) is mapped
    assert torch.equal(mapped, empirical_ntk(net, x))
    expected = r"out must be torch.float32 of shape \(300, 300\) on cpu; got torch.float"
    with pytest.raises(ValueError, match=expected + r"64 of shape \(300, 300\) on cpu"):
        empirical_ntk(net, x, out=mapped.double())
    with pytest.raises(ValueError, match=expected + r"32 of shape \(3, 3\) on cpu"):
        empirical_ntk(net, x, out=torch.empty(3, 3))
    with pytest.raises(ValueError, match="out must be .* on cpu; got .* on meta"):
        empirical_ntk(net, x, out=torch.empty(300, 300, device="meta"))
    with pytest.raises(ValueError, match=r"of shape \(300, 300, 2, 2\) on cpu; got"):
        empirical_ntk(net, x, outputs="full", out=mapped)


@pytest.mark.parametrize("fails", [False, True])
def test_leaves_the_net_as_it_was(fails, generator):
    net = nn.Sequential(nn.Linear(3, 4), nn.LayerNorm(4), nn.Dropout(0.0), nn.Linear(4, 2)).train()
    net[3].bias.requires_grad_(False)
    before = copy.deepcopy(net.state_dict())
    flags = [p.requires_grad for p in net.parameters()]
    x = torch.randn(5, 3, generator=generator)
    if fails:
        with pytest.raises(RuntimeError, match="shapes cannot be multiplied"):
            empirical_ntk(net, torch.randn(5, 2))
    else:
        kernel = empirical_ntk(net, x)
        assert not kernel.requires_grad
        with torch.no_grad():
            assert torch.equal(empirical_ntk(net, x), kernel)
    assert all(not m._forward_hooks and not m._forward_pre_hooks for m in net.modules())
    assert all(parameter.grad is None for parameter in net.parameters())
    assert [p.requires_grad for p in net.parameters()] == flags
    assert all(module.training for module in net.modules())
    assert all(torch.equal(value, before[key]) for key, value in net.state_dict().items())


class Keyword(nn.Module):
    """Calls a layer with a keyword beside its input."""

    def __init__(self):
        super().__init__()
        self.layer = nn.ConvTranspose1d(1, 1, 2)

    def forward(self, x):
        return self.layer(x[:, None], output_size=(4,)).flatten(1)


class BilinearHead(nn.Module):
    """A layer of two arguments."""

    def __init__(self):
        super().__init__()
        self.pair = nn.Bilinear(3, 3, 2)

    def forward(self, x):
        return self.pair(x, x)


class Tied(nn.Module):
    """Uses a layer's weight beside calling it."""

    def __init__(self):
        super().__init__()
        self.code, self.head = nn.Linear(3, 3, bias=False), nn.Linear(3, 2)

    def forward(self, x):
        return self.head(self.code(x).relu() @ self.code.weight)


class Attention(nn.Module):
    """Self-attention and a head."""

    def __init__(self):
        super().__init__()
        self.attend, self.head = nn.MultiheadAttention(4, 2, batch_first=True), nn.Linear(4, 2)

    def forward(self, x):
        return self.head(self.attend(x, x, x)[0].mean(1))


class Apply(nn.Module):
    """A function as a module."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


def shared():
    """Return two layers with one weight."""
    net = nn.Sequential(nn.Linear(3, 3), nn.ReLU(), nn.Linear(3, 3))
    net[2].weight = net[0].weight
    return net


def hooked():
    """Return a layer whose output a hook doubles."""
    net = nn.Sequential(nn.Linear(3, 2))
    net[0].register_forward_hook(lambda module, args, out: 2 * out)
    return net


REFUSED = {
    r"1 \(BatchNorm1d\) normalises by statistics of the batch, which mixes points; call its eval": (
        lambda: nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2)),
        (4, 3),
    ),
    r"1 \(BatchNorm1d\) normalises by statistics of the batch": (
        lambda: nn.Sequential(
            nn.Linear(3, 2), nn.BatchNorm1d(2, affine=False, track_running_stats=False)
        ).eval(),
        (4, 3),
    ),
    r"1 \(Dropout\) drops units at random; call its eval": (
        lambda: nn.Sequential(nn.Linear(3, 2), nn.Dropout(0.1)),
        (4, 3),
    ),
    r"attend \(MultiheadAttention\) owns the trained parameter in_proj_weight and has submodules": (
        Attention,
        (4, 5, 4),
    ),
    r"0 \(Linear\) has forward hooks, which may change what it computes; remove them first": (
        hooked,
        (4, 3),
    ),
    r"2 \(Linear\) shares its weight with 0 \(Linear\); use one module in both places": (
        shared,
        (4, 3),
    ),
    r"layer \(ConvTranspose1d\) must be called with one tensor and nothing else; wrap it": (
        Keyword,
        (4, 3),
    ),
    r"pair \(Bilinear\) must be called with one tensor": (BilinearHead, (4, 3)),
    r"0 \(GRU\) must return one tensor; got tuple": (
        lambda: nn.Sequential(nn.GRU(3, 2, batch_first=True), Apply(lambda pair: pair[0][:, -1])),
        (4, 5, 3),
    ),
    r"code \(Linear\) has its weight used outside its own forward, where that cannot be": (
        Tied,
        (4, 3),
    ),
    r"the net must return one tensor; got tuple": (
        lambda: nn.Sequential(nn.Linear(3, 2), Apply(lambda y: (y, y))),
        (4, 3),
    ),
    r"outputs must have shape \(n, c\), or \(..., n, c\) if stacked; got \(4,\) for inputs of": (
        lambda: nn.Sequential(nn.Linear(3, 1), nn.Flatten(0)),
        (4, 3),
    ),
    r"outputs must have shape .* got \(1, 2\) for inputs of shape \(4, 3\)": (
        lambda: nn.Sequential(nn.Linear(3, 2), Apply(lambda y: y.mean(0, keepdim=True))),
        (4, 3),
    ),
    r"2 \(LayerNorm\) must be a dense layer, called once .* of shape \(5, 4, 2\); take the nets": (
        lambda: nn.Sequential(nn.Linear(3, 2), nn.ReLU(), nn.LayerNorm(2)),
        (5, 4, 3),
    ),
    r"1 \(Linear\) must be called with the 4 points along the first axis; it maps \(20, 3\) to": (
        lambda: nn.Sequential(
            nn.Flatten(0, 1), nn.Linear(3, 2), nn.Unflatten(0, (4, 5)), Apply(lambda y: y.mean(1))
        ),
        (4, 5, 3),
    ),
}


@pytest.mark.parametrize("text", REFUSED)
def test_modules_that_cannot_be_served_are_refused_by_name(text):
    make, shape = REFUSED[text]
    net = make()
    with pytest.raises(ValueError, match=text):
        empirical_ntk(net, torch.randn(shape))
    hooks = [hook for m in net.modules() for hook in (*m._forward_hooks, *m._forward_pre_hooks)]
    assert len(hooks) == (make is hooked)


def test_refused_arguments(generator):
    net = DLGN(2, width=3, depth=2, gate=HardGate(), generator=generator)
    x = torch.ones(2, 2)
    with pytest.raises(ValueError, match='outputs must be "trace" or "full"; got \'sum\''):
        empirical_ntk(net, x, outputs="sum")
    with pytest.raises(ValueError, match="memory must be a positive number of bytes; got 0"):
        empirical_ntk(net, x, memory=0)
    with pytest.raises(ValueError, match=r"differ in n only; got \(2, 1\) and \(5, 3, 1\)"):
        empirical_ntk(net, x, torch.ones(5, 3, 2))
    with pytest.raises(ValueError, match="none needs a gradient"):
        empirical_ntk(net.requires_grad_(False), x)
