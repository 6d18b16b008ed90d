"""The runs on the contextual task, on held-out pairs and on XOR, in short."""

import math

import numpy as np
import pytest
import torch
from halfspace.companion.gated_linear.data import ContextTask
from halfspace.companion.gated_linear.reduction import AlignedReduction, SigmoidFlow
from halfspace.companion.gated_linear.specs import (
    LEVELS,
    VARIANTS,
    ContextTraining,
    CopiedGates,
    HeldOutPairs,
    _large_units,
    _repeated,
)
from halfspace.companion.gated_linear.xor import XorRace, point_shares, xor_points
from halfspace.nets import ReLUNet, stack

CPU = torch.device("cpu")
TWO = dict(first_seed=7, seeds=2)


def arrays(spec):
    return spec.run(CPU)[0]


def test_a_relu_net_is_recorded_over_its_training():
    found = arrays(ContextTraining(std=0.03, steps=700, looks=(0.0, 20.0, 1e6), **TWO))
    assert found["loss"].shape == (101, 2) and found["at"][[0, -1]].tolist() == [0, 140]
    assert found["loss"][0] == pytest.approx([4, 4], rel=1e-2) and found["loss"][-1].max() < 0.1
    np.testing.assert_allclose(found["looks"], [0, 20, 140])
    assert found["on_share"].shape == (3, 1, 2, 4) and found["effective"].shape == (3, 1, 2)
    np.testing.assert_allclose(found["on_share"].sum(-1), 1, rtol=1e-5)
    assert (np.diff(found["times"][: LEVELS.index(0.1) + 1], axis=0) > 0).all()


def test_deeper_nets_have_a_census_of_each_layer():
    found = arrays(ContextTraining(depth=2, std=0.1, steps=20, looks=(0.0,), **TWO))
    assert found["on_share"].shape == (2, 2, 2, 4)


def test_pathways_come_with_their_prediction():
    found = arrays(ContextTraining(model="modular", std=1e-2, steps=800, **TWO))
    assert "on_share" not in found and found["predicted"].shape == (3, 6)
    derived, half, twice = found["predicted"]
    reached = np.isfinite(half)
    assert reached.sum() >= 4 and (half[reached] > derived[reached]).all()
    assert (twice[reached] < derived[reached]).all()
    ratio = found["times"].mean(1)[reached] / derived[reached]
    assert np.abs(np.log(ratio)).max() < 0.2
    assert found["predicted_loss"][0] == pytest.approx(4, rel=1e-2)


def test_frozen_gates_are_the_gating_networks():
    spec = ContextTraining(model="frozen", std=0.05, steps=200, **TWO)
    net, losses = spec.train(CPU)
    x, y = spec.task.inputs.float(), spec.task.targets.flatten(0, 1).float()
    loss = (net(x) - y).square().sum((-2, -1)) / (2 * len(x))
    torch.testing.assert_close(loss.detach(), losses[-1])
    assert torch.equal(net.gating[0].weight, spec.net([7, 8]).gating[0].weight)


@pytest.mark.parametrize(
    "spec",
    [
        ContextTraining(steps=40, **TWO),
        HeldOutPairs(steps=40, **TWO),
        AlignedReduction(steps=20, **TWO),
        SigmoidFlow(steps=100, **TWO),
        CopiedGates(steps=10, **TWO),
        XorRace(std=0.1, steps=300, deltas=(0.8, 1.0), **TWO),
    ],
    ids=lambda spec: type(spec).__name__,
)
def test_a_seed_alone_is_what_it_is_among_others(spec):
    together, alone = arrays(spec), arrays(spec.one_seed(1))
    for name, values in alone.items():
        pairs = zip(together[name].shape, values.shape, strict=True)
        axes = [axis for axis, (many, one) in enumerate(pairs) if many != one]
        expected = together[name] if not axes else np.take(together[name], [1], axes[0])
        np.testing.assert_allclose(values, expected, rtol=1e-3, atol=1e-12, err_msg=name)


def test_copied_gates_are_the_relu_net_and_the_rest_is_trained():
    found = arrays(CopiedGates(std=0.1, steps=60, **TWO))
    assert (found["gap"] < 1e-12).all() and found["loss"].max() < 3.0


def test_the_reduction_is_exact_for_context_gates_only():
    found = arrays(AlignedReduction(contexts=3, steps=300, **TWO))
    assert (found["gap"] < 1e-12).all()
    assert (found["gap_items"] > 1e-3).all() and (found["gap_missing"] > 1e-3).all()


def test_the_sigmoid_is_the_integrated_flow():
    assert (arrays(SigmoidFlow(**TWO))["gap"] < 1e-10).all()
    assert (arrays(SigmoidFlow(steps=50, **TWO))["gap"] > 1e-8).all()  # too coarse to agree


def test_one_pair_is_held_out_in_each_context():
    spec = HeldOutPairs(task=ContextTask(contexts=4))
    out = spec.held_out(3)
    assert (out // 8).tolist() == [0, 1, 2, 3] and len(set(out % 8)) == 4
    assert out.tolist() != spec.held_out(4).tolist()


def test_held_out_losses_are_those_of_the_variants():
    spec = HeldOutPairs(std=0.1, steps=400, **TWO)
    found = arrays(spec)
    assert found["train"].shape == found["test"].shape == (len(VARIANTS), 2)
    linear = VARIANTS.index("linear")
    trained = np.delete(found["train"], linear, 0)
    assert (trained < 0.1).all() and (found["train"][linear] > 0.5).all()
    assert (found["test"] > 10 * found["train"]).any()
    x, y = spec.task.inputs.numpy(), spec.task.targets.flatten(0, 1).numpy()
    for index, seed in enumerate(spec.all_seeds):
        out = spec.held_out(seed)
        kept = np.setdiff1d(np.arange(24), out)
        maps = np.linalg.lstsq(x[kept], y[kept], rcond=1e-10)[0]
        test = ((x[out] @ maps - y[out]) ** 2).sum() / (2 * 3)
        assert found["test"][linear, index] == pytest.approx(test, rel=1e-3)


def test_large_and_repeated_units():
    energy = torch.tensor([[5.0, 0.5, 4.0, 0.5], [0.0, 0.0, 1.0, 0.0]])
    large = _large_units(energy)
    assert large.tolist() == [[1, 0, 1, 0], [0, 0, 1, 0]]
    assert _repeated(energy * large).tolist() == [[0, 0, 2, 2], [2, 2, 2, 2]]


def test_xor_has_a_linear_shortcut():
    x, y = xor_points(0.5)
    assert torch.equal(y.flatten(), -(x[:, 0] * x[:, 1])) and torch.equal(x[:, 2:], 0.5 * y)
    assert y.flatten().tolist() == [-1, -1, 1, 1]


def test_units_of_xor_are_told_apart():
    x = xor_points(1.0)[0].float()
    weights = [
        [1.0, 1.0, 0.0],  # on at (1, 1) alone
        [0.0, 0.0, 1.0],  # on at both points of class +
        [1.0, 0.0, 0.0],  # on at one point of each class
        [0.0, 0.0, -2.0],  # both points of class -
    ]
    net = ReLUNet(3, width=4, depth=1)
    net.value[0].weight.data = torch.tensor(weights)
    net.value[1].weight.data = torch.tensor([[1.0, -2.0, 3.0, 1.0]])
    single, pair = point_shares(stack([net]), x)[:, 0].tolist()
    sizes = [math.sqrt(2), 2, 3, 2]
    assert single == pytest.approx(sizes[0] / sum(sizes))
    assert pair == pytest.approx((sizes[1] + sizes[3]) / sum(sizes))


def test_the_race_is_won_by_single_points_or_by_pairs():
    found = arrays(XorRace(std=1e-4, deltas=(0.3, 1.3), **TWO))
    assert (found["single"][0] > 0.9).all() and (found["pair"][1] > 0.9).all()
    assert np.isfinite(found["time"]).all() and found["time"].shape == (2, 2)
    never = arrays(XorRace(std=1e-4, deltas=(0.3,), steps=20, **TWO))
    assert np.isnan(never["time"]).all() and np.isnan(never["single"]).all()


@pytest.mark.parametrize(
    ("spec", "changes"),
    [
        (ContextTraining(), dict(task=ContextTask(contexts=2), model="frozen", depth=2, refresh=3)),
        (ContextTraining(), dict(looks=(0.0,), width=9, std=0.1, learning_rate=0.1, steps=9)),
        (XorRace(), dict(deltas=(1.0,), std=0.1, width=9, learning_rate=0.1, steps=9, seeds=3)),
        (AlignedReduction(), dict(contexts=4, pathways="modular", units=20, start=0.1, steps=9)),
    ],
)
def test_each_field_changes_the_key(spec, changes):
    keys = {spec.key(), *(spec.replace(**{name: value}).key() for name, value in changes.items())}
    assert len(keys) == len(changes) + 1
