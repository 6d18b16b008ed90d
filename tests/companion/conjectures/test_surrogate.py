"""The comparison of ReLU nets and DLGNs, pair by pair."""

import numpy as np
import pytest
import torch
from halfspace.companion.circle.specs import recipe
from halfspace.companion.circle.target import Circle
from halfspace.companion.conjectures.surrogate import CircleSurrogate
from halfspace.datasets import circle_grid
from halfspace.nets import stack
from halfspace.ntk import empirical_ntk
from halfspace.overlap import active_path_counts, overlap_kernel

FEW = dict(epochs=2, seeds=3, first_seed=5, function_epochs=(0,))


def study(**changes):
    fields = dict(relu=recipe("relu", **FEW), dlgn=recipe("dlgn", **FEW), at=(0, 2), grid=32)
    return CircleSurrogate(**fields | changes)


@pytest.fixture(scope="module", params=[False, True], ids=["no biases", "biases"])
def spec(request):
    return study(**{kind: recipe(kind, bias=request.param, **FEW) for kind in ("relu", "dlgn")})


@pytest.fixture(scope="module")
def arrays(spec):
    return spec.run(torch.device("cpu"))[0]


def centred(kernel):
    return kernel - kernel.mean(0) - kernel.mean(1)[:, None] + kernel.mean()


def test_similarity_is_what_numpy_finds(spec, arrays):
    points, bias = circle_grid(32)[1], spec.relu.bias
    functions, kernels, tangents = {}, {}, {}
    for kind in ("relu", "dlgn"):
        nets = [getattr(spec, kind).net(seed) for seed in (5, 6, 7)]
        # Stacked, as in the study: alone, a net's single precision rounds otherwise.
        functions[kind] = stack(nets)(points).detach().double().squeeze(-1).numpy()
        gates = [(net.preactivations(points) >= 0).float() for net in nets]
        kernels[kind] = [
            centred(overlap_kernel(g, bias=bias).double().numpy()).ravel() for g in gates
        ]
        ntks = [empirical_ntk(net, points).detach().double().numpy() for net in nets]
        tangents[kind] = [centred(ntk).ravel() for ntk in ntks]
        inputs, top = spec.relu.target.points(), spec.relu.target.top()
        at_inputs = [(net.preactivations(inputs) >= 0).float() for net in nets]
        counts = [active_path_counts(g, bias=bias).double() for g in at_inputs]
        for half, chosen in dict(top=top, bottom=~top).items():
            mean = [c[chosen].mean().item() for c in counts]
            np.testing.assert_allclose(arrays[f"paths_{half}_{kind}"][0], mean, rtol=1e-5)
    correlation = np.corrcoef(functions["relu"], functions["dlgn"])
    between, among = correlation[3:, :3], correlation[:3, :3]
    np.testing.assert_allclose(arrays["function_own"][0], between.diagonal(), atol=1e-5)
    off = ~np.eye(3, dtype=bool)
    np.testing.assert_allclose(
        arrays["function_others"][0], between[off].reshape(3, 2).mean(1), atol=1e-5
    )
    np.testing.assert_allclose(
        arrays["function_relu"][0], among[off].reshape(3, 2).mean(1), atol=1e-5
    )
    for name, by_kind in dict(overlap=kernels, ntk=tangents).items():
        a, b = by_kind["dlgn"][1], by_kind["relu"][1]
        cosine = a @ b / np.linalg.norm(a) / np.linalg.norm(b)
        assert arrays[f"{name}_own"][0, 1] == pytest.approx(cosine, rel=1e-4)


def test_partners_start_alike_and_both_train(spec, arrays):
    # One generator draws both: the first layer's half-spaces are the same.
    assert arrays["overlap_own"][0].mean() > arrays["overlap_others"][0].mean()
    for name in ("function", "overlap", "ntk"):
        assert arrays[f"{name}_own"].shape == (2, 3)
        assert not np.array_equal(arrays[f"{name}_own"][0], arrays[f"{name}_own"][1])
    assert not arrays["diverged"].any()
    for kind, name in dict(relu="initial", dlgn="initial_dlgn").items():
        net = getattr(spec, kind).net(6)
        total = sum(p.double().sum() for p in net.parameters()).item()
        assert arrays[name][1] == pytest.approx(total, rel=1e-10)


@pytest.mark.parametrize("kind", ["relu", "dlgn"])
def test_a_pair_diverges_with_either_of_its_nets(kind):
    wild = recipe(kind, optimizer="sgd", learning_rate=1e6, **FEW)
    assert study(**{kind: wild}).run(torch.device("cpu"))[0]["diverged"].all()


def test_fields_and_refusals():
    base = study()
    both = {kind: getattr(base, kind).replace(seeds=4) for kind in ("relu", "dlgn")}
    keys = {base.replace(**both).key(), base.key(), study(at=(0, 1, 2)).key(), study(grid=64).key()}
    assert len(keys) == 4
    with pytest.raises(ValueError, match="must share seeds; got 3 and 4"):
        base.replace(dlgn=both["dlgn"])
    others = dict(target=Circle(frequencies=(1.0, 2.0)), epochs=1, first_seed=6)
    for name, value in (others | dict(batch_size=16, bias=True)).items():
        with pytest.raises(ValueError, match=f"must share {name}; got"):
            base.replace(dlgn=base.dlgn.replace(**{name: value}))
    with pytest.raises(ValueError, match="got 'dlgn' and 'relu'"):
        study(relu=base.dlgn, dlgn=base.relu)
    for at in ((0, 1), (1, 2), (0, 2, 2)):
        with pytest.raises(ValueError, match="increase from 0 to the runs' epochs, 2; got"):
            study(at=at)
    with pytest.raises(ValueError, match="seeds must be at least 3"):
        base.replace(**{k: getattr(base, k).replace(seeds=2) for k in ("relu", "dlgn")})
