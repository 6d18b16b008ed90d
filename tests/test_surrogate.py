"""The comparison of ReLU nets and DLGNs, pair by pair."""

import numpy as np
import pytest
import torch
from halfspace.datasets import Circle, circle_grid
from halfspace.experiments.circle import recipe
from halfspace.experiments.surrogate import CircleSurrogate
from halfspace.overlap import active_path_counts, overlap_kernel

FEW = dict(epochs=2, seeds=3, first_seed=5, function_epochs=(0,))


def study(**changes):
    fields = dict(relu=recipe("relu", **FEW), dlgn=recipe("dlgn", **FEW), at=(0, 2), grid=32)
    return CircleSurrogate(**fields | changes)


@pytest.fixture(scope="module")
def arrays():
    return study()._run(torch.device("cpu"))


def centred(kernel):
    return kernel - kernel.mean(0) - kernel.mean(1)[:, None] + kernel.mean()


def test_likeness_is_what_numpy_finds(arrays):
    points = circle_grid(32)[1]
    spec = study()
    functions, kernels = {}, {}
    for kind in ("relu", "dlgn"):
        nets = [getattr(spec, kind).net(seed) for seed in (5, 6, 7)]
        functions[kind] = [net(points).detach().double().squeeze(-1).numpy() for net in nets]
        gates = [(net.preactivations(points) >= 0).float() for net in nets]
        kernels[kind] = [centred(overlap_kernel(g).double().numpy()).ravel() for g in gates]
        counts = [active_path_counts(g).double().log1p() for g in gates]
        gap = [(c[:16].mean() - c[16:].mean()).item() for c in counts]
        np.testing.assert_allclose(arrays[f"gap_{kind}"][0], gap, rtol=1e-5)
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
    a, b = kernels["dlgn"][1], kernels["relu"][1]
    cosine = a @ b / np.linalg.norm(a) / np.linalg.norm(b)
    assert arrays["overlap_own"][0, 1] == pytest.approx(cosine, rel=1e-4)


def test_partners_start_alike_and_both_train(arrays):
    # One generator draws both: the first layer's half-spaces are the same.
    assert (arrays["overlap_own"][0] > arrays["overlap_others"][0]).all()
    for name in ("function", "overlap", "ntk"):
        assert arrays[f"{name}_own"].shape == (2, 3)
        assert not np.array_equal(arrays[f"{name}_own"][0], arrays[f"{name}_own"][1])
    assert not arrays["diverged"].any()
    net = recipe("dlgn", **FEW).net(6)
    total = sum(p.double().sum() for p in net.parameters()).item()
    assert arrays["initial_dlgn"][1] == pytest.approx(total, rel=1e-10)


def test_fields_and_refusals():
    base = study()
    both = {kind: getattr(base, kind).replace(seeds=4) for kind in ("relu", "dlgn")}
    keys = {base.replace(**both).key(), base.key(), study(at=(0, 1, 2)).key(), study(grid=64).key()}
    assert len(keys) == 4
    with pytest.raises(ValueError, match="must share seeds; got 3 and 4"):
        base.replace(dlgn=both["dlgn"])
    other = base.dlgn.replace(target=Circle(frequencies=(1.0, 2.0)))
    with pytest.raises(ValueError, match="must share target"):
        base.replace(dlgn=other)
    with pytest.raises(ValueError, match="got 'dlgn' and 'relu'"):
        study(relu=base.dlgn, dlgn=base.relu)
    with pytest.raises(ValueError, match="increase from 0 to the runs' epochs, 2; got"):
        study(at=(0, 1))
    with pytest.raises(ValueError, match="seeds must be at least 3"):
        base.replace(**{k: getattr(base, k).replace(seeds=2) for k in ("relu", "dlgn")})
