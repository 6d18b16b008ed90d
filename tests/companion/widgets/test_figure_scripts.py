"""The interactive figures' scripts compute what the package computes: node runs the tests."""

import json

import numpy as np
import torch
from halfspace.companion.regions import figure1
from halfspace.companion.theory.readings import expected_share
from halfspace.companion.widgets.plane import HALF, gated_twin, region_cells, weights
from halfspace.companion.widgets.shared_paths import shared_paths
from halfspace.datasets import circle_points
from halfspace.gates import HardGate
from halfspace.nets import DLGN, ReLUNet
from halfspace.overlap import overlap_kernel
from halfspace.paths import enumerate_paths, path_experts, path_gates
from halfspace.polygons import area, square
from scripts import WIDGETS, run_node_tests, type_errors

SCRIPTS = (
    "kit",
    "plane",
    "one_path",
    "jumping_region",
    "shared_paths",
    "soft_or_hard",
    "what_attracts_paths",
)


def a_net(width, depth, seed):
    generator = torch.Generator().manual_seed(seed)
    return ReLUNet(2, width=width, depth=depth, init="he", generator=generator).double()


@torch.no_grad()
def nets_at_points():
    points = 4 * torch.rand(60, 2, dtype=torch.float64, generator=torch.manual_seed(1)) - 2
    unused = a_net(3, 2, 5)
    unused.value[1].weight[0] = 0.0  # a unit that is on everywhere, with pre-activation zero
    unused.value[1].weight[1] = torch.tensor([1.0, 0.0, 0.0])
    drawn = [a_net(3, 2, 0), a_net(2, 3, 1), a_net(3, 3, 2), a_net(4, 1, 3), unused]
    for relu in drawn:
        paths = enumerate_paths(relu.width, relu.depth).tolist()
        for name, net in dict(relu=relu, dlgn=gated_twin(relu)).items():
            yield dict(
                net=weights(relu)[name],
                half=HALF,
                paths=paths,
                shares=[sum(map(area, region_cells(net, path))) / (4 * HALF**2) for path in paths],
                points=points.tolist(),
                gates=path_gates(net, points).int().tolist(),
                experts=path_experts(net, points)[..., 0].tolist(),
                outputs=net(points)[:, 0].tolist(),
            )


def jump():
    step, on_b = 2.5e-7, 0.8
    at = np.sort(np.append(np.linspace(-1, 1, 41), [-step, step, on_b - step, on_b + step]))
    at = at[np.abs(at - on_b) > 1e-9]  # where the normal is zero, rounding decides
    relu = figure1.jump_relu(0.1)
    curves = figure1.jump_sweep(at, square(3.0))
    ends = figure1.jump_sweep([-step, step, on_b - step, on_b + step], square(3.0))
    return dict(
        weights=at.tolist(),
        normals=relu.value[0].weight.tolist(),
        opposite=figure1.jump_dlgn(0.1, opposite=True).gating[0].weight.tolist(),
        onB=on_b,
        curves={name: curve.tolist() for name, curve in curves.items()},
        jumps=dict(
            relu=float(ends["ReLU net"][1] - ends["ReLU net"][0]),
            opposite=float(abs(np.diff(ends["DLGN, opposite normals"])[2])),
        ),
    )


@torch.no_grad()
def circle():
    around = circle_points(torch.deg2rad(torch.arange(360, dtype=torch.float64)))
    for width in (4, 16, 64):
        generator = torch.Generator().manual_seed(width)
        net = DLGN(2, width=width, depth=8, init="he", gate=HardGate(), generator=generator)
        figure = shared_paths({width: [net]}, width=width, depth=5, angles=(40, 75))
        for depth in (1, 5, 8):
            gates = net.double().gates(around)[:, :depth]
            rows = [
                dict(at=at, row=overlap_kernel(gates[at : at + 1], gates)[0].tolist())
                for at in (0, 40, 217)
            ]
            yield dict(
                net=figure.data["nets"][str(width)][0],
                depth=depth,
                gates=gates.flatten(1).int().tolist(),
                rows=rows,
            )


def limit():
    degrees = np.linspace(0, 180, 19)
    expected = {depth: expected_share(degrees, depth).tolist() for depth in (1, 2, 5, 8)}
    return dict(degrees=degrees.tolist(), expected=expected)


def test_the_scripts_agree_with_the_package(tmp_path):
    fixtures = dict(nets=[*nets_at_points()], jump=jump(), circle=[*circle()], limit=limit())
    path = tmp_path / "fixtures.json"
    path.write_text(json.dumps(fixtures), encoding="utf8")
    run_node_tests("figures.test.js", FIXTURES=str(path))


def test_the_types_hold():
    assert type_errors(*(WIDGETS / f"{name}.js" for name in SCRIPTS)) == []


def test_a_wrong_type_is_seen(tmp_path):
    wrong = tmp_path / "wrong.js"
    wrong.write_text('HalfSpaceKit.start("x", ({ slider }) => slider({ key: "w" }));\n')
    error, *_ = type_errors(WIDGETS / "kit.js", wrong)
    assert "SliderOptions" in error
