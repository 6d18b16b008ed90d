"""Path kernels of residual nets of images: all signs, all paths, and draws of the package's net."""

import itertools
import math

import pytest
import torch
from halfspace import resnet
from halfspace.gates import HardGate
from halfspace.path_kernels import resnet_path_kernel, resnet_tangent_kernel, tangent_factor
from torch.func import functional_call, jacrev, vmap

EXACT = dict(rtol=1e-10, atol=1e-12)


def shapes_of(filters, size):
    """Shapes of the gates of one image: a stem, then a block for each further number."""
    shapes, sides = [(filters[0], *size)], size
    for before, count in itertools.pairwise(filters):
        sides = [(side + 1) // 2 for side in sides] if before != count else sides
        shapes += [(count, *sides)] * 2
    return shapes


def drawn(filters, size, generator, *, n=3, channels=2, share=0.8):
    """Images and hard gates at random."""
    x = torch.randn(n, channels, *size, generator=generator).double()
    shapes = shapes_of(filters, size)
    return x, [(torch.rand(n, *s, generator=generator) < share).double() for s in shapes]


def jacobian(net, weights, x, gates):
    """Derivatives of the one output by these weights of one net or of several, (..., n, N)."""

    def output(*flat):
        filled = dict(zip(weights, flat, strict=True))
        return functional_call(net, filled, (x, gates))[:, 0]

    each = jacrev(output, tuple(range(len(weights))))
    slopes = vmap(each, chunk_size=2**11)(*weights.values())
    return torch.cat([part.flatten(2) for part in slopes], -1)


@pytest.mark.parametrize("stages", [[(1, 1)], [(0, 1), (1, 2)]], ids=["same size", "shrinks"])
def test_the_mean_over_all_signs_is_the_kernel(stages, monkeypatch, generator):
    """On images of 1 × 2 pixels; of the windows' weights, those that see the border only are 0."""
    monkeypatch.setattr(resnet, "_stages", lambda layers: stages)
    monkeypatch.setattr(resnet, "_CHANNELS", 1)
    net = resnet.ReLUResNet(2 + 2 * sum(count for count, _ in stages), classes=1).double().eval()
    torch.nn.init.zeros_(net.dense.bias)
    filters = [stages[0][1]] + [count for blocks, count in stages for _ in range(blocks)]
    x, gates = drawn(filters, (1, 2), generator, channels=1)
    weights = {name: p.detach() for name, p in net.named_parameters() if p.ndim > 1}
    variances = [0.3, 0.7, 0.2, 0.5, 0.4, 0.6][: len(weights)]
    spots = {name: torch.ones_like(p, dtype=torch.bool) for name, p in weights.items()}
    for name, spot in spots.items():
        if spot.shape[-1] == 3:
            narrow = len(stages) == 2 and "stem" not in name  # two pixels to one, or one to one
            columns = slice(1, 3 if "first" in name else 2) if narrow else slice(0, 3)
            spot.zero_()[:, :, 1, columns] = True
    counts = [int(spot.sum()) for spot in spots.values()]
    signs = torch.tensor(list(itertools.product((-1.0, 1.0), repeat=sum(counts)))).double()
    filled = {}
    for (name, spot), part, v in zip(spots.items(), signs.split(counts, 1), variances, strict=True):
        filled[name] = torch.zeros(len(signs), *spot.shape, dtype=x.dtype)
        filled[name][:, spot] = math.sqrt(v) * part
    total = torch.zeros(3, 3).double()
    for start in range(0, len(signs), 2**13):
        part = {name: p[start : start + 2**13] for name, p in filled.items()}
        slopes = jacobian(net, part, x, gates)
        # A weight that is always 0 has no derivative in effect: nothing reaches it.
        total += (slopes @ slopes.mT).sum(0)
    made = resnet_tangent_kernel(x, gates, variances=variances)
    torch.testing.assert_close(made, total / len(signs), **EXACT)


def paths_of(x, gates):
    """List the features of all paths of one output, added by their weights: {weights: (n,)}."""

    def convolution(name, units, filters, size, stride=1):
        channels, rows, columns = (1 + max(unit[axis] for unit in units) for axis in range(3))
        places = range(filters), range(0, rows, stride), range(0, columns, stride)
        reach = range(-(size // 2), size // 2 + 1)
        return {
            (f, i // stride, j // stride): {
                (*path, (name, f, c, a, b)): value
                for c, a, b in itertools.product(range(channels), reach, reach)
                for path, value in units.get((c, i + a, j + b), {}).items()
            }
            for f, i, j in itertools.product(*places)
        }

    def gated(units, gate):
        return {
            (f, i, j): {path: value * gate[:, f, i, j] for path, value in paths.items()}
            for (f, i, j), paths in units.items()
        }

    units = {
        place: {(): x[(slice(None), *place)]}
        for place in itertools.product(*map(range, x.shape[1:]))
    }
    units = gated(convolution("stem", units, gates[0].shape[1], 3), gates[0])
    for block, (inner, after) in enumerate(zip(gates[1::2], gates[2::2], strict=True)):
        filters = inner.shape[1]
        shrinks = filters != gates[2 * block].shape[1]
        skip = convolution((block, "skip"), units, filters, 1, 2) if shrinks else units
        deep = gated(convolution((block, 1), units, filters, 3, 1 + shrinks), inner)
        deep = convolution((block, 2), deep, filters, 3)
        units = gated({place: deep[place] | skip[place] for place in deep}, after)
    total = {}
    for (f, *_), paths in units.items():
        for path, value in paths.items():
            key = (*path, ("dense", f))
            total[key] = total.get(key, 0) + value / gates[-1][0, 0].numel()
    return total


@pytest.mark.parametrize(
    ("filters", "size"),
    [
        ((2, 2), (2, 3)),
        ((1, 2), (3, 3)),
        ((1, 1, 2), (2, 2)),
        ((2, 2, 2), (1, 2)),
        ((1, 2, 3), (1, 3)),
    ],
)
def test_the_kernels_sum_over_all_paths(filters, size, generator):
    x, gates = drawn(filters, size, generator)
    names = ["stem"]
    for block, (before, count) in enumerate(itertools.pairwise(filters)):
        names += [(block, 1), (block, 2)] + [(block, "skip")] * (before != count)
    names.append("dense")
    variances = dict(zip(names, torch.linspace(0.2, 0.9, len(names)).tolist(), strict=True))
    paths = paths_of(x, gates)
    features = torch.stack(list(paths.values()))
    each = [[variances[name] for name, *_ in path] for path in paths]
    torch.testing.assert_close(resnet_path_kernel(x, gates), features.T @ features, **EXACT)
    factors = torch.tensor([tangent_factor(layers) for layers in each], dtype=x.dtype)
    made = resnet_tangent_kernel(x, gates, variances=list(variances.values()), scale=1.0)
    torch.testing.assert_close(made, features.T @ (factors[:, None] * features), **EXACT)
    lengths = {len(path) for path in paths}  # stem and dense layer, and up to two a block
    assert min(lengths) <= 2 + len(filters) - 1 and max(lengths) == 2 * len(filters)


def test_for_images_of_ones_the_kernel_counts_paths(generator):
    _, gates = drawn((1, 2), (3, 3), generator)
    ones = torch.ones(3, 2, 3, 3).double()
    counts = resnet_path_kernel(ones, gates) * 4**2
    features = torch.stack(list(paths_of(ones, gates).values())) * 4
    torch.testing.assert_close(counts, (features.T @ features).round(), rtol=1e-15, atol=0)


def test_the_mean_over_draws_of_a_dlgn_is_the_kernel(generator):
    """Weights as the package draws them; z of each entry against the spread of the draws."""
    options = dict(gate=HardGate(), classes=1, generator=generator)
    x = torch.randn(3, 3, 6, 7, generator=generator).double()
    gates = [g.detach() for g in resnet.DLGNResNet(8, **options).double().eval().gates(x)]
    kernels = []
    for _ in range(150):
        net = resnet.ReLUResNet(8, classes=1, generator=generator).double().eval()
        weights = {name: p.detach()[None] for name, p in net.named_parameters() if p.ndim > 1}
        slopes = jacobian(net, weights, x, gates)[0]
        kernels.append(slopes @ slopes.T)
    kernels = torch.stack(kernels)
    mean, error = kernels.mean(0), kernels.std(0) / len(kernels) ** 0.5
    exact = resnet_tangent_kernel(x, gates)
    assert ((mean - exact) / error).abs().max() < 4
    assert ((mean - exact).norm() / exact.norm()) < 0.1
    other = resnet_tangent_kernel(x, [g.roll(1, 0) for g in gates])
    assert ((mean - other).norm() / exact.norm()) > 0.1


@pytest.mark.parametrize("memory", [1, 2**17])
def test_tiles_and_second_sets_give_the_whole(memory, generator):
    x, gates = drawn((2, 2, 3), (3, 4), generator, n=7)
    whole = resnet_tangent_kernel(x, gates)
    torch.testing.assert_close(resnet_tangent_kernel(x, gates, memory=memory), whole)
    parts = [x[:3], [g[:3] for g in gates], x[3:], [g[3:] for g in gates]]
    made = resnet_tangent_kernel(*parts, memory=memory)
    torch.testing.assert_close(made, whole[:3, 3:])
    torch.testing.assert_close(whole, whole.T)


X, GATES = drawn((1, 1, 2), (2, 2), torch.Generator().manual_seed(0))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: resnet_path_kernel(X, GATES[:-1]), "one, then two of the same shape for each"),
        (lambda: resnet_path_kernel(X, [*GATES[:-1], GATES[-1][:, :1]]), "one, then two"),
        (lambda: resnet_path_kernel(X, []), "one, then two"),
        (lambda: resnet_path_kernel(X, [g / 2 for g in GATES]), "gates must be hard"),
        (lambda: resnet_path_kernel(X, GATES, X), "go together"),
        (lambda: resnet_path_kernel(X[:2], GATES), "x must have shape"),
        (lambda: resnet_path_kernel(X * math.nan, GATES), "x must be finite"),
        (lambda: resnet_path_kernel(X, GATES, X[:, :1], GATES), "differ in n only"),
        (lambda: resnet_path_kernel(X, GATES, memory=0), "memory must be"),
        (lambda: resnet_tangent_kernel(X, GATES, variances=[1.0] * 6), "has 7 layers"),
        (lambda: resnet_tangent_kernel(X, GATES, variances=[0.0] * 7), "variance must be"),
        (lambda: resnet_tangent_kernel(X, GATES, scale=-1.0), "variance must be"),
    ],
)
def test_wrong_arguments_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
