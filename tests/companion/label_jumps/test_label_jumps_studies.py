"""Studies of trees, clusters and ranks at tiny sizes: arrays against plain definitions."""

import numpy as np
import pytest
import torch
from halfspace.companion.label_jumps.clusters import (
    SwitchClusters,
    all_bits,
    cluster_rows,
    decider,
    switch,
)
from halfspace.companion.label_jumps.measures import angle_agreement, nearest, unit_normals
from halfspace.companion.label_jumps.rank_studies import CircleChain, FashionRanks
from halfspace.companion.label_jumps.specs import TreeBaselines, TreeConstruction, TreeForest
from halfspace.companion.label_jumps.tree_training import TreeTraining
from halfspace.nets import stack

CPU = torch.device("cpu")
TINY = dict(d_in=8, depth=2, points=300, test=200, epochs=2, batch_size=100, seeds=2, layers=2)


def run(spec):
    return spec.run(CPU)[0]


@pytest.mark.parametrize(
    "fields",
    [
        dict(model="shallow", read=True),
        dict(model="dlgn", target="shuffled", gates="frozen"),
        dict(model="shallow", gates="tree", width=4),
        dict(model="relu"),
        dict(model="dlgn", target="smooth", loss="mse", start="orthogonal", scale=0.5, width=8),
        dict(model="shallow", target="margin", loss="mse", constant_input=False),
    ],
    ids=lambda fields: "-".join(map(str, fields.values())),
)
def test_a_seed_alone_is_the_seed_in_a_stack(fields):
    spec = TreeTraining(**TINY | fields)
    both, alone = run(spec), run(spec.one_seed(1))
    assert both.keys() == alone.keys()
    assert both["distance"].shape == (3, 2, 3)
    for name in ("distance", "score", "unused_mean"):
        np.testing.assert_allclose(both[name][:, 1:], alone[name], rtol=2e-2, atol=5e-3)
    if fields.get("gates", "trained") != "trained":
        assert (both["distance"][0] == both["distance"][-1]).all()


def test_distances_at_the_start_are_those_of_the_drawn_nets():
    spec = TreeTraining(model="dlgn", **TINY)
    arrays = run(spec)
    for copy in range(2):
        tree = spec.problem(copy).tree
        normals = unit_normals(stack([spec.net(copy)]))
        expected = nearest(torch.from_numpy(tree.normals)[None], normals)[0]
        np.testing.assert_allclose(arrays["distance"][0, copy], expected, rtol=1e-5)
        unused = nearest(torch.from_numpy(tree.unused)[None], normals)[0]
        assert arrays["unused_least"][0, copy] == pytest.approx(unused.min().item())
        assert arrays["unused_mean"][0, copy] == pytest.approx(unused.mean().item())


def test_gates_at_the_tree_are_there():
    arrays = run(TreeTraining(model="shallow", gates="tree", **TINY))
    assert arrays["distance"].max() < 1e-3 and (arrays["near"] >= 1).all()


def test_orthogonal_gating_loses_no_rank():
    spec = TreeTraining(model="dlgn", start="orthogonal", scale=0.5, width=8, **TINY)
    weight = spec.net(0).gating[1].weight
    torch.testing.assert_close(weight @ weight.T, 0.25 * torch.eye(8))
    np.testing.assert_allclose(run(spec)["ranks"][0], 8, rtol=1e-5)


def test_targets_of_squared_error_are_centred_and_scaled():
    spec = TreeTraining(model="dlgn", target="margin", loss="mse", **TINY)
    y, _ = spec.targets(spec.problem(0))
    assert y.mean() == pytest.approx(0) and y.std() == pytest.approx(1)
    shuffled = TreeTraining(model="dlgn", target="shuffled", **TINY)
    problem = shuffled.problem(0)
    y, test_y = shuffled.targets(problem)
    assert (y != problem.tree.labels(problem.x)).any() and abs(y).max() == 1
    assert np.array_equal(test_y, problem.tree.labels(problem.test_x))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (dict(model="dlgn", gates="tree"), "only a DLGN-SF"),
        (dict(model="shallow", gates="tree", width=1), "need D layers of at least"),
        (dict(model="dlgn", target="margin"), "is no class"),
    ],
)
def test_fields_that_do_not_fit_are_refused(fields, message):
    with pytest.raises(ValueError, match=message):
        TreeTraining(**TINY | fields)


def test_the_construction_and_rivals():
    arrays = run(TreeConstruction(d_in=6, depth=2, points=2000, seeds=2))
    assert arrays["shallow"].tolist() == arrays["deep"].tolist() == [0, 0]
    assert arrays["enumerated"].max() == 0 and 0 < arrays["mirrored"].max() < 0.05
    rivals = run(TreeBaselines(d_in=6, depth=1, points=400, test=300, svm_points=300, seeds=2))
    # A tree of one node is a linear function.
    assert rivals["logistic"].min() > 0.95 > rivals["cart"].max() > 0.5
    forest = run(TreeForest(d_in=6, depth=1, points=400, test=300, seeds=2))["forest"]
    assert (forest > rivals["cart"]).all() and forest.max() < rivals["logistic"].min()


def test_the_switch_and_who_decides():
    x = all_bits()
    assert len({tuple(row) for row in x.tolist()}) == 1024
    y = switch(x, 0.5)
    for row, value, who in zip(x, y, decider(x, 0.5), strict=True):
        assert value == (row[0] if row[2] else row[1])
        assert who == (0 if row[2] else 1)
    signs = torch.tensor([[0.5, -0.5, -0.1, *[0.0] * 7]])
    assert decider(signs, 0.0).tolist() == [1] and switch(signs, 0.0).tolist() == [0]


@pytest.fixture(scope="module")
def small():
    spec = SwitchClusters(sizes=(4, 3), draws=2000, epochs=20, l1=0.0, seeds=3)
    return spec, spec.train()[0].double(), run(spec)


def test_a_cluster_has_one_affine_map_and_it_is_the_sum_over_paths(small):
    spec, nets, arrays = small
    assert arrays["gap"].max() < 1e-12 and arrays["other"][0] > 0.01
    x = all_bits()[:7]
    first, second, logits = nets(x)
    (w1, w2, w3), (b1, b2, b3) = nets.weights, nets.biases
    total = b3.expand(3, 7).clone()
    for copy in range(3):
        for j in range(3):
            on2 = (second[copy, :, j] > 0).double()
            total[copy] += on2 * w3[copy, 0, j] * b2[copy, j]
            for i in range(4):
                on = on2 * (first[copy, :, i] > 0)
                value = w3[copy, 0, j] * w2[copy, j, i]
                total[copy] += on * value * (b1[copy, i] + x @ w1[copy, i])
    torch.testing.assert_close(total, logits)


def test_what_clusters_tell_is_what_it_is_by_hand(small):
    spec, nets, arrays = small
    x, copy = all_bits(), 1
    first, second, logits = nets(x)
    a, c = nets.maps((first > 0).double(), (second > 0).double())
    right = mute = changed = through = 0
    patterns = set()
    for row in range(1024):
        one = [tuple((layer[copy, row] > 0).tolist()) for layer in (first, second)]
        patterns.add(tuple(one))
        who = 0 if x[row, 2] else 1
        right += abs(a[copy, row, who]) > abs(a[copy, row, 1 - who])
        mute += not a[copy, row].any()
        other = x[row].clone()
        other[who] = 1 - other[who]
        h1, h2, logit = nets(other.unsqueeze(0))
        if (logit[copy] > 0) != (logits[copy, row] > 0):
            changed += 1
            through += [tuple((h[copy, 0] > 0).tolist()) for h in (h1, h2)] != one
    assert arrays["clusters"][copy] == len(patterns)
    assert arrays["right"][copy] == pytest.approx(int(right) / 1024)
    assert arrays["mute"][copy] == pytest.approx(mute / 1024)
    assert arrays["through"][copy] == pytest.approx(through / changed)
    rows = cluster_rows(nets, x, 0.5)
    assert sum(row["share"] for row in rows) == pytest.approx(1)
    assert len(rows) == arrays["clusters"][0]


def test_ranks_on_images_agree_with_counts():
    spec = FashionRanks(
        model="dlgn", width=12, layers=3, points=256, test=100, measured=20, epochs=1, seeds=1
    )
    arrays = run(spec)
    assert arrays["differ"].max() == 0 and arrays["rises"].max() == 0
    assert (np.diff(arrays["ranks"], axis=2) <= 0).all()
    assert (arrays["effective"] <= arrays["ranks"] + 1e-9).all()
    assert 0 <= arrays["class_dimension"][0] <= 12


def test_lines_agree_whatever_their_signs():
    normals = torch.tensor([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
    assert angle_agreement(normals[:2]) == 1
    assert angle_agreement(normals) == 0
    turned = torch.tensor([[1.0, 0.0], [0.5**0.5, 0.5**0.5]])  # 45 degrees, doubled 90
    assert angle_agreement(turned).item() == pytest.approx(0.5**0.5)


@pytest.mark.parametrize("shallow", [False, True])
def test_agreement_on_the_circle(shallow):
    spec = CircleChain(shallow=shallow, epochs=2, seeds=2)
    both, alone = run(spec), run(spec.one_seed(1))
    assert both["agreement"].shape == (2, 2, 5)
    np.testing.assert_allclose(both["agreement"][:, 1:], alone["agreement"], rtol=1e-3)
    product, found = torch.eye(2), []
    for layer in spec.net(1).gating:
        product = layer.weight if shallow or not found else layer.weight @ product
        angles = 2 * torch.atan2(product[:, 1], product[:, 0])
        found.append(torch.hypot(angles.cos().mean(), angles.sin().mean()).item())
    np.testing.assert_allclose(both["agreement"][0, 1], found, rtol=1e-4)


def test_a_chain_that_starts_orthogonal():
    weight = CircleChain(orthogonal=True).net(0).gating[2].weight
    torch.testing.assert_close(weight @ weight.T, torch.eye(16) / 3)
