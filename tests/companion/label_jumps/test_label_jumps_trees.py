"""Oblique trees: routing, targets, influences, the tree as a DLGN, and a tree read off a net."""

import numpy as np
import pytest
import torch
from halfspace.companion.label_jumps.data import (
    draw_tree,
    enumerated_influences,
    influences,
    levels,
    mirrored,
    routes,
    sphere,
    tree_problem,
)
from halfspace.companion.label_jumps.extraction import (
    cluster_gates,
    net_influences,
    places_found,
    read_tree,
)
from halfspace.companion.label_jumps.measures import (
    direction_ranks,
    distances,
    nearest,
    tree_as_dlgn,
    unit_normals,
)
from halfspace.gates import HardGate
from halfspace.nets import DLGN, ReLUNet, stack
from halfspace.paths import path_gates


def tree_and_points(depth=3, d_in=9, points=4000, seed=0):
    rng = np.random.default_rng(seed)
    return draw_tree(d_in, depth, rng), sphere(points, d_in, rng)


def walked(tree, point):
    """The path and label of one point, node by node."""
    node, path = 0, []
    while node < len(tree.normals):
        path.append(node)
        node = 2 * node + (2 if tree.normals[node] @ point > 0 else 1)
    return path, 1 if node % 2 == 0 else -1


@pytest.mark.parametrize("depth", [1, 2, 4])
def test_points_walk_from_the_root_to_a_leaf(depth):
    tree, x = tree_and_points(depth, 16, 50)
    paths, labels = routes(x @ tree.normals.T > 0)
    for point, path, label in zip(x, paths, labels, strict=True):
        assert (path.tolist(), label) == walked(tree, point)
    assert np.array_equal(tree.labels(x), labels)
    assert tree.depth == depth and levels(depth).tolist()[-1] == depth - 1


def test_normals_and_unused_directions_are_one_orthonormal_basis():
    tree, x = tree_and_points()
    basis = np.vstack([tree.normals, tree.unused])
    np.testing.assert_allclose(basis @ basis.T, np.eye(9), atol=1e-12)
    np.testing.assert_allclose(np.linalg.norm(x, axis=1), 1)
    with pytest.raises(
        ValueError, match="7 orthogonal normals need at least as many inputs; got 6"
    ):
        draw_tree(6, 3, np.random.default_rng(0))


def test_siblings_differ_and_classes_are_even():
    tree, x = tree_and_points()
    labels = tree.labels(x)
    assert abs(labels.mean()) < 0.05
    for node in (3, 4, 5, 6):
        at = routes(x @ tree.normals.T > 0)[0][:, -1] == node
        assert set(labels[at & (x @ tree.normals[node] > 0)]) == {1}
        assert set(labels[at & (x @ tree.normals[node] < 0)]) == {-1}


def test_a_mirror_image_changes_one_side_only():
    tree, x = tree_and_points()
    image = mirrored(x, tree.normals[2])
    np.testing.assert_allclose(np.linalg.norm(image, axis=1), 1)
    before, after = x @ tree.normals.T, image @ tree.normals.T
    np.testing.assert_allclose(after[:, 2], -before[:, 2])
    np.testing.assert_allclose(np.delete(after, 2, 1), np.delete(before, 2, 1), atol=1e-12)


@pytest.mark.parametrize("depth", [1, 2, 3, 4])
def test_influences_are_counted(depth):
    assert enumerated_influences(depth).tolist() == influences(depth).tolist()


def test_influences_are_those_of_points_and_of_unused_directions_zero():
    tree, x = tree_and_points(points=20_000)
    label = tree.labels(x)
    seen = [(tree.labels(mirrored(x, normal)) != label).mean() for normal in tree.normals]
    np.testing.assert_allclose(seen, influences(3), atol=0.015)
    assert (tree.labels(mirrored(x, tree.unused[0])) == label).all()


def test_margins_are_zero_where_the_label_jumps_and_have_its_sign():
    tree, x = tree_and_points()
    margins = tree.margins(x)
    assert np.array_equal(np.sign(margins), tree.labels(x))
    for point, margin in zip(x[:20], margins, strict=False):
        path, _ = walked(tree, point)
        assert abs(margin) == pytest.approx(min(abs(tree.normals[path] @ point)))
    for normal in tree.normals:
        on = x[:200] - (x[:200] @ normal)[:, None] * normal
        aside = 1e-7 * normal
        jumps = tree.margins(on + aside) - tree.margins(on - aside)
        assert np.abs(jumps).max() < 1e-6
    assert np.abs(tree.labels(on + aside) - tree.labels(on - aside)).max() == 2


def test_soft_sides_become_the_labels_and_are_products_along_paths():
    tree, x = tree_and_points()
    assert np.array_equal(np.sign(tree.smooth(x, 1e5)), tree.labels(x))
    soft = 1 / (1 + np.exp(-0.7 * 3 * (x[:5] @ tree.normals.T)))
    for side, value in zip(soft, tree.smooth(x, 0.7), strict=False):
        total = 0
        for leaf in range(7, 15):
            weight, node = 1.0, leaf
            while node:
                up = (node - 1) // 2
                weight *= side[up] if node % 2 == 0 else 1 - side[up]
                node = up
            total += weight * (1 if leaf % 2 == 0 else -1)
        assert value == pytest.approx(total)


@pytest.mark.parametrize("shallow", [True, False])
@pytest.mark.parametrize("depth", [1, 2, 4])
def test_the_tree_is_a_dlgn(shallow, depth):
    tree, x = tree_and_points(depth, 16, 3000)
    net = tree_as_dlgn(tree, shallow=shallow)
    assert net.shallow == shallow and net.depth == depth
    with torch.no_grad():
        assert np.array_equal(net(torch.from_numpy(x))[:, 0].numpy(), tree.labels(x))


def test_one_path_with_a_value_is_active_at_each_point():
    tree, x = tree_and_points(2, 5, 40)
    net = tree_as_dlgn(tree, shallow=True)
    inputs = torch.from_numpy(x)
    gates = path_gates(net, inputs)  # (n, 16 paths of 4 × 4 units)
    first, second = np.divmod(np.arange(16), 4)
    leads = (first < 2) & (second // 2 == first)  # a unit above its parent's side
    assert leads.sum() == 4  # one path a leaf
    assert (gates[:, torch.from_numpy(leads)].sum(1) == 1).all()


def test_unit_normals_of_chained_and_shallow_gating(generator):
    for shallow in (False, True):
        net = stack([DLGN(3, width=4, depth=2, gate=HardGate(), shallow=shallow)])
        found = unit_normals(net)
        assert found.shape == (1, 2, 4, 3)
        first, second = (layer.weight[0].detach().double() for layer in net.gating)
        expected = second if shallow else second @ first
        torch.testing.assert_close(found[0, 1], expected / expected.norm(dim=1, keepdim=True))
    relu = stack([ReLUNet(3, width=4, depth=2, generator=generator)])
    assert unit_normals(relu).shape == (1, 1, 4, 3)


def test_distances_do_not_depend_on_signs():
    eye = torch.eye(3, dtype=torch.float64)
    assert distances(eye, -eye).diagonal().tolist() == [0, 0, 0]
    assert distances(eye[:1], eye[1:]).tolist() == [[pytest.approx(2**0.5)] * 2]
    normals = torch.stack([eye[:2], -eye[1:]]).unsqueeze(0)  # two layers of two units
    assert nearest(eye.unsqueeze(0), normals).tolist() == [[0, 0, 0]]
    assert direction_ranks(normals).tolist() == [[pytest.approx(2), pytest.approx(2)]]


def test_gates_are_grouped_whatever_their_sign():
    rng = np.random.default_rng(0)
    true = np.linalg.qr(rng.normal(size=(6, 6)))[0][:2]
    members = np.concatenate([true[[0] * 5], true[[1] * 3]]) + 0.01 * rng.normal(size=(8, 6))
    members *= rng.choice([-1, 1], size=(8, 1))
    members /= np.linalg.norm(members, axis=1, keepdims=True)
    centres, sizes = cluster_gates(members)
    assert sizes.tolist() == [5, 3]
    np.testing.assert_allclose(np.abs((centres * true).sum(1)), 1, atol=1e-3)


def test_an_influence_counts_images_that_stay_in_the_region():
    tree, x = tree_and_points(3, 9, 4000)
    found = net_influences(tree.normals, np.zeros((0, 9)), x, tree.labels)
    np.testing.assert_allclose(found, influences(3), atol=0.03)
    left = x[x @ tree.normals[0] < 0]
    found = net_influences(tree.normals, -tree.normals[:1], left, tree.labels)
    np.testing.assert_allclose(found, [0, 0.5, 0, 0.5, 0.5, 0, 0], atol=0.03)


def test_a_tree_is_read_off_its_own_half_spaces():
    """Also with copies of its normals, other half-spaces and signs that do not matter."""
    for seed in range(3):
        tree, x = tree_and_points(3, 9, 6000, seed)
        rng = np.random.default_rng(seed)
        centres = np.concatenate([-tree.normals[::2], tree.normals[1::2], tree.unused])
        read = read_tree(rng.permutation(centres), tree.labels, x, tree.labels(x), 3)
        assert places_found(read, tree) == 7
        assert np.array_equal(read.labels(x), tree.labels(x))


def test_a_branch_without_influence_ends():
    tree, x = tree_and_points(2, 5, 500)
    read = read_tree(tree.unused, tree.labels, x, tree.labels(x), 2)
    assert (read.normals == 0).all() and places_found(read, tree) == 0
    majority = 1 if tree.labels(x).sum() > 0 else -1
    assert (read.labels(x) == majority).all()


def test_points_and_trees_follow_the_seed():
    sizes = dict(d_in=7, depth=2, points=30, test=10)
    one, again, other = (tree_problem(seed, **sizes) for seed in (3, 3, 4))
    assert np.array_equal(one.x, again.x) and not np.array_equal(one.x, other.x)
    assert one.test_x.shape == (10, 7) and sorted(one.shuffle) == list(range(30))
