"""Unusual inputs, tried on all public functions: one kind, one test."""

import contextlib

import numpy as np
import pytest
import torch
from conftest import NET_KINDS
from halfspace import polygons, regions
from halfspace._checks import check_integer
from halfspace.companion import seeds
from halfspace.companion.cifar.ntk_features import ridge
from halfspace.companion.circle.measures import hard_forward, hard_gates, losses, path_statistics
from halfspace.companion.circle.specs import CircleTraining, recipe
from halfspace.companion.circle.target import Circle
from halfspace.companion.conjectures.freezing import frozen_copy, path_kernel, ridge_predictions
from halfspace.companion.fashion.data import normalise
from halfspace.companion.fashion.measures import statistics
from halfspace.companion.intervals import first_below, fit_power_law
from halfspace.companion.reallocation.ideas import rebalanced_weights, renew_half_spaces
from halfspace.companion.reallocation.specs import CircleReallocation, path_counts
from halfspace.companion.regions import figure1 as regions_figure1
from halfspace.companion.regions import statistics as regions_statistics
from halfspace.companion.regions.in_training import CountsDuringTraining, RegionsDuringTraining
from halfspace.companion.spec import Integer
from halfspace.conv import ConvDeepLinearNet, ConvDGN, ConvDLGN, ConvReLUNet
from halfspace.conv_overlap import conv_overlap_kernel
from halfspace.datasets import circle_grid, subset_by_class
from halfspace.gates import HardGate, SoftGate, StraightThroughGate, is_active
from halfspace.image_training import Recipe, standardise, train
from halfspace.kernels import alignment, centred, cosine, mean_of_others
from halfspace.nets import DGN, DLGN, Linear, ReLUNet, stack, unstack
from halfspace.ntk import empirical_ntk, gradient_features
from halfspace.overlap import (
    active_path_counts,
    log_active_path_counts,
    log_overlap_kernel,
    neural_path_kernel,
    overlap_kernel,
)
from halfspace.paths import (
    count_paths,
    enumerate_paths,
    mixture_of_experts,
    path_experts,
    path_gates,
)
from halfspace.resnet import DLGNResNet, LinearResNet, ReLUResNet
from halfspace.training import Crossing, fit, net_losses
from pydantic import BaseModel
from torch import nn

SIZES = dict(width=4, depth=2)
WINDOW = polygons.square(1.0)
CPU = torch.device("cpu")


def draw(seed=0):
    return torch.Generator("cpu").manual_seed(seed)


def points(n=6, d=2, **options):
    return torch.randn(n, d, generator=draw(), device="cpu", dtype=torch.float32, **options)


def relu(**sizes):
    return ReLUNet(2, **SIZES | sizes, generator=draw())


def dlgn(gate=None, **sizes):
    return DLGN(2, **SIZES | sizes, gate=gate or HardGate(), generator=draw())


def conv(**sizes):
    return ConvDLGN(
        gate=HardGate(), filters=3, depth=2, units=4, classes=5, generator=draw(), **sizes
    )


def images(n=2):
    return torch.randn(n, 3, 5, 5, generator=draw(), device="cpu", dtype=torch.float32)


def pair(make=relu):
    return stack([make(), make()])


# What has a value for any net and points: each maps a net and points to a tensor.
OF_DENSE_NETS = {
    "forward": lambda net, x: net(x),
    "preactivations": lambda net, x: net.preactivations(x),
    "gates": lambda net, x: net.gates(x),
    "overlap": lambda net, x: overlap_kernel(net.gates(x)),
    "overlap of two": lambda net, x: overlap_kernel(net.gates(x), net.gates(x), bias=True),
    "log overlap": lambda net, x: log_overlap_kernel(net.gates(x)),
    "counts": lambda net, x: active_path_counts(net.gates(x)),
    "log counts": lambda net, x: log_active_path_counts(net.gates(x)),
    "path kernel": lambda net, x: neural_path_kernel(x, net.gates(x)),
    "path gates": path_gates,
    "path experts": path_experts,
    "mixture": mixture_of_experts,
    "ntk": empirical_ntk,
    "ntk in full": lambda net, x: empirical_ntk(net, x, x[:2], outputs="full"),
    "features": gradient_features,
    "in region": lambda net, x: regions.in_path_region(net.gates(x), (0, 0)),
    "hard forward": hard_forward,
    "hard gates": hard_gates,
}
OF_CONV_NETS = {
    "forward": lambda net, x: net(x),
    "gates": lambda net, x: torch.cat([g.flatten(1) for g in net.gates(x)], 1),
    "overlap": lambda net, x: conv_overlap_kernel(net.gates(x)),
    "ntk": empirical_ntk,
    "features": gradient_features,
}
OF_NETS = {f"relu: {name}": (relu, points, made) for name, made in OF_DENSE_NETS.items()}
OF_NETS |= {f"dlgn: {name}": (dlgn, points, made) for name, made in OF_DENSE_NETS.items()}
OF_NETS |= {f"conv: {name}": (conv, images, made) for name, made in OF_CONV_NETS.items()}
FORWARD = [OF_DENSE_NETS["forward"], OF_CONV_NETS["forward"], hard_forward]


def each(cases):
    return pytest.mark.parametrize("case", cases.values(), ids=cases.keys())


def values(tensor):
    return tensor.detach().clone()


# Shapes


@pytest.mark.parametrize("loss", ["mse", "cross_entropy"])
def test_targets_of_another_shape_are_refused_and_not_broadcast(loss):
    outputs = torch.zeros(2, 7, 3)
    wrong = {
        "mse": [(7,), (7, 1), (1, 3), (2, 7, 1), (2, 1, 3), (1, 7, 3), ()],
        "cross_entropy": [(1,), (2, 1), (1, 7), (7, 1), ()],
    }[loss]
    expected = {
        "mse": r"targets must have shape \(n, c\) or \(S, n, c\); got ",
        "cross_entropy": r"targets must have shape \(n,\) or \(S, n\); got ",
    }[loss]
    for shape in wrong:
        with pytest.raises(ValueError, match=expected):
            net_losses(outputs, torch.zeros(shape, dtype=torch.int64), loss)
    with pytest.raises(ValueError, match=r"outputs must have shape \(S, n, c\); got \(7, 3\)"):
        net_losses(outputs[0], torch.zeros(7, 3), loss)
    right = torch.zeros((7, 3) if loss == "mse" else (7,), dtype=torch.int64)
    for shape in [(7,), (2, 1), (1, 7)]:
        with pytest.raises(ValueError, match=r"weights must have shape \(2, 7\)"):
            net_losses(outputs, right, loss, torch.ones(shape))


@pytest.mark.parametrize("batch_size", [None, 4])
@pytest.mark.parametrize("shape", [(8,), (1, 1), (8, 2), (3, 8, 1), (7, 1), (2, 8)])
def test_fit_refuses_targets_of_another_shape(shape, batch_size):
    options = dict(seeds=[0, 1], epochs=1, learning_rate=1e-2, batch_size=batch_size)
    with pytest.raises(ValueError, match=r"targets must have shape \(n, c\) or \(S, n, c\); got "):
        fit(pair(), points(8), torch.zeros(shape), **options)


def test_fit_refuses_other_shapes_of_x_and_no_points():
    options = dict(seeds=[0, 1], epochs=1, learning_rate=1e-2)
    x, y = points(8), torch.zeros(8, 1)
    with pytest.raises(ValueError, match=r"x must hold at least one point; got shape \(0, 2\)"):
        fit(pair(), x[:0], y[:0], **options)
    for wrong in (x[:, 0], x.expand(3, 8, 2)):
        with pytest.raises(ValueError, match=r"shape \(n, d\) or \(2, n, d\); got "):
            fit(pair(), wrong, y, **options)
    with pytest.raises(ValueError, match=r"x must have shape \(..., n, 2\); got \(8, 3\)"):
        fit(pair(), points(8, 3), y, **options)


@pytest.mark.parametrize("kind", NET_KINDS)
def test_dense_nets_name_the_shape_they_need(kind):
    net = NET_KINDS[kind](1, width=3, depth=1)
    for name in ("forward", "gates", "preactivations"):
        for x in (torch.randn(5), torch.randn(5, 2), torch.tensor(1.0)):
            with pytest.raises(ValueError, match=r"x must have shape \(\.\.\., n, 1\); got \("):
                getattr(net, name)(x)


@pytest.mark.parametrize("kind", NET_KINDS)
def test_dense_nets_take_gates_of_their_own_shape_only(kind):
    net, x = NET_KINDS[kind](2, width=3, depth=2), points(5)
    gates = net.gates(x)
    for wrong in (gates[:1], gates[0], gates[..., :1], gates[:, :1], gates.transpose(-1, -2)):
        with pytest.raises(ValueError, match=r"gates must have shape \(\.\.\., 5, 2, 3\), for x"):
            net(x, gates=wrong)
    torch.testing.assert_close(net(x, gates=gates), net(x))


IMAGE_NETS = {
    "conv relu": lambda: ConvReLUNet(filters=3, depth=2, units=4),
    "conv linear": lambda: ConvDeepLinearNet(filters=3, depth=2, units=4),
    "conv dlgn": conv,
    "conv dgn": lambda: ConvDGN(gate=HardGate(), filters=3, depth=2, units=4),
    "resnet relu": lambda: ReLUResNet(8).eval(),
    "resnet linear": lambda: LinearResNet(8).eval(),
    "resnet dlgn": lambda: DLGNResNet(8, gate=HardGate()).eval(),
}


@each(IMAGE_NETS)
def test_nets_of_images_name_the_shape_they_need(case):
    net = case()
    for name in ("forward", "gates", "preactivations"):
        for x in (images()[0], images()[:, :1], images()[0, 0]):
            with pytest.raises(ValueError, match=r"x must have shape \(n, 3, h, w\); got \("):
                getattr(net, name)(x)


@each(IMAGE_NETS)
def test_nets_of_images_take_gates_of_their_own_shape_only(case):
    net, x = case(), images()
    gates = net.gates(x)
    with pytest.raises(ValueError, match="gates must have shape"):
        net(x, gates=[g[:1] for g in gates])
    with pytest.raises(ValueError, match="gates must be . tensors; got"):
        net(x, gates=gates[:-1])
    torch.testing.assert_close(net(x, gates=gates), net(x))


def _other_shapes():
    x, gates = points(), relu().gates(points())
    kernel, both = torch.eye(4), pair().gates(x)
    image_gates = conv().gates(images())
    u8 = torch.zeros(2, 3, 4, 4, dtype=torch.uint8)
    square, normal = WINDOW, np.ones(2)
    many = polygons.Polygons.of([square, square])
    top = torch.ones(6, dtype=torch.bool)
    y = torch.zeros(6, 1)
    return {
        "overlap of a stack and a net": lambda: overlap_kernel(both, gates),
        "overlap of two stacks": lambda: overlap_kernel(both, both[:1]),
        "neural path kernel: points": lambda: neural_path_kernel(x[:1], gates),
        "neural path kernel: others": lambda: neural_path_kernel(x, gates, x[:1], gates),
        "conv overlap: images": lambda: conv_overlap_kernel(
            [*image_gates[:-1], image_gates[-1][:1]]
        ),
        "conv overlap: pixels": lambda: conv_overlap_kernel(
            [image_gates[0][..., :1, :1], *image_gates[1:]]
        ),
        "cosine": lambda: cosine(kernel, torch.ones(1, 1)),
        "cosine of another form": lambda: cosine(kernel, torch.ones(2, 8)),
        "alignment": lambda: alignment(kernel, torch.ones(1, 1)),
        "centred": lambda: centred(torch.ones(3)),
        "centred, not square": lambda: centred(torch.ones(2, 3)),
        "mean of others": lambda: mean_of_others(torch.ones(2, 3)),
        "mean of no others": lambda: mean_of_others(torch.ones(1, 1)),
        "paths of a stack": lambda: path_gates(pair(), x),
        "experts of a stack": lambda: path_experts(pair(), x),
        "path gates of one point": lambda: path_gates(relu(), x[0]),
        "region without points": lambda: regions.in_path_region(gates[0, 0], (0, 0)),
        "counts of a table": lambda: regions.count_active_somewhere(np.ones((2, 3), bool)),
        "counts of floats": lambda: regions.count_active_somewhere(np.ones((2, 2, 3))),
        "faces": lambda: regions.count_faces(np.eye(2), np.ones(1), np.ones(2)),
        "faces of another dimension": lambda: regions.count_faces(
            np.eye(2), np.ones(2), np.ones(1)
        ),
        "cut along no line": lambda: polygons.split(square, np.ones(1), 0.0),
        "cut along several lines": lambda: polygons.clip(square, normal, np.zeros(4)),
        "many cut along one": lambda: polygons.clip_many(many, np.ones((1, 2)), np.zeros(2)),
        "many cut at one offset": lambda: polygons.split_many(many, np.ones((2, 2)), np.zeros(1)),
        "a polygon in space": lambda: polygons.area(np.ones((3, 3))),
        "a single net, unstacked": lambda: unstack(relu()),
        "labels": lambda: train(
            conv(),
            images(4),
            torch.zeros(5, dtype=torch.int64),
            Recipe(epochs=1, batch_size=2),
            seed=0,
        ),
        "images": lambda: train(
            conv(), images(4)[0], torch.zeros(3), Recipe(epochs=1, batch_size=2), seed=0
        ),
        "standardise": lambda: standardise(u8, u8[:, :1]),
        "standardise by nothing": lambda: standardise(u8, u8[:0]),
        "normalise": lambda: normalise(x, x[:, :1]),
        "normalise by nothing": lambda: normalise(x, x[:0]),
        "no labels": lambda: subset_by_class(torch.zeros(0, dtype=torch.int64), 1),
        "losses": lambda: losses(pair(), x, y[:, 0], top),
        "losses on part": lambda: losses(pair(), x, y, top[:3]),
        "losses on numbers": lambda: losses(pair(), x, y, top.long()),
        "path statistics": lambda: path_statistics(pair(), x, top.long()),
        "statistics": lambda: statistics(pair(), points(10), torch.zeros(1, 10)),
        "ridge predictions": lambda: ridge_predictions(pair(), x, y[:, 0].double(), x, 0.1),
        "ridge predictions for one": lambda: ridge_predictions(pair(), x, y[:1].double(), x, 0.1),
        "ridge": lambda: ridge([x], y[:, 0].double(), [0.1]),
        "ridge of other points": lambda: ridge([points(4, 9)], y.double(), [0.1]),
        "rebalanced": lambda: rebalanced_weights(pair(), x, y[:, 0], "mse"),
        "renewal of one of two": lambda: renew_half_spaces(pair(), x, [(0,)]),
        "distance": lambda: regions_figure1.weight_distance(relu(), relu(width=1)),
        "power law": lambda: fit_power_law([1, 2, 3], np.ones((2, 1))),
        "first below": lambda: first_below(np.arange(5), np.ones((3, 2)), 2.0),
    }


@pytest.mark.parametrize("name", _other_shapes())
def test_shapes_that_would_be_broadcast_are_refused(name):
    with pytest.raises(ValueError, match=" (must|needs) .*[Ss]?.*got "):
        _other_shapes()[name]()


# Numbers that are not finite


@each(OF_NETS)
@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
def test_inputs_that_are_not_finite_give_no_result(case, bad):
    make, inputs, made = case
    x = inputs()
    x[1].view(-1)[:2] = bad
    if made in (OF_DENSE_NETS["forward"], OF_CONV_NETS["forward"]):
        assert not made(make(), x)[1].isfinite().all()  # is seen
        return
    with pytest.raises(ValueError, match=r"x must be finite; 2 of \d+ values are not"):
        made(make(), x)


@each(OF_NETS)
@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
def test_weights_that_are_not_finite_give_no_result(case, bad):
    make, inputs, made = case
    if made in (*FORWARD, hard_gates):
        return  # -inf makes a dead unit; a study's gates of a net that diverged are 0
    net = make()
    for layers in (net.value, getattr(net, "gating", [])):
        for layer in layers[:1]:
            layer.weight.data.view(-1)[0] = bad
    x = inputs().abs() + 0.1
    with contextlib.suppress(ValueError):
        found = made(net, x)
        assert made in SEEN and not found.isfinite().all()


SEEN = [OF_DENSE_NETS["preactivations"], OF_DENSE_NETS["gates"], OF_CONV_NETS["gates"]]


@pytest.mark.parametrize("gate", [HardGate(), StraightThroughGate(2.0)])
def test_hard_gates_of_numbers_that_decide_nothing_are_nan(gate):
    eta = torch.tensor([1.0, -1.0, float("nan"), float("inf"), -float("inf")])
    torch.testing.assert_close(
        gate(eta), torch.tensor([1.0, 0.0, *3 * [float("nan")]]), equal_nan=True
    )
    torch.testing.assert_close(is_active(eta), torch.tensor([1.0, 0.0, 0.0, 1.0, 0.0]))


@pytest.mark.parametrize("make", [relu, dlgn])
@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_regions_of_weights_that_are_not_finite_are_refused(make, bad):
    net = make()
    (net.gating if make is dlgn else net.value)[1].weight.data[0, 0] = bad
    message = r"the net's (gating|value)\.1\.weight must be finite; 1 of 16 values are not"
    with pytest.raises(ValueError, match=message):
        regions.partition(net, WINDOW)
    if make is dlgn:
        with pytest.raises(ValueError, match=message):
            regions.path_region(net, (0, 0), WINDOW)
        with pytest.raises(ValueError, match=message):
            regions.path_polygons(net, [(0, 0)], WINDOW)
        with pytest.raises(ValueError, match=message):
            regions_statistics.strongest_paths(net, points())


def _not_finite():
    nan, square = np.array([np.nan, 1.0]), WINDOW
    hole = square * np.array([np.nan, 1.0])
    many = polygons.Polygons.of([square])
    return {
        "window": lambda: regions.partition(relu(), hole),
        "window without end": lambda: regions.partition(relu(), square * np.inf),
        "rectangle": lambda: polygons.rectangle(-np.inf, np.inf, 0, 1),
        "area": lambda: polygons.area(hole),
        "split": lambda: polygons.split(square, nan, 0.0),
        "split, offset": lambda: polygons.split(square, np.ones(2), np.nan),
        "clip": lambda: polygons.clip(hole, np.ones(2), 0.0),
        "split_many": lambda: polygons.split_many(many, nan[None], np.zeros(1)),
        "clip_many": lambda: polygons.clip_many(many, np.ones((1, 2)), nan[:1]),
        "polygons": lambda: polygons.Polygons.of([hole]),
        "free edges": lambda: polygons.free_edges(hole, square),
        "faces": lambda: regions.count_faces(np.eye(2), nan, np.ones(2)),
        "power law": lambda: fit_power_law([1, 2], np.array([[1, np.inf]])),
    }


@pytest.mark.parametrize("name", _not_finite())
def test_numbers_that_are_not_finite_are_counted_in_the_message(name):
    with pytest.raises(ValueError, match=r"must be finite; \d of \d values are not"):
        _not_finite()[name]()


def test_gates_that_are_not_hard_are_refused_by_all_that_counts():
    gates = torch.full((3, 2, 4), 0.5)
    broken = torch.full((3, 2, 4), torch.nan)
    for count in (
        lambda g: regions.in_path_region(g, (0, 0)),
        active_path_counts,
        overlap_kernel,
        lambda g: conv_overlap_kernel([g[..., None], g[:, 0]]),
    ):
        with pytest.raises(ValueError, match="gates must be hard"):
            count(gates)
        with pytest.raises(ValueError, match="gates must be finite; .* values are not"):
            count(broken)


@pytest.mark.parametrize("make", [relu, dlgn])
def test_a_copy_with_broken_weights_has_no_ntk_and_disturbs_nobody(make):
    whole, broken = make(), make()
    broken.value[0].weight.data[0] = -torch.inf  # a dead unit of a ReLU net, going by its outputs
    x = points().abs()
    kernel = empirical_ntk(stack([whole, broken]), x)
    torch.testing.assert_close(kernel[0], empirical_ntk(whole, x))
    assert kernel[1].isnan().all()


def test_a_single_net_with_several_sets_of_points_has_an_ntk_of_each():
    net, x = relu(), points(12).view(3, 4, 2)
    expected = torch.stack([empirical_ntk(net, part) for part in x])
    torch.testing.assert_close(empirical_ntk(net, x), expected)
    net.value[0].weight.data[0] = torch.nan
    with pytest.raises(ValueError, match=r"value\.0\.weight must be finite; 2 of 8 values are not"):
        empirical_ntk(net, x)


def test_studies_of_regions_record_a_seed_that_diverged():
    # Adam moves each weight by the step size: float32 ends at 3e38.
    training = recipe("relu", bias=True, epochs=2, seeds=1, learning_rate=1e38, function_epochs=())
    found, _ = CountsDuringTraining(training=training, at=(0, 2)).run(CPU)
    assert found["diverged"].all() and found["patterns"][0, 0] > 1
    assert np.isnan(found["patterns"][1, 0])


def test_a_net_that_diverged_counts_no_region_in_training(monkeypatch):
    spec = RegionsDuringTraining(model="relu", at=(0, 1), seeds=2)
    train_as_told = CircleTraining.train

    def broken(self, device, **looks):
        net, history = train_as_told(self, device, **looks)
        for tensor in history.snapshots[1].values():
            tensor[1] = torch.nan
        return net, history

    monkeypatch.setattr(CircleTraining, "train", broken)
    found, _ = spec.run(CPU)
    for name in ("patterns", "paths", "disconnected"):
        assert np.isnan(found[name]).tolist() == [[False, False], [False, True]]


# How PyTorch is set


@each(OF_NETS)
def test_inputs_that_require_a_gradient_change_nothing(case):
    make, inputs, made = case
    expected = values(made(make(), inputs()))
    torch.testing.assert_close(values(made(make(), inputs().requires_grad_())), expected)


@each(OF_NETS)
@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])
def test_no_gradients_and_inference_mode_change_nothing(case, mode):
    make, inputs, made = case
    expected, net = values(made(make(), inputs())), make()
    with mode():
        found = made(net, inputs())
    torch.testing.assert_close(values(found), expected)


@each(OF_NETS)
def test_exact_computations_stay_exact_in_autocast(case):
    make, inputs, made = case
    if made in FORWARD:
        return  # a forward pass is what autocast is for
    expected = made(make(), inputs())
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = made(make(), inputs())
    assert found.dtype == expected.dtype
    torch.testing.assert_close(found, expected, rtol=0, atol=0)


def test_half_spaces_and_wide_overlaps_stay_exact_in_autocast():
    net = dlgn(width=400)
    gates = torch.ones(2, 2, 400)  # 160,000 paths: beyond bfloat16's and float16's digits
    expected = regions.half_spaces(net)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = regions.half_spaces(net)
        assert (overlap_kernel(gates) == 160_000).all()
        assert (conv_overlap_kernel([gates[:, 0, :, None, None], gates[:, 1]]) == 480_000).all()
    for a, b in zip(found, expected, strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=0)


@each(OF_NETS)
def test_compiled_nets_are_taken_for_what_they_are(case):
    make, inputs, made = case
    compiled = torch.compile(make(), backend="eager")
    torch.testing.assert_close(made(compiled, inputs()), made(make(), inputs()))


def test_compiled_nets_have_regions_and_train():
    net, x = dlgn(), points(8)
    compiled = torch.compile(net, backend="eager")
    expected = regions.partition(net, WINDOW)
    np.testing.assert_array_equal(regions.partition(compiled, WINDOW).areas, expected.areas)
    np.testing.assert_array_equal(
        regions.path_region(compiled, (0, 1), WINDOW), regions.path_region(net, (0, 1), WINDOW)
    )
    assert torch.equal(regions.half_spaces(compiled)[0], regions.half_spaces(net)[0])
    assert isinstance(frozen_copy(compiled, net.value), DLGN)
    assert isinstance(stack([compiled, compiled]), DLGN)
    nets = [pair(lambda: dlgn(SoftGate(4.0))) for _ in range(2)]
    options = dict(seeds=[0, 1], epochs=2, learning_rate=0.1, snapshots=(0, 2))
    told = fit(nets[0], x, x[:, :1], **options, factors={"gating": 2.0})
    wrapped = torch.compile(nets[1], backend="eager")
    again = fit(wrapped, x, x[:, :1], **options, factors={"gating": 2.0})
    np.testing.assert_allclose(again.batch_loss, told.batch_loss)
    assert again.snapshots[2].keys() == told.snapshots[2].keys()


def test_layers_that_were_compiled_one_by_one_are_seen_by_the_ntk():
    net, x = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1)), points()
    expected, features = empirical_ntk(net, x), gradient_features(net, x)
    net[2].compile(backend="eager")
    net = nn.Sequential(torch.compile(net[0], backend="eager"), net[1], net[2])
    net(x)  # compiled from here on, without the hooks that come later
    torch.testing.assert_close(empirical_ntk(net, x), expected)
    torch.testing.assert_close(gradient_features(net, x), features)


@each(OF_NETS)
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_nets_of_other_precisions(case, dtype):
    make, inputs, made = case
    # Weights and inputs with few digits: products and gates are the same in every precision.
    net, x = make(), inputs().mul(2).round()
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.copy_(parameter.sign())
    expected = made(net, x).double()
    found = made(net.to(dtype), x.to(dtype)).double()
    torch.testing.assert_close(values(found), values(expected), rtol=0.02, atol=0.02)


def test_regions_take_the_weights_in_double_precision():
    net = dlgn(depth=3, bias=True).to(torch.bfloat16)
    for unit in range(4):
        path = (unit, 0, 3 - unit)
        cut = regions.partition(net, WINDOW)
        area = cut.areas[regions.path_region_cells(cut, path)].sum()
        region = polygons.area(regions.path_region(net, path, WINDOW))
        np.testing.assert_allclose(region, area, atol=1e-9)


@contextlib.contextmanager
def session(dtype=torch.float32, device="cpu"):
    """Stand in for a session with other defaults."""
    torch.set_default_dtype(dtype)
    torch.set_default_device(device)
    try:
        yield
    finally:
        torch.set_default_dtype(torch.float32)
        torch.set_default_device(None)


def _tiny_fit():
    net = stack([CircleTraining(model="dlgn").net(seed) for seed in (0, 1)])
    x, y = Circle(n=16).points(), Circle(n=16).values()
    level = Crossing(name="low", measure=lambda net: net_losses(net(x), y, "mse"), level=0.1)
    options = dict(seeds=[0, 1], epochs=2, learning_rate=1e-2, batch_size=5)
    return fit(net, x, y, **options, crossings=[level], snapshots=(2,)).batch_loss


def _tiny_images():
    levels = torch.arange(8 * 3 * 8 * 8, device="cpu").remainder(256).to(torch.uint8)
    x = standardise(levels.view(8, 3, 8, 8), levels.view(8, 3, 8, 8))
    y = torch.arange(8, device="cpu") % 2
    with session():
        net = conv()
    net.gate = SoftGate(4.0)
    plan = Recipe(epochs=2, batch_size=4, augment=True, optimizer="sgd", schedule="one-cycle")
    return np.array(train(net, x, y, plan, seed=0).loss)


def _tiny_study():
    spec = CircleTraining(model="dlgn", epochs=2, seeds=2, grid=8, function_epochs=(0, 2))
    net, history = spec.train(CPU, snapshots=(2,))
    top = spec.target.top()
    found = losses(net, spec.target.points(), spec.target.values(), top)
    found |= path_statistics(net, spec.target.points(), top)
    return np.stack([value.detach().numpy() for value in found.values()])


def _tiny_paths():
    training = recipe("dlgn", epochs=2, seeds=1)
    return path_counts(CircleReallocation(training=training, idea="none", at=(0, 2), grid=32))[1]


def _tiny_kernels():
    net = seeds.random_net("dlgn", 0, **SIZES)
    x = circle_grid(8, torch.float64)[1]
    cut = regions.partition(net, WINDOW)
    found = [empirical_ntk(net, x), overlap_kernel(net.gates(x)), path_gates(net, x)]
    found += [mixture_of_experts(net, x), regions.half_spaces(net)[0], enumerate_paths(3, 2)]
    found += [gradient_features(net, x)]
    return np.concatenate([f.detach().numpy().ravel() for f in found] + [cut.areas])


def _tiny_images_kernels():
    with session():
        net = conv()
    found = [conv_overlap_kernel(net.gates(images())), empirical_ntk(net, images())]
    return np.concatenate([f.detach().numpy().ravel() for f in found])


def _tiny_helpers():
    jumps = regions_figure1.path_areas(
        [regions_figure1.jump_dlgn(0.1), regions_figure1.jump_relu(0.1)], (0, 0), WINDOW
    )
    faces = regions_statistics.faces_by_dimension([3], [0], width=3, depth=2)
    with session():
        net = pair()
    redrawn = renew_half_spaces(net, torch.zeros(3, 2, device="cpu"), [(0,), (1,)])
    return np.concatenate([jumps, faces["path"].ravel(), [len(redrawn[0])]])


TINY = {
    "fit": _tiny_fit,
    "images": _tiny_images,
    "study": _tiny_study,
    "path counts": _tiny_paths,
    "kernels": _tiny_kernels,
    "kernels of images": _tiny_images_kernels,
    "helpers": _tiny_helpers,
}


@each(TINY)
@pytest.mark.parametrize("dtype, device", [(torch.float64, "cpu"), (torch.float32, "meta")])
def test_the_sessions_default_dtype_and_device_change_nothing(case, dtype, device):
    expected = case()
    with session(dtype, device):
        found = case()
    np.testing.assert_array_equal(found, expected)


def test_training_on_images_is_in_float32_whatever_the_net_was_made_in():
    with session(torch.float64):
        net = conv()
    x, y = images(4).double(), torch.tensor([0, 1, 0, 1])
    train(net, x, y, Recipe(epochs=1, batch_size=2), seed=0)
    assert {weight.dtype for weight in net.parameters()} == {torch.float32}


def test_a_frozen_copy_has_the_precision_of_its_net():
    for make in (relu, dlgn):
        net = make().double()
        copy = frozen_copy(net, net.value)
        torch.testing.assert_close(copy(points().double()), net(points().double()))


# No points


@each(OF_NETS)
def test_no_points_give_empty_results(case):
    make, inputs, made = case
    full, found = made(make(), inputs()), made(make(), inputs()[:0])
    n = len(inputs())
    if made is OF_DENSE_NETS["ntk in full"]:
        assert found.shape == (0, 0, 1, 1)
    else:
        assert found.shape == tuple(0 if size == n else size for size in full.shape)
    assert found.dtype == full.dtype


def test_no_points_for_any_net_and_two_sets():
    net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.Flatten(), nn.Linear(2, 1))
    nothing, some = torch.randn(0, 1, 3, 3), torch.randn(4, 1, 3, 3)
    assert empirical_ntk(net, nothing).shape == (0, 0)
    assert empirical_ntk(net, nothing, some).shape == (0, 4)
    assert empirical_ntk(net, some, nothing).shape == (4, 0)
    assert gradient_features(net, nothing).shape == (0, 2 * 9 + 2 + 2 + 1)
    assert gradient_features(nn.Linear(2, 1), torch.randn(0, 2)).shape == (0, 3)
    assert path_kernel(pair(), points(), points(0)).shape == (2, 6, 0)


# Whole numbers


def _integers():
    """Functions of a whole number, each given 8 or the number that it needs."""
    x, y = points(8), torch.zeros(8, 1)

    def trained(**changes):
        options = dict(seeds=[0, 1], epochs=1, learning_rate=1e-2) | changes
        return fit(pair(), x, y, **options)

    look = dict(name="a", measure=lambda net: net(x).mean((1, 2)), level=0.0)
    return {
        "width": lambda n: relu(width=n),
        "depth": lambda n: dlgn(depth=n),
        "d_in": lambda n: DGN(n, **SIZES, gate=HardGate()),
        "d_out": lambda n: relu(d_out=n),
        "of a layer": lambda n: Linear(n, n, bias=True, init="default"),
        "filters": lambda n: ConvReLUNet(filters=n, depth=1, units=2),
        "channels": lambda n: ConvDLGN(gate=HardGate(), channels=n, filters=2, depth=1, units=2),
        "conv depth": lambda n: ConvReLUNet(filters=2, depth=n, units=2),
        "units": lambda n: ConvReLUNet(filters=2, depth=1, units=n),
        "classes": lambda n: ConvReLUNet(filters=2, depth=1, units=2, classes=n),
        "layers": lambda n: LinearResNet(n),
        "resnet classes": lambda n: LinearResNet(8, classes=n),
        "paths": lambda n: count_paths(n, n),
        "path list": lambda n: enumerate_paths(n, 1),
        "start": lambda n: enumerate_paths(2, 9, n),
        "memory": lambda n: empirical_ntk(relu(), x, memory=n),
        "overlap channels": lambda n: conv_overlap_kernel(conv().gates(images()), channels=n),
        "seeds": lambda n: trained(seeds=[n, n]),
        "epochs": lambda n: trained(epochs=n),
        "batch_size": lambda n: trained(batch_size=n),
        "every": lambda n: trained(crossings=[Crossing(**look, every=n)]),
        "unit of a path": lambda n: regions.in_path_region(relu(width=9).gates(x), [n, n]),
        "grid": lambda n: circle_grid(n),
        "per class": lambda n: subset_by_class(torch.zeros(9, dtype=torch.int64), n),
        "circle": lambda n: Circle(n=n),
        "spec": lambda n: CircleTraining(model="relu", width=n, epochs=n, function_epochs=(n,)),
        "recipe": lambda n: Recipe(epochs=n),
    }


@pytest.mark.parametrize("name", _integers())
def test_whole_numbers_may_be_numpys_and_are_no_bools_or_floats(name):
    make = _integers()[name]
    for number in (8, np.int64(8), np.uint8(8), np.array(8)):
        make(number)
    for wrong in (True, np.True_, 8.0, np.float64(8), "8", None):
        if name == "batch_size" and wrong is None:
            continue  # all points
        with pytest.raises(ValueError, match=r"must be .*got |Input should be"):
            make(wrong)


def test_sizes_of_nets_are_plain_integers_afterwards():
    net = ReLUNet(np.int64(2), width=np.int64(4), depth=np.int32(2), d_out=np.uint8(3))
    assert [type(n) for n in (net.d_in, net.width, net.depth, net.d_out)] == [int] * 4
    with pytest.raises(ValueError, match="width must be a positive integer; got True"):
        ReLUNet(2, width=True, depth=2)


def test_check_integer():
    assert type(check_integer("n", np.int64(3))) is int
    with pytest.raises(ValueError, match="n must be an integer of at least 0; got -1"):
        check_integer("n", -1, least=0)
    assert check_integer("n", -1, least=None) == -1

    class Model(BaseModel):
        n: Integer

    with pytest.raises(ValueError, match="n must be an integer; got True"):
        Model(n=True)


# Modules that draw at random


@pytest.mark.parametrize(
    "layer, shape",
    [
        (nn.Dropout(0.5), (3, 8)),
        (nn.AlphaDropout(0.5), (3, 8)),
        (nn.FeatureAlphaDropout(0.5), (3, 8)),
        (nn.RReLU(), (3, 8)),
        (nn.FractionalMaxPool2d(2, output_size=2), (3, 2, 4, 4)),
        (nn.FractionalMaxPool3d(1, output_size=2), (3, 1, 2, 2, 2)),
        (nn.LSTM(8, 8, num_layers=2, dropout=0.5).requires_grad_(False), (3, 8)),
        (nn.MultiheadAttention(8, 2, dropout=0.5).requires_grad_(False), (3, 8)),
    ],
    ids=lambda value: type(value).__name__,
)
def test_modules_that_draw_at_random_are_refused(layer, shape):
    net = nn.Sequential(layer, nn.Flatten(), nn.Linear(8, 1)).train()
    for function in (empirical_ntk, gradient_features):
        with pytest.raises(ValueError, match=rf"0 \({type(layer).__name__}\) dr.* at random"):
            function(net, torch.randn(shape))


def test_random_slopes_are_none_at_evaluation():
    net = nn.Sequential(nn.Linear(2, 8), nn.RReLU(), nn.Linear(8, 1)).eval()
    assert torch.equal(empirical_ntk(net, points()), empirical_ntk(net, points()))
    net[1].train()
    with pytest.raises(ValueError, match=r"1 \(RReLU\) draws its slopes at random"):
        empirical_ntk(net, points())
