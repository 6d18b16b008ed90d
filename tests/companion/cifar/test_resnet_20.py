"""ResNet-20: which nets are trained, and that their gates harden."""

import numpy as np
import torch
from halfspace.companion.cifar.conditions import synthetic_conditions
from halfspace.companion.cifar.resnet_20 import resnet_20_conditions
from halfspace.companion.cifar.specs import APPENDIX
from halfspace.companion.store import results_folder
from halfspace.resnet import DLGNResNet, ReLUResNet


def test_nets_of_one_seed_come_before_the_next():
    listed = resnet_20_conditions()
    models = ("relu", "dlgn", "dlgn, hardening")
    assert [*listed] == [f"{model}: {seed}" for seed in (3000, 3001) for model in models]
    assert len({spec.key() for spec in listed.values()}) == 6
    for name, spec in listed.items():
        assert (spec.network, spec.data, spec.recipe) == ("resnet-20", "cifar10", APPENDIX)
        assert spec.first_seed == int(name[-4:]) and spec.n_train == 50_000
        hardens = "hardening" in name
        assert spec.beta_at(0) == 4 and spec.beta_at(29) == (128 if hardens else 4)
        assert spec.checkpoint(spec.first_seed).parent == results_folder().parent / "checkpoints"
    relu, dlgn, _ = (spec.net(0) for spec in list(listed.values())[:3])
    assert isinstance(relu, ReLUResNet) and isinstance(dlgn, DLGNResNet)
    assert (relu.layers, dlgn.layers) == (20, 20)


def test_gates_of_a_residual_net_harden():
    spec = synthetic_conditions()["resnet-20: dlgn, hardening"]
    spec = spec.replace(n_train=100)
    hard, _ = spec.run(torch.device("cpu"))
    soft, _ = spec.replace(final_beta=None).run(torch.device("cpu"))
    assert hard["test_curve"].shape == (2, 1)
    # The first epoch has the first sharpness, the second another one.
    np.testing.assert_array_equal(hard["loss"][0], soft["loss"][0])
    assert (hard["loss"][1] != soft["loss"][1]).all()
