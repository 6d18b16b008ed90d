"""The figure of soft and hard gates computes what the package computes, from its weights."""

import base64
import json
import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import torch
from halfspace.companion.circle.specs import recipe
from halfspace.companion.circle.target import Circle
from halfspace.companion.widgets.soft_or_hard import soft_or_hard
from halfspace.gates import HardGate, SoftGate, StraightThroughGate
from halfspace.nets import DLGN, ReLUNet, stack

HERE = Path(__file__).parent


def a_dlgn(gate, width=16, depth=5, init="he", seed=0, **options):
    generator = torch.Generator().manual_seed(seed)
    options = dict(constant_input=True, init=init, generator=generator) | options
    return DLGN(2, width=width, depth=depth, gate=gate, **options)


def shown(nets, start=0):
    target = Circle()
    return soft_or_hard(nets, target.angles(), target.values().squeeze(), start=start)


def decoded(text):
    return np.frombuffer(base64.b64decode(text), dtype="<f4")


@torch.no_grad()
def under_gates(net):
    target = Circle()
    points, net = target.points(torch.float64), net.double()
    for beta in (1.0, 4.0, 30.0, 1000.0, None):
        gates = net.gates(points, HardGate() if beta is None else SoftGate(beta))
        outputs = net(points, gates=gates)
        yield dict(
            beta=beta,
            expected=outputs.squeeze(-1).tolist(),
            mean=float((outputs - target.values(torch.float64)).square().mean()),
            share=float(((gates > 0.1) & (gates < 0.9)).double().mean()),
        )


def cases():
    target = Circle()
    nets = {
        "a net of the circle's recipe": recipe("dlgn", beta=4.0).net(3),
        "a net with large weights": a_dlgn(SoftGate(4.0)),
        "a narrow net": a_dlgn(StraightThroughGate(4.0), width=3, depth=2, seed=1),
        "one layer": a_dlgn(SoftGate(1.0), width=5, depth=1, seed=2),
    }
    for told, net in nets.items():
        data = shown([net]).data
        yield dict(
            told=told,
            width=data["width"],
            depth=data["depth"],
            weights=data["nets"][0]["weights"],
            angles=target.angles(torch.float64).tolist(),
            targets=target.values(torch.float64).squeeze().tolist(),
            gates=[*under_gates(net)],
        )


def test_the_script_computes_what_the_package_computes(tmp_path):
    node = shutil.which("node") or shutil.which("nodejs")
    if node is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("no node on this machine")
    path = tmp_path / "fixtures.json"
    path.write_text(json.dumps([*cases()]), encoding="utf8")
    command = [node, "--test", str(HERE / "soft_or_hard.test.js")]
    environment = os.environ | {"FIXTURES": str(path)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-6000:]
    assert "# pass 20" in done.stdout, done.stdout[-2000:]


def test_the_figure_holds_weights_and_data_exactly():
    nets = [a_dlgn(SoftGate(2.5)), a_dlgn(StraightThroughGate(4.0), seed=1)]
    data = shown(nets, start=1).data
    for net, given in zip(nets, data["nets"], strict=True):
        states = net.state_dict()
        layers = [states[f"gating.{k}.weight"] for k in range(5)]
        layers += [states[f"value.{k}.weight"] for k in range(6)]
        expected = torch.cat([layer.flatten() for layer in layers]).numpy()
        np.testing.assert_array_equal(decoded(given["weights"]), expected)
    assert [given["beta"] for given in data["nets"]] == [2.5, None]
    assert 2.5 in data["betas"] and data["betas"][-1] is None and data["start"] == 1
    assert data["betas"][:-1] == sorted(data["betas"][:-1])
    np.testing.assert_array_equal(decoded(data["targets"]), Circle().values().squeeze().numpy())


def test_code_and_data_stay_small():
    figure = shown([a_dlgn(SoftGate(beta)) for beta in (1.0, 2.0, 4.0, 10.0, 30.0)])
    html = figure._repr_html_()
    assert len(json.dumps(figure.data)) < 100_000 and len(html) < 300_000
    code = html.rpartition("<script>")[2]
    assert "HalfSpaceKit.start" in code and len(code.encode()) < 30_000


@pytest.mark.parametrize(
    ("nets", "told"),
    [
        ([], "at least one net"),
        ([ReLUNet(2, width=4, depth=2)], "DLGN"),
        ([a_dlgn(SoftGate(4.0), bias=True)], "without biases"),
        ([a_dlgn(SoftGate(4.0), constant_input=False)], "constant input"),
        ([a_dlgn(HardGate())], "soft or straight-through"),
        ([stack([a_dlgn(SoftGate(1.0)), a_dlgn(SoftGate(4.0))])], "single"),
        ([a_dlgn(SoftGate(4.0)), a_dlgn(SoftGate(4.0), width=8)], "one width"),
        ([a_dlgn(SoftGate(4.0), d_out=2)], "one output"),
        ([a_dlgn(SoftGate(4.0), shallow=True)], "layer by layer"),
    ],
)
def test_other_nets_are_refused(nets, told):
    with pytest.raises(ValueError, match=told):
        shown(nets)


def test_a_net_to_start_with_must_be_there():
    with pytest.raises(ValueError, match="start must be from 0 to 0; got 1"):
        shown([a_dlgn(SoftGate(4.0))], start=1)
