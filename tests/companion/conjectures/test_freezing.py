"""Freezing gates in training: what is frozen stays, the rest learns, kernels are features."""

import numpy as np
import pytest
import torch
from halfspace.companion.circle.specs import recipe
from halfspace.companion.conjectures.freezing import (
    CircleFreezing,
    FashionFreezing,
    frozen_copy,
    gates_to_try,
    mean_sizes,
    path_kernel,
    ridge_predictions,
    with_sizes,
    with_state,
)
from halfspace.companion.fashion.data import fashion_inputs, modified_labels
from halfspace.datasets import circle_grid, fashion_mnist
from halfspace.gates import HardGate, SoftGate
from halfspace.nets import DGN, DLGN, ReLUNet, stack, unstack
from halfspace.overlap import neural_path_kernel, overlap_kernel
from halfspace.paths import path_gates
from halfspace.training import fit

CPU = torch.device("cpu")


def circle_spec(model, optimizer="adam", **changes):
    run = dict(epochs=4, seeds=2, first_seed=7, function_epochs=(0,), optimizer=optimizer)
    spec = CircleFreezing(training=recipe(model, **run), at=(0, 2, 4), refit_epochs=3, grid=32)
    return spec.replace(**changes)


@pytest.mark.parametrize(
    ("model", "optimizer"), [("relu", "adam"), ("dlgn", "adam"), ("dlgn", "sgd")]
)
def test_circle_arrays_are_those_of_one_net_frozen_by_hand(model, optimizer):
    spec = circle_spec(model, optimizer)
    arrays = spec.run(CPU)[0]
    x, y = spec.target.points(), spec.target.values()
    net, history = spec.training.train(CPU, snapshots=(2, 4))
    net.load_state_dict(history.snapshots[2])
    error = (net(x) - y).square().squeeze(-1).mean(-1)
    np.testing.assert_allclose(arrays["loss"][1], error.detach(), rtol=1e-5)

    def regressed(net):
        angles, points = circle_grid(32)
        predicted = ridge_predictions(net, x, y.double(), points, spec.ridge).squeeze(-1)
        return (predicted - spec.target.target(angles)).square().mean(-1)

    def trained(single, value):
        alone = stack([frozen_copy(single, value)])
        options = dict(learning_rate=1e-3, batch_size=32, optimizer=optimizer)
        fit(alone, x, y, seeds=[8], epochs=3, **options)
        return pytest.approx((alone(x) - y).square().mean().item(), rel=1e-4)

    fresh, end = spec.training.net(1_000_008).value, with_state(net, history.snapshots[4])
    np.testing.assert_allclose(arrays["kernel"][1], regressed(net), rtol=1e-4)
    assert arrays["fresh"][1, 1] == trained(unstack(net)[1], fresh)
    assert arrays["continued"][1, 1] == trained(unstack(net)[1], unstack(net)[1].value)
    other = stack([spec.training.net(2_000_000 + seed) for seed in (7, 8)])
    if model == "relu":
        for kind in ("fresh", "continued", "kernel"):
            np.testing.assert_array_equal(arrays[f"{kind}_matched"], arrays[kind])
        assert "fresh_softened" not in arrays
    else:
        matched, other = (with_sizes(each, mean_sizes(end, x), x) for each in (net, other))
        np.testing.assert_allclose(arrays["kernel_matched"][1], regressed(matched), rtol=1e-4)
        single = unstack(matched)[1]
        assert arrays["fresh_matched"][1, 1] == trained(single, fresh)
        assert arrays["continued_matched"][1, 1] == trained(single, unstack(net)[1].value)
        for kind in ("fresh", "continued", "kernel"):
            np.testing.assert_array_equal(arrays[f"{kind}_matched"][-1], arrays[kind][-1])
        hard = unstack(end)[1]
        hard.gate = HardGate()
        assert arrays["fresh_hard_trained"][1] == trained(hard, fresh)
    assert arrays["fresh_random"][1] == trained(unstack(other)[1], fresh)
    np.testing.assert_allclose(arrays["kernel_random"], regressed(other), rtol=1e-4)
    assert not arrays["diverged"].any()
    sums = [sum(p.double().sum() for p in spec.training.net(s).parameters()) for s in (7, 8)]
    np.testing.assert_allclose(arrays["initial"], [s.item() for s in sums], rtol=1e-10)


def soft_nets(generator, count=3):
    sizes = dict(width=4, depth=3, gate=SoftGate(4.0), generator=generator)
    return [stack([DLGN(2, **sizes) for _ in range(2)]) for _ in range(count)]


def test_layers_get_the_size_wanted_and_keep_their_half_spaces(generator):
    (net,) = soft_nets(generator, 1)
    x = torch.randn(20, 2, generator=generator)
    before = net.preactivations(x)
    wanted = torch.tensor([[1.0, 2.0, 0.5], [3.0, 0.1, 7.0]])
    scaled = with_sizes(net, wanted, x)
    etas = scaled.preactivations(x)
    for copy in range(2):
        for layer in range(3):
            mean = before[copy, :, layer].abs().mean()
            factor = wanted[copy, layer] / mean
            torch.testing.assert_close(etas[copy, :, layer], factor * before[copy, :, layer])
    torch.testing.assert_close(mean_sizes(scaled, x), wanted)
    assert torch.equal(net.preactivations(x), before)  # the net itself is as it was
    for name, weight in net.value.named_parameters():
        assert torch.equal(scaled.value.get_parameter(name), weight)


def test_gates_to_try_differ_in_one_respect_each(generator):
    start, end, other = soft_nets(generator)
    x = torch.randn(20, 2, generator=generator)
    tried = gates_to_try([start, end], other, x)
    directions = {"": end, "matched": start, "random": other, "softened": end}
    directions |= {"hard_random": other, "hard_trained": end}
    assert tried.keys() == directions.keys()
    for name, source in directions.items():
        net = tried[name][-1]
        assert torch.equal(net.gates(x, HardGate()), source.gates(x, HardGate())), name
        if "hard" in name:
            assert net.gate == HardGate()
        else:
            hardness = start if name == "softened" else end
            torch.testing.assert_close(mean_sizes(net, x), mean_sizes(hardness, x))
    assert tried[""] == [start, end] and len(tried["matched"]) == 1
    relu, another = (stack([ReLUNet(2, width=4, depth=2) for _ in range(2)]) for _ in range(2))
    assert gates_to_try([relu, relu], another, x) == {"": [relu, relu], "random": [another]}


@pytest.mark.parametrize("bias", [False, True])
def test_a_frozen_copy_is_the_net_and_keeps_its_gates(bias, generator):
    nets = [
        ReLUNet(3, width=6, depth=3, bias=bias, generator=generator),
        DLGN(3, width=6, depth=3, gate=HardGate(), bias=bias, generator=generator),
        DLGN(3, width=6, depth=3, gate=SoftGate(4.0), constant_input=True, generator=generator),
        DGN(3, width=6, depth=3, gate=SoftGate(4.0), bias=bias, generator=generator),
    ]
    x = torch.randn(40, 3, generator=generator)
    for net in nets:
        copy = frozen_copy(net, net.value)
        torch.testing.assert_close(copy(x), net(x))
        before = copy.gates(x).clone()
        trained = stack([copy])
        fit(trained, x, x[:, :1], seeds=[0], epochs=2, learning_rate=0.1)
        assert torch.equal(trained.gates(x)[0], before)
        assert not torch.allclose(trained(x)[0], net(x))


def test_the_path_kernel_is_the_products_of_path_features(generator):
    x, other = (torch.randn(n, 3, generator=generator) for n in (6, 4))
    makers = {
        "relu": lambda: ReLUNet(3, width=3, depth=3, generator=generator),
        "soft": lambda: DLGN(3, width=3, depth=3, gate=SoftGate(2.0), generator=generator),
    }
    for make in makers.values():
        net = stack([make() for _ in range(2)])
        kernel = path_kernel(net, x, other)
        for copy, single in enumerate(unstack(net)):
            gates = [path_gates(single, points).double() for points in (x, other)]
            wanted = (gates[0] @ gates[1].T) * (x.double() @ other.double().T)
            scale = (gates[0].square().sum(-1) * x.double().square().sum(-1)).mean()
            torch.testing.assert_close(kernel[copy], wanted / scale)


def test_with_hard_gates_it_is_the_overlap_kernel(generator):
    x = torch.randn(9, 2, generator=generator)
    net = DLGN(2, width=5, depth=2, gate=HardGate(), constant_input=True, generator=generator)
    counts = overlap_kernel(net.gates(x)).double()
    kernel = path_kernel(stack([net]), x, x)[0]
    torch.testing.assert_close(kernel * counts.diagonal().mean(), counts)
    relu = ReLUNet(2, width=5, depth=2, generator=generator)
    kernel = neural_path_kernel(x, relu.gates(x)).double()
    torch.testing.assert_close(
        path_kernel(stack([relu]), x, x)[0] * kernel.diagonal().mean(), kernel
    )
    with pytest.raises(ValueError, match="for nets without biases"):
        path_kernel(stack([ReLUNet(2, width=3, depth=1, bias=True)]), x, x)


def test_ridge_regression_solves_its_own_problem(generator):
    x, points = torch.randn(12, 2, generator=generator), torch.randn(5, 2, generator=generator)
    net = stack([ReLUNet(2, width=4, depth=2, generator=generator) for _ in range(2)])
    y = torch.randn(12, 3, generator=generator, dtype=torch.float64)
    predicted = ridge_predictions(net, x, y, points, 0.1)
    assert predicted.shape == (2, 5, 3)
    for copy, single in enumerate(unstack(net)):
        # The same regression on explicit features: one for each path and input.
        rows = [
            (path_gates(single, p).double()[:, :, None] * p.double()[:, None]).flatten(1)
            for p in (x, points)
        ]
        scale = rows[0].square().sum(-1).mean()
        gram = rows[0].T @ rows[0] + 0.1 * scale * torch.eye(rows[0].shape[1])
        wanted = rows[1] @ torch.linalg.solve(gram, rows[0].T @ y)
        torch.testing.assert_close(predicted[copy], wanted, rtol=1e-6, atol=1e-8)


def fashion_spec(**changes):
    sizes = dict(n_train=1000, width=12, depth=2, seeds=2, first_seed=3, at=(0, 0.5, 2))
    more = dict(refit_epochs=1, kernel_sample=20, test_sample=20)
    return FashionFreezing(**dict(model="dlgn", images="normalised") | sizes | more | changes)


@pytest.mark.parametrize("model", ["relu", "dlgn"])
def test_fashion_arrays(model):
    spec = fashion_spec(model=model, learning_rate=2e-3)
    arrays = spec.run(CPU)[0]
    for name in ("accuracy", "fresh", "continued", "kernel"):
        assert arrays[name].shape == (3, 2, 10) and (arrays[name] >= 0).all()
    # Chance is 0.1, and a net is near it before it is trained.
    assert arrays["accuracy"][0].mean() < 0.2 < arrays["accuracy"][-1].mean()
    assert arrays["continued"][-1].mean() > 0.2 and arrays["kernel"].mean() > 0.3
    # The more it learned before the gates were frozen, the better the net gets.
    assert arrays["continued"][-1].mean() > arrays["fresh"][0].mean()
    assert arrays["fresh_matched"].shape == (3, 2, 10) and arrays["fresh_random"].shape == (2, 10)
    assert arrays["sample_loss"].shape == (3, 2)


@pytest.mark.parametrize(
    ("model", "labels", "classes"),
    [("relu", "modified", (5, 6, 7, 8, 9)), ("dlgn", "swapped", (0, 1, 2, 3, 4))],
)
def test_fashion_arrays_are_those_of_one_net_frozen_by_hand(model, labels, classes):
    spec = fashion_spec(model=model, labels=labels, learning_rate=2e-3, test_sample=100)
    arrays, data = spec.run(CPU)[0], fashion_mnist(1000)
    np.testing.assert_array_equal(arrays["at"], (0, 0.5, 2))
    x, test_x = (
        fashion_inputs(images, data.train_images, "normalised")
        for images in (data.train_images, data.test_images)
    )
    sample, tested = (
        torch.cat([(labels_ == k).nonzero()[:count, 0] for k in range(10)])
        for labels_, count in ((data.train_labels, 20), (data.test_labels, 100))
    )
    for copy, seed in enumerate((3, 4)):
        y, test_y = modified_labels(data, seed=seed, complex_classes=classes)
        net = stack([spec.net(seed)])
        options = dict(seeds=[seed], learning_rate=2e-3, batch_size=128, loss="cross_entropy")
        history = fit(net, x, y, epochs=2, snapshots=(0.5, 2), **options)
        net.load_state_dict(history.snapshots[0.5])
        loss = torch.nn.functional.cross_entropy(net(x[sample])[0], y[sample]).item()
        assert arrays["sample_loss"][1, copy] == pytest.approx(loss, rel=1e-3)
        other = stack([spec.net(2_000_000 + seed)])
        sized = net
        if model == "dlgn":
            end = with_state(net, history.snapshots[2])
            sizes = mean_sizes(end, x[sample])
            sized, other = (with_sizes(each, sizes, x[sample]) for each in (net, other))
        (single,) = unstack(net)
        scores = {"accuracy": net(test_x[tested])[0]}
        targets = torch.nn.functional.one_hot(y[sample], 10).double() - 0.1
        scores["kernel"] = ridge_predictions(net, x[sample], targets, test_x[tested], spec.ridge)[0]
        fresh = spec.net(1_000_000 + seed).value
        for kind, gates, value in (
            ("fresh", net, fresh),
            ("continued", net, single.value),
            ("fresh_matched", sized, fresh),
            ("continued_matched", sized, single.value),
            ("fresh_random", other, fresh),
        ):
            alone = stack([frozen_copy(unstack(gates)[0], value)])
            fit(alone, x, y, epochs=1, **options)
            scores[kind] = alone(test_x[tested])[0]
        for name, values in scores.items():
            right = (values.argmax(-1) == test_y[tested]).double().unflatten(0, (10, 100)).mean(-1)
            # Copies that train together round apart from one alone: an image or two.
            found = arrays[name][copy] if name == "fresh_random" else arrays[name][1, copy]
            np.testing.assert_allclose(found, right, atol=0.021, err_msg=name)
        total = sum(p.double().sum() for p in spec.net(seed).parameters()).item()
        assert arrays["initial"][copy] == pytest.approx(total, rel=1e-10)
    assert not arrays["diverged"].any()


def test_fields_change_the_key_and_refusals():
    base = circle_spec("relu")
    changes = dict(
        training=base.training.replace(seeds=3), at=(0, 1, 4), refit_epochs=2, ridge=0.1, grid=64
    )
    assert set(changes) == set(CircleFreezing.model_fields)
    keys = {base.replace(**{name: value}).key() for name, value in changes.items()}
    assert len(keys | {base.key()}) == len(changes) + 1
    with pytest.raises(ValueError, match="increase from 0 to training.epochs, 4; got"):
        base.replace(at=(0, 2))
    other = fashion_spec()
    changes = dict(
        model="relu", images="raw", constant_input=False, width=13, depth=3, beta=2.0,
        first_seed=4, n_train=2000, learning_rate=1e-3, batch_size=64, labels="original",
        at=(0, 1), refit_epochs=2, seeds=3, kernel_sample=10, ridge=0.1, test_sample=10,
    )  # fmt: skip
    assert set(changes) == set(FashionFreezing.model_fields)
    keys = {other.replace(**{name: value}).key() for name, value in changes.items()}
    assert len(keys | {other.key()}) == len(changes) + 1
    with pytest.raises(ValueError, match="labels must be one of .*; got 'odd'"):
        fashion_spec(labels="odd")
    for at in ((0, 0.5), (1, 2), (0, 1, 1)):
        with pytest.raises(ValueError, match="increase from 0 to a whole number of epochs; got"):
            fashion_spec(at=at)
