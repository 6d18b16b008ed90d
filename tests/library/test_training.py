"""Training: many nets at once equal the loop; snapshots, crossings, divergence."""

import itertools
import math

import numpy as np
import pytest
import torch
from halfspace.gates import SoftGate, StraightThroughGate
from halfspace.nets import DLGN, ReLUNet, stack, unstack
from halfspace.training import Crossing, fit, net_losses
from hypothesis import given, settings
from hypothesis import strategies as st

SEEDS = (3, 1, 4)
MAKERS = {
    "relu": lambda g: ReLUNet(2, width=6, depth=3, generator=g),
    "dlgn": lambda g: DLGN(
        2, width=6, depth=3, gate=SoftGate(4.0), constant_input=True, generator=g
    ),
    "frozen": lambda g: DLGN(
        2, width=6, depth=3, gate=SoftGate(4.0), frozen_gating=True, generator=g
    ),
}


PRECISIONS = [(torch.float64, 100, 1e-8), (torch.float32, 10, 1e-5)]


def nets_of(kind, seeds=SEEDS):
    return [MAKERS[kind](torch.Generator().manual_seed(seed)) for seed in seeds]


def circle(dtype=torch.float32, n=48):
    angle = (torch.arange(n, dtype=torch.float64) + 0.5) * (2 * math.pi / n)
    x = torch.stack([angle.cos(), angle.sin()], 1)
    return x.to(dtype), (2 * angle).sin().unsqueeze(1).to(dtype)


@pytest.mark.parametrize("kind", MAKERS)
@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
@pytest.mark.parametrize("batch_size", [None, 20])
@pytest.mark.parametrize(("dtype", "epochs", "tolerance"), PRECISIONS)
def test_batched_equals_the_loop(kind, optimizer, batch_size, dtype, epochs, tolerance):
    x, y = circle(dtype)
    rate = {"adam": 3e-3, "sgd": 0.5}[optimizer]
    options = dict(epochs=epochs, learning_rate=rate, batch_size=batch_size, optimizer=optimizer)
    nets = [net.to(dtype) for net in nets_of(kind)]
    together = stack(nets)
    fit(together, x, y, seeds=SEEDS, **options)
    alone = [stack([net]) for net in nets]
    for seed, net in zip(SEEDS, alone, strict=True):
        fit(net, x, y, seeds=[seed], **options)
    outputs = torch.cat([net(x) for net in alone])
    assert (outputs - together(x)).abs().max() < tolerance
    assert (together(x) - stack(nets)(x)).abs().max() > 100 * tolerance  # it did train


def test_equals_a_plain_pytorch_loop():
    x, y = circle(torch.float64)
    (net,) = nets_of("relu", seeds=(5,))
    net = net.double()
    together = stack([net])
    fit(together, x, y, seeds=[5], epochs=7, learning_rate=1e-3, batch_size=16)
    adam, generator = torch.optim.Adam(net.parameters(), lr=1e-3), torch.Generator().manual_seed(5)
    for _ in range(7):
        for chosen in torch.randperm(48, generator=generator).split(16):
            adam.zero_grad()
            torch.nn.functional.mse_loss(net(x[chosen]), y[chosen]).backward()
            adam.step()
    torch.testing.assert_close(together(x)[0], net(x), rtol=1e-10, atol=1e-12)


def test_factors_are_the_step_sizes_of_parameter_groups():
    x, y = circle(torch.float64)
    net = stack([net.double() for net in nets_of("dlgn")])
    plain = stack([net.double() for net in nets_of("dlgn")])
    factors = {"gating": 4.0, "value.1": 0.5}
    fit(net, x, y, seeds=SEEDS, epochs=5, learning_rate=3e-3, factors=factors)
    groups = [(plain.gating, 4.0), (plain.value[1], 0.5), (plain.value[0], 1), (plain.value[2:], 1)]
    options = [dict(params=part.parameters(), lr=3e-3 * factor) for part, factor in groups]
    stepper = torch.optim.Adam(options)
    for _ in range(5):
        stepper.zero_grad()
        net_losses(plain(x), y, "mse").sum().backward()
        stepper.step()
    torch.testing.assert_close(net(x), plain(x), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("batch_size", [None, 20])
def test_weights_between_epochs_count_points_as_often(batch_size):
    x, y = circle(torch.float64)
    twice = torch.ones(3, len(x), dtype=torch.float64)
    twice[:, ::3] = 0
    calls = []

    def between(net):
        calls.append(net(x).requires_grad)
        return twice if len(calls) < 3 else None

    net = stack([net.double() for net in nets_of("relu")])
    options = dict(learning_rate=0.1, optimizer="sgd", batch_size=batch_size, seeds=SEEDS)
    history = fit(net, x, y, epochs=3, between=between, **options)
    assert calls == [False] * 3 and history.batch_loss.shape == (3, 3)
    plain = stack([net.double() for net in nets_of("relu")])
    generators = [torch.Generator().manual_seed(seed) for seed in SEEDS]
    for epoch in range(3):
        order = [torch.randperm(len(x), generator=g) for g in generators]
        order = torch.stack(order) if batch_size else torch.arange(len(x)).expand(3, -1)
        for chosen in order.split(batch_size or len(x), dim=1):
            kept = torch.ones(chosen.shape) if epoch == 2 else (chosen % 3 > 0)
            squares = (plain(x[chosen]) - y[chosen]).square().squeeze(-1)
            loss = (squares * kept).mean(-1).sum()
            gradients = torch.autograd.grad(loss, list(plain.parameters()))
            for parameter, gradient in zip(plain.parameters(), gradients, strict=True):
                parameter.data -= 0.1 * gradient
    torch.testing.assert_close(net(x), plain(x), rtol=1e-9, atol=1e-12)


def test_logistic_loss_is_the_cross_entropy_of_two_opposite_outputs():
    outputs, signs = torch.randn(2, 5, 1), torch.tensor([1.0, -1, -1, 1, 1]).unsqueeze(1)
    weights = torch.rand(2, 5)
    logits, classes = torch.cat([-outputs, outputs], -1), (signs.squeeze(1) > 0).long()
    for weight in (None, weights):
        expected = net_losses(logits, classes, "cross_entropy", weight)
        found = net_losses(outputs, signs, "logistic", weight)
        torch.testing.assert_close(found, expected)


@pytest.mark.parametrize("frozen", [False, True])
@pytest.mark.parametrize("batch_size", [None, 16])
def test_each_copy_may_have_inputs_of_its_own(batch_size, frozen):
    generator = torch.Generator().manual_seed(3)
    x, y = torch.randn(3, 40, 2, generator=generator), torch.randn(3, 40, 1, generator=generator)
    options = dict(epochs=3, learning_rate=1e-2, batch_size=batch_size)
    sizes = dict(width=4, depth=2, gate=SoftGate(4.0), frozen_gating=frozen)
    nets = [DLGN(2, **sizes, generator=generator) for _ in SEEDS]
    together = stack(nets)
    fit(together, x, y, seeds=SEEDS, **options)
    for copy, seed in enumerate(SEEDS):
        alone = stack([nets[copy]])
        fit(alone, x[copy], y[copy], seeds=[seed], **options)
        torch.testing.assert_close(together(x)[copy], alone(x[copy])[0], rtol=1e-4, atol=1e-5)
    with pytest.raises(ValueError, match=r"x must have shape \(n, d\) or \(3, n, d\); got \(2, 40"):
        fit(together, x[:2], y, seeds=SEEDS, **options)


def test_weighted_cross_entropy():
    outputs, labels = torch.randn(2, 5, 3), torch.tensor([0, 1, 2, 1, 0])
    weights = torch.rand(2, 5)
    losses = net_losses(outputs, labels, "cross_entropy", weights)
    nats = -outputs.log_softmax(-1)[:, range(5), labels]
    torch.testing.assert_close(losses, (weights * nats).mean(-1))


def test_records_and_snapshots():
    x, y = circle()
    net = stack(nets_of("relu"))
    start = {k: v.clone() for k, v in net.state_dict().items()}

    def measure(net):
        return {"loss": net_losses(net(x), y, "mse")}

    history = fit(
        net, x, y, seeds=SEEDS, epochs=4, learning_rate=1e-2, batch_size=12,
        measure=measure, record=(0, 0.5, 1, 4), snapshots=(0, 2, 4),
    )  # fmt: skip
    assert history.record.tolist() == [0, 0.5, 1, 4]
    assert history.measures["loss"].shape == (4, 3)
    assert history.batch_loss.shape == (4, 3)
    np.testing.assert_allclose(
        history.measures["loss"][-1], measure(net)["loss"].detach(), rtol=1e-6
    )
    assert sorted(history.snapshots) == [0, 2, 4]
    for name, value in start.items():
        assert torch.equal(history.snapshots[0][name], value)
        assert torch.equal(history.snapshots[4][name], net.state_dict()[name])
        assert not torch.equal(history.snapshots[2][name], history.snapshots[4][name])
    assert not history.diverged.any()


def test_batch_loss_is_the_epoch_mean():
    x, y = circle(torch.float64)
    net = stack([net.double() for net in nets_of("relu")])
    before = net_losses(net(x), y, "mse").detach()
    history = fit(net, x, y, seeds=SEEDS, epochs=1, learning_rate=1e-12, batch_size=20)
    # With a step this small the net stands still; unequal batches (20, 20, 8) must be weighted by
    # their size.
    np.testing.assert_allclose(history.batch_loss[0], before, rtol=1e-8)


def test_crossings_keep_each_copy_at_its_own_time():
    x, y = circle()

    def loss(net):
        return net_losses(net(x), y, "mse")

    net = stack(nets_of("relu"))
    start = loss(net).detach()
    level = 0.8 * start.min().item()
    history = fit(
        net, x, y, seeds=SEEDS, epochs=150, learning_rate=3e-3,
        measure=lambda net: {"loss": loss(net)}, record=range(151),
        crossings=(
            Crossing(name="down", measure=loss, level=level),
            Crossing(name="up", measure=lambda net: -loss(net), level=-level, below=False, every=4),
            Crossing(name="never", measure=loss, level=-1.0),
        ),
    )  # fmt: skip
    curve = history.measures["loss"]
    first = [int(np.argmax(curve[:, s] < level)) for s in range(3)]
    assert (curve.min(axis=0) < level).all() and len(set(first)) > 1
    assert history.crossings["down"].step.tolist() == first
    kept = stack(nets_of("relu"))
    kept.load_state_dict(history.crossings["down"].state)
    np.testing.assert_allclose(
        loss(kept).detach(), [curve[f, s] for s, f in enumerate(first)], rtol=1e-4
    )
    coarse = [4 * math.ceil(f / 4) for f in first]
    assert history.crossings["up"].step.tolist() == coarse
    never = history.crossings["never"]
    assert never.step.tolist() == [-1, -1, -1]
    assert all(torch.equal(never.state[k], v) for k, v in net.state_dict().items())


def test_a_diverged_copy_is_reported_and_disturbs_nobody():
    x, y = circle()
    nets = nets_of("relu")
    healthy = stack([nets[0], nets[2]])
    nets[1].value[0].weight.data[0, 0] = float("nan")
    together = stack(nets)
    history = fit(together, x, y, seeds=SEEDS, epochs=3, learning_rate=1e-3, batch_size=20)
    assert history.diverged.tolist() == [False, True, False]
    fit(healthy, x, y, seeds=[SEEDS[0], SEEDS[2]], epochs=3, learning_rate=1e-3, batch_size=20)
    for ours, theirs in zip(
        unstack(healthy), [unstack(together)[0], unstack(together)[2]], strict=True
    ):
        torch.testing.assert_close(ours(x), theirs(x), rtol=1e-5, atol=1e-6)


def test_frozen_gating_stays_and_labels_may_differ_per_copy(generator):
    x, _ = circle()
    labels = torch.randint(0, 3, (3, 48), generator=generator)
    nets = [
        DLGN(
            2,
            width=6,
            depth=2,
            d_out=3,
            gate=SoftGate(4.0),
            frozen_gating=True,
            generator=generator,
        )
        for _ in SEEDS
    ]
    net = stack(nets)
    gating = [p.clone() for p in net.gating.parameters()]
    options = dict(epochs=5, learning_rate=1e-2, batch_size=16, loss="cross_entropy")
    fit(net, x, labels, seeds=SEEDS, **options)
    assert all(torch.equal(a, b) for a, b in zip(gating, net.gating.parameters(), strict=True))
    alone = stack([nets[1]])
    fit(alone, x, labels[1], seeds=[SEEDS[1]], **options)
    torch.testing.assert_close(alone(x)[0], net(x)[1], rtol=1e-4, atol=1e-5)


def mixed_nets(kind):
    """Nets whose seeds, gains and (where there is a gate) sharpnesses all differ."""
    nets = []
    for seed, gain, beta in zip(SEEDS, (0.6, 1.0, 1.4), (1.0, 4.0, 10.0), strict=True):
        options = dict(width=6, depth=3, gain=gain, generator=torch.Generator().manual_seed(seed))
        if kind == "relu":
            nets.append(ReLUNet(2, **options))
        else:
            gate = (StraightThroughGate if kind == "straight-through" else SoftGate)(beta)
            nets.append(DLGN(2, gate=gate, frozen_gating=kind == "frozen", **options))
    return nets


@pytest.mark.parametrize("kind", ["relu", "soft", "straight-through", "frozen"])
@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
@pytest.mark.parametrize("batch_size", [None, 20])
@pytest.mark.parametrize(("dtype", "epochs", "tolerance"), PRECISIONS)
def test_copies_of_several_gains_and_betas_equal_the_loop(
    kind, optimizer, batch_size, dtype, epochs, tolerance
):
    x, y = circle(dtype)
    rate = {"adam": 3e-3, "sgd": 0.5}[optimizer]
    options = dict(epochs=epochs, learning_rate=rate, batch_size=batch_size, optimizer=optimizer)
    nets = [net.to(dtype) for net in mixed_nets(kind)]
    together = stack(nets)
    fit(together, x, y, seeds=SEEDS, **options)
    for seed, net, ours in zip(SEEDS, nets, unstack(together), strict=True):
        alone = stack([net])
        fit(alone, x, y, seeds=[seed], **options)
        assert (alone(x)[0] - ours(x)).abs().max() < tolerance
        assert (net(x) - ours(x)).abs().max() > 10 * tolerance  # it did train


@settings(max_examples=20, deadline=None)
@given(
    st.lists(st.integers(0, 99), min_size=1, max_size=4),
    st.integers(12, 48),
    st.sampled_from(["adam", "sgd"]),
)
def test_a_net_trains_the_same_whichever_copies_it_trains_with(seeds, batch_size, optimizer):
    x, y = circle(torch.float64)
    nets = [net.double() for net in nets_of("dlgn", seeds)]
    options = dict(epochs=3, batch_size=batch_size, optimizer=optimizer, learning_rate=1e-2)
    together = stack(nets)
    fit(together, x, y, seeds=seeds, **options)
    for index, (seed, net) in enumerate(zip(seeds, nets, strict=True)):
        alone = stack([net])
        fit(alone, x, y, seeds=[seed], **options)
        for ours, theirs in zip(together.parameters(), alone.parameters(), strict=True):
            assert (ours[index] - theirs[0]).abs().max() < 1e-10


def one_by_one():
    """A level that copy s crosses after s + 1 steps."""
    steps = itertools.count()
    return Crossing(
        name="one by one", measure=lambda net: torch.arange(3) - next(steps), level=-0.5
    )


@pytest.mark.parametrize(
    "device",
    [
        "cpu",
        pytest.param(
            "cuda", marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA")
        ),
    ],
)
@pytest.mark.parametrize("kind", ["relu", "soft", "straight-through", "frozen"])
@pytest.mark.parametrize("batch_size", [None, 20])
def test_every_device_trains_the_same_nets(device, kind, batch_size):
    x, y = circle(torch.float64)
    nets = [
        stack([net.double() for net in mixed_nets(kind)]).to(place) for place in (device, "cpu")
    ]
    histories = [
        fit(
            net, x.to(place), y.to(place), seeds=SEEDS, epochs=4, learning_rate=1e-2,
            batch_size=batch_size, record=(0, 4), snapshots=(2,), crossings=[one_by_one()],
            measure=lambda net: {"size": net.value[0].weight.norm(dim=(1, 2))},
        )
        for net, place in zip(nets, (device, "cpu"), strict=True)
    ]  # fmt: skip
    ours, theirs = histories
    for key, tensor in nets[0].state_dict().items():
        assert tensor.device.type == device
        torch.testing.assert_close(tensor.cpu(), nets[1].state_dict()[key], rtol=1e-8, atol=1e-10)
        torch.testing.assert_close(
            ours.snapshots[2][key], theirs.snapshots[2][key], rtol=1e-8, atol=1e-10
        )
    for history in histories:
        assert history.crossings["one by one"].step.tolist() == [1, 2, 3]
    np.testing.assert_allclose(ours.batch_loss, theirs.batch_loss, rtol=1e-8)
    np.testing.assert_allclose(ours.measures["size"], theirs.measures["size"], rtol=1e-8)


UPWARD = Crossing(name="up", measure=lambda net: torch.zeros(3), level=1.0, below=False)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (dict(seeds=[1]), "seeds must be one for each of the 3 copies; got 1"),
        (dict(epochs=0), "epochs must be at least 1; got 0"),
        (dict(learning_rate=0.0), "learning_rate must be a positive number; got 0.0"),
        (dict(learning_rate=(1.0, 2.0, 1.0)), "must be a positive number; got \\(1.0, 2.0, 1.0\\)"),
        (
            dict(crossings=[UPWARD, UPWARD]),
            r"crossings must have different names; got \['up', 'up'\]",
        ),
        (dict(batch_size=49), "batch_size must be from 1 to the 48 points; got 49"),
        (dict(optimizer="adma"), "optimizer must be one of .*; got 'adma'"),
        (dict(loss="l2"), "loss must be one of .*; got 'l2'"),
        (dict(snapshots=(0, 9)), r"snapshots must hold times from 0 to 2 epochs; got \[9\]"),
        (dict(record=(0,)), "record needs a measure"),
        (
            dict(factors={"gating": 2.0, "value": 1.0}),
            r"factors must name beginnings of trained parameters; got \['gating'\]",
        ),
        (dict(factors={"value": 0.0}), r"factors must be positive; got \[0.0\]"),
    ],
)
def test_refusals(change, message):
    x, y = circle()
    options = dict(seeds=SEEDS, epochs=2, learning_rate=1e-3) | change
    with pytest.raises(ValueError, match=message):
        fit(stack(nets_of("relu")), x, y, **options)
