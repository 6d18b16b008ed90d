"""The contextual task and its pathways, descent in closed form, and the census."""

import numpy as np
import pytest
import torch
from halfspace.companion.gated_linear.data import (
    ITEMS,
    ContextTask,
    pathway_gates,
    pathway_sizes,
    unit_gates,
)
from halfspace.companion.gated_linear.measures import census, descend, drawn, reach_times
from halfspace.modes import context_modes, haar_basis
from halfspace.overlap import overlap_kernel
from torch import Tensor

SIZES = dict(d_in=11, d_out=60, width=12, std=0.3)


def test_a_point_has_one_item_and_one_context():
    x = ContextTask(contexts=4).inputs
    assert x.shape == (32, 12)
    assert (x[:, :ITEMS].sum(1) == 1).all() and (x[:, ITEMS:].sum(1) == 1).all()
    assert x[9].nonzero().flatten().tolist() == [1, ITEMS + 1]  # contexts are the outer order


def test_targets_are_a_common_block_and_the_contexts_own():
    y = ContextTask().targets
    assert y.shape == (3, 8, 60)
    tree = y[0, :, :15]
    assert sorted(tree.sum(0).tolist()) == [1] * 8 + [2] * 4 + [4, 4, 8]
    for context in range(3):
        for block in range(4):
            shown = y[context, :, 15 * block : 15 * (block + 1)]
            expected = tree if block in (0, context + 1) else torch.zeros_like(tree)
            assert torch.equal(shown, expected)
    loss = y.square().sum() / (2 * 24)
    assert loss == 4  # of an output of zero


def test_the_other_tasks():
    own = ContextTask().targets
    assert ContextTask(blocks="no common").targets.shape == (3, 8, 45)
    everywhere = ContextTask(blocks="everywhere").targets
    assert torch.equal(everywhere[0], everywhere[1]) and torch.equal(
        everywhere[0, :, 15:30], own[0, :, :15]
    )
    permuted = ContextTask(blocks="permuted").targets
    assert torch.equal(permuted[..., :15], own[..., :15])
    assert not torch.equal(permuted, own)
    order = np.random.default_rng(1).permutation(8)
    assert torch.equal(permuted[0, :, 15:30], own[0, order, 15:30])


def test_the_haar_modes_have_the_known_strengths():
    task = ContextTask()
    modes = context_modes(task.targets, haar_basis(ITEMS))
    strength = torch.einsum("kco,kcq->koq", modes.targets, modes.inputs) / modes.points
    found = torch.linalg.svdvals(strength)
    assert found[0, :3].numpy() == pytest.approx([1.0704, 0.4564, 0.4564], abs=1e-4)
    assert found[1:, 0].numpy() == pytest.approx([0.3819, *[0.25] * 2, *[0.1443] * 4], abs=1e-4)


def test_pathways_are_on_where_they_say():
    assert pathway_gates("leave-one-out", 3).tolist() == [
        [1, 1, 1],
        [0, 1, 1],
        [1, 0, 1],
        [1, 1, 0],
    ]
    assert pathway_gates("modular", 2).tolist() == [[1, 1], [1, 0], [0, 1]]
    assert pathway_gates("common only", 4).tolist() == [[1, 1, 1, 1]]
    six = pathway_gates("all six", 3)
    assert len(six.unique(dim=0)) == 7 and six.sum() == 3 + 3 + 6
    with pytest.raises(ValueError, match="the last for 3 contexts; got 'all six' for 4"):
        pathway_gates("all six", 4)


def test_units_are_shared_out_equally():
    assert pathway_sizes(4, 100).tolist() == [25] * 4
    assert sorted(pathway_sizes(7, 100).tolist()) == [14] * 5 + [15] * 2
    gates = unit_gates(pathway_gates("modular", 3), 100)
    assert gates.shape == (24, 1, 100)
    kernel = overlap_kernel(gates)
    assert (kernel[0, 7], kernel[0, 8]) == (50, 25)  # same context, other context
    kernel = overlap_kernel(unit_gates(pathway_gates("leave-one-out", 3), 100))
    assert (kernel[0, 7], kernel[0, 8]) == (75, 50)


def plain_descent(net, x: Tensor, y: Tensor, gates: Tensor | None, steps: int) -> Tensor:
    """Losses by PyTorch's gradients."""
    stepper = torch.optim.SGD(net.value.parameters(), lr=0.1)
    losses = []
    for _ in range(steps + 1):
        outputs = net(x) if gates is None else net(x, gates=gates)
        loss = (outputs - y).square().sum((-2, -1)) / (2 * x.shape[-2])
        stepper.zero_grad()
        loss.sum().backward()
        stepper.step()
        losses.append(loss.detach())
    return torch.stack(losses)


@pytest.mark.parametrize("depth", [1, 2, 3])
@pytest.mark.parametrize("kind", ["relu", "dlgn"])
def test_descent_in_closed_form_is_descent(kind, depth):
    task = ContextTask()
    x, y = task.inputs, task.targets.flatten(0, 1)
    ours, plain = (drawn(kind, [1, 2], depth=depth, **SIZES).double() for _ in range(2))
    gates = None if kind == "relu" else ours.gates(x)
    losses = descend(ours, x, y, learning_rate=0.1, steps=60, gates=gates)
    torch.testing.assert_close(losses, plain_descent(plain, x, y, gates, 60))
    assert losses[-1].max() < losses[0].min()
    # Each copy may have its own points, as held-out pairs ask for.
    again = drawn(kind, [1, 2], depth=depth, **SIZES).double()
    options = dict(learning_rate=0.1, steps=60, gates=gates)
    many = descend(again, x.expand(2, -1, -1), y.expand(2, -1, -1), **options)
    torch.testing.assert_close(many, losses)


def test_old_gates_are_kept_until_they_are_taken_anew():
    task = ContextTask()
    x, y = task.inputs, task.targets.flatten(0, 1)
    options = dict(learning_rate=0.1, steps=30)
    stale = drawn("relu", [5], depth=1, **SIZES).double()
    first = (x @ stale.value[0].weight.mT > 0).double().unsqueeze(-2)
    losses = descend(stale, x, y, refresh=31, **options)
    given = drawn("relu", [5], depth=1, **SIZES).double()
    torch.testing.assert_close(losses, descend(given, x, y, gates=first, **options))
    own = descend(drawn("relu", [5], depth=1, **SIZES).double(), x, y, refresh=5, **options)
    fresh = descend(drawn("relu", [5], depth=1, **SIZES).double(), x, y, **options)
    torch.testing.assert_close(own[:5], losses[:5])
    assert not torch.allclose(own[6:], losses[6:]) and not torch.allclose(own, fresh)


def test_training_ends_where_it_is_told_to():
    task = ContextTask()
    seen = []

    def watch(step, losses):
        seen.append(losses)
        return step == 3

    net = drawn("relu", [5], depth=1, **SIZES).double()
    options = dict(learning_rate=0.1, steps=30, watch=watch)
    losses = descend(net, task.inputs, task.targets.flatten(0, 1), **options)
    assert len(losses) == 4 and torch.equal(torch.stack(seen), losses)


def test_times_to_levels():
    losses = torch.tensor([[4.0, 4.0], [2.0, 3.0], [0.5, 2.5]])
    times = reach_times(losses, [3.5, 1.0], 0.2)
    np.testing.assert_allclose(times, [[0.2, 0.2], [0.4, np.nan]])


@pytest.mark.parametrize("depth", [1, 2])
def test_the_census_counts_unit_by_unit(depth):
    contexts = 3
    x = ContextTask(contexts=contexts).inputs.float()
    net = drawn("relu", [3, 4], depth=depth, **SIZES)
    found = census(net, x, contexts)
    for layer in range(depth):
        for seed in range(2):
            h = x
            for each in net.value[: layer + 1]:
                z = h @ each.weight[seed].detach().T
                h = z.clamp(min=0)
            out = net.value[layer + 1].weight[seed].detach().square().sum(0)
            energy = torch.stack([out[i] * h[:, i].square() for i in range(12)], 1)
            by_context = energy.reshape(contexts, ITEMS, 12).sum(1)
            share = energy.sum(0) / energy.sum()
            on = (z > 0).reshape(contexts, ITEMS, 12)
            counts, effective, data, alone = torch.zeros(contexts + 1), 0.0, 0.0, 0.0
            for i in range(12):
                counts[int((on[..., i].sum(1) > 4).sum())] += share[i]
                if share[i] > 0:
                    parts = by_context[:, i] / by_context[:, i].sum()
                    effective += share[i] / parts.square().sum()
                data += share[i] * on[..., i].double().mean() * contexts
                alone += share[i] * all(c.all() or not c.any() for c in on[..., i])
            at = (layer, seed)
            torch.testing.assert_close(found["on_share"][at].float(), counts)
            for name, value in dict(effective=effective, data_on=data, alone=alone).items():
                assert found[name][at].item() == pytest.approx(float(value), rel=1e-5), name
            flat = on.reshape(-1, 12).double()
            kernel = (flat * share) @ flat.T
            same, other = [], []
            for a in range(24):
                for b in range(24):
                    if a // ITEMS == b // ITEMS and a != b:
                        same.append(kernel[a, b])
                    if a // ITEMS != b // ITEMS and a % ITEMS == b % ITEMS:
                        other.append(kernel[a, b])
            index = (np.mean(same) - np.mean(other)) / kernel.diagonal().mean()
            assert found["index"][at].item() == pytest.approx(index.item(), rel=1e-4)
