"""The small runs that ``make verify`` recomputes on any machine."""

import numpy as np
import torch
from halfspace.companion.cifar.conditions import synthetic_conditions
from halfspace.companion.cifar.specs import CifarTraining


def test_what_is_compared_is_not_decided_by_rounding(monkeypatch, tmp_path):
    """Weights with another sixth digit give the recorded arrays, but for the unsettled ones."""
    spec, draw = synthetic_conditions()["table 1: dlgn, hardening"], CifarTraining.net

    def disturbed(self, seed):
        net, generator = draw(self, seed), torch.Generator().manual_seed(0)
        with torch.no_grad():
            for weight in net.parameters():
                weight.mul_(1 + 1e-6 * torch.randn(weight.shape, generator=generator))
        return net

    monkeypatch.setattr(CifarTraining, "net", disturbed)
    monkeypatch.setenv("HALFSPACE_CACHE", str(tmp_path))
    arrays = [spec.recorded().arrays, spec.run(torch.device("cpu"))[0]]
    compared = arrays[0].keys() - {*spec.timings, *spec.unsettled}
    assert {"loss", "accuracy", "overlap", "overlap_labels"} <= compared
    for name in compared:
        scale = 1 if name in spec.shares else np.abs(arrays[0][name]).max()
        found = (each[name] for each in arrays)
        np.testing.assert_allclose(*found, rtol=0, atol=spec.tolerance * scale, err_msg=name)


def test_accuracies_of_barely_trained_nets_are_unsettled():
    conditions = synthetic_conditions()
    assert "test_accuracy" in conditions["conv: dlgn"].unsettled
    assert "test_curve" in conditions["table 1: relu"].unsettled
    assert "net_accuracy" in conditions["conv: ntk, trained"].unsettled
    for name in ("conv: ntk, initial", "resnet-8: dlgn", "pixels: linear"):
        assert conditions[name].unsettled == (), name
    real = conditions["conv: relu"].replace(data="cifar10")
    assert real.unsettled == ()
