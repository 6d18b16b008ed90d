"""Functions of the nearest point on a torus, and the nets and peers that are fitted to them."""

import math

import numpy as np
import pytest
import torch
from halfspace.companion.intrinsic_dimension.conditions import dimension_conditions
from halfspace.companion.intrinsic_dimension.data import nearest_point_function, torus_problem
from halfspace.companion.intrinsic_dimension.measures import plane_shares, turned_into
from halfspace.companion.intrinsic_dimension.specs import DimensionNets, DimensionPeers
from halfspace.companion.seeds import FRESH_SEED
from halfspace.gates import SoftGate
from halfspace.nets import DLGN, ReLUNet, stack

CPU = torch.device("cpu")
SMALL = dict(d_in=5, points=40, test=30, width=6, layers=2, steps=12, records=3)


def small_problem(seed=0, **options):
    return torus_problem(seed, **(dict(d_in=5, points=200, test=100) | options))


@pytest.mark.parametrize("intrinsic", [1, 2])
def test_the_function_is_that_of_the_nearest_point_found_by_search(intrinsic):
    rng = np.random.default_rng(0)
    points = rng.normal(size=(5, 2 * intrinsic))
    grid = np.linspace(0, 2 * np.pi, 4001)
    circle = np.stack([np.cos(grid), np.sin(grid)], 1)
    expected = np.full(5, 2 ** (intrinsic / 2))
    for k in range(intrinsic):  # the distance to a product of circles is least circle by circle
        pair = points[:, 2 * k : 2 * k + 2]
        nearest = grid[np.linalg.norm(pair[:, None] - circle, axis=-1).argmin(1)]
        expected *= np.sin(2 * nearest)
    assert np.abs(nearest_point_function(points) - expected).max() < 5e-3


@pytest.mark.parametrize("options", [{}, {"intrinsic": 2}, {"tube": True, "d_in": 9}])
def test_targets_are_read_off_the_plane_and_have_unit_variance(options):
    problem = small_problem(points=20_000, **options)
    found = nearest_point_function(problem.test_x @ problem.plane)
    assert np.allclose(found, problem.test_f)
    f = nearest_point_function(problem.x @ problem.plane)
    assert f.var() == pytest.approx(1, abs=0.05)
    assert (problem.y - f).std() == pytest.approx(0.1, abs=0.005)
    plane = problem.plane
    assert np.allclose(plane.T @ plane, np.eye(2 * options.get("intrinsic", 1)))


def distances_to_the_torus(problem):
    coordinates = problem.x @ problem.plane
    radii = np.linalg.norm(coordinates.reshape(len(coordinates), -1, 2), axis=-1)
    flat = np.square(problem.x).sum(1) - np.square(coordinates).sum(1)
    return radii, np.sqrt(np.square(radii - 1).sum(1) + flat)


def test_points_fill_the_space_or_the_tube():
    radii, far = distances_to_the_torus(small_problem(d_in=9, intrinsic=2))
    assert 0.5 <= radii.min() < 0.51 and 1.49 < radii.max() <= 1.5
    assert far.mean() > 1
    _, near = distances_to_the_torus(small_problem(d_in=9, intrinsic=2, tube=True, points=2000))
    assert near.max() <= 0.5
    # uniform in a ball of 9 - 2 dimensions
    assert (near / 0.5 < 0.5 ** (1 / 7)).mean() == pytest.approx(0.5, abs=0.04)


def test_domains_share_angles_and_noise_and_sizes_share_points():
    low, high = small_problem(), small_problem(d_in=8, tube=True)
    f, g = (nearest_point_function(problem.x @ problem.plane) for problem in (low, high))
    assert np.allclose(f, g) and np.allclose(low.y, high.y)
    few = small_problem(points=50)
    assert np.allclose(few.x, low.x[:50]) and np.allclose(few.y, low.y[:50])
    assert not np.allclose(small_problem(seed=1).y, low.y)


@pytest.mark.parametrize(
    ("options", "match"),
    [({"d_in": 3, "intrinsic": 2}, "d_in"), ({"points": 0}, "points"), ({"test": 0}, "test")],
)
def test_sizes_that_do_not_fit_are_refused(options, match):
    with pytest.raises(ValueError, match=match):
        small_problem(**options)


def test_shares_are_those_of_the_plain_definition():
    generator = torch.Generator().manual_seed(0)
    sizes = dict(width=4, depth=2, bias=True, generator=generator)
    nets = [DLGN(3, gate=SoftGate(4.0), **sizes) for _ in range(2)]
    planes = torch.linalg.qr(torch.randn(2, 3, 2, generator=generator).double()).Q
    found = plane_shares(stack(nets), planes)
    for copy, (net, plane) in enumerate(zip(nets, planes, strict=True)):
        first, second = (layer.weight.detach().double() for layer in net.gating)
        for layer, normals in enumerate((first, second @ first)):
            shares = [
                sum((row @ column).item() ** 2 for column in plane.T) / (row @ row).item()
                for row in normals
            ]
            assert found[copy, layer].item() == pytest.approx(np.mean(shares))
    relu = plane_shares(stack([ReLUNet(3, **sizes)]), planes[:1])
    assert relu.shape == (1, 1)


def test_rows_turned_into_a_plane_lie_in_it_and_keep_their_mean_square():
    generator = torch.Generator().manual_seed(0)
    weight = torch.randn(4000, 6, generator=generator)
    plane = torch.linalg.qr(torch.randn(6, 2, generator=generator)).Q
    turned = turned_into(weight, plane)
    assert torch.allclose(turned @ plane @ plane.mT, turned, atol=1e-5)
    assert turned.square().sum(1).mean().item() == pytest.approx(6, rel=0.05)


@pytest.mark.parametrize("options", [{"model": "relu"}, {}, {"gates": "plane"}])
def test_each_seed_trains_as_it_does_alone(options):
    spec = DimensionNets(**SMALL, **options, seeds=3)
    together, alone = spec._run(CPU), spec.one_seed(1)._run(CPU)
    for name in ("risk", "hard_risk", "train", "initial"):
        assert together[name][1] == pytest.approx(alone[name][0], rel=1e-4), name
    assert np.allclose(together["shares"][:, 1], alone["shares"][:, 0], rtol=1e-4)
    assert together["shares"].shape == (3, 3, 1 if spec.model == "relu" else 2)


def test_what_a_run_records():
    spec = DimensionNets(**SMALL, seeds=2)
    net, arrays = spec.trained(CPU)
    assert arrays["epochs"].tolist() == [0, 6, 12] and spec.epochs == 12
    problem = spec.problem(1)
    with torch.no_grad():
        outputs = net(torch.from_numpy(problem.test_x).float())[1, :, 0].numpy()
    assert arrays["risk"][1] == pytest.approx(np.square(outputs - problem.test_f).mean(), rel=1e-5)
    assert np.abs(arrays["shares"][2] - arrays["shares"][0]).min() > 0
    assert (arrays["hard_risk"] != arrays["risk"]).all()
    relu = spec.replace(model="relu")._run(CPU)
    assert np.allclose(relu["hard_risk"], relu["risk"])


def test_frozen_gates_stay_at_the_start_that_trained_ones_leave():
    spec = DimensionNets(**SMALL, seeds=2)
    trained, frozen, plane = (
        spec.replace(gates=gates)._run(CPU)["shares"] for gates in ("trained", "frozen", "plane")
    )
    assert np.array_equal(frozen[0], trained[0]) and np.array_equal(frozen[0], frozen[-1])
    assert np.allclose(plane, 1)
    start, turned = spec.net(0), spec.replace(gates="plane").net(0)
    for one, other in zip(start.parameters(), turned.parameters(), strict=True):
        assert torch.equal(one, other) or one is start.gating[0].weight


def test_shuffled_targets_are_those_of_other_points():
    sizes = dict(d_in=3, points=400, test=200, width=16, layers=2, steps=800, records=2)
    spec = DimensionNets(**sizes, seeds=2)
    own, others = spec._run(CPU)["risk"], spec.replace(shuffled=True)._run(CPU)["risk"]
    assert (own < 0.3).all() and (others > 0.9).all()


def test_steps_are_as_many_for_few_points_as_for_many():
    for points in (256, 1024, 4096):
        spec = DimensionNets(points=points)
        assert spec.epochs * math.ceil(points / 128) == pytest.approx(3000, abs=16)


def test_peers_know_the_plane_or_not():
    spec = DimensionPeers(d_in=8, points=300, test=200, seeds=2)
    every, plane = spec._run(CPU), spec.replace(coordinates="plane")._run(CPU)
    for name in ("ridge", "neighbours"):
        assert (plane[name] < 0.2 * every[name]).all()
    low = spec.replace(coordinates="plane", d_in=5)._run(CPU)
    assert np.allclose(low["ridge"], plane["ridge"])  # a rotation of the plane changes nothing
    one = spec.one_seed(1)._run(CPU)
    assert one["ridge"] == pytest.approx(every["ridge"][1])
    assert set(every["gamma"]) <= {0.03, 0.1, 0.3, 1.0, 3.0}


def test_conditions_have_fresh_seeds_and_a_net_for_every_peer():
    conditions = dimension_conditions()
    assert {spec.first_seed for spec in conditions.values()} == {FRESH_SEED}
    assert len({spec.key() for spec in conditions.values()}) == len(conditions)
    for name, spec in conditions.items():
        kind, _, rest = name.partition(": ")
        if kind == "peers":
            twin = conditions[f"dlgn: {rest}"]
            for field in ("d_in", "intrinsic", "tube", "points", "test", "seeds"):
                assert getattr(spec, field) == getattr(twin, field)
