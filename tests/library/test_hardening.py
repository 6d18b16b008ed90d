"""Hardness by hand, annealing epoch by epoch, and what hardening changes in small nets."""

import math

import pytest
import torch
from conftest import NET_KINDS
from halfspace.conv import ConvDLGN
from halfspace.gates import HardGate, SoftGate, StraightThroughGate
from halfspace.hardening import Annealing, harden, hardened, hardness
from halfspace.nets import DLGN, DeepLinearNet, ReLUNet, stack, unstack
from halfspace.overlap import active_path_counts
from halfspace.training import fit


def soft(generator, beta=4.0, **sizes):
    sizes = dict(width=5, depth=3) | sizes
    return DLGN(3, gate=SoftGate(beta), generator=generator, **sizes)


def points(generator, n=7):
    return torch.randn(n, 3, generator=generator)


def test_hardness_is_the_mean_distance_of_gates_from_a_half(generator):
    net, x = soft(generator, beta=2.5), points(generator)
    found = [
        abs(2 / (1 + math.exp(-2.5 * eta)) - 1) for eta in net.preactivations(x).flatten().tolist()
    ]
    assert len(found) == 7 * 3 * 5
    assert hardness(net, x).item() == pytest.approx(sum(found) / len(found), rel=1e-5)


def test_each_copy_has_its_own_hardness(generator):
    nets = [soft(generator, beta) for beta in (0.5, 4.0, 40.0)]
    x = points(generator)
    together = hardness(stack(nets), x)
    assert together.shape == (3,) and together.diff().min() > 0
    torch.testing.assert_close(together, torch.stack([hardness(net, x) for net in nets]))


@pytest.mark.parametrize("kind", sorted(NET_KINDS))
def test_only_soft_gates_are_not_hard(kind, generator):
    net = NET_KINDS[kind](3, width=5, depth=3, generator=generator)
    found = hardness(net, points(generator)).item()
    assert (found < 0.99) if "soft" in kind or "frozen" in kind else found == 1


def test_layers_of_images_count_the_same(generator):
    net = ConvDLGN(channels=1, filters=3, units=4, gate=SoftGate(4.0), generator=generator)
    images = torch.randn(2, 1, 6, 6, generator=generator)
    sites = [(2 * site - 1).abs().mean() for site in net.gates(images)]
    assert len({site[0].numel() for site in net.gates(images)}) == 2
    torch.testing.assert_close(hardness(net, images), sum(sites) / len(sites))
    with pytest.raises(ValueError, match="harden reports on dense nets"):
        harden(net, images, torch.zeros(2, dtype=torch.int64), score="accuracy")
    assert hardened(net).gate == HardGate()


@pytest.mark.parametrize("kind", sorted(NET_KINDS))
def test_the_report_is_of_both_nets(kind, generator):
    nets = [NET_KINDS[kind](3, width=5, depth=3, generator=generator) for _ in range(2)]
    x, y = points(generator), torch.randn(7, 1, generator=generator)
    hard, report = harden(stack(nets), x, y)
    for number, (net, one) in enumerate(zip(nets, unstack(hard), strict=True)):
        own, now = net(x), net(x, gates=net.gates(x, HardGate()))
        torch.testing.assert_close(one(x), now if net.has_gating else own)
        assert report.own[number].item() == pytest.approx((own - y).square().mean().item())
        assert report.hard[number].item() == pytest.approx((one(x) - y).square().mean().item())
        left = (one(x) - own).square().sum() / (own - own.mean()).square().sum()
        assert report.r2[number].item() == pytest.approx(1 - left.item(), abs=1e-4)
    if "soft" not in kind and "frozen" not in kind:
        torch.testing.assert_close(report.own, report.hard)
    assert report.score == "mse" and report.hardness.shape == (2,)


@pytest.mark.parametrize("bias", [False, True])
def test_inputs_without_a_path_are_starved(generator, bias):
    nets = [soft(generator, width=2, depth=4, bias=bias) for _ in range(20)]
    x = points(generator, n=30)
    _, report = harden(stack(nets), x, torch.zeros(30, 1))
    counts = torch.stack([active_path_counts(n.gates(x, HardGate()), bias=bias) for n in nets])
    assert report.starved.mean() == 0 if bias else 0 < report.starved.mean() < 1
    torch.testing.assert_close(report.starved, (counts == 0).double().mean(-1))


def test_classes_are_counted(generator):
    net, x = soft(generator, d_out=4), points(generator)
    classes = net(x).argmax(-1)
    _, report = harden(net, x, classes, score="accuracy")
    assert report.own == 1 and report.own.shape == ()
    changed = hardened(net)(x).argmax(-1) == classes
    assert report.hard == changed.double().mean()


def test_the_net_itself_stays_soft(generator):
    net, x = soft(generator), points(generator)
    before = net(x)
    harden(net, x, torch.zeros(7, 1))
    assert net.gate == SoftGate(4.0) and torch.equal(net(x), before)


def test_gates_sharpen_by_the_same_factor_each_epoch(generator):
    seen = []

    class Noted(Annealing):
        def __call__(self, net, epoch):
            super().__call__(net, epoch)
            seen.append((epoch, net.gate.beta))

    net = stack([soft(generator) for _ in range(2)])
    x, y = points(generator), torch.randn(7, 1, generator=generator)
    options = dict(seeds=[0, 1], epochs=4, learning_rate=1e-2, batch_size=3, snapshots=[0, 3])
    fit(net, x, y, prepare=Noted(first=1.0, last=27.0, epochs=4), **options)
    assert [epoch for epoch, _ in seen] == [0, 1, 2, 3]
    assert [beta for _, beta in seen] == pytest.approx([1, 3, 9, 27])
    assert Annealing(first=2.0, last=8.0, epochs=1).beta_at(0) == 2


def test_an_annealed_net_is_one_that_was_trained_epoch_by_epoch(generator):
    first = soft(generator)
    x, y = points(generator), torch.randn(7, 1, generator=generator)
    whole, parts = stack([first]), stack([first])
    options = dict(seeds=[0], learning_rate=0.05, optimizer="sgd")  # without moments
    schedule = Annealing(first=4.0, last=64.0, epochs=3)
    fit(whole, x, y, epochs=3, prepare=schedule, **options)
    for beta in (4.0, 16.0, 64.0):
        parts.gate = SoftGate(beta)
        fit(parts, x, y, epochs=1, **options)
    torch.testing.assert_close(whole.state_dict(), parts.state_dict())
    still = stack([first])
    fit(still, x, y, epochs=3, **options)
    assert not torch.allclose(still.gating[0].weight, whole.gating[0].weight)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (dict(first=0.0), "first must be a positive number; got 0.0"),
        (dict(last=math.inf), "last must be a positive number; got inf"),
        (dict(epochs=0), "epochs must be a positive integer; got 0"),
        (dict(epochs=2.5), "epochs must be a positive integer; got 2.5"),
    ],
)
def test_a_schedule_out_of_range_is_refused(change, message):
    with pytest.raises(ValueError, match=message):
        Annealing(**dict(first=1.0, last=2.0, epochs=3) | change)


def test_only_soft_gates_are_annealed(generator):
    schedule = Annealing(first=1.0, last=2.0, epochs=3)
    nets = [ReLUNet(3, width=4, depth=2), DeepLinearNet(3, width=4, depth=2)]
    for net in [*nets, DLGN(3, width=4, depth=2, gate=StraightThroughGate(4.0))]:
        with pytest.raises(ValueError, match="only soft gates can be annealed; got"):
            schedule(net, 0)


def test_wrong_arguments_of_harden_are_named(generator):
    net, x = soft(generator), points(generator)
    with pytest.raises(ValueError, match="score must be 'mse' or 'accuracy'; got 'r2'"):
        harden(net, x, torch.zeros(7, 1), score="r2")
    with pytest.raises(ValueError, match="targets must have shape"):
        harden(net, x, torch.zeros(7))
    net.gating[0].weight.data[0, 0] = math.inf
    with pytest.raises(ValueError, match="gates must be finite"):
        harden(net, x, torch.zeros(7, 1))
