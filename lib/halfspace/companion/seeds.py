"""Random nets drawn one by one from seeds, and the first seeds of recorded runs."""

import math
from abc import abstractmethod
from typing import ClassVar

import numpy as np
import torch
from pydantic import Field
from torch import nn

from halfspace._checks import single_precision
from halfspace.companion.spec import Integer, Spec
from halfspace.gates import HardGate
from halfspace.nets import DLGN, ReLUNet

__all__ = [
    "FIRST_SEED",
    "FRESH_SEED",
    "KINDS",
    "SeedStudy",
    "order_seed",
    "random_net",
    "weight_sum",
]

FIRST_SEED = 1000
"""First seed of most recorded runs: their results were unknown when rules were chosen."""

FRESH_SEED = 3000
"""First seed of the second edition's runs: their results were unknown when rules were chosen."""

KINDS = ("relu", "dlgn")


def order_seed(seed: int) -> int:
    """Return the seed for the order of the batches that belongs to a net's seed.

    It is a separate stream; otherwise the generator of a net's weights would also draw the order.
    """
    (state,) = np.random.SeedSequence([seed, 1]).generate_state(1, np.uint32)
    return int(state)


class SeedStudy(Spec):
    """Random nets, measured one by one on the CPU; subclasses add the fields and ``_measure``.

    Attributes:
        first_seed: the nets' seeds are first_seed, first_seed + 1, ...
        seeds: S, number of seeds.

    The result's arrays have shape (S,); ``initial`` is the sum of each net's weights.
    """

    early: ClassVar[float] = math.inf
    tolerance: ClassVar[float] = 1e-6

    first_seed: Integer = Field(0, ge=0)
    seeds: Integer = Field(50, ge=1)

    def _run(self, device: torch.device) -> dict[str, np.ndarray]:
        rows = [
            self._measure(seed) for seed in range(self.first_seed, self.first_seed + self.seeds)
        ]
        return {name: np.array([row[name] for row in rows]) for name in rows[0]}

    @abstractmethod
    def _measure(self, seed: int) -> dict[str, float]:
        """Measure the net of one seed."""


def weight_sum(net: nn.Module) -> float:
    """Return the sum of a net's weights, a fingerprint of its initialisation."""
    return float(sum(parameter.detach().double().sum() for parameter in net.parameters()))


@single_precision()
def random_net(
    kind: str, seed: int, *, width: int, depth: int, d_in: int = 2, bias: bool = True
) -> ReLUNet | DLGN:
    """Draw a net, float64.

    Args:
        kind: ``"relu"`` or ``"dlgn"``.
        seed: of its generator.
        width: m.
        depth: H.
        d_in: inputs.
        bias: whether the layers have constant units.

    Raises:
        ValueError: if ``kind`` is neither.
    """
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {KINDS}; got {kind!r}")
    sizes = dict(width=width, depth=depth, bias=bias, generator=torch.Generator().manual_seed(seed))
    net = ReLUNet(d_in, **sizes) if kind == "relu" else DLGN(d_in, gate=HardGate(), **sizes)
    return net.double()
