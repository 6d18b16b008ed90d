"""The machine's speed: the rate of matrix products on one thread."""

import numpy as np
import torch

from benchmarks.harness import gemm_rate

__all__ = ["FULL", "QUICK", "run"]

FULL = dict(sides=(256, 1024, 2048), repeats=11)
QUICK = dict(sides=(16, 32), repeats=2)


def run(quick: bool, *, sides: tuple[int, ...], repeats: int) -> dict:
    """Measure products of square matrices in single and double precision, taking turns."""
    types = {"float32": torch.float32, "float64": torch.float64}
    rates = {(name, side): [] for side in sides for name in types}
    for _ in range(repeats):
        for name, side in rates:
            rates[name, side].append(gemm_rate(types[name], side))
    facts = [
        {"type": name, "side": side, "rate": float(np.median(measured)), "best": max(measured)}
        for (name, side), measured in rates.items()
    ]
    return {"rows": [], "fits": [], "facts": {"gemm": facts}}
