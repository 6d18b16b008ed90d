"""What several test modules need."""

import pytest
import torch
from halfspace.gates import HardGate, SoftGate, StraightThroughGate
from halfspace.nets import DGN, DLGN, DeepLinearNet, ReLUNet

NET_KINDS = {
    "relu": lambda d, **sizes: ReLUNet(d, **sizes),
    "linear": lambda d, **sizes: DeepLinearNet(d, **sizes),
    "dlgn-hard": lambda d, **sizes: DLGN(d, gate=HardGate(), **sizes),
    "dlgn-soft": lambda d, **sizes: DLGN(d, gate=SoftGate(4.0), **sizes),
    "dlgn-straight-through": lambda d, **sizes: DLGN(d, gate=StraightThroughGate(4.0), **sizes),
    "dlgn-pwc-hard": lambda d, **sizes: DLGN(d, gate=HardGate(), constant_input=True, **sizes),
    "dlgn-pwc-soft": lambda d, **sizes: DLGN(d, gate=SoftGate(4.0), constant_input=True, **sizes),
    "dlgn-pwc-frozen": lambda d, **sizes: DLGN(
        d, gate=SoftGate(4.0), constant_input=True, frozen_gating=True, **sizes
    ),
    "dgn-hard": lambda d, **sizes: DGN(d, gate=HardGate(), **sizes),
    "dgn-pwc-soft": lambda d, **sizes: DGN(d, gate=SoftGate(4.0), constant_input=True, **sizes),
}


@pytest.fixture
def generator() -> torch.Generator:
    """Return a fixed source of randomness for a test's own draws."""
    return torch.Generator().manual_seed(20240404)
